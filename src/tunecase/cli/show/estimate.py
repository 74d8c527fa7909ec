"""Prints the bill, and what moves it."""

from typing import TYPE_CHECKING

from tunecase.cli.show.decide import print_plan
from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import (
    Z80,
    Band,
    band_words,
    counted,
    figures,
    firm,
    firm_money,
    firm_share,
    line_amount,
    money,
    money_band,
    share,
)
from tunecase.records import Driver, Estimate, Line, Plan

if TYPE_CHECKING:
    from rich.console import Console

BAR = 24  # letters of a tornado's bar
SHOWN_DRIVERS = 5


def print_estimate(console: "Console", record: Estimate, again: bool = False) -> None:
    """The bill by line, and what moves it."""
    from tunecase.accounts import bridge_words

    lacking = f" plus {counted(len(record.unpriced), 'unpriced line')}" if record.unpriced else ""
    heading(
        console, "estimate, after the pilot" if again else "estimate", f"{_expected(record)}{lacking}{_chance(record)}"
    )
    _print_lines(console, record, with_basis=not again)
    say(console, f"Rounds {band_words(record.rounds)}; {band_words(record.months, 'months')}.")
    if (foreseen := record.total_without_unknowns) is not None and foreseen != record.total:
        p50, p80 = figures(foreseen.p50), money(foreseen.p80, record.currency)
        say(console, f"Without overruns: P50 {p50}, P80 {p80}.")
    if record.plan is not None:
        # The decision that follows a bill made again shows the plan.
        if not again:
            print_plan(console, record.plan)
            _print_calendar(console, record.plan)
        if moved := bridge_words(record.plan):
            say(console, f"The bill moved {moved}.")
    if record.unpriced:
        say(console, f"Plus {counted(len(record.unpriced), 'unpriced line')}: {'; '.join(record.unpriced)}.", "yellow")
    _print_key_assumptions(console, record)
    if not again:
        _print_effort(console, record)
        print_ways(console, record)
        _print_drivers(console, record)
        _print_grounds(console, record)


def _print_calendar(console: "Console", plan: Plan) -> None:
    """Spending by month, with what is left of the budget."""
    from tunecase.accounts.calendar import CALENDAR_HEAD, calendar, calendar_note

    rows = [row.cells for row in calendar(plan)]
    if rows:
        print_table(console, ("calendar", *CALENDAR_HEAD), rows, (1, 2, 3, 4))
        say(console, calendar_note(plan), "dim")


def _expected(record: Estimate) -> str:
    if record.plan is None:
        return money_band(record.total, record.currency)
    total = record.plan.total
    return f"{firm_money(total.expected, record.currency)} expected, P80 {firm(total.p80)}"


def _chance(record: Estimate) -> str:
    """The chance to show the target within the budget, or else to exceed it; empty without a budget."""
    plan = record.plan
    if plan is None or record.budget is None:
        return ""
    if plan.chance is not None:
        within = f"within {figures(record.budget)}" if not record.unpriced else "if what has no price costs nothing"
        return f"; {firm_share(plan.chance.shown)} chance to show the target {within}"
    return f"; {firm_share(plan.total.over)} chance to exceed {figures(record.budget)}"


def _print_lines(console: "Console", record: Estimate, *, with_basis: bool) -> None:
    """The lines and their total."""
    from tunecase.accounts.lines import expected_column, folded, shares, workings

    shown = folded(record)
    expected, left = expected_column(record)
    rows = [
        (line.title, much, *_line_points(line, record.currency), part or "not counted")
        for line, much, part in zip(shown, expected, shares(shown), strict=True)
    ]
    header = (record.currency, "expected", "P10", "P50", "P90", "share")
    notes = [workings(record, line) for line in shown] if with_basis else []
    if left:
        rows.append(("rounding", left, "-", "-", "-", "-"))
    total = ("total", *_total(record), "100%" if record.total.p90 else "-")
    print_table(console, header, [*rows, total], (1, 2, 3, 4, 5), notes)
    say(console, "Lines add up in the expected column; the points beside it do not.", "dim")


def _total(record: Estimate) -> list[str]:
    """Expected, P10, P50 and P90 of the total, in the digits of the headline."""
    if record.plan is None:
        return ["-", *_points(record.total, record.currency)]
    total = record.plan.total
    return [firm(point) for point in (total.expected, total.p10, total.p50, total.p90)]


def _line_points(line: Line, currency: str) -> list[str]:
    """P10, P50 and P90 of a line; a row of several lines has no points."""
    if line.amount is None:
        return ["unpriced" if line.expected is None else "-"] * 3
    return _points(line.amount, currency)


def _points(band: Band, currency: str) -> list[str]:
    return [line_amount(point, currency) for point in (band.p10, band.p50, band.p90)]


def _print_grounds(console: "Console", record: Estimate) -> None:
    """What would have to be true, the prices' dates, the defaults and the assumptions."""
    from tunecase.prices import what_if_words

    for what_if in record.what_if:
        say(console, what_if_words(what_if, record.currency))
    dated = record.price_dates
    dates = " to ".join(dict.fromkeys((min(dated), max(dated)))) if dated else "none used"
    what = "GPU prices" if record.gpu or not dated else "Price of training"
    say(console, f"{what} of {dates}; price book {record.price_book[:12]}.", "dim")
    print_notes(console, "Defaults used:", [f"{d.field}: {d.value} ({d.source})" for d in record.defaults])
    print_notes(console, "Assumed:", record.assumptions)


def _print_key_assumptions(console: "Console", record: Estimate) -> None:
    """The assumptions that carry most of the answer, each with the line that replaces it."""
    from tunecase.accounts.lines import assumption_words

    if not record.key_assumptions:
        return
    say(console, "Most of this rests on assumptions that you can replace:")
    for number, one in enumerate(record.key_assumptions, 1):
        name, rest = assumption_words(one, record.currency)
        say(console, f"{number}. {name}", indent=2)
        say(console, rest, "dim", 5)


def _print_effort(console: "Console", record: Estimate) -> None:
    """People's hours by activity, with what drives each."""
    from tunecase.accounts.lines import effort_rows, training_words

    if not record.effort:
        return
    *told, whole = effort_rows(record)
    rows = [(one.name, *row, one.driver) for one, row in zip(record.effort, told, strict=True)]
    notes = [f"{one.rate}{' (yours)' if one.stated else ', assumed'}" for one in record.effort]
    total = ("all, without overruns", *whole, "")
    print_table(console, ("People's hours, expected", "hours", "share", "driven by"), [*rows, total], (1, 2), notes)
    say(console, training_words(record))


def print_ways(console: "Console", record: Estimate) -> None:
    """The ways to train side by side, the cheapest first, where there is more than one."""
    if len(record.ways) < 2:
        return
    rows = [(way.name, *_points(way.amount, ""), way.against) for way in record.ways]
    notes = ["; ".join(part for part in (way.rests_on, way.note) if part) for way in record.ways]
    header = (f"Ways to train, all rounds, {record.currency}", "P10", "P50", "P90", "against chosen")
    print_table(console, header, rows, (1, 2, 3, 4), notes)


def _print_drivers(console: "Console", record: Estimate) -> None:
    """A tornado: the share of the doubt of each input, and the total's mean where it is low and where it is high."""
    shown = record.drivers[:SHOWN_DRIVERS]
    ends = [end for driver in shown for end in (driver.total_low, driver.total_high) if end is not None]
    if not ends:
        drivers = ", ".join(f"{driver.name} {share(driver.share)}" for driver in shown)
        say(console, f"What moves it: {drivers}." if drivers else "")
        return
    header = ("What moves it", "of the doubt", "if low", "mean of the total", "if high")
    rows = [_driver_row(driver, min(ends), max(ends)) for driver in shown]
    print_table(console, header, rows, (1, 2, 4), [_ends(driver, record.currency) for driver in shown])


def _driver_row(driver: Driver, low: float, high: float) -> list[str]:
    """The input, its share of the doubt, and its bar on an axis from low to high between its two means."""
    row = [driver.name, share(driver.share)]
    if driver.total_low is None or driver.total_high is None:
        return [*row, "", "", ""]
    bar = _bar(driver.total_low, driver.total_high, low, high)
    return [*row, figures(driver.total_low), bar, figures(driver.total_high)]


def _bar(first: float, second: float, low: float, high: float) -> str:
    """A bar from one mean to the other on an axis from low to high, one letter at least."""
    span = (high - low) or 1.0
    start, end = sorted(round((value - low) / span * (BAR - 1)) for value in (first, second))
    return "·" * start + "█" * (end - start + 1) + "·" * (BAR - 1 - end)


def _ends(driver: Driver, currency: str) -> str:
    """What low and high mean of an input, and how well its share is known."""
    from tunecase.prices import amount

    if driver.total_low is None or driver.total_high is None:
        return "moves it only together with others"

    low, high = (amount(driver.name, value or 0.0, currency) for value in (driver.input_low, driver.input_high))
    within = "" if driver.error is None else f"; within {share(Z80 * driver.error, 1)}"
    return f"low: {low} or less; high: {high} or more{within}"


def print_estimate_again(console: "Console", record: Estimate) -> None:
    """The bill once more, when the pilot has moved it: figures only."""
    print_estimate(console, record, again=True)
