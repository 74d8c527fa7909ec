"""Prints a check: whether the advice holds, what moved price by price and line by line, what ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import UNKNOWN, day, figures, money
from tunecase.records import Check, Shift

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN = 12


def print_check(console: "Console", record: Check) -> None:
    """The verdict and its reasons, then prices, lines and rates that moved, ends, and notes."""
    since = day(record.since)
    verdict = "still holds" if record.ok else "no longer holds"
    heading(console, "check", f"the advice of {since} {verdict}", record.ok)
    for reason in record.broken:
        say(console, f"{reason[0].upper()}{reason[1:]}.", "red")
    if record.ok:
        say(console, f"Advice: {record.advice_now}.")
    before, now = (money(point, record.currency) for point in (record.total.before, record.total.now))
    say(console, f"The total at P80 was {before} and is {now}.")
    _print_shifts(console, f"Prices since {since}", record.prices, "No price moved.")
    _print_shifts(console, "Lines, expected", record.lines, "No line moved.")
    if record.rates:
        _print_shifts(console, "Exchange rates", record.rates, "")
    soon = [words for words in record.ended if words not in record.broken]
    print_notes(console, "Ends:", soon)
    print_notes(console, "To know:", record.notes)
    book = f"{record.book_before}, now {record.book_now}" if record.book_before != record.book_now else record.book_now
    say(console, f"Price book {book}.", "dim")


def _print_shifts(console: "Console", title: str, shifts: Sequence[Shift], otherwise: str) -> None:
    if not shifts:
        say(console, otherwise)
        return
    shown = shifts[:MOST_SHOWN]
    rows = [(one.name.replace("_", " "), _figure(one.before), _figure(one.now), one.unit, _times(one)) for one in shown]
    print_table(console, (title, "before", "now", "", ""), rows, (1, 2, 4))
    if len(shifts) > len(shown):
        say(console, f"And {len(shifts) - len(shown)} more (--json).", "dim")


def _figure(value: float | None) -> str:
    return UNKNOWN if value is None else figures(value, 3)


def _times(shift: Shift) -> str:
    return "" if shift.factor is None else f"x {shift.factor:.2f}"
