"""The books are told so that what stands beside a total adds up to it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests import samples
from tests.accounts.reading import table
from tunecase.accounts import Material, account
from tunecase.blocks import Account
from tunecase.records import BookLine, Books, Variance

# Their nearest cents add up to 13.73, and they to 13.715.
PAID = {"gpu": "8.775", "storage": "0.245", "labour": "4.695"}


def books(**changes: object) -> Books:
    """Books in which three lines hold fractions of a cent."""
    lines = tuple(
        BookLine(name, None, Decimal(amount), None, 1, variance=Variance(Decimal(amount), *[Decimal(0)] * 3))
        for name, amount in PAID.items()
    )
    spent = sum(map(Decimal, PAID.values()), Decimal(0))
    given = {"lines": lines, "spent": spent, "budget": 100.0, "left": Decimal(100) - spent}
    return replace(samples.books(), **{**given, **changes})  # type: ignore[arg-type]


def told(record: Books | None = None, **material: Any) -> Account:
    """The account of some books."""
    return account("books", record or samples.books(), Material(**material))


def unspent(**changes: Any) -> Books:
    """Books in which nothing is booked."""
    record = samples.books()
    lines = tuple(replace(line, spent=Decimal(0), entries=0, at_completion=None) for line in record.lines)
    empty = {"lines": lines, "spent": Decimal(0), "left": Decimal(18_000), "entries": 0, "at_completion": None}
    return replace(record, **{**empty, **changes})


def test_spent_adds_up_by_group() -> None:
    """To the cent; a group without a plan says so."""
    rows = table(told(books()).short, "Plan, spent and forecast in the middle case")
    assert {"people": "4.70", "computers": "9.02", "total": "13.72"} == {name: row[1] for name, row in rows.items()}
    assert "not planned" == rows["people"][0]


def test_before_anything_is_spent_the_forecast_is_the_plan() -> None:
    """Line by line and in all."""
    rows = table(told(unspent()).short, "Plan, spent and forecast in the middle case")
    assert all(row[0] == row[2] and row[1] == "0" for row in rows.values() if row[0] != "not planned")
    assert "tunecase spend add 42.50 USD --category labour" == told(unspent()).next


def test_lines_add_up_to_the_total_in_full() -> None:
    """To the cent, planned or not."""
    rows = table(told(books()).full, "Plan against actual")
    assert ["8.78", "0.25", "4.69", "13.72"] == [rows[name][2] for name in (*PAID, "Total")]


def test_why_they_differ_adds_up() -> None:
    """The last row is the sum of the rows above it."""
    rows = table(told(books()).full, "Why spent and planned differ")
    total = rows.pop("Sum of the lines")
    assert Decimal(total[0]) == sum(Decimal(row[0]) for row in rows.values())
    assert Decimal("13.72") == Decimal(total[0])


def test_a_row_of_why_adds_up_across_and_down() -> None:
    """All is scope, quantity, price and unsplit, and the last row is the sum of the rows above."""
    parts = [Variance(*map(Decimal, row)) for row in (("0.335", "0.335", "-7.005", "1234.5"), ("0.004",) * 4)]
    lines = tuple(BookLine(f"line{at}", None, Decimal(1), None, 1, variance=split) for at, split in enumerate(parts))
    rows = table(told(books(lines=lines)).full, "Why spent and planned differ")
    numbers = {name: [Decimal(c.replace(",", "")) for c in row if c != "-"] for name, row in rows.items()}
    assert Decimal("1228.16") == numbers["line0"][0]
    assert all(row[0] == sum(row[1:]) for row in numbers.values())
    assert numbers["Sum of the lines"][0] == numbers["line0"][0] + numbers["line1"][0]


def test_what_was_served_is_told_by_month() -> None:
    """Planned and actual side by side, and parts that add up across and down."""
    rows = table(told().full, "Served against forecast")
    assert ["80k", "89,000"] == rows["answers"]
    assert "tokens in" not in rows
    parts = table(told().full, "Why serving cost more or less than forecast")
    for row in parts.values():
        assert Decimal(row[0]) == sum(Decimal(cell) for cell in row[1:] if cell != "-")
    total = parts.pop("Sum of the months")
    assert ["2026-10", "2026-11"] == list(parts)
    assert Decimal("104.90") == Decimal(total[0]) == sum(Decimal(row[0]) for row in parts.values())
