"""Prints what the answers cost after launch: the cheapest way, every other one, and from which volume that changes."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import (
    Interval80,
    counted,
    figures,
    interval_words,
    money,
    money_band,
    sentence,
    share,
)
from tunecase.records import Inference, InferenceWay, Throughput

if TYPE_CHECKING:
    from rich.console import Console

CROSSINGS, MOVERS = 3, 3


def print_inference(console: "Console", record: Inference) -> None:
    """The month's bill of the cheapest way first, then the ways, the crossings, and what to measure."""
    heading(console, "inference", _answer(record), record.ok)
    say(console, f"{record.model}: {record.traffic}.")
    print_table(console, HEAD, [_row(way) for way in record.ways], (1, 2, 3, 4), [_note(way) for way in record.ways])
    if record.throughput is not None:
        _throughput(console, record.throughput)
    for crossing in record.crossings[:CROSSINGS]:
        say(console, sentence(crossing.words))
    if record.moves:
        moved = ", ".join(f"{name} {share(part)}" for name, part in record.moves[:MOVERS])
        say(console, f"The month's bill varies most with {moved}.", "dim")
    if record.points:
        loads = "; ".join(f"{point.concurrency} in flight ({point.why})" for point in record.points)
        say(console, f"To narrow it, measure {loads}. --json and the report have the commands.", "dim")
    print_notes(console, "Notes:", [sentence(note) for note in record.notes])


HEAD = ("way", "a month", "P10 to P90", "per 1,000", "busy")


def _answer(record: Inference) -> str:
    best = record.cheapest
    if best is None:
        return "no way to serve the tuned model has a price that meets the objective"
    if record.stated:
        return f"{money_band(record.per_1k, record.currency)} per 1,000 answers, as stated"
    assert record.per_month is not None
    return f"{money(record.per_month.mean, record.currency)} a month, {best.name}{_beside_today(record)}"


def _beside_today(record: Inference) -> str:
    """What an answer costs beside one of today."""
    if record.today_per_1k is None or record.per_1k is None:
        return ""
    each, today = record.per_1k.p50, record.today_per_1k.p50
    word = "cheaper" if each < today else "dearer"
    return f"; {word} than today's answers: {figures(each)} against {figures(today)} {record.currency} per 1,000"


def _row(way: InferenceWay) -> tuple[str, ...]:
    name = way.name if way.tuned else f"{way.name} *"
    if way.per_month is None:
        return name, "unpriced", "", "", ""
    month = way.per_month
    each = "" if way.per_1k is None else figures(way.per_1k.p50)
    busy = "" if way.busy is None else share(way.busy.p50)
    return name, figures(month.p50), f"{figures(month.p10)} to {figures(month.p90)}", each, busy


def _note(way: InferenceWay) -> str:
    """What is missing, or why it has no rank, and the first remark."""
    parts = [f"give {way.missing}"] if way.missing else []
    if way.objective in ("not met", "unsure"):
        parts.append(f"objective {way.objective}")
    return "; ".join((*parts, *way.notes[:1]))


def _throughput(console: "Console", rate: Throughput) -> None:
    told = f"One replica ({rate.setup}) gives {_interval(rate.answers_per_s)} answers/s"
    told += f" with {figures(rate.in_flight)} at once; {_interval(rate.output_tokens_per_s)} output tokens/s."
    say(console, told)
    if rate.before is not None:
        points = counted(rate.measured, "measured load")
        say(console, f"With {points}; before {_interval(rate.before)} answers/s.")
    print_notes(console, "The band is wider than usual:", rate.widened)


def _interval(value: Interval80) -> str:
    return interval_words(value.low, value.mid, value.high)
