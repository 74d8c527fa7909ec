"""An old case is held against today's prices, ends and rates: what moved is told, and whether the advice holds."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.making import case_folder
from tunecase import catalog
from tunecase.catalog import prices as shipped
from tunecase.errors import InputError
from tunecase.flow import Flow, check, decide, estimate, open_case
from tunecase.flow import check as check_case
from tunecase.records import Check

THEN, NOW = date(2026, 11, 20), date(2026, 11, 27)


def opened(path: Path, today: date, seed: int = 0) -> Flow:
    """The case on a day."""
    return open_case(path, seed, today)


def decided(folder: Path, seed: int = 0, **changes: str) -> Path:
    """The project file of a case that was decided at the prices of the week before."""
    path = case_folder(folder, train_rows=120, test_rows=100, **changes)
    decide(opened(path, THEN, seed))
    return path


@pytest.fixture(scope="module")
def decided_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound case that was decided, to be copied."""
    return decided(tmp_path_factory.mktemp("decided"), seed=7)


@pytest.fixture
def sound(decided_once: Path, tmp_path: Path) -> Path:
    """A copy of it; its project file."""
    return Path(shutil.copytree(decided_once.parent, tmp_path / "sound")) / decided_once.name


def dearer(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    """Every GPU hour of the tables at a multiple of its price."""
    rows = tuple(replace(row, usd_per_gpu_hour=factor * row.usd_per_gpu_hour) for row in catalog.gpu_prices())
    monkeypatch.setattr(shipped, "gpu_prices", lambda: rows)
    monkeypatch.setattr(catalog, "gpu_prices", lambda: rows)
    shipped.lowest_prices.cache_clear()
    monkeypatch.setattr(catalog, "lowest_prices", shipped.lowest_prices)


@pytest.fixture(autouse=True)
def _fresh_prices() -> object:
    """The tables' own prices before and after each test."""
    shipped.lowest_prices.cache_clear()
    yield
    shipped.lowest_prices.cache_clear()


def test_a_case_of_the_same_prices_holds_and_nothing_moved(sound: Path) -> None:
    """Made again with its own seed, from the same worlds: not one line differs, and the ledger stays as it was."""
    before = (sound.parent / "ledger.jsonl").read_bytes()
    found = check(opened(sound, THEN))
    assert found.ok
    assert ((), (), ()) == (found.prices, found.lines, found.broken)
    assert (THEN, found.book_now) == (found.since, found.book_before)
    assert found.advice_before == found.advice_now
    assert before == (sound.parent / "ledger.jsonl").read_bytes()
    assert found.total.before == pytest.approx(found.total.now)


def test_prices_that_moved_are_told_price_by_price_and_line_by_line(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the price of an hour is told as twice, for the bill's card and on every way to train."""
    dearer(monkeypatch, 2.0)
    found = check(opened(sound, NOW))
    hours = [one for one in found.prices if "hour" in one.name]
    assert len(hours) > 3
    assert [pytest.approx(2.0, rel=0.05)] * len(hours) == [one.factor for one in hours]
    lines = {one.name: one.factor or 0.0 for one in found.lines}
    assert 1.5 < lines["gpu"] < 2.5  # a dearer hour may stop some worlds earlier
    assert found.ok


@pytest.mark.slow
def test_the_advice_no_longer_holds_where_another_step_is_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten million times the price of an hour: nobody trains at it."""
    path = decided(tmp_path, compute="compute: {gpus: [H100]}")
    dearer(monkeypatch, 1e7)
    found = check(opened(path, NOW))
    assert not found.ok
    assert found.broken


def test_a_hosted_model_that_has_ended_breaks_the_advice(tmp_path: Path) -> None:
    """Before its last day the end is told; after it nothing can be priced, which is an answer and no error."""
    path = decided(tmp_path, compute="compute: {hosted: 'ft:gpt-4o-mini-2024-07-18'}")
    soon = check(opened(path, NOW))
    assert soon.ok
    assert any("ends on 14 January 2027, within the horizon" in words for words in soon.ended)
    late = check(opened(path, date(2027, 2, 1)))
    assert not late.ok
    assert any("no new jobs since 2027-01-07" in words for words in late.broken)
    assert any("ended on 14 January 2027" in words for words in late.broken)
    assert late.total.now is None


def test_the_end_of_the_platform_breaks_the_advice_on_its_day(tmp_path: Path) -> None:
    """As the project file states it."""
    path = decided(tmp_path, extra="serving: {price_per_1k_answers: 2 USD, retires_on: 2026-12-01}")
    assert not check(opened(path, date(2026, 12, 1))).ok


def test_a_newer_exchange_rate_is_told(tmp_path: Path) -> None:
    """The rate in force on the day of the estimate beside that of today."""
    rates = "currency: EUR\nrates: [{currency: USD, value: 0.9, date: 2026-03-01}]"
    path = decided(tmp_path, extra=rates)
    text = path.read_text(encoding="utf-8")
    newer = "{currency: USD, value: 0.9, date: 2026-03-01}, {currency: USD, value: 0.8, date: 2026-11-25}"
    path.write_text(text.replace("{currency: USD, value: 0.9, date: 2026-03-01}", newer), encoding="utf-8")
    found = check(opened(path, NOW))
    assert [("1 USD", 0.9, 0.8, "EUR")] == [(one.name, one.before, one.now, one.unit) for one in found.rates]
    assert any("more than prices changed" in words and "project file" in words for words in found.notes)


def test_a_budget_that_no_longer_holds_the_total_breaks_the_advice(sound: Path) -> None:
    """Cut below the P80 after the estimate."""
    text = sound.read_text(encoding="utf-8")
    sound.write_text(text.replace("budget: 30k USD", "budget: 400 USD"), encoding="utf-8")
    found = check(opened(sound, THEN))
    assert not found.ok


def test_an_estimate_without_a_decision_is_held_against_its_own_plan(tmp_path: Path) -> None:
    """The first step of the plan is what was advised."""
    path = case_folder(tmp_path, value="  value: 4 USD per correct")
    bill = estimate(opened(path, THEN))
    found: Check = check_case(opened(path, THEN))
    assert bill.plan.action in found.advice_before


def test_without_an_estimate_there_is_nothing_to_hold(tmp_path: Path) -> None:
    """And the fix is the command."""
    with pytest.raises(InputError, match="no estimate") as error:
        check(opened(case_folder(tmp_path), NOW))
    assert "tunecase estimate" in error.value.problems[0].fix


def test_grounds_that_are_none_are_as_good_as_not_noted(sound: Path) -> None:
    """A forged entry ends in no other error than one about itself: its own day counts."""
    for settings in ([], "none"):
        case = opened(sound, THEN)
        entry = case.ledger.latest("record", "estimate")
        meta = {**entry.meta, "rests_on": {"files": {}, "settings": settings, "fields": {}}}
        case.ledger.append("record", entry.body, recorded_at=entry.recorded_at, verb="estimate", meta=meta)
        assert entry.recorded_at.date() == check(opened(sound, THEN)).since
