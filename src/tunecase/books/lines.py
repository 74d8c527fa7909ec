"""The lines of a plan as charges can be told apart: a bill does not say which GPU hour failed or stood idle."""

from dataclasses import dataclass

from tunecase.quantities import Band
from tunecase.records import Estimate

# A bill shows GPU hours, whatever came of them.
FOLDED = {"failed_runs": "gpu", "idle": "gpu"}
# An allowance: what it is for is booked under the line that overran.
UNKNOWNS = "unknowns"
PEOPLE = ("labour", "evaluation")


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A line of the plan: its amount, None while unpriced, and what it buys, None where it has no one quantity."""

    amount: Band | None
    quantity: Band | None = None
    unit: str = ""


def planned_lines(estimate: Estimate) -> dict[str, PlannedLine]:
    """The lines that count, those that no charge can tell apart added up under one name, point by point.

    Leaves out: the points of a sum lie nearer together than the sums of the points where the parts do not move
    together; failed and idle hours grow with the runs, so here they nearly do.
    """
    found: dict[str, PlannedLine] = {}
    for line in estimate.lines:
        if not line.included:
            continue
        name = FOLDED.get(line.name, line.name)
        own = PlannedLine(line.amount, line.quantity, line.unit)
        found[name] = _both(found[name], own) if name in found else own
    return found


def _both(one: PlannedLine, other: PlannedLine) -> PlannedLine:
    if one.amount is None or other.amount is None:
        return one if other.amount is None else other
    amount = _sum(one.amount, other.amount)
    if one.quantity is None or other.quantity is None or one.unit != other.unit:
        return PlannedLine(amount)
    return PlannedLine(amount, _sum(one.quantity, other.quantity), one.unit)


def _sum(one: Band, other: Band) -> Band:
    return Band(one.p10 + other.p10, one.p50 + other.p50, one.p80 + other.p80, one.p90 + other.p90)
