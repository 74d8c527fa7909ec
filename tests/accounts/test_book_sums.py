"""Lines of the books beside their total: they add up as printed, or a sentence says by how much not, and why."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests import samples
from tests.accounts.reading import table, words
from tunecase.accounts import Material, account
from tunecase.accounts.book_sums import sums_words
from tunecase.quantities import Band, Sampled
from tunecase.records import BookLine, Books, Total

TODAY = date(2026, 11, 24)


def line(name: str, planned: float, ends: float | None, closed: date | None = None) -> BookLine:
    """A line with its middle cases."""
    at_completion = None if ends is None else Band(ends, ends, ends, ends)
    spent = Decimal(1) if closed is None else Decimal(str(ends))
    return BookLine(
        name, Band(planned, planned, planned, planned), spent, None, 1, closed=closed, at_completion=at_completion
    )


def books(planned: float, ends: float, *lines: BookLine) -> Books:
    """Books with these middle cases in all."""
    return replace(
        samples.books(), lines=lines, planned=Band(planned, planned, planned, planned), planned_total=None,
        at_completion=Band(ends, ends, ends, ends), redrawn="",
    )  # fmt: skip


def forecast(record: Books) -> dict[str, str]:
    """The printed forecast by group."""
    rows = table(account("books", record, Material()).short, "Plan, spent and forecast in the middle case")
    return {name: row[2] for name, row in rows.items()}


def test_overruns_to_come_are_counted_once() -> None:
    """They are hours of people: their own row says so, and is no second amount."""
    record = books(5_700, 5_800, line("labour", 4_600, 5_800), line("unknowns", 1_100, None))
    assert {"people": "5,800", "overruns": "in people", "total": "5,800"} == forecast(record)
    assert [] == list(sums_words(record))


def test_nothing_is_to_come_of_closed_overruns() -> None:
    """A closed allowance is forecast at nothing, and the rows add up to what was paid."""
    lines = line("labour", 4_600, 4_000, TODAY), line("unknowns", 1_100, 0.0, TODAY), line("gpu", 1, 10)
    record = books(5_700, 4_000, *lines)
    assert {"people": "4,000", "overruns": "0", "computers": "10", "total": "4,000"} == forecast(record)


def test_a_sum_that_misses_the_total_says_by_how_much() -> None:
    """Each column for itself, and not where the printed digits hide it."""
    record = books(6_300, 5_801, line("labour", 5_700, 5_800), line("data", 40, 0))
    told = "Middle cases of lines do not add up to that of the total: they come to 5,700 (plan)."
    assert told in list(sums_words(record))


def total(middle: float) -> Total:
    """The plan's total with this middle case in a thousand worlds."""
    return Total(*[Sampled(middle)] * 5, None)


def test_the_plan_has_one_total() -> None:
    """The headline's, in the table and in what is said of it: 6,300 in the worlds is told as 6,000 everywhere."""
    lines = line("gpu", 10, 2_500, TODAY), line("labour", 4_900, 3_500, TODAY), line("unknowns", 990, 0.0, TODAY)
    record = replace(books(6_300, 6_000, *lines), planned_total=total(6_300), spent=Decimal(6_000))
    rows = table(account("books", record, Material()).short, "Plan, spent and forecast in the middle case")
    assert ["6,000", "6,000", "6,000"] == [cell.removesuffix(".00") for cell in rows["total"]]
    assert not [said for said in sums_words(record) if "the total below it" in said]


def test_a_finished_case_ends_at_what_was_paid() -> None:
    """To the cent, whatever two digits would say, in every row and in the sentence."""
    paid = line("labour", 4_600, 3_400.5, TODAY), line("gpu", 60, 49.5, TODAY), line("unknowns", 990, 0.0, TODAY)
    record = replace(books(5_700, 3_450, *paid), spent=Decimal(3_450), budget=None, left=None)
    told = account("books", record, Material())
    assert {"people": "3,400.50", "overruns": "0", "computers": "49.50", "total": "3,450.00"} == forecast(record)
    assert told.answer.endswith("3,450 USD spent, no budget is given. All lines are closed.")
    rows = table(told.full, "Plan against actual")
    assert ["3,400.50", "49.50", "3,450.00"] == [rows[name][4] for name in ("labour", "gpu", "Total")]


def test_no_forecast_lies_below_what_was_paid() -> None:
    """Where two digits would, more are printed: of a closed group, and of one with little to come."""
    lines = line("labour", 4_600, 3_449.5, TODAY), line("gpu", 60, 942.4)
    record = books(5_700, 4_396, *lines[:1], replace(lines[1], spent=Decimal("941.03")))
    assert ("3,449.50", "942") == (forecast(record)["people"], forecast(record)["computers"])


def test_without_a_cost_at_completion_the_forecast_holds_what_was_paid() -> None:
    """The plan's, line by line at least what was paid; the reason is told once on every face."""
    lines = line("gpu", 0.4, None), line("labour", 5_000, None), line("unknowns", 990, None)
    why = "No cost at completion: the data have changed."
    record = replace(
        books(6_000, 1.0, replace(lines[0], spent=Decimal(400)), *lines[1:]), at_completion=None, remarks=(why,),
        spent=Decimal(401),
    )  # fmt: skip
    assert {"people": "5,000", "overruns": "990", "computers": "400", "total": "6,000"} == forecast(record)
    assert 1 == list(sums_words(record)).count(why)
    assert why in words(account("books", record, Material()).short)
