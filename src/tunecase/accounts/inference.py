"""What the answers cost after launch, over every way to give them, and from which volume that changes."""

from collections.abc import Callable, Iterator

from tunecase.accounts.material import Material
from tunecase.accounts.pilot import short_name, short_names
from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Tone, Words
from tunecase.quantities import (
    Band,
    Interval80,
    band_words,
    counted,
    figures,
    interval_words,
    money_band,
    plain_figure,
    plain_money,
    plain_share,
    sentence,
    share,
)
from tunecase.records import Crossing, DefaultUsed, Inference, InferenceWay, MeasuredLoad, MeasuredLoads, Throughput

SHORT_WAYS, SHORT_LOADS = 4, 3
ALREADY = "on file already"  # of measured loads that teach nothing new


def inference(record: Inference, material: Material) -> Account:
    """The cheapest way first, the others beside it, and the volume from which that changes."""
    short: list[Block] = [_short_table(record)] if _priced(record) else []
    if notes := tuple(_notes(record)):
        short.append(Words(notes))
    tone: Tone = "plain" if record.ok else "bad"
    following = "tunecase inference ... --measured FILE" if record.points and record.loads is None else ""
    return Account("inference", _answer(record), tone, tuple(short), _full(record), following)


def loads(record: MeasuredLoads, material: Material) -> Account:
    """Measured loads beside what was predicted for them before they were known."""
    inside = f"{record.inside} of {counted(len(record.loads), 'measured load')} inside the band predicted for it."
    short = (Words(tuple(map(_load, record.loads[:SHORT_LOADS]))),) if record.loads else ()
    listings = (
        ("Measured loads", tuple(map(_load, record.loads[SHORT_LOADS:]))),
        ("Notes", tuple(map(sentence, record.notes))),
    )
    return Account("loads", inside, "plain", short, tuple(Listing(title, items) for title, items in listings if items))


def _full(record: Inference) -> tuple[Block, ...]:
    volumes = (*record.break_even, *record.crossings)
    listings = (
        Listing("From which volume this changes", tuple(sentence(one.words) for one in volumes)),
        Listing("What moves the month's bill", tuple(f"{name}: {share(part)}" for name, part in record.moves)),
        Listing("How fast one replica answers", tuple(_throughput(record.throughput))),
        Listing("Measured loads", tuple(map(_load, record.loads.loads)) if record.loads else ()),
        Listing("Of the measured loads", tuple(map(sentence, record.loads.notes)) if record.loads else ()),
        Listing("Without a price", tuple(f"{way.name}: {way.missing}." for way in _unpriced(record))),
        Listing("What to measure next", tuple(f"{sentence(one.why)} {one.command}" for one in record.points)),
        Listing("On what this rests", tuple(_grounds(record))),
    )
    assumed = Facts("Assumed of the traffic and the spare", tuple(_assumed(record.defaults)))
    shown = (*((assumed,) if assumed.pairs else ()), *(listing for listing in listings if listing.items))
    return (*((_table(record),) if _priced(record) else ()), *shown)


def _priced(record: Inference) -> list[InferenceWay]:
    return [way for way in record.ways if way.per_month is not None]


def _unpriced(record: Inference) -> list[InferenceWay]:
    return [way for way in record.ways if way.per_month is None]


def _answer(record: Inference) -> str:
    """The month's bill of the cheapest way that serves the tuned model, beside today's and a cheaper prompted one."""
    if record.stated:
        each = "unknown" if record.per_1k is None else _small(record.per_1k.p50)
        return f"1,000 answers cost {each} {record.currency}, as the project file states.{_beside_today(record)}"
    best = record.cheapest
    if best is None:
        return "No way to serve the tuned model has a price and meets the objectives."
    month = f"{plain_money(_expected(best), record.currency)} a month to serve {short_name(record.model)}"
    return f"{month}: {short_names(best.name)}.{_beside_today(record)}{_cheaper_way(record, best)}"


def _expected(way: InferenceWay) -> float:
    """The mean of the month where the record holds it, else its middle."""
    assert way.per_month is not None
    return way.per_month.p50 if way.expected is None else way.expected


def _cheaper_way(record: Inference, best: InferenceWay) -> str:
    """Which prompted model costs less than the tuned one; empty where none does."""
    first = record.ways[0] if record.ways else best
    if first.kind != "hosted" or first.expected is None or record.today_per_1k is not None:
        return ""
    return f" {short_names(first.name)} costs less: {plain_figure(first.expected)}."


def _beside_today(record: Inference) -> str:
    """What 1,000 answers cost beside today's, where both are known."""
    if record.today_per_1k is None or record.per_1k is None:
        return ""
    each, today = _small(record.per_1k.p50), _small(record.today_per_1k.p50)
    if each == today:
        return f" As much as today: {each} for 1,000 answers."
    word = "Cheaper" if record.per_1k.p50 < record.today_per_1k.p50 else "Dearer"
    return f" {word} than today: {each} against {today} for 1,000 answers."


def _small(amount: float) -> str:
    """A figure of which the decimals may matter, such as the price of 1,000 answers."""
    return figures(amount) if amount < 10 else plain_figure(amount)


def _short_table(record: Inference) -> Table:
    """The cheapest ways: a month, 1,000 answers, and how much of what is paid works."""
    ways = _priced(record)[:SHORT_WAYS]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Cell(short_names(_starred(way))),
            Cell(plain_figure(_expected(way))),
            Cell("" if way.per_1k is None else _small(way.per_1k.p50)),
            Cell("" if way.busy is None else f"{plain_share(way.busy.p50)} busy"),
            Cell({"not met": "too slow", "unsure": "perhaps too slow"}.get(way.objective, "")),
        )
        for way in ways
    )
    rows = rows if any(row[-1].text for row in rows) else tuple(row[:-1] for row in rows)
    first = tuple(at for at, way in enumerate(ways) if way is record.cheapest)
    head = (record.currency, "a month", "1,000 answers", "", "")[: len(rows[0])]
    return Table("", head, rows, (1, 2), first)


def _starred(way: InferenceWay) -> str:
    """The way's name, with a mark where it does not serve the tuned model."""
    return way.name if way.tuned else f"{way.name} *"


def _notes(record: Inference) -> Iterator[str]:
    """Measured loads that were asked for, from which volume this changes, and what nobody prices."""
    if record.loads is not None:
        yield from map(_load, record.loads.loads[: SHORT_LOADS - 1])
        if learnt := _learnt(record.throughput):
            yield learnt
    yield from (sentence(note) for note in record.notes if ALREADY in note)
    if first := next((one for one in (*record.break_even, *record.crossings) if one.mid is not None), None):
        yield _crossing(first, pays=first in record.break_even)
    starred = not all(way.tuned for way in _priced(record)[:SHORT_WAYS])
    assumed = len(tuple(_assumed(record.defaults)))
    parts = ["* another model, with another score."] if starred else []
    parts += (
        [f"{counted(assumed, 'figure')} of the traffic {'is' if assumed == 1 else 'are'} assumed."] if assumed else []
    )
    if parts:
        yield " ".join(parts)
    if not _priced(record) and (lacking := _unpriced(record)):
        yield f"Without a price: {'; '.join(f'{way.name}: {way.missing}' for way in lacking[:SHORT_WAYS])}."


def _crossing(volume: Crossing, *, pays: bool) -> str:
    """From which volume one way costs less than another, or the project pays for itself."""
    assert volume.mid is not None
    ends = [plain_figure(end) for end in (volume.low, volume.high) if end is not None]
    around = f" ({ends[0]} to {ends[1]})" if len(ends) == 2 and ends[0] != ends[1] else ""
    lead = f"From {plain_figure(volume.mid)} answers a month{around}"
    cheaper, dearer = short_names(volume.cheaper), short_names(volume.dearer)
    if pays:
        return f"{lead} the project pays for itself against {dearer}."
    return f"{lead} {cheaper} costs less than {dearer}."


def _load(load: MeasuredLoad) -> str:
    """A measured load beside what was predicted."""
    point, predicted = load.point, load.predicted
    outside = "" if load.inside else ", outside the band"
    ends = f"{plain_figure(predicted.low)} to {plain_figure(predicted.high)}"
    return (
        f"Measured on {point.cards} x {point.card}, {plain_figure(point.concurrency)} in flight: "
        f"{plain_figure(point.output_tokens_per_s)} output tokens a second; "
        f"predicted {plain_figure(predicted.mid)} ({ends}), {load.error:+.0%}{outside}."
    )


def _learnt(rate: Throughput | None) -> str:
    """How fast a replica answers with what was measured, and how fast without."""
    if rate is None or rate.before is None:
        return ""
    now, before = (
        f"{_small(one.mid)} ({_small(one.low)} to {_small(one.high)})" for one in (rate.answers_per_s, rate.before)
    )
    return f"One replica gives {now} answers a second; before that, {before} were predicted."


def _assumed(defaults: tuple[DefaultUsed, ...]) -> Iterator[tuple[str, str]]:
    """The defaults of the traffic and the spare, by the last part of their names."""
    for used in defaults:
        if used.field.startswith(("serving.traffic.", "serving.spare")) and not used.field.endswith("length_spread"):
            yield used.field.rpartition(".")[2].replace("_", " "), used.value


def _table(record: Inference) -> Table:
    """The ways that have a price; a column in which no way has anything is left out."""
    ways = _priced(record)
    columns = [
        (head, cells) for head, text in COLUMNS if any(cells := tuple(text(way) for way in ways))
    ]  # fmt: skip
    numeric = tuple(at for at, (head, _) in enumerate(columns) if head not in ("Way", "Objective"))
    first = tuple(at for at, way in enumerate(ways) if way is record.cheapest)
    note = f"{record.currency}, by expected cost; the cheapest way that serves the tuned model is marked."
    rows = tuple(tuple(Cell(text) for text in row) for row in zip(*(cells for _, cells in columns), strict=True))
    return Table(record.traffic, tuple(head for head, _ in columns), rows, numeric, first, note)


def _middle(value: Band | None) -> str:
    return "" if value is None else figures(value.p50)


COLUMNS: tuple[tuple[str, Callable[[InferenceWay], str]], ...] = (
    ("Way", _starred),
    ("Expected", lambda way: figures(_expected(way))),
    ("A month (80% band)", lambda way: money_band(way.per_month, "")),
    ("1,000 answers", lambda way: money_band(way.per_1k, "")),
    ("Mtok in", lambda way: _middle(way.per_mtok_in)),
    ("Mtok out", lambda way: _middle(way.per_mtok_out)),
    ("Mtok cached", lambda way: _middle(way.per_mtok_cached)),
    ("Replicas", lambda way: "" if way.replicas is None else band_words(way.replicas)),
    ("Busy", lambda way: "" if way.busy is None else share(way.busy.p50)),
    ("Objective", lambda way: "" if way.objective == "not asked" else way.objective),
)


def _throughput(rate: Throughput | None) -> Iterator[str]:
    if rate is None:
        return
    each, tokens = _words(rate.answers_per_s), _words(rate.output_tokens_per_s)
    flight = f"with {figures(rate.in_flight)} in flight, bound by {rate.bound_by}"
    yield f"{rate.setup}: {each} answers/s, {tokens} output tokens/s {flight}"
    if rate.before is not None:
        yield f"before {counted(rate.measured, 'measured load')}: {_words(rate.before)} answers/s"
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
