"""Spreads keep their convention, their draws and their unit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.quantities.spread import (
    Z80,
    Z90,
    AlteredWorlds,
    Band,
    Beta,
    Const,
    Interval,
    Mixed,
    Overrun,
    Pert,
    ShareInterval,
    Spread,
    Worlds,
    band,
    generator,
)

SPREADS: list[Spread] = [Const(3), Interval(5_000, 12_000), Interval(-1, 2), Pert(1, 3, 10), Pert(2, 2, 2), Beta(2, 5)]
RATIOS: list[Spread] = [Beta(2, 5), ShareInterval(0.2, 0.6), Overrun(0.2, 1.5, 4.0)]
OVERRUNS = [Overrun(0.2, 1.5, 4.0), Overrun(0.6, 1.2, 10.0), Overrun(0.0, 1.5, 4.0)]


def test_points_and_draws_follow_their_law() -> None:
    """5,000 to 12,000 has its golden points; 5%, 50% and 95% are those of the draws, to the last digit."""
    spread = Interval(5_000, 12_000)
    draws = spread.draw(generator(0, "band"), 400_000)
    points = band(draws)
    assert round(spread.median) == 7_746
    golden = [5_507, 7_746, 9_690, 10_894, 8_025]
    assert [points.p10, points.p50, points.p80, points.p90, draws.mean()] == pytest.approx(golden, rel=0.005)
    for spread in (*SPREADS, *RATIOS):
        draws = spread.draw(generator(0, "x"), 20_000)
        width = max(spread.high - spread.low, 1e-9)
        points = np.quantile(draws, (0.05, 0.5, 0.95)).tolist()
        assert pytest.approx([spread.low, spread.median, spread.high], abs=0.02 * width) == points, spread
    from scipy.special import betainc, expit, logit

    def draws(spread: Spread) -> np.ndarray:
        return spread.draw(generator(0, "x"), 500)

    z, u = generator(0, "x").standard_normal(500), generator(0, "x").random(500)
    odds = logit([0.2, 0.9])
    assert pytest.approx(np.log(18) / 2 + np.log(4.5) / (2 * Z90) * z) == np.log(draws(Interval(2, 9)))
    assert pytest.approx(0.5 + 3 / (2 * Z90) * z) == draws(Interval(-1, 2))
    assert pytest.approx(-2 + 2 / (2 * Z90) * z) == draws(Interval(-3, -1))
    assert pytest.approx((1 + 2 / (2 * Z90) * z).clip(0)) == draws(Interval(0, 2))
    assert pytest.approx(expit(odds.mean() + np.ptp(odds) / (2 * Z90) * z)) == draws(ShareInterval(0.2, 0.9))
    assert (draws(Interval(0.4, 1.0)).clip(0, 1) == draws(ShareInterval(0.4, 1.0))).all()
    assert pytest.approx((0.5 + 1 / (2 * Z90) * z).clip(0, 1)) == draws(ShareInterval(0.0, 1.0))
    assert pytest.approx(u) == betainc(1 + 4 * 2 / 9, 1 + 4 * 7 / 9, (draws(Pert(1, 3, 10)) - 1) / 9)
    assert pytest.approx(u) == betainc(2, 5, draws(Beta(2, 5)))
    from scipy.special import betainc, expit, logit

    assert pytest.approx((1.6448536, 1.2815516)) == (Z90, Z80)
    medians = [Interval(*ends).median for ends in ((4, 9), (-1, 2), (-3, -1), (0, 2))]
    assert [6, 0.5, -2, 1] == medians
    assert pytest.approx(expit(logit([0.2, 0.9]).mean())) == ShareInterval(0.2, 0.9).median
    assert pytest.approx(math.sqrt(0.4)) == ShareInterval(0.4, 1.0).median
    pert = Pert(1, 3, 10)
    points = [(point - 1) / 9 for point in (pert.low, pert.median, pert.high)]
    assert pytest.approx([0.05, 0.5, 0.95]) == betainc(1 + 4 * 2 / 9, 1 + 4 * 7 / 9, points)


def test_overruns_are_one_or_a_cut_pareto() -> None:
    """A share of the draws lies above 1, by the law of the cut; mean and points are those of the draws."""
    for share, least, most in ((0.2, 1.5, 4.0), (0.6, 1.2, 10.0)):
        draws = Overrun(share, least, most).draw(generator(0, "x"), 100_000)
        over = draws[draws > 1]
        assert pytest.approx(share, abs=0.005) == len(over) / len(draws)
        assert least <= over.min() < 1.01 * least < 0.99 * most < over.max() <= most
        for x in np.linspace(least, most, 6):
            beyond = (least / x - least / most) / (1 - least / most)
            assert pytest.approx(beyond, abs=0.015) == (over > x).mean()
    assert (Overrun(0.0, 1.5, 4.0).draw(generator(0, "x"), 100) == 1).all()
    for spread in OVERRUNS:
        draws = spread.draw(generator(0, "x"), 200_000)
        assert pytest.approx(draws.mean(), rel=0.005) == spread.mean, spread
        for point, p in ((spread.low, 0.05), (spread.median, 0.5), (spread.high, 0.95)):
            # The share at or below a point is p or more, and that below it p or less: true of steps and of slopes.
            assert (draws < point * 0.99).mean() - 0.005 <= p <= (draws <= point * 1.01).mean() + 0.005, spread


def test_past_factors_and_other_units() -> None:
    """Drawn at their weight; a floor counts as such; another unit scales every draw, but a ratio has none."""
    plain = OVERRUNS[0]
    past = Mixed(plain, (7.0, 8.0, 9.0), 0.4)
    alone, draws = (spread.draw(generator(0, "x"), 100_000) for spread in (plain, past))
    assert pytest.approx([0.4 / 3] * 3, abs=0.005) == [float((draws == factor).mean()) for factor in past.past]
    assert (draws[draws < 7] == alone[draws < 7]).all()
    for same in (Mixed(plain, (7.0,)), Mixed(plain, weight=0.4)):
        assert (same.draw(generator(0, "x"), 100_000) == alone).all()
    assert {7.0, 8.0} == set(Mixed(plain, (7.0, 8.0), 1.0).draw(generator(0, "x"), 100).tolist())
    mixed = Mixed(Interval(0.5, 2.0), (3.0,), 0.2, least=1.0)
    draws = mixed.draw(generator(0, "x"), 100_000)
    assert draws.min() == 1
    assert 0.3 < (draws == 1).mean() < 0.5
    for point, p in ((mixed.low, 0.05), (mixed.median, 0.5), (mixed.high, 0.95)):
        assert pytest.approx(float(np.quantile(draws, p)), rel=0.01) == point
    assert np.allclose(mixed.scaled(60).draw(generator(0, "x"), 100), 60 * mixed.draw(generator(0, "x"), 100))
    for spread in SPREADS[:-1]:
        draws, scaled = (s.draw(generator(0, "x"), 500) for s in (spread, spread.scaled(60)))
        assert np.allclose(60 * draws, scaled), spread
    for spread in RATIOS:
        assert spread == spread.scaled(1)
        with pytest.raises(ValueError, match="has no other unit"):
            spread.scaled(100)


def test_shares_pert_and_means_of_bands() -> None:
    """PERT has its mean and hard ends, a share stays between 0 and 1, Swanson's rule is near a skewed mean."""
    draws = Pert(1, 3, 10).draw(generator(0, "x"), 50_000)
    assert draws.mean() == pytest.approx((1 + 12 + 10) / 6, rel=0.01)
    assert 1 <= draws.min() <= draws.max() <= 10
    assert pytest.approx(0.3 * 1 + 0.4 * 2 + 0.3 * 5) == Band(1, 2, 3, 5).mean
    draws = Interval(5_000, 12_000).draw(generator(0, "x"), 50_000)
    assert band(draws).mean == pytest.approx(draws.mean(), rel=0.01)
    assert band(Const(7).draw(generator(0, "band"), 10)) == Band(7, 7, 7, 7)
    assert Band(1, 2, 3, 4).scaled(2) == Band(2, 4, 6, 8)
    for low, high in ((0.5, 0.9), (0.9, 0.99), (0.01, 0.3), (0.9, 1.0), (0.0, 0.3)):
        spread = ShareInterval(low, high)
        draws = spread.draw(generator(0, "share"), 40_000)
        assert 0 <= draws.min() <= draws.max() <= 1, spread
        points = [low, spread.median, high]
        assert pytest.approx(points, abs=0.01) == np.quantile(draws, (0.05, 0.5, 0.95)).tolist(), spread


@given(low=st.floats(1e-3, 1e6), ratio=st.floats(1, 1e3), seed=st.integers(0, 2**40))
def test_bands_rise(low: float, ratio: float, seed: int) -> None:
    """P10 <= P50 <= P80 <= P90 whatever the ends and the seed."""
    points = band(Interval(low, low * ratio).draw(generator(seed, "x"), 50))
    assert points.p10 <= points.p50 <= points.p80 <= points.p90


def test_worlds_of_a_seed() -> None:
    """Draws hang on seed and name alone; altered, fewer and fresh worlds scale the named inputs only."""
    alone, crowd = Worlds(1, 100), Worlds(1, 100)
    crowd.draw("another", Interval(1, 2))
    assert (alone.draw("rate", Interval(1, 2)) == crowd.draw("rate", Interval(1, 2))).all()
    assert (alone.draw("rate", Interval(1, 2)) != crowd.draw("another", Interval(1, 2))).any()
    assert (alone.drawn["rate"] != Worlds(2, 100).draw("rate", Interval(1, 2))).any()
    assert alone.draw("rate", Const(1)) is alone.draw("rate", Const(2))
    wide = Worlds(1, 100).draw("rate", Interval(3, 9))
    assert (np.argsort(alone.draw("rate", Interval(1, 2))) == np.argsort(wide)).all()
    first = generator(3, "x").random()
    assert generator(3 + 2**32, "x").random() == first
    assert generator(-1, "x").random() == generator(2**32 - 1, "x").random()
    assert 3 == len({first, generator(4, "x").random(), generator(3, "y").random()})
    worlds, law, part = Worlds(3, 500), Interval(1, 2), Beta(2, 5)
    altered = AlteredWorlds(worlds, {"scaled": 3.0, "share": 9.0})
    assert (worlds.seed, worlds.n) == (altered.seed, altered.n)
    assert (altered.draw("same", law) == worlds.draw("same", law)).all()
    assert (altered.draw("scaled", law) == 3 * worlds.draw("scaled", law)).all()
    assert (altered.draw("share", part) == np.minimum(9 * worlds.draw("share", part), 1)).all()
    assert altered.draw("scaled", Const(1)) is altered.draw("scaled", law)
    worlds = Worlds(3, 100)
    assert (3, 10) == (worlds.fewer(10).seed, worlds.fewer(10).n)
    assert 100 == worlds.fewer(1_000).n
    plain, double = worlds.fewer(10), AlteredWorlds(worlds, {"rate": 2.0}).fewer(10)
    assert (double.draw("rate", Interval(1, 2)) == 2 * plain.draw("rate", Interval(1, 2))).all()
    assert (double.draw("other", Interval(1, 2)) == plain.draw("other", Interval(1, 2))).all()
    worlds = Worlds(3, 50)
    altered = AlteredWorlds(worlds, {"rate": 2.0})
    for of in (worlds, altered):
        drawn = of.draw("rate", Interval(1, 2))
        anew = of.afresh()
        assert {} == anew.drawn
        assert (drawn == anew.draw("rate", Interval(1, 2))).all()
        assert (anew.seed, anew.n) == (3, 50)
    worlds = Worlds(0, 5)
    altered = AlteredWorlds(worlds, {"b": 2.0, "a": 0.5, "c": 3.0})
    assert () == worlds.scales_of(["a", "b"])
    assert (("a", 0.5), ("b", 2.0)) == altered.scales_of(["b", "a", "other"])
    assert altered.scales_of(["a"]) == altered.afresh().scales_of(["a"])
