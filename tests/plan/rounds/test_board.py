"""The board of rounds: places, steps and their costs, tests with one luck for what is shown and what is passed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tunecase.plan.rounds.board import Actions, Board, Move, Purchase, RoundPrices, Rules, lay_out
from tunecase.plan.rounds.policy import best_policy
from tunecase.plan.rounds.walk import passing_count

WORLDS = 3_000
SIZES = (100, 200, 400)
PRICES = RoundPrices(labour=100.0, short_labour=30.0, run_per_row=0.1, runs=2.0, besides=0.5)
LABELS = Purchase("label", (50.0, 100.0), (100.0, 200.0))
TUNE = Move("tune", lambda errors: errors * 0.8, search_runs=4.0)
BIGGER = Move("bigger", lambda errors: errors * 0.9, run_factor=3.0, labour="short")
TEST = Move("test", price=40.0, test_rows=1_600, labour="none")


def paths(seed: int = 0) -> np.ndarray:
    """Errors that fall from .3 by a slope of each world's own."""
    slope = np.random.default_rng(seed).uniform(0.0, 0.9, WORLDS)
    return 0.3 * (np.array(SIZES) / 100.0) ** -slope[:, None]


def laid(moves: tuple[Move, ...] = (TUNE, BIGGER, TEST), errors: np.ndarray | None = None, **rules: Any) -> Board:
    """The board of a made-up project whose target is an error of .15."""
    given: dict[str, Any] = {"error_target": 0.15, "test_rows": 400, "worth": 2_000.0, **rules}
    train = given.pop("train", "train")
    return lay_out(
        paths() if errors is None else errors, SIZES, rules=Rules(**given), prices=PRICES,
        actions=Actions((LABELS,), moves, train),
    )  # fmt: skip


def cost(board: Board, name: str, node: int = 0) -> float:
    """What a step costs in the first world."""
    step = next(step for step in board.nodes[node].steps if step.name == name)
    return float(np.asarray(step.cost)[0])


def place(board: Board, size: int, *made: str) -> int:
    """The node of a place beyond the start, which is at the first size too."""
    return board.places.index((size, frozenset(made)), 1)


def test_every_place_is_a_size_and_a_set_of_moves() -> None:
    """Three sizes with eight sets of moves, and the start; every step leads to a later node."""
    board = laid()
    assert 1 + 3 * 8 == len(board.nodes)
    assert all(step.to > index for index, node in enumerate(board.nodes) for step in node.steps)
    assert ("train", "label", "tune", "bigger", "test") == tuple(step.name for step in board.nodes[0].steps)


def test_steps_cost_what_a_reader_can_add_up() -> None:
    """Labour, runs of all rows with failures, a search, rows bought; a bigger model's runs cost a multiple."""
    board = laid()
    assert pytest.approx(30 + 0.1 * 1.5 * 2 * 100) == cost(board, "train")
    assert pytest.approx(100 + 50 + 0.1 * 1.5 * 2 * 200) == cost(board, "label")
    assert pytest.approx(100 + 0.1 * 1.5 * (2 * 100 + 4 * 100)) == cost(board, "tune")
    assert pytest.approx(30 + 0.1 * 1.5 * 2 * 300) == cost(board, "bigger")
    assert pytest.approx(40) == cost(board, "test")
    bigger = place(board, 0, "bigger")
    assert pytest.approx(100 + 50 + 0.1 * 1.5 * 2 * 200 * 3) == cost(board, "label", bigger)


def test_what_comes_before_is_paid_with_the_first_step_only() -> None:
    """Missing test rows are part of whichever step is first."""
    plain, missing = laid(), laid(before=7.0)
    assert pytest.approx(cost(plain, "label") + 7) == cost(missing, "label")
    assert cost(plain, "label", 1) == cost(missing, "label", 1)


def test_moves_last_and_their_effects_multiply() -> None:
    """Errors at a place are those of its size after all its moves, never below the floor."""
    board = laid(error_floor=0.1)
    both = place(board, 1, "tune", "bigger")
    assert pytest.approx(np.maximum(paths()[:, 1] * 0.72, 0.1)) == board.errors[both]


def test_what_is_shown_and_what_is_passed_are_one_test() -> None:
    """A world that passes shows at least the score that passes, up to the normal curve's error."""
    board = laid()
    bar = passing_count(0.85, 400) / 400
    node = place(board, 2)
    shown, passed = board.nodes[node].shown, board.passed[node]
    assert shown is not None
    assert 0 < passed.sum() < WORLDS
    assert shown[passed].min() > bar - 0.006
    assert shown[~passed].max() < bar + 0.006


def test_a_fallback_is_worth_its_part_of_the_gain_where_a_test_shows_it() -> None:
    """All that is passed is settled too; ending there earns the credit of the true error, and walks count it apart."""
    credit = {"credit": lambda errors: np.clip((0.3 - errors) / 0.15, 0.0, 1.0)}
    plain, board = laid(**credit), laid(error_fallback=0.2, **credit)
    node = place(board, 1)
    settled, passed = board.settled[node], board.passed[node]
    assert (plain.passed == board.passed).all()
    assert (plain.settled == plain.passed).all()
    assert passed.sum() < settled.sum()
    assert settled[passed].all()
    worth = 2_000 * np.clip((0.3 - board.errors[node]) / 0.15, 0.0, 1.0)
    assert pytest.approx(worth * settled) == board.nodes[node].ends
    policy = best_policy(board.nodes)
    walk = board.walk(policy, 0)
    assert walk.settled is not None
    assert 0 < walk.settled.mean() < 1
    assert not (walk.settled & walk.reached).any()
    assert policy.value[0].mean() > best_policy(plain.nodes).value[0].mean()


def test_a_larger_test_passes_more_of_the_good_and_fewer_of_the_bad() -> None:
    """With four times the items, worlds beyond the target pass more often and worlds short of it less."""
    at = np.full((WORLDS, 3), 0.13)
    at[::2] = 0.17
    board = laid(errors=at)
    small, large = (board.passed[place(board, 0, *made)] for made in ((), ("test",)))
    assert large[1::2].mean() > small[1::2].mean() + 0.1
    assert large[::2].mean() <= small[::2].mean()


def test_tests_on_the_same_items_share_part_of_their_luck() -> None:
    """Equal models tested twice pass together more often than fresh items would let them."""
    board = laid(errors=np.full((WORLDS, 3), 0.145))
    one, other = (board.passed[place(board, size)] for size in (0, 1))
    alone = one.mean() * other.mean()
    assert (one & other).mean() > alone + 0.02


def test_without_noise_the_test_sees_the_truth() -> None:
    """A metric whose test noise is not known passes where the true error meets the target."""
    board = laid(test_rows=None, moves=(TUNE,))
    node = place(board, 2, "tune")
    assert (board.passed[node] == (board.errors[node] <= 0.15)).all()


def test_a_walk_pays_for_exactly_what_it_did() -> None:
    """Rounds, rows trained, searches and rows bought at the board's prices add up to what the policy paid."""
    board = laid()
    policy = best_policy(board.nodes)
    for first in (None, *range(len(board.nodes[0].steps))):
        walk = board.walk(policy, first)
        _, paid = policy.walk(first)
        assert walk.data_paid is not None
        labour = 100 * (walk.rounds - walk.short_rounds) + 30 * walk.short_rounds
        runs = 0.1 * 1.5 * (2 * walk.rows_trained + walk.search_rows)
        assert pytest.approx(paid) == labour + runs + walk.data_paid


def test_no_way_to_a_place_passes_the_budget() -> None:
    """The budget holds on every path; only a first step that is begun anyway may pass it."""
    for budget in (0.0, 100.0, 300.0, 600.0):
        for anyway in (False, True):
            board = laid(budget=budget, begin_anyway=anyway)
            policy = best_policy(board.nodes)
            for first, step in enumerate(board.nodes[0].steps):
                _, paid = policy.walk(first)
                most = budget if not anyway else max(budget, float(np.max(step.cost)))
                assert paid.max() <= most + 1e-9
    assert not laid(budget=10.0).nodes[0].steps


def test_a_false_pass_is_a_pass_short_of_the_target() -> None:
    """Luck passes some worlds that lie short of the target; they are marked, and no others."""
    board = laid(worth=1e6)
    walk = board.walk(best_policy(board.nodes))
    assert walk.reached is not None
    assert walk.false_pass is not None
    assert 0 < walk.false_pass.sum() < walk.reached.sum()
    assert not (walk.false_pass & ~walk.reached).any()


def test_redrawing_the_world_in_each_round_overstates_success() -> None:
    """Shuffling worlds between sizes makes failures independent, and hopeless problems solvable by patience."""
    mixed = paths()
    for column in range(3):
        mixed[:, column] = np.random.default_rng(column).permutation(mixed[:, column])
    kept, shuffled = (laid(moves=(), errors=errors, worth=1e6, error_target=0.2) for errors in (paths(), mixed))
    reached = [board.walk(best_policy(board.nodes)).reached for board in (kept, shuffled)]
    assert reached[0] is not None
    assert reached[1] is not None
    assert reached[1].mean() > reached[0].mean() + 0.03


def test_rounds_are_bounded() -> None:
    """No place lies further than the most rounds allowed."""
    board = laid(most_rounds=2)
    walk = board.walk(best_policy(board.nodes))
    assert walk.rounds.max() <= 2


def test_the_start_may_be_trained_already() -> None:
    """Without a name for it, training on the rows at hand is no step."""
    assert laid(train=None).first("train") is None
    assert 0 == laid().first("train")


def test_same_seed_same_board_and_other_luck_for_another() -> None:
    """One seed gives one board; the luck of the tests hangs on it."""
    one, same, other = laid(), laid(), laid(seed=1)
    assert (one.passed == same.passed).all()
    assert (one.passed != other.passed).any()


def test_a_move_that_needs_a_trained_model_is_no_first_step() -> None:
    """Where `first` is False the move is offered from the first trained model on."""
    board = laid(moves=(replace(TUNE, first=False),))
    assert board.first("tune") is None
    assert "tune" in {step.name for step in board.nodes[1].steps}
