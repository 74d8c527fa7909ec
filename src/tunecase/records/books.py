"""What the books found: plan against actual by line, what is still to come, and whether earlier bands held."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tunecase.quantities import Band, band_words, cents, paid, paid_column, written
from tunecase.records.plan import Total
from tunecase.records.spend import Amount, RunCharge
from tunecase.records.tabular import Tabular

SHORT = 6  # letters of a budget such as 15.25k


@dataclass(frozen=True, slots=True)
class Variance:
    """Actual less planned P50 of one line, in four parts that add up to it exactly; base currency.

    `scope` is the cost of more or fewer rounds than planned, or of a line that nobody planned; `quantity` that of more
    or fewer hours (examples) in those rounds, at the planned price; `price` that of paying another price for what was
    bought; `unsplit` are the charges without a quantity in the plan's unit.
    """

    scope: Amount
    quantity: Amount
    price: Amount
    unsplit: Amount

    @property
    def total(self) -> Decimal:
        """The sum of the parts: actual less planned.

        Example:
            >>> Variance(Decimal("10"), Decimal("-4"), Decimal("1"), Decimal("0")).total
            Decimal('7')
        """
        return self.scope + self.quantity + self.price + self.unsplit


@dataclass(frozen=True, slots=True)
class BookLine:
    """Plan against actual for one line; amounts in the base currency.

    `inside` tells whether the actual of a closed line with charges lies in P10 to P90 (`inside_90`: P5 to P95, with the
    band read as a lognormal). For an open line it is False once the actual is above P90, else None. `to_date` is the
    planned P50 for the rounds made, or the whole P50 where those are not known. `quantity` is what was bought according
    to the charges, in the plan's `unit`, of `planned_quantity`. `credits` is all money back, and `unbilled` the
    estimated cost of runs without a bill; both are part of `spent`. `at_completion` is spent plus what is still to
    come. `hindsight` is True when the plan was made after the line's first charge: such a line is never judged.
    `drawn` stands on the line of unknowns, the reserve, to which nothing is booked: what the other lines spent beyond
    their expected amounts, and on what was not planned.
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
    drawn: Amount | None = None

    @property
    def title(self) -> str:
        """The name as people read it; that of the reserve says so.

        Example:
            >>> [line.title for line in books.lines][:3]
            ['gpu', 'storage', 'egress']
        """
        return f"{self.name} (allowance)" if self.drawn is not None else self.name

    @property
    def difference(self) -> Decimal | None:
        """Spent less the planned P50.

        Example:
            >>> gpu = books.lines[0]
            >>> gpu.name, gpu.difference == gpu.variance.total
            ('gpu', True)
        """
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

    `factor` is the power to which the bands' ratios to P50 must be raised so that they hold 8 in 10; None where there
    are too few lines to say, or enough of them held.
    """

    lines: int
    inside_80: int
    inside_90: int
    projects: int
    factor: float | None = None

    @property
    def share(self) -> float | None:
        """The share inside P10 to P90.

        Example:
            >>> HitRate(lines=10, inside_80=7, inside_90=9, projects=2).share
            0.7
        """
        return self.inside_80 / self.lines if self.lines else None


@dataclass(frozen=True, slots=True)
class Closing(Tabular):
    """Lines that are finished: nothing more is to be paid for them."""

    lines: tuple[str, ...]
    on: date


@dataclass(frozen=True, slots=True)
class PlanChosen(Tabular):
    """The estimate that was made the plan of record from now on."""

    entry: str
    made: date
    on: date


@dataclass(frozen=True, slots=True)
class ServedFigures:
    """What answers took and cost over some days, planned or actual; the cost in the base currency, None for unknown."""

    answers: Amount
    tokens_in: Amount | None = None
    tokens_out: Amount | None = None
    gpu_hours: Amount | None = None
    busy_hours: Amount | None = None
    cost: Amount | None = None

    @property
    def busy_share(self) -> Decimal | None:
        """The share of the GPU hours in which the cards worked.

        Example:
            >>> month = ServedFigures(Decimal(40_000), None, None, Decimal(220), Decimal(55), Decimal(160))
            >>> month.busy_share
            Decimal('0.25')
        """
        return self.busy_hours / self.gpu_hours if self.gpu_hours and self.busy_hours is not None else None

    @property
    def per_1k(self) -> Decimal | None:
        """The cost of 1,000 answers.

        Example:
            >>> month = ServedFigures(Decimal(40_000), None, None, Decimal(220), Decimal(55), Decimal(160))
            >>> month.per_1k
            Decimal('4')
        """
        return self.cost * 1000 / self.answers if self.answers and self.cost is not None else None


@dataclass(frozen=True, slots=True)
class CostPart:
    """One part of actual less planned cost, by the name of what caused it; base currency."""

    name: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class ServedMonth:
    """One month's days with a meter: `planned` for just as many of the month's days, `parts` add up to the difference.

    `month` is its first day, `days` how many of its days a meter covers. `planned` is None without a forecast; `parts`
    are empty where a cost is unknown.
    """

    month: date
    days: int
    actual: ServedFigures
    planned: ServedFigures | None = None
    parts: tuple[CostPart, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedAgainstForecast:
    """Answers served against their forecast, by month and in all; amounts in the base currency.

    `forecast` says which record of `inference` is held against, empty without one. `months` are in order. The figures
    in all are None where one of the months lacks them. `outside` is what was charged under inference for days without a
    meter, which counts in no figure here.
    """

    months: tuple[ServedMonth, ...]
    actual: ServedFigures
    planned: ServedFigures | None
    parts: tuple[CostPart, ...]
    forecast: str = ""
    outside: Amount = Decimal(0)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Books(Tabular):
    """What did it cost so far, and does the plan still hold?

    `at_completion` is what the whole project will have cost: spent plus the rest, drawn anew from what is known
    (`redrawn` says how; it is empty where that was not possible). `idle_hours` are billed GPU hours without a known
    run; `untracked_hours` are those of cards that no known run used, which may or may not have been idle. `reopened`
    lines were closed and then charged again. `planned_total` is the total of the plan. `remarks` are for the reader;
    `note` is the whole in words. `before_plan` is the sum of `charges_before_plan` charges that were booked before the
    plan was made, or are of days before it. `served` holds the answers after launch against their forecast, None where
    no served period was booked.
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
    planned_total: Total | None = None
    before_plan: Amount = Decimal(0)
    charges_before_plan: int = 0
    served: ServedAgainstForecast | None = None

    @property
    def planned_words(self) -> str:
        """The planned total in the digits of the bill's headline, its middle and 8 times in 10; unknown without one.

        Example:
            >>> books.planned_words.endswith(")")
            True
        """
        if self.planned_total is not None:
            return self.planned_total.words
        return band_words(self.planned)

    @property
    def spent_column(self) -> tuple[str, ...]:
        """What was spent on each line and, last, in all, as it is printed: the column adds up.

        Example:
            >>> books.spent_column[0], books.spent_column[-1]
            ('120.00', '120.00')
        """
        return tuple(paid_column([line.spent for line in self.lines]))

    @property
    def adjusted(self) -> dict[str, str]:
        """What is printed as spent on lines of which it is not the nearest cent, so that the column adds up.

        Example:
            >>> books.adjusted
            {}
        """
        column = zip(self.lines, self.spent_column, strict=False)
        printed = {line.name: (line.spent, text) for line, text in column if "<" not in text}
        read = {name: (spent, Decimal(text.replace(",", ""))) for name, (spent, text) in printed.items()}
        return {name: printed[name][1] for name, (spent, shown) in read.items() if cents(spent, shown) != shown}

    @property
    def budget_words(self) -> str:
        """The budget, all of it: as in 15k, or to the cent where that takes no more room.

        Example:
            >>> books.budget_words
            '15k'
        """
        text = written(self.budget or 0.0)
        return text if len(text) <= SHORT else paid(Decimal(str(self.budget)))

    @property
    def left_shown(self) -> Decimal | None:
        """What is left of the budget, in whole cents, so that it and what was spent add up as printed.

        Example:
            >>> books.left_shown
            Decimal('14880.00')
        """
        return None if self.budget is None else cents(Decimal(str(self.budget))) - cents(self.spent)

    @property
    def finished(self) -> bool:
        """True when every planned line is closed.

        Example:
            >>> books.finished
            False
        """
        planned = [line for line in self.lines if line.planned is not None]
        return bool(planned) and all(line.closed for line in planned)

    @property
    def all_closed(self) -> bool:
        """True when every line is closed, those that nobody planned too: what was paid is what it cost.

        Example:
            >>> books.all_closed
            False
        """
        return self.finished and all(line.closed for line in self.lines)

    @property
    def ok(self) -> bool:
        """False when more was spent than the budget holds.

        Example:
            >>> books.ok
            True
        """
        return self.left is None or self.left >= 0
