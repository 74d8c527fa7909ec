"""What is learnt from other curves."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.forecast.lessons import Ahead, lessons, regression, weighted_quantiles

LEVELS = np.linspace(0.05, 0.95, 9)


def ahead(ratio, slope=-0.2, width=0.3, language=1.0):
    """Both models going on at one slope."""
    log_ratio = np.log(np.asarray(ratio, dtype=float))
    middle, wide = slope * log_ratio, width * log_ratio
    return Ahead(log_ratio, middle, middle, wide, wide, np.array(np.log(200.0)), np.array(0.0), np.array(language))


def forecasts(known):
    """All that is learnt, by name."""
    return {"nearest": known.nearest, "regression": regression(known).quantiles, "base": known.base}


@law(15)
@given(slope=st.floats(-0.6, 0.05), width=st.floats(0.02, 0.6), language=st.sampled_from([0.0, 1.0]))
def test_quantiles_keep_their_order(slope, width, language):
    """Whatever two models say, what is learnt of them is finite and its quantiles rise."""
    for forecast in forecasts(lessons()).values():
        found = forecast(ahead([2, 4, 16, 64], slope, width, language), LEVELS)
        assert found.shape == (9, 4)
        assert np.isfinite(found).all()
        assert (np.diff(found, axis=0) >= 0).all()


def test_more_doubt_makes_a_wider_forecast():
    """Pilots whose models are unsure missed by more, and the corrections say so."""
    for name in ("nearest", "regression"):
        sure, unsure = (forecasts(lessons())[name](ahead([8], width=width), LEVELS) for width in (0.05, 0.5))
        assert np.ptp(unsure) > 2 * np.ptp(sure)


def test_base_rates_fall_further_with_more_data():
    """What shares did at larger ratios is a larger cut."""
    found = lessons().base(ahead([2, 4, 16]), np.array([0.5]))[0]
    assert 0 > found[0] > found[1] > found[2]


def test_a_unit_left_out_teaches_nothing():
    """Lessons without a unit hold none of its rows, and keep every other."""
    every = lessons()
    rest = every.without({"pet", "lcdb"})
    assert set(every.unit) - set(rest.unit) == {"pet", "lcdb"}
    assert len(rest.truth) == sum(unit not in ("pet", "lcdb") for unit in every.unit)
    assert every.units == 7
    assert rest.units == 5


def test_every_curve_weighs_alike_within_its_unit():
    """A curve of a large unit weighs less than one of a small unit, and a unit more than any single curve of it."""
    every = lessons()
    total = {unit: every.weight[every.unit == unit].sum() for unit in set(every.unit)}
    assert total["lcdb"] > total["nmt"]
    assert total["lcdb"] < 8 * total["nmt"]


def test_weighted_quantiles_are_those_of_repeated_values():
    """A weight of zero removes a value; equal weights give plain quantiles."""
    values = np.array([1.0, 2.0, 3.0, 10.0])
    found = weighted_quantiles(values, np.array([[1.0, 1, 1, 0], [1, 1, 1, 1]]), np.array([0.5]))
    assert found[0].tolist() == [2.0, 2.5]
