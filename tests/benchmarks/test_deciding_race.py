"""The race of models on shared labels: what it is worth, who takes part, and what nothing is paid for."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from deciding_race import entrants, nodes, ours, together, worth
from deciding_worlds import Arm, Problem, View, play
from deciding_worlds import Episode as Case

SIZES = np.array([100.0, 200, 400, 800, 1600, 3200])
WORLDS = 800


def arm(number: int) -> Arm:
    """An arm of which nothing but its name is special."""
    return Arm(f"arm {number}", "none", "lower", False, True, False, np.ones(len(SIZES)), np.full(len(SIZES), np.nan))


def view(arms: int = 1, value: float = 1_000.0, label_price: float = 0.1, run: float = 5.0) -> View:
    """A race before its third size."""
    problem = Problem(
        "A", tuple(arm(i) for i in range(arms)), SIZES, 3, 0.3, value, label_price, np.zeros(arms),
        np.full((arms, len(SIZES)), run),
    )  # fmt: skip
    shown = np.tile(0.8 * (SIZES[:3] / 100) ** -0.1, (arms, 1))
    return View(problem, shown, 0.0, 0)


def worlds(arms: int, seed: int = 0) -> dict[int, np.ndarray]:
    """Power laws of unknown slope at the three sizes to come, (worlds, sizes) for each arm."""
    found = {}
    for number in range(arms):
        slope = np.random.default_rng([seed, number]).uniform(0.0, 0.5, (WORLDS, 1))
        found[number] = 0.65 * (SIZES[3:] / 400) ** -slope
    return together(found)


def drawn(now: View, number: int) -> np.ndarray:
    """Worlds of an arm at whatever sizes are to come, from its last point on."""
    slope = np.random.default_rng([9, number]).uniform(0.0, 0.5, (WORLDS, 1))
    return now.shown[number, -1] * (now.problem.sizes[now.at :] / now.problem.sizes[now.at - 1]) ** -slope


def test_a_target_worth_nothing_is_not_bought() -> None:
    """V near 0: the race is worth less than nothing, and the policy stops."""
    assert worth(view(value=1e-6), [0], worlds(1)) < 0
    assert ours(drawn=drawn)(view(value=1e-6)) is None
    assert ours(drawn=drawn)(view(value=5_000)) is not None


@settings(max_examples=20, deadline=None)
@given(price=st.floats(0.001, 1.0), times=st.floats(1.0, 20.0), seed=st.integers(0, 20))
def test_dearer_labels_are_never_worth_more(price: float, times: float, seed: int) -> None:
    """A higher price of labels lowers what the race is worth, so that it never buys more of them."""
    one, dear = (worth(view(2, label_price=p), [0, 1], worlds(2, seed)) for p in (price, price * times))
    assert dear <= one + 1e-9


def test_dearer_labels_buy_no_more_labels() -> None:
    """Of an arm that reaches the target at the last size, no more is bought as labels grow dearer, at last nothing."""
    errors = 0.8 * (SIZES / 100)[None] ** -0.3
    counts = []
    for price in (0.01, 0.1, 0.3, 1.0, 10.0):
        start = view(label_price=price, run=0.0)
        found = Case(replace(start.problem, target=float(errors[0, -1])), errors, errors)
        counts.append(play(found, ours(drawn=drawn)).spent / price)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 50), run=st.floats(0.0, 200.0))
def test_one_more_arm_never_lowers_what_the_plan_is_worth(seed: int, run: float) -> None:
    """An arm takes part only where its run is worth its price, so more arms to choose from are worth no less."""
    four = worlds(4, seed)
    best = [entrants(view(n, run=run), together({i: four[i] for i in range(n)}))[1] for n in (1, 2, 3, 4)]
    assert best == sorted(best)


def test_shared_labels_are_paid_once() -> None:
    """With runs for nothing, a race of an arm with its twin costs and is worth what the arm alone is."""
    one = worlds(1)
    twins = {0: one[0], 1: one[0]}
    alone, both = nodes(view(run=0.0), [0], one), nodes(view(2, run=0.0), [0, 1], twins)
    assert [node.steps[0].cost for node in alone if node.steps] == [node.steps[0].cost for node in both if node.steps]
    assert worth(view(run=0.0), [0], one) == pytest.approx(worth(view(2, run=0.0), [0, 1], twins))
    assert entrants(view(2), twins)[0] == (0,)


def test_every_arm_pays_its_run() -> None:
    """A second arm adds the price of one run to every size, weighted as all costs are."""
    one, two = nodes(view(), [0], worlds(1), caution=2.0), nodes(view(2), [0, 1], worlds(2), caution=2.0)
    assert two[0].steps[0].cost - one[0].steps[0].cost == pytest.approx(2 * 5.0)


def test_serving_dearer_than_the_value_is_worth_nothing() -> None:
    """An arm that costs more to serve than V never pays, however well it does."""
    start = view(value=100.0)
    dear = replace(start, problem=replace(start.problem, serving=np.array([200.0])))
    assert worth(dear, [0], worlds(1)) < 0


def test_models_share_their_luck() -> None:
    """Put together, every arm's worlds run from those that go on best to those that go on worst."""
    for paths in worlds(3).values():
        assert (np.diff(np.log(paths).mean(axis=1)) >= 0).all()
