"""Ways that pay by the token: at the price of the request's length, in a batch, and tuned at a provider."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.inference.making import WORLDS, ground, traffic
from tests.projects import written
from tunecase.inference.by_token import adapter, hosted
from tunecase.inference.ground import WayDraws
from tunecase.prices import api

ONE = np.ones(WORLDS)
installed = pytest.mark.skipif(not api.known(), reason="genai-prices is not installed")


def named(ways: list[WayDraws], name: str) -> WayDraws:
    """The way of a name."""
    return next(way for way in ways if way.record.name == name)


@installed
def test_a_bill_of_a_prompted_model_by_hand() -> None:
    """gpt-4.1-mini, 0.40 in, 0.10 cached, 1.60 out: 1M answers of 800 + 700 tokens, 40% cached, 200 out."""
    arrives = traffic(
        1e6, input_tokens=800 * ONE, instructions_tokens=700 * ONE, output_tokens=200 * ONE, cached_share=0.4 * ONE
    )
    (way,) = hosted(ground(arrives, prompted=("openai/gpt-4.1-mini",)))
    assert 900 * 0.4 + 600 * 0.1 + 200 * 1.6 == pytest.approx(way.per_month[0])  # type: ignore[index]
    assert ("hosted", False) == (way.record.kind, way.record.tuned)
    assert "genai-prices" in way.record.basis
    assert 0.1 == pytest.approx(way.record.per_mtok_cached.p50)


@installed
def test_a_bill_of_long_requests_by_hand() -> None:
    """gpt-6-luna from 272,000 tokens on, 0.20 in and 0.75 out: 1,000 answers of 300,000 tokens and 500 out."""
    arrives = traffic(1e3, input_tokens=3e5 * ONE, output_tokens=500 * ONE)
    (way,) = hosted(ground(traffic(), prompted=("openai/gpt-6-luna",)))
    (long,) = hosted(replace(ground(traffic(), prompted=("openai/gpt-6-luna",)), traffic=arrives))
    assert 60 + 0.375 == pytest.approx(long.per_month[0])  # type: ignore[index]
    assert any("price of long ones" in note for note in long.record.notes)
    assert not any("price of long ones" in note for note in way.record.notes)


@installed
@pytest.mark.parametrize("model", ["openai/gpt-4.1-mini", "claude-haiku-5-5", "gemini-3.5-flash-lite", "x-ai/grok-4.3"])
@pytest.mark.parametrize("cached", [0.0, 0.5, 0.99])
def test_a_batch_is_never_dearer_than_the_same_model_at_once(model: str, cached: float) -> None:
    """Where all input is cached and the batch has no price of it, there is no point in one."""
    arrives = traffic(may_wait=True, cached_share=cached * ONE)
    online, *batches = hosted(ground(arrives, prompted=(model,)))
    for batch in batches:
        assert "batch" == batch.record.kind
        assert batch.per_month[0] <= online.per_month[0]  # type: ignore[index]
    assert batches or cached


@installed
def test_an_unknown_batch_price_is_not_half() -> None:
    """A model without a row, and a request beyond the first tier, have none."""
    arrives = traffic(may_wait=True)
    _, batch = hosted(ground(arrives, prompted=("groq/llama-3.1-8b-instant",)))
    assert (None, "the batch price of groq/llama-3.1-8b-instant") == (batch.per_month, batch.record.missing)
    long = replace(arrives, input_tokens=3e5 * ONE)
    _, batch = hosted(replace(ground(arrives, prompted=("openai/gpt-6-luna",)), traffic=long))
    assert "the batch price of openai/gpt-6-luna for requests of this length" == batch.record.missing


def test_an_unknown_model_has_no_price_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its token price; without the package, how to install it."""
    (way,) = hosted(ground(prompted=("nobody/nothing",)))
    assert way.per_month is None
    assert way.record.missing.startswith("the token price of nobody/nothing")
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    (way,) = hosted(ground(prompted=("openai/gpt-4.1-mini",)))
    assert "the token price of openai/gpt-4.1-mini: pip install genai-prices" == way.record.missing


def test_no_model_is_prompted_unless_one_is_named() -> None:
    """Nor is one taken by default."""
    assert [] == hosted(ground())


def test_an_adapter_is_paid_by_the_token_where_a_provider_serves_it() -> None:
    """Qwen3-8B at Tinker, 0.195 in and 0.60 out, without instructions."""
    arrives = traffic(1e6, instructions_tokens=700 * ONE)
    way = named(adapter(ground(arrives)), "Qwen3-8B tuned at tinker, paid by the token")
    assert 500 * 0.195 + 100 * 0.6 == pytest.approx(way.per_month[0])  # type: ignore[index]
    assert way.record.tuned
    assert "2026-10-07" in way.record.basis


def test_a_price_by_size_without_tokens_is_unpriced() -> None:
    """The provider is named, and what is missing."""
    way = next(way for way in adapter(ground()) if "ori" in way.record.name)
    assert (None, None) == (way.per_month, way.record.rank)
    assert way.record.missing.startswith("the token price of ")


def test_a_model_that_nobody_serves_by_the_token_says_so() -> None:
    """70B has an endpoint of its own at every provider in the tables."""
    (way,) = adapter(ground(cards=("H100",), model="llama-3.1-70b"))
    assert "no provider in the tables serves it" in way.record.missing


def test_a_named_hosted_model_is_the_only_one_and_tells_its_end(tmp_path: Path) -> None:
    """gpt-4o-mini ends on 2027-01-14 and cannot be tuned from 2027-01-07 on."""
    project = written("compute: {hosted: ft:gpt-4o-mini-2024-07-18}", tmp_path)
    now = ground(project=project)
    (way,) = adapter(now)
    assert 500 * 0.3 + 100 * 1.2 == pytest.approx(way.per_month.mean(), rel=0.5)  # type: ignore[union-attr]
    assert any("ends on 2027-01-14" in note for note in way.record.notes)
    (gone,) = adapter(replace(now, basis=replace(now.basis, today=date(2027, 1, 10))))
    assert gone.per_month is None
    assert "no longer offered by openai" in gone.record.missing


@installed
def test_whether_a_provider_meets_objectives_is_not_known() -> None:
    """Unsure where they are asked, of a prompted model and of a tuned one."""
    asked = ground(traffic(per_token_s=0.05), prompted=("openai/gpt-4.1-mini",))
    assert {"unsure"} == {way.record.objective for way in (*hosted(asked), *adapter(asked)) if way.bill}


def test_a_price_that_is_stated_comes_first(tmp_path: Path) -> None:
    """Of the model in use today, and of the one that was tried; a million answers at 2 USD the thousand."""
    text = (
        "serving: {today: openai/gpt-4.1-mini, price_per_1k_today: 2 USD}\n"
        "alternatives: {prompt_hosted: {model: nobody/nothing, price_per_1k_answers: 3 USD}}"
    )
    held = ground(traffic(1e6), written(text, tmp_path), prompted=("openai/gpt-4.1-mini", "nobody/nothing"))
    today, tried = hosted(held)
    assert (2_000, 3_000) == (today.per_month[0], tried.per_month[0])  # type: ignore[index]
    assert "as stated in serving.price_per_1k_today" == today.record.basis
    assert today.record.per_mtok_in is None
