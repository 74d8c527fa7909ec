"""Gathers what is known of a case, once for the bill, the decision, the books and the comparison."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tunecase.flow.opened import Flow, spent, usable_rows
from tunecase.flow.points import tuning_of_the_curve
from tunecase.records import Audit, Pilot

if TYPE_CHECKING:
    from tunecase.plan import Drawn, Known


def known_of(flow: Flow, draws: int | None = None) -> "Known":
    """All that is known of a case, in so many worlds; its rows are those that the audit leaves or a plan states."""
    from tunecase.plan import Known, measured_ways, own_promise

    audit: Audit | None = flow.current("audit")
    pilot: Pilot | None = flow.current("pilot")
    basis, rows, forecast = flow.basis(draws), usable_rows(flow), flow.current("forecast")
    return Known(
        basis=basis,
        rows=rows,
        tokens=None if audit is None else audit.tokens,
        definition=flow.current("define") or flow.posed,
        audit=audit,
        forecast=forecast,
        runs=() if pilot is None else pilot.runs,
        tuning=tuning_of_the_curve(flow),
        reviews=flow.reviews,
        done=[made.changed for made in flow.rounds()],
        spent=spent(flow),
        promise=own_promise(pilot, basis),
        ways=measured_ways(pilot, forecast, basis, rows),
    )


def drawn_of(flow: Flow, facts: "Known | None" = None) -> "Drawn":
    """The plan in every world, drawn once for all verbs that rest on the same.

    Args:
        flow: the case.
        facts: what is known of it where that is less than all: what a bill of earlier evidence rested on.
    """
    from tunecase.plan import drawn

    facts = facts or known_of(flow)
    rests_on = _rests_on(facts, flow)
    for each in flow.drawn:
        if all(a is b or a == b for a, b in zip(each[0], rests_on, strict=True)):
            flow.drawn = [*(other for other in flow.drawn if other is not each), each]
            return each[1]
    flow.drawn = flow.drawn[-1:]  # before another is drawn: each holds a hundred megabytes and more
    flow.drawn = [*flow.drawn, (rests_on, bill := drawn(facts))]
    return bill


def _rests_on(facts: "Known", flow: Flow) -> tuple[Any, ...]:
    """All that a plan of the case rests on; of the definition not its verdict, which is drawn from a plan."""
    posed, verdict = facts.definition, {"verdict": "go to pilot", "reason": "", "criteria": (), "alternatives": ()}
    of_the_problem = None if posed is None else replace(posed, **verdict)  # type: ignore[arg-type]
    return (
        of_the_problem, facts.audit, facts.forecast, facts.tuning, facts.reviews, tuple(facts.runs), tuple(facts.done),
        facts.rows, facts.spent, facts.promise, tuple(facts.ways), flow.review_minutes,
    )  # fmt: skip
