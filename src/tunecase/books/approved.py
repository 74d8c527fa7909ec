"""What of the approved money is spent: charges drawn from approvals in the order of their days.

    spent = sum of the charges since the first approval = sum of what each approval covers + what none covers

Approvals add up. A charge draws from the approval that ends first, among those that hold on its day: not past their
last day, and not ended by a rejection before the charge was booked. So an overdraft is made good by the next approval,
and nothing is covered after an approval's last day. Money back undoes first what nothing covers, then the latest draws.

*Left out:* what a charge was for. A release names a step, but bills do not, so any charge draws from any approval.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from tunecase.books.charges import DIGITS

ZERO = Decimal(0)


class Moment(NamedTuple):
    """A day, and a place in the ledger that tells two entries of one day apart."""

    on: date
    place: int


class Dated(NamedTuple):
    """A charge: its moment and its amount in the base currency, negative where money came back."""

    at: Moment
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Grant:
    """Approved money: the amount in the base currency, since when, to which day, and when a rejection ended it."""

    amount: Decimal
    begun: Moment
    until: date | None = None
    ended: Moment | None = None

    def holds(self, at: Moment) -> bool:
        """Whether a charge of that moment may draw from it; one of before it was approved may, if another began."""
        return (self.until is None or at.on <= self.until) and (self.ended is None or at < self.ended)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """What of the grants is spent: `used` of each, `spent` in all, the `uncovered` part, and what came `before` them.

    Amounts in the base currency; `used` in the order of the grants.
    """

    used: tuple[Decimal, ...]
    spent: Decimal
    uncovered: Decimal
    before: Decimal


def drawn_down(grants: Sequence[Grant], charges: Iterable[Dated]) -> Drawdown:
    """Charges drawn from grants, see the module.

    Args:
        grants: in the order in which they were approved.
        charges: those that count, in any order.
    Returns: the Drawdown; without grants all charges are `before`.
    """
    first = min((grant.begun for grant in grants), default=None)
    used, spent, uncovered, before = [ZERO] * len(grants), ZERO, ZERO, ZERO
    with localcontext(prec=DIGITS):
        for at, amount in sorted(charges):
            if first is None or at < first:
                before += amount
                continue
            spent += amount
            if amount < 0:
                uncovered -= _given_back(-amount, used, uncovered)
            else:
                uncovered += _rest(amount, used, [(k, grant) for k, grant in enumerate(grants) if grant.holds(at)])
    return Drawdown(tuple(used), spent, uncovered, before)


def _rest(amount: Decimal, used: list[Decimal], open_grants: list[tuple[int, Grant]]) -> Decimal:
    """Draws an amount from grants, the one that ends first before the others; returns what none covers."""
    for k, grant in sorted(open_grants, key=lambda pair: (pair[1].until or date.max, pair[0])):
        part = min(amount, grant.amount - used[k])
        used[k] += part
        amount -= part
    return amount


def _given_back(amount: Decimal, used: list[Decimal], uncovered: Decimal) -> Decimal:
    """Puts money back into the grants that it was drawn from; returns how much of it undoes what none covered."""
    undone = min(amount, uncovered)
    amount -= undone
    for k in reversed(range(len(used))):
        part = min(amount, used[k])
        used[k] -= part
        amount -= part
    return undone
