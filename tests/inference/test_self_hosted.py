"""Replicas that are rented or owned: on which card, at whose price, and why not on the others."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.inference.making import OFFICE, WORLDS, ground, traffic
from tests.projects import written
from tunecase import catalog
from tunecase.inference.ground import Ground, WayDraws
from tunecase.inference.self_hosted import by_night, endpoint, on_demand, own_cards, plain_cores, reserved, spot
from tunecase.inference.traffic import Week
from tunecase.project import Project
from tunecase.records import Run

QUIET = traffic(1e5)
SERVED_BY_CORES = Run("k", "probe", "", 100, 0, 0.8, 80, 100, 3.0, answers_per_s=40.0)


def only(ways: list[WayDraws]) -> WayDraws:
    """The one way there is."""
    (way,) = ways
    return way


def mean(way: WayDraws) -> float:
    """The expected bill of a month."""
    return float(way.per_month.mean())


def owner(folder: Path, cards: int, life: str = "4 years") -> Project:
    """A project that owns cards."""
    owned = f"{{price: 70000 USD, gpu: H100, gpus: {cards}, life: {life}}}"
    return written(f"compute: {{tier: owned, gpus: [H100], owned: {owned}}}", folder)


def test_the_cheapest_card_is_kept_and_the_others_are_named() -> None:
    """An idle L4 is cheaper than an idle H100, which is dearer by the hour but not by the answer."""
    way = only(on_demand(ground(QUIET)))
    assert "1 x L4 on demand" == way.record.name
    assert ("on demand", "qwen3-8b".casefold()) == (way.record.kind, way.record.model.casefold().rpartition("/")[2])
    assert any("dearer a month: 1 x H100" in note for note in way.record.notes)
    assert "dated" in way.record.basis


def test_a_card_that_is_dearer_in_every_respect_is_named() -> None:
    """Beside an H100 of the same price a slower card is never taken."""
    way = only(on_demand(ground(QUIET, cards=("H100", "H100-PCIE"))))
    assert any("by the hour and by the answer" in note or "dearer a month" in note for note in way.record.notes)


def test_what_cannot_serve_and_what_has_no_price_is_named() -> None:
    """A T4 does not hold 70B; an RTX 4090 is not rented reserved."""
    big = only(on_demand(ground(QUIET, cards=("T4", "H100"), model="llama-3.1-70b")))
    assert any("cannot serve: T4" in note for note in big.record.notes)
    way = only(reserved(ground(QUIET, cards=("RTX4090",))))
    assert way.per_month is None
    assert way.record.rank is None
    assert "a price of 1 x RTX4090 reserved in the tier neocloud" == way.record.missing


def test_no_card_at_all_is_said() -> None:
    """The reason of the first card."""
    way = only(on_demand(ground(QUIET, cards=("T4",), model="llama-3.1-405b")))
    assert way.record.missing.startswith("a card that serves the model (T4: ")


def test_reserved_cards_are_paid_all_hours_and_bind() -> None:
    """For the busiest hour, with the commitment said."""
    office = traffic(6e8, week=Week(OFFICE))
    rented, bound = only(on_demand(ground(office, cards=("H100",)))), only(reserved(ground(office, cards=("H100",))))
    assert bound.record.busy.p50 < rented.record.busy.p50
    assert any("binds the buyer" in note for note in bound.record.notes)


def test_spot_takes_a_spare_more() -> None:
    """One that may be taken away, and one in its place."""
    there, taken = only(on_demand(ground(QUIET, cards=("H100",)))), only(spot(ground(QUIET, cards=("H100",))))
    assert there.record.replicas.p50 + 1 == taken.record.replicas.p50


def test_a_night_is_only_for_answers_that_may_wait() -> None:
    """On demand and on spot, without a spare and without an objective."""
    assert [] == by_night(ground(QUIET))
    patient = traffic(1e5, may_wait=True, per_token_s=0.05)
    ways = by_night(ground(patient, cards=("H100",)))
    assert ["1 x H100 on demand by night", "1 x H100 on spot by night"] == [way.record.name for way in ways]
    assert {"not asked"} == {way.record.objective for way in ways}
    assert mean(ways[0]) < mean(only(on_demand(ground(patient, cards=("H100",)))))


def test_owned_cards_cost_their_part_of_life_used_or_not(tmp_path: Path) -> None:
    """Two of eight cards for 70,000 over four years: 70,000 / 8 / 48 a card and month."""
    way = only(own_cards(ground(QUIET, owner(tmp_path, 8), cards=("H100",))))
    assert "owned" == way.record.kind
    assert 2 * 70_000 / 8 / 48 == pytest.approx(mean(way), rel=1e-3)


def test_too_few_owned_cards_have_no_price(tmp_path: Path) -> None:
    """One card cannot be two replicas; nobody owns any without a project."""
    way = only(own_cards(ground(QUIET, owner(tmp_path, 1), cards=("H100",))))
    assert way.per_month is None
    assert "2 owned cards: the busiest hour needs them, 1 are owned" == way.record.missing
    assert [] == own_cards(ground(QUIET))


def test_an_owner_rents_in_the_usual_tier(tmp_path: Path) -> None:
    """The price on demand beside that of the owned cards."""
    way = only(on_demand(ground(QUIET, owner(tmp_path, 8), cards=("H100",))))
    assert way.record.basis.startswith("neocloud")


def test_an_endpoint_is_the_cheapest_vendors() -> None:
    """Of all vendors with the card, whose rules and source are told."""
    way = only(endpoint(ground(QUIET, cards=("H100",))))
    usd = min(row.usd_per_gpu_hour for row in catalog.endpoints() if row.gpu == "H100")
    assert 2 * 730.5 * usd == pytest.approx(mean(way), rel=0.05)
    assert "an endpoint of koyeb" in way.record.name
    assert any("idle" in note for note in way.record.notes)


def test_an_endpoint_scales_to_zero_where_project_and_vendor_do(tmp_path: Path) -> None:
    """A hundred answers a month then cost less than a card all the time."""
    rare = traffic(100)
    kept = only(endpoint(ground(rare, cards=("H100",))))
    freed = only(endpoint(ground(rare, written("serving: {scale_to_zero: true}", tmp_path), cards=("H100",))))
    assert mean(freed) < 0.2 * mean(kept)


def test_a_card_without_an_endpoint_is_named() -> None:
    """No vendor in the tables has an H100 NVL."""
    way = only(endpoint(ground(QUIET, cards=("H100-NVL",))))
    assert "the price of a vendor's endpoint with H100-NVL" == way.record.missing


def test_an_old_price_of_an_endpoint_is_drawn_with_its_drift() -> None:
    """Two years later it is wide, and said to be old."""
    grown = ground(traffic(np.full(WORLDS, 1e5)), cards=("H100",))
    later = replace(grown, basis=replace(grown.basis, today=date(2028, 11, 24)))
    way = only(endpoint(later))
    assert way.per_month.std() > 0
    assert any("older than 180 days" in note for note in way.record.notes)


def test_adapters_share_a_base_beside_the_merged_model() -> None:
    """Twenty quiet adapters are cheaper together, each on the same number of cards as one merged model."""
    merged, shared = on_demand(ground(QUIET, cards=("H100",), adapters=20))
    assert "1 x H100 on demand, base shared by 20 adapters" == shared.record.name
    assert mean(shared) < 0.2 * mean(merged)
    assert any("share the bill evenly" in note for note in shared.record.notes)


def test_merged_is_never_dearer_than_one_adapter_beside_its_base() -> None:
    """At the same load, on each card, by day and by night."""
    cases = [1e4, 1e6, 1e8]
    for volume in cases:
        held: Ground = ground(traffic(volume, may_wait=True), adapters=1)
        for give in (on_demand, reserved, spot, endpoint, by_night):
            ways = give(held)
            for merged, beside in zip(ways[::2], ways[1::2], strict=True):
                assert "adapter beside its base" in beside.record.name
                assert mean(merged) <= mean(beside) * (1 + 1e-9)


def test_an_objective_beyond_a_card_is_not_met() -> None:
    """The price is shown, and that it is too slow; cards that are fast enough come first."""
    slow = traffic(1e5, per_token_s=0.02)
    hopeless = only(on_demand(ground(replace(slow, per_token_s=1e-5), cards=("L4",))))
    assert ("not met", True) == (hopeless.record.objective, hopeless.record.per_month is not None)
    mixed = only(on_demand(ground(slow, cards=("L4", "H100"))))
    assert "met" == mixed.record.objective


def test_cores_are_as_fast_as_the_pilot_measured() -> None:
    """40 answers a second on one core: 1e8 a month is one second's work each 2.6 ms, one core and a spare."""
    way = only(plain_cores(ground(QUIET, runs=(SERVED_BY_CORES,))))
    prices = [row.usd_per_core_hour for row in catalog.core_hours()]
    assert 2 * 730.5 * min(prices) * 0.7 < mean(way) < 2 * 730.5 * max(prices) * 1.3
    assert not way.record.tuned
    assert way.record.per_mtok_in is None
    assert any("40 answers a second on one core" in note for note in way.record.notes)


def test_cores_that_were_not_timed_are_no_way() -> None:
    """Nothing is guessed."""
    cases = [
        replace(SERVED_BY_CORES, answers_per_s=None), replace(SERVED_BY_CORES, gpus=1),
        replace(SERVED_BY_CORES, failed="it broke"), replace(SERVED_BY_CORES, trainer="hosted"),
        replace(SERVED_BY_CORES, purpose="baseline"),
    ]  # fmt: skip
    assert [] == [run for run in cases if [] != plain_cores(ground(QUIET, runs=(run,)))]


def test_the_tuned_model_itself_may_run_on_cores() -> None:
    """Where the pilot tuned it here."""
    run = replace(SERVED_BY_CORES, model=ground(QUIET).model.name)
    assert only(plain_cores(ground(QUIET, runs=(run,)))).record.tuned
