"""What estimate found: the bill of the whole loop."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band, figures
from tunecase.records.plan import Plan
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line that the project file names: its expected amount, and when it is paid, in words."""

    name: str
    expected: float
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill; an unpriced line has no amount and says why.

    `quantity` is what is bought in all, in `unit` (GPU hour, hour, example); None where the line has no one quantity.
    `expected` is the mean of the amount: expected lines sum to the expected total; None in older records. `parts` sum
    to it.
    """

    name: str
    amount: Band | None
    share: float | None
    basis: str
    included: bool = True
    quantity: Band | None = None
    unit: str = ""
    expected: float | None = None
    parts: tuple[Part, ...] = ()

    @property
    def title(self) -> str:
        """The name as people read it, failed runs for failed_runs.

        Example:
            >>> estimate.line("failed_runs").title
            'failed runs'
        """
        return self.name.replace("_", " ")

    @property
    def priced(self) -> bool:
        """True when the line has an amount.

        Example:
            >>> estimate.line("gpu").priced
            True
        """
        return self.amount is not None


@dataclass(frozen=True, slots=True)
class Driver:
    """One input and the share of the total's variance that it carries alone (first order), with its standard error.

    `total_low` is the total's mean where the input is at most its P10, `input_low`; `total_high` where it is at least
    its P90, `input_high`. `total_share` and its error, what it carries together with others, stand in older ledgers
    only.
    """

    name: str
    share: float
    error: float | None = None
    input_low: float | None = None
    input_high: float | None = None
    total_low: float | None = None
    total_high: float | None = None
    total_share: float | None = None
    total_error: float | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """One input, its value now, and the nearest value in two figures at which the answer changes to `to`.

    Where no value from a thousandth to a thousand times the present one changes it, `at` is None and `to` empty.
    """

    name: str
    now: float
    at: float | None = None
    to: str = ""

    @property
    def factor(self) -> float | None:
        """The value at which it flips, divided by the value now.

        Example:
            >>> Flip("problem.value", 0.40, 0.20, "stop").factor
            0.5
        """
        return None if self.at is None else self.at / self.now

    @property
    def direction(self) -> str:
        """Up, down, or empty where it never flips.

        Example:
            >>> Flip("problem.value", 0.40, 0.20, "stop").direction
            'down'
        """
        return "" if self.at is None else "up" if self.at > self.now else "down"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would have to be true to reach a goal with the chance `wanted`, one input at a time.

    The goal is to stay within the budget, or to reach the target within it. `chance` is the chance now. Where it is
    high enough already, `flips` says what would lose it.
    """

    goal: Literal["stay", "reach"]
    budget: float
    wanted: float
    chance: float
    flips: tuple[Flip, ...]

    @property
    def holds(self) -> bool:
        """True when the chance is high enough as things are.

        Example:
            >>> WhatIf("stay", 15_000, wanted=0.8, chance=0.9, flips=()).holds
            True
        """
        return self.chance >= self.wanted

    @property
    def ways(self) -> tuple[Flip, ...]:
        """The inputs that can change the answer alone, the smallest change first.

        Example:
            >>> flips = Flip("price", 2.0, 1.5, "sure"), Flip("problem.horizon", 12.0)
            >>> [way.name for way in WhatIf("stay", 15_000, 0.8, 0.6, flips).ways]
            ['price']
        """
        return tuple(flip for flip in self.flips if flip.at is not None)


@dataclass(frozen=True, slots=True)
class DefaultUsed:
    """A field that the project file leaves out, and what was taken instead."""

    field: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class ActivityHours:
    """One activity of the people: its expected hours and their share of all, what drives them, and the rate taken.

    `stated` says that the rate is the project file's own. Shares of all activities sum to 1.
    """

    name: str
    hours: float
    share: float
    driver: str
    rate: str
    stated: bool


@dataclass(frozen=True, slots=True)
class KeyAssumption:
    """An input that nobody stated: what it is, what was taken, how much rests on it, and what to write instead.

    `bill_share` is the part of the expected total that grows with it. `moves` names what the two means are of, the
    total or the worth, where the input lies in its lowest tenth (up to `low`) and in its highest (from `high`).
    """

    name: str
    what: str
    taken: str
    source: str
    bill_share: float
    moves: Literal["total", "worth"]
    low: float
    high: float
    mean_low: float
    mean_high: float
    write: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do all the training of the bill: what it costs and what its price rests on.

    `hours` are GPU hours, None where a provider trains its own model; `ratio` is its mean cost over that of the chosen
    way, None where no way was chosen. `price` is that of one GPU hour, or of a million tokens, in the base currency.
    """

    name: str
    kind: Literal["rented", "spot", "contract", "owned", "hosted"]
    amount: Band
    hours: Band | None
    ratio: float | None
    rests_on: str
    note: str = ""
    chosen: bool = False
    price: Band | None = None

    @property
    def against(self) -> str:
        """How many times the chosen way it costs on average, in words.

        Example:
            >>> [way.against for way in estimate.ways if way.chosen]
            ['chosen']
        """
        if self.chosen:
            return "chosen"
        return "" if self.ratio is None else f"x {figures(self.ratio)}"


@dataclass(frozen=True, slots=True)
class Estimate(Tabular):
    """What will it cost? All amounts over the whole loop of rounds, in `currency`.

    `plan` holds the headline figures; None in records from before there was one. `reached`, `false_pass` and `settled`
    are its chances. The histogram holds (middle of a bar, share of worlds); the last bar has all dearer worlds.
    `total_without_answers` leaves out answers and upkeep after launch, `total_without_unknowns` what nobody foresaw;
    None in records from before these were lines. `ways` are the ways to train, the cheapest first. `training_share` is
    the part of people's hours that training takes, `training_note` says why it is not the usual one. `hours_factor` is
    what the default effort rates were multiplied by, for the team's own earlier cases. `fixed` stands in older records
    only.
    """

    currency: str
    lines: tuple[Line, ...]
    total: Band
    rounds: Band
    months: Band
    budget: float | None
    over_budget: float | None
    reached: float | None
    drivers: tuple[Driver, ...]
    defaults: tuple[DefaultUsed, ...]
    assumptions: tuple[str, ...]
    unpriced: tuple[str, ...]
    gpu: str
    gpu_count: int
    gpu_hours: Band | None
    usd_per_gpu_hour: Band | None
    price_dates: tuple[str, ...]
    price_book: str
    label_price: Band | None
    round_price: Band
    run_price: Band | None
    histogram: tuple[tuple[float, float], ...]
    draws: int
    seed: int
    based_on: str
    false_pass: float | None = None
    total_when_reached: Band | None = None
    total_when_stopped: Band | None = None
    what_if: tuple[WhatIf, ...] = ()
    settled: float | None = None
    fixed: float = 0.0
    total_without_answers: Band | None = None
    ways: tuple[Way, ...] = ()
    total_without_unknowns: Band | None = None
    plan: Plan | None = None
    effort: tuple[ActivityHours, ...] = ()
    training_share: float | None = None
    training_note: str = ""
    key_assumptions: tuple[KeyAssumption, ...] = ()
    hours_factor: float = 1.0

    @property
    def tuning(self) -> Band:
        """The cost of the tuned model without its answers; the total in records that do not tell them apart.

        Example:
            >>> estimate.tuning == estimate.total_without_answers
            True
        """
        return self.total if self.total_without_answers is None else self.total_without_answers

    def line(self, name: str) -> Line | None:
        """The line of that name, if the bill has it.

        Example:
            >>> estimate.line("labour").unit, estimate.line("no such line")
            ('hour', None)
        """
        return next((line for line in self.lines if line.name == name), None)
