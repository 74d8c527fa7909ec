"""The lines of a bill as a table shows them: what hardly counts is one row, its parts are told below it."""

from collections.abc import Sequence

from tunecase.quantities import adding_up, share, signed_figures
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
