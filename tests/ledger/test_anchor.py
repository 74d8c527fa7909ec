"""Anchors: a ledger that was cut or written anew is told, whatever else goes on is not, and nothing fails for them."""

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tunecase.ledger import anchor as anchors
from tunecase.ledger.anchor import Anchor, anchor_file, anchors_in, read_anchor
from tunecase.ledger.book import Ledger
from tunecase.ledger.lines import FIRST, sha

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger of five entries that this machine wrote."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for n in range(5):
        add(ledger, n)
    return ledger


def add(ledger: Ledger, n: int) -> None:
    """One more entry."""
    ledger.append("record", {"n": n}, recorded_at=NOW, verb="note")


def test_the_anchor_is_what_was_last_written(ledger):
    """After appends it has the number, the hash and the bytes of the ledger, and holds; it is small, and its user's."""
    lines = ledger.path.read_bytes().splitlines()
    assert ledger.anchored() == Anchor(5, sha(lines[-1]), ledger.path.stat().st_size) == ledger.head()
    assert ledger.holds(ledger.anchored())
    assert anchors_in(f"see {ledger.anchored()} in the ticket") == [Anchor(5, sha(lines[-1]))]
    assert 0 == ledger.unfinished()
    file = anchor_file(ledger.path)
    assert file.stat().st_size < 200
    assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_cut_end_is_told_until_it_is_accepted(ledger):
    """A ledger without its last two lines verifies by itself, and does not hold; further entries do not hide it."""
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    assert [] == ledger.verify()
    assert not ledger.holds(ledger.anchored())
    for n in range(4):
        add(ledger, n)
    assert not ledger.holds(ledger.anchored())
    assert 5 == ledger.anchored().entries
    ledger.accept()
    assert ledger.holds(ledger.anchored())
    assert 7 == ledger.anchored().entries
    ledger.path.write_bytes(whole)
    assert not ledger.holds(ledger.anchored())


def test_ledgers_written_anew_or_cut_stay_told(ledger, tmp_path):
    """Of as many entries or more; where histories are joined the anchor stays as it is."""
    other = Ledger(tmp_path / "other.jsonl")
    for n in range(9):
        add(other, n + 100)
    shutil.copyfile(other.path, ledger.path)
    assert [] == ledger.verify()
    assert not ledger.holds(ledger.anchored())
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join([lines[0], lines[2], lines[1]]))
    assert ledger.rechain(recorded_at=NOW, version="1") is not None
    assert not ledger.holds(ledger.anchored())


def test_what_others_add_and_joined_histories_hold(ledger, tmp_path):
    """Appended elsewhere, other line ends, a lost last one; of two chained branches the head is the new one's."""
    theirs = Ledger(tmp_path / "theirs.jsonl")
    shutil.copyfile(ledger.path, theirs.path)
    add(theirs, 5)
    shutil.copyfile(theirs.path, ledger.path)
    assert ledger.holds(ledger.anchored())
    add(ledger, 6)
    assert 7 == ledger.anchored().entries
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"\n", b"\r\n"))
    assert ledger.holds(ledger.anchored())
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"\r\n", b"\n").removesuffix(b"\n"))
    ledger.accept()
    add(ledger, 7)
    assert Anchor(8, ledger.head().head, ledger.path.stat().st_size) == ledger.anchored()
    (tmp_path := tmp_path / "second").mkdir()
    base = ledger.path.read_bytes()
    other = Ledger(tmp_path / "other.jsonl")
    other.path.write_bytes(base)
    other.append("record", {"n": 50}, recorded_at=NOW - timedelta(hours=1), verb="note")
    add(ledger, 60)
    ledger.path.write_bytes(ledger.path.read_bytes() + other.path.read_bytes()[len(base) :])
    assert ledger.rechain(recorded_at=NOW, version="1") is not None
    assert ledger.head() == ledger.anchored()


@pytest.mark.parametrize("how", ["off", "read-only", "nonsense", "a folder"])
def test_no_append_fails_for_an_anchor(how, tmp_path, monkeypatch):
    """Without a state folder, with one that cannot be written, or with a broken anchor, entries are written as ever."""
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    ledger = Ledger(tmp_path / "ledger.jsonl")
    file = anchor_file(ledger.path)
    if how == "off":
        monkeypatch.setenv("TUNECASE_NO_ANCHOR", "1")
    elif how == "read-only":
        state.write_text("a file, no folder")
    elif how == "nonsense":
        file.parent.mkdir(parents=True)
        file.write_bytes(b"\xff" * 10_000)
    else:
        file.mkdir(parents=True)
    add(ledger, 1)
    assert [] == ledger.verify()
    assert (read_anchor(ledger.path) is None) == (how != "nonsense")


def test_anchors_are_bounded(ledger, tmp_path, monkeypatch):
    """Where there are too many the oldest go; a file that is no anchor is left, and one that stays stops nothing."""
    monkeypatch.setattr(anchors, "MOST_KEPT", 3)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for n in range(6):
        add(Ledger(tmp_path / f"{n}.jsonl"), n)
    folder = anchor_file(ledger.path).parent
    assert 3 == len(list(folder.iterdir()))
    assert read_anchor(tmp_path / "5.jsonl") is not None
    (folder / "notes.txt").write_text("mine")
    (folder / ("0" * 40)).mkdir()
    monkeypatch.setattr(anchors, "MOST_KEPT", 1)
    add(Ledger(tmp_path / "other.jsonl"), 1)
    assert read_anchor(tmp_path / "other.jsonl") is not None
    assert "mine" == (folder / "notes.txt").read_text()


def test_an_empty_ledger_and_entries_back_in_time(tmp_path, ledger):
    """What is not there goes as far as nothing; entries a day before the one before them are counted."""
    empty = Ledger(tmp_path / "empty.jsonl")
    head = empty.head()
    assert Anchor(0, FIRST, 0) == head
    add(empty, 1)
    assert empty.holds(head)
    assert not empty.holds(Anchor(0, "a" * 64))
    assert not empty.holds(Anchor(2, empty.head().head))
    ledger.append("record", {"n": 6}, recorded_at=NOW - timedelta(days=3), verb="note")
    add(ledger, 7)
    ledger.append("record", {"n": 8}, recorded_at=NOW - timedelta(hours=3), verb="note")
    assert 1 == ledger.backwards(timedelta(days=1))
    assert NOW - timedelta(hours=3) == ledger.last_moment()
