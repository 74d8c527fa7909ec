"""Many worths at once: each is walked as it would be alone, and more is never worth less."""

import numpy as np
import pytest

from tests.plan.test_solved import solved
from tunecase.plan import levers, rounds
from tunecase.plan.rounds import walk_many
from tunecase.plan.solved import Solved

MOST_APART = 0.08  # of the worth: worlds that have paid differently are not told apart here


def by_its_tests(of: Solved) -> rounds.Tested:
    """The board of a solution under its own target."""
    rules = levers.rules_of(of.state, of.offers)
    upkeep = [rules.upkeep[size] if rules.upkeep else 0.0 for size, _ in of.board.places]
    credit = of.state.credit(of.board.errors)
    return rounds.Tested(of.board.passed, of.board.settled, credit, rules.saving - np.array(upkeep))


@pytest.mark.parametrize("case", ["usual", "with a fallback"])
def test_one_worth_is_worth_what_the_policy_says(case: str) -> None:
    """The worth of the best first step is that of the policy worked out alone, nearly."""
    of = solved(case)
    walks = walk_many(of.board, by_its_tests(of), [of.state.worth], [0.0])
    alone = max(of.worth(offer.lever) for offer in of.offers if offer.steps and not of.blocked(offer))
    assert walks.worths[0] == pytest.approx(alone, rel=MOST_APART)


def test_each_worth_is_walked_as_if_alone() -> None:
    """Side by side or one by one: the same steps are taken, the same is paid, the same is shipped."""
    of = solved()
    worths = [of.state.worth * times for times in (0.3, 1.0, 2.5)]
    together = walk_many(of.board, by_its_tests(of), worths, [0.0] * 3)
    for row, worth in enumerate(worths):
        alone = walk_many(of.board, by_its_tests(of), [worth], [0.0])
        assert (alone.last[0] == together.last[row]).all()
        assert np.allclose(alone.paid[0], together.paid[row])
        assert (alone.ships[0] == together.ships[row]).all()


def test_more_is_never_worth_less() -> None:
    """Worth rises with V, and less so at first: whoever stops early loses less than in proportion."""
    of = solved()
    worths = np.linspace(0.1, 4.0, 14) * of.state.worth
    found = walk_many(of.board, by_its_tests(of), worths.tolist(), [0.0] * 14).worths
    slopes = np.diff(found) / np.diff(worths)
    assert (slopes > 0).all()
    assert (np.diff(slopes) > -0.05).all()


def test_a_board_without_steps_is_refused() -> None:
    """Where the budget pays for nothing there is nothing to walk."""
    of = solved("poor")
    with pytest.raises(ValueError, match="no step"):
        walk_many(of.board, by_its_tests(of), [of.state.worth], [0.0])


def test_the_same_tests_say_the_same_under_the_same_target() -> None:
    """Read anew under its own target a board has passed what it passed; a lower target passes more."""
    of = solved()
    passed, settled = of.board.tested(of.state.error_target, of.state.error_fallback)
    assert (passed == of.board.passed).all()
    assert (settled == of.board.settled).all()
    easier, _ = of.board.tested(of.state.error_target * 1.2)
    assert easier.sum() > passed.sum()
    assert not (passed & ~easier).any()
