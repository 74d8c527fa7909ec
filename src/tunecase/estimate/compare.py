"""What does a change cost or save? Two bills in the same worlds, line by line, and whether one stays within a limit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tunecase.quantities import Band, Draws, Sampled, band, count, np, share
from tunecase.records import Bill, Comparison, Difference, FieldChange, Judgement

TOTAL = "total"
Bands = tuple[Band | None, Band | None]


@dataclass(frozen=True, slots=True)
class Side:
    """One bill in every world: its lines, shape (draws,), None where a line has no price; rounds, and what is known.

    `counted` names the lines that are part of the total, `unpriced` what has no price, each "line: why". `chance` is
    that the plan shows the target within the budget, `over` that it passes the budget. All money is in the comparison's
    currency.
    """

    name: str
    lines: Mapping[str, "Draws | None"]
    counted: frozenset[str]
    unpriced: tuple[str, ...]
    rounds: "Draws"
    budget: float | None
    based_on: str
    chance: Sampled | None = None
    over: Sampled | None = None

    @property
    def total(self) -> "Draws":
        """The sum of the lines that count and have a price, shape (draws,)."""
        priced = [amount for line in self.lines if (amount := self.amount(line)) is not None]
        return np.asarray(np.sum(priced, axis=0)) if priced else np.zeros(len(self.rounds))

    def amount(self, line: str) -> "Draws | None":
        """A line that counts, shape (draws,); None where it does not, or has no price."""
        return self.lines.get(line) if line in self.counted else None

    def missing(self, line: str) -> tuple[str, ...]:
        """What has no price in a line that counts."""
        return tuple(words for words in self.unpriced if words.startswith(f"{line}:"))


@dataclass(frozen=True, slots=True)
class Pricing:
    """What both bills were drawn with: the currency of all amounts, the seed, and the hash of the prices."""

    currency: str
    seed: int
    price_book: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What a total may cost, in the comparison's currency, and how sure that must be, 0 < confidence < 1."""

    amount: float
    confidence: float
    allow_unpriced: bool = False


def compare(
    first: Side,
    second: Side | None = None,
    *,
    under: Pricing,
    changed: Sequence[FieldChange] = (),
    notes: Sequence[str] = (),
    limit: Limit | None = None,
) -> Comparison:
    """The second bill less the first, in the same worlds, and the verdict on what it may cost.

        difference = second - first, world by world;   cheaper = share of worlds with difference < 0

    Both bills are drawn from the same named inputs under one seed (common random numbers), so an input that both have
    takes the same value on both sides and what is left is the change itself.

    Args:
        first, second: bills of equally many worlds; without a second one the first is only judged.
        under: the currency of all amounts, the seed and the prices.
        changed: fields that differ.
        notes: what else differs, and what was assumed.
        limit: the second bill's, or the only one's, total must not pass it with that confidence.
    Returns: the Comparison; a difference that lacks a price on one side is None, never zero.
    Leaves out that inputs of different names (prices of two tiers) are drawn apart: their doubt is part of the
    difference.
    Source: common random numbers: Law, Simulation Modeling and Analysis, 5th ed., section 11.2.
    """
    judged = None if limit is None else judge(second or first, limit, under.currency)
    lines: tuple[Difference, ...] = ()
    aside: tuple[Difference, ...] = ()
    total = rounds = None
    if second is not None:
        names = [name for name in (*first.lines, *second.lines) if name in first.counted | second.counted]
        lines = tuple(_line(name, first, second) for name in dict.fromkeys(names))
        aside = tuple(_aside(first, second))
        total = _total(first, second)
        rounds = band(second.rounds - first.rounds)
    return Comparison(
        under.currency, _bill(first), None if second is None else _bill(second), lines, total, rounds, tuple(changed),
        tuple(notes), len(first.rounds), under.seed, under.price_book, judged, aside,
    )  # fmt: skip


def judge(side: Side, limit: Limit, currency: str) -> Judgement:
    """Whether a total stays within a limit: its quantile at the wanted confidence is at most the limit.

    A line without a price cannot be promised, and the limit counts as not kept unless that is allowed.
    """
    amount = float(np.quantile(side.total, limit.confidence))
    sure, most = share(limit.confidence), f"{count(limit.amount)} {currency}"
    reach = f"{sure} sure to cost at most {count(amount)} {currency}"
    if side.unpriced and not limit.allow_unpriced:
        words = "; ".join(side.unpriced)
        reason = f"cannot be promised: no price for {words} (without that {reach}; the limit is {most})"
        return Judgement(side.name, limit.amount, limit.confidence, amount, False, reason)
    kept = amount <= limit.amount
    apart = count(abs(limit.amount - amount))
    reason = f"{reach}, {apart} {currency} {'below' if kept else 'over'} the limit of {most}"
    if side.unpriced:
        reason += f"; not counted, as allowed: {'; '.join(side.unpriced)}"
    return Judgement(side.name, limit.amount, limit.confidence, amount, kept, reason)


def _bill(side: Side) -> Bill:
    over, reached = (None if chance is None else chance.value for chance in (side.over, side.chance))
    return Bill(
        side.name, band(side.total), band(side.rounds), side.budget, over, reached, side.unpriced, side.based_on,
        side.chance, side.over,
    )  # fmt: skip


def _line(name: str, first: Side, second: Side) -> Difference:
    amount, other_amount = first.amount(name), second.amount(name)
    bands = (_banded(amount), _banded(other_amount))
    for side, other in ((first, second), (second, first)):
        if name not in other.counted:
            return _whole_line(name, bands, side, 1.0 if side is second else -1.0)
    if amount is None or other_amount is None or first.missing(name) != second.missing(name):
        sides = [side.name for side in (first, second) if side.missing(name)]
        return _unknown(name, bands, f"unpriced in {' and in '.join(sides)}")
    why = "without what neither side has a price for" if first.missing(name) else ""
    return _differs(name, bands, other_amount - amount, why)


def _whole_line(name: str, bands: Bands, side: Side, sign: float) -> Difference:
    """A line that one side alone counts is no part of the other bill: the whole of it is the difference."""
    amount, why = side.amount(name), f"counted only in {side.name}"
    if amount is None or side.missing(name):
        return _unknown(name, bands, f"{why}, unpriced there")
    return _differs(name, bands, sign * amount, why)


def _aside(first: Side, second: Side) -> Iterator[Difference]:
    """The lines that neither total counts and both have a price for, such as answers after launch."""
    for name, amount in first.lines.items():
        other = second.lines.get(name)
        if name not in first.counted | second.counted and amount is not None and other is not None:
            yield _differs(name, (band(amount), band(other)), other - amount, "in neither total")


def _unknown(name: str, bands: Bands, why: str) -> Difference:
    return Difference(name, *bands, None, None, None, None, why)


def _banded(amount: "Draws | None") -> Band | None:
    return None if amount is None else band(amount)


def _differs(name: str, bands: Bands, change: "Draws", why: str = "") -> Difference:
    first, second = bands
    cheaper, dearer = float((change < 0).mean()), float((change > 0).mean())
    return Difference(name, first, second, band(change), float(change.mean()), cheaper, dearer, why)


def _total(first: Side, second: Side) -> Difference:
    """The difference of the totals; unknown where one side lacks a price that the other one has."""
    bands = (band(first.total), band(second.total))
    one_sided = sorted(set(first.unpriced) ^ set(second.unpriced))
    if one_sided:
        return _unknown(TOTAL, bands, f"a price is missing on one side: {one_sided[0]}")
    why = f"without {'; '.join(first.unpriced)}, which neither side has a price for" if first.unpriced else ""
    return _differs(TOTAL, bands, second.total - first.total, why)
