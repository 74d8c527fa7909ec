"""Paid money is rounded as finance rounds, and parts stand beside their total as they add up."""

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from tunecase.quantities import CENT, cents, cents_adding_up, paid_column
from tunecase.quantities.wording import paid, signed

amounts = st.decimals("-999999999999", "999999999999", places=9)


def read(text: str) -> Decimal:
    """A printed amount; nothing where it is too small to be shown."""
    if text.startswith("<"):
        return Decimal(0)
    return Decimal(text.replace(",", ""))


def test_halves_are_rounded_away_from_zero() -> None:
    """As finance rounds, and not to the even digit; what a column cannot show is not printed as nothing."""
    halves = {"12.345": "12.35", "12.335": "12.34", "-12.345": "-12.35", "0.005": "0.01", "1.0049999": "1.00"}
    for amount, shown in halves.items():
        assert Decimal(shown) == cents(Decimal(amount)) == read(signed(Decimal(amount)))
        assert abs(Decimal(amount)) < CENT or shown == paid(Decimal(amount))
    assert ["<0.000001", "3.000000", "3.000000"] == paid_column([Decimal("0.0000001"), Decimal(3)])


@given(st.lists(amounts, max_size=30))
@example([Decimal("8.775"), Decimal("0.245"), Decimal("4.695")])
@example([Decimal("0.005")] * 3)
@example([Decimal("-0.004")] * 100)
def test_parts_add_up_to_their_rounded_sum(parts: list[Decimal]) -> None:
    """The sum as shown is the exact sum, rounded; no part is off by a whole cent; whole cents are left alone."""
    shown = cents_adding_up(parts)
    assert cents(sum(parts, Decimal(0))) == sum(shown, Decimal(0))
    assert all(abs(part - much) < CENT for part, much in zip(parts, shown, strict=True))
    assert shown == cents_adding_up(shown)


@given(st.lists(amounts | st.decimals("-0.02", "0.02", places=6), max_size=12))
@example([Decimal("8.775"), Decimal("0.245"), Decimal("4.695")])
def test_a_printed_column_adds_up(parts: list[Decimal]) -> None:
    """Also where a part is less than a cent, which is written out."""
    *column, total = paid_column(parts)
    assert read(total) == sum(map(read, column), Decimal(0))
    assert all(part == 0 or text.strip("0.,") for part, text in zip(parts, column, strict=True) if abs(part) < CENT)
