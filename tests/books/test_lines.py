"""Bookable lines: what no charge can tell apart is one line of the plan."""

from decimal import Decimal

from tests.books.test_books import paid, plan
from tunecase import catalog
from tunecase.books import books
from tunecase.books.lines import LINES, UNKNOWNS, planned_lines
from tunecase.plan.costs.lines import COSTS
from tunecase.quantities.spread import Band
from tunecase.records import CATEGORIES, Line


def test_failed_and_idle_hours_stand_under_gpu():
    """Amounts and hours add up; a part without hours or price leaves the rest; a line left out is none."""
    one, hours = Band(1, 2, 3, 4), Band(10, 20, 30, 40)
    lines = (
        Line("gpu", one, 0.1, "b", True, hours, "GPU hour"),
        Line("failed_runs", one, 0.1, "b", True, hours, "GPU hour"),
    )
    found = planned_lines(plan(lines=lines))
    assert ["gpu"] == list(found)
    assert (Band(2, 4, 6, 8), Band(20, 40, 60, 80), "GPU hour") == (
        found["gpu"].amount,
        found["gpu"].quantity,
        found["gpu"].unit,
    )
    idle = (*lines, Line("idle", one, 0.1, "b"))
    assert (Band(3, 6, 9, 12), None) == (
        planned_lines(plan(lines=idle))["gpu"].amount,
        planned_lines(plan(lines=idle))["gpu"].quantity,
    )
    one = Band(1, 2, 3, 4)
    lines = (
        Line("gpu", one, 0.1, "b"),
        Line("idle", None, None, "b"),
        Line("data", None, None, "b"),
        Line("inference", one, None, "b", included=False),
    )
    found = planned_lines(plan(lines=lines))
    assert ["gpu", "data"] == list(found)
    assert (one, None) == (found["gpu"].amount, found["data"].amount)


def test_every_line_of_a_bill_has_a_line_for_its_charges() -> None:
    """And the other way round: a cost is one row of the table, which plan, charges and imports all follow."""
    names = [line.name for line in LINES]
    assert len(set(names)) == len(names)
    assert {cost.__name__ for cost in COSTS} <= set(names)
    assert set(CATEGORIES) < set(names)
    assert [UNKNOWNS] == [line.name for line in LINES if not line.booked_as]
    assert {row["category"] for row in catalog.read_table("charges")} <= set(CATEGORIES)
    assert list(CATEGORIES) == list(dict.fromkeys(line.booked_as for line in LINES if line.booked_as))


def test_the_allowance_is_used_by_what_lines_cost_beyond_their_plan():
    """Nothing is booked to the unknowns: what is above a line's expected amount, or not planned, comes out of them."""
    lines = (
        Line("gpu", Band(100, 200, 300, 400), 0.1, "b", expected=250.0),
        Line("labour", Band(4_000, 7_000, 9_000, 10_000), 0.9, "b"),
        Line(UNKNOWNS, Band(0, 0, 500, 900), 0.1, "b", expected=300.0),
    )
    charges = [*paid("260.125"), *paid("6000", category="labour"), *paid("40", category="storage")]
    record = books(charges, estimate=plan(lines=lines), project=None, verified=True)
    found = {line.name: line for line in record.lines}
    assert Decimal("50.125") == found[UNKNOWNS].drawn
    assert (Decimal(0), "unknowns (allowance)") == (found[UNKNOWNS].spent, found[UNKNOWNS].title)
    assert {None} == {line.drawn for name, line in found.items() if name != UNKNOWNS}
    assert "Of the allowance for overruns, 300 USD expected in the plan, 50.13 USD is used" in record.note
