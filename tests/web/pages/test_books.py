"""The books of a case as its page shows them."""

from dataclasses import replace
from decimal import Decimal

from tests.web.pages import made
from tunecase.web.pages.books import MOST_CHARGES, charge_rows, charges_note


def test_charges_are_listed_newest_first_and_add_up() -> None:
    """What counts adds up to the total as it is printed; what counts in no sum says why."""
    rows = charge_rows(made.CHARGES)
    assert ["24 November 2026", "22 November 2026", "20 November 2026"] == [row.day for row in rows]
    counted = [Decimal(row.amount) for row in rows if not row.out]
    assert made.CHARGES.column[-1] == f"{sum(counted)}"
    assert ("90.00", "a bill covers it") == (rows[0].amount, rows[0].out)
    assert ("Training", "GPU hours", "manual") == (rows[1].line, rows[1].words, rows[1].source)


def test_another_currency_is_told_beside_the_amount() -> None:
    """The amount in the base currency counts; what was paid stands beside it, with how much was bought."""
    one = made.CHARGES.charges[0]
    euro = replace(one.charge, amount=Decimal(350), currency="EUR", quantity=Decimal("2.50"), unit="h")
    row = charge_rows(replace(made.CHARGES, charges=(replace(one, charge=euro),)))[0]
    assert ("380.00", "350.00 EUR", "2.50 h: Error analysis, 4 h") == (row.amount, row.given, row.words)


def test_a_long_list_ends_and_says_what_it_leaves_out() -> None:
    """The last 200 charges are listed, the others and the unreadable ones told."""
    many = replace(made.CHARGES, charges=made.CHARGES.charges[:1] * (MOST_CHARGES + 1_300))
    assert MOST_CHARGES == len(charge_rows(many))
    assert charges_note(many).startswith("1,300 older ones: `tunecase spend list`. 1 charge is set aside")
    assert "" == charges_note(replace(made.CHARGES, set_aside=()))
