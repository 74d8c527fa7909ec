"""All ways side by side: every one of them, ranked by expected cost, and those without a price last."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.inference.making import OFFICE, WORLDS, ground, traffic
from tests.projects import TODAY, basis, written
from tunecase.inference.bills import scaled
from tunecase.inference.ground import Ground, ground_of
from tunecase.inference.model import served
from tunecase.inference.traffic import Week
from tunecase.inference.ways import WAYS, priced_ways
from tunecase.prices import Basis, api
from tunecase.quantities import Worlds
from tunecase.records import Run

MODEL = "openai/gpt-4.1-mini"
installed = pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")


def at(volume: float) -> Ground:
    """A ground on which every way that needs no owned card has a price."""
    arrives = traffic(volume, week=Week(OFFICE), may_wait=True)
    return ground(arrives, prompted=(MODEL, "nobody/nothing"))


def test_every_way_has_its_kind() -> None:
    """Each function in the tuple gives its own."""
    assert 9 == len(WAYS)
    kinds = {way.record.kind for way in priced_ways(at(1e6))}
    assert {"on demand", "reserved", "spot", "endpoint", "adapter", "batch", "hosted"} == kinds


@installed
def test_ranks_go_by_the_expected_month_and_the_unpriced_come_last() -> None:
    """1, 2, 3 ... for what has a price, none for the rest."""
    ways = priced_ways(at(1e6))
    ranked = [way for way in ways if way.record.rank is not None]
    assert list(range(1, len(ranked) + 1)) == [way.record.rank for way in ranked]
    means = [float(way.per_month.mean()) for way in ranked if way.per_month is not None]
    assert sorted(means) == means
    assert len(means) == len(ranked)
    assert all(way.record.rank is None for way in ways[len(ranked) :])
    assert all(way.record.missing for way in ways[len(ranked) :])


def test_what_misses_the_objectives_has_a_price_and_no_rank() -> None:
    """A way by the token is not asked."""
    ways = priced_ways(ground(traffic(1e6, per_token_s=1e-6), cards=("L4",)))
    (slow,) = [way for way in ways if way.record.kind == "on demand"]
    assert ("not met", None) == (slow.record.objective, slow.record.rank)
    assert slow.per_month is not None


def test_the_queue_has_the_last_word_on_the_first_token() -> None:
    """One millisecond to the first token is too little even where no request waits."""
    ways = priced_ways(ground(traffic(1e6, burst=3.0, first_token_s=0.001), cards=("H100",)))
    assert {"not met"} == {way.record.objective for way in ways if way.record.kind == "on demand"}
    ways = priced_ways(ground(traffic(1e4, first_token_s=10.0), cards=("H100",)))
    assert {"met"} == {way.record.objective for way in ways if way.record.kind == "on demand"}


@installed
def test_more_traffic_never_costs_less_in_any_way() -> None:
    """The cheapest of each kind, from a thousand answers a month to a hundred million."""
    volumes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8]
    bills: dict[tuple[str, bool], list[float]] = {}
    for volume in volumes:
        cheapest: dict[tuple[str, bool], float] = {}
        for way in priced_ways(at(volume)):
            if way.per_month is not None:
                key = way.record.kind, way.record.tuned
                cheapest[key] = min(float(way.per_month.mean()), cheapest.get(key, np.inf))
        for key, mean in cheapest.items():
            bills.setdefault(key, []).append(mean)
    assert len(bills) == 8
    assert all(sorted(means) == means and len(means) == len(volumes) for means in bills.values())


def test_a_ground_without_a_project_looks_at_every_card_with_a_price() -> None:
    """In the default tier, and at endpoints; its sketch has fewer worlds."""
    few = Basis(None, TODAY, Worlds(0, 1_000))
    arrives = replace(
        traffic(1e6),
        **{  # type: ignore[arg-type]
            name: np.full(1_000, float(getattr(traffic(1e6), name)[0]))
            for name in (
                "answers_per_month", "months", "growth", "burst", "input_tokens", "output_tokens",
                "instructions_tokens", "cached_share",
            )
        },
    )  # fmt: skip
    whole = ground_of(few, arrives, served("qwen3-8b"), prompted=(MODEL,))
    assert len(whole.cards) > 15
    assert (MODEL,) == whole.prompted
    assert 400 == len(whole.sketched.traffic.answers_per_month) == whole.sketched.basis.worlds.n
    assert 1_000 == len(priced_ways(whole)[0].per_month)  # type: ignore[arg-type]


def test_a_project_names_its_cards_and_models(tmp_path: Path) -> None:
    """Cards under serving come before those under compute, and what is not merged is served beside its base."""
    text = (
        "compute: {gpus: [A100-80GB]}\nserving: {gpus: [H100], merged: false, precision: fp8, today: openai/gpt-4.1}\n"
        "alternatives: {prompt_hosted: {model: claude-haiku-5-5}}"
    )
    of = ground_of(basis(written(text, tmp_path), WORLDS), traffic(), served("qwen3-8b"), prompted=(MODEL,))
    assert ("H100",) == of.cards
    assert {"H100"} == {one.setup.card.name for one in (*of.merged, *of.shared)}
    assert {"fp8"} == {one.setup.precision for one in of.merged}
    assert 1 == of.adapters
    assert ("openai/gpt-4.1", "claude-haiku-5-5", MODEL) == of.prompted
    plain = ground_of(basis(written("compute: {gpus: [A100-80GB]}", tmp_path), WORLDS), traffic(), served("qwen3-8b"))
    assert ("A100-80GB",) == plain.cards
    assert () == plain.shared


def test_a_card_with_another_memory_serves_with_it_too(tmp_path: Path) -> None:
    """What a case says of the card it trains on holds where that card serves."""
    text = "compute: {gpus: [RTX3090], card_memory: 80GiB}"
    of = ground_of(basis(written(text, tmp_path), WORLDS), traffic(), served("qwen2.5-14b"))
    assert {80} == {round(one.setup.card.memory_gib) for one in of.merged if one.setup.card.name == "RTX3090"}


def test_a_scaled_ground_is_the_same_but_for_its_volume() -> None:
    """What crossings rest on."""
    arrives = traffic(1e6)
    assert 3e6 == scaled(arrives, 3.0).answers_per_month[0]
    assert arrives.week is scaled(arrives, 3.0).week


@installed
def test_every_price_is_in_the_currency_of_the_project(tmp_path: Path) -> None:
    """At 0.9 EUR a USD each way costs nine tenths of its dollars in the middle of the worlds."""
    euro = written("currency: EUR\nrates: [{currency: USD, value: 0.9, date: 2026-11-20}]", tmp_path)
    run = Run("k", "probe", "", 100, 0, 0.8, 80, 100, 3.0, answers_per_s=40.0)
    arrives = traffic(1e6, may_wait=True)
    dollars, euros = (priced_ways(ground(arrives, project, prompted=(MODEL,), runs=(run,))) for project in (None, euro))
    assert [way.record.name for way in dollars] == [way.record.name for way in euros]
    for one, other in zip(dollars, euros, strict=True):
        if one.per_month is not None:
            assert 0.9 * one.per_month == pytest.approx(other.per_month)


def test_a_price_of_ones_own_stands_for_every_card() -> None:
    """2 USD an hour, on demand only; the card that gives more answers an hour is then never dearer."""
    held = ground(traffic(1e5))
    mine = replace(held, basis=replace(held.basis, usd_per_gpu_hour=2.0))
    by_kind = {way.record.kind: way for way in priced_ways(mine)}
    assert 2 * 2.0 * 730.5 == pytest.approx(by_kind["on demand"].per_month[0], rel=0.02)  # type: ignore[index]
    assert by_kind["spot"].per_month is None
    assert "your own price" in by_kind["on demand"].record.basis
