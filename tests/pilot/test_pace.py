"""The minutes of a language model's pilot follow the lengths of the rows."""

from hypothesis import given
from hypothesis import strategies as st

from tunecase.pilot.examples import Examples
from tunecase.pilot.pace import lora_minutes


def rows(count: int, read: int, written: int) -> Examples:
    """So many rows with so many characters in and out."""
    return Examples(("x" * read,) * count, ("y" * written,) * count)


def test_long_answers_take_longer() -> None:
    """As many rows take longer the longer their answers are; low, likely and high rise."""
    short, long = (lora_minutes(rows(300, 200, written), rows(60, 200, written)) for written in (10, 800))
    assert short.mid < long.mid
    assert 0 < short.low < short.mid < short.high


def test_a_pilot_trains_on_no_more_rows_than_its_ladder() -> None:
    """Training rows beyond the ladder's end add nothing."""
    tests = rows(50, 100, 10)
    assert lora_minutes(rows(2_000, 100, 10), tests) == lora_minutes(rows(5_000, 100, 10), tests)


@given(st.integers(1, 500), st.integers(1, 500))
def test_more_test_rows_never_take_less(few: int, more: int) -> None:
    """Minutes rise with the test rows."""
    train = rows(100, 50, 5)
    assert lora_minutes(train, rows(few, 50, 5)).mid <= lora_minutes(train, rows(few + more, 50, 5)).mid
