"""The lines of a bill as a table shows them: what hardly counts is one row, its parts are told below it."""

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
