"""Which charges nobody can mean: limits for every way to book, and money back that was never paid."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import NamedTuple

from tunecase.books.charges import DIGITS, Charges
from tunecase.books.held import held
from tunecase.errors import Problem
from tunecase.quantities import MOST_AHEAD_DAYS, MOST_AMOUNT, MOST_HOURS, counted, is_hours, money, too_early, too_late
from tunecase.records import Spending


class Beyond(NamedTuple):
    """What of a charge passes a limit: the field, what was got, what is wanted."""

    field: str
    got: str
    wanted: str


def beyond_limits(charge: Spending, today: date) -> Iterator[Beyond]:
    """What of a charge passes a limit: its days, its amount, its hours."""
    moments = {"begin": charge.began_at, "end": charge.ended_at}
    days = {"day": charge.on, **{name: moment.date() for name, moment in moments.items() if moment is not None}}
    last = today + timedelta(days=MOST_AHEAD_DAYS)
    if early := [(name, day) for name, day in days.items() if too_early(day)]:
        yield Beyond(early[0][0], f"{early[0][1]}", too_early(early[0][1]))  # the others are mostly the same day
    elif wanted := too_late(charge.on, today):
        yield Beyond("day", f"{charge.on}", wanted)
    elif days.get("end", last) > last:
        yield Beyond("end", f"{days['end']}", f"an end by {last}")
    amounts = {"amount": charge.amount, "amount in the project's currency": charge.amount_base}
    large = [(name, amount) for name, amount in amounts.items() if abs(amount) >= MOST_AMOUNT]
    for name, amount in large[:1]:
        yield Beyond(name, f"{amount:,.0f}", f"an amount between -{MOST_AMOUNT:,} and {MOST_AMOUNT:,}")
    if charge.quantity is not None and is_hours(charge.unit) and abs(charge.quantity) > MOST_HOURS:
        yield Beyond("quantity", f"{charge.quantity:.3e} {charge.unit}", f"at most {MOST_HOURS:.0e}")


def more_back_than_paid(booked: Charges, new: Sequence[Spending], currency: str) -> Problem | None:
    """The problem of credits that pass all that was ever charged; None where some charge is left.

    Args:
        booked: (id, charge) of the ledger.
        new: what is to be booked.
        currency: the base currency.
    """
    if all(charge.amount_base >= 0 for charge in new):
        return None
    numbered = [(f"new {number}", charge) for number, charge in enumerate(new)]
    total = _total([*booked, *numbered])
    if total >= 0 or total >= _total(booked):
        return None
    credit = sum((one.amount_base for one in new if one.amount_base < 0), Decimal(0))
    got = f"{money(-credit, currency)} back, {money(-total, currency)} more than was ever charged"
    return Problem("credit", got, "at most what was charged", "correct it, or add --large-credit if it is right")


def _total(charges: Charges) -> Decimal:
    with localcontext(prec=DIGITS):
        return sum((one.amount_base for _, one in held(charges).charges), Decimal(0))


def odd_words(charges: Sequence[Spending], today: date) -> list[str]:
    """That charges of the ledger pass a limit, though they count: another version, or a forger, booked them."""
    odd = [charge for charge in charges if any(beyond_limits(charge, today))]
    if not odd:
        return []
    first = next(beyond_limits(odd[0], today))
    return [
        f"{counted(len(odd), 'charge')} of days, amounts or hours that cannot be meant, such as {first.field} "
        f"{first.got} (wanted: {first.wanted}): see `tunecase spend list`, and correct with `spend add --replaces ID`."
    ]
