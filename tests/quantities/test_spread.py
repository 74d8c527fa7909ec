"""Spreads keep their convention, their draws and their unit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.quantities.spread import Band, Beta, Const, Interval, Pert, ShareInterval, Spread, Worlds, band, generator

SPREADS: list[Spread] = [Const(3), Interval(5_000, 12_000), Interval(-1, 2), Pert(1, 3, 10), Pert(2, 2, 2), Beta(2, 5)]


def test_five_to_twelve_thousand_has_the_golden_points() -> None:
    """Median 7,746, mean 8,025, P10/P80/P90 5,507/9,690/10,894."""
    spread = Interval(5_000, 12_000)
    points = band(spread.draw(generator(0, "band"), 400_000))
    assert round(spread.median) == 7_746
    assert points.p10 == pytest.approx(5_507, rel=0.005)
    assert points.p50 == pytest.approx(7_746, rel=0.005)
    assert points.p80 == pytest.approx(9_690, rel=0.005)
    assert points.p90 == pytest.approx(10_894, rel=0.005)
    assert spread.draw(generator(0, "x"), 400_000).mean() == pytest.approx(8_025, rel=0.005)


def test_the_golden_points_follow_from_the_formula() -> None:
    """exp(mu + z sigma) with sigma = ln(12/5) / 3.2897."""
    mu, sigma = math.log(5_000 * 12_000) / 2, math.log(12 / 5) / 3.2897
    for z, point in ((-1.28155, 5_507), (0.84162, 9_690), (1.28155, 10_894)):
        assert round(math.exp(mu + z * sigma)) == pytest.approx(point, abs=1)


@pytest.mark.parametrize("spread", SPREADS, ids=str)
def test_low_median_and_high_are_the_points_of_the_draws(spread: Spread) -> None:
    """5%, 50% and 95%."""
    draws = spread.draw(generator(0, "x"), 200_000)
    width = max(spread.high - spread.low, 1e-9)
    points = np.quantile(draws, (0.05, 0.5, 0.95))
    for known, found in zip((spread.low, spread.median, spread.high), points, strict=True):
        assert known == pytest.approx(found, abs=0.02 * width)


def test_an_interval_from_zero_is_never_negative() -> None:
    """`0 to 30%` failed runs: the ends keep their meaning, and no world has fewer than none."""
    draws = Interval(0, 0.3).draw(generator(0, "x"), 100_000)
    assert draws.min() == 0
    assert np.quantile(draws, (0.05, 0.95)).tolist() == pytest.approx([0, 0.3], abs=0.005)


@pytest.mark.parametrize("spread", SPREADS[:-1], ids=str)
def test_another_unit_scales_every_draw(spread: Spread) -> None:
    """The same generator gives the same worlds."""
    draws, scaled = (s.draw(generator(0, "x"), 500) for s in (spread, spread.scaled(60)))
    assert np.allclose(60 * draws, scaled)


def test_a_share_has_no_other_unit() -> None:
    """A Beta is refused another scale."""
    assert Beta(2, 2).scaled(1) == Beta(2, 2)
    with pytest.raises(ValueError, match="has no other unit"):
        Beta(2, 2).scaled(100)


def test_pert_has_its_known_mean_and_its_hard_ends() -> None:
    """(least + 4 mode + most) / 6."""
    draws = Pert(1, 3, 10).draw(generator(0, "x"), 200_000)
    assert draws.mean() == pytest.approx((1 + 12 + 10) / 6, rel=0.01)
    assert 1 <= draws.min() <= draws.max() <= 10


def test_a_number_without_doubt_has_an_exact_band() -> None:
    """Every draw is the number."""
    assert band(Const(7).draw(generator(0, "band"), 10)) == Band(7, 7, 7, 7)
    assert Band(1, 2, 3, 4).scaled(2) == Band(2, 4, 6, 8)


@settings(max_examples=50, deadline=None)
@given(low=st.floats(1e-3, 1e6), ratio=st.floats(1, 1e3), seed=st.integers(0, 2**40))
def test_bands_rise(low: float, ratio: float, seed: int) -> None:
    """P10 <= P50 <= P80 <= P90 whatever the ends and the seed."""
    points = band(Interval(low, low * ratio).draw(generator(seed, "x"), 50))
    assert points.p10 <= points.p50 <= points.p80 <= points.p90


def test_an_input_keeps_its_draws_when_others_come_and_go() -> None:
    """Draws hang on the seed and the name alone."""
    alone, crowd = Worlds(1, 100), Worlds(1, 100)
    crowd.draw("another", Interval(1, 2))
    assert (alone.draw("rate", Interval(1, 2)) == crowd.draw("rate", Interval(1, 2))).all()
    assert (alone.draw("rate", Interval(1, 2)) != crowd.draw("another", Interval(1, 2))).any()
    assert (alone.drawn["rate"] != Worlds(2, 100).draw("rate", Interval(1, 2))).any()


def test_the_first_spread_of_a_name_holds() -> None:
    """One name is one input."""
    worlds = Worlds(0, 10)
    assert worlds.draw("rate", Const(1)) is worlds.draw("rate", Const(2))


def test_wider_doubt_about_one_input_moves_each_world_the_same_way() -> None:
    """Two intervals of one name rank the worlds alike: that is what makes what-ifs comparable."""
    narrow, wide = (Worlds(0, 500).draw("rate", Interval(*ends)) for ends in ((1, 2), (3, 9)))
    assert (np.argsort(narrow) == np.argsort(wide)).all()


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.9), (0.9, 0.99), (0.01, 0.3), (0.9, 1.0), (0.0, 0.3)])
def test_a_share_stays_between_nothing_and_all(low: float, high: float) -> None:
    """5% lie below the low end and 5% above the high one, none below 0 or above 1; the middle is the median."""
    spread = ShareInterval(low, high)
    draws = spread.draw(generator(0, "share"), 40_000)
    assert 0 <= draws.min()
    assert draws.max() <= 1
    assert [low, high] == pytest.approx(np.quantile(draws, (0.05, 0.95)).tolist(), abs=0.01)
    assert spread.median == pytest.approx(float(np.median(draws)), abs=0.01)
    with pytest.raises(ValueError, match="no other unit"):
        spread.scaled(2)
