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
from tunecase.prices.gpu import any_gpu_hour, current, gpu_hour, hour_words, owned, owned_hour, reach
from tunecase.prices.labels import label_price
from tunecase.prices.people import person_hour
from tunecase.quantities.spread import Worlds


@pytest.mark.parametrize(("tier", "low", "high"), [("neocloud", 1.99, 6.16), ("hyperscaler", 6.88, 12.29)])
def test_an_h100_hour_runs_from_the_cheapest_to_the_dearest_provider(tier: str, low: float, high: float) -> None:
    """On the day of the prices nothing is stale, and the 90% interval is the table's range."""
    at = Basis(None, date(2026, 11, 24), Worlds(0, 40_000))
    hour = gpu_hour("H100", at, tier)
    assert np.quantile(hour.draws, (0.05, 0.95)).tolist() == pytest.approx([low, high], rel=0.02)
    assert hour.stale == 0


def test_an_old_price_counts_only_where_nothing_newer_exists() -> None:
    """A provider's price of 2025 stands beside newer ones of others, and is not part of the tier's range."""
    today = date(2026, 11, 27)
    for gpu, tier, terms in {(p.gpu, p.tier, p.terms) for p in catalog.gpu_prices()}:
        every = [p for p in catalog.gpu_prices() if (p.gpu, p.tier, p.terms) == (gpu, tier, terms)]
        taken, _ = current(gpu, tier, terms, "", today)
        if any(not p.is_stale(today) for p in every):
            assert not [p for p in taken if p.is_stale(today)]
        assert len({p.provider for p in taken}) == len(taken) > 0


def test_a_price_that_must_be_used_though_old_drifts_as_old_prices_did() -> None:
    """An A10G in a neocloud: .85 to 1.37 times what was listed in 2025, and the default is named."""
    at = Basis(None, date(2026, 11, 24), Worlds(0, 40_000))
    rows, _ = current("A10G", "neocloud", "on_demand", "", at.today)
    hour = gpu_hour("A10G", at, "neocloud")
    listed = [row.usd_per_gpu_hour for row in rows]
    ends = [0.85 * min(listed), 1.37 * max(listed)]
    assert np.quantile(hour.draws, (0.05, 0.95)).tolist() == pytest.approx(ends, rel=0.02)
    assert hour.stale == len(rows)
    assert "prices.drift" in at.used


def test_prices_of_the_day_take_no_drift_and_name_no_default() -> None:
    """Nothing is assumed of a price that is new."""
    at = Basis(None, date(2026, 11, 24), Worlds(0, 200))
    assert gpu_hour("H100", at, "neocloud") is not None
    assert "prices.drift" not in at.used


def test_prices_mostly_rise_so_the_middle_of_an_old_one_lies_above_it() -> None:
    """A lone A100 of AWS that is old is drawn dearer, as those that could be compared became."""
    (row,) = [p for p in catalog.lowest_prices() if (p.gpu, p.provider) == ("A100-80GB", "aws")]
    low, high, stale = reach([row], Basis(None, date(2027, 11, 24), Worlds(0, 10)))
    assert 1 == stale
    assert low < row.usd_per_gpu_hour < (low * high) ** 0.5


def test_a_reserved_price_tells_what_it_binds_to(tmp_path: Path) -> None:
    """Without a price of one's own, by the providers that have one."""
    at = basis(written("compute: {terms: reserved}", tmp_path))
    hour = gpu_hour("H100", at, terms=at.terms)
    assert ("neocloud, reserved", ("hyperstack",)) == (hour.kind, hour.providers)
    assert "hyperstack: a reservation whose length the source does not state" in hour.note
    assert "whether the cards are used or not" in hour.note
    plain = gpu_hour("H100", at)
    assert np.median(hour.draws) < np.median(plain.draws)
    assert gpu_hour("T4", at, terms=at.terms) is None


def test_a_price_nobody_offers_in_the_tier_is_none() -> None:
    """No default is invented."""
    assert gpu_hour("A10G", basis(None), "marketplace") is None


def test_the_default_tier_is_noted() -> None:
    """It moves the price four to five times."""
    at = basis(None)
    hour = gpu_hour("h100_80gb", at)
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
    words = {"compute.tier", "compute.gpus", "models", "team.role", "serving.traffic.hours"}
    words |= {"alternatives.prompt_hosted.model"}
    plain = {"training.sequence_tokens", "training.micro_batch", "training.rank", "rounds.most", "levers.tuning_runs"}
    plain |= {"serving.spare"}
    none = {"serving.traffic.growth", "serving.traffic.cached"}
    for default in catalog.defaults():
        if default.field in plain:
            assert float(at.text(default.field)) >= 0
        elif default.field not in words:
            assert at.draw(default.field).min() > 0 or default.field in none


def test_a_price_falls_back_to_the_nearest_tier_on_demand_only() -> None:
    """A card that the tier has no price for takes the nearest tier's; spot prices stay in their own."""
    at = basis(None, 200)
    assert gpu_hour("RTX3090TI", at) is None
    found = any_gpu_hour("RTX3090TI", at)
    assert "marketplace" == found.tier
    assert any_gpu_hour("RTX3090TI", at, terms="spot") is None
    assert any_gpu_hour("RTX4080", at) is None
    both = any_gpu_hour("H100", at)
    assert "neocloud" == both.tier


def test_the_words_of_a_price_name_its_one_provider_and_its_age() -> None:
    """One provider is named, and an old price is said to be old."""
    at = basis(None, 200)
    for name in ("RTXA4000", "A40", "H100"):
        hour = any_gpu_hour(name, at)
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
    least, most = (0.85, 1.37) if hour.stale else (1.0, 1.0)
    ends = np.quantile(hour.draws, (0.05, 0.95)).tolist()
    assert pytest.approx([low * least, high * most], rel=0.02) == ends
    assert note in hour.note


def test_a_region_that_is_kept_under_another_s_name_keeps_its_provider(tmp_path: Path) -> None:
    """us-west-2 stands in the tables for another card of AWS; an H100 there is not priced by Azure's."""
    at = basis(written("compute: {tier: hyperscaler, region: us-west-2}", tmp_path), 500)
    hour = gpu_hour("H100", at)
    assert ("aws",) == hour.providers
    assert 6.88 == pytest.approx(float(np.median(hour.draws)))
    assert "under its own name" in hour.note
    assert "the lowest of aws" in hour.note


def test_spot_prices_are_lower_and_told_apart(tmp_path: Path) -> None:
    """Terms are part of what is printed."""
    at = basis(None)
    plain, spot = gpu_hour("H100", at, "neocloud"), gpu_hour("H100", at, "neocloud", terms="spot")
    assert np.median(spot.draws) < np.median(plain.draws)
    assert hour_words(spot).startswith("neocloud, spot, ")


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


def test_an_owned_hour_of_all_hours_leaves_use_out(tmp_path: Path) -> None:
    """40,000 for four cards over four years: 40,000 / 4 / (48 x 730.5) an hour, whatever their use."""
    text = "compute: {gpus: [H100], owned: {price: 40000 USD, gpus: 4, life: 48 months, utilisation: 25%}}"
    on = basis(written(text, tmp_path), draws=100)
    always, at_work = owned("H100", on, all_hours=True), owned("H100", on)
    assert 40_000 / 4 / (48 * 730.5) == pytest.approx(always.draws.mean(), rel=1e-3)
    assert 4 * always.draws == pytest.approx(at_work.draws)
