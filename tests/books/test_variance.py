"""Variance: actual less planned falls into parts that add up to the last digit, and each part means one thing."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.books.variance import Bought, added, bought, exact, in_cents, quantity_in, to_date, variance
from tunecase.quantities import CENT, cents
from tunecase.quantities.spread import Band
from tunecase.records import Spending, Variance

DAY = date(2026, 11, 20)


def charge(amount: str, quantity: str | None = None, unit: str = "hour", **other: Any) -> Spending:
    """One charge of a line."""
    much = None if quantity is None else Decimal(quantity)
    return Spending(DAY, "labour", Decimal(amount), "USD", Decimal(amount), "", much, unit, **other)


def flat(value: float) -> Band:
    """A band without width."""
    return Band(value, value, value, value)


def test_parts_and_quantities():
    """The parts are the textbook's; without a quantity nothing is split; minutes become hours, cards GPU hours."""
    found = bought([charge("720", "60")], "hour")
    parts = variance(flat(1_000), flat(100), found, rounds_planned=2, rounds_made=1)
    assert Variance(Decimal(-500), Decimal(100), Decimal(120), Decimal(0)) == parts
    assert Decimal(-280) == parts.total
    assert Decimal(500) == to_date(flat(1_000), 2, 1)
    parts = variance(flat(1_000), flat(100), bought([charge("720", "60")], "hour"))
    assert Variance(Decimal(0), Decimal(-400), Decimal(120), Decimal(0)) == parts
    assert Decimal(1_000) == to_date(flat(1_000), 2, None) == to_date(flat(1_000), None, 1)
    assert to_date(None, 2, 1) is None
    assert Variance(Decimal(7), Decimal(0), Decimal(0), Decimal(0)) == variance(None, None, bought([charge("7")], ""))
    assert Bought(Decimal(0), Decimal(0), None) == bought([], "hour")
    mixed = bought([charge("720", "60"), charge("50")], "hour")
    assert Decimal(50) == variance(flat(1_000), flat(100), mixed).unsplit
    assert Decimal(-280) == variance(flat(1_000), None, bought([charge("720", "60")], "hour")).unsplit
    blind = variance(flat(1_000), flat(100), bought([charge("720")], "hour"), rounds_planned=2, rounds_made=1)
    assert Variance(Decimal(-500), Decimal(0), Decimal(0), Decimal(220)) == blind
    cases = [
        ("6", "hour", "hour", {}, "6"), ("6", "h", "hour", {}, "6"), ("90", "min", "hour", {}, "1.5"),
        ("6", "h", "GPU hour", {"gpu_count": 4}, "24"), ("6", "h", "GPU hour", {}, "6"),
        ("6", "GPU hour", "GPU hour", {"gpu_count": 4}, "6"), ("300", "labels", "example", {}, "300"),
        ("41000", "answers", "answer", {}, "41000"), ("6", "GB", "hour", {}, None), ("6", "hour", "", {}, None),
        ("6", "GPU hour", "hour", {}, None), ("6", "hour", "hour", {"charge": "credit"}, None),
        ("6", "hour", "hour", {"charge": "tax"}, None),
    ]  # fmt: skip
    rows = [(charge("1", quantity, unit, **other), plan) for quantity, unit, plan, other, _ in cases]
    expected = [None if much is None else Decimal(much) for *_, much in cases]
    assert expected == [quantity_in(row, plan) for row, plan in rows]


amounts = st.decimals("-99999999", "99999999", allow_nan=False, allow_infinity=False, places=11)
hours = st.none() | st.decimals("0.0001", "99999", allow_nan=False, allow_infinity=False, places=4)
floats = st.floats(0.01, 1e7)


@law(200)
@given(
    st.lists(st.tuples(amounts, hours), max_size=8), floats, st.none() | floats, st.none() | st.floats(1, 12),
    st.none() | st.integers(0, 20),
)  # fmt: skip
def test_the_parts_add_up_exactly(charges, planned, quantity, rounds, made):
    """Whatever was planned and paid, scope, quantity, price and unsplit are actual less planned."""
    found = bought([charge(str(a), None if h is None else str(h)) for a, h in charges], "hour")
    much = None if quantity is None else flat(quantity)
    parts = variance(flat(planned), much, found, rounds_planned=rounds, rounds_made=made)
    assert sum(int(a.scaleb(11)) for a, _ in charges) == int(found.amount.scaleb(11))
    assert found.amount - exact(planned) == parts.total
    assert parts.total == parts.scope + parts.quantity + parts.price + parts.unsplit


@given(st.lists(st.tuples(amounts, amounts, amounts, amounts), max_size=6))
def test_a_sum_of_variances_adds_part_by_part(parts):
    """The total's parts are the lines' parts."""
    lines = [Variance(*part) for part in parts]
    total = added([*lines, None])
    assert sum((line.total for line in lines), Decimal(0)) == total.total
    assert sum((line.price for line in lines), Decimal(0)) == total.price


@given(st.lists(st.tuples(*[st.decimals("-99999", "99999", places=6)] * 4), max_size=8))
def test_variances_add_up_across_and_down_in_whole_cents(rows: list[tuple[Decimal, ...]]) -> None:
    """Each row to its total, each column to its sum, and all of them to the exact sum, rounded."""
    parts = [Variance(*row) for row in rows]
    *shown, total = in_cents(parts)
    assert cents(added(parts).total) == total.total == sum((row.total for row in shown), Decimal(0))
    assert total == added(shown)
    for exact_row, row in zip(parts, shown, strict=True):
        for name in ("scope", "quantity", "price", "unsplit", "total"):
            assert abs(getattr(exact_row, name) - getattr(row, name)) < CENT
