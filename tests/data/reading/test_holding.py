"""Rows held out: every row on one side, copies together, the same each time."""

import json
from pathlib import Path

import pytest

from tests.making import tickets, write_jsonl
from tunecase.data.reading import detect, hold_out


def split(folder: Path, path: Path, share: float = 0.25) -> tuple[list[bytes], list[bytes]]:
    """The lines of the training and of the test file."""
    train, test = folder / f"a{path.suffix}", folder / f"b{path.suffix}"
    counts = hold_out(path, detect(path), train, test, share)
    lines = [file.read_bytes().splitlines() for file in (train, test)]
    head = 1 if path.suffix == ".csv" else 0
    assert counts == (len(lines[0]) - head, len(lines[1]) - head)
    return lines[0][head:], lines[1][head:]


def test_every_row_is_on_one_side_and_about_the_share_is_held_out(tmp_path: Path) -> None:
    """No row is lost or doubled, and rows keep their bytes."""
    path = write_jsonl(tmp_path / "all.jsonl", tickets(400, 1))
    train, test = split(tmp_path, path)
    assert sorted(train + test) == sorted(path.read_bytes().splitlines())
    assert 70 <= len(test) <= 130


def test_copies_stay_together_and_a_row_keeps_its_side(tmp_path: Path) -> None:
    """Three copies of each text fall on one side; with more rows, those of before stay where they were."""
    rows = tickets(120, 1)
    train, test = split(tmp_path, write_jsonl(tmp_path / "all.jsonl", rows * 3))
    assert set(train).isdisjoint(test)
    more, held = split(tmp_path, write_jsonl(tmp_path / "more.jsonl", rows + tickets(120, 9)))
    assert set(train) <= set(more)
    assert set(test) <= set(held)


def test_unreadable_rows_stay_in_training(tmp_path: Path) -> None:
    """The audit tells of them; the test holds none."""
    path = write_jsonl(tmp_path / "all.jsonl", tickets(60, 1))
    path.write_bytes(b'{"text": \n' + path.read_bytes())
    train, test = split(tmp_path, path)
    assert train[0] == b'{"text": '
    assert all(json.loads(line) for line in test)


@pytest.mark.parametrize("line", ["text,label", "text;label"])
def test_a_table_keeps_its_head_on_both_sides(tmp_path: Path, line: str) -> None:
    """CSV files have their first line each."""
    path, mark = tmp_path / "all.csv", line[4]
    path.write_text(line + "\n" + "".join(f"ticket {k} of many{mark}c{k % 3}\n" for k in range(90)), encoding="utf-8")
    train, test = split(tmp_path, path)
    assert len(train) + len(test) == 90
    assert (tmp_path / "b.csv").read_text(encoding="utf-8").startswith(line + "\n")
