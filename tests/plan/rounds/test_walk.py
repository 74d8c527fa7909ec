"""The walk through the rounds keeps its world, its luck and its books."""

import math

import numpy as np
import pytest

from tunecase.plan.rounds.walk import counted, passing_count, random_rounds, walk_rounds
from tunecase.quantities.spread import Beta, Worlds, generator

SIZES = (500, 1_000, 2_000, 4_000, 8_000)


def curves(draws: int = 4_000, seed: int = 0) -> np.ndarray:
    """Power laws with a floor in doubt: some worlds never reach an error of .10."""
    worlds = Worlds(seed, draws)
    floor, slope = worlds.draw("floor", Beta(3, 47)), 0.2 + 0.4 * worlds.draw("slope", Beta(2, 2))
    return floor[:, None] + 0.20 * (np.asarray(SIZES)[None, :] / 500.0) ** -slope[:, None]


def test_passing_count_is_where_wilsons_lower_bound_meets_the_target() -> None:
    """One item fewer leaves the lower bound under the target."""
    m, target, z = 270, 0.92, 1.2815515655446004
    count = passing_count(target, m)

    def low(k: int) -> float:
        p = k / m
        half = z * math.sqrt(p * (1 - p) / m + z * z / (4 * m * m))
        return (p + z * z / (2 * m) - half) / (1 + z * z / m)

    assert low(count) >= target > low(count - 1)


def test_a_test_that_is_too_small_can_never_show_the_target() -> None:
    """Even a perfect score of 10 items does not show 99%."""
    perfect = np.zeros((100, 5))
    out = walk_rounds(perfect, 0.01, SIZES, test_rows=10)
    assert out.reached is not None
    assert passing_count(0.99, 10) > 10
    assert not out.reached.any()
    assert (out.rounds == 5).all()


def test_redrawing_the_world_in_each_round_overstates_success() -> None:
    """Shuffling every round's errors between worlds raises P(reached): the classic mistake."""
    kept = curves()
    rng = generator(1, "shuffle")
    redrawn = np.column_stack([rng.permutation(column) for column in kept.T])
    for test_rows in (None, 2_000):
        honest = walk_rounds(kept, 0.10, SIZES, test_rows=test_rows).reached
        wrong = walk_rounds(redrawn, 0.10, SIZES, test_rows=test_rows).reached
        assert honest is not None
        assert wrong is not None
        assert honest.mean() + 0.02 < wrong.mean()


def test_a_walk_without_test_noise_reaches_the_target_where_one_size_is_good() -> None:
    """Rows bought and trained are those of all rounds, whatever the tests show; no pass is a false one."""
    paths = np.array([[0.30, 0.20, 0.09, 0.05, 0.04], [0.05, 0.30, 0.30, 0.30, 0.30], [0.30] * 5])
    out = walk_rounds(paths, 0.10, SIZES, test_rows=None)
    assert [5, 5, 5] == out.rounds.tolist()
    assert [7_500] * 3 == out.bought.tolist()
    assert [15_500] * 3 == out.rows_trained.tolist()
    assert out.reached is not None
    assert out.reached.tolist() == [True, True, False]
    assert out.false_pass is not None
    assert not out.false_pass.any()


def test_luck_of_the_test_gives_false_passes_and_they_are_kept() -> None:
    """A true error just above the target passes sometimes, and each such pass is flagged."""
    paths = np.full((4_000, 5), 0.11)
    out = walk_rounds(paths, 0.10, SIZES, test_rows=200)
    assert out.reached is not None
    assert out.false_pass is not None
    assert 0.05 < out.false_pass.mean() < 0.5
    assert (out.reached == out.false_pass).all()


def test_an_easier_target_is_reached_wherever_a_harder_one_is_with_the_same_luck() -> None:
    """World by world: scenarios share the luck of the tests."""
    hard = walk_rounds(curves(), 0.10, SIZES, test_rows=300).reached
    easy = walk_rounds(curves(), 0.14, SIZES, test_rows=300).reached
    assert hard is not None
    assert easy is not None
    assert easy.mean() > hard.mean()
    better = walk_rounds(curves() - 0.02, 0.10, SIZES, test_rows=300).reached
    assert better is not None
    assert not (hard & ~better).any()


def test_a_world_without_rounds_buys_nothing() -> None:
    """Where `most` is nought no round is begun: no rows are bought or trained on, and the target is not reached."""
    out = walk_rounds(np.full((2, 5), 0.01), 0.10, SIZES, test_rows=None, most=np.array([0.0, 1.0]))
    assert ([0, 1], [0, SIZES[0]]) == (out.rounds.tolist(), out.rows_trained.tolist())
    assert out.reached is not None
    assert [False, True] == out.reached.tolist()
    assert 0 == out.bought.max()


def test_rounds_fixed_by_the_user_go_on_after_success() -> None:
    """Every world walks its number of rounds, and success is still noted."""
    paths = np.full((3, 5), 0.01)
    out = walk_rounds(paths, 0.10, SIZES, test_rows=None, most=np.array([1.0, 2.6, 9.0]))
    assert out.rounds.tolist() == [1, 3, 5]
    assert out.reached is not None
    assert out.reached.all()


def test_paths_of_another_width_are_refused() -> None:
    """A column for each size is wanted."""
    with pytest.raises(ValueError, match="wanted 5"):
        walk_rounds(np.zeros((3, 4)), 0.1, SIZES, test_rows=None)


def test_random_rounds_have_the_mean_of_their_law() -> None:
    """With q ~ Beta(2, 2) the mean is 3 before the cut."""
    worlds = Worlds(0, 200_000)
    rounds = random_rounds(worlds.draw("q", Beta(2, 2)), worlds.draw("luck", Beta(1, 1)), most=10_000)
    assert pytest.approx(rounds.mean(), abs=0.1) == 3.0
    assert pytest.approx((rounds == 1).mean(), abs=0.01) == 0.5
    assert (random_rounds(worlds.drawn["q"], worlds.drawn["luck"], most=12) <= 12).all()


def test_counted_rounds_beyond_the_last_size_buy_nothing_more() -> None:
    """They train on the last size again."""
    out = counted(np.array([1.0, 2.4, 5.0]), (100, 200, 300))
    assert out.rounds.tolist() == [1, 2, 5]
    assert out.bought.tolist() == [0, 100, 200]
    assert out.rows_trained.tolist() == [100, 300, 1_200]
