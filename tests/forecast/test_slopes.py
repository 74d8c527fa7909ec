"""Slopes of ln error of a kind of learner: what is carried on from the last size, and how far each world strays."""

import math

import numpy as np
import pytest

from tunecase import catalog
from tunecase.forecast.curves import believe
from tunecase.forecast.scale import Scale
from tunecase.forecast.slopes import FLATTEST, STEEPEST, Slopes, causes, slopes_of
from tunecase.records import Point

SHARE = Scale("higher", bounded=True, binomial=True)
PILOT = tuple(Point(n, 1 - 0.5 * (n / 100) ** -0.3, 1, 500) for n in (100, 200, 400, 800))


def flat(at: float, spread: float = 0.0, run: float = 0.0) -> Slopes:
    """Slopes that no pilot moves."""
    return Slopes("made up", at, 0.0, 0.0, 0.0, spread, run, 3, 9, "made up", "2026-12-03")


def test_the_pilots_own_slope_and_level_are_read_off_its_last_tenfold() -> None:
    """A power law has its exponent as slope; what lies far before the last size does not count."""
    slope, level = causes(PILOT)
    assert -0.3 == pytest.approx(slope)
    last = 1 - PILOT[-1].score
    assert math.log(last / (1 - last)) == pytest.approx(level)
    assert slope == pytest.approx(causes((Point(1, 0.01), *PILOT))[0])


@pytest.mark.parametrize(("scores", "held"), [((0.1, 0.9), STEEPEST), ((0.9, 0.1), FLATTEST)])
def test_a_slope_beyond_all_measured_ones_is_held(scores: tuple[float, float], held: float) -> None:
    """So steep a start is no promise, and so bad a one no threat."""
    assert held == causes([Point(100, scores[0]), Point(200, scores[1])])[0]


def test_worlds_go_on_from_where_each_begins() -> None:
    """Without doubt every world falls by the same slope; with doubt their spread grows with the ratio."""
    rng, start = np.random.default_rng(0), np.log(np.linspace(0.1, 0.3, 4_000))
    sizes = np.array([1_600.0, 6_400.0])
    sure = flat(-0.25).ahead(PILOT, sizes, start, rng)
    assert start[:, None] - 0.25 * np.log(sizes / 800) == pytest.approx(sure)
    moved = flat(-0.25, spread=0.1).ahead(PILOT, sizes, start, rng) - start[:, None]
    assert 0.1 * np.log(sizes / 800) == pytest.approx(moved.std(0), rel=0.05)
    noisy = flat(-0.25, run=0.07).ahead(PILOT, sizes, start, rng) - start[:, None]
    assert [0.07, 0.07] == pytest.approx(noisy.std(0), rel=0.05)


def test_each_measured_kind_of_learner_has_its_slopes() -> None:
    """A head on an encoder flattens sooner than n-grams do; of other kinds nothing was measured."""
    n_grams, encoder = slopes_of("n-grams"), slopes_of("encoder")
    assert n_grams is not None
    assert encoder is not None
    assert n_grams.at < encoder.at
    assert 0 < n_grams.per_slope < 1
    assert slopes_of("causal") is None is slopes_of("")
    assert {row["kind"] for row in catalog.read_table("curve_slopes")} == {"n-grams", "encoder"}


def test_half_of_the_worlds_go_on_by_the_slopes() -> None:
    """Beyond the last size alone: at it and before it the points themselves say where the curve is."""
    usual, pooled = (believe(PILOT, SHARE, kind=kind, slopes=one) for kind, one in (("", None), ("n-grams", flat(0.0))))
    sizes = [200, 800, 1_600]
    before, after = usual.paths(sizes, 2_000), pooled.paths(sizes, 2_000)
    assert before[:, :2] == pytest.approx(after[:, :2])
    moved = before[:, 2] != after[:, 2]
    assert 0.5 == pytest.approx(moved.mean(), abs=0.01)
    assert after[moved, 1] == pytest.approx(after[moved, 2])
    assert "slopes of other tasks" in pooled.models
    assert any("half of the belief" in words for words in pooled.assumptions)


def test_where_items_are_not_known_no_slopes_are_used() -> None:
    """They were learnt where the noise of the items could be told apart."""
    without = tuple(Point(point.n, point.score) for point in PILOT)
    assert believe(without, SHARE, kind="n-grams").slopes is None
