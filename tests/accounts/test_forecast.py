"""A forecast's account: the chance in a sentence, the curve, and whose curve it is."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests import samples
from tunecase.accounts import Material
from tunecase.accounts.forecast import curve, forecast
from tunecase.accounts.stand_in import assumed_band
from tunecase.blocks import Curve
from tunecase.quantities import Interval, Interval80, generator

RECORD = samples.forecast()
STAND_IN = replace(RECORD, stand_in=True, stand_in_factor="stand_in.encoder_factor", model="an-org/a-small-model")


def test_the_assumed_band_is_that_of_errors_drawn_with_the_factor() -> None:
    """Low, middle and high lie where draws of error and factor, multiplied as the plan does, have theirs."""
    factor = Interval(0.15, 2.6).draw(generator(1, "factor"), 200_000)
    rng = np.random.default_rng(2)
    for at, (n, *ends) in zip(STAND_IN.band, assumed_band(STAND_IN), strict=True):
        assert n == at.n
        up, down = (math.log((1 - one) / (1 - at.score.mid)) for one in (at.score.low, at.score.high))
        z = rng.standard_normal(200_000) / 1.2816
        error = (1 - at.score.mid) * np.exp(np.where(z > 0, z * up, -z * down))
        drawn = np.quantile(1 - np.minimum(error * factor, 1.0), (0.1, 0.5, 0.9))
        assert ends == pytest.approx(drawn, abs=0.02)


def test_an_error_that_is_lower_the_better_keeps_its_direction() -> None:
    """Of a loss, low is what makes fewer errors; a perfect stand-in is left as it is."""
    lower = tuple(replace(at, score=Interval80(0.2, 0.3, 0.4)) for at in STAND_IN.band)
    (_, low, middle, high), *_ = assumed_band(replace(STAND_IN, direction="lower", band=lower))
    assert 0 < low < middle < 0.2 < 0.4 < high <= 1.0
    perfect = tuple(replace(at, score=Interval80(0.9, 1.0, 1.0)) for at in STAND_IN.band)
    assert (0.9, 1.0, 1.0) == assumed_band(replace(STAND_IN, band=perfect))[0][1:]


def test_the_curve_holds_what_the_picture_needs() -> None:
    """Points in order, the spread of runs, the pilot's runs only where it is the pilot's, the assumed band's name."""
    material = Material(pilot=samples.pilot())
    drawn = curve(replace(STAND_IN, points=RECORD.points[::-1]), material)
    assert [n for n, _ in drawn.points] == sorted(n for n, _ in drawn.points)
    assert (15, "the model to be tuned") == (len(drawn.runs), drawn.assumed_name)
    assert () == curve(replace(RECORD, source="points.csv"), material).runs
    assert "" == curve(RECORD, material).assumed_name
    assert curve(replace(RECORD, verdict="reached"), material).needed is None
    shown = forecast(RECORD, material).short
    assert [1] == [sum(isinstance(block, Curve) for block in shown)]
    assert not any(isinstance(block, Curve) for block in forecast(replace(RECORD, band=()), material).short)


def test_the_spread_of_a_share_ends_at_one() -> None:
    """No axis goes beyond what a metric can be; a loss has no such end."""
    first, *others = RECORD.points
    near = replace(RECORD, points=(replace(first, score=0.98, sd=0.06), *others))
    assert max(high for _, _, high in curve(near, Material()).spread) == 1
    assert max(high for _, _, high in curve(replace(near, metric="loss"), Material()).spread) > 1
