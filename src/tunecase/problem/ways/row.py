"""One row of the table of ways: what is known of a way, with its prices and what the project's constraints say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tunecase.prices import Checked, checked
from tunecase.problem.ways.evidence import KINDS, Seen, can_be_scored, published, too_weak
from tunecase.problem.ways.finding_out import NO_MEASURE, Measure
from tunecase.problem.ways.grounds import Grounds, core_price_per_1k, running, together, value_of, value_when_sure
from tunecase.quantities import Band, band
from tunecase.records import Alternative, ModelKind

if TYPE_CHECKING:
    from tunecase.quantities import Draws

Evidence = Literal["measured", "stated", "assumed", "unknown"]
ACTIONS = {
    "today": "as today",
    "n_grams": "a small word-count model",
    "encoder": "a head on a small encoder",
    "nearest": "nearest examples",
    "prompt_hosted": "prompt a hosted model",
    "decision": "ask a decision model",
    "encoder_tuned": "tune a small encoder",
    "prompt_open": "prompt an open model",
    "retrieval": "put facts into the prompt",
    "tune_small": "tune a small model",
    "tune_large": "tune a large model",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one way, before its prices: see `row`.

    `valued_at` is the score that it is valued at, `score` itself but for a way that is assumed to reach the target.
    `price_field` names what would give `per_1k`, the price of 1,000 answers [base currency]. `kind` is that of the way
    unless stated.
    """

    name: str
    model: str = ""
    score: float | None = None
    evidence: Evidence = "unknown"
    valued_at: float | None = None
    seen: Seen | None = None
    set_up: Band | None = None
    per_1k: "Draws | None" = None
    price_field: str = ""
    lacks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    measure: Measure = NO_MEASURE
    kind: ModelKind = ""


def row(known: Known, grounds: Grounds) -> Alternative:
    """The row of a way: its value, its cost over the horizon, and what rules it out."""
    answers, lacks_price = running(grounds.basis, known.per_1k, known.price_field)
    value, lacks_value = value_of(grounds, known.valued_at)
    per_1k = None if known.per_1k is None else band(known.per_1k)
    found = _held_against(known, per_1k, grounds)
    seen = known.seen if known.evidence == "measured" else None
    scored = can_be_scored(known.name, grounds)
    tells = known.evidence not in ("assumed", "unknown") and not too_weak(known.name, seen, grounds)
    is_open = scored and not tells and not found.struck
    notes = [*known.notes, f"not known, and asked for: {'; '.join(found.unsettled)}" if found.unsettled else ""]
    missing = dict.fromkeys([*known.lacks, *lacks_value, *lacks_price])
    return Alternative(
        known.name, ACTIONS[known.name], known.score, value, known.set_up, answers, together(known.set_up, answers),
        known.evidence, tuple(missing), "; ".join(filter(None, notes)),
        kind=known.kind or KINDS[known.name],
        interval=seen.interval if seen else None,
        per_1k=per_1k,
        published=published(known.name, known.model, grounds.standing.task, grounds.standing.classes),
        measure=known.measure.command if is_open else "",
        measure_cost=known.measure.cost if is_open else None,
        measure_minutes=known.measure.minutes if is_open else None,
        struck="; ".join(found.struck),
        promise=seen.promise if seen else None,
        value_when_sure=value_when_sure(grounds, seen.promise if seen else None),
        model=known.model,
    )  # fmt: skip


def _held_against(known: Known, per_1k: Band | None, grounds: Grounds) -> Checked:
    return checked(
        grounds.project, known.kind or KINDS[known.name], known.model,
        seconds_per_answer=known.seen.seconds_per_answer if known.seen else None,
        price_per_1k=None if per_1k is None else per_1k.p50,
    )  # fmt: skip


def price_seen(seen: Seen | None, grounds: Grounds) -> "Draws | None":
    """What 1,000 answers of a measured way cost on plain cores [base currency]; None where it was not timed on one."""
    if seen is None or seen.seconds_per_answer is None or not seen.on_cores:
        return None
    return core_price_per_1k(grounds.basis, seen.seconds_per_answer)
