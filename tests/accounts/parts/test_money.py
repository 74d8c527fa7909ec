"""The page's money: what is printed adds up, and each heading holds only where the figures say so."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.accounts.parts.said import case, numbers, sample, under
from tunecase.accounts.lines import Group
from tunecase.accounts.material import Material
from tunecase.accounts.parts.money import group_amounts, money, shown_ways, spent_so_far
from tunecase.blocks import Months, Rows, Waterfall
from tunecase.quantities import Band, Sampled
from tunecase.records import Authorised, Bridge, Month, Moved, Plan, Total, Way


def sample_plan() -> Plan:
    """The plan of the sample case."""
    made: Plan = sample()["decision"].plan
    return made


def plan(**changes: Any) -> Plan:
    """The sample plan with changed fields."""
    return replace(sample_plan(), **changes)


def of(made: Plan, **changes: Any) -> Material:
    """The sample case with this plan in its decision and its bill."""
    return case(
        decision=replace(sample()["decision"], plan=made), estimate=replace(sample()["estimate"], plan=made), **changes
    )


def total(expected: float, p90: float = 20_000.0) -> Total:
    """A total of so much on average."""
    p10, p50, p80 = (Sampled(expected * part) for part in (0.5, 0.9, 1.4))
    return Total(Sampled(expected), p10, p50, p80, Sampled(p90), Sampled(0.1))


# What to set aside


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_what_is_authorised_adds_up_as_it_is_printed(base: float, contingency: float, reserve: float) -> None:
    """Base, contingency and reserve make the amount in the heading, whatever they are."""
    made = plan(authorise=Authorised(base, contingency, reserve), budget_left=None, total=total(5_000.0))
    part = money(of(made))
    chart = next((block for one in part.findings for block in one.blocks if isinstance(block, Waterfall)), None)
    if chart is None:
        assert not made.authorise.total
        return
    *parts, whole = [step.amount for step in chart.steps]
    assert pytest.approx(whole, abs=1e-6) == sum(parts)
    assert chart.steps[-1].kind == "total"


# Where it goes


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=5))
def test_groups_add_up_to_the_total_as_printed(amounts: list[float]) -> None:
    """What the groups cost makes the average total; a group too small for its figures is told as under an amount."""
    whole = Sampled(sum(amounts)).shown
    shown = tuple(Group(f"g{at}", "", much, much / sum(amounts), "") for at, much in enumerate(amounts))
    printed = group_amounts(shown, whole)
    if whole >= 10:
        assert pytest.approx(whole, rel=1e-9) == sum(map(numbers, printed))
    for much, text in zip(amounts, printed, strict=True):
        if text.startswith("under"):
            assert much < float(text.removeprefix("under ").replace(",", ""))


# When it is spent


@pytest.mark.parametrize("rest", [0.0, 4_000.0])
def test_months_end_at_the_total_as_printed(rest: float) -> None:
    """The average so far grows to the total, answers after launch last, the worst of ten to the total's own."""
    amounts = (3_111.0, 2_222.0, 1_717.0)
    months = tuple(Month(at, much, much, high_so_far=3_000.0 * at) for at, much in enumerate(amounts, 1))
    made = plan(months=months, total=total(sum(amounts) + rest, 9_000.0))
    so_far = spent_so_far(made)
    means = [mean for _, mean, _ in so_far]
    assert sorted(means) == means
    assert pytest.approx(made.total.expected.shown) == means[-1]
    assert pytest.approx(made.total.p90.shown) == so_far[-1][2]
    assert ("after launch" if rest else "month 3") == so_far[-1][0]


def test_records_without_the_worst_of_ten_show_averages_alone() -> None:
    """Older plans have no band; nothing is drawn in its place."""
    older = plan(months=tuple(replace(month, high_so_far=None) for month in sample_plan().months))
    blocks = [block for one in money(of(older)).findings for block in one.blocks]
    assert not any(isinstance(block, Months) for block in blocks)
    bars = next(block for block in blocks if isinstance(block, Rows) and block.head[0] == "By the end of")
    assert pytest.approx(older.total.expected.shown) == bars.rows[-1].high
    assert any(isinstance(block, Months) for one in money(case()).findings for block in one.blocks)


# What was spent


def test_a_finished_case_ends_at_what_was_paid() -> None:
    """The title says that it is closed; each row and the total forecast what they say is spent."""
    books = sample()["books"]
    books = replace(books, lines=tuple(replace(line, closed=samples.TODAY) for line in books.lines))
    chart = under(money(case(books=books)), "3,886 USD is spent, and all lines are closed").blocks[0]
    assert isinstance(chart, Rows)
    assert all(row.figures[1] == row.figures[2] for row in chart.rows)
    assert chart.total[2] == chart.total[3] == "3,886"


def test_what_was_spent_adds_up_in_whole_units() -> None:
    """The column of what was spent sums to its total."""
    chart = under(money(case()), "3,886 USD is spent").blocks[0]
    assert isinstance(chart, Rows)
    assert numbers(chart.total[2]) == sum(numbers(row.figures[1]) for row in chart.rows)
    assert "Labels" in [row.name for row in chart.rows]


# What moved it


def bridged(before: float) -> Plan:
    """The sample plan with an earlier bill of so much."""
    after = sample_plan().total.expected.value
    moved = (Moved("rows and reviews", (after - before) * 0.7), Moved("prices and speeds", (after - before) * 0.3))
    return plan(bridge=Bridge("bill of 24 November 2026", before, moved, after))


@pytest.mark.parametrize("factor", [0.3, 0.6, 2.5])
def test_the_bridge_adds_up_as_printed(factor: float) -> None:
    """From the earlier bill by what moved it to this one's total, and the heading says which way."""
    made = bridged(factor * sample_plan().total.expected.value)
    found = under(money(of(made)), "Since last time")
    chart = found.blocks[0]
    assert isinstance(chart, Waterfall)
    *parts, whole = [step.amount for step in chart.steps]
    assert pytest.approx(whole) == sum(parts)
    assert ("rose" if factor < 1 else "fell") in found.title


# What is bought, and where it is trained


def way(name: str, amount: float, *, chosen: bool = False) -> Way:
    """A way to train that costs so much."""
    return Way(name, "rented", Band(amount, amount, amount, amount), None, 1.0, "", chosen=chosen)


def test_the_chosen_way_is_always_shown() -> None:
    """Even where it is not among the cheapest."""
    many = tuple(way(f"way {at}", 100.0 * at, chosen=at == 9) for at in range(1, 10))
    assert ["way 1", "way 2", "way 3", "way 4", "way 5", "way 9"] == [one.name for one in shown_ways(many)]
