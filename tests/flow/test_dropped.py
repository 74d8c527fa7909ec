"""The rows that an audit leaves out are the same for a pilot, wherever they stand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import orjson
import pytest

from tests import samples
from tunecase.data.audit import Audited
from tunecase.errors import InputError, TunecaseError
from tunecase.flow.dropped import dropped_rows, keep_dropped
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
