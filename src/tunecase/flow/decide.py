"""Chooses what the next dollar should buy, from what is known of a case."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from tunecase.blocks import Grid
from tunecase.flow.kept import kept, of_the_plan
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow
from tunecase.flow.plan_on_file import plan_parts
from tunecase.records import Decision, Plan


def choose_step(flow: Flow, what_if: bool = False, progress: Callable[[int, int], None] | None = None) -> Decision:
    """What should the next dollar buy? `what_if` adds what would have to be true for another step.

    `progress` is told how many of how many inputs were looked at for that.
    """
    rests_on = flow.current("define"), of_the_plan(flow), flow.current("estimate"), what_if
    record = kept(flow, "decide", Decision, rests_on, lambda: _told_once(_chosen(flow, what_if, progress)))
    return cast(Decision, flow.keep("decide", record, plan=plan_parts(flow)))


def _chosen(flow: Flow, what_if: bool, progress: Callable[[int, int], None] | None) -> Decision:
    from tunecase.decide import decide
    from tunecase.plan import plan

    tried, seen = flow.current("pilot"), flow.current("forecast")
    simulated = tried is not None and tried.trainer == "simulated" and (seen is None or seen.source == "pilot")
    unmeasured = "the pilot only drew a curve, nothing was trained (simulated)" if simulated else ""
    drawn, bill = drawn_of(flow), flow.current("estimate")
    return decide(
        drawn,
        bill.plan if bill is not None and bill.plan is not None else plan(drawn),
        no_pilot=unmeasured or (tried.stopped if tried and not tried.runs else ""),
        simulated=simulated,
        what_if=what_if,
        progress=progress,
    )


def _told_once(record: Decision) -> Decision:
    """The value at which the advice turns is one figure: what-if, in other worlds, may find it a digit beside."""
    found = {(flip.name, flip.direction, flip.to): flip for flip in record.value_flips}
    return replace(record, what_if=tuple(found.get((one.name, one.direction, one.to), one) for one in record.what_if))


def grid_of(flow: Flow, decision: Decision | None) -> Grid | None:
    """The plans that a page's what-if panel reads between, worked out in seconds; None without a plan."""
    if decision is None or decision.plan is None:
        return None
    return kept(
        flow, "what-if grid", Grid | None, (of_the_plan(flow), decision.plan), lambda: _grid(flow, decision.plan)
    )  # fmt: skip


def _grid(flow: Flow, made: Plan | None) -> Grid | None:
    from tunecase.decide import grid

    assert made is not None
    return grid(drawn_of(flow), made)
