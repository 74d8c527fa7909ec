"""Charges are drawn from approvals: what is spent, what is left, and what nothing covers add up to the cent."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tunecase.books import Dated, Drawdown, Grant, Moment, drawn_down


def on(day: int, place: int = 0) -> Moment:
    """A moment of November 2026."""
    return Moment(date(2026, 11, day), place)


def grant(amount: int, day: int, until: int | None = None, ended: Moment | None = None) -> Grant:
    """An approval of that day of November 2026."""
    return Grant(Decimal(amount), on(day), date(2026, 11, until) if until else None, ended)


def paid(amount: int | str, day: int, place: int = 1) -> Dated:
    """A charge of that day."""
    return Dated(on(day, place), Decimal(amount))


def test_releases_add_up_in_their_time() -> None:
    """What ends first is used first; the place in the ledger decides; a rejection ends an approval."""
    drawn = drawn_down([grant(1500, 1), grant(1700, 10)], [paid(1600, 5), paid(100, 11)])
    assert Drawdown((Decimal(1500), Decimal(200)), Decimal(1700), Decimal(0), Decimal(0)) == drawn
    drawn = drawn_down([grant(1500, 1)], [paid(1600, 5)])
    assert ((Decimal(1500),), Decimal(100)) == (drawn.used, drawn.uncovered)
    drawn = drawn_down([grant(100, 1), grant(50, 2, until=20)], [paid(60, 5)])
    assert (Decimal(10), Decimal(50)) == drawn.used
    assert Drawdown((), Decimal(0), Decimal(0), Decimal(5)) == drawn_down([], [paid(5, 1)])
    first = Grant(Decimal(100), on(10, 5))
    drawn = drawn_down([first], [paid(7, 9), paid(8, 10, 4), paid(9, 10, 6)])
    assert (Decimal(15), Decimal(9), (Decimal(9),)) == (drawn.before, drawn.spent, drawn.used)
    drawn = drawn_down([grant(100, 1, until=10)], [paid(30, 10), paid(20, 11)])
    assert ((Decimal(30),), Decimal(20)) == (drawn.used, drawn.uncovered)
    drawn = drawn_down([grant(100, 1, ended=on(5, 3))], [paid(30, 5, 2), paid(20, 5, 4)])
    assert ((Decimal(30),), Decimal(20)) == (drawn.used, drawn.uncovered)
    charges = [paid(130, 5), paid(-40, 6)]
    drawn = drawn_down([grant(100, 1)], charges)
    assert ((Decimal(90),), Decimal(90), Decimal(0)) == (drawn.used, drawn.spent, drawn.uncovered)


amounts = st.decimals(0, 1000, places=2)
grants = st.builds(
    lambda amount, day, until: Grant(amount, on(day), date(2026, 11, until) if until else None),
    amounts, st.integers(1, 28), st.none() | st.integers(1, 28),
)  # fmt: skip
charges = st.builds(
    lambda amount, day, place: Dated(on(day, place), amount), amounts, st.integers(1, 28), st.integers()
)


@given(st.lists(grants, max_size=5), st.lists(charges, max_size=12))
def test_parts_add_up_to_the_cent(given: list[Grant], spent: list[Dated]) -> None:
    """Used plus uncovered is spent; spent plus before is all; nothing is used beyond its amount."""
    drawn = drawn_down(given, spent)
    assert drawn.spent == sum(drawn.used, drawn.uncovered)
    assert sum((amount for _, amount in spent), Decimal(0)) == drawn.spent + drawn.before
    assert all(0 <= used <= one.amount for used, one in zip(drawn.used, given, strict=True))
    assert drawn.uncovered >= 0
