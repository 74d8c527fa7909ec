"""Prices follow their formulas, show their age, and name what they cannot price."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.projects import basis, written
from tunecase import catalog
from tunecase.gpu_prices import any_gpu_hour, gpu_hour, hour_words, owned_hour
from tunecase.prices import Basis, label_price, low_pay, old_rates, person_hour, review_price, supply, team_share
from tunecase.spread import Worlds, band


def with_sources(folder: Path, *sources: str, head: str = "") -> Basis:
    """A basis whose project has these sources of data."""
    lines = "".join(f"    - {source}\n" for source in sources)
    return basis(written(f"{head}\ndata:\n  train: data/train.jsonl\n  sources:\n{lines}", folder))


SURE = "kind: label, effort: 2.1 min per label, rate: 25 USD per hour, rework: 0%, fee: 0%, usable: 100%"


def test_a_label_of_two_minutes_at_25_dollars_costs_the_golden_price(tmp_path: Path) -> None:
    """2.1 min x 25 USD/h = .875 USD; the study behind it implies .874."""
    price = label_price(with_sources(tmp_path, f"{{{SURE}}}"))
    assert price.tolist() == pytest.approx([0.875] * len(price))


def test_votes_rework_fee_and_waste_multiply_the_price(tmp_path: Path) -> None:
    """.875 x 3 votes x 1.1 x 1.2 / .8."""
    source = SURE.replace("rework: 0%, fee: 0%, usable: 100%", "rework: 10%, fee: 20%, usable: 80%")
    price = label_price(with_sources(tmp_path, f"{{{source}, labels_per_example: 3}}"))
    assert price[0] == pytest.approx(0.875 * 3 * 1.1 * 1.2 / 0.8)


def test_without_a_source_the_defaults_are_used_and_noted() -> None:
    """Five defaults, each with its source."""
    at = basis(None)
    price = label_price(at)
    fields = {"source.effort", "source.rate", "source.rework", "source.fee", "source.usable"}
    assert fields == set(at.used)
    assert all(used.source for used in at.used.values())
    assert 0.3 < band(price).p10 < band(price).p90 < 3


def test_two_label_sources_are_priced_apart(tmp_path: Path) -> None:
    """The second keeps its own minutes and rate."""
    dear = SURE.replace("25 USD", "50 USD")
    stock = supply(with_sources(tmp_path, f"{{{SURE}, pool: 100}}", f"{{{dear}}}"))
    assert stock.cost(100)[0] == pytest.approx(87.5)
    assert stock.cost(200)[0] == pytest.approx(87.5 + 175)


def test_two_people_of_one_role_are_paid_apart(tmp_path: Path) -> None:
    """The hour is the mean weighted by their shares."""
    team = "team: [{role: dev, rate: 100 USD per hour, share: 50%}, {role: dev, rate: 50 USD per hour, share: 100%}]"
    at = basis(written(team, tmp_path))
    assert person_hour(at)[0] == pytest.approx((50 + 50) / 1.5)
    assert team_share(at)[0] == pytest.approx(1.5)


def test_without_a_team_one_engineer_works_half_time() -> None:
    """Rate, role and share are noted as defaults."""
    at = basis(None)
    assert 75 < np.median(person_hour(at)) < 150
    assert team_share(at)[0] == 0.5
    assert {"team.role", "team.rate", "team.share"} <= set(at.used)


def test_sources_are_used_up_in_order_and_set_up_is_paid_when_touched(tmp_path: Path) -> None:
    """100 at hand for nothing, then 200 bought at 2 with a set-up of 50, and no more than that can be had."""
    buy = "{kind: buy, pool: 200, price: 2 USD per example, set_up: 50 USD}"
    stock = supply(with_sources(tmp_path, "{kind: have, pool: 100}", buy))
    assert stock.limit == 300
    assert [float(stock.cost(n)[0]) for n in (0, 100, 101, 300)] == [0, 0, 52, 450]
    assert np.isinf(stock.cost(301)).all()
    assert stock.price is not None
    assert stock.price[0] == 2


def test_a_source_without_price_is_named_not_counted_as_free(tmp_path: Path) -> None:
    """Synthetic and scraped examples have no default price."""
    stock = supply(with_sources(tmp_path, "{kind: synthetic}", "{kind: scrape, pool: 10}"))
    assert stock.price is None
    assert stock.limit is None
    assert len(stock.unpriced) == 2
    assert "scrape (source 2)" in stock.unpriced[1]


def test_a_source_without_a_pool_has_no_limit(tmp_path: Path) -> None:
    """The limit is unknown, not zero."""
    stock = supply(with_sources(tmp_path, "{kind: buy, price: 1 USD per example}"))
    assert stock.limit is None
    assert stock.cost(1e6)[0] == 1e6


def test_reviewing_rows_costs_minutes_at_the_labelling_rate(tmp_path: Path) -> None:
    """In proportion to the rows."""
    at = with_sources(tmp_path, f"{{{SURE}}}")
    price = review_price(100, at)
    assert np.allclose(price, 10 * review_price(10, at))
    assert 100 * 0.5 / 60 * 25 * 0.5 < np.median(price) < 100 * 2 / 60 * 25


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


def test_pay_below_the_fair_minimum_brings_a_note(tmp_path: Path) -> None:
    """8 USD per hour is fair enough; 5 to 12 is not, and dollars are meant whatever the currency."""
    fair = "{kind: label, rate: 8 to 12 USD per hour}"
    assert low_pay(with_sources(tmp_path, fair)) == ""
    assert "below the 8 USD" in low_pay(with_sources(tmp_path, "{kind: label, rate: 5 to 12 USD per hour}"))
    euro = "currency: EUR\nrates: [{currency: USD, value: 0.5, date: 2026-11-20}]"
    assert low_pay(with_sources(tmp_path, "{kind: label, rate: 5 EUR per hour}", head=euro)) == ""
    assert low_pay(basis(None)) == ""


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
    stale = 0.4 * (hour.stale > 0)
    ends = np.quantile(hour.draws, (0.05, 0.95)).tolist()
    assert pytest.approx([low * (1 - stale), high * (1 + stale)], rel=0.02) == ends
    assert note in hour.note


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
