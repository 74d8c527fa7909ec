"""The best policy over states: worked examples, the laws of information, and what it never does."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.plan.rounds.policy import END, Node, Step, best_policy, sort_worlds, worth_of_seeing

WORLDS = 2_000


def ladder(
    value: float, cost: float, noise: float = 0.05, seed: int = 0, target: float = 0.2, steps: int = 4
) -> list[Node]:
    """Nodes of a project that halves the gap each round, more or less, until a test shows the target."""
    rng = np.random.default_rng(seed)
    slope = rng.uniform(0.0, 0.6, WORLDS)
    nodes = [Node(np.zeros(WORLDS), (Step("more", 1, cost),))]
    for size in range(1, steps + 1):
        error = 0.5 * np.exp(-slope * size)
        shown = error + noise * np.random.default_rng([seed, size]).standard_normal(WORLDS)
        met = shown <= target
        more = (Step("more", size + 1, cost),) if size < steps else ()
        nodes.append(Node(np.where(met, value, 0.0), more, shown, met))
    return nodes


def worth(nodes: list[Node]) -> float:
    """What the best policy is worth at the start."""
    return float(best_policy(nodes).value[0].mean())


def test_a_free_sight_before_a_gamble_is_worth_half_of_it() -> None:
    """Half of the worlds win 10 for 4: unseen that is worth 1, seen before for 1 it is worth 2."""
    good = np.arange(400) % 2 == 0
    end = Node(np.where(good, 10.0, 0.0))
    test = Node(np.zeros(400), (Step("go on", 2, 4.0),), good.astype(float))
    start = Node(np.zeros(400), (Step("look", 1, 1.0), Step("buy unseen", 2, 4.0)))
    policy = best_policy([start, test, end])
    assert pytest.approx(2.0) == policy.value[0].mean()
    last, paid = policy.walk()
    assert [200, 200] == [int((last == node).sum()) for node in (1, 2)]
    assert {1.0, 5.0} == set(paid.tolist())


def test_stopping_later_is_worth_more_than_a_cap_fixed_beforehand() -> None:
    """The freedom to stop when a test disappoints never loses against the best number of rounds for all."""
    nodes = ladder(1_000.0, 100.0)
    met = np.array([node.done for node in nodes[1:]])
    first = np.where(met.any(axis=0), met.argmax(axis=0) + 1, 99)
    caps = [(1_000 * (first <= cap) - 100 * np.minimum(first, cap)).mean() for cap in range(5)]
    assert worth(nodes) > max(caps) + 10


@settings(max_examples=25, deadline=None)
@given(value=st.floats(0, 1e5), cost=st.floats(0.1, 1e4), more=st.floats(1.0, 10.0), seed=st.integers(0, 50))
def test_more_value_never_hurts_and_a_dearer_step_never_helps(
    value: float, cost: float, more: float, seed: int
) -> None:
    """The worth is zero at least, rises with what the target is worth, and falls with the price of a round."""
    found = worth(ladder(value, cost, seed=seed))
    room = 0.02 * value
    assert found >= 0
    assert worth(ladder(value * more, cost, seed=seed)) >= found - room
    assert worth(ladder(value, cost * more, seed=seed)) <= found + room


@settings(max_examples=15, deadline=None)
@given(value=st.floats(1, 1e5), cost=st.floats(0.1, 1e4), seed=st.integers(0, 50))
def test_money_in_another_unit_changes_no_step(value: float, cost: float, seed: int) -> None:
    """All money times ten leaves every step of every world as it was."""
    one, ten = (best_policy(ladder(k * value, k * cost, seed=seed)) for k in (1, 10))
    assert (one.taken == ten.taken).all()


def test_nothing_is_done_for_nothing() -> None:
    """Where the target is worth nothing, no world takes a step."""
    policy = best_policy(ladder(0.0, 1.0))
    assert (policy.taken == END).all()
    last, paid = policy.walk()
    assert 0 == paid.max() == last.max()


def test_a_walk_pays_what_its_value_took_off() -> None:
    """The mean of what is got less what is paid is the value, in every world."""
    nodes = ladder(1_000.0, 100.0)
    policy = best_policy(nodes)
    last, paid = policy.walk()
    got = np.array([node.ends for node in nodes])[last, np.arange(WORLDS)]
    assert pytest.approx(policy.value[0]) == got - paid


def test_a_first_step_can_be_prescribed() -> None:
    """Walking with a first step gives what that step is said to be worth, also where the policy would end."""
    nodes = ladder(1_000.0, 900.0)
    policy = best_policy(nodes)
    last, paid = policy.walk(first=0)
    got = np.array([node.ends for node in nodes])[last, np.arange(WORLDS)]
    assert pytest.approx(policy.after(nodes[0].steps[0])) == got - paid
    assert (paid >= 900).all()


def test_a_step_that_cannot_be_paid_is_not_taken() -> None:
    """A world in which a step costs infinity stays where it is and pays nothing for it."""
    nodes = ladder(1_000.0, 10.0)
    dear = np.where(np.arange(WORLDS) < 500, np.inf, 10.0)
    nodes[0] = Node(nodes[0].ends, (Step("more", 1, dear),))
    last, paid = best_policy(nodes).walk()
    assert 0 == last[:500].max()
    assert 1 == last[500:].min()
    assert 0 == paid[:500].max()


def test_groups_can_be_kept_while_money_changes() -> None:
    """Groups sorted once give the same policy as groups sorted anew."""
    nodes = ladder(1_000.0, 100.0)
    kept = best_policy(nodes, sorted_worlds=sort_worlds(nodes))
    assert (best_policy(nodes).taken == kept.taken).all()


def test_steps_lead_forward_only() -> None:
    """A step to the same or an earlier node is refused, with the node's number."""
    zero = np.zeros(10)
    with pytest.raises(ValueError, match="node 0"):
        best_policy([Node(zero, (Step("round", 0, 1.0),))])


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(-1, 1), noise=st.floats(0.0, 10.0), stake=st.floats(0.1, 1e6), seed=st.integers(0, 99))
def test_a_sight_of_a_normal_gain_is_worth_what_the_formula_says(
    mean: float, noise: float, stake: float, seed: int
) -> None:
    """EVSI = s (phi(z) - z Phi(-z)) with s = 1 / sqrt(1 + noise^2) and z = |mean| / s, whatever the stakes.

    Source: Raiffa and Schlaifer (1961), the unit normal loss.
    """
    rng = np.random.default_rng(seed)
    gain = rng.normal(mean, 1.0, WORLDS)
    values = stake * np.column_stack([np.zeros(WORLDS), gain])
    found, error = worth_of_seeing(values, gain + noise * rng.standard_normal(WORLDS))
    width = 1 / math.sqrt(1 + noise**2)
    normal, z = NormalDist(), abs(mean) / width
    wanted = width * (normal.pdf(z) - z * normal.cdf(-z)) if z < 30 else 0.0
    assert pytest.approx(wanted, abs=0.08) == found / stake
    assert 0 <= error / stake < 0.1


def test_a_noisier_sight_is_worth_less_and_in_the_end_nothing() -> None:
    """The worth of a sight falls as its noise grows, down to about nothing."""
    rng = np.random.default_rng(1)
    gain = rng.normal(0.1, 1.0, 8_000)
    values, luck = np.column_stack([np.zeros(8_000), gain]), rng.standard_normal(8_000)
    found = [worth_of_seeing(values, gain + noise * luck)[0] for noise in (0.0, 0.5, 1.0, 3.0, 1e4)]
    assert sorted(found, reverse=True) == found
    assert found[-1] < 0.02 < 0.3 < found[0]


def test_a_sight_that_cannot_change_the_choice_is_worth_nothing() -> None:
    """Where one action is better in every world, no sight is worth anything."""
    rng = np.random.default_rng(2)
    gain = rng.uniform(1.0, 2.0, WORLDS)
    assert worth_of_seeing(np.column_stack([np.zeros(WORLDS), gain]), gain) == (0.0, 0.0)
