"""Cases that walked the road once, committed with their records: to copy one takes milliseconds, to walk it seconds.

    planned   a plan without a training file: its bill and its books
    decided   120 training and 100 test rows, walked to the decision: "buy 120 more labels" asks for a release
    running   decided, then approved, with charges (one corrected, one in euro, money back), rules of lines, a round
              and what follows from it

Their records hold on TODAY with seed 0, drawn in 2,000 worlds. `make golden` makes them anew.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.making import case_folder, project_text, tickets, write_jsonl
from tunecase import flow
from tunecase.flow import Flow
from tunecase.flow.plan_on_file import plan_parts
from tunecase.ledger import Ledger

FOLDER = Path(__file__).parent / "fixtures" / "walked"
TODAY = date(2026, 11, 24)
NAMES = ("planned", "decided", "running")
FIRST = datetime(2026, 11, 24, 9, tzinfo=UTC)  # the moment of the first entry; each later one is a minute younger


def path_of(name: str, to: Path, entries: int | None = None) -> Path:
    """A walked case copied into a folder, which may be there already; its project file.

    `entries` keeps only the first ones of its ledger: of `decided` 1 is the audit, 4 all that comes before the pilot.
    """
    shutil.copytree(FOLDER / name, to, dirs_exist_ok=True)
    if entries is not None:
        ledger = to / "ledger.jsonl"
        ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:entries]))
    return to / "tunecase.yaml"


def opened(name: str, to: Path, seed: int = 0, today: date = TODAY, entries: int | None = None) -> Flow:
    """The same, opened as a new process opens it."""
    return flow.open_case(path_of(name, to, entries), seed, today)


def keep_anew(case: Flow, *verbs: str) -> None:
    """Keeps the last record of each verb as made on the grounds of now: as the verb would, without its arithmetic."""
    for verb in verbs:
        entry = case.ledger.latest("record", verb)
        case.keep(verb, entry.record(), plan=plan_parts(case) if verb in ("estimate", "decide") else None)


@cache
def records(name: str) -> Mapping[str, Any]:
    """The last record of each verb of a walked case, read once; records are frozen, so no test can change them."""
    return {
        entry.verb: entry.record()
        for entry in Ledger(FOLDER / name / "ledger.jsonl").entries()
        if entry.kind == "record"
    }


def make_anew(name: str, to: Path = FOLDER) -> None:
    """Walks a case in an empty folder and puts it into the folder `to`: alike whenever and wherever it is made."""
    with TemporaryDirectory() as scratch, _still(Path(scratch)):
        {"planned": _plan, "decided": _decide, "running": _run}[name]()
        shutil.rmtree(to / name, ignore_errors=True)
        shutil.copytree(scratch, to / name, ignore=shutil.ignore_patterns("*.lock"))


@contextmanager
def _still(folder: Path) -> Iterator[None]:
    """In this folder, where a minute passes with each entry and nothing that is measured differs."""
    append = Ledger._append

    def appended(ledger: Ledger, new: Any, recorded_at: datetime) -> Any:
        return append(ledger, new, FIRST + timedelta(minutes=ledger.counts().total()))

    with pytest.MonkeyPatch.context() as patch, chdir(folder):
        patch.setattr(Ledger, "_append", appended)
        patch.setattr("time.perf_counter", lambda: 0.0)
        patch.setattr("time.process_time", lambda: 0.0)
        for module in ("engine.worker", "data.audit.own_stage"):
            patch.setattr(f"tunecase.{module}.peak_bytes", lambda: 200_000_000)
        patch.setattr(Flow, "DRAWS", 2_000)
        patch.setattr("tunecase.flow.kept._made", {})
        patch.setenv("TUNECASE_CACHE", str(folder.parent / f"{folder.name}-cache"))
        yield


def _open() -> Flow:
    return flow.open_case(Path("tunecase.yaml"), today=TODAY)


def _plan() -> None:
    text = project_text(name="name: planned", train="  rows: 2k\n  tokens_per_row: 300", test="", source="")
    Path("tunecase.yaml").write_text(text, encoding="utf-8")
    flow.road(_open(), lambda verb, record: None)


def _decide() -> None:
    value, second = "  value: 4 USD per correct", "  second_label: second"
    rates = "rates: [{currency: EUR, value: 1.08, date: 2026-11-01}]"
    # Looks take too long here to come first, so that the advice is a step that money is asked for.
    rates += "\nlevers: {look_hours: 40 to 60 h}"
    case_folder(Path(), train_rows=120, value=value, second_label=second, extra=rates)
    write_jsonl(Path("test.jsonl"), (row | {"second": row["label"]} for row in tickets(100, 2)))
    flow.road(_open(), lambda verb, record: None, settings=flow.PilotSettings(draws=2, workers=1))


def _run() -> None:
    path_of("decided", Path())
    charge = flow.ChargeAsked
    flow.spend_text(_open(), charge("12.50", category="labour", on="2026-11-20"))
    flow.approve(_open(), flow.ApprovalAsked("5000 USD", "Ines", until="2027-01-31", note="first step"))
    wrong = flow.spend_text(_open(), charge("420", category="gpu", note="two weeks", quantity="200", unit="GPU hour"))
    for asked in (
        charge("240", category="gpu", note="two weeks", quantity="120", unit="GPU hour", replaces=wrong.id),
        charge("900", category="labour", note="set up", quantity="9", unit="h"),
        charge("100", "EUR", note="courier"),
        charge("30", category="gpu", note="refund", credit=True),
    ):
        flow.spend_text(_open(), asked)
    flow.spend_map(_open(), "description=*courier*", "data")
    flow.next_step(_open(), flow.add_round(_open(), 240, "0.83", ["label"]))
    flow.books(_open())
