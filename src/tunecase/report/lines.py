"""The lines of a bill as a table shows them: what hardly counts is one row, its parts are told below it."""

import math

from tunecase.quantities import adding_up, written
from tunecase.records import Estimate, Line

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
    share = sum(line.share or 0.0 for line in small)
    names = ", ".join(line.title for line in small)
    row = Line("compute", None, share, f"{names}, each under 1% of the total", expected=expected)
    first = estimate.lines.index(small[0])
    kept = [line for line in estimate.lines if line not in small]
    return (*kept[:first], row, *kept[first:])


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
