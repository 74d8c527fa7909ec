"""What a row of a source is worth, from errors with and without it: found where curves say, told where they do not."""

import numpy as np
import pytest

from tunecase.pilot.worth import MeasuredWorth, Scored, worth_of_rows
from tunecase.quantities import Interval80

BASE, ADDED, TESTS = 200, 200, 2_000


def runs(worth: float, slope: float = 0.4, draws: int = 10, seed: int = 0, tests: int = TESTS) -> list[Scored]:
    """Runs whose errors follow a power law, with rows of the source that teach like `worth` of those at hand."""
    rng = np.random.default_rng(seed)
    hard = rng.random(tests)  # the same test rows are hard for all runs

    def scored(draw: int, own: int, added: int) -> Scored:
        error = 0.4 * ((own + worth * added) / BASE) ** -slope * np.exp(rng.normal(0, 0.02))
        return Scored(draw, own, added, (hard + rng.normal(0, 0.05, tests) < error).astype(float))

    sizes = [(BASE, 0), (BASE + ADDED // 2, 0), (BASE + ADDED, 0), (BASE, ADDED)]
    return [scored(draw, *size) for draw in range(draws) for size in sizes]


def test_a_planted_worth_is_found() -> None:
    """The 80% interval holds it, or misses it closely, and is narrow enough to use."""
    cases = [0.25, 0.5, 1.0]
    for worth in cases:
        found = worth_of_rows(runs(worth))
        assert found.worth.mid == pytest.approx(worth, abs=0.15)
        assert found.tells
        assert found.harms < 0.1


def test_eighty_percent_hold_the_worth() -> None:
    """Of 20 trials the interval holds the planted worth in at least 70% and not in all by being wide."""
    found = [worth_of_rows(runs(0.5, draws=5, seed=seed, tests=300)).worth for seed in range(20)]
    assert np.mean([one.low <= 0.5 <= one.high for one in found]) >= 0.7
    assert np.median([one.high - one.low for one in found]) < 0.8


def test_a_flat_curve_cannot_tell() -> None:
    """Where more rows at hand teach nothing, nobody knows what others are worth."""
    found = worth_of_rows(runs(0.5, slope=0.0, tests=300))
    assert not found.tells
    assert found.worth.low < 0.2


def test_rows_that_do_harm_are_worth_nothing() -> None:
    """The interval ends at 0, and the chance of harm is told."""
    found = worth_of_rows(runs(-0.3))
    assert found.worth.mid == 0.0
    assert found.harms > 0.9


def test_a_part_that_is_worth_nothing_lowers_the_whole() -> None:
    """Half of the rows copies: half the worth, known no better than before."""
    found = worth_of_rows(runs(1.0))
    wide = MeasuredWorth(Interval80(0.0, 0.5, 1.2), 0.1)
    assert not wide.tells
    assert not wide.times(0.5).tells
    assert found.times(0.5).tells == found.tells
    assert found.times(0.5).worth.mid == pytest.approx(found.worth.mid / 2)
    assert isinstance(found.times(0.5), MeasuredWorth)


def test_both_kinds_of_runs_are_needed() -> None:
    """Runs without the source at two sizes, and runs with it."""
    every = runs(0.5)
    with pytest.raises(ValueError, match="two sizes"):
        worth_of_rows([run for run in every if not run.added])
    with pytest.raises(ValueError, match="two sizes"):
        worth_of_rows([run for run in every if run.own == BASE])
