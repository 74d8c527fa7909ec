"""Charges as a table that finance can load: FOCUS 1.2 columns, and ours with `x_` before their names."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from operator import attrgetter

from tunecase.books.lines import SERVICES
from tunecase.io import no_formula
from tunecase.quantities import Band
from tunecase.records import Books, Spending

NUMBERS = frozenset(
    (
        "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity", "PricingQuantity",
        "ListUnitPrice", "ContractedUnitPrice", "x_amount_base", "x_fx_rate", "x_gpu_count", "x_row",
    )
)  # fmt: skip

NOT_STATED = "not stated"  # where FOCUS wants a name and nobody gave one
ONE_CHARGE = "charge"  # the unit of what was bought for one price, no quantity being known
RUN_TAG = "tunecase_run"
PRICE_DIGITS = 40  # significant: more than an amount has, so that price times quantity rounds to it


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
    """A charge of the table: its entry, the base currency, its phase."""

    entry: str
    charge: Spending
    currency: str
    phase: str


def _number(number: Decimal | None) -> str:
    return "" if number is None else plain(_cut(number))


def _is_bought(charge: Spending) -> bool:
    return charge.charge in ("usage", "purchase")


def _consumed(charge: Spending) -> Decimal | None:
    """What was used; FOCUS knows it of usage alone, and only with its unit."""
    return charge.quantity if charge.charge == "usage" and charge.unit else None


def _priced(charge: Spending) -> tuple[Decimal | None, str]:
    """What the price was for and its unit: one charge where no quantity is known; nothing of taxes and money back."""
    if not _is_bought(charge):
        return None, ""
    return (charge.quantity, charge.unit) if charge.quantity and charge.unit else (Decimal(1), ONE_CHARGE)


def _unit_price(charge: Spending) -> str:
    """What one unit cost, from the quantity as it is printed; no price is below zero.

    Times that quantity it is the cost, rounded to the digits that the cost has: a third of it has no end.
    """
    much, _ = _priced(charge)
    if much is None or not (printed := _cut(much)):
        return ""
    with localcontext(prec=PRICE_DIGITS):
        price = charge.amount / printed
    return "" if price < 0 else plain(price)


# The columns of FOCUS 1.2, each with its cell of a charge: all that are mandatory, and those that a charge can fill or
# that validators ask for. Nobody tells the account; commitments and the names of regions and resources are null.
FOCUS: Mapping[str, Callable[[Spending], str]] = {
    **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), lambda charge: plain(charge.amount)),
    "BillingAccountId": lambda _: NOT_STATED,
    "BillingAccountName": lambda _: "",
    "BillingCurrency": attrgetter("currency"),
    "BillingPeriodStart": lambda charge: _month(charge.on)[0],
    "BillingPeriodEnd": lambda charge: _month(charge.on)[1],
    "ChargePeriodStart": lambda charge: _period(charge)[0],
    "ChargePeriodEnd": lambda charge: _period(charge)[1],
    "ChargeCategory": lambda charge: charge.charge.capitalize(),
    "ChargeClass": lambda charge: "Correction" if charge.supersedes else "",
    "ChargeDescription": attrgetter("description"),
    "ChargeFrequency": lambda charge: "Usage-Based" if charge.charge == "usage" else "One-Time",
    **dict.fromkeys((f"CommitmentDiscount{end}" for end in ("Category", "Id", "Name", "Status", "Type")), lambda _: ""),
    **dict.fromkeys(
        ("ProviderName", "PublisherName", "InvoiceIssuerName"), lambda charge: charge.provider or NOT_STATED
    ),
    "ServiceCategory": lambda charge: SERVICES.get(charge.category, "Other"),
    "ServiceName": lambda charge: charge.service or charge.category,
    "RegionId": attrgetter("region"),
    "RegionName": attrgetter("region"),
    "ResourceId": attrgetter("resource"),
    "ResourceName": lambda _: "",
    "ResourceType": lambda charge: (charge.instance or charge.gpu or charge.category) if charge.resource else "",
    "SkuId": lambda charge: charge.sku or (charge.category if _is_bought(charge) else ""),
    "SkuPriceId": lambda charge: charge.sku or (charge.category if _is_bought(charge) else ""),
    "SubAccountId": lambda _: "",
    "SubAccountName": lambda _: "",
    "ConsumedQuantity": lambda charge: _number(_consumed(charge)),
    "ConsumedUnit": lambda charge: "" if _consumed(charge) is None else charge.unit,
    "PricingCategory": lambda charge: "Standard" if _is_bought(charge) else "",
    "PricingQuantity": lambda charge: _number(_priced(charge)[0]),
    "PricingUnit": lambda charge: _priced(charge)[1],
    "ListUnitPrice": _unit_price,
    "ContractedUnitPrice": _unit_price,
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
}
COLUMNS = (*FOCUS, *OWN)


def focus_csv(charges: Iterable[tuple[str, Spending]], currency: str, phases: Mapping[str, str] | None = None) -> str:
    """The charges that count, one row each, as CSV text with a header.

    `BilledCost` is the amount in the currency it was paid in, `x_amount_base` in the project's. Times are UTC. An empty
    cell is null. A cell of text that a spreadsheet would take for a formula begins with an apostrophe; numbers stay
    numbers, negative ones too.

    Args:
        charges: (entry id, charge) as they are held; corrected ones are left out by the caller.
        currency: the project's.
        phases: entry id to plan, pilot or iter-N.
    Leaves out what no charge holds: accounts, commitments, list prices; costs and prices of every kind are those paid.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for name, charge in charges:
        row = _Row(name, charge, currency, (phases or {}).get(name, ""))
        cells = [(name, cell(charge)) for name, cell in FOCUS.items()] + [
            (name, cell(row)) for name, cell in OWN.items()
        ]
        writer.writerow({name: text if name in NUMBERS else no_formula(text) for name, text in cells})
    return out.getvalue()


PLAN_MARK = b"tunecase_line,"  # the name of a column that tunecase alone writes


def plan_csv(books: Books) -> str:
    """The plan by line as CSV text, each line once: its band, what was spent, and what it will have cost.

    Amounts are in the base currency; planned ones are guesses, to the cent; an empty cell is not known.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    bands = [f"{what}_{point}" for what in ("planned", "at_completion") for point in ("p10", "p50", "p80", "p90")]
    writer.writerow(["tunecase_line", "currency", *bands, "spent", "allowance_used", "closed"])
    for line in books.lines:
        drawn = "" if line.drawn is None else plain(line.drawn)
        points = [*_points(line.planned), *_points(line.at_completion)]
        closed = line.closed.isoformat() if line.closed else ""
        writer.writerow([no_formula(line.name), books.currency, *points, plain(line.spent), drawn, closed])
    return out.getvalue()


def _points(band: Band | None) -> list[str]:
    return [""] * 4 if band is None else [f"{x:.2f}" for x in (band.p10, band.p50, band.p80, band.p90)]
