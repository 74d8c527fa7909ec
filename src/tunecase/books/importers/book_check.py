"""Billed GPU hours held against the price book: what one cost, and what the tables say of that machine or card."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import NamedTuple

from tunecase import catalog
from tunecase.books.charges import DIGITS, GPU_HOUR
from tunecase.quantities import figures, share
from tunecase.records import PriceCheck, Spending

CENTS = Decimal("0.000001")
# A price of 1.624 and one of 1.6240001 are one price.
EQUAL = 0.0005


def book_check(charges: Sequence[Spending], base_per_usd: float) -> tuple[PriceCheck, ...]:
    """One row for each machine, region and card that was billed by the hour, the dearest first.

        price per GPU hour = sum of amounts / sum of GPU hours,   of usage alone

    The book's price is that of the machine in the region, else its range over regions, else the card's range at the
    provider, else at any; on demand, in US dollars.

    Args:
        charges: of one import.
        base_per_usd: units of the project's currency for a US dollar.
    Leaves out: hours on spot or under a commitment, which are billed below the list; the words then say by how much.
    """
    groups: dict[_Machine, list[Spending]] = defaultdict(list)
    for charge in charges:
        is_hours = charge.unit == GPU_HOUR and charge.quantity and charge.gpu
        if is_hours and (charge.charge, charge.basis) == ("usage", "billed"):
            groups[_Machine(charge.gpu, charge.provider, charge.instance, charge.region)].append(charge)
    checks = [_check(machine, rows, base_per_usd) for machine, rows in groups.items()]
    return tuple(sorted(checks, key=lambda check: (-check.amount, check.gpu)))


class _Machine(NamedTuple):
    """What is held against the book: a card of an instance at a provider, in a region."""

    gpu: str
    provider: str
    instance: str
    region: str


def _check(machine: _Machine, rows: Sequence[Spending], base_per_usd: float) -> PriceCheck:
    with localcontext(prec=DIGITS):
        hours = sum((row.quantity or Decimal(0) for row in rows), Decimal(0))
        if {row.currency for row in rows} == {"USD"}:
            usd = sum((row.amount for row in rows), Decimal(0))
        else:
            usd = sum((row.amount_base for row in rows), Decimal(0)) / Decimal(str(base_per_usd))
        each = (usd / hours).quantize(CENTS).normalize()
    dated, what = _book(machine, rows[0].gpu_count or 1)
    low, high = (min(dated)[0], max(dated)[0]) if dated else (None, None)
    dates = tuple(sorted({date for _, date in dated}))
    return PriceCheck(*machine, hours, usd, each, "USD", low, high, dates, _words(float(each), low, high, what))


def _book(machine: _Machine, cards: int) -> tuple[list[tuple[float, str]], str]:
    """Prices of a GPU hour with their dates, and whose they are: the instance's, else the card's."""
    provider = catalog.provider(machine.provider)
    name = provider.name if provider else ""
    listed = catalog.instance_hours(name, machine.instance) if name else ()
    if not listed:
        return _of_card(machine.gpu, name)
    here = [row for row in listed if row.region == machine.region]
    where = machine.region if here else "other regions"
    prices = [(row.usd_per_instance_hour / cards, row.date) for row in here or listed]
    return prices, f"{machine.instance} in {where}"


def _of_card(gpu: str, provider: str) -> tuple[list[tuple[float, str]], str]:
    prices = [price for price in catalog.gpu_prices() if (price.gpu, price.terms) == (gpu, catalog.ON_DEMAND)]
    by_provider: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for price in filter(lambda price: not price.stale, prices):
        by_provider[price.provider].append((price.usd_per_gpu_hour, price.date))
    if provider in by_provider:
        return by_provider[provider], f"{gpu} at {provider}"
    return [price for prices in by_provider.values() for price in prices], f"{gpu} at any provider"


def _words(each: float, low: float | None, high: float | None, what: str) -> str:
    """The comparison as a phrase."""
    if low is None or high is None:
        return "the price book has no price of it"
    reach = f"{low:g}" if high - low <= EQUAL else f"{low:g} to {high:g}"
    book = f"the book's price of {what}, {reach}"
    if low - EQUAL <= each <= high + EQUAL:
        return f"equal to {book}" if high - low <= EQUAL else f"within {book}"
    if each < low:
        return f"{share(1 - each / low)} below {book}: spot, a commitment or a discount"
    return f"{figures(100 * (each / high - 1))}% above {book}"
