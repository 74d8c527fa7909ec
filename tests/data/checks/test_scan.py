"""The columns of the single pass."""

import gzip
import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tunecase.data.checks import block, scan
from tunecase.data.checks.block import Reading
from tunecase.data.checks.columns import Split
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.blocks import blocks
from tunecase.data.reading.detection import detect


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
    monkeypatch.setattr(block, "BATCH", 7)
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
    monkeypatch.setattr(block, "MOST_LABELS", 3)
    assert columns(tmp_path, [f"t {i},{i % 5}" for i in range(50)]).classes == {}


def test_heads_give_back_the_beginning(tmp_path):
    """Long texts are cut at 80 characters, letters of several bytes stay whole."""
    split = columns(tmp_path, ["ä" * 200 + ",x", '"a\n b",x'])
    assert ["ä" * 79 + "…", "a b"] == [split.example(i) for i in range(2)]


def long_file(folder: Path, rows: int = 400) -> Path:
    """A JSONL file with a bad row here and there."""
    path = folder / "long.jsonl"
    row = '{{"text": "é words {0} of row {0} and {1}", "label": "{2}"}}\n'
    lines = ("bad\n" if k % 50 == 7 else row.format(k, k % 9, k % 3) for k in range(rows))
    path.write_text("".join(lines), encoding="utf-8")
    return path


def as_large(monkeypatch, folder: Path, size: int = 1000) -> None:
    """Every file counts as large, is cut into small blocks, and spools into a cache folder of the test."""
    monkeypatch.setattr(scan, "LARGE_BYTES", 0)
    monkeypatch.setattr(scan, "blocks", partial(blocks, size_bytes=size))
    monkeypatch.setenv("TUNECASE_CACHE", str(folder / "cache"))


def plain(split: Split) -> dict[str, object]:
    """Everything in a Split as plain values."""
    found: dict[str, object] = {}
    for name in (*block.COLUMNS, "keys", "marks", "ends", "labels", "label_of", "bad_rows", "bad", "short_answers"):
        value = getattr(split, name, None)
        if isinstance(value, np.ndarray):
            value = value.tolist()
        elif name == "keys":
            value = [keys.tolist() for keys in split.keys]
        elif name == "marks":
            value = {mark: bits.tolist() for mark, bits in split.marks.items()}
        elif name == "heads":
            value = [split.example(row) for row in range(len(split.number))]
        found[name] = value
    return found | {"texts": (split.texts.rows.tolist(), split.texts.inputs, split.texts.complete)}


def left(folder: Path) -> list[Path]:
    """The state folders in the cache."""
    return [path for path in (folder / "cache" / "audits").glob("*") if path.is_dir()]


@pytest.mark.slow
def test_two_processes_give_the_columns_of_one(tmp_path, monkeypatch):
    """Whoever is done first, columns stand in the order of the file."""
    path = long_file(tmp_path, 3000)
    here = plain(read_split(path, detect(path)))
    as_large(monkeypatch, tmp_path, 10_000)
    assert here == plain(read_split(path, detect(path), Reading(workers=2)))
    assert [] == left(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="skipped: no SIGKILL here")
def test_a_killed_worker_costs_its_block_alone(tmp_path, monkeypatch):
    """Its block is read once more, in this process, and nothing is missing."""
    path = long_file(tmp_path, 3000)
    here = plain(read_split(path, detect(path)))
    as_large(monkeypatch, tmp_path, 10_000)
    killed = []

    def kill(*_):
        for child in multiprocessing.active_children()[:1]:
            if not killed:
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    assert here == plain(read_split(path, detect(path), Reading(workers=2), progress=kill))
    assert 1 == len(killed)


def interrupted(path: Path, after: int) -> KeyboardInterrupt:
    """A pass that is interrupted once so many rows are read."""

    def stop(rows: int, part: float | None, taken_up: bool) -> None:
        if rows >= after and not taken_up:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        read_split(path, detect(path), Reading(workers=1), progress=stop)
    return caught.value


@pytest.mark.parametrize("times", [1, 3])
def test_an_interrupted_pass_is_gone_on_with(tmp_path, monkeypatch, times):
    """The same call says where it takes up, reads only the blocks that are left, and gives the same columns."""
    path = long_file(tmp_path)
    here = plain(read_split(path, detect(path)))
    as_large(monkeypatch, tmp_path)
    for time in range(times):
        stop = interrupted(path, 100 * (time + 1))
        assert stop.__notes__[0].startswith("interrupted; the same command goes on from row ")
    read, told = [], []
    once = scan.read_part
    monkeypatch.setattr(scan, "read_part", lambda task: read.append(task.block.index) or once(task))
    split = read_split(path, detect(path), Reading(workers=1), progress=lambda *what: told.append(what))
    assert here == plain(split)
    assert (True, [False] * (len(told) - 1)) == (told[0][2], [what[2] for what in told[1:]])
    assert stop.__notes__[0].endswith(f"row {told[0][0]:,}")
    every = [block.index for block in scan.blocks(path, detect(path))]
    assert read == every[len(every) - len(read) :]
    assert len(read) < len(every)
    assert [] == left(tmp_path)


@pytest.mark.parametrize("change", ["size", "time", "none"])
def test_a_changed_file_is_read_anew(tmp_path, monkeypatch, change):
    """Another size or time of change, and what an earlier pass left is thrown away."""
    path = long_file(tmp_path)
    as_large(monkeypatch, tmp_path)
    interrupted(path, 200)
    if change == "size":
        with path.open("ab") as file:
            file.write(b'{"text": "one more row", "label": "1"}\n')
    elif change == "time":
        os.utime(path, ns=(1, 1))
    told = []
    split = read_split(path, detect(path), Reading(workers=1), progress=lambda *what: told.append(what))
    assert (change == "none", 401 if change == "size" else 400) == (told[0][2], split.rows)


def test_two_passes_at_once_do_not_spoil_each_other(tmp_path, monkeypatch):
    """A second pass over the same file, begun while the first is under way, gives the same columns as it."""
    path = long_file(tmp_path)
    here = plain(read_split(path, detect(path)))
    as_large(monkeypatch, tmp_path)
    second = []

    def again(rows: int, part: float | None, taken_up: bool) -> None:
        if rows > 100 and not second:
            second.append(None)
            second[0] = plain(read_split(path, detect(path), Reading(workers=1)))

    assert [here, here] == [plain(read_split(path, detect(path), Reading(workers=1), progress=again)), second[0]]
    assert [] == left(tmp_path)


def test_one_slow_block_does_not_fill_memory(tmp_path, monkeypatch):
    """No more than a few blocks wait for one that takes long."""
    given = []

    def run_tasks(function, tasks, count):
        found, first = iter(tasks), None
        first = next(found)
        for position, task in enumerate(found, 1):
            if task is scan.LATER:
                break
            given.append(position)
            yield position, function(task)
        yield 0, function(first)
        for position, task in enumerate(found, len(given) + 1):
            yield position, function(task)

    path = long_file(tmp_path)
    here = plain(read_split(path, detect(path)))
    as_large(monkeypatch, tmp_path, 200)
    monkeypatch.setattr(scan, "run_tasks", run_tasks)
    assert here == plain(read_split(path, detect(path), Reading(workers=2)))
    assert 2 * scan.MOST_WAITING == len(given)


def test_texts_kept_are_bounded_by_what_was_unpacked(tmp_path, monkeypatch):
    """A file that is larger than its size told keeps a part of its texts, drawn at random, and says so."""
    monkeypatch.setattr(scan, "MOST_TEXT_CHARACTERS", 1000)
    path = tmp_path / "d.jsonl.gz"
    path.write_bytes(gzip.compress(long_file(tmp_path, 2000).read_bytes(), 9))
    monkeypatch.setattr(scan, "total_bytes", lambda path: 900)
    texts = read_split(path, detect(path)).texts
    assert 100 < sum(map(len, texts.inputs)) < 4000
    assert (False, True) == (texts.complete, 0 < len(texts.rows) < 0.2 * 2000)
