"""Prices follow their formulas, show their age, and name what they cannot price."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projects import basis, written
from tunecase import catalog
from tunecase.prices.basis import Basis, old_rates
from tunecase.prices.gpu import any_gpu_hour, gpu_hour, hour_words, owned_hour, reach
from tunecase.prices.labels import label_price
from tunecase.prices.people import person_hour
from tunecase.quantities.spread import Worlds


@pytest.mark.parametrize(("tier", "low", "high"), [("neocloud", 1.90, 5.99), ("hyperscaler", 6.88, 10.55)])
def test_an_h100_hour_runs_from_the_cheapest_to_the_dearest_provider(tier: str, low: float, high: float) -> None:
    """On the day of the prices nothing is stale, and the 90% interval is the table's range."""
    at = Basis(None, date(2026, 2, 1) if tier == "neocloud" else date(2026, 11, 24), Worlds(0, 40_000))
    hour = gpu_hour("H100", at, tier)
    assert hour is not None
    assert np.quantile(hour.draws, (0.05, 0.95)).tolist() == pytest.approx([low, high], rel=0.02)
    assert hour.stale == 0


def test_stale_prices_widen_the_interval_by_forty_percent() -> None:
    """In November the marketplace rows of April are old: 1.54 to 1.99 becomes 1.10 to 2.79."""
    at = Basis(None, date(2026, 11, 24), Worlds(0, 40_000))
    hour = gpu_hour("H100", at, "marketplace")
    assert hour is not None
    assert np.quantile(hour.draws, (0.05, 0.95)).tolist() == pytest.approx([1.5441 / 1.4, 1.99 * 1.4], rel=0.02)
    assert hour.stale == 2
    assert hour.dates == ("2026-04-12",)


def test_the_middle_of_a_widened_price_is_the_price_as_listed() -> None:
    """Age adds doubt either way and makes nothing cheaper: a lone A100 of AWS that is old stays at what was listed."""
    (row,) = [p for p in catalog.lowest_prices() if (p.gpu, p.provider) == ("A100-80GB", "aws")]
    low, high, stale = reach([row], date(2027, 11, 24))
    assert 1 == stale
    assert (low * high) ** 0.5 == pytest.approx(row.usd_per_gpu_hour)
    assert high / row.usd_per_gpu_hour == pytest.approx(1.4)


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


def test_an_old_exchange_rate_is_told_with_its_date(tmp_path: Path) -> None:
    """The latest rate of each currency counts; older than 180 days it is named in the bill."""
    rates = "{currency: USD, value: 0.9, date: 2026-05-27}, {currency: USD, value: 1, date: 2020-01-01}"
    old = f"currency: EUR\nrates: [{rates}]"
    assert "USD of 2026-05-27" in old_rates(basis(written(old, tmp_path)))
    assert "2020" not in old_rates(basis(written(old, tmp_path)))
    assert "" == old_rates(basis(written(old.replace("2026-05-27", "2026-05-28"), tmp_path)))
    assert "" == old_rates(basis(None))


@pytest.mark.parametrize(
    ("region", "low", "high", "note"),
    [("eu-central-1", 1.0064, 1.0064, ""), ("US-EAST-1", 0.8048, 0.8048, ""), ("mars-1", 0.708, 0.8048, "mars-1")],
)
def test_a_region_takes_the_prices_read_in_it(region: str, low: float, high: float, note: str, tmp_path: Path) -> None:
    """Where there is none, the lowest of each provider, which is told."""
    at = basis(written(f"compute: {{tier: hyperscaler, region: {region}}}", tmp_path), 20_000)
    hour = gpu_hour("L4", at)
    assert hour is not None
    stale = 1.4 if hour.stale else 1.0
    ends = np.quantile(hour.draws, (0.05, 0.95)).tolist()
    assert pytest.approx([low / stale, high * stale], rel=0.02) == ends
    assert note in hour.note


def test_a_region_that_is_kept_under_another_s_name_keeps_its_provider(tmp_path: Path) -> None:
    """us-west-2 stands in the tables for another card of AWS; an H100 there is not priced by Azure's."""
    at = basis(written("compute: {tier: hyperscaler, region: us-west-2}", tmp_path), 500)
    hour = gpu_hour("H100", at)
    assert hour is not None
    assert ("aws",) == hour.providers
    assert 6.88 == pytest.approx(float(np.median(hour.draws)))
    assert "under its own name" in hour.note
    assert "the lowest of aws" in hour.note


def test_spot_prices_are_lower_and_told_apart(tmp_path: Path) -> None:
    """Terms are part of what is printed."""
    at = basis(None)
    plain, spot = gpu_hour("H100", at, "neocloud"), gpu_hour("H100", at, "neocloud", spot=True)
    assert plain is not None
    assert spot is not None
    assert np.median(spot.draws) < np.median(plain.draws)
    assert hour_words(spot).startswith("neocloud, spot, 2 providers")


@given(
    price=st.floats(1, 1e7), life=st.floats(1, 1e5), share=st.floats(0.01, 1), gpus=st.integers(1, 1000),
    energy=st.floats(0, 10),
)  # fmt: skip
def test_an_owned_hour_falls_with_life_use_and_cards(
    price: float, life: float, share: float, gpus: int, energy: float
) -> None:
    """And is never below its power; all of it is paid back over the hours of work."""
    one = np.ones(1)
    hour = owned_hour(price * one, life * one, share * one, gpus, energy)[0]
    assert hour >= energy
    assert pytest.approx(price, rel=1e-6, abs=1e-3) == (hour - energy) * life * share * gpus
    assert owned_hour(price * one, 2 * life * one, share * one, gpus, energy)[0] <= hour
    assert owned_hour(price * one, life * one, share * one / 2, gpus, energy)[0] >= hour
    assert owned_hour(price * one, life * one, share * one, gpus + 1, energy)[0] <= hour
