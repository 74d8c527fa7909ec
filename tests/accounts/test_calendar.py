"""The calendar adds up to the expected total as it is printed, and tells when the budget is passed."""

from dataclasses import replace

import pytest

from tests.plan.test_plan import CASES, made
from tunecase.accounts.calendar import calendar, calendar_note, months_words
from tunecase.quantities import Band, firm
from tunecase.records import Capital, Month

MULTIPLES = {"k": 1e3, "M": 1e6}


def number(text: str) -> float:
    """A printed figure as a number."""
    return float(text.rstrip("kM")) * MULTIPLES.get(text[-1], 1.0)


@pytest.mark.parametrize("case", CASES)
def test_months_sum_to_the_total_as_printed(case: str) -> None:
    """What is printed for each month adds up to what is printed for all, and so far grows by just that."""
    plan, so_far = made(case), 0.0
    rows = calendar(plan)
    assert bool(rows) == bool(plan.total.expected.shown)
    for row in rows:
        so_far += number(row.expected)
        assert pytest.approx(so_far) == number(row.so_far)
    assert pytest.approx(so_far) == plan.total.expected.shown
    assert not rows or rows[-1].so_far == firm(plan.total.expected)
    assert ("after launch" in [row.name for row in rows]) == (case == "served")


def test_what_is_left_of_the_budget_subtracts_as_printed_and_tells_when_it_is_passed() -> None:
    """7.5k are passed in the third month; without a budget there is nothing to subtract from."""
    usual = made("usual")
    total = replace(usual.total, expected=replace(usual.total.expected, value=8_000.0, error=0.0))
    months = (Month(1, 3_000, 4e3, "2026-11-24"), Month(2, 3_000, 4e3, "2026-12-01"), Month(0, 2_000, 4e3))
    plan = replace(usual, total=total, months=months, budget_left=7_500.0)
    cells = [row.cells for row in calendar(plan)]
    assert [
        ("2026-11", "3k", "3k", "4.5k", "4.0k"),
        ("2026-12", "3k", "6k", "1.5k", "4.0k"),
        ("later", "2k", "8k", "500 over", "4.0k"),
    ] == cells
    assert "2026-11 3k, 2026-12 3k, later 2k USD" == months_words(plan)
    assert {"-"} == {row.left for row in calendar(replace(plan, budget_left=None))}


def test_months_of_older_records_have_numbers() -> None:
    """They hold no day; nothing spent has no calendar."""
    usual = made("usual")
    old = replace(usual, months=(Month(1, 1_200, 2_000), Month(2, 300, 900)))
    assert ["month 1", "month 2"] == [row.name for row in calendar(old)][:2]
    assert "" == months_words(replace(usual, months=()))


def test_capital_is_told_apart_from_the_months() -> None:
    """The purchase is no month's spending."""
    capital = Capital("2 x H100", Band(3e4, 4e4, 4.5e4, 5e4), 41_000.0, 120.0)
    note = calendar_note(replace(made("usual"), capital=capital))
    assert "Capital is apart: 41k USD for 2 x H100 on the day of purchase." in note
    assert "Capital" not in calendar_note(made("usual"))
