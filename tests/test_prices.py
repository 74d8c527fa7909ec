"""Prices follow their formulas, show their age, and name what they cannot price."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.projects import basis, written
from tunecase import catalog
from tunecase.gpu_prices import any_gpu_hour, gpu_hour, hour_words
from tunecase.labels import label_price
from tunecase.prices import Basis
from tunecase.spread import Worlds
from tunecase.team import person_hour


@pytest.mark.parametrize(("tier", "low", "high"), [("neocloud", 1.90, 5.99), ("hyperscaler", 6.88, 10.55)])
def test_an_h100_hour_runs_from_the_cheapest_to_the_dearest_provider(tier: str, low: float, high: float) -> None:
    """On the day of the prices nothing is stale, and the 90% interval is the table's range."""
    at = Basis(None, date(2026, 2, 1) if tier == "neocloud" else date(2026, 11, 24), Worlds(0, 40_000))
    hour = gpu_hour("H100", at, tier)
    assert hour is not None
    assert np.quantile(hour.draws, (0.05, 0.95)).tolist() == pytest.approx([low, high], rel=0.02)
    assert hour.stale == 0


def test_stale_prices_widen_the_interval_by_forty_percent() -> None:
    """In November the marketplace rows of April are old: 1.54 to 1.99 becomes .93 to 2.79."""
    at = Basis(None, date(2026, 11, 24), Worlds(0, 40_000))
    hour = gpu_hour("H100", at, "marketplace")
    assert hour is not None
    assert np.quantile(hour.draws, (0.05, 0.95)).tolist() == pytest.approx([1.5441 * 0.6, 1.99 * 1.4], rel=0.02)
    assert hour.stale == 2
    assert hour.dates == ("2026-04-12",)


def test_a_price_nobody_offers_in_the_tier_is_none() -> None:
    """No default is invented."""
    assert gpu_hour("A10G", basis(None), "marketplace") is None


def test_the_default_tier_is_noted() -> None:
    """It moves the price four to five times."""
    at = basis(None)
    hour = gpu_hour("h100_80gb", at)
    assert hour is not None
    assert hour.tier == at.used["compute.tier"].value == "neocloud"


def test_another_currency_multiplies_table_prices_by_its_rate(tmp_path: Path) -> None:
    """The same worlds in euro are those in dollars times the rate."""
    euro = "currency: EUR\nrates: [{currency: USD, value: 0.9, date: 2026-11-20}]"
    at, usd = basis(written(euro, tmp_path)), basis(None)
    assert at.currency == "EUR"
    for price in (label_price, person_hour):
        assert price(at).tolist() == pytest.approx((price(usd) * 0.9).tolist())


def test_every_default_with_a_unit_can_be_drawn() -> None:
    """Each is text that units.py reads in the unit its field wants."""
    at = basis(None, draws=10)
    words = {"compute.tier", "compute.gpus", "models", "team.role"}
    plain = {"training.sequence_tokens", "training.micro_batch", "training.rank", "rounds.most", "levers.tuning_runs"}
    for default in catalog.defaults():
        if default.field in plain:
            assert float(at.text(default.field)) >= 0
        elif default.field not in words:
            assert at.draw(default.field).min() > 0


def test_a_price_falls_back_to_the_nearest_tier_on_demand_only() -> None:
    """A card that the tier has no price for takes the nearest tier's; spot prices stay in their own."""
    at = basis(None, 200)
    assert gpu_hour("RTX4090", at) is None
    found = any_gpu_hour("RTX4090", at)
    assert found is not None
    assert "marketplace" == found.tier
    assert any_gpu_hour("RTX4090", at, spot=True) is None
    assert any_gpu_hour("RTX4080", at) is None
    both = any_gpu_hour("H100", at)
    assert both is not None
    assert "neocloud" == both.tier


def test_the_words_of_a_price_name_its_one_provider_and_its_age() -> None:
    """One provider is named, and an old price is said to be old."""
    at = basis(None, 200)
    for name in ("RTXA4000", "A40", "H100"):
        hour = any_gpu_hour(name, at)
        assert hour is not None
        words = hour_words(hour)
        assert words.startswith(hour.tier)
        assert hour.dates[0] in words
        assert (hour.providers[0] in words) == (len(hour.providers) == 1)
        assert ("older than 180 days" in words) == bool(hour.stale)
