"""Two readers' files: what they say is measured, and every mistake in them is told with its line."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tunecase.data.label_trial import compare_readers, read_readers
from tunecase.errors import InputError
from tunecase.quantities.spread import Band
from tunecase.records import LabelTask, LabelTrial

NOTHING = Band(0.0, 0.0, 0.0, 0.0)
TASK = LabelTask("t1", "pool.jsonl", tuple(range(40)), ("bug", "how", "pay"), (), NOTHING, NOTHING, "USD")
HEAD = ["trial", "row", "text", "label", "seconds", "started", "finished"]
Cells = dict[str, str]


def sheet(
    folder: Path, name: str, label: Callable[[int], str], seconds: str = "30", change: Cells | None = None
) -> Path:
    """A reader's file; `change` overrides the cells of row 7."""
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEAD, restval="")
        writer.writeheader()
        for row in TASK.rows:
            cells = {"trial": "t1", "row": str(row), "text": f"text {row}", "label": label(row), "seconds": seconds}
            writer.writerow({**cells, **(change or {})} if row == 7 else cells)
    return path


def first(row: int) -> str:
    """One reader's labels."""
    return TASK.labels[row % 3]


def second(row: int) -> str:
    """The other's: four of forty rows differ, always bug for how."""
    return "how" if row in (0, 3, 6, 9) else first(row)


def read(*files: Path, task: LabelTask = TASK, target: float | None = None) -> LabelTrial:
    """What two files say."""
    found, readers = read_readers(files, {task.id: task})
    return compare_readers(found, readers, target)


def test_agreement_and_times(tmp_path: Path) -> None:
    """36 of 40 rows agree, the ceiling lies below 1; times may be a start and an end."""
    record = read(sheet(tmp_path, "a.csv", first), sheet(tmp_path, "b.csv", second, "60"))
    assert (record.agreed, record.rows, record.timed) == (36, 40, 80)
    assert record.share.mid == 0.9
    assert record.kappa.low < record.kappa.mid < record.kappa.high
    assert record.alpha.mid == pytest.approx(record.kappa.mid, abs=0.02)
    assert 0.9 < record.ceiling.mid < 1
    assert record.minutes.mid == pytest.approx(0.75)
    assert record.reader_minutes == (0.5, 1.0)
    assert [(d.label, d.other, d.rows) for d in record.disagreements] == [("bug", "how", 4)]
    assert {c.label for c in record.by_class if c.share < 1} == {"bug", "how"}
    files = sheet(tmp_path, "a.csv", first), sheet(tmp_path, "b.csv", second)
    assert not read(*files, target=0.999).ok
    assert read(*files, target=0.8).ok
    assert read(*files).ok
    free = LabelTask("t1", "pool.jsonl", TASK.rows, (), (), NOTHING, NOTHING, "USD")
    record = read(sheet(tmp_path, "a.csv", str), sheet(tmp_path, "b.csv", second), task=free)
    assert record.share is record.kappa is record.alpha is record.ceiling is None
    assert record.minutes is not None
    (tmp_path := tmp_path / "second").mkdir()
    clock = {"seconds": "", "started": "14:05:30", "finished": "14:06:30"}
    stamp = {"seconds": "", "started": "2026-11-27 14:05:30", "finished": "2026-11-27T14:05:45"}
    record = read(
        sheet(tmp_path, "a.csv", first, "", clock), sheet(tmp_path, "b.csv", second, "", stamp)
    )  # fmt: skip
    assert record.timed == 2
    assert record.minutes is None
    assert record.reader_minutes == (1.0, 0.25)
    assert "20 are needed" in " ".join(record.notes)


def test_mistakes_and_missing_labels_are_told(tmp_path: Path) -> None:
    """With their line and fix, twenty one by one; empty sheets take a line each; two people are needed."""
    for change, where, got in MISTAKES:
        with pytest.raises(InputError) as caught:
            read(sheet(tmp_path, "a.csv", first), sheet(tmp_path, "b.csv", second, change=change))
        assert any(one.where == where and got in one.got and one.fix for one in caught.value.problems), change
    with pytest.raises(InputError) as caught:
        read(*(sheet(tmp_path, name, lambda row: "bugg") for name in ("a.csv", "b.csv")))
    assert (21, True) == (len(caught.value.problems), "60 more" in caught.value.problems[-1].got)
    (tmp_path := tmp_path / "second").mkdir()
    files = sheet(tmp_path, "a.csv", lambda _: ""), sheet(tmp_path, "b.csv", lambda row: "" if row % 2 else first(row))
    with pytest.raises(InputError) as caught:
        read(*files)
    told = [(one.where, one.got) for one in caught.value.problems]
    assert [("a.csv", "40 of 40 rows without a label"), ("b.csv", "20 of 40 rows without a label")] == told
    (tmp_path := tmp_path / "third").mkdir()
    one, other = sheet(tmp_path, "a.csv", first), sheet(tmp_path, "b.csv", second)
    for files in ((one,), (one, other, other), (one, one)):
        with pytest.raises(InputError, match=r"two files|another person"):
            read(*files)
    strange = tmp_path / "c.csv"
    strange.write_text("text,label\na,b\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column trial, row"):
        read(one, strange)
    with pytest.raises(InputError, match="none was given out"):
        read_readers((one, other), {})


MISTAKES: list[tuple[Cells, str, str]] = [
    ({"label": ""}, "b.csv:9", "no label"), ({"label": "bugg"}, "b.csv:9", "'bugg'"),
    ({"row": "99"}, "b.csv:9", "row 99"), ({"row": "x"}, "b.csv:9", "row x"),
    ({"row": "6"}, "b.csv:9", "row 6 again"), ({"row": "99"}, "b.csv", "1 row missing"),
    ({"seconds": "soon"}, "b.csv:9", "soon seconds"), ({"seconds": "-3"}, "b.csv:9", "-3 seconds"),
    ({"seconds": "", "started": "9:00"}, "b.csv:9", "from 9:00 to nothing"),
    ({"seconds": "", "started": "9:10", "finished": "9:00"}, "b.csv:9", "from 9:10 to 9:00"),
    ({"trial": "t2"}, "--read", "t1 and t2"),
]  # fmt: skip
