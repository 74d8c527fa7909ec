"""The section on the ways to give the answers: what else would do, and what it costs to find out?"""

from collections.abc import Sequence

from tunecase import catalog
from tunecase.accounts.material import Material, not_done, recorded_in
from tunecase.blocks import Block, Cell, Facts, Listing, Scored, Section, Table, Tone
from tunecase.problem import cost_words, per_1k_words, steps_to_try, when_sure
from tunecase.quantities import figures, money_band, score, score_interval, sentence
from tunecase.records import Alternative, Definition


def ways(material: Material) -> Section:
    """What else would do?"""
    title = "What else would do?"
    definition = material.definition
    if definition is None or not definition.alternatives:
        return not_done("ways", title, "define")
    evidence = (_rests_on(definition), Facts("", recorded_in(material, "define")))
    word, tone = _word(definition)
    return Section("ways", title, _answer(definition), _blocks(definition), evidence, tone, word)


def _best(definition: Definition) -> Alternative | None:
    """The best way without a fine-tune whose score was measured here; the ways are ranked already."""
    scored = (way for way in definition.alternatives if way.evidence == "measured" and not way.struck)
    return next((way for way in scored if not way.name.startswith("tune") and way.score is not None), None)


def _word(definition: Definition) -> tuple[str, Tone]:
    best, target = _best(definition), definition.target
    direction = next((metric.direction for metric in catalog.metrics() if metric.name == definition.metric), None)
    if best is None or best.score is None:
        return "not measured", "unknown"
    if target is None or direction is None:
        return "measured", "plain"
    is_met = best.score <= target if direction == "lower" else best.score >= target
    return (best.action, "good") if is_met else ("nothing measured does", "warn")


def _answer(definition: Definition) -> str:
    """The best that was measured without a fine-tune, and what is the cheapest to find out next."""
    best, steps = _best(definition), steps_to_try(definition)
    target = "" if definition.target is None else f"; the target is {score(definition.target)}"
    first = "Nothing was measured here without a fine-tune"
    if best is not None:
        first = f"Measured here without a fine-tune, the best is {best.action}, {score(best.score)}{target}"
    following = f" Cheapest to find out next: {steps[0]}." if steps else ""
    return f"{sentence(first)}{following}"


def _blocks(definition: Definition) -> tuple[Block, ...]:
    """The picture of all ways that are not ruled out, what to try, what is ruled out, and the table."""
    kept = [way for way in definition.alternatives if not way.struck]
    ruled_out = tuple(f"{way.action}: {way.struck}" for way in definition.alternatives if way.struck)
    sure = ((way.action, when_sure(way, definition.currency)) for way in kept)
    listings = (
        ("Answering only when sure, while people do the rest", tuple(f"{name}: {told}" for name, told in sure if told)),
        ("To try, cheapest to know first", steps_to_try(definition)),
        ("Ruled out", ruled_out),
    )
    listed = tuple(Listing(title, items) for title, items in listings if items)
    return (_picture(definition, kept), *listed, _table(definition, kept))


def _picture(definition: Definition, ways: Sequence[Alternative]) -> Scored:
    shown = [way for way in ways if way.score is not None or way.measure]
    rows = tuple((way.action, _interval(way), _beside(way, definition.currency)) for way in shown)
    caption = "What each way scores, and what 1,000 of its answers cost; open rows: what it costs to know"
    return Scored(caption, f"{definition.metric or 'score'}, 80% intervals", rows, definition.target)


def _interval(way: Alternative) -> tuple[float, float, float] | None:
    if way.score is None:
        return None
    if way.interval is None:
        return way.score, way.score, way.score
    return way.interval.low, way.score, way.interval.high


def _beside(way: Alternative, currency: str) -> str:
    if way.score is not None:
        return "" if way.per_1k is None else f"{per_1k_words(way.per_1k.p50)} {currency} per 1,000"
    return (
        "price to know: unknown"
        if way.measure_cost is None
        else f"{cost_words(way.measure_cost.p50, currency)} to know"
    )


def _table(definition: Definition, ways: Sequence[Alternative]) -> Table:
    """The ways side by side, what is not known marked as such."""
    rows = tuple(
        (
            Cell(way.action),
            _score(way),
            _known(None if way.value is None else money_band(way.value, "")),
            _known(None if way.per_1k is None else per_1k_words(way.per_1k.p50)),
            _known(None if way.set_up is None else figures(way.set_up.p50)),
            _known(None if way.cost is None else money_band(way.cost, "")),
            Cell(way.evidence),
        )
        for way in ways
    )
    head = ("Way", "Score", "Brings", "1,000 answers", "Set-up", "Costs", "Evidence")
    note = f"{definition.currency}; brings and costs are over the horizon. Brings: what the gain over what is in use "
    note += "is worth. Evidence: what the score rests on. Hours of set-up are assumed where none are stated."
    return Table("Ways to give the answers", head, rows, (1, 2, 3, 4, 5), (), note)


def _score(way: Alternative) -> Cell:
    interval = _interval(way)
    if interval is None:
        return Cell("at the target" if way.evidence == "assumed" else "not measured", "unknown")
    return Cell(score_interval(*interval))


def _rests_on(definition: Definition) -> Table:
    """What each way was taken to be, what is missing, and what others published of other sets."""
    rows = tuple(
        (Cell(way.action), Cell(way.note), Cell(", ".join(way.unknown)), Cell(way.published))
        for way in definition.alternatives
    )
    note = "What others published is of other sets: it ranks nothing here, and is never valued."
    return Table("What each way rests on", ("Way", "Rests on", "Not known", "Published"), rows, (), (), note)


def _known(text: str | None) -> Cell:
    return Cell("unknown", "unknown") if text is None else Cell(text)
