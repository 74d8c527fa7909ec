"""What it costs to find out, in figures and in words."""

from dataclasses import replace

import numpy as np
import pytest

from tests.problem_cases import basis
from tunecase.problem.ways.finding_out import asking, here, order_to_try
from tunecase.problem.ways.grounds import Grounds, Standing
from tunecase.quantities import Band, Interval80
from tunecase.records import Alternative

STANDING = Standing(0.6, 0.6, 0.8, "higher", True, rows=1_000, test_rows=300)


def flat(amount: float) -> Band:
    """An amount without doubt."""
    return Band(amount, amount, amount, amount)


def way(
    name: str, command: str, cost: float | None, set_up: float | None = 0.0, minutes: float | None = 1.0
) -> Alternative:
    """A way that nobody measured."""
    return Alternative(
        name, name, None, None, None if set_up is None else flat(set_up), None, None, "unknown", measure=command,
        measure_cost=None if cost is None else flat(cost),
        measure_minutes=None if minutes is None else Interval80(minutes, minutes, minutes),
    )  # fmt: skip


def test_every_test_row_is_asked_by_each_prompt_with_its_examples() -> None:
    """300 rows at 2 USD per 1,000: bare, with 8 examples, with the 8 nearest: 300 x 0.002 x (1 + 9 + 9); else once."""
    grounds = Grounds(basis(), STANDING)
    found = asking("c", grounds, np.full(200, 2.0))
    assert pytest.approx(11.4) == found.cost.p50
    once = asking("c", grounds, np.full(200, 2.0), (0,))
    assert pytest.approx(0.6) == once.cost.p50
    assert None is asking("c", grounds, None).cost
    assert None is asking("c", replace(grounds, standing=replace(STANDING, test_rows=0)), np.full(200, 2.0)).cost


def test_what_runs_here_costs_nothing() -> None:
    """Its minutes come from the rows; without a pace they are not known."""
    found = here("c", Grounds(basis(), STANDING), "encoder")
    assert 0 == found.cost.p90
    assert 0 < found.minutes.low < found.minutes.mid < found.minutes.high
    assert None is here("c", Grounds(basis(), STANDING)).minutes


def test_the_unknown_is_tried_last() -> None:
    """By finding out and set-up; a way without a price of finding out, or with a dear one, comes after."""
    ways = (way("a", "x", None), way("b", "y", 5.0), way("c", "z", 1.0), way("d", "", 0.0), way("e", "w", 0.0, None))
    assert ("c", "b", "e", "a") == order_to_try(ways, None)
    assert ("b", "e", "a", "c") == order_to_try(
        [replace(one, cost=flat(9.0)) if one.name == "c" else one for one in ways], 8.0
    )
    assert ("b", "e", "a") == order_to_try(
        [replace(one, struck="no") if one.name == "c" else one for one in ways], None
    )
