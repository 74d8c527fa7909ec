"""The calendar adds up to the expected total as it is printed, and tells when the budget is passed."""

from dataclasses import replace

import pytest

from tests import samples
from tunecase.accounts.calendar import calendar, months_words
from tunecase.quantities import Sampled, firm
from tunecase.records import Month

MULTIPLES = {"k": 1e3, "M": 1e6}


def number(text: str) -> float:
    """A printed figure as a number."""
    return float(text.rstrip("kM")) * MULTIPLES.get(text[-1], 1.0)


@pytest.mark.parametrize("after_launch", [0.0, 4_000.0])
@pytest.mark.parametrize("amounts", [(), (1_234.0,), (3_111.0, 22.0, 1_717.4), (0.4, 0.2), (1e5, 1.0, 2e4)])
def test_months_sum_to_the_total_as_printed(amounts: tuple[float, ...], after_launch: float) -> None:
    """What is printed for each month adds up to what is printed for all, and so far grows by just that."""
    total = replace(samples.plan().total, expected=Sampled(sum(amounts) + after_launch))
    months = tuple(Month(at, much, 2 * much) for at, much in enumerate(amounts, 1))
    rows, so_far = calendar(replace(samples.plan(), total=total, months=months)), 0.0
    assert bool(rows) == bool(months)
    for row in rows:
        so_far += number(row.expected)
        assert pytest.approx(so_far) == number(row.so_far)
    if rows:
        assert (pytest.approx(so_far), firm(total.expected)) == (total.expected.shown, rows[-1].so_far)
        assert (after_launch > 0) == ("after launch" in [row.name for row in rows])


def test_what_is_left_of_the_budget_subtracts_as_printed_and_tells_when_it_is_passed() -> None:
    """7.5k are passed in the third month; without a budget there is nothing to subtract from."""
    usual = samples.plan()
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
