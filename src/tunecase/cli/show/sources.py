"""Prints the race of the sources, and what a trial says a row of one is worth."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import Band, count, counted, duration, figures, money, score, sentence, share
from tunecase.records import SourceRaced, Sources, SourceTrial

if TYPE_CHECKING:
    from rich.console import Console

ASSUMED = " *"


def print_sources(console: "Console", record: Sources) -> None:
    """The sources in their order: price of a row, what it teaches like, price and time of the next step, risks."""
    first = record.first
    answer = "no source with a price has the rows of the next step"
    if first is not None:
        answer = f"{first.name}, {money(first.step_expected, record.currency)} expected for the next step"
    heading(console, "sources", answer, record.ok)
    say(
        console,
        f"From {count(record.rows)} to {count(record.to_rows)} labelled rows, or what teaches like "
        f"{count(record.step)} more; each source alone, by the expected price of that step.",
    )
    rows = [_row(one, record.currency) for one in record.raced]
    head = ("source", "rank", "a row", "teaches like", "the step", "P10 to P90", "weeks")
    print_table(console, head, rows, (1, 2, 4, 6), [_note(one) for one in record.raced])
    if any(not one.named for one in record.raced):
        say(console, "* not in the project file: priced from the tables and assumptions.", "dim")
    if len(record.buys_from) > 1:
        say(console, f"The plan buys in the order of the project file: {', '.join(record.buys_from)}.")
    print_notes(console, "Notes:", [sentence(note) for note in record.notes])


def _row(one: SourceRaced, currency: str) -> tuple[str, ...]:
    name = one.name + ("" if one.named else ASSUMED)
    rank = "-" if one.rank is None else str(one.rank)
    worth = share(one.worth.p50) if one.worth_by in ("measured", "by definition") else f"{share(one.worth.p50)}?"
    if one.row_price is None or one.step_price is None:
        return name, rank, "unpriced", worth, "unpriced", "", _weeks(one.step_weeks)
    step = one.step_price
    band = f"{figures(step.p10)} to {figures(step.p90)}"
    return (
        name,
        rank,
        figures(one.row_price.p50),
        worth,
        money(one.step_expected, currency),
        band,
        _weeks(one.step_weeks),
    )


def _weeks(weeks: Band) -> str:
    return figures(weeks.p50)


def _note(one: SourceRaced) -> str:
    """What is missing, how few rows there are, how the worth is known, and the first risk."""
    parts = [f"give {one.missing}"] if one.missing else []
    if not one.reaches and one.rows is not None:
        parts.append(f"has {counted(one.rows, 'row')}: not enough for the step")
    parts.append(f"worth {one.worth_by}" if one.worth_by != "by definition" else "")
    return "; ".join(part for part in (*parts, *one.risks[:1]) if part)


def print_source_trial(console: "Console", record: SourceTrial) -> None:
    """What a row of the source is worth, on what that rests, and whether the plan uses it."""
    worth = record.worth
    told = f"one row teaches like {share(worth.mid)} of a labelled one ({share(worth.low)} to {share(worth.high)})"
    heading(console, "source trial", told if record.tells else f"too few runs to tell: {told}", record.tells)
    say(
        console,
        f"{record.source} ({record.file}): {counted(len(record.runs), 'run')} of {record.model} in "
        f"{duration(record.seconds)}; {counted(record.draws, 'draw')}, {count(record.test_rows)} test rows in every "
        "run.",
    )
    rows = [(f"{count(n)} at hand", score(1 - error)) for n, error in record.errors]
    mixed = f"{count(record.base)} at hand and {count(record.added)} of {record.source}"
    print_table(console, ("trained on", f"mean {record.metric}"), [*rows, (mixed, score(1 - record.error_with))], (1,))
    say(console, f"Chance that the rows do harm: {share(record.harms)}.", "yellow" if record.harms > 0.1 else "")
    use = "The plan, the bill and `tunecase sources` take it in place of the assumption."
    say(console, use if record.tells else "The assumption stays: give more rows, or --draws.")
    print_notes(console, "Notes:", [sentence(note) for note in record.notes])
