"""Why a line cost more or less than planned: scope, quantity, price, and what cannot be told apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tunecase.books.charges import DIGITS
from tunecase.quantities import Band, cents_adding_up
from tunecase.records import Spending, Variance

# A planned amount is a guess: its share for some rounds is cut here, and the parts still add up to the last digit.
STEP = Decimal("0.000001")
ZERO = Decimal(0)

UNITS = {
    "gpu hour": "GPU hour", "gpu hours": "GPU hour", "gpu-hour": "GPU hour", "gpu-hours": "GPU hour",
    "gpu h": "GPU hour",
    "h": "hour", "hr": "hour", "hrs": "hour", "hour": "hour", "hours": "hour",
    "min": "minute", "mins": "minute", "minute": "minute", "minutes": "minute",
    "example": "example", "examples": "example", "label": "example", "labels": "example", "row": "example",
    "rows": "example",
    "answer": "answer", "answers": "answer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bought:
    """What a line's charges amount to: money in all, and of it the money and the quantity of those that say one."""

    amount: Decimal
    measured: Decimal
    quantity: Decimal | None


def quantity_in(charge: Spending, unit: str) -> Decimal | None:
    """How much a charge bought in the unit of the plan's line; None where it does not say, or in another unit.

    Minutes become hours. Hours of a GPU line are those of each of its cards. Credits, adjustments and taxes buy
    nothing, whatever quantity they repeat.

    Example:
        >>> from datetime import date
        >>> charge = Spending(date(2026, 11, 2), "labour", Decimal(90), "USD", Decimal(90), "", Decimal(45), "min")
        >>> quantity_in(charge, "hour")
        Decimal('0.75')
    """
    if charge.quantity is None or not unit or charge.charge not in ("usage", "purchase"):
        return None
    own = UNITS.get(charge.unit.strip().casefold(), "")
    much = charge.quantity
    if own == "minute":
        own, much = "hour", much / 60
    if own == "hour" and unit == "GPU hour":
        return much * max(1, charge.gpu_count)
    return much if own == unit else None


def bought(charges: Iterable[Spending], unit: str) -> Bought:
    """The sums of a line's charges; `quantity` is None where none of them says one in that unit."""
    amount, measured, quantity = ZERO, ZERO, None
    with localcontext(prec=DIGITS):
        for charge in charges:
            amount += charge.amount_base
            much = quantity_in(charge, unit)
            if much is not None:
                measured += charge.amount_base
                quantity = (quantity or ZERO) + much
    return Bought(amount, measured, quantity)


def to_date(planned: Band | None, rounds_planned: float | None, rounds_made: int | None) -> Decimal | None:
    """The planned P50 for the rounds made, P r / R; all of it where the rounds are not known on either side."""
    if planned is None:
        return None
    whole = exact(planned.p50)
    if rounds_made is None or not rounds_planned:
        return whole
    with localcontext(prec=DIGITS):
        return (whole * rounds_made / exact(rounds_planned)).quantize(STEP)


def variance(
    planned: Band | None,
    planned_quantity: Band | None,
    paid: Bought,
    *,
    rounds_planned: float | None = None,
    rounds_made: int | None = None,
) -> Variance:
    """Actual less planned of one line, split so that the parts add up exactly.

        scope = p (Q r / R - Q),   quantity = p (q - Q r / R),   price = a - p q,   unsplit = A - a

    P and Q are the plan's P50 amount and quantity, p = P / Q its price, R its rounds and r those made; A is what was
    paid, a and q the amount and the quantity of the charges that say how much they bought.

    Args:
        planned, planned_quantity: of the line; without a plan all is scope, without a quantity all is unsplit.
        paid: for the line, see `bought`, the quantity in the plan's unit.
        rounds_planned, rounds_made: R and r; where one is not known, r = R and scope is zero.
    Returns: the Variance; `total` is A - P to the last digit.
    Leaves out: a part of price times quantity that belongs to both stands under price, as accountants have it; what is
    paid once and not by the round counts as if it grew with the rounds.
    """
    with localcontext(prec=DIGITS):
        if planned is None:
            return Variance(paid.amount, ZERO, ZERO, ZERO)
        whole = exact(planned.p50)
        if planned_quantity is None or planned_quantity.p50 <= 0:
            return Variance(ZERO, ZERO, ZERO, paid.amount - whole)
        flexed = to_date(planned, rounds_planned, rounds_made)
        assert flexed is not None
        if paid.quantity is None:
            return Variance(flexed - whole, ZERO, ZERO, paid.amount - flexed)
        standard = (whole * paid.quantity / exact(planned_quantity.p50)).quantize(STEP)
        return Variance(flexed - whole, standard - flexed, paid.measured - standard, paid.amount - paid.measured)


def added(parts: Iterable[Variance | None]) -> Variance:
    """The sum, part by part."""
    split = [part for part in parts if part is not None]
    with localcontext(prec=DIGITS):
        return Variance(
            sum((part.scope for part in split), ZERO),
            sum((part.quantity for part in split), ZERO),
            sum((part.price for part in split), ZERO),
            sum((part.unsplit for part in split), ZERO),
        )


def in_cents(parts: Sequence[Variance]) -> list[Variance]:
    """Variances in whole cents and, last, their sum: as printed they add up across and down."""
    totals = cents_adding_up([part.total for part in parts])
    shown = [
        Variance(*cents_adding_up((part.scope, part.quantity, part.price, part.unsplit), total=total))
        for part, total in zip(parts, totals, strict=True)
    ]
    return [*shown, added(shown)]


def exact(value: float) -> Decimal:
    """A guessed number as a Decimal of six places, the one number that every sum with it uses."""
    return Decimal(repr(float(value))).quantize(STEP)
