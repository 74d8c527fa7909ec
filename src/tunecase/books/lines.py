"""The lines that a plan and charges share: a bill does not say which GPU hour failed or stood idle."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tunecase.quantities import Band
from tunecase.records import Estimate
from tunecase.records import Line as BillLine

UNKNOWNS = "unknowns"


@dataclass(frozen=True, slots=True)
class LineKind:
    """A line of the bill, the line under which its charges are booked, and its service category in FOCUS.

    `booked_as` is empty for an allowance: what it is for is booked under the line that overran.
    """

    name: str
    booked_as: str
    service: str = "Other"


AI = "AI and Machine Learning"
# Every line that a bill may have, and the one of CATEGORIES that its charges are booked under.
LINES = (
    LineKind("gpu", "gpu", AI),
    LineKind("failed_runs", "gpu", AI),
    LineKind("idle", "gpu", AI),
    LineKind("labour", "labour"),
    LineKind("data", "data"),
    LineKind("evaluation", "evaluation"),
    LineKind("inference", "inference", AI),
    LineKind("storage", "storage", "Storage"),
    LineKind("egress", "egress", "Networking"),
    LineKind("upkeep", "upkeep"),
    LineKind("other", "other"),
    LineKind(UNKNOWNS, ""),
)
SERVICES = {line.name: line.service for line in LINES}
FOLDED = {line.name: line.booked_as for line in LINES if line.booked_as not in ("", line.name)}
PEOPLE = ("labour", "evaluation")
Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A line of the plan: its amount, None while unpriced, and what it buys, None where it has no one quantity.

    `expected` is the mean of the amount, its P50 in plans of older versions.
    """

    amount: Band | None
    quantity: Band | None = None
    unit: str = ""
    expected: float = 0.0


def planned_lines(estimate: Estimate) -> dict[str, PlannedLine]:
    """The lines that count, those that no charge can tell apart added up under one name, point by point.

    Leaves out: the points of a sum lie nearer together than the sums of the points where the parts do not move
    together; failed and idle hours grow with the runs, so here they nearly do.
    """
    lines = (
        (line.name, PlannedLine(line.amount, line.quantity, line.unit, _expected(line)))
        for line in estimate.lines
        if line.included
    )
    return folded(lines, _both)


def folded(lines: Iterable[tuple[str, Line]], both: Callable[[Line, Line], Line]) -> dict[str, Line]:
    """Lines under the names that charges bear, those of one name added up by `both`."""
    by_name: dict[str, Line] = {}
    for name, line in lines:
        to = FOLDED.get(name, name)
        by_name[to] = both(by_name[to], line) if to in by_name else line
    return by_name


def _both(first: PlannedLine, second: PlannedLine) -> PlannedLine:
    if first.amount is None or second.amount is None:
        return first if second.amount is None else second
    amount = _sum(first.amount, second.amount)
    expected = first.expected + second.expected
    if first.quantity is None or second.quantity is None or first.unit != second.unit:
        return PlannedLine(amount, expected=expected)
    return PlannedLine(amount, _sum(first.quantity, second.quantity), first.unit, expected)


def _expected(line: BillLine) -> float:
    if line.expected is not None:
        return line.expected
    return line.amount.p50 if line.amount is not None else 0.0


def _sum(first: Band, second: Band) -> Band:
    return Band(first.p10 + second.p10, first.p50 + second.p50, first.p80 + second.p80, first.p90 + second.p90)
