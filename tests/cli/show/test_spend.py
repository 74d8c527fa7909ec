"""A booked charge is printed with how to correct it."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests import samples
from tests.cli.show.printing import flat, printed
from tunecase.ledger.book import Ledger
from tunecase.records import Charge, Charges

PAID = ("8.775", "0.245", "4.695")


def test_a_booked_entry_says_how_to_correct_it(tmp_path: Path) -> None:
    """The entry of a charge is printed with the beginning of its id."""
    entry = Ledger(tmp_path / "ledger.jsonl").append(
        "spend", samples.spendings()[0], recorded_at=datetime(2026, 11, 24, 12, tzinfo=UTC)
    )
    assert f"--replaces {entry.id[:12]}" in flat("spend", entry)


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
    text = printed("charges", Charges("USD", (*listed, out), sum(map(Decimal, PAID), Decimal(0))), 200)
    column = re.findall(r"2026-\d\d-\d\d +([\d.]+|-) ", text)
    assert ["8.78", "0.25", "4.69", "-"] == column
    assert "4 charges, 13.72 USD" in text
    assert "8.78 USD; x (counts no more: corrected)" in text


def test_another_currency_stands_beside_its_amount_in_the_projects() -> None:
    """With its rate, so that the column still adds up."""
    (dollars,) = charges("11.2")
    euros = replace(dollars.charge, amount=Decimal(10), currency="EUR", fx_rate=Decimal("1.12"))
    text = flat("charges", Charges("USD", (replace(dollars, charge=euros),), Decimal("11.2")))
    assert "11.20 billed 10.00 EUR at 1.12 USD; x" in text


def test_an_imports_lines_add_up_to_its_total() -> None:
    """As printed, to the cent."""
    by_category = {name: Decimal(much) for name, much in zip(("gpu", "storage", "data"), PAID, strict=True)}
    record = replace(samples.imported(), by_category=by_category, amount=sum(map(Decimal, PAID), Decimal(0)))
    text = flat("imported", record)
    assert "gpu 8.78 storage 0.25 data 4.69 total 13.72" in text
