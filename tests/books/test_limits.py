"""Limits of charges: what nobody can mean is named, whatever was ever booked is not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from tunecase.books.limits import beyond_limits, more_back_than_paid, odd_words
from tunecase.records import Spending

TODAY = date(2026, 11, 24)
PLAIN = Spending(date(2026, 11, 20), "gpu", Decimal(40), "USD", Decimal(40), quantity=Decimal(20), unit="GPU hour")


def test_limits_name_their_field_and_hold_money_back() -> None:
    """One beyond a limit is named by its field alone; a credit up to the sum of what counts is fine."""
    assert [] == list(beyond_limits(PLAIN, TODAY))
    for field, change in CHANGES:
        assert [field] == [beyond.field for beyond in beyond_limits(replace(PLAIN, **change), TODAY)]
    (beyond,) = beyond_limits(replace(PLAIN, quantity=Decimal(10**9), unit="hours"), TODAY)
    assert "1.000e+9 hours" == beyond.got  # as it was typed
    assert [] == list(beyond_limits(replace(PLAIN, quantity=Decimal(10**10), unit="token"), TODAY))
    booked = [("a" * 64, PLAIN)]
    credit = replace(PLAIN, amount=Decimal(-40), amount_base=Decimal(-40), charge="credit")
    assert more_back_than_paid(booked, [credit], "USD") is None
    assert more_back_than_paid(booked, [replace(credit, amount_base=Decimal("-40.01"))], "USD") is not None
    nothing = replace(PLAIN, amount=Decimal(0), amount_base=Decimal(0), supersedes="a" * 64)
    problem = more_back_than_paid([*booked, ("b" * 64, nothing)], [credit], "USD")
    assert "40.00 USD more than was ever charged" in problem.got
    less = replace(credit, amount_base=Decimal(-1), supersedes="c" * 64)
    assert more_back_than_paid([("c" * 64, credit)], [less], "USD") is None
    odd = replace(PLAIN, on=date(9999, 1, 1))
    assert [] == odd_words([PLAIN], TODAY)
    (words,) = odd_words([PLAIN, odd, odd], TODAY)
    assert words.startswith("2 charges of days, amounts or hours that cannot be meant, such as day 9999-01-01")


CHANGES = [
    ("day", {"on": date(1999, 12, 31)}),
    ("day", {"on": date(2026, 11, 25)}),
    ("begin", {"began_at": datetime(1, 1, 1, tzinfo=UTC)}),
    ("end", {"ended_at": datetime(9999, 12, 31, tzinfo=UTC)}),
    ("amount", {"amount": Decimal(10**12)}),
    ("amount in the project's currency", {"amount_base": Decimal(-(10**12))}),
    ("quantity", {"quantity": Decimal(10**9)}),
    *(("quantity", {"quantity": Decimal(-(10**9)), "unit": unit}) for unit in ("h", "hrs", "gpu hrs", "GPU-Hours")),
]
