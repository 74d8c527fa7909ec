"""Gathers what is known of a case, once for the bill, the decision, the books and the comparison."""

from typing import TYPE_CHECKING

from tunecase.flow.opened import Flow, spent, usable_rows
from tunecase.flow.points import tuning_of_the_curve
from tunecase.records import Audit, Pilot

if TYPE_CHECKING:
    from tunecase.plan import Known


def known_of(flow: Flow, draws: int | None = None) -> "Known":
    """All that is known of a case, in so many worlds; its rows are those that the audit leaves or a plan states."""
    from tunecase.plan import Known

    audit: Audit | None = flow.current("audit")
    pilot: Pilot | None = flow.current("pilot")
    return Known(
        basis=flow.basis(draws),
        rows=usable_rows(flow),
        tokens=None if audit is None else audit.tokens,
        definition=flow.current("define"),
        audit=audit,
        forecast=flow.current("forecast"),
        runs=() if pilot is None else pilot.runs,
        tuning=tuning_of_the_curve(flow),
        reviews=flow.reviews,
        done=[made.changed for made in flow.rounds()],
        spent=spent(flow),
    )
