"""What a visitor may do to a case: book a charge, book a bill after seeing what it brings, approve, start a pilot.

Each act opens the case anew and calls the verb that the terminal calls; the ledger's own locks keep two of them apart.
The day is today, or the one that the server was started for.
"""

import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from tunecase import flow
from tunecase.accounts import plain_line
from tunecase.errors import InputError, LedgerBusyError, Problem, TunecaseError
from tunecase.quantities import counted, day, one_line, paid, paid_column
from tunecase.records import Imported
from tunecase.web.forms import first_words
from tunecase.web.pilots import Pilots
from tunecase.web.views import Filled
from tunecase.web.worker import PilotAsked

CHARGE, APPROVE, PILOT = (
    ("amount", "currency", "line", "on", "note"), ("amount", "by", "until", "note"),
    ("trainer", "max_minutes", "max_usd"),
)  # fmt: skip
# The field that a mistake belongs to, by the place that it is told of; any other stands above the form, under "".
FIELD_OF = {
    "category": "line",
    "charge": "amount",
    "--category": "line",
    "credit": "amount",
    "pilot: trainer": "trainer",
}
# Trainers that ask a model elsewhere; what others cost on this machine is no money.
COSTLY = ("hosted", "decision")
MOST_CAP = 1e6  # minutes or USD
HELD_S, MOST_HELD = 1_800.0, 20  # how long a bill waits to be confirmed, and how many do
MOST_LISTED = 8  # sentences of what a bill leaves out
GONE = "This bill is no longer held: it waits for half an hour. Choose its file again."


@dataclass(frozen=True, slots=True)
class Case:
    """A case that is served: its key, its project file, the seed, and the day of what is done now."""

    key: str
    project: Path
    seed: int
    today: date

    def opened(self) -> flow.Flow:
        """The case opened for writing. Raises: InputError with every problem found."""
        return flow.open_case(self.project, self.seed, self.today)


def filled_by(form: str, typed: Mapping[str, str], act: Callable[[], Filled]) -> Filled:
    """What an act gave, or the form with its mistakes; failures of the world stand above it.

    Args:
        form, typed: as in Filled.
        act: does it.
    """
    try:
        return act()
    except InputError as error:
        return Filled(form, typed, mistakes_of(error, form))
    except TunecaseError as error:
        return Filled(form, typed, {"": str(error)})


def mistakes_of(error: InputError, form: str) -> dict[str, str]:
    """The mistakes by the field that each belongs to, "" for one of the case itself; several of a field in a row."""
    fields = {"charge": CHARGE, "approve": APPROVE, "pilot": PILOT, "bill": ("bill",)}[form]
    mistakes: dict[str, str] = {}
    for problem in error.problems[:20]:
        name = FIELD_OF.get(problem.where, problem.where.removeprefix("--").replace("-", "_"))
        name = "bill" if form == "bill" else name if name in fields else ""
        words = f"{problem.told} {problem.remedy}"
        words = words if name and form != "bill" else f"{one_line(problem.where, 120)}: {words}"
        mistakes[name] = f"{mistakes[name]} {words}" if name in mistakes else words
    return mistakes


def charge(case: Case, fields: Mapping[str, str]) -> Filled:
    """Books one charge as typed."""
    typed = first_words(fields, CHARGE)

    def act() -> Filled:
        opened = case.opened()
        asked = flow.ChargeAsked(
            typed["amount"], typed["currency"] or None, typed["line"] or None, typed["on"] or None, typed["note"]
        )
        entry = flow.spend_text(opened, asked)
        booked = entry.record()
        rate = flow.rate_words(opened, booked)
        words = (
            f"Booked: {paid(booked.amount)} {booked.currency} for {plain_line(booked.category)}, entry {entry.id[:12]}."
        )
        return Filled("charge", done=f"{words} {rate}.".strip() if rate else words)

    return filled_by("charge", typed, act)


def approve(case: Case, fields: Mapping[str, str]) -> Filled:
    """Keeps that somebody released money for the plan on file."""
    typed = first_words(fields, APPROVE)

    def act() -> Filled:
        asked = flow.ApprovalAsked(typed["amount"], typed["by"], typed["until"] or None, typed["note"])
        given = flow.approve(case.opened(), asked).approved[-1].approval
        until = f", until {day(given.until)}" if given.until else ""
        return Filled("approve", done=f"Approved: {paid(given.amount)} {given.currency} by {given.by}{until}.")

    return filled_by("approve", typed, act)


@dataclass(slots=True)
class _Bill:
    key: str
    file: Path
    since_s: float = field(default_factory=time.monotonic)


class Bills:
    """Bills that were read and wait for somebody to book or to leave them, at most half an hour."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Bill] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, case: Case, name: str, file: Path) -> Filled:
        """What a bill would book; it is held under a name where it would book anything, else its file goes at once."""
        found: list[Imported] = []

        def act() -> Filled:
            record = flow.spend_import(case.opened(), "focus", str(file), flow.ImportAsked(dry_run=True))
            if not record.booked:
                return Filled("bill", done=f"{_rows(record)} Nothing is to be booked.")
            found.append(record)
            return Filled("bill", confirm=tuple(_would_book(record)), held=name)

        filled = _without_folder(filled_by("bill", {"bill": file.name}, act), file)
        if not found:
            _drop(file)
            return filled
        with self._lock:
            self._held[name] = _Bill(case.key, file)
        self.drop_old()
        return filled

    def book(self, case: Case, name: str) -> Filled:
        """Books a bill that is held, what was booked meanwhile left out."""
        bill = self._taken(case.key, name)
        if bill is None:
            return Filled("bill", mistakes={"": GONE})

        def act() -> Filled:
            record = flow.spend_import(case.opened(), "focus", str(bill.file), flow.ImportAsked())
            words = f"Booked: {counted(record.booked, 'charge')}, {paid(record.amount)} {record.currency}."
            return Filled("bill", done=words if record.booked else f"{_rows(record)} Nothing is to be booked.")

        try:
            return _without_folder(filled_by("bill", {"bill": bill.file.name}, act), bill.file)
        finally:
            _drop(bill.file)

    def leave(self, case: Case, name: str) -> Filled:
        """Leaves a bill that is held; nothing was booked of it."""
        bill = self._taken(case.key, name)
        if bill is None:
            return Filled("bill", mistakes={"": GONE})
        _drop(bill.file)
        return Filled("bill", done="Left: nothing was booked.")

    def drop_old(self, older_s: float = HELD_S) -> None:
        """Takes away bills that have waited too long, and the oldest of too many."""
        until_s = time.monotonic() - older_s
        with self._lock:
            gone = [name for name, bill in self._held.items() if bill.since_s <= until_s]
            gone += [name for name in self._held if name not in gone][: max(0, len(self._held) - len(gone) - MOST_HELD)]
            files = [self._held.pop(name).file for name in gone]
        for file in files:
            _drop(file)

    def _taken(self, key: str, name: str) -> _Bill | None:
        self.drop_old()
        with self._lock:
            bill = self._held.get(name)
            return self._held.pop(name) if bill is not None and bill.key == key else None


def _drop(file: Path) -> None:
    shutil.rmtree(file.parent, ignore_errors=True)


def _without_folder(filled: Filled, file: Path) -> Filled:
    """The form with the bill's own name in its words, not that of the folder in which it lies here."""
    folder = f"{file.parent}{os.sep}"
    return replace(filled, mistakes={name: words.replace(folder, "") for name, words in filled.mistakes.items()})


def _rows(record: Imported) -> str:
    known = f", {counted(record.known, 'of them was', 'of them were')} booked before" if record.known else ""
    return f"{counted(record.rows, 'row')} read{known}."


def _would_book(record: Imported) -> list[str]:
    """What a bill would book, in sentences."""
    names = sorted(record.by_category, key=lambda name: -record.by_category[name])
    column = paid_column([record.by_category[name] for name in names])
    days = ""
    if record.first is not None and record.last is not None:
        until = "" if record.first == record.last else f" to {day(record.last)}"
        days = f", {day(record.first)}{until}"
    words = [
        f"{counted(record.booked, 'charge')}, {paid(record.amount)} {record.currency}{days}.",
        f"By line: {', '.join(f'{plain_line(name)} {much}' for name, much in zip(names, column, strict=False))}.",
        _rows(record),
    ]
    aside = [*record.left_out, *record.notes]
    more = [f"And {counted(len(aside) - MOST_LISTED, 'further note')}."] if len(aside) > MOST_LISTED else []
    return [*words, *(one_line(one, 300) for one in aside[:MOST_LISTED]), *more]


def start(case: Case, pilots: Pilots, fields: Mapping[str, str]) -> Filled:
    """Starts the pilot of a case in a process of its own; what costs money is refused without a cap."""
    typed = first_words(fields, PILOT)

    def act() -> Filled:
        opened, problems = case.opened(), list[Problem]()
        caps = {name: _cap(name, typed[name], problems) for name in PILOT[1:]}
        problems += _costly(opened, typed["trainer"], caps)
        if problems:
            raise InputError(problems)
        if flow.pilot_is_under_way(opened.ledger):
            raise LedgerBusyError("A pilot of this case is under way already. Wait for its end, or stop it first.")
        asked = PilotAsked(
            str(case.project.resolve()), case.seed, case.today.isoformat(), typed["trainer"], caps["max_minutes"],
            caps["max_usd"],
        )  # fmt: skip
        if pilots.start(case.key, asked) is None:
            raise LedgerBusyError("A pilot of this case is under way already. Wait for its end, or stop it first.")
        return Filled("pilot", done="The pilot has begun.")

    return filled_by("pilot", typed, act)


def _cap(name: str, text: str, problems: list[Problem]) -> float | None:
    """A cap as typed, None for an empty one."""
    if not text:
        return None
    try:
        cap = float(text)
    except ValueError:
        cap = -1.0
    if not 0 < cap <= MOST_CAP:
        problems.append(Problem(name, repr(text), "a number above 0", "write for example 30, or leave it empty"))
        return None
    return cap


def _costly(opened: flow.Flow, trainer: str, caps: Mapping[str, float | None]) -> list[Problem]:
    """The caps that are missing where a pilot may cost money: without one only what is free on this machine runs."""
    elsewhere = opened.project.engine not in (None, "local")
    if not elsewhere and trainer not in COSTLY:
        return []
    what = f"no cap, and {one_line(trainer, 40) if trainer in COSTLY else 'a cluster'} may cost money"
    fix = "say at most how much, or choose what is free on this machine"
    return [Problem(name, what, "a cap", fix) for name, cap in caps.items() if cap is None]


def stop(case: Case, pilots: Pilots) -> Filled:
    """Stops the pilot of a case that was started here; what was finished is kept."""
    if pilots.stop(case.key):
        return Filled("pilot", done="Stopped; what was finished is kept.")
    return Filled("pilot", mistakes={"": "No pilot of this case that was started here is under way."})
