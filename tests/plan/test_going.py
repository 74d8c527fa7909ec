"""What it costs to go to more rows is what the board's steps cost: nothing at hand, more with n, no price beyond it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.plan.test_plan import walked
from tests.projects import basis, written
from tunecase.plan import cost_of_rows
from tunecase.plan.known import Known

CASES = ("usual", "without a pilot", "with a fallback", "served")
HELD = 800


@cache
def cost_in(case: str) -> Callable[[int], np.ndarray]:
    """The cost of having n rows in a case, shape (worlds,)."""
    found = cost_of_rows(walked(case).facts)
    assert found is not None
    return found


@law(100)
@given(n=st.integers(0, HELD))
def test_rows_at_hand_cost_nothing(n: int) -> None:
    """In no world, up to the last of them."""
    assert not cost_in("usual")(n).any()


@law(100)
@given(n=st.integers(HELD + 1, 20 * HELD), more=st.integers(1, 10 * HELD))
def test_more_rows_never_cost_less(n: int, more: int) -> None:
    """World by world; one row more than at hand costs something."""
    few, many = cost_in("usual")(n), cost_in("usual")(n + more)
    assert (few > 0).all()
    assert (many >= few * (1 - 1e-12)).all()
    assert many.mean() > few.mean()


@pytest.mark.parametrize("case", CASES)
def test_every_rung_costs_what_the_step_of_labels_to_it_does(case: str) -> None:
    """World by world."""
    of = walked(case)
    steps = [step for step in of.solved.board.steps if step.name == "label"]
    assert HELD == of.facts.rows == of.solved.state.sizes[0]
    assert len(steps) > 1
    for step in steps:
        assert cost_in(case)(of.solved.state.sizes[step.size]) == pytest.approx(step.cost)


def test_beyond_every_source_there_is_no_price() -> None:
    """A pool that ends is paid for up to its last row, and one row more costs infinitely much in every world."""
    limit = walked("usual").work.supply.limit
    assert limit is not None
    last = HELD + int(limit)
    assert np.isfinite(cost_in("usual")(last)).all()
    assert np.isinf(cost_in("usual")(last + 1)).all()


def test_without_a_price_of_rows_there_is_none_of_going(tmp_path: Path) -> None:
    """A project that names no source of rows tells no cost of them."""
    bare = Known(basis(written("models: [meta-llama/Llama-3.1-8B]", tmp_path), 100), 700)
    assert cost_of_rows(bare) is None
