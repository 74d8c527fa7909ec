"""The ways to give the answers: what else would do, and what it costs to find out?"""

from tunecase.accounts.looks import per_1k_words, steps_to_try
from tunecase.accounts.pilot import promise_words
from tunecase.blocks import Block, Cell, Listing, Table
from tunecase.quantities import figures, money_band, score_interval
from tunecase.records import Alternative, Definition


def best_untuned(definition: Definition) -> Alternative | None:
    """The best way without a fine-tune whose score was measured here; the ways are ranked already."""
    scored = (way for way in definition.alternatives if way.evidence == "measured" and not way.struck)
    return next((way for way in scored if not way.name.startswith("tune") and way.score is not None), None)


def ways_blocks(definition: Definition) -> tuple[Block, ...]:
    """What to try, what is ruled out, the ways side by side and what they rest on; nothing where no way was weighed."""
    if not definition.alternatives:
        return ()
    ruled_out = tuple(f"{way.action}: {way.struck}" for way in definition.alternatives if way.struck)
    sure = tuple(f"{way.action}: {_when_sure(way, definition.currency)}" for way in _kept(definition) if way.promise)
    listings = (
        ("Answering only when sure, while people do the rest", sure),
        ("To try, cheapest to know first", steps_to_try(definition)),
        ("Ruled out", ruled_out),
    )
    listed = tuple(Listing(title, items) for title, items in listings if items)
    return *listed, ways_table(definition), _rests_on(definition)


def _when_sure(way: Alternative, currency: str) -> str:
    """What may be left to a way while it is sure, and what that brings."""
    words = promise_words(way.promise) if way.promise else ""
    return words if way.value_when_sure is None else f"{words}; this brings {money_band(way.value_when_sure, currency)}"


def _kept(definition: Definition) -> list[Alternative]:
    return [way for way in definition.alternatives if not way.struck]


def _interval(way: Alternative) -> tuple[float, float, float] | None:
    if way.score is None:
        return None
    if way.interval is None:
        return way.score, way.score, way.score
    return way.interval.low, way.score, way.interval.high


def ways_table(definition: Definition) -> Table:
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
        for way in _kept(definition)
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
