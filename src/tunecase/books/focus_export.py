"""Charges as a table that finance can load: FOCUS 1.2 columns, and ours with `x_` before their names."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tunecase.records import BookLine, Books, Spending

FOCUS = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency", "BillingPeriodStart",
    "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription",
    "ChargeFrequency", "ProviderName", "ServiceProviderName", "PublisherName", "InvoiceIssuerName", "ServiceCategory",
    "ServiceName", "RegionId", "ResourceId", "ResourceType", "SkuId", "ConsumedQuantity", "ConsumedUnit",
    "PricingQuantity", "PricingUnit", "ListUnitPrice", "ContractedUnitPrice", "Tags",
)  # fmt: skip
OWN = (
    "x_category", "x_amount_base", "x_base_currency", "x_fx_rate", "x_run", "x_gpu", "x_gpu_count", "x_basis",
    "x_phase", "x_source", "x_source_file", "x_row", "x_row_id", "x_entry_id", "x_supersedes", "x_planned_p10",
    "x_planned_p50", "x_planned_p90", "x_line_spent", "x_line_closed",
)  # fmt: skip
COLUMNS = FOCUS + OWN

NUMBERS = frozenset(
    (
        "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity", "PricingQuantity",
        "ListUnitPrice", "ContractedUnitPrice", "x_amount_base", "x_fx_rate", "x_gpu_count", "x_row", "x_planned_p10",
        "x_planned_p50", "x_planned_p90", "x_line_spent",
    )
)  # fmt: skip

# The service categories of FOCUS, by our lines; people's work is no cloud service.
SERVICES = {
    "gpu": "AI and Machine Learning", "inference": "AI and Machine Learning", "storage": "Storage",
    "egress": "Networking",
}  # fmt: skip
RUN_TAG = "tunecase_run"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def focus_csv(charges: Iterable[tuple[str, Spending]], books: Books, phases: Mapping[str, str] | None = None) -> str:
    """The charges that count, one row each, as CSV text with a header.

    `BilledCost` is the amount in the currency it was paid in, `x_amount_base` in the project's; the planned band and
    the sum of its line repeat on every row, and are no charges. Times are UTC. A cell of text that a spreadsheet would
    take for a formula begins with an apostrophe; numbers stay numbers, negative ones too.

    Args:
        charges: (entry id, charge) as they are held; corrected ones are left out by the caller.
        books: for the plan by line.
        phases: entry id to plan, pilot or iter-N.
    Leaves out what no charge holds: accounts, commitments, list prices; those cells are empty, which means null.
    """
    lines = {line.name: line for line in books.lines}
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for name, charge in charges:
        row = {**_focus(charge), **_own(name, charge, books, lines.get(charge.category), (phases or {}).get(name, ""))}
        writer.writerow({column: value if column in NUMBERS else _text(value) for column, value in row.items()})
    return out.getvalue()


def _focus(charge: Spending) -> dict[str, str]:
    amount = plain(charge.amount)
    begins, ends = _period(charge)
    first, after = _month(charge.on)
    unit_price = "" if charge.unit_price is None else plain(_cut(charge.unit_price))
    quantity = "" if charge.quantity is None else plain(_cut(charge.quantity))
    return {
        "BilledCost": amount,
        "EffectiveCost": amount,
        "ListCost": amount,
        "ContractedCost": amount,
        "BillingCurrency": charge.currency,
        "BillingPeriodStart": first,
        "BillingPeriodEnd": after,
        "ChargePeriodStart": begins,
        "ChargePeriodEnd": ends,
        "ChargeCategory": charge.charge.capitalize(),
        "ChargeClass": "Correction" if charge.supersedes else "",
        "ChargeDescription": charge.description,
        "ChargeFrequency": "Usage-Based" if charge.charge == "usage" else "One-Time",
        "ProviderName": charge.provider,
        "ServiceProviderName": charge.provider,
        "PublisherName": charge.provider,
        "InvoiceIssuerName": charge.provider,
        "ServiceCategory": SERVICES.get(charge.category, "Other"),
        "ServiceName": charge.service or charge.category,
        "RegionId": charge.region,
        "ResourceId": charge.resource,
        "ResourceType": charge.instance or charge.gpu,
        "SkuId": charge.sku,
        "ConsumedQuantity": quantity,
        "ConsumedUnit": charge.unit,
        "PricingQuantity": quantity,
        "PricingUnit": charge.unit,
        "ListUnitPrice": unit_price,
        "ContractedUnitPrice": unit_price,
        "Tags": json.dumps(_tags(charge), ensure_ascii=False, sort_keys=True),
    }


def _tags(charge: Spending) -> dict[str, str]:
    """The charge's tags, and the run it belongs to, so that a bill of it can be told."""
    return {**charge.tags, RUN_TAG: charge.run} if charge.run else dict(charge.tags)


def _own(name: str, charge: Spending, books: Books, line: BookLine | None, phase: str) -> dict[str, str]:
    planned = line.planned if line else None
    points = ("", "", "") if planned is None else tuple(f"{x:.2f}" for x in (planned.p10, planned.p50, planned.p90))
    return {
        "x_category": charge.category,
        "x_amount_base": plain(charge.amount_base),
        "x_base_currency": books.currency,
        "x_fx_rate": plain(charge.fx_rate),
        "x_run": charge.run,
        "x_gpu": charge.gpu,
        "x_gpu_count": str(charge.gpu_count or ""),
        "x_basis": charge.basis,
        "x_phase": phase,
        "x_source": charge.source,
        "x_source_file": charge.source_file,
        "x_row": "" if charge.row is None else str(charge.row),
        "x_row_id": charge.row_id,
        "x_entry_id": name,
        "x_supersedes": charge.supersedes,
        "x_planned_p10": points[0],
        "x_planned_p50": points[1],
        "x_planned_p90": points[2],
        "x_line_spent": plain(line.spent) if line else "",
        "x_line_closed": line.closed.isoformat() if line and line.closed else "",
    }


def plain(number: Decimal) -> str:
    """A Decimal in digits, all of them, without an exponent.

    Example:
        >>> plain(Decimal("1E+3")), plain(Decimal("-0.000125"))
        ('1000', '-0.000125')
    """
    return f"{number:f}"


def _cut(number: Decimal) -> Decimal:
    """A quantity of at most twelve decimals: minutes that became hours have no end of them. Amounts are never cut."""
    return number if int(number.as_tuple().exponent) >= -12 else number.quantize(Decimal("1e-12"))


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value


def _period(charge: Spending) -> tuple[str, str]:
    """When the charge began and ended; the day it was charged where the moments are not known."""
    day = datetime(charge.on.year, charge.on.month, charge.on.day, tzinfo=UTC)
    begins = charge.began_at or day
    ends = charge.ended_at or (day if charge.began_at is None else begins) + timedelta(days=1)
    return _moment(begins), _moment(ends)


def _month(on: date) -> tuple[str, str]:
    """The calendar month of a charge: its first moment, and that of the next."""
    after = (on.year + on.month // 12, on.month % 12 + 1)
    return f"{on.year:04d}-{on.month:02d}-01T00:00:00Z", f"{after[0]:04d}-{after[1]:02d}-01T00:00:00Z"


def _moment(at: datetime) -> str:
    zoned = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return zoned.isoformat().replace("+00:00", "Z")
