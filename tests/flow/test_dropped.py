"""The rows that an audit leaves out are the same for a pilot, wherever they stand."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from tests import samples
from tests.flow.test_opened import opened
from tests.making import case_folder, tickets, write_jsonl
from tunecase import flow
from tunecase.data.audit import Audited
from tunecase.errors import InputError, TunecaseError
from tunecase.flow import dropped
from tunecase.flow.dropped import dropped_rows, keep_dropped, list_dropped
from tunecase.records import Audit, from_json, to_json

ROWS = np.arange(3, 9000, 4)


def case(folder, *, writes=True, on_unrecorded=None):
    """What is looked at of an opened case."""
    return SimpleNamespace(folder=folder, writes=writes, on_unrecorded=on_unrecorded)


def audited(rows=ROWS, listed=()):
    """An audit that leaves out these rows, of which the record lists some."""
    record = replace(samples.audit(), dropped=len(rows), dropped_rows=tuple(listed))
    return Audited(record, None, [], None, rows)


def test_many_rows_stand_in_a_file_and_come_back(tmp_path):
    """The record names the file and stays small; another process reads the same rows."""
    record = keep_dropped(case(tmp_path), audited()).record
    assert record.dropped_rows == ()
    again = from_json(Audit, orjson.loads(to_json(record)))
    assert dropped_rows(case(tmp_path), again) == frozenset(ROWS.tolist())
    assert [record.dropped_file] == [path.relative_to(tmp_path).as_posix() for path in (tmp_path / "audit").iterdir()]


def test_few_rows_stay_in_the_record(tmp_path):
    """No file is written for them; records of earlier versions, which list all, are read alike."""
    made = audited(ROWS[:5], ROWS[:5].tolist())
    assert keep_dropped(case(tmp_path), made) is made
    assert dropped_rows(case(tmp_path), made.record) == frozenset(ROWS[:5].tolist())
    assert not list(tmp_path.iterdir())


def test_a_question_in_passing_writes_nothing(tmp_path):
    """The rows are held in the record of this process."""
    record = keep_dropped(case(tmp_path, writes=False), audited()).record
    assert dropped_rows(case(tmp_path), record) == frozenset(ROWS.tolist())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_takes_no_file(tmp_path):
    """It is told, or the rows are held in this process where somebody is told that nothing can be kept."""
    (tmp_path / "audit").write_text("no folder", encoding="utf-8")
    with pytest.raises(TunecaseError):
        keep_dropped(case(tmp_path), audited())
    record = keep_dropped(case(tmp_path, on_unrecorded=print), audited()).record
    assert len(dropped_rows(case(tmp_path), record)) == len(ROWS)


def test_a_file_that_is_gone_or_changed_stops_the_pilot(tmp_path):
    """The message says to run the audit again; no other rows are ever taken."""
    record = keep_dropped(case(tmp_path), audited()).record
    other = keep_dropped(case(tmp_path), audited(ROWS + 1)).record
    path = tmp_path / record.dropped_file
    path.write_bytes((tmp_path / other.dropped_file).read_bytes())
    with pytest.raises(InputError, match="tunecase audit"):
        dropped_rows(case(tmp_path), record)
    path.unlink()
    with pytest.raises(InputError, match="tunecase audit"):
        dropped_rows(case(tmp_path), record)


def test_without_a_project_all_rows_are_listed(tmp_path, monkeypatch):
    """A script that reads the record finds each row that it should drop; nothing is written for them."""
    monkeypatch.chdir(tmp_path)
    row = '{{"prompt": "where is parcel number {0}", "completion": "{1}"}}\n'
    text = "".join(row.format(at // 2, "here" if at % 4 < 2 else "there") for at in range(1200))
    (tmp_path / "train.jsonl").write_text(text, encoding="utf-8")
    record = flow.audit_file(flow.DataFiles(tmp_path / "train.jsonl"), seed=0, today=date(2026, 11, 24))
    assert record.dropped == len(record.dropped_rows) >= 600
    assert record.dropped_file is None
    assert ["train.jsonl"] == [path.name for path in tmp_path.iterdir()]


def test_very_many_rows_stand_in_a_text_file(tmp_path, monkeypatch):
    """One number a line under a line that says what they are; another file of that name stays as it is."""
    monkeypatch.setattr(dropped, "MOST_LISTED", 1000)
    mine = tmp_path / "train.dropped.txt"
    mine.write_text("my notes", encoding="utf-8")
    for _ in range(2):
        record = list_dropped(audited(), mine).record
        head, *numbers = (tmp_path / "train.2.dropped.txt").read_text(encoding="utf-8").splitlines()
        assert ROWS.tolist() == [int(number) for number in numbers]
        assert head.startswith(f"# rows of {record.train}, counted from 0")
        assert ((), str(tmp_path / "train.2.dropped.txt")) == (record.dropped_rows, record.dropped_file)
    assert "my notes" == mine.read_text(encoding="utf-8")
    assert 2 == len(list(tmp_path.iterdir()))
    assert () == list_dropped(audited(), None).record.dropped_rows


@pytest.mark.slow
def test_a_pilot_leaves_many_rows_out(tmp_path):
    """Copies that an audit drops by the thousand are no examples for the pilot after it."""
    path = case_folder(tmp_path, second_label="  second_label: second")
    write_jsonl(tmp_path / "train.jsonl", [row for row in tickets(150, 1) for _ in range(8)])
    write_jsonl(tmp_path / "test.jsonl", [dict(row, second=row["label"]) for row in tickets(100, 2)])
    record = flow.audit(opened(path))
    assert (0, 1050, True) == (len(record.dropped_rows), record.dropped, record.dropped_file is not None)
    ran = flow.pilot(opened(path), flow.PilotSettings(sizes=(60, 150), draws=1, workers=1, with_baselines=False))
    assert 150 == max(run.n for run in ran.runs)
