"""A project asked about again: the filed one is itself, money moves what can be had, a target what it is worth."""

import numpy as np
import pytest

from tests.plan.test_plan import walked
from tunecase.plan import Anew


@pytest.fixture(scope="module")
def anew() -> Anew:
    """The usual case in its own worlds."""
    return Anew(walked("usual"), 100_000, {})


def test_as_filed_it_is_the_plans_own_board(anew: Anew) -> None:
    """The same sizes and steps, worth the same in every world."""
    own = walked("usual").solved
    board = anew.laid().board
    assert board.sizes == own.board.sizes
    assert [step.name for step in board.steps] == [step.name for step in own.board.steps]
    assert all((board.after(at) == own.board.after(at)).all() for at in range(len(board.steps)))


def test_less_money_leads_no_further(anew: Anew) -> None:
    """Half the budget: no more sizes than before, and less is left of it."""
    whole, half = anew.laid(), anew.laid(1.0, anew.budget / 2)
    assert half.state.budget_left == pytest.approx(whole.state.budget_left - anew.budget / 2)
    assert max(half.board.sizes) <= max(whole.board.sizes)


def test_another_target_is_worth_in_proportion(anew: Anew) -> None:
    """V counts the gain above today: half of the wanted gain is worth half; the filed target changes nothing."""
    state = anew.laid().state
    assert state.forecast.target is not None
    assert anew.aimed(state, state.forecast.target) is state
    middle = state.score((state.error_target + state.error_baseline) / 2)
    assert anew.aimed(state, middle).worth == pytest.approx(state.worth / 2)


def test_a_first_step_has_a_price_beyond_the_budget_too() -> None:
    """Where the budget pays for nothing, what a first step would take is known all the same."""
    poor = Anew(walked("poor"), 100_000, {})
    assert not poor.laid().board.steps
    assert poor.first_costs(1.0)
    assert all(np.min(cost) > 0 for cost in poor.first_costs(1.0))
