"""The lines of a bill as a table shows them, what hardly counts as one row; and what the bill rests on, in words."""

import math
from collections.abc import Sequence

from tunecase.prices import amount
from tunecase.quantities import adding_up, figures, share, signed_figures, written
from tunecase.records import Estimate, KeyAssumption, Line

COMPUTE = ("gpu", "failed_runs", "idle", "storage", "egress")
LEAST_SHARE = 0.01  # of the expected total: lines below it are one row together


def folded(estimate: Estimate) -> tuple[Line, ...]:
    """The lines, those of the machines as one where each is under 1% of the expected total.

    The row has no points, since points do not add. Older bills without expected amounts stay as they are.
    """
    small = [line for line in estimate.lines if line.name in COMPUTE and _is_small(line)]
    if len(small) < 2:
        return estimate.lines
    expected = sum(line.expected or 0.0 for line in small)
    part = sum(line.share or 0.0 for line in small)
    names = ", ".join(line.title for line in small)
    row = Line("compute", None, part, f"{names}, each under 1% of the total", expected=expected)
    first = estimate.lines.index(small[0])
    kept = [line for line in estimate.lines if line not in small]
    return (*kept[:first], row, *kept[first:])


def rounding(estimate: Estimate) -> str:
    """What the total as printed differs by from the sum of its lines as printed; empty where they add up."""
    if estimate.plan is None:
        return ""
    # Lines stand in two figures.
    lines = sum(float(f"{line.expected:.1e}") for line in folded(estimate) if line.included and line.expected)
    left = float(f"{estimate.plan.total.expected.shown - lines:.6g}")
    return signed_figures(left) if left else ""


def shares(lines: Sequence[Line]) -> list[str]:
    """The lines' shares of the total, in whole percent that add up to 100%; empty where a line has none."""
    counted = [line.share for line in lines if line.included and line.share is not None]
    shown = iter(adding_up(counted, 0.01, 1.0 if sum(counted) > 1 - LEAST_SHARE else None))
    words = []
    for line in lines:
        has_share = line.included and line.share is not None
        part = next(shown) if has_share else 0.0
        words.append("" if not has_share else "<1%" if not part and line.share else share(part))
    return words


def _is_small(line: Line) -> bool:
    return line.priced and line.included and line.expected is not None and (line.share or 0.0) < LEAST_SHARE


def workings(line: Line) -> str:
    """How a line is worked out; its parts with their expected amounts, which add up to the line's as it is printed."""
    if not line.parts:
        return line.basis
    whole = sum(part.expected for part in line.parts)
    unit = 10.0 ** (math.floor(math.log10(whole)) - 1) if whole > 0 else 1.0
    amounts = adding_up([part.expected for part in line.parts], unit)
    parts = [
        f"{part.name} {_at_least(amount, part.expected, unit)} ({part.words})"
        for part, amount in zip(line.parts, amounts, strict=True)
    ]
    return f"{line.basis}: {', '.join(parts)}"


def _at_least(amount: float, expected: float, unit: float) -> str:
    return f"under {written(unit)}" if not amount and expected > 0 else written(amount)


def assumption_words(one: KeyAssumption, currency: str) -> tuple[str, str]:
    """A key assumption with what was taken; and what rests on it, what would change, and the line to write.

    Example:
        >>> one = KeyAssumption("effort.runs", "hours", "1 h per run", "", 0.2, "total", 1, 3, 20, 40, "effort: {}")
        >>> assumption_words(one, "USD")[0]
        'effort.runs, hours: 1 h per run'
    """
    low, high = (amount(one.name, value, currency) for value in (one.low, one.high))
    means = f"{figures(one.mean_low)} at {low}, {figures(one.mean_high)} at {high}"
    part = f"{share(one.bill_share)} of the bill rests on it; " if one.bill_share >= LEAST_SHARE else ""
    return f"{one.name}, {one.what}: {one.taken}", f"{part}{one.moves} {means}; write {one.write}"


def training_words(estimate: Estimate) -> str:
    """The part of people's hours that training takes, and why it is not the usual one; empty where nobody can tell."""
    if estimate.training_share is None:
        return ""
    words = f"Training (set-up and runs watched) is {share(estimate.training_share)} of people's hours; surveys say"
    return f"{words} 11 to 14%" + (f": {estimate.training_note}." if estimate.training_note else ".")
