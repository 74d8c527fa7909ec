"""What the books found: plan against actual by line, what is still to come, and whether earlier bands held."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tunecase.quantities import Band
from tunecase.records.spend import Amount, RunCharge


@dataclass(frozen=True, slots=True)
class Variance:
    """Actual less planned P50 of one line, in four parts that add up to it exactly; base currency.

    `scope` is what more or fewer rounds than planned cost, or all of what nobody planned; `quantity` what more or fewer
    hours (examples) for those rounds cost at the planned price; `price` what another price cost for what was bought;
    `unsplit` the charges that say no quantity in the plan's unit.
    """

    scope: Amount
    quantity: Amount
    price: Amount
    unsplit: Amount

    @property
    def total(self) -> Decimal:
        """The sum of the parts: actual less planned."""
        return self.scope + self.quantity + self.price + self.unsplit


@dataclass(frozen=True, slots=True)
class BookLine:
    """Plan against actual for one line; amounts in the base currency.

    `inside` says of a closed line with charges whether its actual fell in P10 to P90 (`inside_90`: P5 to P95, read off
    the band as a lognormal); of an open one it is False once it is above P90; else None. `to_date` is the planned P50
    for the rounds made, the whole P50 where they are not known. `quantity` is what the charges say they bought, in the
    plan's `unit`, of `planned_quantity`. `credits` are credits, adjustments and other money back, and `unbilled` what
    runs are estimated to have cost without a bill; both are part of `spent`. `at_completion` is spent plus what is
    still to come. With `hindsight` the plan was made after the line's first charge: closed, it is not judged.
    """

    name: str
    planned: Band | None
    spent: Amount
    inside: bool | None
    entries: int
    planned_quantity: Band | None = None
    unit: str = ""
    quantity: Amount | None = None
    to_date: Amount | None = None
    variance: Variance | None = None
    closed: date | None = None
    inside_90: bool | None = None
    at_completion: Band | None = None
    credits: Amount = Decimal(0)
    unbilled: Amount = Decimal(0)
    hindsight: bool = False

    @property
    def difference(self) -> Decimal | None:
        """Spent less the planned P50."""
        return None if self.variance is None else self.variance.total


@dataclass(frozen=True, slots=True)
class PlanUsed:
    """The estimate that actuals are held against: its ledger entry, the day it was made, and why this one."""

    entry: str
    on: date
    why: str


@dataclass(frozen=True, slots=True)
class HitRate:
    """Of closed lines, of this project and past ones, how many actuals fell inside their bands.

    `factor` is the power by which the bands would have to be widened (as ratios to P50) to hold 8 in 10; None where
    there are too few lines to say, or enough of them held.
    """

    lines: int
    inside_80: int
    inside_90: int
    projects: int
    factor: float | None = None

    @property
    def share(self) -> float | None:
        """The share inside P10 to P90."""
        return self.inside_80 / self.lines if self.lines else None


@dataclass(frozen=True, slots=True)
class Closing:
    """Lines that are finished: nothing more is to be paid for them."""

    lines: tuple[str, ...]
    on: date


@dataclass(frozen=True, slots=True)
class PlanChosen:
    """The estimate that was made the plan of record from now on."""

    entry: str
    made: date
    on: date


@dataclass(frozen=True, slots=True)
class Books:
    """What did it cost so far, and does the plan still hold?

    `at_completion` is what the whole project will have cost: spent plus the rest, drawn anew from what is known
    (`redrawn` says how; empty where it could not be). `idle_hours` are billed GPU hours in which no run is known, and
    `untracked_hours` those of cards that no known run used at all, so that it is not known whether they were idle.
    `reopened` are lines that were closed and then charged again; `remarks` is what a reader should know, `note` all of
    it in words.
    """

    currency: str
    lines: tuple[BookLine, ...]
    planned: Band | None
    spent: Amount
    budget: float | None
    left: Amount | None
    over_budget: float | None
    entries: int
    superseded: int
    verified: bool
    note: str
    plan: PlanUsed | None = None
    rounds_planned: Band | None = None
    rounds_made: int | None = None
    at_completion: Band | None = None
    redrawn: str = ""
    variance: Variance | None = None
    hit_rate: HitRate | None = None
    reopened: tuple[str, ...] = ()
    credits: Amount = Decimal(0)
    unbilled: Amount = Decimal(0)
    covered: int = 0
    runs: tuple[RunCharge, ...] = ()
    idle_hours: Amount | None = None
    idle_amount: Amount | None = None
    unpriced: int = 0
    untracked_hours: Amount = Decimal(0)
    remarks: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """True when every planned line is closed."""
        planned = [line for line in self.lines if line.planned is not None]
        return bool(planned) and all(line.closed for line in planned)

    @property
    def ok(self) -> bool:
        """False when more was spent than the budget holds."""
        return self.left is None or self.left >= 0
