"""The best policy over states: worked examples, the laws of information, and what it never does."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.plan.rounds.policy import (
    END,
    GROUPS,
    LEAST_WORLDS,
    Node,
    Step,
    best_policy,
    halves_of,
    sort_worlds,
)
from tunecase.quantities import BATCHES, sampled

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
    good = np.arange(400) // 2 % 2 == 0
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


@law(25)
@given(value=st.floats(0, 1e5), cost=st.floats(0.1, 1e4), more=st.floats(1.0, 10.0), seed=st.integers(0, 50))
def test_more_value_never_hurts_and_a_dearer_step_never_helps(
    value: float, cost: float, more: float, seed: int
) -> None:
    """The worth is zero at least, rises with what the target is worth, and falls with the price of a round.

    All beyond the Monte Carlo error of a difference: what one half of the worlds teaches may cost the other a little.
    """
    found, richer, dearer = (
        best_policy(ladder(value * worth, cost * price, seed=seed)).value[0]
        for worth, price in ((1.0, 1.0), (more, 1.0), (1.0, more))
    )
    for less, greater in ((0 * found, found), (found, richer), (dearer, found)):
        fallen = sampled(less - greater, np.mean)
        assert fallen.value <= 4 * fallen.error + 1e-9 * value * more


def test_money_in_another_unit_changes_no_step() -> None:
    """All money times ten, or in trillionths, leaves every step of every world as it was."""
    usual = best_policy(ladder(1_000.0, 100.0))
    for factor in (10.0, 1e-12, 1e12):
        other = best_policy(ladder(factor * 1_000.0, factor * 100.0))
        assert (usual.taken == other.taken).all()
        assert pytest.approx(factor * usual.value.mean()) == other.value.mean()


def test_nothing_is_done_for_nothing() -> None:
    """Where the target is worth nothing, no world takes a step."""
    policy = best_policy(ladder(0.0, 1.0))
    assert (policy.taken == END).all()
    last, paid = policy.walk()
    assert 0 == paid.max() == last.max()


def test_of_equal_worths_ending_wins_and_then_the_earlier_step() -> None:
    """A step that brings just what it costs is not taken; of two that bring the same the first is."""
    start, better = np.full(40, 0.1), Node(np.full(40, 0.3))
    level = Node(start, (Step("level", 1, 0.2),))
    assert (best_policy([level, better]).taken == END).all()
    both = Node(start, (Step("level", 1, 0.2), Step("first", 1, 0.1), Step("second", 1, 0.1)))
    assert (best_policy([both, better]).taken[0] == 1).all()


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


def test_worlds_are_halved_by_batches_in_turn() -> None:
    """Both halves hold whole batches of draws, one by one; fewer worlds than batches need are halved one by one."""
    first = halves_of(WORLDS)
    assert [True, False] * (BATCHES // 2) == [bool(part.all()) for part in np.split(first, BATCHES)]
    assert WORLDS == 2 * first.sum()
    assert [True, False, True] == halves_of(3).tolist()


def test_worlds_are_told_apart_by_what_is_shown_in_groups_of_twenty_at_least() -> None:
    """Neighbours of one half share a group; those that are done are in none; without a test all of a half are one."""
    shown = np.random.default_rng(0).permutation(100.0 * np.arange(200))
    step = (Step("go on", 1, 1.0),)  # where nothing can be done, worlds need no groups
    node, first = Node(np.zeros(200), step, shown), halves_of(200)
    for open_worlds, groups, expected in (
        (100, 32, [20, 20, 20, 20, 20]),
        (99, 32, [24, 25, 25, 25]),
        (100, 3, [33, 33, 34]),
        (50, 32, [25, 25]),
        (7, 32, [7]),
        (0, 32, []),
    ):
        still = [np.flatnonzero(half)[:open_worlds] for half in (first, ~first)]
        done = ~np.isin(np.arange(200), np.concatenate(still))
        ((pair,),) = sort_worlds([replace(node, done=done)], groups)
        ((blinds,),) = sort_worlds([Node(np.zeros(200), step, None, done)], groups)
        for held, blind, worlds in zip(pair, blinds, still, strict=True):
            assert expected == held.sizes.tolist()
            assert np.concatenate([[0], np.cumsum(expected)])[:-1].astype(int).tolist() == held.starts.tolist()
            assert sorted(worlds.tolist(), key=lambda world: shown[world]) == held.order.tolist()
            means = [shown[chunk].mean() for chunk in np.split(held.order, held.starts[1:])] if open_worlds else []
            assert pytest.approx(means) == held.means(shown).tolist()
            if open_worlds:
                groups_of = np.repeat(np.arange(len(expected)), expected)
                assert groups_of.tolist() == held.group_of(shown, held.order).tolist()
            assert [open_worlds] * min(open_worlds, 1) == blind.sizes.tolist()
            assert worlds.tolist() == blind.order.tolist()
    (((many, _),),) = sort_worlds([Node(np.zeros(20_000), step, np.arange(20_000.0))])
    assert GROUPS == len(many.sizes)
    assert ((),) == sort_worlds([Node(np.zeros(200), (), shown)])
    assert many.sizes.min() >= 10_000 // GROUPS > LEAST_WORLDS


def test_worlds_that_have_paid_unlike_sums_are_told_apart() -> None:
    """Half, three and one and a half tenths, and the dearest twentieth: no group holds worlds of two of them."""
    paid = np.random.default_rng(0).permutation(np.arange(2_000.0))
    paid[:100] = -np.inf  # no way leads here in these worlds
    (parts,) = sort_worlds([Node(np.zeros(2_000), (Step("go on", 1, 1.0),), None, None, paid)])
    held = [np.concatenate([half.order for half in pair]) for pair in parts]
    assert list(range(2_000)) == sorted(np.concatenate(held).tolist())
    assert [1_050, 570, 285, 95] == [len(worlds) for worlds in held]
    assert all(paid[low].max() < paid[high].min() for low, high in pairwise(held))
    ((alike,),) = sort_worlds([Node(np.zeros(2_000), (Step("go on", 1, 1.0),), None, None, np.full(2_000, 7.0))])
    assert 1_000 == alike[0].sizes[0]


def test_who_has_seen_dear_work_stops_where_others_go_on() -> None:
    """A step costs again what the first one cost: it is worth 10 and taken where that was less."""
    cost = np.where(np.random.default_rng(0).random(WORLDS) < 0.85, 4.0, 40.0)
    test = Node(np.zeros(WORLDS), (Step("again", 2, cost),), np.zeros(WORLDS), None, cost)
    nodes = [Node(np.zeros(WORLDS), (Step("first", 1, cost),)), test, Node(np.full(WORLDS, 10.0))]
    seeing, blind = (best_policy([nodes[0], one, nodes[2]]) for one in (test, replace(test, paid=None)))
    assert np.where(cost < 5, 0, END).tolist() == seeing.taken[1].tolist()
    assert (0 == blind.taken[1]).all()


def test_no_world_is_valued_under_what_it_has_taught() -> None:
    """What is shown tells nothing of a bet of zero on average: a policy valued on its own worlds would gain by it."""
    gains = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        bet = rng.standard_normal(WORLDS)
        half = halves_of(WORLDS)
        bet -= np.where(half, bet[half].mean(), bet[~half].mean())
        look = Node(np.zeros(WORLDS), (Step("bet", 2, 0.0),), rng.standard_normal(WORLDS))
        nodes = [Node(np.zeros(WORLDS), (Step("look", 1, 0.0),)), look, Node(bet)]
        gains.append(best_policy(nodes).after(nodes[0].steps[0]).mean())
    # Groups of 31 worlds, valued where they were learnt, would seem to bring .4 / sqrt(31) of a deviation: .07.
    assert abs(np.mean(gains)) < 0.01


def test_what_one_half_teaches_the_other_does() -> None:
    """Where the halves disagree each takes the other's step, and loses by it."""
    first = halves_of(WORLDS)
    nodes = [Node(np.zeros(WORLDS), (Step("bet", 1, 0.0),)), Node(np.where(first, 1.0, -1.0))]
    taken = best_policy(nodes).taken[0]
    assert (END == taken[first]).all()
    assert (0 == taken[~first]).all()


def test_worlds_that_show_alike_take_one_step() -> None:
    """The step of a group is the one that is worth most on average over it, also for worlds that would lose by it."""
    pays = np.tile([5.0, 5.0, -1.0, 5.0], 50)
    test = Node(np.zeros(200), (Step("go on", 2, 0.0),), np.repeat([0.0, 1.0], 100))
    low_only = Node(np.where(np.arange(200) < 100, pays, -pays))
    policy = best_policy([Node(np.zeros(200), (Step("look", 1, 0.0),)), test, low_only], groups=2)
    assert [0] * 100 + [END] * 100 == policy.taken[1].tolist()
    assert pays[:100].tolist() + [0.0] * 100 == policy.value[0].tolist()


def test_what_is_done_ends_whatever_could_still_be_bought() -> None:
    """Worlds that are done take no step, however much more one would bring; nor does a node whose worlds all are."""
    for done in (np.arange(40) < 10, np.ones(40, dtype=bool)):
        test = Node(np.ones(40), (Step("more", 2, 1.0),), np.arange(40.0), done)
        policy = best_policy([Node(np.zeros(40), (Step("look", 1, 0.5),)), test, Node(np.full(40, 9.0))])
        assert np.where(done, END, 0).tolist() == policy.taken[1].tolist()
        last, paid = policy.walk()
        assert np.where(done, 1, 2).tolist() == last.tolist()
        assert np.where(done, 0.5, 1.5).tolist() == paid.tolist()


def test_a_prescribed_first_step_is_followed_by_the_policys_own() -> None:
    """Only the first step is prescribed: later nodes go on as the policy does, and other first steps are not taken."""
    good = np.arange(400) // 2 % 2 == 0
    test = Node(np.zeros(400), (Step("never", 2, 50.0), Step("go on", 2, 4.0)), good.astype(float))
    start = Node(np.zeros(400), (Step("look", 1, 1.0), Step("look dearly", 1, 2.5)))
    policy = best_policy([start, test, Node(np.where(good, 10.0, 0.0))])
    for first, paid_first in ((None, 1.0), (0, 1.0), (1, 2.5)):
        last, paid = policy.walk(first)
        assert np.where(good, 2, 1).tolist() == last.tolist()
        assert np.where(good, paid_first + 4.0, paid_first).tolist() == paid.tolist()
        moves = [(node, number, int(going.sum())) for node, number, going in policy.moves(first)]
        assert [(0, first or 0, 400), (1, 1, 200)] == moves


def test_steps_lead_forward_only() -> None:
    """A step to the same, an earlier or a missing node is refused, with the node's number."""
    ends = [Node(np.zeros(10)) for _ in range(3)]
    for index, to in ((0, 0), (1, 0), (1, 1), (2, 1), (0, 3), (2, 3), (0, 4)):
        nodes = list(ends)
        nodes[index] = Node(np.zeros(10), (Step("round", to, 1.0),))
        with pytest.raises(ValueError, match=f"node {index} leads to no later node"):
            best_policy(nodes)
