"""Charges as a table that finance can load: FOCUS 1.2 columns, and ours with `x_` before their names."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter

from tunecase.books.lines import SERVICES
from tunecase.records import BookLine, Books, Spending

NUMBERS = frozenset(
    (
        "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity", "PricingQuantity",
        "ListUnitPrice", "ContractedUnitPrice", "x_amount_base", "x_fx_rate", "x_gpu_count", "x_row", "x_planned_p10",
        "x_planned_p50", "x_planned_p90", "x_line_spent",
    )
)  # fmt: skip

RUN_TAG = "tunecase_run"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


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


def _tags(charge: Spending) -> dict[str, str]:
    """The charge's tags, and the run it belongs to, so that a bill of it can be told."""
    return {**charge.tags, RUN_TAG: charge.run} if charge.run else dict(charge.tags)


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


@dataclass(frozen=True, slots=True)
class _Row:
    """A charge of the table: its entry, its line in the books and the line's planned points, its phase."""

    entry: str
    charge: Spending
    currency: str
    line: BookLine | None
    phase: str

    @property
    def points(self) -> tuple[str, ...]:
        """P10, P50 and P90 of the line's plan; empty where it has none."""
        planned = self.line.planned if self.line else None
        return ("",) * 3 if planned is None else tuple(f"{x:.2f}" for x in (planned.p10, planned.p50, planned.p90))


def _number(number: Decimal | None) -> str:
    return "" if number is None else plain(_cut(number))


# The columns of FOCUS 1.2 in their order, each with its cell of a charge.
FOCUS: Mapping[str, Callable[[Spending], str]] = {
    **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), lambda charge: plain(charge.amount)),
    "BillingCurrency": attrgetter("currency"),
    "BillingPeriodStart": lambda charge: _month(charge.on)[0],
    "BillingPeriodEnd": lambda charge: _month(charge.on)[1],
    "ChargePeriodStart": lambda charge: _period(charge)[0],
    "ChargePeriodEnd": lambda charge: _period(charge)[1],
    "ChargeCategory": lambda charge: charge.charge.capitalize(),
    "ChargeClass": lambda charge: "Correction" if charge.supersedes else "",
    "ChargeDescription": attrgetter("description"),
    "ChargeFrequency": lambda charge: "Usage-Based" if charge.charge == "usage" else "One-Time",
    **dict.fromkeys(
        ("ProviderName", "ServiceProviderName", "PublisherName", "InvoiceIssuerName"), attrgetter("provider")
    ),
    "ServiceCategory": lambda charge: SERVICES.get(charge.category, "Other"),
    "ServiceName": lambda charge: charge.service or charge.category,
    "RegionId": attrgetter("region"),
    "ResourceId": attrgetter("resource"),
    "ResourceType": lambda charge: charge.instance or charge.gpu,
    "SkuId": attrgetter("sku"),
    "ConsumedQuantity": lambda charge: _number(charge.quantity),
    "ConsumedUnit": attrgetter("unit"),
    "PricingQuantity": lambda charge: _number(charge.quantity),
    "PricingUnit": attrgetter("unit"),
    "ListUnitPrice": lambda charge: _number(charge.unit_price),
    "ContractedUnitPrice": lambda charge: _number(charge.unit_price),
    "Tags": lambda charge: json.dumps(_tags(charge), ensure_ascii=False, sort_keys=True),
}
# Ours, each with its cell of a row.
OWN: Mapping[str, Callable[[_Row], str]] = {
    "x_category": attrgetter("charge.category"),
    "x_amount_base": lambda row: plain(row.charge.amount_base),
    "x_base_currency": attrgetter("currency"),
    "x_fx_rate": lambda row: plain(row.charge.fx_rate),
    "x_run": attrgetter("charge.run"),
    "x_gpu": attrgetter("charge.gpu"),
    "x_gpu_count": lambda row: str(row.charge.gpu_count or ""),
    "x_basis": attrgetter("charge.basis"),
    "x_phase": attrgetter("phase"),
    "x_source": attrgetter("charge.source"),
    "x_source_file": attrgetter("charge.source_file"),
    "x_row": lambda row: "" if row.charge.row is None else str(row.charge.row),
    "x_row_id": attrgetter("charge.row_id"),
    "x_entry_id": attrgetter("entry"),
    "x_supersedes": attrgetter("charge.supersedes"),
    "x_planned_p10": lambda row: row.points[0],
    "x_planned_p50": lambda row: row.points[1],
    "x_planned_p90": lambda row: row.points[2],
    "x_line_spent": lambda row: plain(row.line.spent) if row.line else "",
    "x_line_closed": lambda row: row.line.closed.isoformat() if row.line and row.line.closed else "",
}
COLUMNS = (*FOCUS, *OWN)


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
        row = _Row(name, charge, books.currency, lines.get(charge.category), (phases or {}).get(name, ""))
        cells = [(name, cell(charge)) for name, cell in FOCUS.items()] + [
            (name, cell(row)) for name, cell in OWN.items()
        ]
        writer.writerow({name: text if name in NUMBERS else _text(text) for name, text in cells})
    return out.getvalue()


def _text(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA) else value
