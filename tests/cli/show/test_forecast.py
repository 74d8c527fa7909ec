"""A forecast is printed without what it does not have."""

from dataclasses import replace

from tests import samples
from tests.cli.show.printing import flat


def test_a_forecast_without_target_or_points() -> None:
    """Without a target, points or prices the table says so or is left away."""
    forecast = samples.forecast()
    band = tuple(replace(at, p_target=None, price=None) for at in forecast.band)
    text = flat("forecast", replace(forecast, target=None, band=band, model="the probe", next_pilot=""))
    assert "open, with the probe" in text
    assert "unpriced" in text
    assert "P(" not in text
    assert "Next pilot" not in text
    assert "examples accuracy" not in flat("forecast", replace(forecast, band=(), points=()))
