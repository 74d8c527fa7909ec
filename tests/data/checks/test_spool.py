"""The spool: what is added comes back, and what an interrupted pass left is gone on with or thrown away."""

import numpy as np
import pytest

from tunecase.data.checks import spool as spools
from tunecase.data.checks.spool import Spool
from tunecase.errors import TunecaseError


def block(spool: Spool, number: int) -> None:
    """Adds a block of three rows."""
    spool.add({"a": np.arange(3) + number}, {"b": [[number, "\ud800"]]}, {"rows": 3 * (spool.done + 1)})


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_added_comes_back(tmp_path, on_disk):
    """Columns, rows and facts, in memory as on disk; afterwards the folder is gone and columns stay readable."""
    spool = Spool(tmp_path / "s" if on_disk else None)
    block(spool, 0)
    block(spool, 3)
    column = spool.column("a", np.int64)
    assert (6, 2) == (spool.facts["rows"], len(list(spool.rows("b"))))
    spool.close(keep=False)
    assert [0, 1, 2, 3, 4, 5] == column.tolist()
    assert not (tmp_path / "s").exists()


def test_a_pass_is_gone_on_with_behind_its_last_whole_block(tmp_path):
    """What was written behind the last state, or into files that the state does not know, is cut off."""
    spool = Spool(tmp_path / "s", "k")
    block(spool, 0)
    with pytest.raises(RuntimeError):
        spool.add({"a": np.arange(9), "late": np.arange(2)}, {"b": _broken()}, {"rows": 99})
    spool.close(keep=True)
    (tmp_path / "s" / "unknown").write_bytes(b"12345678")
    again = Spool(tmp_path / "s", "k")
    assert (1, 3) == (again.done, again.facts["rows"])
    block(again, 3)
    assert [0, 1, 2, 3, 4, 5] == again.column("a", np.int64).tolist()
    assert [] == again.column("late", np.int64).tolist() == again.column("unknown", np.int64).tolist()
    again.close(keep=False)


def _broken():
    yield [1]
    raise RuntimeError


@pytest.mark.parametrize("damage", ["key", "short", "state", "none"])
def test_other_data_or_damaged_files_are_thrown_away(tmp_path, damage):
    """Another key, a file shorter than its state says, or a state that cannot be read: it begins anew."""
    spool = Spool(tmp_path / "s", "k")
    block(spool, 0)
    spool.close(keep=True)
    if damage == "short":
        (tmp_path / "s" / "a").write_bytes(b"1")
    elif damage == "state":
        (tmp_path / "s" / "state.json").write_bytes(b"[")
    again = Spool(tmp_path / "s", "other" if damage == "key" else "k")
    assert (1 if damage == "none" else 0) == again.done
    again.close(keep=False)


def test_two_at_once_work_apart(tmp_path):
    """The second works in a folder of its own and leaves the first alone; the place is free again afterwards."""
    one = Spool(tmp_path / "s", "k")
    block(one, 0)
    two = Spool(tmp_path / "s", "k")
    assert (one.folder, 0) != (two.folder, two.done)
    block(two, 7)
    two.close(keep=False)
    one.close(keep=True)
    three = Spool(tmp_path / "s", "k")
    assert (tmp_path / "s", 1) == (three.folder, three.done)
    three.close(keep=False)
    assert [] == [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    """No room is a TunecaseError that names the folder and the way out."""
    spool = Spool(tmp_path / "s", "k")
    block(spool, 0)
    monkeypatch.setattr(spools, "SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(Spool, "save", _no_room)
    with pytest.raises(TunecaseError, match=r"(?s)No space left.*TUNECASE_CACHE"):
        block(spool, 3)
    spool.close(keep=True)
    assert not (tmp_path / "s").exists()


def _no_room(spool):
    raise OSError(28, "No space left on device")


def test_a_cache_that_is_no_folder_is_said(tmp_path):
    """A file where the cache folder should be is a TunecaseError, not a traceback."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TunecaseError, match="TUNECASE_CACHE"):
        Spool(tmp_path / "file" / "s", "k")
