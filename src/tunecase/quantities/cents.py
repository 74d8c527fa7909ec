"""Paid money to the cent: rounded as finance rounds, and parts rounded so that they add up as printed."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

CENT = Decimal("0.01")
FINEST = Decimal("0.000001")  # what is smaller is told to be so
# Eighteen digits before the point and sixty behind it, and the sum of millions of such amounts.
WORKING_DIGITS = 100


def cents(amount: Decimal, unit: Decimal = CENT) -> Decimal:
    """An amount in whole units, halves away from zero.

    Example:
        >>> cents(Decimal("12.345")), cents(Decimal("-12.345")), cents(Decimal("12.3449"))
        (Decimal('12.35'), Decimal('-12.35'), Decimal('12.34'))
    """
    with localcontext(prec=WORKING_DIGITS):
        return amount.quantize(unit, ROUND_HALF_UP)


def cents_adding_up(parts: Sequence[Decimal], unit: Decimal = CENT, total: Decimal | None = None) -> list[Decimal]:
    """Parts in whole units that add up to their rounded sum, or to `total`; each is off by less than one unit.

        part = floor(exact part), and one unit more for as many of the largest remainders as the sum lacks

    Args:
        parts: exact amounts [currency].
        unit: the smallest amount that is printed.
        total: what they are to add up to, in whole units, less than one unit from their exact sum.

    Example:
        >>> [str(part) for part in cents_adding_up([Decimal("8.775"), Decimal("0.245"), Decimal("4.695")])]
        ['8.78', '0.25', '4.69']
    """
    with localcontext(prec=WORKING_DIGITS):
        shown = [part.quantize(unit, ROUND_FLOOR) for part in parts]
        total = cents(sum(parts, Decimal(0)), unit) if total is None else total
        lacking = int((total - sum(shown, Decimal(0))) / unit)
        by_remainder = sorted(range(len(parts)), key=lambda at: shown[at] - parts[at])
        for at in by_remainder[:lacking]:
            shown[at] += unit
        return shown


def paid_column(parts: Sequence[Decimal]) -> list[str]:
    """A column of paid amounts and, last, their sum, which add up as they are printed.

    To the cent; where a part is less than a cent, to as many decimals as that part has, six at most.

    Example:
        >>> paid_column([Decimal("8.775"), Decimal("0.245"), Decimal("4.695")])
        ['8.78', '0.25', '4.69', '13.72']
        >>> paid_column([Decimal("10.2"), Decimal("0.0042")])
        ['10.2000', '0.0042', '10.2042']
    """
    unit = min((_unit(part) for part in parts), default=CENT)
    with localcontext(prec=WORKING_DIGITS):
        total = sum(parts, Decimal(0))
    shown = cents_adding_up(parts, unit)
    texts = [f"{much:,f}" if much or not part else f"<{unit:f}" for part, much in zip(parts, shown, strict=True)]
    return [*texts, f"{cents(total, unit):,f}"]


def _unit(part: Decimal) -> Decimal:
    """A cent, or what shows a part of less than a cent."""
    if not 0 < abs(part) < CENT:
        return CENT
    with localcontext(prec=WORKING_DIGITS):
        decimals = -int(part.normalize().as_tuple().exponent)
    return max(Decimal(1).scaleb(-decimals), FINEST)
