"""The section on inference: what the answers cost after launch over every way, and from which volume that changes."""

from collections.abc import Callable, Iterator

from tunecase.accounts.material import Material, not_done
from tunecase.blocks import Cell, Listing, Section, Table
from tunecase.quantities import (
    Band,
    Interval80,
    band_words,
    counted,
    figures,
    interval_words,
    money_band,
    sentence,
    share,
)
from tunecase.records import Inference, InferenceWay, MeasuredLoads, Throughput

ID, TITLE = "inference", "What will the answers cost?"


def inference(material: Material) -> Section:
    """Every way to serve the model or to buy the answers, by expected cost."""
    record = material.inference
    if record is None:
        return not_done(ID, TITLE, "inference")
    volumes = (*record.break_even, *record.crossings)
    listings = (
        Listing("From which volume this changes", tuple(sentence(one.words) for one in volumes)),
        Listing("What moves the month's bill", tuple(f"{name}: {share(part)}" for name, part in record.moves)),
        Listing("How fast one replica answers", tuple(_throughput(record.throughput, record.loads))),
        Listing("Without a price", tuple(f"{way.name}: {way.missing}." for way in _unpriced(record))),
        Listing("What to measure next", tuple(f"{sentence(one.why)} {one.command}" for one in record.points)),
        Listing("On what this rests", tuple(_grounds(record))),
    )
    shown = tuple(listing for listing in listings if listing.items)
    tables = (_table(record),) if len(_unpriced(record)) < len(record.ways) else ()
    return Section(ID, TITLE, _answer(record), tables, shown, tone="plain" if record.ok else "unknown")


def _unpriced(record: Inference) -> list[InferenceWay]:
    return [way for way in record.ways if way.per_month is None]


def _answer(record: Inference) -> str:
    each = money_band(record.per_1k, record.currency)
    if record.stated:
        return f"{each} per 1,000 answers, as the project file states.{_beside_today(record)}"
    best = record.cheapest
    if best is None:
        return "No way to serve the tuned model has a price and meets the objectives."
    month = money_band(record.per_month, record.currency)
    return f"{month} a month, {each} per 1,000 answers: {best.name}.{_beside_today(record)}"


def _beside_today(record: Inference) -> str:
    """What 1,000 answers cost today, where that is known."""
    today = record.today_per_1k
    return "" if today is None else f" Today 1,000 answers cost {money_band(today, record.currency)}."


def _table(record: Inference) -> Table:
    """The ways that have a price; a column in which no way has anything is left out."""
    ways = [way for way in record.ways if way.per_month is not None]
    columns = [
        (head, cells) for head, text in COLUMNS if any(cells := tuple(text(way) for way in ways))
    ]  # fmt: skip
    numeric = tuple(at for at, (head, _) in enumerate(columns) if head not in ("Way", "Objective"))
    first = tuple(at for at, way in enumerate(ways) if way is record.cheapest)
    prompted = "" if all(way.tuned for way in ways) else " * not the tuned model: its score is another one."
    note = f"{record.currency}, by expected cost; the cheapest way that serves the tuned model is marked.{prompted}"
    rows = tuple(tuple(Cell(text) for text in row) for row in zip(*(cells for _, cells in columns), strict=True))
    return Table(record.traffic, tuple(head for head, _ in columns), rows, numeric, first, note)


def _middle(value: Band | None) -> str:
    return "" if value is None else figures(value.p50)


COLUMNS: tuple[tuple[str, Callable[[InferenceWay], str]], ...] = (
    ("Way", lambda way: way.name if way.tuned else f"{way.name} *"),
    ("A month (80% band)", lambda way: money_band(way.per_month, "")),
    ("1,000 answers", lambda way: money_band(way.per_1k, "")),
    ("Mtok in", lambda way: _middle(way.per_mtok_in)),
    ("Mtok out", lambda way: _middle(way.per_mtok_out)),
    ("Mtok cached", lambda way: _middle(way.per_mtok_cached)),
    ("Replicas", lambda way: "" if way.replicas is None else band_words(way.replicas)),
    ("Busy", lambda way: "" if way.busy is None else share(way.busy.p50)),
    ("Objective", lambda way: "" if way.objective == "not asked" else way.objective),
)


def _throughput(rate: Throughput | None, loads: MeasuredLoads | None) -> Iterator[str]:
    if rate is None:
        return
    each, tokens = _words(rate.answers_per_s), _words(rate.output_tokens_per_s)
    yield f"{rate.setup}: {each} answers/s, {tokens} output tokens/s, bound by {rate.bound_by}"
    if rate.before is not None:
        yield f"before {counted(rate.measured, 'measured load')}: {_words(rate.before)} answers/s"
    for load in loads.loads if loads else ():
        at, measured = figures(load.point.concurrency), figures(load.point.output_tokens_per_s)
        yield f"measured at {at} in flight: {measured} output tokens/s, predicted {_words(load.predicted)}"
    yield from rate.widened


def _words(value: Interval80) -> str:
    return interval_words(value.low, value.mid, value.high)


def _grounds(record: Inference) -> Iterator[str]:
    """What prices and speeds rest on, way by way, and the record's own notes."""
    for way in record.ways:
        parts = [part for part in (way.basis, *way.notes) if part]
        if way.per_month is not None and parts:
            yield f"{way.name}: {'; '.join(parts).rstrip('.')}."
    yield from (sentence(note) for note in record.notes)
