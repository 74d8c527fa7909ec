"""Prints the price book: tiers of GPUs, single prices with their age, and what names the whole."""

from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_table, say
from tunecase.quantities import UNKNOWN, counted
from tunecase.records import Price, Prices, PricesUpdated

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_ROWS = 60


def print_prices(console: "Console", record: Prices) -> None:
    """The tiers, then the single prices where any were asked for by name."""
    listed = f"{counted(len(record.rows), 'price')} of {record.held}"
    heading(console, "prices", f"{listed}, {record.stale} older than 180 days on {record.today}")
    if record.tiers:
        rows = [
            (f"{one.gpu}, {one.tier}{'' if one.terms == 'on_demand' else f', {one.terms}'}", str(one.providers),
             *(f"{usd:.2f}" for usd in (one.low, one.middle, one.high)), str(one.stale or "–"))
            for one in record.tiers
        ]  # fmt: skip
        header = (f"{record.currency} per GPU hour", "providers", "min", "median", "max", "stale")
        print_table(console, header, rows, (1, 2, 3, 4, 5))
    if record.listed:
        _print_rows(console, record)
    for note in record.notes:
        say(console, f"{note[0].upper()}{note[1:]}.")
    say(console, f"Price book {record.book[:12]}, {record.held} prices. Each with its source: --json.", "dim")


def print_prices_updated(console: "Console", record: PricesUpdated) -> None:
    """What was written from a catalog, of which day it is, and the line that puts it to use."""
    what = f"{counted(record.prices, 'list price')} of {counted(record.cards, 'card')} at {record.provider}"
    heading(console, "prices", f"{what}, dated {record.date}")
    say(console, f"Written to {record.file} from a catalog of {record.catalog}; its date is from {record.dated_by}.")
    if record.stale:
        say(console, "These prices are older than 180 days: they are drawn with the drift seen of others.", "yellow")
    name = Path(record.file).name
    if record.is_in_use:
        say(console, f"{record.project} reads them already.")
    else:
        instead = f" in place of `prices: {record.in_use}`" if record.in_use else ""
        say(console, f"To use them, write `prices: {name}` into the project file{instead}.")
    for note in record.notes:
        say(console, f"{note[0].upper()}{note[1:]}.")


def _print_rows(console: "Console", record: Prices) -> None:
    shown = record.rows[:SHOWN_ROWS]
    if not shown:
        say(console, "No price matches.", "yellow")
        return
    rows = [(_what(one), _amount(one), f"{one.date or 'undated'}{' stale' if one.stale else ''}") for one in shown]
    notes = [_note(one) for one in shown]
    print_table(console, ("Price of", "amount", "dated"), rows, (1,), notes)
    if len(record.rows) > len(shown):
        say(console, f"And {len(record.rows) - len(shown)} more (--json, or a filter).", "dim")


def _what(price: Price) -> str:
    parts = (price.item, price.provider, price.tier, "" if price.terms == "on_demand" else price.terms, price.region)
    return ", ".join(part for part in parts if part)


def _amount(price: Price) -> str:
    points = [value for value in (price.low, price.amount, price.high) if value is not None]
    if not points:
        return UNKNOWN
    ends = f"{points[0]:.4g} to {points[-1]:.4g}" if points[0] != points[-1] else f"{points[0]:.4g}"
    return f"{ends} {price.currency}".strip()


def _note(price: Price) -> str:
    """What stands below a price: its unit where that is not a GPU hour, what to know, and its source."""
    unit = "" if price.kind == "gpu" else f"per {price.unit}" if price.currency else price.unit
    return "; ".join(part for part in (unit, price.note, "" if price.kind == "gpu" else price.source) if part)
