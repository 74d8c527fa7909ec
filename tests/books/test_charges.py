"""Charges: one amount that was paid is read exactly, or refused with a fix."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tunecase.books.charges import ChargeText, spending, whole_id
from tunecase.errors import InputError
from tunecase.project import Rate
from tunecase.records import Spending

TODAY = date(2026, 11, 24)
RATES = (
    Rate(currency="EUR", value=1.05, date=date(2026, 1, 2)),
    Rate(currency="EUR", value=1.17, date=date(2026, 10, 1)),
)


def charge(amount: str = "42.50 USD", **other: Any) -> Spending:
    """One charge, sound unless told otherwise."""
    text = ChargeText(amount, **{"category": "gpu", "on": "2026-11-20", **other})
    return spending(text, project_currency="USD", rates=RATES, today=TODAY)


def refusal(amount: str = "42.50 USD", **other: Any) -> str:
    """The message of the charge's refusal."""
    with pytest.raises(InputError) as caught:
        charge(amount, **other)
    return str(caught.value)


def test_amounts_are_read_to_the_last_digit():
    """The Decimal holds what was typed; money that came back is negative; a currency takes the rate of its day."""
    cases = [
        ("42.50 USD", "42.50", "USD"), ("42.5", "42.5", "USD"), ("$42.50", "42.50", "USD"),
        ("42.50usd", "42.50", "USD"), ("0.000125 USD", "0.000125", "USD"),
        ("20.52022672899 USD", "20.52022672899", "USD"), ("€10", "10", "EUR"), ("10 €", "10", "EUR"),
    ]  # fmt: skip
    read = [(text, charge(text)) for text, _, _ in cases]
    assert cases == [(text, str(one.amount), one.currency) for text, one in read]
    assert Decimal("-5") == charge("5 USD", credit=True).amount
    assert Decimal("-5") == charge("-5 USD", credit=True).amount_base
    assert Decimal("11.70") == charge("10.00 EUR").amount_base
    assert Decimal("10.500") == charge("10.00", currency="eur", on="2026-03-01").amount_base
    assert Decimal("10.500") == charge("10.00 EUR", on="2025-03-01").amount_base
    assert "add to rates" in refusal("10 GBP")
    assert "name it once" in refusal("10 EUR", currency="USD")
    assert "name it once" in refusal("$10 EUR")


def test_amounts_that_can_be_misread_are_refused_with_a_fix():
    """No guess is made about separators, exponents or signs."""
    cases = [
        ("NaN USD", "1234.56"), ("inf", "1234.56"), ("-Infinity USD", "1234.56"), ("0 USD", "leave out"),
        ("0.00", "leave out"), ("-5 USD", "--credit"), ("1,234.56 USD", "write 1234.56"),
        ("1.234,56 USD", "write 1234.56"), ("1,234", "write 1.2340 or 1234"),
        ("42,50 USD", "write 42.50 USD or 4250 USD"), ("1.234.567 USD", "write 1234567"),
        ("1,234.567", "write 1234.567 or 1234567"), ("12.345 USD", "write 12.3450 USD or 12345 USD"),
        ("1e3 USD", "no separators"), ("1_000 USD", "no separators"), ("5k USD", "no separators"),
        ("1 000 USD", "write 1000 USD"), ("١٢ USD", "no separators"), ("", "no separators"), ("USD", "no separators"),
        ("1.0000000000001 USD", "no separators"), ("12 dollars", "no separators"),
    ]  # fmt: skip
    assert [] == [(text, fix) for text, fix in cases if fix not in refusal(text)]


def test_every_mistake_is_told_at_once():
    """Amount, category, day, quantity and correction."""
    told = refusal("NaN", category="labor", on="20/11/2026", quantity="many", supersedes="xyz")
    for words in ("amount", "did you mean labour?", "year first", "'many'", "64 hex digits"):
        assert words in told
    assert "not after today" in refusal(on="2026-11-25")
    assert "a day that exists" in refusal(on="2026-02-30")
    assert TODAY == charge(on=TODAY).on
    assert "34 of nothing" in refusal(quantity="34")
    assert Decimal("1.17") == charge("100 EUR", on="2026-11-01").fx_rate
    assert Decimal(1) == charge().fx_rate
    assert "note: 100,000 characters; wanted at most 500" in refusal(description="x" * 100_000)
    assert "unit: 41 characters; wanted at most 40" in refusal(unit="u" * 41)
    assert "x" * 500 == charge(description="x" * 500).description
    read = charge(quantity="6.283056", unit="h", description="L40S\nrun \udcff", supersedes="a" * 64)
    expected = (Decimal("6.283056"), "h", "L40S run ?", "a" * 64)
    assert expected == (read.quantity, read.unit, read.description, read.supersedes)


def test_short_ids_are_completed():
    """Six characters do when they fit one charge."""
    known = ["abcdef" + "0" * 58, "abcdef" + "1" * 58, "123456" + "0" * 58]
    assert known[2] == whole_id("123456", known)
    for short, got in (("abcdef", "2 charges"), ("999999", "0 charges"), ("12", "'12'")):
        with pytest.raises(InputError, match=got):
            whole_id(short, known)
