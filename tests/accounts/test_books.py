"""The page and the Markdown print the books so that their tables add up."""

from decimal import Decimal

from tests import samples
from tests.cli.show.test_books import PAID, books
from tunecase.accounts.books import blocks
from tunecase.blocks import Table
from tunecase.books import lead
from tunecase.records import Books


def table(title: str, record: Books | None = None) -> dict[str, list[str]]:
    """The rows of a table, by their first cell."""
    (found,) = [block for block in blocks(record or books()) if isinstance(block, Table) and block.caption == title]
    return {row[0].text: [cell.text for cell in row[1:]] for row in found.rows}


def test_spent_adds_up_to_the_total() -> None:
    """To the cent, in the same digits as the terminal's."""
    rows = table("Plan against actual")
    assert ["8.78", "0.25", "4.69", "13.72"] == [rows[name][2] for name in (*PAID, "Total")]
    assert "13.72 USD spent of 100, 86.28 USD left." in lead(books())[0]


def test_why_they_differ_adds_up() -> None:
    """The last row is the sum of the rows above it."""
    rows = table("Why spent and planned differ")
    total = rows.pop("Sum of the lines")
    assert Decimal(total[0]) == sum(Decimal(row[0]) for row in rows.values())
    assert Decimal("13.72") == Decimal(total[0])


def test_what_was_served_is_told_by_month() -> None:
    """Planned and actual side by side, and parts that add up across and down."""
    rows = table("Served against forecast", samples.books())
    assert ["80k", "89,000"] == rows["answers"]
    parts = table("Why serving cost more or less than forecast", samples.books())
    for row in parts.values():
        assert Decimal(row[0]) == sum(Decimal(cell) for cell in row[1:] if cell != "-")
    total = parts.pop("Sum of the months")
    assert ["2026-10", "2026-11"] == list(parts)
    assert Decimal("104.90") == Decimal(total[0]) == sum(Decimal(row[0]) for row in parts.values())
