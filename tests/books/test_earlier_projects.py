"""Earlier projects: which estimate was the plan, which lines are closed, and how often bands held."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.books.test_books import plan
from tunecase.books.earlier_projects import (
    ClosedLine,
    before_plan,
    closed_lines,
    hindsight,
    hit_rate,
    kept,
    plan_of_record,
    stretch,
    wider,
)
from tunecase.ledger.book import Ledger
from tunecase.quantities.spread import Band, Interval, generator
from tunecase.records import Closing, PlanChosen, Spending

DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, tzinfo=UTC)


def ledger(folder: Path, *steps: Any) -> Ledger:
    """A ledger with these records and charges, a minute apart."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Ledger(folder / "ledger.jsonl")
    for number, step in enumerate(steps):
        kind = "spend" if isinstance(step, Spending) else "record"
        found.append(kind, step, recorded_at=START + timedelta(days=number))
    return found


def charge(amount: str, category: str = "labour") -> Spending:
    """One charge."""
    return Spending(DAY, category, Decimal(amount), "USD", Decimal(amount))


def test_which_plan_holds(tmp_path):
    """The last before the first charge; a chosen one from then on; a later charge opens a closed line again."""
    first, second, third = plan(draws=1), plan(draws=2), plan(draws=3)
    found = plan_of_record(kept(ledger(tmp_path, first, second, charge("9"), third).entries()))
    assert (2, date(2026, 11, 21)) == (found[0].draws, found[1].on)
    assert "the last estimate before the first charge" == found[1].why
    found = plan_of_record(kept(ledger(tmp_path / "b", plan(draws=1), plan(draws=2)).entries()))
    assert (2, "the latest estimate") == (found[0].draws, found[1].why)
    found = plan_of_record(kept(ledger(tmp_path / "c", charge("9"), plan(draws=1), plan(draws=2)).entries()))
    assert (1, True) == (found[0].draws, "after the first charge" in found[1].why)
    assert plan_of_record(kept(ledger(tmp_path / "c" / "none", charge("9")).entries())) is None
    assert plan_of_record(kept(ledger(tmp_path / "d", plan(currency="EUR")).entries()), "USD") is None
    (tmp_path := tmp_path / "second").mkdir()
    book = ledger(tmp_path, plan(draws=1), charge("9"), plan(draws=2))
    latest = book.latest("record", "estimate")
    book.append("record", PlanChosen(latest.id, DAY, DAY), recorded_at=START + timedelta(days=9))
    found = plan_of_record(kept(book.entries()))
    assert (2, "made the plan on 2026-11-20") == (found[0].draws, found[1].why)
    (tmp_path := tmp_path / "third").mkdir()
    steps = [plan(), charge("6000"), Closing(("labour", "gpu"), DAY), charge("5")]
    found = kept(ledger(tmp_path, *steps).entries())
    assert ({"gpu": DAY}, ["labour"]) == (found.closed, found.reopened)
    again = kept(ledger(tmp_path / "again", *steps, Closing(("labour",), DAY)).entries())
    assert ({"gpu", "labour"}, []) == (set(again.closed), again.reopened)


def test_closed_lines_are_what_was_planned_and_paid(tmp_path):
    """Corrected charges count once; lines without a price or a charge, or left out, are no closed lines."""
    book = ledger(tmp_path, plan(), charge("6000"))
    wrong = book.latest("spend")
    right = Spending(DAY, "labour", Decimal("6100.5"), "USD", Decimal("6100.5"), supersedes=wrong.id)
    book.append("spend", right, recorded_at=START + timedelta(days=3))
    book.append("record", Closing(("gpu", "labour", "data", "inference"), DAY), recorded_at=START + timedelta(days=4))
    lines = closed_lines(kept(book.entries()), "mine")
    assert [("labour", 6100.5)] == [(line.name, line.actual) for line in lines]
    assert 6100.5 / 7_000 == lines[0].actual / lines[0].planned.p50


def lines_of(n: int, widen: float) -> list[ClosedLine]:
    """Closed lines whose actuals lie `widen` times as far out as their bands say."""
    z = generator(0, "past").standard_normal(n)
    planned = Band(60.65, 100, 138.8, 164.9)  # sigma .39
    return [ClosedLine("p", "labour", planned, float(100 * 2.7183 ** (0.39 * widen * one))) for one in z]


def test_bands_held_or_without_a_width():
    """About 8 in 10 inside propose nothing; distances stand in for ratios at zero; no factor mends no width."""
    rate = hit_rate(lines_of(2_000, 1.0), 40)
    assert rate.share == pytest.approx(0.8, abs=0.02)
    assert rate.inside_90 / rate.lines == pytest.approx(0.9, abs=0.02)
    assert rate.factor is None
    rate = hit_rate(lines_of(2_000, 2.0), 40)
    assert rate.factor == pytest.approx(2.0, rel=0.06)
    assert hit_rate(lines_of(19, 4.0), 2).factor is None
    assert hit_rate(lines_of(20, 4.0), 2).factor is not None
    assert 2.0 == stretch(Band(0, 5, 8, 10), 15)
    assert float("inf") == stretch(Band(5, 5, 5, 5), 6)
    assert 0.0 == stretch(Band(5, 5, 5, 5), 5)
    assert float("inf") == stretch(Band(5, 6, 7, 8), 0)
    ends = wider(Band(0, 5, 8, 10))
    assert ends.p10 < 0 < 10 < ends.p90
    assert wider(Band(5_507, 7_746, 9_690, 10_894)).p90 == pytest.approx(Interval(5_000, 12_000).high, rel=1e-3)
    assert hit_rate([ClosedLine("p", "gpu", Band(5, 5, 5, 5), 6.0)] * 20, 1).factor is None


def test_plans_made_after_charges_judge_nothing(tmp_path):
    """Whoever saw the bill can draw any band; a charge of an earlier day is of before, whenever it is booked."""
    book = ledger(tmp_path, plan(draws=1), charge("90000"), plan(draws=2))
    latest = book.latest("record", "estimate")
    later = replace(charge("9", "gpu"), on=date(2026, 11, 30))
    for number, step in enumerate([later, PlanChosen(latest.id, DAY, DAY), Closing(("labour", "gpu"), DAY)]):
        kind = "spend" if isinstance(step, Spending) else "record"
        book.append(kind, step, recorded_at=START + timedelta(days=9 + number))
    assert ["gpu"] == [line.name for line in closed_lines(kept(book.entries()))]
    (tmp_path := tmp_path / "second").mkdir()
    monthly = replace(charge("9", "gpu"), on=date(2026, 11, 1), ended_at=datetime(2026, 12, 1, tzinfo=UTC))
    daily = replace(charge("9", "data"), on=date(2026, 11, 18), ended_at=datetime(2026, 11, 19, tzinfo=UTC))
    money = kept(ledger(tmp_path, plan(), charge("9"), monthly, daily).entries())
    chosen = plan_of_record(money)
    assert {"data"} == hindsight(money, before_plan(money, chosen[1]))
    assert {money.charges[2][0]} == before_plan(money, chosen[1])
