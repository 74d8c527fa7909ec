"""What the project will have cost: paid to the cent, and the rest drawn anew from what is known now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from tunecase.books.lines import PEOPLE, UNKNOWNS, folded
from tunecase.quantities import Draws, Flags, np

FEWEST = 200  # worlds that must be left for quantiles worth the name
FLOOR = 0.10  # of the planned doubt of a price stays, however much has been bought


@dataclass(frozen=True, slots=True)
class LineDrawn:
    """One line of the bill in every world, shape (draws,); `quantity`, in `unit`, is None where it has no one.

    `before` and `after` are what the line holds before its first round and after its last (set-up, a release), as
    shares of it; a bill drawn afresh does not hold what came before.
    """

    amount: "Draws"
    quantity: "Draws | None" = None
    unit: str = ""
    before: "Draws | float" = 0.0
    after: "Draws | float" = 0.0


def as_booked(lines: Mapping[str, LineDrawn]) -> dict[str, LineDrawn]:
    """The lines as charges can be told apart: failed and idle hours are GPU hours, the unknowns are people's hours.

    In each world people's lines grow by what the unknowns add to them, in hours as in money, and the line of the
    unknowns goes: what it allows for is booked as labour or evaluation.
    """
    booked = folded(lines.items(), _both)
    people = {name: booked[name] for name in PEOPLE if name in booked}
    if UNKNOWNS not in booked or not people:
        return booked
    more = booked.pop(UNKNOWNS).amount
    paid = np.asarray(np.sum([line.amount for line in people.values()], axis=0))
    factor = 1 + np.where(paid > 0, more / np.where(paid > 0, paid, 1.0), 0.0)
    return {**booked, **{name: _times(line, factor) for name, line in people.items()}}


def _times(line: LineDrawn, factor: "Draws") -> LineDrawn:
    hours = line.quantity
    return replace(line, amount=line.amount * factor, quantity=None if hours is None else hours * factor)


def _both(first: LineDrawn, second: LineDrawn) -> LineDrawn:
    if first.quantity is None or second.quantity is None or first.unit != second.unit:
        return LineDrawn(first.amount + second.amount)
    return LineDrawn(first.amount + second.amount, first.quantity + second.quantity, first.unit)


@dataclass(frozen=True, slots=True)
class RoundsDrawn:
    """Rounds made, and the rounds of the bill in every world, shape (draws,)."""

    made: int
    drawn: "Draws"


@dataclass(frozen=True, slots=True)
class LinePaid:
    """What was paid for a line, and how much was bought; `measured` is the money of the charges that say how much.

    `free` is the part of `quantity` that was billed at nothing. `credits` are credits and adjustments, in no other
    figure here: money back is a negative amount.
    """

    spent: float = 0.0
    quantity: float | None = None
    measured: float = 0.0
    free: float = 0.0
    credits: float = 0.0

    @property
    def price(self) -> float | None:
        """What one cost, of those that cost something; None where no charge says."""
        priced = (self.quantity or 0.0) - self.free
        return self.measured / priced if priced > 1e-9 and self.measured > 0 else None

    @property
    def counted(self) -> bool:
        """Whether it is known how much was bought."""
        return bool(self.quantity) and (self.measured > 0 or self.free > 0)


@dataclass(frozen=True, slots=True)
class Completion:
    """Spent plus the rest, by line and in all, one entry per world that is left, shape (kept,).

    `kept` says which of the drawn worlds these are; `ruled_by` what ruled the others out: the rounds made, the total,
    or nothing (closed: no line is open), where the bill starts from now or too few worlds would have been left.
    """

    lines: dict[str, "Draws"]
    total: "Draws"
    kept: "Flags"
    ruled_by: str

    def over(self, budget: float) -> float:
        """The share of these worlds above an amount."""
        return float((self.total > budget).mean())


def at_completion(
    bill: Mapping[str, LineDrawn],
    paid: Mapping[str, LinePaid],
    closed: Collection[str] = (),
    rounds: RoundsDrawn | None = None,
    afresh: bool = False,
) -> Completion:
    """Spent plus the rest, in the worlds that what was paid and done has not ruled out.

        price of one:            c (x / median x)^k,   k = max(1 - Q / q, .1);  x where no price was paid yet
        rounds not known:        worlds with T >= s are left; rest = T - s, by line as max(line - spent, 0)
        r rounds made:           worlds with R > r are left; people's rest = f Q (p / median p)^k', f = rest / p,
                                 k' = max(1 - p / (p + rest), .1); of other lines max(line - spent, 0)
        bill drawn afresh:       all worlds are left; the rest is the bill, people's hours as after r rounds

    x is the world's price of one and c the price paid so far, q the line's quantity in a world and Q what was bought; T
    the open lines at these prices, s what was spent on them before credits, which are added at the end; R the world's
    rounds, p what the plan has in that world for what was done (set-up and r rounds) and rest what it has for what is
    to come (R - r rounds and a release), in hours, or in money where charges say no hours. What was billed at nothing
    is bought but tells no price; in T it cost what was paid on the line without saying for how much, such as a
    commitment's purchase, up to its price in the world. What was seen is the middle from now on, and its doubt shrinks
    with the work that is done.

    Args:
        bill: the counted lines with a price, drawn in common worlds, shape (draws,).
        paid: by line; a line that the bill lacks adds what was spent, and nothing more.
        closed: lines that are finished: their rest is nothing, and they rule no world out.
        rounds: those made and drawn; None where it is not known how many were made.
        afresh: whether the bill was drawn from where the project stands, so that nothing of it is paid.
    Returns: the Completion.
    Leaves out: how far the round under way has come; every world that is left keeps its weight, so a project near its
    end is told with more to come than it has, until its lines are closed or its rounds are kept.
    """
    spent = {name: paid.get(name, LinePaid()) for name in (*bill, *paid)}
    going = {name: line for name, line in bill.items() if name not in closed}
    rounds = rounds if rounds is not None and rounds.made > 0 else None
    rests = {name: _rest(line, spent[name], rounds if name in PEOPLE else None, afresh) for name, line in going.items()}
    kept = np.ones(len(next(iter(bill.values())).amount) if bill else 1, dtype=bool)
    if not going:
        return _completion(spent, rests, kept, "closed")
    if afresh:
        return _completion(spent, rests, kept, "nothing")
    if rounds is not None:
        return _completion(spent, rests, *_enough(rounds.drawn > rounds.made, "the rounds"))
    left = _left(going, spent)
    return _completion(spent, _shared_out(rests, np.maximum(left, 0.0)), *_enough(left >= 0, "the total"))


def _completion(
    spent: Mapping[str, LinePaid], rests: Mapping[str, "Draws"], kept: "Flags", ruled_by: str
) -> Completion:
    """What was paid and what is still to come, by line and in all, in the worlds that are kept."""
    none = np.zeros(int(kept.sum()))
    lines = {
        name: none + line.spent + line.credits + (rests[name][kept] if name in rests else 0.0)
        for name, line in spent.items()
    }
    return Completion(lines, np.asarray(np.sum([none, *lines.values()], axis=0)), kept, ruled_by)


def _left(going: Mapping[str, LineDrawn], spent: Mapping[str, LinePaid]) -> "Draws":
    """What the open lines cost in every world at the prices paid, less what was spent on them."""
    whole = np.sum([_repriced(line, spent[name]) for name, line in going.items()], axis=0)
    return np.asarray(whole - sum(spent[name].spent for name in going))


def _enough(left: "Flags", why: str) -> tuple["Flags", str]:
    """The worlds that are left and what ruled the others out; all of them where too few would be left."""
    if left.sum() >= min(FEWEST, len(left)):
        return left, why
    return np.ones(len(left), dtype=bool), "nothing"


def _repriced(line: LineDrawn, paid: LinePaid) -> "Draws":
    """The whole line in every world: what was bought at the price paid, the rest at prices centred on it."""
    if line.quantity is None or not paid.quantity or not paid.counted:
        return line.amount
    left = np.maximum(line.quantity - paid.quantity, 0.0)
    price = _price_of_rest(line, paid, left)
    bought = np.minimum(line.quantity / paid.quantity, 1.0) * paid.measured
    return np.asarray(bought + np.minimum(paid.free * price, max(paid.spent - paid.measured, 0.0)) + left * price)


def _price_of_rest(line: LineDrawn, paid: LinePaid, left: "Draws") -> "Draws":
    """What one will cost: centred on what one cost, or as drawn where that is not known."""
    if paid.price is None or not paid.quantity:
        return _price(line)
    return _centred(_price(line), paid.price, paid.quantity / (paid.quantity + left))


def _price(line: LineDrawn) -> "Draws":
    assert line.quantity is not None
    return np.divide(line.amount, line.quantity, out=np.zeros(len(line.amount)), where=line.quantity > 0)


def _rest(line: LineDrawn, paid: LinePaid, rounds: RoundsDrawn | None, afresh: bool) -> "Draws":
    """What is still to be paid of a line in every world."""
    if line.quantity is None or not paid.quantity or not paid.counted:
        if rounds is not None and paid.spent > 0:
            return _by_the_round(line, line.amount, paid.spent, rounds, afresh)
        return line.amount if afresh else np.maximum(line.amount - max(paid.spent, 0.0), 0.0)
    if rounds is not None:
        left = _by_the_round(line, line.quantity, paid.quantity, rounds, afresh)
    else:
        left = line.quantity if afresh else np.maximum(line.quantity - paid.quantity, 0.0)
    return left * _price_of_rest(line, paid, left)


def _by_the_round(line: LineDrawn, whole: "Draws", so_far: float, rounds: RoundsDrawn, afresh: bool) -> "Draws":
    """What is still to come where what was done took `so_far`: the later rounds, and what follows the last."""
    later = rounds.drawn if afresh else np.maximum(rounds.drawn - rounds.made, 0.0)
    before, after = whole * line.before, whole * line.after
    in_rounds = np.maximum(whole - after - (0.0 if afresh else before), 0.0)
    each = np.divide(in_rounds, rounds.drawn, out=np.zeros(len(whole)), where=rounds.drawn > 0)
    planned, rest = before + rounds.made * each, later * each + after
    # In each world the rest is the plan's, times what was taken over what the plan had for it.
    over = np.divide(rest, planned, out=np.zeros(len(whole)), where=planned > 0)
    done = np.divide(planned, planned + rest, out=np.ones(len(whole)), where=planned + rest > 0)
    return np.asarray(over * _centred(planned, so_far, done))


def _centred(draws: "Draws", seen: float, done: "Draws") -> "Draws":
    """Draws moved to what was seen, their doubt (as ratios) shrunk by the share that is done."""
    some = draws > 0
    if not some.any():
        return np.full(len(draws), seen)
    middle = np.median(draws[some])
    ratio = np.where(some, draws, middle) / middle
    return np.asarray(seen * ratio ** np.maximum(1 - done, FLOOR))


def _shared_out(rests: Mapping[str, "Draws"], whole: "Draws") -> dict[str, "Draws"]:
    """The lines' rests, stretched in every world so that they add up to the whole."""
    total = np.asarray(np.sum(list(rests.values()), axis=0))
    factor = np.divide(whole, total, out=np.zeros(len(total)), where=total > 0)
    return {name: rest * factor for name, rest in rests.items()}
