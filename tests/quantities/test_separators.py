"""A number that is read differently in different countries is asked about, and every fix can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.quantities import Interval, UnitError, Wanted, read_quantity, separator_fix, unclear

MONEY = Wanted("money", example="3 USD")


def test_each_reading_is_told_and_single_ones_are_read() -> None:
    """What may be meant otherwise is refused with every reading; a point before decimals is read."""
    for text, fix in UNCLEAR.items():
        with pytest.raises(UnitError) as told:
            read_quantity(text, MONEY)
        assert (fix, repr(text)) == (told.value.fix, told.value.got)
    with pytest.raises(UnitError) as told:
        read_quantity("1.500,00 USD per Mtok", Wanted("money", "Mtok"))
    assert "write 1500.00 USD per Mtok" == told.value.fix
    for text, wanted, value in CLEAR:
        assert value == pytest.approx(read_quantity(text, wanted).spread.median), text
    assert Interval(1.015, 1.25) == read_quantity("1.015 to 1.250", Wanted("")).spread


@given(st.integers(0, 10**9), st.text("0123456789", max_size=6), st.sampled_from(["", ",", ".", " ", "'"]))
def test_every_fix_can_be_read(whole: int, decimals: str, separator: str) -> None:
    """Whatever is told to be written is read when it is."""
    number = f"{whole:,}".replace(",", separator) + (f".{decimals}" if decimals else "")
    if unclear(number):
        for way in separator_fix(number).removeprefix("write ").removesuffix(", whichever is meant").split(" or "):
            assert not unclear(way), (number, way)


UNCLEAR = {
    "1.500 USD": "write 1.5 USD or 1500 USD, whichever is meant",
    "12.345 USD": "write 12.3450 USD or 12345 USD, whichever is meant",
    "2.000 USD": "write 2 USD or 2000 USD, whichever is meant",
    "1k to 1.500 USD": "write 1k to 1.5 USD or 1k to 1500 USD, whichever is meant",
    "1.500,00 USD": "write 1500.00 USD", "1.500.000 USD": "write 1500000 USD",
    "1,50 USD": "write 1.50 USD or 150 USD, whichever is meant", "1 500 USD": "write 1500 USD",
    "1'500.50 USD": "write 1500.50 USD",
}  # fmt: skip


CLEAR: list[tuple[str | float, Wanted, float]] = [
    ("1,500 USD", MONEY, 1500.0), ("1,500.25 USD", MONEY, 1500.25), ("0.500 USD", MONEY, 0.5),
    ("1500.125 USD", MONEY, 1500.125), ("1.5k USD", MONEY, 1500.0), ("1.250k USD", MONEY, 1250.0),
    ("1.50 USD", MONEY, 1.5), ("1.5000 USD", MONEY, 1.5), ("1.125 USD per Mtok", Wanted("money", "Mtok"), 1.125),
    ("2.125 h", Wanted("hour"), 2.125), ("1.125 USD", Wanted("money", is_price=True), 1.125),
    ("12.375%", Wanted("share"), 0.12375), ("1.250", Wanted(""), 1.25), (1.125, Wanted(""), 1.125),
]  # fmt: skip
