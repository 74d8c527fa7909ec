"""Lines of the books beside their total: they add up as printed, or a sentence says by how much not, and why."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests import samples
from tests.accounts.reading import table
from tunecase.accounts import Material, account
from tunecase.accounts.book_sums import sums_words
from tunecase.quantities import Band
from tunecase.records import BookLine, Books

TODAY = date(2026, 11, 24)


def line(name: str, planned: float, ends: float | None, closed: date | None = None) -> BookLine:
    """A line with its middle cases."""
    at_completion = None if ends is None else Band(ends, ends, ends, ends)
    return BookLine(
        name, Band(planned, planned, planned, planned), Decimal(1), None, 1, closed=closed, at_completion=at_completion
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
    record = books(5_700, 4_000, line("labour", 4_600, 4_000, TODAY), line("unknowns", 1_100, 0.0, TODAY))
    assert {"people": "4,000", "overruns": "0", "total": "4,000"} == forecast(record)


def test_a_sum_that_misses_the_total_says_by_how_much() -> None:
    """Each column for itself, and not where the printed digits hide it."""
    record = books(6_300, 5_801, line("labour", 5_700, 5_800), line("data", 40, 0))
    told = "Middle cases of lines do not add up to that of the total: they come to 5,700 (plan)."
    assert told in list(sums_words(record))


def test_a_group_that_goes_against_the_total_is_explained() -> None:
    """It is named with the group that outweighs it, and with the lines whose closing saved the money."""
    lines = line("gpu", 10, 2_510), line("labour", 5_000, 1_500, TODAY), line("unknowns", 990, 0.0, TODAY)
    (told,) = sums_words(books(6_000, 4_010, *lines))
    assert "Computers end 2,500 above the plan, the total below it: people end 3,500 below the plan " in told
    assert told.endswith("(engineering closed).")
    lines = line("gpu", 10, 2_510), line("labour", 5_000, 4_900), line("unknowns", 990, None)
    (told,) = sums_words(books(6_000, 7_410, *lines))
    assert told.startswith(
        "People and overruns end 1,100 below the plan, the total above it: computers end 2,500 above"
    )
    assert [] == list(sums_words(books(6_000, 6_000, line("labour", 6_000, 6_000))))
