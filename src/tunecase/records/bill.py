"""What estimate found: the bill of the whole loop."""

from dataclasses import dataclass

from tunecase.spread import Band


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill; an unpriced line has no amount and says why."""

    name: str
    amount: Band | None
    share: float | None
    basis: str
    included: bool = True

    @property
    def priced(self) -> bool:
        """True when the line has an amount."""
        return self.amount is not None


@dataclass(frozen=True, slots=True)
class Driver:
    """One input and the share of the total's variance that it carries alone (first order)."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class DefaultUsed:
    """A field that the project file leaves out, and what was taken instead."""

    field: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What will it cost? All amounts over the whole loop of rounds, in `currency`.

    `reached` is the chance to meet the target within the budget; `false_pass` the chance to pass the test by luck;
    the histogram holds (middle of a bar, share of worlds), the last bar with all dearer ones.
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

    def line(self, name: str) -> Line | None:
        """The line of that name, if the bill has it."""
        return next((line for line in self.lines if line.name == name), None)
