"""Gathers what is known of a case, once for the bill, the decision, the books and the comparison."""

from typing import TYPE_CHECKING

from tunecase.flow.opened import Flow, spent, usable_rows
from tunecase.flow.points import tuning_of_the_curve
from tunecase.records import Audit, Pilot

if TYPE_CHECKING:
    from tunecase.plan import Drawn, Known


def known_of(flow: Flow, draws: int | None = None) -> "Known":
    """All that is known of a case, in so many worlds; its rows are those that the audit leaves or a plan states."""
    from tunecase.plan import Known

    audit: Audit | None = flow.current("audit")
    pilot: Pilot | None = flow.current("pilot")
    return Known(
        basis=flow.basis(draws),
        rows=usable_rows(flow),
        tokens=None if audit is None else audit.tokens,
        definition=flow.current("define") or flow.posed,
        audit=audit,
        forecast=flow.current("forecast"),
        runs=() if pilot is None else pilot.runs,
        tuning=tuning_of_the_curve(flow),
        reviews=flow.reviews,
        done=[made.changed for made in flow.rounds()],
        spent=spent(flow),
    )


def drawn_of(flow: Flow) -> "Drawn":
    """The plan in every world, drawn once for all verbs that rest on the same records."""
    from tunecase.plan import drawn

    facts = known_of(flow)
    rests_on = (facts.audit, facts.definition, facts.forecast, facts.tuning, facts.reviews, flow.current("pilot"))
    also = (facts.spent, tuple(facts.done), flow.review_minutes)
    held = flow.drawn
    same = held is not None and held[1] == also and all(a is b for a, b in zip(held[0], rests_on, strict=True))
    if held is None or not same:
        flow.drawn = held = (rests_on, also, drawn(facts))
    return held[2]
