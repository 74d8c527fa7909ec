"""Charges are told with how to correct them, and their columns add up."""

import re
from dataclasses import replace
from decimal import Decimal

from tests import samples
from tests.accounts.reading import all_of, table, words
from tests.cli.show.printing import flat, printed
from tunecase.accounts import account
from tunecase.blocks import Table
from tunecase.records import CATEGORIES, Charge, Charges

PAID = ("8.775", "0.245", "4.695")


def charges(*paid: str) -> list[Charge]:
    """Charges that count."""
    one = replace(samples.spendings()[0], description="x")
    return [
        Charge(f"{at}" * 64, replace(one, amount=Decimal(much), amount_base=Decimal(much)))
        for at, much in enumerate(paid)
    ]


def test_the_list_adds_up_to_its_heading() -> None:
    """In the project's currency; what counts no more stands outside the column, with its amount."""
    listed = charges(*PAID)
    out = replace(listed[0], id="f" * 64, out="corrected")
    text = printed("charges", Charges("USD", (*listed, out), sum(map(Decimal, PAID), Decimal(0))), 200, full=True)
    column = re.findall(r"2026-\d\d-\d\d +([\d.]+|-)$", text, re.MULTILINE)
    assert ["8.78", "0.25", "4.69", "-"] == column
    assert "4 charges, 13.72 USD" in text
    assert "8.78 USD; x (counts no more: corrected)" in text


def test_another_currency_stands_beside_its_amount_in_the_projects() -> None:
    """With its rate, so that the column still adds up."""
    (dollars,) = charges("11.2")
    euros = replace(dollars.charge, amount=Decimal(10), currency="EUR", fx_rate=Decimal("1.12"))
    text = flat("charges", Charges("USD", (replace(dollars, charge=euros),), Decimal("11.2")), full=True)
    assert "11.20 billed 10.00 EUR at 1.12 USD; x" in text


def test_an_imports_lines_add_up_to_its_total() -> None:
    """As printed, to the cent."""
    by_category = {name: Decimal(much) for name, much in zip(("gpu", "storage", "data"), PAID, strict=True)}
    record = replace(samples.imported(), by_category=by_category, amount=sum(map(Decimal, PAID), Decimal(0)))
    text = flat("imported", record)
    assert "gpu 8.78 data 4.70 storage 0.24 total 13.72" in text


def test_many_charges_are_listed_few() -> None:
    """The last five under the answer, forty in full, and the total is of all."""
    many = charges(*["1.00"] * 50)
    record = Charges("USD", tuple(replace(row, id=f"{at:064}") for at, row in enumerate(many)), Decimal(50))
    said = account("charges", record)
    assert "50 charges, 50.00 USD." == said.answer
    assert "The last 5 by day" in words(said.short)
    assert [6, 40] == [len(block.rows) + (block in said.short) for block in all_of(said) if isinstance(block, Table)]


def test_an_import_of_many_lines_is_short() -> None:
    """The four dearest lines, all others in one row, and a total that they add up to."""
    by_category = {name: Decimal(at) for at, name in enumerate(CATEGORIES, 1)}
    record = replace(samples.imported(), by_category=by_category, amount=sum(by_category.values(), Decimal(0)))
    rows = table(account("imported", record).short, "By line")
    assert ["5 others", "total"] == list(rows)[-2:]
    amounts = [Decimal(row[0]) for row in rows.values()]
    assert sum(amounts[:-1]) == amounts[-1] == Decimal(45)
