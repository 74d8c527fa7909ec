"""The test file beside a training file, and the splits and configurations of a folder."""

import json

import pytest

from tunecase.data.reading import other_splits
from tunecase.data.reading.detection import detect
from tunecase.data.reading.load import load
from tunecase.errors import InputError

ROW = json.dumps({"text": "a b", "label": "x"}) + "\n"
FILES = (
    ("train.jsonl", "test.jsonl"), ("train.json", "eval.json"), ("x_train.csv", "x_test.csv"),
    ("x-Train.jsonl", "x-Test.jsonl"), ("train/a.jsonl", "test/a.jsonl"), ("train.jsonl.gz", "test.jsonl"),
    ("trainset.jsonl", "testset.jsonl"),
)  # fmt: skip


def placed(folder, *names):
    """Files with one row each."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(ROW, encoding="utf-8")
    return folder


def test_tests_beside_in_folders_and_by_configuration(tmp_path):
    """Usual names are found, a validation file is no test, and of several configurations one is asked for."""
    for at, (train, test) in enumerate(FILES):
        folder = placed(tmp_path / str(at), train)
        assert other_splits.test_beside(folder / train) is None
        placed(folder, test, "strained.jsonl", "stested.jsonl")
        assert folder / test == other_splits.test_beside(folder / train)
        assert other_splits.test_beside(folder / "strained.jsonl") is None
    (tmp_path := tmp_path / "second").mkdir()
    folder = placed(tmp_path / "set", "train.jsonl", "test.jsonl")
    assert "set::test" == other_splits.test_beside(folder).name
    (tmp_path / "d.json").write_text(json.dumps({"train": [json.loads(ROW)], "test": [json.loads(ROW)]}))
    for name in ("d.json", "d.json::train"):
        assert "d.json::test" == other_splits.test_beside(tmp_path / name).name
    (tmp_path / "d.json").write_text(json.dumps([json.loads(ROW)]))
    assert other_splits.test_beside(tmp_path / "d.json") is None
    path = placed(tmp_path / "b", "train.jsonl", "dev.jsonl") / "train.jsonl"
    assert other_splits.test_beside(path) is None
    folder = placed(tmp_path / "b" / "set", "train.jsonl", "validation.jsonl")
    assert other_splits.test_beside(folder) is None
    (tmp_path := tmp_path / "third").mkdir()
    folder = placed(tmp_path / "set", "main/train.jsonl", "main/test.jsonl", "other/train.jsonl")
    with pytest.raises(InputError, match="name one: set::main"):
        detect(folder)
    assert [1, 1, 1] == [len(load(tmp_path / f"set::{name}").rows) for name in ("main", "other")] + [
        len(load(tmp_path / "set" / "main").rows)
    ]


CARD = """---
configs:
- config_name: small
  data_files:
  - split: train
    path: one/*.jsonl
  - split: test
    path: ["two/a.jsonl"]
- config_name: large
  default: true
  data_files: one/b.jsonl
dataset_info:
  features:
  - name: label
    dtype:
      class_label:
        names: {'0': no, '1': maybe}
---
# A set
"""


def test_cards_and_names_of_the_hub(tmp_path, monkeypatch):
    """The card's default configuration is read, nothing outside; owner/name is refused with the words to type."""
    folder = placed(tmp_path / "set", "one/a.jsonl", "one/b.jsonl", "two/a.jsonl")
    (folder / "one/b.jsonl").write_text('{"text": "a b", "label": 1}\n', encoding="utf-8")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    assert ["maybe"] == [row.output for row in load(folder).rows]
    assert 2 == len(load(tmp_path / "set::small").rows)
    (folder / "README.md").write_text("---\nconfigs: [{data_files: ../x.jsonl}]\n---\n", encoding="utf-8")
    placed(tmp_path, "x.jsonl")
    assert 3 == len(load(folder).rows)
    (tmp_path := tmp_path / "second").mkdir()
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    for typed in ("owner/name", "https://huggingface.co/datasets/owner/name"):
        with pytest.raises(InputError, match="type hf://datasets/owner/name"):
            detect(Path(typed))
