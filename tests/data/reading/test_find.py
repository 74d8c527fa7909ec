"""The test file beside a training file: by its name, or in the same JSON file."""

import json
from pathlib import Path

from tests.making import tickets, write_jsonl
from tunecase.data.reading import test_beside as beside


def test_a_file_with_test_for_train_is_found(tmp_path: Path) -> None:
    """Only where it is there; a lone file has none."""
    train = write_jsonl(tmp_path / "x_train.jsonl", tickets(3, 1))
    assert beside(train) is None
    test = write_jsonl(tmp_path / "x_test.jsonl", tickets(3, 2))
    assert beside(train) == test
    assert beside(write_jsonl(tmp_path / "all.jsonl", tickets(3, 1))) is None


def test_splits_in_one_json_file_are_told_apart(tmp_path: Path) -> None:
    """The test split of the same file, whichever split is named."""
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"train": tickets(3, 1), "test": tickets(3, 2)}), encoding="utf-8")
    assert beside(path) == tmp_path / "all.json::test"
    assert beside(tmp_path / "all.json::train") == tmp_path / "all.json::test"
    path.write_text(json.dumps(tickets(3, 1)), encoding="utf-8")
    assert beside(path) is None
