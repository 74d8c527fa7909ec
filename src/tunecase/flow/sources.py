"""Races the sources of a case for the rows of the plan's next step."""

from typing import cast

from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, usable_rows
from tunecase.flow.verbs import ready
from tunecase.records import Sources


def sources(flow: Flow) -> Sources:
    """Where should more rows come from? Every source named, and what could be named, for the next step of the plan."""
    from tunecase.prices import race

    rows, to_rows = _next_step(ready(flow, "sources"))
    return cast(Sources, flow.keep("sources", race(flow.basis(), rows, to_rows)))


def _next_step(flow: Flow) -> tuple[int, int]:
    """From how many rows to how many the plan goes next: as many again, unless fewer can be had."""
    solved = drawn_of(flow).solved
    sizes = solved.state.sizes if solved is not None else ()
    if len(sizes) > 1:
        return sizes[0], sizes[1]
    rows = max(usable_rows(flow), 1)
    return rows, 2 * rows
