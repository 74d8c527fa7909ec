"""What the project will have cost: paid to the cent, and the rest drawn anew from what is known now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunecase.bookable import FOLDED, PEOPLE, UNKNOWNS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tunecase.spread import Draws

    Flags = NDArray[np.bool_]

FEWEST = 200  # worlds that must be left for quantiles worth the name
FLOOR = 0.10  # of the planned doubt of a price stays, however much has been bought


@dataclass(frozen=True, slots=True)
class LineDrawn:
    """One line of the bill in every world, shape (draws,); `quantity` is None where it has no one quantity."""

    amount: "Draws"
    quantity: "Draws | None" = None


def as_booked(lines: Mapping[str, LineDrawn]) -> dict[str, LineDrawn]:
    """The lines as charges can be told apart: failed and idle hours are GPU hours, the unknowns are people's hours.

    In each world people's lines grow by what the unknowns add to them, in hours as in money, and the line of the
    unknowns goes: what it allows for is booked as labour or evaluation.
    """
    import numpy as np

    found: dict[str, LineDrawn] = {}
    for name, line in lines.items():
        to = FOLDED.get(name, name)
        found[to] = _both(found[to], line) if to in found else line
    more = found.pop(UNKNOWNS, None)
    people = [name for name in PEOPLE if name in found]
    if more is None or not people:
        return found if more is None else {**found, UNKNOWNS: more}
    paid = np.asarray(np.sum([found[name].amount for name in people], axis=0))
    factor = 1 + np.where(paid > 0, more.amount / np.where(paid > 0, paid, 1.0), 0.0)
    for name in people:
        hours = found[name].quantity
        found[name] = LineDrawn(found[name].amount * factor, None if hours is None else hours * factor)
    return found


def _both(one: LineDrawn, other: LineDrawn) -> LineDrawn:
    if one.quantity is None or other.quantity is None:
        return LineDrawn(one.amount + other.amount)
    return LineDrawn(one.amount + other.amount, one.quantity + other.quantity)


@dataclass(frozen=True, slots=True)
class LinePaid:
    """What was paid for a line, and how much was bought; `measured` is the money of the charges that say how much."""

    spent: float = 0.0
    quantity: float | None = None
    measured: float = 0.0


@dataclass(frozen=True, slots=True)
class Completion:
    """Spent plus the rest, by line and in all, one entry per world that is left, shape (kept,).

    `kept` says which of the drawn worlds these are; `ruled_by` what ruled the others out: every line, the total alone,
    or nothing, where too few worlds would have been left.
    """

    lines: dict[str, "Draws"]
    total: "Draws"
    kept: "Flags"
    ruled_by: str

    def over(self, budget: float) -> float:
        """The share of these worlds above an amount."""
        return float((self.total > budget).mean())


def at_completion(
    plan: Mapping[str, LineDrawn], paid: Mapping[str, LinePaid], closed: Collection[str] = ()
) -> Completion:
    """Spent plus the rest of the planned work, in the worlds that what was paid has not ruled out.

        with a quantity:   rest = max(q - Q, 0) c (x / median x)^k,   k = max(1 - Q / q, .1)
        without:           rest = max(draw - spent, 0)

    q is the line's quantity in a world, Q what was bought, x the world's price of one, c the price paid so far: the
    price is centred on the one paid, and its doubt shrinks with the work that is done. A world is ruled out where an
    open line needs less than was bought already (without a quantity: costs less than was spent).

    Args:
        plan: the counted lines with a price, drawn in common worlds, shape (draws,).
        paid: by line; a line that the plan lacks adds what was spent, and nothing more.
        closed: lines that are finished: their rest is nothing, and they rule no world out.
    Returns: the Completion.
    Leaves out: that a slow start foretells a slow rest, but through the worlds that are left; and what is ruled in
    between: every world left keeps its weight.
    """
    import numpy as np

    n = len(next(iter(plan.values())).amount) if plan else 1
    kept, why = _left(plan, paid, closed, n)
    lines: dict[str, Draws] = {}
    for name in [*plan, *(name for name in paid if name not in plan)]:
        one = paid.get(name, LinePaid())
        rest = 0.0 if name in closed or name not in plan else _rest(plan[name], one, kept)
        lines[name] = np.zeros(int(kept.sum())) + one.spent + rest
    total = np.asarray(np.sum(list(lines.values()), axis=0)) if lines else np.zeros(int(kept.sum()))
    return Completion(lines, total, kept, why)


def added_to(rest: Mapping[str, LineDrawn], paid: Mapping[str, LinePaid], closed: Collection[str] = ()) -> Completion:
    """Spent plus a bill that was drawn from where the project stands now, so that nothing of it is paid yet."""
    import numpy as np

    n = len(next(iter(rest.values())).amount) if rest else 1
    lines: dict[str, Draws] = {}
    for name in [*rest, *(name for name in paid if name not in rest)]:
        more = rest[name].amount if name in rest and name not in closed else 0.0
        lines[name] = np.zeros(n) + paid.get(name, LinePaid()).spent + more
    total = np.asarray(np.sum(list(lines.values()), axis=0)) if lines else np.zeros(n)
    return Completion(lines, total, np.ones(n, dtype=bool), "nothing")


def _left(
    plan: Mapping[str, LineDrawn], paid: Mapping[str, LinePaid], closed: Collection[str], n: int
) -> tuple["Flags", str]:
    import numpy as np

    each, whole, spent = np.ones(n, dtype=bool), np.zeros(n), 0.0
    for name, line in plan.items():
        one = paid.get(name, LinePaid())
        if name in closed:
            continue
        whole, spent = whole + line.amount, spent + one.spent
        if line.quantity is not None and one.quantity is not None:
            each &= line.quantity >= one.quantity
        elif one.spent > 0:
            each &= line.amount >= one.spent
    if each.sum() >= min(FEWEST, n):
        return each, "every line"
    total = np.asarray(whole >= spent)
    if total.sum() >= min(FEWEST, n):
        return total, "the total"
    return np.ones(n, dtype=bool), "nothing"


def _rest(line: LineDrawn, one: LinePaid, kept: "Flags") -> "Draws":
    import numpy as np

    amount = line.amount[kept]
    if line.quantity is None or not one.quantity or one.measured <= 0:
        return np.maximum(amount - max(one.spent, 0.0), 0.0)
    quantity = line.quantity[kept]
    some = quantity > 0
    price = np.where(some, amount / np.where(some, quantity, 1.0), 0.0)
    middle = float(np.median(price[some])) if some.any() else 0.0
    if middle <= 0:
        return np.maximum(amount - max(one.spent, 0.0), 0.0)
    done = np.where(some, np.minimum(one.quantity / np.where(some, quantity, 1.0), 1.0), 1.0)
    centred = one.measured / one.quantity * (price / middle) ** np.maximum(1 - done, FLOOR)
    return np.asarray(np.maximum(quantity - one.quantity, 0.0) * centred)
