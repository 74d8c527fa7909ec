"""The section on inference: what the answers cost after launch over every way, and from which volume that changes."""

from tunecase.quantities import band_words, interval_words, money, money_band, sentence, share
from tunecase.records import Inference, InferenceWay, Throughput
from tunecase.report.content import Cell, Listing, Section, Table
from tunecase.report.sections.material import Material, not_done

ID, TITLE = "inference", "What will the answers cost?"


def inference(material: Material) -> Section:
    """Every way to serve the model or to buy the answers, by expected cost."""
    record = material.inference
    if record is None:
        return not_done(ID, TITLE, "inference")
    crossings = Listing("From which volume this changes", tuple(sentence(one.words) for one in record.crossings))
    rate = () if record.throughput is None else _throughput(record.throughput)
    speed = Listing("How fast one replica answers", tuple(sentence(line) for line in rate))
    measure = Listing("What to measure next", tuple(f"{sentence(one.why)} {one.command}" for one in record.points))
    notes = Listing("On what this rests", tuple(sentence(note) for note in record.notes))
    shown = tuple(listing for listing in (crossings, speed, measure, notes) if listing.items)
    return Section(
        ID, TITLE, _answer(record), (_table(record),), shown,
        tone="plain" if record.ok else "unknown",
    )  # fmt: skip


def _answer(record: Inference) -> str:
    best = record.cheapest
    if best is None or record.per_month is None:
        return "No way to serve the tuned model has a price and meets the objective."
    month, each = money(record.per_month.mean, record.currency), money_band(record.per_1k, record.currency)
    if record.stated:
        return f"{each} per 1,000 answers, as the project file states."
    return f"{month} a month expected, {each} per 1,000 answers: {best.name}."


def _table(record: Inference) -> Table:
    head = (
        "Way", "A month (80% band)", "1,000 answers", "Million tokens in", "out", "cached", "Replicas", "Busy",
        "Objective",
    )  # fmt: skip
    best = record.cheapest
    first = tuple(at for at, way in enumerate(record.ways) if way is best)
    note = f"{record.currency}. By expected cost. * prompted, not tuned: its score is another."
    return Table(record.traffic, head, tuple(_row(way) for way in record.ways), (1, 2, 3, 4, 5, 6, 7), first, note)


def _row(way: InferenceWay) -> tuple[Cell, ...]:
    name = way.name if way.tuned else f"{way.name} *"
    lacks = f" ({way.missing})" if way.missing else ""
    cells = (
        f"{name}{lacks}", money_band(way.per_month, ""), money_band(way.per_1k, ""), money_band(way.per_mtok_in, ""),
        money_band(way.per_mtok_out, ""), money_band(way.per_mtok_cached, ""), band_words(way.replicas),
        "" if way.busy is None else share(way.busy.p50), way.objective,
    )  # fmt: skip
    return tuple(Cell(text) for text in cells)


def _throughput(rate: Throughput) -> tuple[str, ...]:
    each, tokens = (interval_words(of.low, of.mid, of.high) for of in (rate.answers_per_s, rate.output_tokens_per_s))
    lines = [f"{rate.setup}: {each} answers/s, {tokens} output tokens/s, bound by {rate.bound_by}"]
    if rate.before is not None:
        before = rate.before
        lines.append(f"before {rate.measured} measured loads {interval_words(before.low, before.mid, before.high)}")
    return (*lines, *rate.widened)
