"""The page and the Markdown print the books so that their tables add up."""

from decimal import Decimal

from tests.cli.show.test_books import PAID, books
from tunecase.books import lead
from tunecase.report.content import Table
from tunecase.report.sections.books import blocks


def table(title: str) -> dict[str, list[str]]:
    """The rows of a table, by their first cell."""
    (found,) = [block for block in blocks(books()) if isinstance(block, Table) and block.caption == title]
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
