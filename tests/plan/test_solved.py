"""A project solved: the winner is the offer of the best worth, and asking again in fewer worlds keeps the answer."""

import numpy as np
import pytest

from tests.plan.test_plan import walked
from tunecase.plan import Solved
from tunecase.plan.levers import TOO_DEAR


def solved(case: str = "usual") -> Solved:
    """The solution of a case."""
    found = walked(case).bound().solved
    assert found is not None
    return found


@pytest.mark.parametrize("case", ["usual", "tight", "priceless", "with a fallback"])
def test_the_winner_is_worth_most(case: str) -> None:
    """No offer that can be taken is worth more, and the winner is worth more than nothing."""
    of = solved(case)
    worths = {offer.lever: of.worth(offer.lever) for offer in of.offers if not of.blocked(offer)}
    assert max(worths, key=worths.__getitem__) == of.winner.lever
    assert worths[of.winner.lever] > 0 == worths["stop"]


def test_what_cannot_be_taken_is_worth_nothing_that_counts() -> None:
    """A blocked offer has no worlds and a worth below any other; a step beyond the budget says so."""
    of = solved("poor")
    steps = [offer for offer in of.offers if offer.steps]
    assert steps
    for offer in steps:
        assert of.brings(offer.lever) is None
        assert float("-inf") == of.worth(offer.lever)
        assert TOO_DEAR == of.blocked(offer)
    assert "stop" == of.winner.lever


def test_nothing_is_worth_more_than_its_gain() -> None:
    """Whatever the step, no world brings more than V and what serving saves."""
    of = solved()
    for offer in of.offers:
        brings = of.brings(offer.lever)
        if brings is not None:
            assert brings.max() <= of.state.worth + 1e-6


def test_more_value_is_the_same_board_worth_more() -> None:
    """Twice V: the tests and the costs stay, every worth rises; nothing of V leaves no step to take."""
    of = solved()
    twice, none = of.scaled(2.0), of.scaled(1e-6)
    assert of.board.steps == twice.board.steps
    assert all(twice.worth(one.lever) >= of.worth(one.lever) - 1e-6 for one in of.offers if not of.blocked(one))
    assert "stop" == none.winner.lever


def test_a_dearer_miss_is_the_same_board_worth_less() -> None:
    """At the filed price nothing changes, at a dearer one no worth rises, and what the pilot trained is rated anew."""
    of = solved()
    for miss in (1.0, 3.0, 20.0):
        dearer = of.at_miss(miss)
        assert of.board.steps == dearer.board.steps
        assert (miss == 1.0) == (dearer.worth("label") == of.worth("label"))
        assert all(dearer.worth(one.lever) <= of.worth(one.lever) + 1e-6 for one in of.offers)
    ready = solved("shipped")
    assert "ship" == ready.at_miss(20.0).winner.lever != ready.at_miss(1e6).winner.lever


def test_a_price_of_a_miss_in_money_stays_what_it_is() -> None:
    """Twice V halves it in worths of the target; one that is stated in such worths stays that."""
    of, plain = solved("miss in money"), solved()
    assert pytest.approx(6_000) == of.state.miss * of.state.worth
    for factor in (0.5, 2.0):
        again = of.scaled(factor)
        assert pytest.approx(factor * of.state.worth) == again.state.worth
        assert pytest.approx(6_000) == again.state.miss * again.state.worth
        assert plain.scaled(factor).state.miss == plain.state.miss == 1.0


def test_fewer_worlds_give_nearly_the_same_worth() -> None:
    """A third of the worlds, spread over all batches; as many or more than there are change nothing."""
    of = solved()
    fewer = of.in_some(500)
    assert 500 == len(fewer.state.paths) == len(fewer.board.steps[0].shown)
    assert of.in_some(1_500) is of
    for lever in ("label", "bigger_model"):
        whole, part = of.brings(lever), fewer.brings(lever)
        assert abs(whole.mean() - part.mean()) <= 4 * np.std(part) / np.sqrt(len(part))


@pytest.mark.parametrize("worlds", [75, 150, 500, 700])
def test_fewer_worlds_follow_learnt_slopes_as_often(worlds: int) -> None:
    """Every other world of a curve follows them, and every other one of the fewer: half of each, however few."""
    of = solved()
    at = {path.tobytes(): place for place, path in enumerate(of.state.paths)}
    places = [at[path.tobytes()] for path in of.in_some(worlds).state.paths]
    assert abs(np.mean(np.asarray(places) % 2) - 0.5) <= 1 / len(places)


def test_without_a_value_a_bigger_model_and_a_larger_test_need_a_reason_in_money() -> None:
    """Nothing is weighed: of the other steps the best is the one that pays from the least worth on."""
    of = solved("without a value")
    assert not of.weighed
    assert solved().weighed
    assert all(
        "nothing says whether it is worth its price" in of.blocked(of.offer(name))
        for name in ("bigger_model", "test_set")
    )
    assert "label" == of.winner.lever
    steps = [one.lever for one in of.offers if one.steps and one.lever != "label"]
    assert max(of.worth(lever) for lever in steps) < 0 < of.worth("label")
