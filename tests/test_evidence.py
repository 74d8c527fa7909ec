"""The evidence page is what the tables say, and its verdicts change when the tables do."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import evidence
import evidence_cases
import evidence_claims as claims
import evidence_rules as rules
from evidence_claims import Facts

from tunecase import catalog
from tunecase.compute.measured import runs as measured
from tunecase.compute.measured.runs import Measured
from tunecase.project import read_project

ROOT = Path(__file__).parents[1]
FACTS = Facts(measured.published(), catalog.lowest_prices(), catalog.lowest_prices("spot"))
NUMBER = re.compile(r"([+-]?\d(?:[\d,]*\d)?(?:\.\d+)?)(%?)")
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


@cache
def facts_and_cases() -> Facts:
    """The tables with the worked cases, which take seconds to price."""
    return replace(FACTS, cases=evidence_cases.cases())


def without(gone: Callable[[Measured], bool]) -> Facts:
    """The tables without some runs."""
    return replace(FACTS, runs=tuple(run for run in FACTS.runs if not gone(run)))


def priced(factor: float) -> Facts:
    """The tables with every price multiplied."""
    rows = (replace(price, usd_per_gpu_hour=price.usd_per_gpu_hour * factor) for price in FACTS.prices)
    return replace(FACTS, prices=tuple(rows))


def sped_up(factor: float) -> Facts:
    """The tables with every measured speed multiplied."""
    runs = (
        replace(run, tokens_per_s_per_gpu=run.tokens_per_s_per_gpu * factor) if run.tokens_per_s_per_gpu else run
        for run in FACTS.runs
    )
    return replace(FACTS, runs=tuple(runs))


@pytest.mark.slow
def test_the_page_is_fresh() -> None:
    """docs/evidence.md is what the tables say now: words alike, numbers within 3% or a point.

    Speeds are fitted, so that their last figure may differ between numerical libraries; words may not.
    """
    now = evidence.fresh()
    assert NUMBER.sub("#", PAGE) == NUMBER.sub("#", now), "docs/evidence.md is stale: run `make docs`"
    for (shown, percent), (told, _) in zip(NUMBER.findall(PAGE), NUMBER.findall(now), strict=True):
        value, other = (float(text.replace(",", "")) for text in (shown, told))
        assert value == pytest.approx(other, rel=0.03, abs=1 if percent else 0), (
            "docs/evidence.md is stale: run `make docs`"
        )


@pytest.mark.slow
def test_every_claim_stands_with_its_verdict() -> None:
    """The table at the top and the sections hold the six claims, each with an answer of two sentences."""
    for section in (claim(facts_and_cases()) for claim in claims.CLAIMS):
        assert f"| {section.claim} | {section.verdict} | {section.answer[0]} |" in PAGE
        assert re.search(rf"^## \d\. {re.escape(section.claim)}$", PAGE, re.MULTILINE)
        assert all(sentence.endswith(".") for sentence in section.answer)


@pytest.mark.slow
def test_one_gpu_follows_the_runs_on_one_card() -> None:
    """Without failures the claim is right; without runs that ran it is wrong; without either it is not shown."""
    assert claims.one_gpu(FACTS).verdict.startswith("right, on a card that suits")
    assert "right" == claims.one_gpu(without(lambda run: bool(run.failed))).verdict
    assert "wrong" == claims.one_gpu(without(lambda run: not run.failed)).verdict
    assert "not shown" == claims.one_gpu(without(lambda run: run.recipe.gpus == 1)).verdict


@pytest.mark.slow
@pytest.mark.parametrize(
    ("factor", "verdict"), [(1e4, "wrong: minutes"), (1e-6, "wrong: months"), (1e-4, "partly right: days to")]
)
def test_hours_to_days_follows_the_measured_speeds(factor: float, verdict: str) -> None:
    """The words of the verdict are the shortest and longest job at the measured speeds."""
    assert "minutes" in claims.how_long(FACTS).verdict
    assert claims.how_long(sped_up(factor)).verdict.startswith(verdict)


def test_the_rent_follows_the_prices() -> None:
    """Doubled and halved prices change which tier the claim is true of."""
    assert "the price of one tier: hyperscaler" == claims.rent(FACTS).verdict
    assert "hyperscaler" not in claims.rent(priced(2)).verdict
    assert "wrong" == claims.rent(priced(0.1)).verdict
    flat = tuple(replace(price, usd_per_gpu_hour=4.0) for price in FACTS.prices)
    assert "right" == claims.rent(replace(FACTS, prices=flat)).verdict


def test_a_stale_price_is_marked_and_an_old_one_left_out() -> None:
    """Every price of history is marked old, and counts only where its tier has no other."""
    old = [price for price in FACTS.prices if price.stale and price.gpu == "A100-80GB"]
    assert old
    for price in old:
        row = f"| {price.provider} | {price.tier} | {price.usd_per_gpu_hour:.2f} | {price.date}, old |"
        assert row in PAGE
    assert not any(price.stale for price in claims.current(FACTS, "A100-80GB")["neocloud"])


@pytest.mark.slow
def test_a_row_holds_its_prediction_and_error() -> None:
    """The error of a row is its predicted middle against what was measured, and its band holds the middle."""
    shown = [run for run in claims.one_gpu(FACTS).shown if run.peak_gb and rules.told_gb(run)]
    assert shown
    for run in shown:
        told = rules.told_gb(run)
        assert told[0] < told[1] < told[2]
        assert run.peak_gb
        cells = rules.row(run)
        assert f"{told[1] / run.peak_gb - 1:+.0%}".lstrip("+-") == cells[7].lstrip("+-")
        assert f"| {' | '.join(cells)} |" in PAGE


@pytest.mark.slow
def test_dearer_gpus_turn_a_case() -> None:
    """At 4,000 USD for an hour of any card the case with data at hand is led by its GPUs."""
    path = evidence_cases.CASES / "7b-lora-data-at-hand" / "tunecase.yaml"
    project = read_project(path, catalog.names())
    assert evidence_cases.priced(project, "x").holds
    assert not evidence_cases.priced(project, "x", usd_per_gpu_hour=4_000).holds
