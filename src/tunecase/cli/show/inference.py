"""Prints what the answers cost after launch: the cheapest way, every other one, and from which volume that changes."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_notes, print_table, say
from tunecase.quantities import Interval80, counted, figures, interval_words, money, money_band, sentence, share
from tunecase.records import DefaultUsed, Inference, InferenceWay, MeasuredLoad, MeasuredLoads, Throughput

if TYPE_CHECKING:
    from rich.console import Console

CROSSINGS, MOVERS, NOTES = 3, 3, 3


def print_inference(console: "Console", record: Inference) -> None:
    """The month's bill of the cheapest way first, then the ways, the crossings, and what to measure."""
    heading(console, "inference", _answer(record), record.ok)
    say(console, f"{record.model}: {record.traffic}.")
    _ways(console, record)
    _rented(console, record.cheapest)
    if record.throughput is not None:
        _throughput(console, record.throughput)
    if record.loads is not None:
        _loads(console, record.loads)
    for crossing in (*record.break_even[:CROSSINGS], *record.crossings[:CROSSINGS]):
        say(console, sentence(crossing.words))
    if record.moves:
        moved = ", ".join(f"{name} {share(part)}" for name, part in record.moves[:MOVERS])
        say(console, f"The month's bill varies most with {moved}.", "dim")
    _assumed(console, record.defaults)
    if record.points:
        at = ", ".join(str(at) for at in sorted(point.concurrency for point in record.points))
        say(console, f"To narrow it, measure with {at} requests in flight; --json has the commands.", "dim")
    print_notes(console, "Notes:", [sentence(note) for note in record.notes], NOTES)


def print_loads(console: "Console", record: MeasuredLoads) -> None:
    """Measured loads beside what was predicted for them before they were known."""
    inside, loads = record.inside, counted(len(record.loads), "measured load")
    heading(console, "loads", f"{inside} of {loads} inside the 80% band predicted for it")
    _loads(console, record)


def _answer(record: Inference) -> str:
    if record.stated:
        return f"{money_band(record.per_1k, record.currency)} per 1,000 answers, as stated{_beside_today(record)}"
    best = record.cheapest
    if best is None:
        return "no way to serve the tuned model has a price and meets the objectives"
    band = money_band(record.per_month, record.currency)
    much = band if best.expected is None else money(best.expected, record.currency)
    return f"{much} a month expected with {best.name}{_beside_today(record)}{_cheaper_way(record, best)}"


def _cheaper_way(record: Inference, best: InferenceWay) -> str:
    """Which prompted model costs less than the tuned one; empty where none does."""
    first = record.ways[0] if record.ways else best
    if first.kind != "hosted" or first.expected is None or record.today_per_1k is not None:
        return ""
    return f"; {first.name} costs less, {money(first.expected, record.currency)}"


def _beside_today(record: Inference) -> str:
    """What an answer costs beside one of today."""
    if record.today_per_1k is None or record.per_1k is None:
        return ""
    each, today = figures(record.per_1k.p50), figures(record.today_per_1k.p50)
    if each == today:
        return f"; as much as today's answers: {each} {record.currency} per 1,000"
    word = "cheaper" if record.per_1k.p50 < record.today_per_1k.p50 else "dearer"
    return f"; {word} than today's answers: {each} against {today} {record.currency} per 1,000"


def _ways(console: "Console", record: Inference) -> None:
    """The ways that have a price as a table, and the others by name."""
    priced = [way for way in record.ways if way.per_month is not None]
    if priced:
        head = ("way", f"{record.currency} expected", "P10 to P90", "per 1,000", "busy")
        print_table(console, head, [_row(way) for way in priced], (1, 2, 3, 4), [_note(way) for way in priced])
    if not all(way.tuned for way in priced):
        say(console, "* not the tuned model: its score is another one.", "dim")
    lacks = [f"{way.name}: {way.missing}" if not priced else way.name for way in record.ways if way.per_month is None]
    if lacks:
        say(console, f"Without a price: {'; '.join(lacks)}. --json says what each lacks.", "dim")


def _row(way: InferenceWay) -> tuple[str, ...]:
    name, month = way.name if way.tuned else f"{way.name} *", way.per_month
    assert month is not None
    low, high = figures(month.p10), figures(month.p90)
    each = "" if way.per_1k is None else figures(way.per_1k.p50)
    busy = "" if way.busy is None else share(way.busy.p50)
    expected = month.p50 if way.expected is None else way.expected
    return name, figures(expected), "" if low == high else f"{low} to {high}", each, busy


def _note(way: InferenceWay) -> str:
    """Why a way has no rank, and the length of what a prompted model reads."""
    objective = f"objective {way.objective}" if way.objective in ("not met", "unsure") else ""
    return "; ".join(part for part in (objective, *(way.notes[:1] if way.kind == "hosted" else ())) if part)


def _rented(console: "Console", best: InferenceWay | None) -> None:
    """How many replicas the cheapest way rents, and whose price it rests on."""
    if best is None or best.replicas is None:
        return
    most = counted(round(best.replicas.p50), "replica")
    priced = f"; price: {best.basis.partition(': ')[0]}" if best.basis else ""
    say(console, f"The cheapest rents {most} at most{priced}.")


def _throughput(console: "Console", rate: Throughput) -> None:
    gives = f"One replica ({rate.setup}) gives {_interval(rate.answers_per_s)} answers/s"
    gives += f" with {figures(rate.in_flight)} requests in flight."
    if rate.before is not None:
        gives += f" It was {_interval(rate.before)} before {counted(rate.measured, 'measured load')}."
    say(console, gives)
    print_notes(console, "The band is wider than usual:", rate.widened, NOTES)


def _loads(console: "Console", record: MeasuredLoads) -> None:
    """One line for each load, and one on all."""
    for load in record.loads:
        say(console, _load(load))
    if len(record.loads) > 1:
        say(console, f"{record.inside} of {len(record.loads)} inside their 80% band.")
    print_notes(console, "Of the measured loads:", [sentence(note) for note in record.notes], NOTES)


def _load(load: MeasuredLoad) -> str:
    point, predicted = load.point, _interval(load.predicted)
    cards = f"{point.cards} x {point.card}"
    return (
        f"Measured on {cards}, {figures(point.concurrency)} in flight: {figures(point.output_tokens_per_s)} output "
        f"tokens/s; predicted {predicted}, {load.error:+.0%}{'' if load.inside else ', outside the band'}."
    )


def _assumed(console: "Console", defaults: tuple[DefaultUsed, ...]) -> None:
    """The defaults of the traffic and the spare, by the last part of their names."""
    named = [used for used in defaults if used.field.startswith(("serving.traffic.", "serving.spare"))]
    own = [used for used in named if not used.field.endswith("length_spread")]  # no option states it
    if own:
        words = "; ".join(f"{used.field.rpartition('.')[2].replace('_', ' ')} {used.value}" for used in own)
        say(console, f"Assumed: {words}. --json has the sources.", "dim")


def _interval(value: Interval80) -> str:
    return interval_words(value.low, value.mid, value.high)
