"""Prints money: the bill, one run, the charges and the books."""

from typing import TYPE_CHECKING

from tunecase.records import Books, Estimate, Spending
from tunecase.show.paper import heading, print_notes, print_table, say
from tunecase.wording import band, counted, day, figures, money, money_band, paid, share

if TYPE_CHECKING:
    from rich.console import Console

    from tunecase.ledger import Entry


def print_estimate(console: "Console", record: Estimate, again: bool = False) -> None:
    """The bill by line, and what moves it."""
    over = ""
    if record.budget is not None and record.reached is not None:
        within = f"within {figures(record.budget)}" if not record.unpriced else "if what has no price costs nothing"
        over = f"; {share(record.reached)} chance to reach the target {within}"
    elif record.over_budget is not None:
        over = f"; {share(record.over_budget)} chance to exceed {figures(record.budget)}"
    words = f"{money_band(record.total, record.currency)}{over}"
    heading(console, "estimate, after the pilot" if again else "estimate", words)
    rows = [
        (
            line.name,
            *(figures(getattr(line.amount, p)) if line.amount else "unpriced" for p in ("p10", "p50", "p90")),
            share(line.share) if line.included and line.share is not None else "not counted",
        )
        for line in record.lines
    ]
    points = (figures(record.total.p10), figures(record.total.p50), figures(record.total.p90))
    header = (record.currency, "P10", "P50", "P90", "share")
    notes = [] if again else [line.basis for line in record.lines]
    print_table(console, header, [*rows, ("total", *points, "100%")], (1, 2, 3, 4), notes)
    say(
        console,
        f"P80 {money(record.total.p80, record.currency)}; rounds {band(record.rounds)}; "
        f"{band(record.months, 'months')}.",
    )
    if record.unpriced:
        say(console, f"Plus {counted(len(record.unpriced), 'unpriced line')}: {'; '.join(record.unpriced)}.", "yellow")
    if again:
        return
    drivers = ", ".join(f"{driver.name} {share(driver.share)}" for driver in record.drivers[:4])
    if drivers:
        say(console, f"What moves it: {drivers}.")
    dates = f"{min(record.price_dates)} to {max(record.price_dates)}" if record.price_dates else "none used"
    say(console, f"GPU prices of {dates}; price book {record.price_book[:12]}.", "dim")
    print_notes(console, "Defaults used:", [f"{d.field}: {d.value} ({d.source})" for d in record.defaults])
    print_notes(console, "Assumed:", record.assumptions)


def print_estimate_again(console: "Console", record: Estimate) -> None:
    """The bill once more, when the pilot has moved it: figures only."""
    print_estimate(console, record, again=True)


def print_books(console: "Console", record: Books) -> None:
    """Plan against actual, line by line."""
    spent = f"{paid(record.spent)} {record.currency} spent"
    left = "" if record.left is None else f", {paid(record.left)} left of {figures(record.budget)}"
    heading(console, "books", spent + left, None if record.ok else False)
    rows = [
        (
            line.name,
            money_band(line.planned, "") if line.planned else "not planned",
            paid(line.spent),
            str(line.entries),
        )
        for line in record.lines
    ]
    if rows:
        print_table(console, ("line", "planned", "spent", "entries"), rows, (2, 3))
    say(console, record.note)


def print_spend(console: "Console", record: "Entry | Spending") -> None:
    """One charge as booked."""
    charge = record if isinstance(record, Spending) else record.record()
    heading(console, "spend", f"{paid(charge.amount)} {charge.currency} booked under {charge.category}")
    base = "" if charge.amount == charge.amount_base else f"; {paid(charge.amount_base)} in the project's currency"
    note = f": {charge.description}" if charge.description else ""
    say(console, f"Paid on {day(charge.on)}{note}{base}.")
    if not isinstance(record, Spending):
        say(console, f"Entry {record.id[:12]}; --replaces {record.id[:12]} with the next charge corrects it.")
