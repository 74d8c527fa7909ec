"""The books are printed so that what stands beside a total adds up to it."""

import re
from dataclasses import replace
from decimal import Decimal

from tests import samples
from tests.cli.show.printing import printed
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


def amounts(text: str, row: str, column: int = 0) -> list[Decimal]:
    """The amounts of a row that begins with a word."""
    (line,) = [line for line in text.splitlines() if re.match(rf"\s*{row}\s", line)][column : column + 1]
    return [Decimal(one.replace(",", "")) for one in re.findall(r"[+-]?[\d,]+\.\d\d\b", line)]


def test_lines_add_up_to_the_total_as_printed() -> None:
    """Plan against actual, and why they differ; the heading says the same sum."""
    text = printed("books", books(), 200)
    for table in (0, 1):
        lines = [amounts(text, name, table)[0] for name in PAID]
        assert sum(lines) == amounts(text, "total", table)[0]
    assert amounts(text, "total") == [Decimal("13.72")]
    assert "13.72 USD spent, 86.28 left of 100" in text


def test_a_row_of_why_adds_up_across_and_down() -> None:
    """All is scope, quantity, price and unsplit, and the last row is the sum of the rows above."""
    parts = [Variance(*map(Decimal, row)) for row in (("0.335", "0.335", "-7.005", "1234.5"), ("0.004",) * 4)]
    lines = tuple(BookLine(f"line{at}", None, Decimal(1), None, 1, variance=split) for at, split in enumerate(parts))
    text = printed("books", books(lines=lines), 200)
    rows = [amounts(text, name, 1) for name in ("line0", "line1", "total")]
    assert [Decimal("1228.16"), Decimal("0.02")] == [rows[0][0], rows[1][0]]
    assert rows[0][0] == sum(rows[0][1:])
    assert [row[0] for row in rows] == [sum(row[1:]) for row in rows]
    assert rows[2][0] == rows[0][0] + rows[1][0]


def test_budgets_of_many_digits_are_written_to_the_cent() -> None:
    """What was spent and what is left add up to what is printed."""
    text = printed("books", books(budget=12_345.67, left=Decimal("12331.955")), 200)
    assert "13.72 USD spent, 12,331.95 left of 12,345.67" in text


def test_what_was_served_stands_beside_its_forecast() -> None:
    """Each figure planned and actual, what is unknown on both sides left out; parts by month add up as printed."""
    text = printed("books", samples.books())
    rows = {" ".join(line.split()) for line in text.splitlines()}
    wanted = {
        "served planned P50 actual", "answers 80k 89,000", "tokens out 800k 890,000", "GPU hours 1.6k 1,544",
        "busy share 25% unknown", "cost, USD 1.4k 1,544.90", "1,000 answers, USD 18 17.36",
        "served - P50, USD 2026-10 2026-11 all", "in all -55.10 +160.00 +104.90", "volume +18.00 +144.00 +162.00",
        "price -5.17 +192.00 +186.83", "utilisation - +264.00 +264.00", "utilisation and throughput -67.93 - -67.93",
    }  # fmt: skip
    assert set() == wanted - rows
    assert "tokens in" not in text
    assert "Held against the inference of 2 September 2026" in text


def test_many_months_are_told_in_all() -> None:
    """Of more than three months the terminal prints the sum alone; without parts it prints no table of them."""
    served = samples.served()
    many = replace(served, months=served.months * 2)
    text = printed("books", books(served=many))
    assert "2026-10" not in text
    assert ["+324.00"] == re.findall(r"^volume +(.*)$", text, re.MULTILINE)
    bare = replace(served, months=tuple(replace(month, parts=()) for month in served.months), planned=None)
    text = printed("books", books(served=bare))
    assert re.search(r"^answers +unknown +89,000$", text, re.MULTILINE)
    assert "volume" not in text
