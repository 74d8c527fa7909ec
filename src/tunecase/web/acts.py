"""What a visitor may do to a case: book a charge, book a bill after seeing what it brings, approve, start a pilot.

Each act opens the case anew and calls the verb that the terminal calls; the ledger's own locks keep two of them apart.
The day is today, or the one that the server was started for.
"""

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tunecase import flow
from tunecase.accounts import plain_line
from tunecase.errors import InputError, LedgerBusyError, Problem, TunecaseError, refuse_any
from tunecase.quantities import counted, day, one_line, paid, paid_column
from tunecase.records import Imported
from tunecase.web.forms import first_words
from tunecase.web.pilots import Pilots
from tunecase.web.views import FIELDS, Filled
from tunecase.web.worker import PilotAsked

# The field that a mistake belongs to, by the place that it is told of; any other stands above the form, under "".
FIELD_OF = {"category": "line", "charge": "amount", "credit": "amount", "pilot: trainer": "trainer"}
READ = "load this page again and read what it asks for now"
# Trainers that ask a model elsewhere; what others cost on this machine is no money.
COSTLY = ("hosted", "decision")
OWN = "command"  # a trainer of one's own, which the terminal alone says how to run
BUSY = "A pilot of this case is under way already. Wait for its end, or stop it first."
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
    mistakes: dict[str, str] = {}
    for problem in map(_as_here, error.problems[:20]):
        name = FIELD_OF.get(problem.where, problem.where.replace("-", "_"))
        name = "bill" if form == "bill" else name if name in FIELDS[form] else ""
        words = f"{problem.told} {problem.remedy}"
        words = words if name and form != "bill" else f"{one_line(problem.where, 120)}: {words}"
        mistakes[name] = f"{mistakes[name]} {words}" if name in mistakes else words
    return mistakes


def _as_here(problem: Problem) -> Problem:
    """A mistake by the name of its field, its remedy without that field's option; other options are the terminal's."""
    if problem.where == "--plan":
        return replace(problem, where="the plan", fix=READ)
    fix = problem.fix.replace(f"{problem.where} ", "") if problem.where.startswith("--") else problem.fix
    fix = f"{fix.rstrip('.')}, in a terminal" if " --" in fix else fix
    return replace(problem, where=problem.where.removeprefix("--"), fix=fix)


def charge(case: Case, fields: Mapping[str, str]) -> Filled:
    """Books one charge as typed."""
    typed = first_words(fields, FIELDS["charge"])

    def act() -> Filled:
        opened = case.opened()
        asked = flow.ChargeAsked(
            typed["amount"], typed["currency"] or None, typed["line"] or None, typed["on"] or None, typed["note"],
            credit=None,
        )  # fmt: skip
        entry = flow.spend_text(opened, asked)
        booked = entry.record()
        rate = flow.rate_words(opened, booked)
        words = (
            f"Booked: {paid(booked.amount)} {booked.currency} for {plain_line(booked.category)}, entry {entry.id[:12]}."
        )
        return Filled("charge", done=f"{words} {rate}.".strip() if rate else words)

    return filled_by("charge", typed, act)


def approve(case: Case, fields: Mapping[str, str]) -> Filled:
    """Keeps that somebody released money for the plan that the form was drawn for, while its release is asked for."""
    typed = first_words(fields, FIELDS["approve"])
    seen = first_words(fields, ("plan", "last"))

    def act() -> Filled:
        if not seen["plan"]:
            raise InputError(Problem("the plan", "none in the form", "the plan that was read", READ))
        asked = flow.ApprovalAsked(
            typed["amount"], typed["by"], typed["until"] or None, typed["note"], seen["plan"], last=seen["last"]
        )
        given = flow.approve(case.opened(), asked).approved[-1].approval
        until = f", until {day(given.until)}" if given.until else ""
        return Filled("approve", done=f"Approved: {paid(given.amount)} {given.currency} by {given.by}{until}.")

    return filled_by("approve", typed, act)


@dataclass(frozen=True, slots=True)
class _Bill:
    key: str
    file: Path
    shown: Filled
    timer: threading.Timer


class Bills:
    """Bills that were read and wait for somebody to book or to leave them, at most half an hour, then are dropped."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Bill] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, case: Case, name: str, file: Path) -> Filled:
        """What a bill would book; it is held under a name where it would book anything, else its file goes at once."""

        def act() -> Filled:
            record = flow.spend_import(case.opened(), "focus", str(file), flow.ImportAsked(dry_run=True))
            if not record.booked:
                return Filled("bill", done=f"{_rows(record)} Nothing is to be booked.")
            return Filled("bill", confirm=tuple(_would_book(record)), held=name)

        filled = _tried(file, act, lambda filled: bool(filled.held))
        if filled.held:
            self._hold(case.key, file, filled)
        return filled

    def book(self, case: Case, name: str) -> Filled:
        """Books a bill that is held, what was booked meanwhile left out; one that cannot be booked now stays held."""
        bill = self._taken(case.key, name)
        if bill is None:
            return Filled("bill", mistakes={"": GONE})

        def act() -> Filled:
            record = flow.spend_import(case.opened(), "focus", str(bill.file), flow.ImportAsked())
            words = f"Booked: {counted(record.booked, 'charge')}, {paid(record.amount)} {record.currency}."
            return Filled("bill", done=words if record.booked else f"{_rows(record)} Nothing is to be booked.")

        filled = _tried(bill.file, act, lambda filled: not filled.done)
        if filled.done:
            return filled
        self._hold(case.key, bill.file, bill.shown)
        return replace(bill.shown, mistakes=filled.mistakes)

    def leave(self, case: Case, name: str) -> Filled:
        """Leaves a bill that is held; nothing was booked of it."""
        if not self._forget(case.key, name):
            return Filled("bill", mistakes={"": GONE})
        return Filled("bill", done="Left: nothing was booked.")

    def close(self) -> None:
        """Takes away all bills that wait."""
        for name, bill in list(self._held.items()):
            self._forget(bill.key, name)

    def _hold(self, key: str, file: Path, shown: Filled) -> None:
        """Keeps a bill under its name for its time; the oldest of too many goes at once."""
        timer = threading.Timer(HELD_S, self._forget, (key, shown.held))
        timer.daemon = True
        timer.start()
        with self._lock:
            self._held[shown.held] = _Bill(key, file, shown, timer)
            many = list(self._held.items())[: max(0, len(self._held) - MOST_HELD)]
        for name, bill in many:
            self._forget(bill.key, name)

    def _forget(self, key: str, name: str) -> bool:
        bill = self._taken(key, name)
        if bill is not None:
            _drop(bill.file)
        return bill is not None

    def _taken(self, key: str, name: str) -> _Bill | None:
        with self._lock:
            bill = self._held.get(name)
            if bill is None or bill.key != key:
                return None
            bill.timer.cancel()
            return self._held.pop(name)


def _drop(file: Path) -> None:
    shutil.rmtree(file.parent, ignore_errors=True)


def _tried(file: Path, act: Callable[[], Filled], keeps: Callable[[Filled], bool]) -> Filled:
    """Does something with a bill, and deletes its file afterwards unless `keeps` says of the outcome that it stays.

    The folder that the file lies in is ours: mistakes name the file without it.
    """
    is_kept = False
    try:
        filled, folder = filled_by("bill", {"bill": file.name}, act), f"{file.parent}{os.sep}"
        is_kept = keeps(filled)
        return replace(filled, mistakes={name: words.replace(folder, "") for name, words in filled.mistakes.items()})
    finally:
        if not is_kept:
            _drop(file)


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
    typed = first_words(fields, FIELDS["pilot"])

    def act() -> Filled:
        opened, problems = case.opened(), list[Problem]()
        caps = {name: _cap(name, typed[name], problems) for name in FIELDS["pilot"][1:]}
        if typed["trainer"] == OWN:
            fix = "choose one of the list, or run it in a terminal"
            problems.append(Problem("trainer", "a trainer of your own", "one that tunecase brings", fix))
        problems += _costly(opened, typed["trainer"], caps)
        refuse_any(problems)
        # The project file may be a link: the case is the folder that it lies in, not the one that it leads to.
        asked = PilotAsked(
            str(case.project.absolute()), case.seed, case.today.isoformat(), typed["trainer"], caps["max_minutes"],
            caps["max_usd"],
        )  # fmt: skip
        if flow.pilot_is_under_way(opened.ledger) or pilots.start(case.key, asked) is None:
            raise LedgerBusyError(BUSY)
        return Filled("pilot", typed, done="The pilot has begun.")

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
