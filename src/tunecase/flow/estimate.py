"""Prices a case with what is known of it."""

from collections.abc import Callable
from typing import cast

from tunecase.errors import InputError, Problem
from tunecase.flow.known import drawn_of
from tunecase.flow.opened import Flow, read_confidence
from tunecase.records import Estimate


def price_project(
    flow: Flow, wanted: float | None = None, progress: Callable[[int, int], None] | None = None
) -> Estimate:
    """The bill from what is known; with a curve the rounds come from it."""
    from tunecase.estimate import estimate

    return cast(Estimate, flow.keep("estimate", estimate(drawn_of(flow), what_if=wanted, progress=progress)))


def has_the_test_rows(flow: Flow) -> bool:
    """Whether the bill includes the test rows that the problem, as it is posed now, lacks."""
    held, posed = flow.current("define"), flow.posed
    return posed is not None and posed.test_rows_to_buy == (held.test_rows_to_buy if held else 0)


def price_test_rows(flow: Flow) -> Estimate:
    """The bill once more, with the test rows that the problem as posed lacks."""
    flow.records["define"] = flow.posed
    return price_project(flow)


def chance_wanted(flow: Flow, text: str) -> float:
    """The chance asked for with --what-if, which needs a budget to stay within."""
    chance, problems = read_confidence("--sure", text)
    if flow.project.budget is None:
        fix = "add `budget: 15k USD`, say, to the project file"
        problems = [*problems, Problem("--what-if", "no budget", "a budget to stay within", fix)]
    if problems:
        raise InputError(problems)
    return chance
