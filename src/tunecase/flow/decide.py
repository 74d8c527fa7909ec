"""Chooses what the next dollar should buy, from what is known of a case."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow
from tunecase.flow.plan_on_file import plan_parts
from tunecase.records import Decision

if TYPE_CHECKING:
    from tunecase.accounts import Material


def choose_step(flow: Flow, what_if: bool = False, progress: Callable[[int, int], None] | None = None) -> Decision:
    """What should the next dollar buy? `what_if` adds what would have to be true for another step.

    `progress` is told how many of how many inputs were looked at for that.
    """
    from tunecase.decide import decide
    from tunecase.plan import plan

    tried, seen = flow.current("pilot"), flow.current("forecast")
    simulated = tried is not None and tried.trainer == "simulated" and (seen is None or seen.source == "pilot")
    unmeasured = "the pilot only drew a curve, nothing was trained (simulated)" if simulated else ""
    drawn, bill = drawn_of(flow), flow.current("estimate")
    record = decide(
        drawn,
        bill.plan if bill is not None and bill.plan is not None else plan(drawn),
        no_pilot=unmeasured or (tried.stopped if tried and not tried.runs else ""),
        simulated=simulated,
        what_if=what_if,
        progress=progress,
    )
    return cast(Decision, flow.keep("decide", _told_once(record), plan=plan_parts(flow)))


def _told_once(record: Decision) -> Decision:
    """The value at which the advice turns is one figure: what-if, in other worlds, may find it a digit beside."""
    found = {(flip.name, flip.direction, flip.to): flip for flip in record.value_flips}
    return replace(record, what_if=tuple(found.get((one.name, one.direction, one.to), one) for one in record.what_if))


def what_if_grid(flow: Flow, about: "Material") -> Mapping[str, Any] | None:
    """What a page's what-if panel moves between, worked out in seconds; nothing of it is kept.

    Args:
        flow: the case.
        about: its records that hold.
    Returns: plain values for JSON; None for a case without a plan, or where something else comes before one.
    """
    from tunecase.accounts import panel
    from tunecase.decide import grid

    made = None if about.decision is None else about.decision.plan
    worked_out = None if made is None else grid(drawn_of(flow), made)
    return None if worked_out is None else panel(worked_out, about)
