"""What compare found: two bills world by world, and whether a bill stays within a limit."""

from dataclasses import dataclass

from tunecase.quantities import Band, Sampled
from tunecase.records.tabular import Tabular


@dataclass(frozen=True, slots=True)
class Difference:
    """One line, or the total, of both bills, and the second less the first in the same worlds.

    `change` is None where a side has no price for it, and `why` says so; `mean` is the mean of the difference,
    `cheaper` and `dearer` the shares of worlds in which the second costs less and more.
    """

    name: str
    first: Band | None
    second: Band | None
    change: Band | None
    mean: float | None
    cheaper: float | None
    dearer: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """One of the bills compared: its total without what has no price, its rounds and its chances.

    `reached` is the chance to reach the target within its own budget, None where no curve is known; `chance` and `over`
    are that and `over_budget` with their errors, None in older records.
    """

    name: str
    total: Band
    rounds: Band
    budget: float | None
    over_budget: float | None
    reached: float | None
    unpriced: tuple[str, ...]
    based_on: str
    chance: Sampled | None = None
    over: Sampled | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the project file that differs, as each side writes it; empty where a side leaves it out."""

    field: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a total stays within a limit: with the chance `confidence` it is at most `amount`."""

    name: str
    limit: float
    confidence: float
    amount: float
    kept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison(Tabular):
    """What does a change cost or save? All amounts in `currency`; `second` is None where one bill is only judged.

    `aside` are lines that neither total counts, such as answers after launch.
    """

    currency: str
    first: Bill
    second: Bill | None
    lines: tuple[Difference, ...]
    total: Difference | None
    rounds: Band | None
    changed: tuple[FieldChange, ...]
    notes: tuple[str, ...]
    draws: int
    seed: int
    price_book: str
    judged: Judgement | None = None
    aside: tuple[Difference, ...] = ()

    @property
    def ok(self) -> bool:
        """False when a limit was given and is not kept.

        Example:
            >>> case.compare(fail_if_over="90k USD").ok
            True
        """
        return self.judged is None or self.judged.kept
