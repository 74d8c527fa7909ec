"""Errors of means over episodes that share curves: near the truth where the truth is known, and never for nothing."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from deciding_errors import error_of_shared, estimate, resampled_means

CURVES, EPISODES, REPEATS = 20, 120, 200


def one_each(between: float, seed: int) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Values of episodes of one curve each, whose curves differ by `between` and whose own luck is 1."""
    rng = np.random.default_rng(seed)
    curve = rng.integers(CURVES, size=EPISODES)
    values = between * rng.normal(size=CURVES)[curve] + rng.normal(size=EPISODES)
    return values, [(str(number),) for number in curve]


def races(between: float, seed: int) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    """Values of races of five curves out of twenty."""
    rng = np.random.default_rng(seed)
    held = np.array([rng.choice(CURVES, 5, replace=False) for _ in range(EPISODES)])
    values = between * rng.normal(size=CURVES)[held].sum(axis=1) + rng.normal(size=EPISODES)
    return values, [tuple(str(number) for number in some) for some in held]


@pytest.mark.parametrize("draw", [one_each, races])
@pytest.mark.parametrize("between", [0.0, 0.5])
def test_the_error_is_that_of_means_drawn_anew(draw, between: float) -> None:
    """Over many draws the error by curve is the spread of the means; of races whose curves are alike it is larger."""
    drawn = [draw(between, seed) for seed in range(REPEATS)]
    told = np.mean([estimate(values, curves, ["one"] * EPISODES).error_by_curve ** 2 for values, curves in drawn])
    true = np.std([values.mean() for values, _ in drawn])
    assert 0.8 < np.sqrt(told) / true < (1.5 if draw is races and not between else 1.2)


@pytest.mark.parametrize("draw", [one_each, races])
def test_the_error_by_episode_is_too_small_where_curves_differ(draw) -> None:
    """Episodes taken as independent hide what their curves share."""
    values, curves = draw(1.0, 0)
    found = estimate(values, curves, ["one"] * EPISODES)
    assert found.error_by_curve > 1.5 * found.error_by_episode


def test_with_curves_of_their_own_both_errors_agree() -> None:
    """Where every episode has a curve of its own, the error by curve is that by episode."""
    values, _ = one_each(1.0, 3)
    found = estimate(values, [(str(i),) for i in range(EPISODES)], ["one"] * EPISODES)
    assert found.error_by_curve == pytest.approx(found.error_by_episode, rel=0.1)
    assert found.low < found.mean < found.high


def test_what_sources_differ_by_is_no_error() -> None:
    """Sources are given: a shift of one of them moves the mean and leaves its errors as they were."""
    values, curves = one_each(1.0, 4)
    sources = ["a" if int(name) < CURVES / 2 else "b" for (name,) in curves]
    there = np.array(sources) == "b"
    plain, shifted = (estimate(some, curves, sources) for some in (values, values + 100.0 * there))
    assert shifted.mean == pytest.approx(plain.mean + 100 * there.mean())
    assert shifted.error_by_curve == pytest.approx(plain.error_by_curve)
    assert shifted.error_by_episode == pytest.approx(plain.error_by_episode)


def test_a_single_curve_tells_no_error() -> None:
    """With one curve in a source nothing says how others would do: None, not nothing."""
    found = estimate(np.array([1.0, 2.0, 4.0]), [("a",), ("a",), ("a",)], ["one"] * 3).figures()
    assert found["error_by_curve"] is None
    assert found["low"] is None
    assert found["error_by_episode"] > 0
    assert np.isnan(error_of_shared(np.ones(1), [("a", "b")], ["one"]))


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(0.01, 100.0), shift=st.floats(-10.0, 10.0), seed=st.integers(0, 20))
def test_errors_follow_the_unit(scale: float, shift: float, seed: int) -> None:
    """Values in another unit have errors in that unit, for episodes and for races."""
    for draw in (one_each, races):
        values, curves = draw(0.5, seed)
        before, after = (estimate(some, curves, ["one"] * EPISODES) for some in (values, scale * values + shift))
        assert after.error_by_curve == pytest.approx(scale * before.error_by_curve, rel=1e-6)
        assert after.low == pytest.approx(scale * before.low + shift, rel=1e-6, abs=1e-6)


def test_gaps_are_resampled_together() -> None:
    """The same units give the same draws, so the resampled gap is the gap of the resampled means."""
    values, curves = one_each(1.0, 5)
    other, units = values[::-1].copy(), [name for (name,) in curves]
    apart = resampled_means(other, units, ["one"] * EPISODES) - resampled_means(values, units, ["one"] * EPISODES)
    assert resampled_means(other - values, units, ["one"] * EPISODES) == pytest.approx(apart)
