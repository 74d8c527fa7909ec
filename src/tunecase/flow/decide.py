"""Chooses what the next dollar should buy, from what is known of a case."""

from collections.abc import Callable
from typing import cast

from tunecase.flow.opened import Flow, spent, usable_rows
from tunecase.flow.points import tuning_of_the_curve
from tunecase.records import Decision


def choose_step(flow: Flow, what_if: bool = False, told: Callable[[int, int], None] | None = None) -> Decision:
    """What should the next dollar buy? `what_if` adds what would have to be true for another step.

    `told` is told how many of how many inputs were looked at for that.
    """
    from tunecase.decide import decide

    tried, seen = flow.known("pilot"), flow.known("forecast")
    drawn = tried is not None and tried.trainer == "simulated" and (seen is None or seen.source == "pilot")
    unmeasured = "the pilot only drew a curve, nothing was trained (simulated)" if drawn else ""
    record = decide(
        flow.project, basis=flow.basis(4_000), definition=flow.known("define"),
        audit=flow.known("audit"), estimate=flow.known("estimate"),
        forecast=None if drawn else seen, rows=usable_rows(flow), done=[made.changed for made in flow.rounds()],
        what_if=what_if, told=told, spent=spent(flow),
        no_pilot=unmeasured or (tried.stopped if tried and not tried.runs else ""),
        tuning=tuning_of_the_curve(flow), reviews=flow.reviews,
    )  # fmt: skip
    return cast(Decision, flow.keep("decide", record))
