"""Quantities read as people write them, and refusals say what was got, what is wanted and how to fix it."""

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tunecase.quantities.spread import Const, Interval, Pert, ShareInterval, Spread
from tunecase.quantities.units import Quantity, UnitError, Wanted, memory_gb, read_quantity

COUNT, SHARE, MONEY = Wanted(), Wanted("share", most=1, zero_ok=True), Wanted("money", example="15k USD")
HOURLY, LABEL = Wanted("money", "hour", example="20 USD per hour"), Wanted("minute", "label", example="2 min per label")

READ: list[tuple[object, Wanted, Spread]] = [
    ("5k to 12k USD", MONEY, Interval(5_000, 12_000)), ("$5,000 to $12,000", MONEY, Interval(5_000, 12_000)),
    ("5k–12k USD", MONEY, Interval(5_000, 12_000)), ("15k USD", MONEY, Const(15_000)),
    ("1.2M USD", MONEY, Const(1_200_000)), ("€15k", MONEY, Const(15_000)),
    ("~20 h", Wanted("hour"), Interval(20 / 1.5, 30)), ("1 / 3 / 10 days", Wanted("day"), Pert(1, 3, 10)),
    ("5 to 12k USD", Wanted("money"), Interval(5_000, 12_000)),
    ("20 to 60k per month", Wanted("", "month"), Interval(20_000, 60_000)),
    ("900 to 1.2k", Wanted(), Interval(900, 1_200)), ("1 / 3 / 10k USD", Wanted("money"), Pert(1_000, 3_000, 10_000)),
    ("5 million", Wanted(), Const(5e6)), ("2 to 3 thousand USD", Wanted("money"), Interval(2_000, 3_000)),
    ("30%", SHARE, Const(0.3)), ("50 to 80%", SHARE, ShareInterval(0.5, 0.8)), ("0%", SHARE, Const(0)),
    (0.3, SHARE, Const(0.3)), ("2.1 min per label", LABEL, Const(2.1)), ("2.1 min/label", LABEL, Const(2.1)),
    ("30 s per label", LABEL, Const(0.5)), ("1 to 2 minutes per labels", LABEL, Interval(1, 2)),
    ("3 USD per hour", HOURLY, Const(3)), ("3 USD/h", HOURLY, Const(3)), ("0.05 USD per minute", HOURLY, Const(3)),
    ("20k to 60k per month", Wanted("", "month"), Interval(20_000, 60_000)),
    ("20k to 60k answers per month", Wanted("", "month"), Interval(20_000, 60_000)),
    ("12 months", Wanted("month"), Const(12)), ("1 year", Wanted("month"), Const(12)),
    ("0.40 USD per correct", Wanted("money", "correct"), Const(0.4)),
    ("20 to 40 h per round", Wanted("hour", "round"), Interval(20, 40)), ("50k", COUNT, Const(50_000)),
    ("2 to 2", COUNT, Const(2)), (3, COUNT, Const(3)), ("1e3", COUNT, Const(1_000)),
]  # fmt: skip

REFUSED: list[tuple[object, Wanted, str]] = [
    ("15k", MONEY, "an amount with its currency"), ("-5 USD", MONEY, "more than zero"),
    ("0 USD", MONEY, "more than zero"), ("nan", COUNT, "a number"), ("inf", COUNT, "a number"),
    ("1e999", COUNT, "a finite number"), ("5 USD to 6 EUR", MONEY, ""), ("$5 to €6", MONEY, "one currency"),
    ("$5 EUR", MONEY, "one currency"), ("12k to 5k USD", MONEY, "low to high"),
    ("10 / 3 / 1", COUNT, "least / likely / most"), ("120%", SHARE, "at most 100%"), ("30%", COUNT, "a number"),
    ("5 USD", COUNT, "not money"), ("2 bananas per label", LABEL, "minutes per label"),
    ("2 min", LABEL, "minutes per label"), ("2 min per page", LABEL, "minutes per label"),
    ("400 USD per day", HOURLY, "USD per hour"), ("3 USD per lightyear", HOURLY, "USD per hour"),
    ("soon", COUNT, "a number"), ("E0", COUNT, "a number"), ("", COUNT, "a number"), (True, COUNT, "a number"),
    (None, COUNT, "a number"), (["5"], COUNT, "a number"),
]  # fmt: skip


def test_quantities_are_read_or_refused_with_a_fix() -> None:
    """Every form of the grammar in the field's unit, a currency as typed; nothing is guessed, of memory neither."""
    read = [(text, wanted, read_quantity(text, wanted).spread, spread) for text, wanted, spread in READ]
    wrong = [row for row in read if type(row[2]) is not type(row[3]) or not close(row[2], row[3])]
    assert [] == wrong
    wrong = []
    for text, wanted, words in REFUSED:
        try:
            wrong.append((text, read_quantity(text, wanted)))
        except UnitError as error:
            quoted = repr(text) == error.got or str(text) in error.got
            if not (quoted and words in error.wanted and error.fix and error.got in str(error)):
                wrong.append((text, error))
    assert [] == wrong
    assert read_quantity("5 CHF", MONEY).currency == "CHF"
    assert read_quantity("£5", MONEY).currency == "GBP"
    assert read_quantity(" 5 USD ", MONEY).text == "5 USD"
    assert read_quantity("5", COUNT).currency == ""
    assert Quantity(Const(2), "money", "USD").scaled(0.5, "EUR") == Quantity(Const(1), "money", "EUR")
    for text in ("0GB", "-5 GB", "20", "lots", "10 TB", "20 G", "GB", "1e3GB", "", 20, None, "nanGB", "1" * 200_000):
        with pytest.raises(UnitError, match="1 GB to 1 TB"):
            memory_gb(text)


@given(low=st.floats(0.01, 1e6), ratio=st.floats(1.01, 100), unit=st.sampled_from(["USD", "EUR"]))
def test_an_interval_read_back_from_its_own_text_is_the_same(low: float, ratio: float, unit: str) -> None:
    """What is written reads back; three digits after a point have two readings in an amount, and are asked about."""
    high = low * ratio
    assume(not any(re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", repr(end)) for end in (low, high)))
    quantity = read_quantity(f"{low!r} to {high!r} {unit}", MONEY)
    assert quantity.spread == Interval(low, high)
    assert quantity.currency == unit


@given(text=st.text(max_size=30), wanted=st.sampled_from([COUNT, SHARE, MONEY, HOURLY, LABEL]))
def test_any_text_is_read_or_refused_never_a_crash(text: str, wanted: Wanted) -> None:
    """And what is read is finite and not negative."""
    try:
        spread = read_quantity(text, wanted).spread
    except UnitError:
        return
    assert math.isfinite(spread.low)
    assert spread.low >= 0


def close(found: Spread, spread: Spread) -> bool:
    """The same points to twelve figures."""
    return all(
        math.isclose(getattr(found, name), getattr(spread, name), rel_tol=1e-12, abs_tol=1e-15)
        for name in ("low", "median", "high")
    )


@given(st.integers(1, 900), st.sampled_from(["", " "]))
def test_a_gib_is_larger_than_a_gb(size: int, blank: str) -> None:
    """By 7.4%, whatever their case and blanks."""
    assert memory_gb(f"{size}{blank}gib") / memory_gb(f"{size}{blank}GB") == pytest.approx(2**30 / 1e9)
