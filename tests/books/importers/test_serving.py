"""A meter of answers served is read exactly, or refused with every mistake at once; no day is booked twice."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tunecase.books.importers.charge import Mistakes
from tunecase.books.importers.serving import (
    MoneyRead,
    PeriodText,
    Stated,
    meter_table,
    new_periods,
    read_period,
    refuse_paid_twice,
)
from tunecase.errors import InputError
from tunecase.project import Rate
from tunecase.records import ServedPeriod, Spending

TODAY = date(2027, 1, 5)
READS = MoneyRead("USD", (Rate(currency="EUR", value=1.10, date=date(2026, 1, 2)),))
WHOLE = PeriodText(
    "2026-11-01", "2026-11-30", "41k", "12M", "400,000", "730", "182.5", cost="640 USD",
)  # fmt: skip


def read(text: PeriodText) -> Stated | list[str]:
    """A typed period, or where each mistake stands."""
    mistakes = Mistakes()
    stated = read_period(text, lambda name: f"--{name}", READS, TODAY, mistakes)
    assert (stated is None) == bool(mistakes.count)
    return stated or [problem.where for problem in mistakes.kept]


def table(folder: Path, text: str) -> tuple[Stated, ...]:
    """The periods of a file."""
    (folder / "meter.csv").write_text(text, encoding="utf-8")
    return meter_table(str(folder / "meter.csv"), READS, TODAY)


def test_a_typed_period_is_read_whole() -> None:
    """Counts, exact hours, money of the period's days; a rate stands for busy hours; a currency goes by its rate."""
    stated = read(WHOLE)
    assert isinstance(stated, Stated)
    days = (date(2026, 11, 1), date(2026, 11, 30))
    assert ServedPeriod(*days, 41_000, 12_000_000, 400_000, Decimal(730), Decimal("182.5")) == stated.period
    cost = stated.charge
    assert ("inference", Decimal(640), "USD", days[0]) == (cost.category, cost.amount, cost.currency, cost.on)
    assert (Decimal(41_000), "answer", "serving") == (cost.quantity, cost.unit, cost.source)
    assert date(2026, 12, 1) == cost.ended_at.date()
    stated = read(PeriodText("2026-11-01", "2026-11-30", "41k", gpu_hours="730", per_busy_hour="205"))
    assert isinstance(stated, Stated)
    assert Decimal(200) == stated.period.busy_hours
    stated = read(PeriodText("2026-11-01", "2026-11-30", "41k", cost="100 EUR"))
    assert isinstance(stated, Stated)
    assert (Decimal(100), Decimal(110)) == (stated.charge.amount, stated.charge.amount_base)
    assert stated.period.tokens_in is None


def test_tables_and_their_mistakes(tmp_path: Path) -> None:
    """Columns in any order under usual names, empty cells unknown; every mistake at once, by its option or cell."""
    header = "Requests,date,prompt_tokens,Completion Tokens,gpu_hours,note"
    days = table(tmp_path, f"{header}\n1400,2026-12-01,4e5,14k,24,x\n1500,2026-12-02,,,24,\n")
    first, second = (one.period for one in days)
    assert (1_400, 400_000, 14_000, Decimal(24)) == (first.answers, first.tokens_in, first.tokens_out, first.gpu_hours)
    assert (second.first, second.last, second.tokens_in, second.row) == (date(2026, 12, 2),) * 2 + (None, 3)
    (long,) = table(tmp_path, "from;to;answers;cost;currency\n2026-11-01;2026-11-30;41000;100;EUR\n")
    assert (date(2026, 11, 30), "meter.csv") == (long.period.last, long.period.source_file)
    assert (Decimal(110), "meter.csv", 2) == (long.charge.amount_base, long.charge.source_file, long.charge.row)
    (tmp_path := tmp_path / "b").mkdir()
    assert MISTAKES == [(text, read(text)) for text, _ in MISTAKES]
    for text, wrong in TABLES:
        with pytest.raises(InputError) as error:
            table(tmp_path, text)
        assert wrong == [problem.where for problem in error.value.problems]
    with pytest.raises(InputError) as error:
        meter_table("nowhere.csv", READS, TODAY)
    assert [("nowhere.csv", "no such file")] == [(problem.where, problem.got) for problem in error.value.problems]


def stated(first: str, last: str, answers: int) -> Stated:
    """A period as read."""
    return Stated(ServedPeriod(date.fromisoformat(first), date.fromisoformat(last), answers), None, "--from")


def test_booked_periods_and_days_that_are_charged_already() -> None:
    """The same figures add nothing; others are refused or correct the entry; a bill's rows are the money."""
    booked = stated("2026-11-01", "2026-11-30", 41_000).period
    standing = {(booked.first, booked.last): ("c0ffee" * 10, booked)}
    again, more = stated("2026-11-01", "2026-11-30", 41_000), stated("2026-11-01", "2026-11-30", 42_000)
    assert () == new_periods([again], standing, restated=False)
    assert () == new_periods([again], standing, restated=True)
    with pytest.raises(InputError, match="add --restated"):
        new_periods([more], standing, restated=False)
    (corrected,) = new_periods([more], standing, restated=True)
    assert (42_000, "c0ffee" * 10) == (corrected.answers, corrected.supersedes)
    later, across = stated("2026-12-01", "2026-12-31", 5), stated("2026-11-30", "2026-12-01", 5)
    assert [later.period] == list(new_periods([later], standing, restated=False))
    with pytest.raises(InputError, match="overlaps 2026-11-01 to 2026-11-30"):
        new_periods([across], standing, restated=True)
    cost = read(WHOLE)
    assert isinstance(cost, Stated)
    assert cost.charge is not None

    def other(category: str, on: date, source: str = "focus") -> Spending:
        return Spending(on, category, Decimal(5), "USD", Decimal(5), source=source)

    day = date(2026, 11, 30)
    harmless = [other("gpu", day), other("inference", date(2026, 12, 1)), other("inference", day, "serving")]
    refuse_paid_twice([cost.charge], harmless, "USD")
    with pytest.raises(InputError, match=r"1 charge of 5\.00 USD under inference"):
        refuse_paid_twice([cost.charge], [*harmless, other("inference", day)], "USD")


MISTAKES = [
    (PeriodText(), ["--first", "--last", "--answers"]),
    (PeriodText("2026-11-31", "11/30/2026", "~41k", "1.5", "-3", "-1", cost="5 XYZ"),
     ["--first", "--last", "--answers", "--tokens_in", "--tokens_out", "--gpu_hours", "--cost"]),
    (PeriodText("2026-12-01", "2026-11-01", "41k"), ["--first"]),
    (PeriodText("2024-12-01", "2026-11-01", "41k"), ["--first"]),
    (PeriodText("2026-12-01", "2027-01-06", "41k"), ["--last"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", busy_hours="3"), ["--busy_hours"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", gpu_hours="24", busy_hours="24.1"), ["--busy_hours"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", gpu_hours="24", busy_hours="0"), ["--busy_hours"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", per_busy_hour="0", gpu_hours="24"), ["--per_busy_hour"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", per_busy_hour="200", gpu_hours="24"), ["--per_busy_hour"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", gpu_hours="24", busy_hours="3", per_busy_hour="2k"),
     ["--per_busy_hour"]),
    (PeriodText("2026-12-01", "2026-12-01", "5k", gpu_hours="24", busy_hours="3", per_busy_hour="2000"),
     ["--per_busy_hour"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", cost="1.234,5"), ["--cost"]),
    (PeriodText("2026-12-01", "2026-12-01", "41k", cost="-12 USD"), ["--cost"]),
]  # fmt: skip


TABLES = [
    ("", ["meter.csv:1", "meter.csv:1"]),
    ("date,tokens_in\n2026-12-01,5\n", ["meter.csv:1"]),
    ("from,answers\n2026-12-01,5\n", ["meter.csv:1"]),
    ("date,answers\n", ["meter.csv"]),
    ("date,answers,gpu_hours\n1/12/2026,5,24\n2026-12-02,,24\n2026-12-03,7,x\n",
     ["meter.csv:2, date", "meter.csv:3, answers", "meter.csv:4, gpu_hours"]),
    ("date,answers\n2026-12-01,5\n2026-12-02,6\n2026-12-01,5\n", ["meter.csv:4, date"]),
    ("from,to,answers\n2026-11-01,2026-11-30,5\n2026-11-30,2026-12-01,6\n", ["meter.csv:3, from"]),
]  # fmt: skip
