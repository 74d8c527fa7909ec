"""What the next run tells and is worth, before it is paid for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.forecast.curves import Belief, believe
from tunecase.forecast.experiments import Candidate, Payoff, _weights, _worth, narrowing, narrowings, next_run
from tunecase.forecast.scale import Scale
from tunecase.records import Point

CURVE = tuple(Point(n, score, 2, 300) for n, score in ((50, 0.6), (100, 0.7), (200, 0.78), (400, 0.83)))
SIZES = (800, 1_600, 3_200, 6_400)
COSTS = (1_000.0, 2_000.0, 4_000.0, 8_000.0)
NOISE = 0.03  # of a narrowing, by drawing worlds


def worth_of_run(belief, n: int, draws: int = 1, *, payoff: Payoff, test_rows: int | None) -> float:
    """What it is worth to decide with the result of more runs of n rows: how a plan prices a look."""
    utility = payoff.utility(belief)
    errors = belief.paths(np.array([float(n)]), len(utility))[:, 0]
    return _worth(_weights(belief, errors, Candidate(n, draws), test_rows), utility)


def belief(points: tuple[Point, ...] = CURVE, seed: int = 0) -> Belief:
    """A belief about a share that rises with n."""
    return believe(points, Scale("higher", bounded=True, binomial=True), seed=seed)


def worth(known: Belief, n: int, draws: int = 1, value: float = 9_000.0, test_rows: int | None = 300) -> float:
    """EVSI of a run against four sizes that cost 1,000 to 8,000."""
    return worth_of_run(known, n, draws, payoff=Payoff(SIZES, value, COSTS, 0.1), test_rows=test_rows)


KNOWN = belief()
PAYOFF = Payoff(SIZES, 9_000.0, COSTS, error_target=0.1)


@law(25)
@given(st.integers(20, 20_000), st.integers(1, 4), st.sampled_from([50, 200, 1_000, 10_000]))
def test_more_test_rows_never_tell_less(n: int, draws: int, rows: int) -> None:
    """A narrowing is a share; more items and more draws tell more, but for the luck of drawing worlds."""
    told = narrowing(KNOWN, n, draws, far=6_400, test_rows=rows)
    assert 0 <= told <= 1
    assert told <= narrowing(KNOWN, n, draws, far=6_400, test_rows=4 * rows) + NOISE
    assert told <= narrowing(KNOWN, n, 2 * draws, far=6_400, test_rows=rows) + NOISE


def test_a_far_run_tells_more_than_a_repeated_one() -> None:
    """Nearer to the size that matters tells more; a size measured before tells less than any new one beyond it."""
    told = narrowings(KNOWN, [400, 800, 1_600, 3_200, 6_400], far=6_400, test_rows=300)
    assert list(told) == sorted(told)
    assert 2 * told[0] < told[1]


def test_the_same_items_again_tell_little() -> None:
    """A hundred more draws of a measured size do not see past the items that all runs share."""
    again = narrowing(KNOWN, 400, 100, far=400, test_rows=100)
    afresh = narrowing(belief(CURVE[:3]), 400, 100, far=400, test_rows=100)
    assert again < afresh


def test_the_far_size_itself_tells_most_of_it() -> None:
    """A run at the size that matters, with endless items and draws, leaves next to no doubt."""
    assert narrowing(KNOWN, 6_400, 1_000, far=6_400, test_rows=None) > 0.95


def test_a_straight_line_is_a_bound_from_below() -> None:
    """What weighing worlds finds is about what a regression over the same worlds finds, or more."""
    for n in (800, 3_200):
        errors = np.log(KNOWN.paths(np.array([n, 6_400.0]), 1_000))
        bound = np.corrcoef(errors.T)[0, 1] ** 2
        assert narrowing(KNOWN, n, 50, far=6_400, test_rows=None) > bound - 0.06


@law(25)
@given(st.integers(30, 10_000), st.integers(1, 4), st.floats(0, 1e6))
def test_worth_lies_between_nothing_and_certainty(n: int, draws: int, value: float) -> None:
    """Deciding with a result is never worth less than without, nor more than knowing the world."""
    utility = Payoff(SIZES, value, COSTS, 0.1).utility(KNOWN)
    known = utility.max(axis=1).mean() - utility.mean(axis=0).max()
    assert -1e-6 <= worth(KNOWN, n, draws, value) <= known * 1.15 + 0.01 * value


def test_what_cannot_change_the_decision_is_worth_nothing() -> None:
    """A target that is worth nothing, or so much that one tries in any case, leaves nothing to decide."""
    assert 0 == worth(KNOWN, 1_600, value=0.0)
    free = worth_of_run(KNOWN, 1_600, payoff=Payoff(SIZES, 9_000.0, (0.0,) * 4, 0.1), test_rows=300)
    assert pytest.approx(0, abs=1) == free


def test_more_noise_is_worth_less() -> None:
    """A run on few items is worth less than one on many, and next to none on one item."""
    one, few, many = (worth(KNOWN, 1_600, test_rows=rows) for rows in (1, 20, 2_000))
    assert one < few < many
    assert one < 0.2 * many


def test_money_scales() -> None:
    """All money times ten is the worth times ten."""
    tenfold = Payoff(SIZES, 90_000.0, [10 * cost for cost in COSTS], 0.1)
    ten = worth_of_run(KNOWN, 800, payoff=tenfold, test_rows=300)
    assert pytest.approx(10 * worth(KNOWN, 800)) == ten


def test_worlds_may_differ_in_value_and_cost() -> None:
    """Value by world and cost by world and size give about what their means give; infinite costs are never paid."""
    value = np.full(800, 9_000.0)
    cost = np.tile([*COSTS[:3], np.inf], (800, 1))
    told = worth_of_run(KNOWN, 1_600, payoff=Payoff(SIZES, value, cost, 0.1), test_rows=300)
    assert pytest.approx(worth(KNOWN, 1_600), rel=0.25) == told


def test_the_next_run_is_the_best_beyond_its_price() -> None:
    """With a value the net worth decides; without one the telling per price; without candidates there is none."""
    priced = [Candidate(400, 1, 0.5), Candidate(800, 1, 10.0), Candidate(6_400, 1, 2_000.0)]
    chosen = next_run(KNOWN, priced, far=6_400, payoff=PAYOFF)
    assert (800, 10.0) == (chosen.n, chosen.price)
    assert chosen.worth > 100
    assert "worth" in chosen.why
    plain = next_run(KNOWN, priced, far=6_400)
    assert (400, None) == (plain.n, plain.worth)
    assert next_run(KNOWN, [], far=6_400) is None


def test_a_run_too_dear_says_so() -> None:
    """Where no run is worth its price the best one is named with that."""
    chosen = next_run(KNOWN, [Candidate(800, 1, 1e6)], far=6_400, payoff=PAYOFF)
    assert "less than their price" in chosen.why


def test_runs_of_a_stand_in_leave_their_worth_to_the_decision() -> None:
    """More runs of another model are one step of many: no sum of money stands beside them."""
    chosen = next_run(KNOWN, [Candidate(800, 1, 10.0)], far=6_400, payoff=PAYOFF, stand_in=True)
    assert chosen.why.endswith("`tunecase decide` weighs")
    assert "USD" not in chosen.why


def test_a_loss_is_measured_too() -> None:
    """A score without bounds, where lower is better, has a next run as well."""
    losses = tuple(Point(n, loss) for n, loss in ((100, 3.0), (200, 2.6), (400, 2.3), (800, 2.1)))
    known = believe(losses, Scale("lower", bounded=False, binomial=False))
    near, far = narrowings(known, [200, 6_400], far=12_800, test_rows=None)
    assert 0 <= near < 0.2 < far <= 1
