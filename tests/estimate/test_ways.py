"""The ways to train stand side by side in the same worlds, and the one chosen is the bill's own line."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.estimate.test_bill import TOKENS, machine
from tests.projects import basis, written
from tunecase.errors import InputError
from tunecase.estimate.bill import estimate
from tunecase.plan import drawn
from tunecase.plan.known import Known
from tunecase.prices.basis import Basis
from tunecase.prices.contracts import read_contracts
from tunecase.quantities.spread import Worlds
from tunecase.records import Estimate, Way

COLUMNS = "item,provider,usd,unit,terms,date,region\n"
MINI = "ft:gpt-4o-mini-2024-07-18"
OWNED = (
    "{price: 30k USD, gpu: H100, gpus: 8, life: 3 years, utilisation: 40%, power: 0.7, power_price: 0.15 USD per kWh}"
)


def bill(text: str, folder: Path, prices: str = "", draws: int = 2_000) -> Estimate:
    """The bill of a project that says this, on its own choice of cards."""
    own = None
    if prices:
        (folder / "prices.csv").write_text(f"{COLUMNS}{prices}", encoding="utf-8")
        own = read_contracts(folder / "prices.csv", {"USD": 1.0}, date(2026, 11, 24))
    at = basis(written(text, folder), draws)
    at.contracts = own.rows if own else ()
    return estimate(drawn(Known(at, 1_000, TOKENS)))


def chosen(record: Estimate) -> Way:
    """The way that is marked."""
    marked = [way for way in record.ways if way.chosen]
    assert 1 == len(marked)
    return marked[0]


@pytest.mark.parametrize(
    ("compute", "kind"),
    [
        ("gpus: [H100]", "rented"),
        ("gpus: [H100], terms: spot", "spot"),
        ("gpus: [H100], tier: hyperscaler", "rented"),
        (f"gpus: [H100], tier: owned, owned: {OWNED}", "owned"),
        (f"gpus: [H100], hosted: {MINI}", "hosted"),
    ],
)
def test_the_chosen_way_is_the_gpu_line(compute: str, kind: str, tmp_path: Path) -> None:
    """To the last digit, whatever is chosen."""
    record = bill(f"compute: {{{compute}}}", tmp_path)
    line = record.line("gpu")
    way = chosen(record)
    assert kind == way.kind
    assert [way.amount.p10, way.amount.p50, way.amount.p90] == pytest.approx(
        [line.amount.p10, line.amount.p50, line.amount.p90]
    )
    assert pytest.approx(1.0) == way.ratio


def test_looking_at_other_ways_does_not_move_the_bill(tmp_path: Path) -> None:
    """No draw and no default is added: total and drivers of a bill with and without an owned card are the same."""
    plain = bill("compute: {gpus: [H100]}", tmp_path)
    more = bill(f"compute: {{gpus: [H100], owned: {OWNED}}}", tmp_path)
    assert plain.total == more.total
    assert plain.drivers == more.drivers
    assert plain.defaults == more.defaults
    assert {"owned"} == {way.kind for way in more.ways} - {way.kind for way in plain.ways}


def test_every_tier_and_spot_that_has_a_price_is_there_cheapest_first(tmp_path: Path) -> None:
    """An H100 is rented in three tiers, on spot in three, reserved in two; and four providers train such a model."""
    ways = bill("compute: {gpus: [H100]}", tmp_path).ways
    kinds = [(way.kind, "reserved" in way.name) for way in ways]
    assert [3, 3, 2, 4] == [
        kinds.count(one) for one in (("rented", False), ("spot", False), ("rented", True), ("hosted", False))
    ]
    ratios = [way.ratio or 0 for way in ways]
    assert sorted(ratios) == ratios
    assert all(way.rests_on for way in ways)


def test_spot_pays_for_its_interruptions_in_hours(tmp_path: Path) -> None:
    """More hours of the same card than on demand."""
    ways = bill("compute: {gpus: [H100]}", tmp_path).ways
    hours = {way.kind: way.hours for way in ways}
    assert 1.0 < hours["spot"].p50 / hours["rented"].p50 < 1.2


def test_an_owned_hour_is_the_price_over_the_hours_of_work_and_the_power(tmp_path: Path) -> None:
    """30,000 / (3 x 8,766 h x 40% x 8) + .7 kW x .15."""
    record = bill(f"compute: {{gpus: [H100], tier: owned, owned: {OWNED}}}", tmp_path)
    assert pytest.approx(30_000 / (3 * 8766 * 0.4 * 8) + 0.105) == record.usd_per_gpu_hour.p50


def test_a_contract_price_comes_before_the_tables(tmp_path: Path) -> None:
    """2 USD an hour, on reserved terms 1.50; the tables' tiers stand beside it."""
    prices = "H100,acme,2,,on_demand,2026-10-01\nH100,acme,1.5,,reserved,2026-10-01\n"
    record = bill("compute: {gpus: [H100]}", tmp_path, prices)
    assert (2.0, 2.0) == (record.usd_per_gpu_hour.p10, record.usd_per_gpu_hour.p90)
    assert "contract" == chosen(record).kind
    assert 3 == sum(way.kind == "rented" and "reserved" not in way.name for way in record.ways)
    cheaper = next(way for way in record.ways if way.name.endswith("your contract, reserved"))
    assert pytest.approx(0.75) == cheaper.ratio
    (tmp_path / "prices.csv").write_text("x", encoding="utf-8")
    reserved = bill("compute: {gpus: [H100], terms: reserved}\nprices: prices.csv", tmp_path, prices)
    assert pytest.approx(1.5) == reserved.usd_per_gpu_hour.p50


def test_a_reserved_price_is_that_of_the_region(tmp_path: Path) -> None:
    """1 USD in eu; where only another region has one, that is told."""
    prices = "H100,acme,1,,reserved,2026-10-01,eu\nH100,acme,5,,reserved,2026-10-01,us\n"
    (tmp_path / "prices.csv").write_text("x", encoding="utf-8")
    for region, low, high, note in (
        ("eu", 1.0, 1.0, ""),
        ("us", 5.0, 5.0, ""),
        ("ap", 1.0, 1.0, "no contract price in ap"),
    ):
        text = f"compute: {{gpus: [H100], terms: reserved, region: {region}}}\nprices: prices.csv"
        record = bill(text, tmp_path, prices)
        assert (low, high) == (record.usd_per_gpu_hour.p10, record.usd_per_gpu_hour.p90)
        assert any(note in words for words in record.assumptions if "contract" in words) or not note
        assert "contract" == chosen(record).kind


def test_a_hosted_model_takes_the_place_of_the_cards(tmp_path: Path) -> None:
    """No GPU, no GPU hours; millions of tokens at its rate, and runs are priced by it."""
    record = bill(f"compute: {{hosted: {MINI}}}", tmp_path)
    line = record.line("gpu")
    assert ("", 0, None, None) == (record.gpu, record.gpu_count, record.gpu_hours, record.usd_per_gpu_hour)
    assert "Mtok" == line.unit
    assert pytest.approx(3.0, rel=0.5) == line.amount.p50 / line.quantity.p50
    assert pytest.approx(70_000 * 3 / 1e6 * 3.0, rel=0.3) == record.run_price.p50
    assert any(f"training {MINI}" in words for words in record.assumptions)


@pytest.mark.slow
def test_a_hosted_bill_rests_on_nothing_of_the_cards(tmp_path: Path) -> None:
    """No draw and no default: a price of an H100 hour cannot change it."""
    at = basis(written(f"budget: 1k USD\ncompute: {{hosted: {MINI}}}", tmp_path), 120)
    assert at.project is not None
    record = estimate(drawn(Known(at, 1_000, TOKENS)), what_if=0.8)
    cards = ("price of a ", "time against")
    assert not [name for name in at.worlds.drawn if name.startswith(cards)]
    assert not [flip for one in record.what_if for flip in one.ways if flip.name.startswith(cards)]
    assert not {"compute.gpus", "compute.tier"} & {used.field for used in record.defaults}
    assert {"rented", "spot"} & {way.kind for way in record.ways}


def test_a_hosted_model_that_has_ended_is_refused(tmp_path: Path) -> None:
    """With the day it ended."""
    with pytest.raises(InputError, match="2026-08-14"):
        bill("compute: {hosted: databricks}", tmp_path)


def test_without_the_length_of_a_row_there_are_no_ways(tmp_path: Path) -> None:
    """Nothing is guessed."""
    at = basis(written("", tmp_path), 500)
    assert at.project is not None
    assert () == estimate(drawn(Known(at, 100))).ways


def test_a_region_without_a_price_is_told(tmp_path: Path) -> None:
    """The tier's prices are taken; where there is one, it is that."""
    other = bill("compute: {gpus: [H100], region: mars-1}", tmp_path)
    assert any("no price of a H100 hour in mars-1" in words for words in other.assumptions)
    there = bill("compute: {gpus: [L4], tier: hyperscaler, region: eu-central-1}", tmp_path)
    assert pytest.approx(1.006, rel=0.1) == there.usd_per_gpu_hour.p50
    assert not any("no price of a L4" in words for words in there.assumptions)


def test_ways_share_their_worlds(tmp_path: Path) -> None:
    """Twice the machine's hours are twice every way on cards, path by path."""
    at = Basis(written("compute: {gpus: [H100]}", tmp_path), date(2026, 11, 24), Worlds(3, 2_000))
    assert at.project is not None
    one = estimate(drawn(Known(at, 500, TOKENS, machines=[machine(at)])))
    again = Basis(at.project, at.today, Worlds(3, 2_000))
    slow = replace(machine(again), hours_per_mtok=2 * machine(again).hours_per_mtok)
    two = estimate(drawn(Known(again, 500, TOKENS, machines=[slow])))
    cards = [[way for way in record.ways if way.kind != "hosted"] for record in (one, two)]
    for single, double in zip(*cards, strict=True):
        assert single.name == double.name
        assert np.isclose(2 * single.amount.p50, double.amount.p50)


def test_an_owned_card_of_another_kind_stands_beside_the_rented_one(tmp_path: Path) -> None:
    """With the hours that it would take itself."""
    record = bill(f"compute: {{gpus: [L40S], owned: {OWNED}}}", tmp_path)
    own = next(way for way in record.ways if way.kind == "owned")
    assert "1 x H100, owned" == own.name
    assert own.hours.p50 < record.gpu_hours.p50


def test_an_old_contract_price_is_told_and_not_widened(tmp_path: Path) -> None:
    """It holds until it is changed."""
    record = bill("compute: {gpus: [H100]}", tmp_path, "H100,acme,2,,on_demand,2025-01-01\n")
    assert record.usd_per_gpu_hour.p10 == record.usd_per_gpu_hour.p90
    assert any("is of 2025-01-01, older than 180 days" in words for words in record.assumptions)


def test_cards_that_are_not_enough_are_no_way(tmp_path: Path) -> None:
    """Four are needed and one is owned."""
    compute = "{{gpus: [A100-80GB], owned: {{price: 20k USD, gpus: {}}}}}"
    text = f"models: [meta-llama/Llama-2-13b-hf]\nmethod: full\ncompute: {compute}"
    assert "owned" not in {way.kind for way in bill(text.format(1), tmp_path, draws=500).ways}
    assert "4 x A100-80GB, owned" in {way.name for way in bill(text.format(4), tmp_path, draws=500).ways}
