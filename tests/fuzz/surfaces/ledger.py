"""A colleague's ledger: lines changed as they stand, and entries changed and then chained as tunecase does."""

from datetime import UTC, date, datetime
from pathlib import Path

from tests.books.scored import whole
from tests.fuzz.surface import Surface, Tree
from tunecase import flow
from tunecase.accounts import account
from tunecase.books import Past, exported
from tunecase.flow import ScorecardAsked, open_case
from tunecase.ledger import Ledger
from tunecase.ledger.lines import CONTENT_AT, FIRST, chained

OLD = Path(__file__).parents[2] / "fixtures" / "old_ledgers"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
LEDGERS = [(OLD / name / "ledger.jsonl").read_bytes() for name in ("walked", "command", "stopped")]


def _contents(ledger: bytes) -> bytes:
    """The entries of a ledger without their hashes, a line each."""
    return b"\n".join(b"{" + line[CONTENT_AT:] for line in ledger.splitlines())


def _chain(folder: Path) -> None:
    """Writes ledger.jsonl of the entries in contents.jsonl, with the hashes that they have."""
    contents = (line for line in (folder / "contents.jsonl").read_bytes().split(b"\n") if line)
    (folder / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in chained(contents, FIRST)))


def _read(folder: Path) -> object:
    """Whatever a ledger tells of itself."""
    ledger = Ledger(folder / "ledger.jsonl", 1.0)
    problems = ledger.verify()
    ledger.unfinished()
    if problems and (aside := [word for problem in problems for word in problem.fix.split() if len(word) == 12]):
        ledger.set_aside(aside[0], why="fuzz", by="fuzz", recorded_at=NOW, version="0")
    ledger.rechain(recorded_at=NOW, version="0")
    for entry in ledger.entries():
        _ = entry.fault or entry.record
    return (
        ledger.fold(),
        ledger.counts(),
        ledger.lines_aside(),
        ledger.latest("charge"),
        ledger.latest("record", "audit"),
    )


def _read_chained(folder: Path) -> object:
    _chain(folder)
    return _read(folder)


def _case(folder: Path) -> object:
    """What the verbs about money say of a case with this ledger."""
    for path in (OLD / "case").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    _chain(folder)
    case = open_case(folder / "tunecase.yaml", 0, date(2026, 11, 24))
    return flow.charges(case), flow.not_used(case), flow.approvals(case), case.rounds, case.last_records


def _scored(folder: Path) -> object:
    """What a scorecard says of this ledger, and of its export."""
    _chain(folder)
    record = flow.scorecard(ScorecardAsked([folder / "ledger.jsonl"]))
    return account("scorecard", record), exported(record.scored)


def _exported(folder: Path) -> object:
    """What a scorecard says of another team's export."""
    record = flow.scorecard(ScorecardAsked([folder / "team.json"]))
    return account("scorecard", record), Past(record.scored).hours_factor(10.0), exported(record.scored)


CHAINED: list[Tree] = [{"contents.jsonl": _contents(ledger)} for ledger in LEDGERS]
SURFACES = (
    Surface("ledger lines", [{"ledger.jsonl": ledger} for ledger in LEDGERS], _read),
    Surface("chained entries", CHAINED, _read_chained, examples=200),
    Surface("a case with a ledger", CHAINED[:1], _case, examples=60),
    Surface("a ledger to be scored", CHAINED, _scored, examples=60),
    Surface("a scorecard's export", [{"team.json": exported([whole()])}], _exported, examples=200),
)
