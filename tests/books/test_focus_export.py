"""The table for finance: every charge, exact, in FOCUS columns, and safe to open in a spreadsheet."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tunecase.books.focus_export import COLUMNS, FOCUS, NUMBERS, focus_csv
from tunecase.records import Spending


def rows_of(*charges: Spending, phases: dict[str, str] | None = None) -> list[dict[str, str]]:
    """The table read back."""
    named = [(f"{number:064x}", one) for number, one in enumerate(charges)]
    return list(csv.DictReader(io.StringIO(focus_csv(named, "USD", phases), newline="")))


def charge(amount: str = "1.5", **other: Any) -> Spending:
    """One charge."""
    return Spending(date(2026, 12, 31), "gpu", Decimal(amount), "EUR", Decimal(amount) * 2, **other)


def test_rows_of_charges_in_focus_columns():
    """Money, period and category stand where FOCUS has them; a day lasts that day; text is never a formula."""
    began, ended = datetime(2026, 12, 31, 8, tzinfo=UTC), datetime(2026, 12, 31, 9, 30, tzinfo=UTC)
    row = rows_of(
        charge(
            "9.75", quantity=Decimal("1.5"), unit="GPU hour", began_at=began, ended_at=ended, provider="AWS", run="r1",
            service="EC2", region="us-east-1", sku="s", resource="i-1", gpu="A10G", gpu_count=1, tags={"team": "x"},
            source="focus", source_file="bill.csv", row=7, row_id="ab",
        ),
        phases={"0" * 64: "iter-1"},
    )[0]  # fmt: skip
    assert ("9.75", "EUR", "19.50", "USD") == tuple(
        row[name] for name in ("BilledCost", "BillingCurrency", "x_amount_base", "x_base_currency")
    )
    assert ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z") == (row["BillingPeriodStart"], row["BillingPeriodEnd"])
    assert ("2026-12-31T08:00:00Z", "2026-12-31T09:30:00Z") == (row["ChargePeriodStart"], row["ChargePeriodEnd"])
    assert {"team": "x", "tunecase_run": "r1"} == json.loads(row["Tags"])
    assert ("Usage", "AWS", "1.5", "7", "iter-1", "bill.csv") == tuple(
        row[name]
        for name in ("ChargeCategory", "ProviderName", "ConsumedQuantity", "x_row", "x_phase", "x_source_file")
    )
    row = rows_of(charge())[0]
    assert ("2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z") == (row["ChargePeriodStart"], row["ChargePeriodEnd"])
    row = rows_of(charge("0.1234567890123456", quantity=Decimal(1) / 3, unit="hour"))[0]
    assert ("0.333333333333", "0.1234567890123456") == (row["ConsumedQuantity"], row["BilledCost"])
    assert len(COLUMNS) == len(set(COLUMNS))
    assert all(name.startswith("x_") == (name not in FOCUS) for name in COLUMNS)
    assert list(COLUMNS) == list(rows_of(charge())[0])
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", '=HYPERLINK("http://x")']
    rows = rows_of(*(charge("-2.5", description=text, resource=text, run=text, charge="credit") for text in texts))
    for name in ("ChargeDescription", "ResourceId", "x_run"):
        assert [f"'{text}" for text in texts] == [row[name] for row in rows]
    assert {("-2.5", "Credit")} == {(row["BilledCost"], row["ChargeCategory"]) for row in rows}
    evil = "=cmd|' /C calc'!A0"
    row = rows_of(charge("-1", description=evil, provider=evil, service=evil, region=evil, sku=evil, gpu=evil,
                         tags={evil: evil}, source=evil, source_file=evil, unit=evil))[0]  # fmt: skip
    assert [] == [name for name, cell in row.items() if name not in NUMBERS and cell[:1] in ("=", "+", "-", "@")]
    for amount, quantity in (("100", "3"), ("90.25", "123456789.1234567"), ("7.77", "0.33333333333333333"), ("1", "0")):
        one = Spending(
            date(2026, 11, 2), "gpu", Decimal(amount), "USD", Decimal(amount), quantity=Decimal(quantity), unit="token"
        )
        (row,) = csv.DictReader(io.StringIO(focus_csv([("a", one)], "USD")))
        cost = Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"])
        assert Decimal(amount) == cost.quantize(Decimal(amount)), quantity


amounts = st.decimals("-999999999", "999999999", allow_nan=False, allow_infinity=False, places=12)


@given(st.lists(st.tuples(amounts, st.text(max_size=12)), max_size=6))
def test_sums_are_exact_and_nothing_is_lost(charges):
    """The table's amounts add up to the charges', to the last digit, whatever the words beside them."""
    rows = rows_of(*(charge(f"{a:f}", description=text) for a, text in charges))
    assert [a for a, _ in charges] == [Decimal(row["BilledCost"]) for row in rows]


# FOCUS 1.2: every column of feature level Mandatory, and whether it may be null.
MANDATORY = {
    "BilledCost": False, "BillingAccountId": False, "BillingAccountName": True, "BillingCurrency": False,
    "BillingPeriodEnd": False, "BillingPeriodStart": False, "ChargeCategory": False, "ChargeClass": True,
    "ChargeDescription": True, "ChargePeriodEnd": False, "ChargePeriodStart": False, "ContractedCost": False,
    "EffectiveCost": False, "InvoiceIssuerName": False, "ListCost": False, "PricingQuantity": True, "PricingUnit": True,
    "ProviderName": False, "PublisherName": False, "ServiceCategory": False, "ServiceName": False,
}  # fmt: skip
ALLOWED = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"", "Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"", "Standard", "Dynamic", "Committed", "Other"},
    "ServiceCategory": {
        "AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools",
        "Multicloud", "Identity", "Integration", "Internet of Things", "Management and Governance", "Media",
        "Migration", "Mobile", "Networking", "Security", "Storage", "Web", "Other",
    },
}  # fmt: skip
# Of FOCUS 1.2, besides the mandatory ones; a column of no version has x_ before its name.
FURTHER = {
    "ChargeFrequency", "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "RegionId", "RegionName", "ResourceId", "ResourceName",
    "ResourceType", "SkuId", "SkuPriceId", "SubAccountId", "SubAccountName", "ConsumedQuantity", "ConsumedUnit",
    "PricingCategory", "ListUnitPrice", "ContractedUnitPrice", "Tags",
}  # fmt: skip
kinds = st.sampled_from(["usage", "purchase", "credit", "adjustment", "tax"])
few = st.sampled_from(["", "x", "AWS"])


@given(
    amount=st.decimals("-9999", "9999", places=4), kind=kinds, quantity=st.none() | st.decimals("0.5", "99", places=2),
    unit=st.sampled_from(["", "GPU hour"]), names=st.tuples(few, few, few, few),
    replaces=st.sampled_from(["", "a" * 64]),
)  # fmt: skip
def test_rows_keep_the_rules_of_focus(amount, kind, quantity, unit, names, replaces):
    """All mandatory columns are there, null only where they may be, in allowed values, and prices multiply out."""
    provider, service, resource, sku = names
    (row,) = rows_of(
        charge(
            f"{amount:f}", charge=kind, quantity=quantity, unit=unit, provider=provider, service=service,
            resource=resource, sku=sku, supersedes=replaces,
        )
    )  # fmt: skip
    assert set(MANDATORY) | FURTHER == set(FOCUS)
    assert [] == [name for name, nullable in MANDATORY.items() if not nullable and not row[name]]
    assert [] == [name for name, values in ALLOWED.items() if row[name] not in values]
    bought = kind in ("usage", "purchase")
    for name in ("PricingQuantity", "PricingUnit", "PricingCategory", "SkuId", "SkuPriceId"):
        assert row[name] or not bought, name
    assert (not row["PricingQuantity"] and not row["ListUnitPrice"]) or kind != "tax"
    for pair in (("PricingQuantity", "PricingUnit"), ("ConsumedQuantity", "ConsumedUnit"),
                 ("ResourceId", "ResourceType")):  # fmt: skip
        assert bool(row[pair[0]]) == bool(row[pair[1]]), pair
    assert kind == "usage" or not row["ConsumedQuantity"]
    for name in ("ListUnitPrice", "ContractedUnitPrice"):
        if row[name]:
            cost = Decimal(row[name]) * Decimal(row["PricingQuantity"])
            assert Decimal(row[name]) >= 0
            billed = Decimal(row["BilledCost"])
            assert billed == cost.quantize(billed)
    assert (datetime.fromisoformat(row["ChargePeriodStart"]) < datetime.fromisoformat(row["ChargePeriodEnd"])) is True
