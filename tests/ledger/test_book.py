"""The ledger: what is written reads back, nothing acknowledged is lost, every edit is named."""

import json
import os
import subprocess
import sys
import textwrap
import tracemalloc
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.errors import InputError, LedgerBusyError, TunecaseError
from tunecase.ledger import book, files, joined
from tunecase.ledger.bodies import META
from tunecase.ledger.book import Ledger, NewEntry, fold
from tunecase.ledger.lines import FIRST
from tunecase.records import Run, Spending

NOW = datetime(2026, 11, 24, 12, 0, 0, 250, tzinfo=UTC)
SRC = str(Path(__file__).parents[2] / "src")
SHARED_TMP = law(40, HealthCheck.function_scoped_fixture)

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
json_values = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
# Names that mean something in the meta of an entry have a kind of their own.
metas = bodies.map(lambda body: {f"{name}." if name in META else name: value for name, value in body.items()})


def run(n: int) -> Run:
    """One run of a pilot."""
    return Run(f"key{n}", "probe", "probe", n, 0, n / 7, n, 270, 0.25)


def filled(path: Path, count: int = 5) -> Ledger:
    """A ledger with some runs."""
    ledger = Ledger(path)
    ledger.append_many([NewEntry("run", run(n)) for n in range(count)], recorded_at=NOW)
    return ledger


def spawn(code: str, *args: object) -> subprocess.Popen[bytes]:
    """Another Python process that can import tunecase."""
    command = [sys.executable, "-c", textwrap.dedent(code), *(str(arg) for arg in args)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": SRC}, stdout=subprocess.PIPE)


@SHARED_TMP
@given(st.lists(st.tuples(bodies, metas), max_size=5))
def test_what_is_written_reads_back_the_same(tmp_path_factory, pairs):
    """Bodies and meta of any JSON come back equal and in order."""
    ledger = Ledger(tmp_path_factory.mktemp("l") / "ledger.jsonl")
    written = [ledger.append("record", body, recorded_at=NOW, verb="note", meta=meta) for body, meta in pairs]
    assert written == list(ledger.entries())
    assert [(body, {**meta, "face": "python"}) for body, meta in pairs] == [
        (entry.body, entry.meta) for entry in ledger.entries()
    ]
    assert [] == ledger.verify()


def test_records_and_lines_are_plain(tmp_path):
    """A charge comes back exact, moments in UTC; each line has the hash of its content and of the line before."""
    charge = Spending(date(2026, 11, 20), "gpu", Decimal("0.10"), "USD", Decimal("0.1000000001"))
    at = datetime(2026, 11, 24, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    entry = Ledger(tmp_path / "l").append("spend", charge, recorded_at=at, meta={"seed": 3})
    assert ("spend", "spend", {"face": "python", "seed": 3}) == (entry.kind, entry.verb, entry.meta)
    assert charge == entry.record()
    assert "0.1000000001" == entry.body["amount_base"]
    assert datetime(2026, 11, 24, 12, 0, tzinfo=UTC) == entry.recorded_at
    odd = Ledger(tmp_path / "l").append("record", {"a": float("nan"), "b": float("inf")}, recorded_at=NOW, verb="pilot")
    assert {"a": None, "b": None} == odd.body
    with pytest.raises(InputError, match="tunecase pilot"):  # no such record any more
        odd.record()
    (tmp_path := tmp_path / "second").mkdir()
    import hashlib

    ledger = filled(tmp_path / "l", 2)
    first, second = ledger.path.read_bytes().splitlines()
    fields = json.loads(second)
    content = json.dumps(
        {k: v for k, v in fields.items() if k not in ("id", "prev")}, sort_keys=True, separators=(",", ":")
    )
    assert FIRST == json.loads(first)["prev"]
    assert hashlib.sha256(first).hexdigest() == fields["prev"]
    assert hashlib.sha256(content.encode()).hexdigest() == fields["id"]


def test_no_file_and_the_latest_of_a_kind(tmp_path):
    """A missing ledger is empty and sound; the newest record of a verb wins; callers' mistakes never reach the file."""
    ledger = Ledger(tmp_path / "deep" / "ledger.jsonl")
    assert [] == list(ledger.entries())
    assert [] == ledger.verify()
    assert ledger.latest("run") is None
    ledger.append("run", run(1), recorded_at=NOW)
    assert 1 == len(list(ledger.entries()))
    (tmp_path := tmp_path / "second").mkdir()
    ledger = filled(tmp_path / "l")
    ledger.append("record", {"n": 1}, recorded_at=NOW, verb="audit")
    ledger.append("record", {"n": 2}, recorded_at=NOW, verb="audit")
    ledger.append("record", {"n": 3}, recorded_at=NOW, verb="define")
    assert {"n": 2} == ledger.latest("record", "audit").body
    assert {"n": 3} == ledger.latest("record").body
    assert run(4) == ledger.latest("run").record()
    (tmp_path := tmp_path / "third").mkdir()
    ledger = Ledger(tmp_path / "l")
    with pytest.raises(ValueError, match="kind"):
        ledger.append("note", {}, recorded_at=NOW)
    with pytest.raises(ValueError, match="time zone"):
        ledger.append("run", {}, recorded_at=datetime(2026, 1, 1))
    assert not ledger.path.exists()


@given(st.lists(st.sampled_from(["audit", "define", "pilot"]), max_size=12), st.integers(0, 12))
@SHARED_TMP
def test_fold_over_a_split_is_the_fold_of_the_whole(tmp_path_factory, verbs, cut):
    """Folding the second half on from the first gives what folding all gives."""
    ledger = Ledger(tmp_path_factory.mktemp("l") / "l")
    new = [NewEntry("record", {"n": n}, verb) for n, verb in enumerate(verbs)]
    ledger.append_many(new, recorded_at=NOW)
    entries = list(ledger.entries())
    assert fold(entries) == fold(entries[cut:], fold(entries[:cut]))


@given(
    st.lists(st.tuples(st.sampled_from(["record", "run"]), st.text('a\\"é\n', max_size=3), bodies, bodies), max_size=6)
)
@SHARED_TMP
def test_the_quick_fold_is_the_fold_of_the_entries(tmp_path_factory, new):
    """Without reading the bodies, the last of each kind and verb, and the counts, are those of all the entries."""
    ledger = Ledger(tmp_path_factory.mktemp("l") / "l")
    nested = {"a": {}, "kind": "spend", "meta": {}, "verb": "}"}
    ledger.append_many([NewEntry(kind, {**a, "z": nested}, verb, b) for kind, verb, a, b in new], recorded_at=NOW)
    entries = list(ledger.entries())
    assert fold(entries) == ledger.fold()
    assert Counter((entry.kind, entry.verb) for entry in entries) == ledger.counts()
    for kind, verb in fold(entries):
        assert fold(entries)[kind, verb] == (ledger.latest(kind, verb) if verb else fold(entries)[kind, verb])


@SHARED_TMP
@given(st.data())
def test_any_changed_byte_is_found(tmp_path_factory, data):
    """One byte changed anywhere is named by verify at its line or the next, and stops a reader."""
    ledger = filled(tmp_path_factory.mktemp("l") / "l")
    whole = bytearray(ledger.path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    line = bytes(whole[:at]).count(b"\n") + 1
    ledger.path.write_bytes(bytes(whole))
    named = {int(problem.where.rpartition(":")[2]) for problem in ledger.verify()}
    assert named & {line, line + 1}
    if at < len(whole) - 1:
        for read in (lambda: list(ledger.entries()), ledger.fold, ledger.counts, lambda: ledger.latest("run")):
            with pytest.raises(InputError):
                read()


@given(st.data())
@SHARED_TMP
def test_any_deleted_moved_or_doubled_line_is_found(tmp_path_factory, data):
    """Whole sound lines in the wrong place are named where the chain breaks."""
    ledger = filled(tmp_path_factory.mktemp("l") / "l", 6)
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    at = data.draw(st.integers(0, 4))
    changed = {
        "delete": lines[:at] + lines[at + 1 :],
        "swap": [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        "double": [*lines[: at + 1], *lines[at:]],
        "garbage": [*lines[:at], b"hello\n", *lines[at:]],
        "empty": [*lines[:at], b"\n", *lines[at:]],
        "nul": [*lines[:at], b"\0" * 50 + b"\n", *lines[at:]],
    }[data.draw(st.sampled_from(["delete", "swap", "double", "garbage", "empty", "nul"]))]
    ledger.path.write_bytes(b"".join(changed))
    first = ledger.verify()[0]
    assert int(first.where.rpartition(":")[2]) in (at + 1, at + 2)
    assert "version control" in first.fix
    for read in (lambda: list(ledger.entries()), ledger.fold, ledger.counts, lambda: ledger.latest("run")):
        with pytest.raises(InputError):
            read()


def test_problems_say_what_happened(tmp_path):
    """An edit, a deletion, a move, a doubled first line, a well-hashed one that is no entry; unchecked reads."""
    ledger = filled(tmp_path / "l", 6)
    whole = ledger.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    ledger.path.write_bytes(whole.replace(b'"key":"key2"', b'"key":"key9"'))
    assert [("l:3", "a line that was edited")] == [(Path(p.where).name, p.got) for p in ledger.verify()]
    ledger.path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert ["it follows a line that is not here"] == [p.got for p in ledger.verify()]
    ledger.path.write_bytes(b"".join([*lines, lines[0]]))
    assert ["it was written as the first line"] == [p.got for p in ledger.verify()]
    ledger.path.write_bytes(b"".join([*lines, lines[3]]))
    assert ["it was written after line 3"] == [p.got for p in ledger.verify()]
    ledger.path.write_bytes(whole.replace(b'"verb":"run"', b'"word":"run"'))
    assert 6 == len(ledger.verify())
    (tmp_path := tmp_path / "second").mkdir()
    import hashlib

    content = b'{"kind":"run"}'
    line = b'{"id":"%s","prev":"%s",%s\n' % (hashlib.sha256(content).hexdigest().encode(), FIRST.encode(), content[1:])
    (tmp_path / "l").write_bytes(line)
    assert ["a line that tunecase did not write"] == [problem.got for problem in Ledger(tmp_path / "l").verify()]
    (tmp_path := tmp_path / "third").mkdir()
    ledger = filled(tmp_path / "l", 3)
    ledger.path.write_bytes(b"garbage\n" + ledger.path.read_bytes())
    with pytest.raises(InputError, match=":1"):
        list(ledger.entries())


def test_readers_beside_writers(tmp_path):
    """Long lines chain; a reader sees the ledger as it began, also while a writer holds the lock in an append."""
    ledger = Ledger(tmp_path / "l")
    for size in (10, 200_000, 65_536, 10):
        ledger.append("record", {"text": "x" * size}, recorded_at=NOW)
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b"\n", b"\r\n"))
    ledger.append("run", run(9), recorded_at=NOW)
    assert [] == ledger.verify()
    assert 5 == len(list(ledger.entries()))
    (tmp_path := tmp_path / "second").mkdir()
    ledger = filled(tmp_path / "l", 3)
    seen = 0
    for _ in ledger.entries():
        ledger.append("run", run(7), recorded_at=NOW)
        seen += 1
    assert 3 == seen
    assert 6 == len(list(ledger.entries()))
    (tmp_path := tmp_path / "third").mkdir()
    ledger = filled(tmp_path / "l", 3)
    with FileLock(f"{ledger.path}.lock"):
        with ledger.path.open("ab") as file:
            file.write(b'{"id":"')
        assert 3 == len(list(ledger.entries())) == ledger.counts().total()
        assert run(2) == ledger.latest("run").record()
        assert [] == ledger.verify()
        with pytest.raises(LedgerBusyError, match="Fix: wait"):
            Ledger(ledger.path, timeout_s=0.05).append("run", run(4), recorded_at=NOW)
    ledger.append("run", run(4), recorded_at=NOW)
    assert 4 == len(list(ledger.entries()))


def test_spoilt_ledgers_and_what_is_none(tmp_path):
    """All faults are listed, and as many lines read as show that it is none; nothing is chained to a foreign line."""
    ledger = filled(tmp_path / "l", 2)
    for line, fix in ((b"garbage", "version control"), (b">>>>>>> theirs", "rechain")):
        ledger.path.write_bytes(filled(tmp_path / f"{fix}", 2).path.read_bytes() + line + b"\n")
        before = ledger.path.read_bytes()
        with pytest.raises(InputError, match=fix):
            ledger.append("run", run(4), recorded_at=NOW)
        assert before == ledger.path.read_bytes()
    (tmp_path := tmp_path / "second").mkdir()
    ledger = filled(tmp_path / "l", 150)
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"probe"', b'"robot"'))
    problems = ledger.verify()
    assert 150 == len(problems)
    with pytest.raises(InputError, match="130 further mistakes") as caught:
        ledger.rechain(recorded_at=NOW, version="1")
    assert 150 == len(caught.value.problems)
    (tmp_path := tmp_path / "third").mkdir()
    ledger = Ledger(tmp_path / "l")
    ledger.path.write_bytes(b"x\n" * 300_000)
    with patch.object(joined, "MOST_FAULTS", 1_000), patch.object(book, "MOST_FAULTS", 1_000):
        problems = ledger.verify()
    assert ["a file that is no ledger"] == [problem.got for problem in problems]


def test_a_last_line_beyond_memory_is_not_held(tmp_path, monkeypatch):
    """Neither a writer nor a reader of the end holds a line of more than the most; each names it."""
    monkeypatch.setattr(files, "MOST_READ", 2**20)
    ledger = filled(tmp_path / "l", 2)
    with ledger.path.open("ab") as file:
        file.truncate(300 * 2**20)
    tracemalloc.start()
    try:
        for use in (ledger.unfinished, ledger.last_moment, lambda: ledger.append("run", run(4), recorded_at=NOW)):
            with pytest.raises(InputError, match="a line of more than 1 MiB"):
                use()
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("is_done", [False, True])
def test_a_stop_just_behind_the_new_chain_keeps_the_copy(tmp_path, monkeypatch, is_done):
    """Once the new file has the old one's name, the copy is the only old one; before, nothing of the two stays."""
    path, copy = tmp_path / "l", tmp_path / "copy"
    path.write_bytes(b"old")
    replace = Path.replace

    def stopped(new: Path, target: Path) -> None:
        if is_done:
            replace(new, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        files.put_in_place(path, b"new", copy)
    assert (b"new" if is_done else b"old") == path.read_bytes()
    assert ["copy", "l"][not is_done :] == sorted(file.name for file in tmp_path.iterdir())
    assert not is_done or b"old" == copy.read_bytes()


def test_what_cannot_be_written_or_read_is_said_with_a_fix(tmp_path):
    """A folder that came into the place of the ledger is the world's failure, with a fix."""
    ledger = Ledger(tmp_path / "folder")
    ledger.path.mkdir()
    with pytest.raises(TunecaseError, match="Fix"):
        ledger.append("run", run(1), recorded_at=NOW)
    with pytest.raises(TunecaseError, match="Fix"):
        list(ledger.entries())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a process's file size")
def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path):
    """When the disk takes only half a line, the entry is refused and nothing of it stays."""
    ledger = filled(tmp_path / "l", 3)
    before = ledger.path.read_bytes()
    code = """
        import resource, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from tunecase.errors import TunecaseError
        from tunecase.ledger import Ledger
        size = Path(sys.argv[1]).stat().st_size + 100
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            Ledger(Path(sys.argv[1])).append("record", {"a": "x" * 500}, recorded_at=datetime.now(UTC))
        except TunecaseError as error:
            print(error)
    """
    said = spawn(code, ledger.path).communicate(timeout=60)[0].decode()
    assert "make room on the disk" in said
    assert before == ledger.path.read_bytes()
    ledger.append("run", run(9), recorded_at=NOW)
    assert [] == ledger.verify()


def torn_at(folder: Path, whole: bytes, cut: int) -> None:
    """Cut there, the ledger reads, mends itself on the next append, and keeps the fragment."""
    start, kept = whole[:-1].rfind(b"\n") + 1, cut == len(whole) - 1
    ledger = Ledger(folder / f"cut{cut}")
    ledger.path.write_bytes(whole[:cut])
    before = [entry.body["key"] for entry in ledger.entries()]
    assert ["key0", "key1", *["key2"] * kept] == before
    assert [] == ledger.verify()
    ledger.append("run", run(9), recorded_at=NOW)
    assert [*before, "key9"] == [entry.body["key"] for entry in ledger.entries()]
    assert [] == ledger.verify()
    fragment = whole[start:cut] + b"\n" if start < cut and not kept else None
    assert fragment == (ledger.torn.read_bytes() if ledger.torn.exists() else None)


def test_a_torn_tail(tmp_path):
    """Cut at bytes of the last line, its first and its last among them; or filled with NUL, as after a power cut."""
    whole = filled(tmp_path / "whole", 3).path.read_bytes()
    start = whole[:-1].rfind(b"\n") + 1
    for cut in (start, start + 1, *range(start + 5, len(whole), 40), len(whole) - 2, len(whole) - 1):
        torn_at(tmp_path, whole, cut)
    ledger = Ledger(tmp_path / "nul")
    ledger.path.write_bytes(whole + b"\0" * 100_000)
    assert 3 == len(list(ledger.entries()))
    ledger.append("run", run(9), recorded_at=NOW)
    assert ([], 100_001) == (ledger.verify(), ledger.torn.stat().st_size)
    ledger.path.write_bytes(whole[:-1] + b"X")  # an acknowledged entry whose line end was overwritten
    assert ["nul:3"] == [Path(problem.where).name for problem in ledger.verify()]
