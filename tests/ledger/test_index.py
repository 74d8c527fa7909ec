"""The index of a ledger: verified once, extended when lines are added, made anew when anything else changed."""

import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.ledger.test_book import filled, run, spawn
from tests.ledger.test_forged import DAY, case_in
from tunecase.errors import InputError
from tunecase.ledger.book import Ledger, NewEntry
from tunecase.ledger.index import _KEPT, Index, index_of
from tunecase.ledger.lines import FIRST, chained, content_of
from tunecase.records import Spending, from_json, quick_spending, to_json
from tunecase.records.serialized import _adapter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHARGE = Spending(
    date(2026, 11, 20), "gpu", Decimal("0.10"), "USD", Decimal("0.10"), "an hour", Decimal("1.5"), "GPU hour",
    began_at=datetime(2026, 11, 20, 8, 0, 0, 250, tzinfo=UTC), tags={"team": "nlp"}, row=3, row_id="ab" * 32,
)  # fmt: skip


def verified(read: Callable[[], object]) -> int:
    """How many lines are verified while something is read."""
    before = Index.verified
    read()
    return Index.verified - before


def test_a_ledger_is_verified_once(tmp_path: Path) -> None:
    """Every look-up after the first goes to the index, whichever object asks."""
    path = filled(tmp_path / "l", 7).path

    assert 7 == verified(lambda: Ledger(path).verify())
    assert 0 == verified(lambda: (list(Ledger(path).entries()), Ledger(path).latest("run"), Ledger(path).counts()))
    assert 0 == verified(lambda: (Ledger(path).head(), Ledger(path).fold(), Ledger(path).verify()))


def test_readers_beside_a_writer_see_whole_entries(tmp_path: Path) -> None:
    """Threads that read while each append brings a verb of its own find a sound ledger, and none of them ends."""
    ledger, done, usual_s = filled(tmp_path / "l", 1), threading.Event(), sys.getswitchinterval()

    def append(number: int) -> None:
        ledger.append("record", {"n": number}, verb=f"verb {number}", recorded_at=NOW)

    def read() -> None:
        while not done.is_set():
            head = ledger.head()
            assert head.entries <= ledger.counts().total()
            assert ledger.holds(head)

    list(map(append, range(300)))
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            list(map(append, range(300, 400)))
        finally:
            done.set()
            sys.setswitchinterval(usual_s)
    assert [None] * 3 == [reader.result() for reader in readers]
    assert 401 == len(list(ledger.entries()))


def test_what_is_appended_is_verified_alone(tmp_path: Path) -> None:
    """By this process or another one, also behind a line without its end."""
    ledger = filled(tmp_path / "l", 7)
    list(ledger.entries())
    ledger.append("run", run(7), recorded_at=NOW)
    assert 1 == verified(lambda: list(ledger.entries()))
    code = """
        import sys
        from datetime import UTC, datetime
        from pathlib import Path
        from tunecase.ledger import Ledger
        for n in range(3):
            Ledger(Path(sys.argv[1])).append("record", {"n": n}, verb="note", recorded_at=datetime.now(UTC))
    """
    assert 0 == spawn(code, ledger.path).wait(60)
    assert 3 == verified(lambda: list(ledger.entries()))
    assert {"n": 2} == ledger.latest("record", "note").body

    ledger.path.write_bytes(ledger.path.read_bytes()[:-1])
    assert 11 == len(list(ledger.entries()))
    ledger.append("run", run(9), recorded_at=NOW)
    assert 12 == len(list(ledger.entries())) == ledger.counts().total()


@pytest.mark.parametrize("keeps_times", [False, True])
def test_an_edit_while_a_process_runs_is_noticed(tmp_path: Path, keeps_times: bool) -> None:
    """Of the same size and at the same moment, too; and once it is undone the ledger reads again."""
    ledger = filled(tmp_path / "l", 7)
    whole, seen = ledger.path.read_bytes(), ledger.path.stat()
    assert [] == ledger.verify()
    ledger.path.write_bytes(whole.replace(b'"key":"key2"', b'"key":"key9"'))
    if keeps_times:
        os.utime(ledger.path, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    for read in (lambda: list(ledger.entries()), lambda: ledger.latest("run"), ledger.counts, ledger.head):
        with pytest.raises(InputError, match=":3: a line that was edited"):
            read()
    assert ["a line that was edited"] == [problem.got for problem in ledger.verify()]
    ledger.path.write_bytes(whole)
    assert [] == ledger.verify()


def test_a_rewrite_with_hashes_that_fit_is_read_anew(tmp_path: Path) -> None:
    """Another ledger of the same size in the place of the first, and one with a line less, are read as they are."""
    path, contents = tmp_path / "l", [content_of("record", {"n": n}, "note", {}, NOW) for n in (1, 2, 3)]

    def write(*numbers: int) -> list[int]:
        lines = chained([contents[n - 1] for n in numbers], FIRST)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return [entry.body["n"] for entry in Ledger(path).entries()]

    for numbers in ((1, 2), (2, 1), (3, 1), (3,), (3, 2, 1)):
        assert list(numbers) == write(*numbers)
    path.unlink()
    assert [] == list(Ledger(path).entries())


def test_an_edit_behind_the_index_is_never_read(tmp_path: Path) -> None:
    """A line that is parsed late is held against the hash that was verified."""
    ledger = filled(tmp_path / "l", 7)
    index = index_of(ledger.path)
    ledger.path.write_bytes(ledger.path.read_bytes().replace(b'"key":"key2"', b'"key":"key9"'))

    with pytest.raises(InputError, match="edited"), ledger._sound():
        list(index.entries(range(7)))


def test_a_bill_that_is_booked_is_parsed_once(tmp_path: Path) -> None:
    """Charges are the same objects at every look-up, and their bodies can still be read."""
    ledger = Ledger(tmp_path / "l")
    new = [NewEntry("spend", replace(CHARGE, row=n), "spend", {"phase": "plan"}) for n in range(20)]
    ledger.append_many(new, recorded_at=NOW)
    assert [] == ledger.verify()
    first, again = (list(ledger.entries_of("spend")) for _ in range(2))

    assert [replace(CHARGE, row=n) for n in range(20)] == [entry.record() for entry in first]
    assert all(a is b and a.record() is b.record() for a, b in zip(first, again, strict=True))
    assert "0.10" == first[3].body["amount"]
    assert json.loads(to_json(CHARGE)) == {**first[3].body}
    assert 1 == len({id(entry.meta) for entry in first})


def test_sums_are_kept_until_one_more_charge_is_booked(tmp_path: Path) -> None:
    """Other entries leave what was worked out of the charges as it is; a rewrite does not."""
    ledger, made = Ledger(tmp_path / "l"), []

    def total() -> Decimal:
        def make() -> Decimal:
            made.append(1)
            return sum((entry.record().amount for entry in ledger.entries_of("spend")), Decimal(0))

        return ledger.folded("total", [("spend", "")], make)

    ledger.append("spend", CHARGE, recorded_at=NOW)
    assert (Decimal("0.10"), Decimal("0.10"), 1) == (total(), total(), len(made))
    ledger.append("run", run(1), recorded_at=NOW)
    assert (Decimal("0.10"), 1) == (total(), len(made))
    ledger.append("spend", CHARGE, recorded_at=NOW)
    assert (Decimal("0.20"), 2) == (total(), len(made))
    ledger.path.write_bytes(ledger.path.read_bytes().splitlines(keepends=True)[0])
    assert (Decimal("0.10"), 3) == (total(), len(made))


ODD = (
    {"amount": 1}, {"amount": "1e999999"}, {"amount": None}, {"amount": "0E-10"}, {"amount": " 1"}, {"on": "20261120"},
    {"on": 5}, {"began_at": "2026-11-20"}, {"began_at": "2026-11-20T08:00:00Z"}, {"began_at": None}, {"row": True},
    {"gpu_count": None}, {"gpu_count": 2.0}, {"row": "7"}, {"row": 2**40}, {"row": None}, {"tags": None}, {"tags": []},
    {"tags": {"a": 1}}, {"charge": "gift"}, {"charge": ["usage"]}, {"basis": ""}, {"category": 3}, {"row_id": ["x"]},
    {"source": None}, {"quantity": "x"}, {"fx_rate": "1.0500"}, {"surplus": 1}, {"amount": "\u0661"},
)  # fmt: skip


@pytest.mark.parametrize("change", ODD, ids=str)
def test_charges_are_read_as_the_general_reader_reads_them(change: dict[str, object]) -> None:
    """Whatever a body holds, the quick way gives the same record, or leaves it to the general reader and its words."""
    body = {**json.loads(to_json(CHARGE)), **change}
    quick = quick_spending(body)
    general, words = None, ""
    try:
        general = _adapter(Spending).validate_python(body)
    except ValueError as error:
        words = str(error)
    if general is None:
        assert quick is None
        with pytest.raises(ValueError, match=r".") as caught:
            from_json(Spending, body)
        assert words == str(caught.value)
    else:
        assert quick in (None, general)
        assert general == from_json(Spending, body)
        assert quick is None or to_json(quick) == to_json(general)


def lines_verified(project: Path, verb: str) -> tuple[int, int]:
    """How many lines a command verifies that knows nothing yet, and how many the ledger has then."""
    _KEPT.clear()
    count = verified(lambda: tunecase(*verb.split(), "--project", project, *(DAY if verb != "ledger verify" else ())))
    return count, len((project.parent / "ledger.jsonl").read_bytes().splitlines())


@pytest.mark.parametrize("verb", ["books", "approve", "spend list", "ledger verify"])
def test_a_command_verifies_the_chain_once(tmp_path: Path, verb: str) -> None:
    """Of a walked case with charges every line once, whatever the command asks of them."""
    count, lines = lines_verified(case_in(tmp_path), verb)
    assert lines == count


@pytest.mark.slow
def test_a_decision_verifies_the_chain_once(tmp_path: Path) -> None:
    """Also where records are made anew and appended; the last that is appended may be looked at by nobody."""
    count, lines = lines_verified(case_in(tmp_path), "decide")
    assert count in (lines - 1, lines)
