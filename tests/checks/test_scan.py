"""The columns of the single pass."""

from pathlib import Path

from tunecase.checks import scan
from tunecase.checks.scan import read_split
from tunecase.datasets import detect


def columns(folder: Path, lines: list[str], **options):
    """The Split of some CSV lines."""
    path = folder / "d.csv"
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return read_split(path, detect(path), **options)


def test_columns_follow_the_readable_rows(tmp_path):
    """Numbers count bad rows, lines count all lines, lengths and answers belong to their row."""
    split = columns(tmp_path, ["one two,x", "1,2,3", "", "three,X"])
    assert (split.number.tolist(), split.line.tolist()) == ([0, 2], [2, 5])
    assert (split.words.tolist(), split.input_characters.tolist()) == ([2, 1], [7, 5])
    assert split.answer[0] == split.answer[1]
    assert (split.rows, split.bad, [split.example(0), split.example(1)]) == (3, 1, ["one two", "three"])


def test_results_do_not_depend_on_the_batch(tmp_path, monkeypatch):
    """Rows cut into other batches give the same columns."""
    lines = [f"word{i} word{i + 1} word{i + 2} word{i % 3},x" for i in range(50)]
    whole = columns(tmp_path, lines)
    monkeypatch.setattr(scan, "BATCH", 7)
    parts = columns(tmp_path, lines)
    assert whole.flat.tolist() == parts.flat.tolist()
    assert whole.ends.tolist() == parts.ends.tolist()


def test_only_the_first_bad_rows_are_kept_but_all_are_told(tmp_path, monkeypatch):
    """Memory is bounded, the quarantine is complete."""
    monkeypatch.setattr(scan, "MOST_BAD_KEPT", 2)
    told = []
    split = columns(tmp_path, ["a,x", *["1,2,3"] * 5], on_bad=told.append)
    assert (split.bad, len(split.bad_rows), len(told)) == (5, 2, 5)


def test_too_many_labels_are_no_classes(tmp_path, monkeypatch):
    """Labels beyond what is kept are not half counted."""
    monkeypatch.setattr(scan, "MOST_LABELS", 3)
    assert columns(tmp_path, [f"t {i},{i % 5}" for i in range(50)]).classes == {}


def test_heads_give_back_the_beginning(tmp_path):
    """Long texts are cut at 80 characters, letters of several bytes stay whole."""
    split = columns(tmp_path, ["ä" * 200 + ",x", '"a\n b",x'])
    assert ["ä" * 79 + "…", "a b"] == [split.example(i) for i in range(2)]
