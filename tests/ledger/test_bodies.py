"""Every line is bounded and read as its record; what cannot be read is named, and can be set aside for good."""

import contextlib
import hashlib
import json
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import tunecase
from tests.making import case_folder
from tunecase import flow
from tunecase.errors import InputError
from tunecase.flow import open_case
from tunecase.ledger import Ledger, files
from tunecase.ledger.bodies import FIELDS, MOST_BYTES, FaultError, fields_of
from tunecase.ledger.lines import FIRST
from tunecase.records import Run, Spending

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUN = Run("key", "probe", "probe", 40, 0, 0.5, 20, 40, 0.25)
CHARGE = Spending(date(2026, 11, 20), "gpu", Decimal("12.50"), "USD", Decimal("12.50"))


def charge(**changes: Any) -> dict[str, Any]:
    """The body of a charge, changed."""
    amount = {"on": "2026-11-20", "category": "gpu", "amount": "1", "currency": "USD", "amount_base": "1"}
    return {**amount, **changes}


def run(**changes: Any) -> dict[str, Any]:
    """The body of a run, changed."""
    names = {"key": "k", "trainer": "probe", "model": "probe", "n": 40, "draw": 0, "score": 0.5, "correct": 20}
    return {**names, "test_rows": 40, "seconds": 0.2, **changes}


def act(**changes: Any) -> dict[str, Any]:
    """The body of an act of setting aside, changed."""
    return {"id": "f" * 64, "line": 2, "what": "", "got": "", "why": "", "by": "", **changes}


def rule(**changes: Any) -> dict[str, Any]:
    """The body of a rule of lines, changed."""
    return {"match": "service=S3", "line": "storage", "on": "2026-11-20", **changes}


def label_trial(*minutes: float) -> bytes:
    """The content of a labelling trial with these minutes of one label."""
    numbers = dict.fromkeys(("rows", "classes", "agreed", "timed"), 40)
    unknown = dict.fromkeys(("share", "kappa", "alpha", "ceiling", "single_minutes"))
    lists: dict[str, list[Any]] = {name: [] for name in ("files", "disagreements", "by_class", "reader_minutes")}
    timed = {"minutes": dict(zip(("low", "mid", "high"), minutes, strict=True))}
    return line_of({"id": "a", **numbers, **unknown, **lists, **timed}, "record", "label trial")


def line_of(body: Any, kind: str, verb: str, **fields: Any) -> bytes:
    """The content of a line as a forger writes it, keys sorted."""
    whole = {"body": body, "kind": kind, "meta": {}, "recorded_at": NOW.isoformat(), "verb": verb, **fields}
    return json.dumps(whole, separators=(",", ":"), sort_keys=True).encode()


def deep(depth: int) -> bytes:
    """The content of an entry whose body is an object in an object in an object."""
    return line_of({}, "record", "audit").replace(b"{}", b'{"a":' * depth + b"1" + b"}" * depth, 1)


def forge(path: Path, content: bytes) -> str:
    """Appends a line whose hashes fit; its id."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    prev = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
    name = hashlib.sha256(content).hexdigest()
    with path.open("ab") as file:
        file.write(b'{"id":"%s","prev":"%s",%s\n' % (name.encode(), prev.encode(), content[1:]))
    return name


FORGED: dict[str, tuple[bytes, str, str]] = {
    "an endless amount": (line_of(charge(amount="1e999999"), "spend", "spend"), "amount is '1e999999'", "18 digits"),
    "an endless rate": (line_of(charge(fx_rate="1e-999999"), "spend", "spend"), "fx_rate is '1e-999999'", "60 behind"),
    "an endless zero": (line_of(charge(amount="0e999999"), "spend", "spend"), "amount is '0e999999'", "18 digits"),
    "no number": (line_of(charge(amount="NaN"), "spend", "spend"), "amount is 'NaN'", "finite number"),
    "an empty charge": (line_of({}, "spend", "spend"), "spend: on is missing", "a value"),
    "an empty run": (line_of({}, "run", "pilot"), "run: key is missing", "a value"),
    "an empty round": (line_of({}, "record", "round"), "round: number is missing", "a value"),
    "an empty bill": (line_of({}, "record", "estimate"), "is missing", "a value"),
    "NaN": (line_of(run(score=float("nan")), "run", "pilot"), "text that is no JSON", "JSON"),
    "infinity": (line_of(run(score=0), "run", "pilot").replace(b'"score":0', b'"score":1e999'), "no JSON", "JSON"),
    "a text": (line_of(run(score="good"), "run", "pilot"), "score is 'good'", "valid number"),
    "a large number": (line_of(run(n=10**16), "run", "pilot"), "whole number 1e+16", "9,007,199,254,740,992"),
    "a list": (line_of([], "run", "pilot"), "a line that tunecase did not write", "body"),
    "a deep one": (deep(1_000), "nested more than 32 deep", "at most 32"),
    "a deeper one": (deep(5_000), "no JSON", "JSON"),
    "a long one": (line_of({"a": "x" * (MOST_BYTES + 2**20)}, "record", "audit"), "a line of 17 MiB", "16 MiB"),
    "no moment": (line_of(run(), "run", "pilot", recorded_at="noon"), "recorded_at 'noon'", "a moment"),
    "no time zone": (line_of(run(), "run", "pilot", recorded_at="2026-11-24T12:00:00"), "recorded_at", "time zone"),
    "an unknown kind": (line_of(run(), "spent", "pilot"), "the kind 'spent'", "one of record, run, spend"),
    "an act of another kind": (line_of({}, "x", "set-aside"), "the kind 'x'", "one of record, run, spend"),
    "a run as an act": (line_of({"id": 5}, "run", "set-aside"), "run: key is missing", "a value"),
    "an act without an id": (line_of({}, "record", "set-aside"), "set-aside: id is missing", "a value"),
    "an act on a number": (line_of(act(id=5), "record", "set-aside"), "id is 5", "string"),
    "a rule of no field": (line_of(rule(match="foo=bar"), "record", "map"), "match is 'foo=bar'", "of a charge and"),
    "a rule of no value": (line_of(rule(match="service= "), "record", "map"), "match is 'service= '", "and its value"),
    "a rule to no line": (line_of(rule(line="moon"), "record", "map"), "line is 'moon'", "nothing, or one of gpu"),
    "labels in no time": (label_trial(0, 0, 0), "minutes is", "above 0, in rising order"),
    "labels before their time": (label_trial(-2, 1, 2), "minutes is", "above 0, in rising order"),
    "a key of numbers": (line_of(run(), "run", "pilot", meta={"key": 3}), "meta.key 3", "text"),
}  # fmt: skip


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case with a run and a charge in its ledger; its project file."""
    path = case_folder(tmp_path)
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("run", RUN, recorded_at=NOW, verb="pilot")
    ledger.append("spend", CHARGE, recorded_at=NOW)
    return path


@pytest.mark.parametrize("part", [0, 1])
def test_forged_lines_are_named_and_set_aside(case: Path, part: int) -> None:
    """Each is named by its line, with what was got and wanted; set aside, it is read by nobody and the case opens."""
    path = case.parent / "ledger.jsonl"
    sound, breaches = path.read_bytes(), []
    for at, (name, (content, got, wanted)) in enumerate([*FORGED.items()][part::2]):
        path.write_bytes(sound)
        ledger = Ledger(path)
        forged = forge(path, content)
        problems = ledger.verify()
        told = [(problem.where.rpartition(":")[2], problem.fix.count(forged[:12])) for problem in problems]
        if told != [("3", 1)] or got not in problems[0].got or wanted not in problems[0].wanted:
            breaches.append(f"{name}: {problems}")
        if at % 5:
            continue
        with pytest.raises(InputError):
            open_case(case)
        before = path.read_bytes()
        record = flow.set_aside(case, forged[:12], "nobody of ours wrote it", "Ines")
        ledger.append("run", RUN, recorded_at=NOW, verb="pilot")
        if not path.read_bytes().startswith(before) or (record.id, record.line) != (forged, 3):
            breaches.append(f"{name}: {record}")
        if [] != ledger.verify() or ["run", "spend", "record", "run"] != [entry.kind for entry in ledger.entries()]:
            breaches.append(f"{name} is read: {ledger.verify()}")
        counted = {("run", "pilot"): 2, ("spend", "spend"): 1, ("record", "set-aside"): 1}
        if counted != ledger.counts() or set(counted) != set(ledger.fold()):
            breaches.append(f"{name} is counted: {ledger.counts()}")
        if flow.verify(case).set_aside != 1 or open_case(case).spendings()[0][1] != CHARGE:
            breaches.append(f"{name}: the case does not open")
    assert [] == breaches


def test_lines_beyond_the_bounds_are_set_aside_by_the_terminal(case: Path) -> None:
    """No reader takes them; `set-aside` keeps the line, `verify` counts it, and the report names it."""
    path = case.parent / "ledger.jsonl"
    forged = forge(path, FORGED["a deep one"][0])
    ledger = Ledger(path)
    for read in (
        lambda: list(ledger.entries()), ledger.fold,
        lambda: ledger.latest("record", "audit"), lambda: list(ledger.entries_of("record", "audit")),
    ):  # fmt: skip
        with pytest.raises(InputError, match="nested more than 32 deep"):
            read()
    assert 2 == tunecase("ledger", "verify", "--project", case).code
    ran = tunecase("ledger", "set-aside", forged[:10], "--why", "forged", "--by", "Ines", "--project", case)
    assert (0, "") == (ran.code, ran.err)
    assert 1 == tunecase("ledger", "verify", "--project", case, "--json").json["set_aside"]
    assert [(forged, "was set aside by Ines: forged")] == [
        (record.entry, record.reason) for record in flow.not_used(open_case(case))
    ]


def test_a_line_beyond_memory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reader names it without holding it."""
    monkeypatch.setattr(files, "MOST_READ", 2**20)
    ledger = Ledger(tmp_path / "ledger.jsonl")
    forge(ledger.path, b'{"body":{"a":"' + b"x" * 30_000_000 + b'"},"kind":"run","verb":"pilot"}')
    tracemalloc.start()
    try:
        for read in (ledger.verify, ledger.counts, lambda: list(ledger.entries())):
            with pytest.raises(InputError, match=r":1: a line of more than 1 MiB; wanted at most 16 MiB"):
                read()
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_money_that_is_set_aside_is_told(case: Path) -> None:
    """In the list and in the books, with its amount where the line states one."""
    path = case.parent / "ledger.jsonl"
    unread = {
        forge(path, line_of(charge(amount="7.50", category=3), "spend", "spend")): "7.50 USD",
        forge(path, line_of(charge(amount="9", currency="EUR"), "spent", "")): "9 EUR",
        forge(path, FORGED["an endless amount"][0]): "",
    }
    forge_no_money = forge(path, FORGED["an empty run"][0])
    for name in (*unread, forge_no_money):
        flow.set_aside(case, name, "forged", "Ines")
    listed = tunecase("spend", "list", "--project", case, "--json").json
    assert list(unread.items()) == [(charge["id"], charge["amount"]) for charge in listed["set_aside"]]
    remarks = " ".join(tunecase("books", "--project", case, "--json").json["remarks"])
    assert all(name[:12] in remarks and amount in remarks for name, amount in unread.items())
    assert forge_no_money[:12] not in remarks


def test_only_lines_that_nobody_reads_are_told_as_set_aside(case: Path) -> None:
    """With the kind and the day that the line itself states; an act on a readable line or on none says nothing."""
    path = case.parent / "ledger.jsonl"
    good = next(entry.id for entry in Ledger(path).entries() if entry.kind == "spend")
    for name in (good, "f" * 64):
        forge(path, line_of(act(id=name, what="charge of  1,000,000", why="late"), "record", "set-aside"))
    assert ((), 0) == (flow.not_used(open_case(case)), flow.verify(case).set_aside)
    content = line_of({}, "record", "round  of mine", recorded_at="2026-05-12T01:00:00+00:00")
    forged = forge(path, content.replace(b'"record"', b'"spent"'))
    forge(path, line_of(act(id=forged, what="a  b", why="forged", by="Ines"), "record", "set-aside"))
    told = [str(record) for record in flow.not_used(open_case(case))]
    assert ["the spent round of mine of 12 May 2026 was set aside by Ines: forged"] == told
    assert 1 == flow.verify(case).set_aside


def test_what_stays_and_what_is_not_written(case: Path) -> None:
    """Booked money is not set aside, older records that can be made again are passed over, no odd charge is written."""
    path = case.parent / "ledger.jsonl"
    good = next(entry.id for entry in Ledger(path).entries() if entry.kind == "spend")
    before = path.read_bytes()
    for name, why, got in ((good, "late", "can be read"), ("f" * 64, "x", "no entry"), ("", "x", "no entry"),
                           (good, " ", "no reason")):  # fmt: skip
        with pytest.raises(InputError, match=got):
            flow.set_aside(case, name, why)
    assert before == path.read_bytes()
    forge(path, line_of(run(), "run", "set-aside"))
    assert ([], frozenset()) == (Ledger(path).verify(), Ledger(path).aside())
    forge(path, line_of(act(id=good), "record", "set-aside"))
    assert [CHARGE] == [charge for _, charge in open_case(case).spendings()]
    path = case.parent / "ledger.jsonl"
    forge(path, line_of({"rows": 3}, "record", "audit", meta={"version": "0.0.9"}))
    forge(path, line_of({"rows": 3}, "record", "audit", meta={"schema": 0}))
    forge(path, line_of({"rows": 3}, "record", "sources", meta={"schema": 0}))
    assert [] == Ledger(path).verify()
    forge(path, line_of({"rows": 3}, "record", "round", meta={"version": "0.0.9"}))
    assert 1 == len(Ledger(path).verify())
    path = case.parent / "ledger.jsonl"
    before = path.read_bytes()
    with pytest.raises(InputError, match="digits before the point"):
        Ledger(path).append("spend", replace(CHARGE, amount=Decimal("1e999999")), recorded_at=NOW)
    with pytest.raises(ValueError, match="nested"):
        Ledger(path).append("record", json.loads(deep(40)), recorded_at=NOW)
    assert before == path.read_bytes()


def test_histories_are_joined_around_a_line_that_was_set_aside(case: Path) -> None:
    """A ledger merged with one that went on without the line is one chain again, the line still set aside."""
    path = case.parent / "ledger.jsonl"
    ledger, sound = Ledger(path), path.read_bytes()
    ledger.append("run", RUN, recorded_at=NOW, verb="pilot")
    theirs = path.read_bytes().removeprefix(sound)
    path.write_bytes(sound)
    flow.set_aside(case, forge(path, FORGED["an endless amount"][0]), "forged", "Ines")
    path.write_bytes(path.read_bytes() + theirs)
    record = flow.rechain(case)
    assert 2 == getattr(record, "histories", 0)
    assert [] == ledger.verify()
    assert (5, 1) == (flow.verify(case).entries, flow.verify(case).set_aside)


@given(st.binary(max_size=60) | st.text(max_size=30).map(lambda text: json.dumps({"body": text}).encode()))
def test_any_bytes_are_fields_or_a_fault(content: bytes) -> None:
    """What a line holds never ends in another error than the one that names it."""
    with contextlib.suppress(FaultError):
        assert set(FIELDS) <= set(fields_of(content))
