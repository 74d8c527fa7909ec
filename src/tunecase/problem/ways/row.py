"""One row of the table of ways: what is known of a way, with its prices and what the project's constraints say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.prices import checked
from tunecase.problem.ways.evidence import WAYS, Evidence, Seen, can_be_scored, published, too_weak
from tunecase.problem.ways.finding_out import NO_MEASURE, Measure
from tunecase.problem.ways.grounds import Grounds, core_price_per_1k, running, together, value_of, value_when_sure
from tunecase.quantities import Band, band
from tunecase.records import Alternative, ModelKind

if TYPE_CHECKING:
    from tunecase.quantities import Draws


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one way, before its prices: see `row`.

    `seen` is what was measured here, also where another `score` is stated. `per_1k` is the price of 1,000 answers [base
    currency]. `price_field` and `score_field` name what would give the price and the score, where that is not the field
    of the way in the project file; `lacks` names what else is missing. `kind` is that of the way unless stated. A way
    that is assumed to reach the target is valued at it.
    """

    name: str
    model: str
    seen: Seen | None
    score: float | None
    evidence: Evidence
    set_up: Band | None
    per_1k: "Draws | None"
    notes: tuple[str, ...]
    measure: Measure
    price_field: str = ""
    score_field: str = ""
    lacks: tuple[str, ...] = ()
    kind: ModelKind = ""


def row(known: Known, grounds: Grounds) -> Alternative:
    """The row of a way: its value, its cost over the horizon, and what rules it out."""
    name, kind, field = known.name, known.kind or WAYS[known.name].kind, f"alternatives.{known.name}"
    lacks_score = () if known.score is not None else (known.score_field or f"{field}.score",)
    answers, lacks_price = running(grounds, known.per_1k, known.price_field or f"{field}.price_per_1k_answers")
    value, lacks_value = value_of(grounds, grounds.standing.target if known.evidence == "assumed" else known.score)
    per_1k = None if known.per_1k is None else band(known.per_1k)
    seconds = known.seen.seconds_per_answer if known.seen else None
    price = per_1k.p50 if per_1k else None
    found = checked(grounds.project, kind, known.model, seconds_per_answer=seconds, price_per_1k=price)
    seen = known.seen if known.evidence == "measured" else None
    promise = seen.promise if seen else None
    tells = known.evidence not in ("assumed", "unknown") and not too_weak(name, seen, grounds)
    measure = known.measure if can_be_scored(name, grounds) and not tells and not found.struck else NO_MEASURE
    notes = [*known.notes, f"not known, and asked for: {'; '.join(found.unsettled)}" if found.unsettled else ""]
    missing = dict.fromkeys([*lacks_score, *known.lacks, *lacks_value, *lacks_price])
    return Alternative(
        name, WAYS[name].action, known.score, value, known.set_up, answers, together(known.set_up, answers),
        known.evidence, tuple(missing), "; ".join(filter(None, notes)),
        kind=kind,
        interval=seen.interval if seen else None,
        per_1k=per_1k,
        published=published(name, known.model, grounds.standing.task, grounds.standing.classes),
        measure=measure.command,
        measure_cost=measure.cost,
        measure_minutes=measure.minutes,
        struck="; ".join(found.struck),
        promise=promise,
        value_when_sure=value_when_sure(grounds, promise),
        model=known.model,
    )  # fmt: skip


def price_seen(seen: Seen | None, grounds: Grounds) -> "Draws | None":
    """What 1,000 answers of a measured way cost on plain cores [base currency]; None where it was not timed on one."""
    if seen is None or seen.seconds_per_answer is None or not seen.on_cores:
        return None
    return core_price_per_1k(grounds.basis, seen.seconds_per_answer)
