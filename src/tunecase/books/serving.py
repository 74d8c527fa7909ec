"""Why answers cost more or less than planned, in parts that add up.

By the hour:   C = A p / (r u),   A answers, p the price of a GPU hour, r answers of a busy GPU hour, u the busy share
By the token:  C = A t p,         t tokens of an answer, p the price of a token

Planned values (0) are replaced by actual ones (1) one after the other, and each part is what its step changes:

    volume       C0 A1 / A0 - C0
    price        A1 (p1 - p0) / (r0 u0)
    utilisation  A1 p1 / r0 (1 / u1 - 1 / u0)
    throughput   C1 - A1 p1 / (r0 u1)

or after the volume tokens per answer, A1 (t1 - t0) p0, and price. What cannot be told apart stands in one part.

*Left out:* the order matters where two things change at once. Volume comes first, at the planned price of an answer, as
accountants have it, so what whole replicas cost when few answers come stands under utilisation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tunecase.quantities import cents_adding_up
from tunecase.records import CostPart, ServedFigures

MILLIONTHS = 1_000_000
ZERO = Decimal(0)
VOLUME, TOKENS, PRICE, UTILISATION, THROUGHPUT = "volume", "tokens per answer", "price", "utilisation", "throughput"
HOURS_USED = f"{UTILISATION} and {THROUGHPUT}"
HOURS = f"{PRICE}, {HOURS_USED}"
TOKENS_AND_PRICE = f"{TOKENS} and {PRICE}"
ANSWER = "price of an answer"
PARTS = (VOLUME, TOKENS, PRICE, UTILISATION, THROUGHPUT, HOURS_USED, HOURS, TOKENS_AND_PRICE, ANSWER)

Levels = list[tuple[str, Fraction]]  # (part, the cost once its cause has changed too)


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Planned prices of a million input and output tokens; only their ratio counts."""

    tokens_in: float
    tokens_out: float


def cost_parts(
    planned: ServedFigures, actual: ServedFigures, token_prices: TokenPrices | None = None
) -> tuple[CostPart, ...]:
    """Actual less planned cost of answers, see the module.

    Args:
        planned: with GPU hours where answers are paid by the hour.
        actual: what a meter counted and what was paid.
        token_prices: where answers are paid by the token.
    Returns: the parts in the order in which they are worked out, to the millionth; none where a cost is unknown or no
        answer was planned. They add up to the actual less the planned cost, each rounded to the millionth.
    Leaves out: cached input, whose lower price stands under price.
    """
    if planned.cost is None or actual.cost is None or not planned.answers:
        return ()
    start, end = Fraction(planned.cost), Fraction(actual.cost)
    flexed = start * Fraction(actual.answers) / Fraction(planned.answers)
    if planned.gpu_hours is not None:
        rest = _by_the_hour(planned, actual, end)
    elif token_prices is not None:
        rest = _by_the_token(planned, actual, token_prices, end)
    else:
        rest = [(ANSWER, end)]
    before, parts = start, []
    for name, level in [(VOLUME, flexed), *rest]:
        parts.append(CostPart(name, _rounded(level) - _rounded(before)))
        before = level
    return tuple(parts)


def _by_the_hour(planned: ServedFigures, actual: ServedFigures, end: Fraction) -> Levels:
    if not planned.gpu_hours or not actual.gpu_hours:
        return [(HOURS, end)]
    hours_planned, hours = Fraction(planned.gpu_hours), Fraction(actual.gpu_hours)
    # The hours planned for the answers that came, at the price that was paid.
    priced = Fraction(actual.answers) * hours_planned / Fraction(planned.answers) * end / hours
    if not planned.busy_hours or actual.busy_hours is None:
        return [(PRICE, priced), (HOURS_USED, end)]
    busy = Fraction(actual.busy_hours)
    # Without a busy hour nothing tells of throughput.
    used = priced * Fraction(planned.busy_hours) / hours_planned * hours / busy if busy else end
    return [(PRICE, priced), (UTILISATION, used), (THROUGHPUT, end)]


def _by_the_token(planned: ServedFigures, actual: ServedFigures, prices: TokenPrices, end: Fraction) -> Levels:
    before, now = _weighed(planned, prices), _weighed(actual, prices)
    if not before or now is None or planned.cost is None:
        return [(TOKENS_AND_PRICE, end)]
    return [(TOKENS, Fraction(planned.cost) * now / before), (PRICE, end)]


def _weighed(figures: ServedFigures, prices: TokenPrices) -> Fraction | None:
    """The tokens at the planned prices; None where they are not known."""
    if figures.tokens_in is None or figures.tokens_out is None:
        return None
    paid_in = Fraction(figures.tokens_in) * Fraction(prices.tokens_in)
    return paid_in + Fraction(figures.tokens_out) * Fraction(prices.tokens_out)


def _rounded(level: Fraction) -> Decimal:
    return Decimal(round(level * MILLIONTHS)).scaleb(-6)


def parts_added(rows: Iterable[Sequence[CostPart]]) -> tuple[CostPart, ...]:
    """The parts of all rows, those of one name added up."""
    sums: dict[str, Decimal] = {}
    for part in (part for row in rows for part in row):
        sums[part.name] = sums.get(part.name, ZERO) + part.amount
    return tuple(CostPart(name, sums[name]) for name in PARTS if name in sums)


def parts_in_cents(rows: Sequence[Sequence[CostPart]]) -> tuple[tuple[str, ...], list[list[Decimal]]]:
    """The names of the parts, and for each row its total and its parts in whole cents; last, the sums of the columns.

    As printed, rows add up across and columns down. A part that a row does not have is zero.
    """
    every = {part.name for row in rows for part in row}
    names = tuple(name for name in PARTS if name in every)
    amounts = [[next((part.amount for part in row if part.name == name), ZERO) for name in names] for row in rows]
    totals = cents_adding_up([sum(row, ZERO) for row in amounts])
    shown = [[total, *cents_adding_up(row, total=total)] for row, total in zip(amounts, totals, strict=True)]
    return names, [*shown, [sum(column, ZERO) for column in zip(*shown, strict=True)]]
