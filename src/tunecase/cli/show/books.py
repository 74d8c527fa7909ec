"""Prints the books: the answer, plan against actual, why they differ, and what stands apart."""

from decimal import Decimal
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import Band, counted, figures, paid, share, signed
from tunecase.records import BookLine, Books, Variance

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_RUNS = 5
MOST_MONTHS = 3  # that are told one by one; the page gives all


def print_books(console: "Console", record: Books) -> None:
    """Plan against actual, line by line, with what the project will have cost."""
    from tunecase.books import lead

    spent = f"{paid(record.spent)} {record.currency} spent"
    left = "" if record.left_shown is None else f", {paid(record.left_shown)} left of {record.budget_words}"
    ends = "" if record.at_completion is None else f"; at completion {figures(record.at_completion.p50)}"
    over = "" if record.over_budget is None else f", {share(record.over_budget)} chance over the budget"
    heading(console, "books", spent + left + ends + over, None if record.ok else False)
    rows = [_row(line, spent) for line, spent in zip(record.lines, record.spent_column, strict=False)]
    if rows:
        planned = "not planned" if record.planned is None else record.planned_words
        rows.append(("total", planned, record.spent_column[-1], _ends(record.at_completion), ""))
        header = (record.currency, "planned P50 (80%)", "spent", "at completion", "")
        print_table(console, header, rows, (1, 2, 3))
    _print_why(console, record)
    _print_served(console, record)
    _print_runs(console, record)
    remarks = " ".join(lead(record)) if record.remarks else record.note
    say(console, remarks)
    _print_hits(console, record)
    print_notes(console, "To know:", record.remarks, most=12)


def _row(line: BookLine, spent: str) -> tuple[str, ...]:
    planned = "not planned" if line.entries else "unpriced"
    if line.planned is not None:
        planned = f"{figures(line.planned.p50)} ({figures(line.planned.p10)} to {figures(line.planned.p90)})"
    if line.drawn is not None and line.closed is None and line.at_completion is None:
        # In the column that would stay empty: 80 columns hold no further one beside long bands.
        return line.title, planned, spent, f"{paid(line.drawn)} drawn", ""
    return line.title, planned, spent, _ends(line.at_completion), _standing(line)


def _ends(ends: Band | None) -> str:
    return "" if ends is None else f"{figures(ends.p50)} ({figures(ends.p10)}-{figures(ends.p90)})"


def _standing(line: BookLine) -> str:
    """One or two words about a line; for a closed line, whether its band held; what the reserve is drawn down by."""
    if line.drawn is not None and line.closed is None:
        return f"{paid(line.drawn)} drawn"
    if line.closed is None:
        return "over P90" if line.inside is False else ""
    if line.inside is None:
        return "closed"
    return "inside" if line.inside else "outside"


def _print_why(console: "Console", record: Books) -> None:
    """The parts of spent minus planned P50, for each line that has charges or is closed."""
    from tunecase.books import in_cents

    lines = [line for line in record.lines if line.variance is not None and (line.entries or line.planned)]
    shown = [line.name for line in lines if line.entries or line.closed]
    if record.plan is None or not shown:
        return
    # Cents are dealt out over all lines, as on the page, so that a line reads alike there and here.
    split = in_cents([line.variance for line in lines if line.variance is not None])
    told = dict(zip([*(line.name for line in lines), "total"], split, strict=True))
    if len(shown) > 1 and len(shown) == len(record.lines):
        shown.append("total")
    rows = [_split(name, told[name]) for name in shown]
    console.print()
    print_table(console, ("spent - P50", "all", "scope", "quantity", "price", "unsplit"), rows, (1, 2, 3, 4, 5))
    made = ""
    if record.rounds_made is not None and record.rounds_planned is not None:
        planned = figures(record.rounds_planned.p50)
        made = (
            f"{counted(record.rounds_made, 'round')} made of {planned} planned: on open lines scope is still to come."
        )
    say(console, made or "Rounds made are not recorded: open lines are held against the whole plan.", "dim")


def _split(name: str, parts: Variance) -> tuple[str, ...]:
    return (name, *(signed(one) for one in (parts.total, parts.scope, parts.quantity, parts.price, parts.unsplit)))


def _print_served(console: "Console", record: Books) -> None:
    """What was served beside its forecast, and why its cost differs: of few months each, else in all alone."""
    from tunecase.books import figure_rows, parts_in_cents

    served = record.served
    if served is None:
        return
    console.print()
    rows = figure_rows(served.planned, served.actual, record.currency)
    print_table(console, ("served", "planned P50", "actual"), rows, (1, 2))
    split = [month for month in served.months if month.parts]
    if not split:
        return
    names, by_month = parts_in_cents([month.parts for month in split])
    months = [f"{month.month:%Y-%m}" for month in split]
    columns = [*(months if len(months) <= MOST_MONTHS else ()), "all"]  # the last of each row is the sum
    lines = [
        (name, *map(signed, amounts[-len(columns) :]))
        for name, amounts in zip(("in all", *names), zip(*by_month, strict=True), strict=True)
    ]
    console.print()
    print_table(console, (f"served - P50, {record.currency}", *columns), lines, tuple(range(1, len(columns) + 1)))
    say(console, f"Held against {served.forecast}.", "dim")


def _print_runs(console: "Console", record: Books) -> None:
    runs = [one for one in record.runs if one.difference_shown is not None][:SHOWN_RUNS]
    if not runs:
        return
    rows = [
        (one.run or "unnamed", *(("-" if x is None else paid(x)) for x in (one.estimated, one.billed)),
         signed(one.difference_shown or Decimal(0)))
        for one in runs
    ]  # fmt: skip
    console.print()
    print_table(console, ("run", "estimated", "billed", "difference"), rows, (1, 2, 3))


def _print_hits(console: "Console", record: Books) -> None:
    from tunecase.books import hit_words

    if record.hit_rate is not None:
        say(console, f"Bands: {hit_words(record.hit_rate)}.")
