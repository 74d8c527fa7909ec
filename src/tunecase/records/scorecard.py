"""What a scorecard found: how a team's own cases ended, held against what they were told. Numbers only, no texts."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from tunecase.quantities import Band
from tunecase.records.checked import Checked
from tunecase.records.tabular import Tabular

MOST = 1e15  # no ratio or count of a case is larger
LEAST_MIDDLE = 1e-6  # of a planned P50 that is not 0, so that no ratio over it runs out of numbers
HOURS = (1e-6, 1e9)
FACTORS = (1e-2, 1e2)  # a plan multiplies its default rates by a third to three times
ROOT = re.compile("[0-9a-f]{64}")
CaseLine = Literal["gpu", "labour", "data", "evaluation", "inference", "storage", "egress", "upkeep", "other"]
Ended = Literal["ship", "go on", "stop"]


def _number(value: float) -> float:
    if not math.isfinite(value) or abs(value) > MOST:
        raise ValueError(f"a number of at most {MOST:g}")
    return value


def _hours(value: float) -> float:
    low, high = HOURS
    if not low <= value <= high:
        raise ValueError(f"hours from {low:g} to {high:g}")
    return value


def _factor(value: float) -> float:
    low, high = FACTORS
    if not low <= value <= high:
        raise ValueError(f"a factor from {low:g} to {high:g}")
    return value


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError("a share from 0 to 1")
    return value


def _count(value: int) -> int:
    if not 0 <= value <= MOST:
        raise ValueError(f"a whole number from 0 to {MOST:g}")
    return value


def _root(value: str) -> str:
    if not ROOT.fullmatch(value):
        raise ValueError("64 hexadecimal digits")
    return value


def _rising(planned: Band) -> Band:
    points = (planned.p10, planned.p50, planned.p80, planned.p90)
    if sorted(points) != list(points) or any(not math.isfinite(point) or abs(point) > MOST for point in points):
        raise ValueError(f"four numbers of at most {MOST:g} in rising order")
    if 0 < planned.p50 < LEAST_MIDDLE:
        raise ValueError(f"four numbers in rising order, the second 0 or at least {LEAST_MIDDLE:g}")
    return planned


Number = Annotated[float, Checked(_number)]
Hours = Annotated[float, Checked(_hours)]
Count = Annotated[int, Checked(_count)]
Planned = Annotated[Band, Checked(_rising)]


@dataclass(frozen=True, slots=True)
class BandHeld:
    """What was planned and what came, both in units of the planned P50 where that is above 0: no amount is told."""

    planned: Planned
    actual: Number

    @property
    def inside(self) -> bool:
        """Whether what came lies in P10 to P90.

        Example:
            >>> planned = Band(2_000, 3_000, 3_800, 4_500)
            >>> BandHeld(planned, 4_100).inside, BandHeld(planned, 9_000).inside
            (True, False)
        """
        return self.planned.p10 <= self.actual <= self.planned.p90


@dataclass(frozen=True, slots=True)
class LineHeld:
    """A closed line of the bill: its plan and what it cost, in units as those of BandHeld."""

    name: CaseLine
    planned: Planned
    actual: Number

    @property
    def inside(self) -> bool:
        """Whether what it cost lies in P10 to P90.

        Example:
            >>> planned = Band(2_000, 3_000, 3_800, 4_500)
            >>> LineHeld("labour", planned, 1_200).inside
            False
        """
        return self.planned.p10 <= self.actual <= self.planned.p90


@dataclass(frozen=True, slots=True)
class ChanceMet:
    """The chance that a test shows the target within the budget, as told before the first round, and what came."""

    chance: Annotated[float, Checked(_share)]
    came: bool


@dataclass(frozen=True, slots=True)
class ScoreHeld:
    """The 80% interval in which a round's score was expected, and the score that it showed."""

    low: Number
    mid: Number
    high: Number
    measured: Number

    @property
    def inside(self) -> bool:
        """Whether the score lies in the interval.

        Example:
            >>> ScoreHeld(low=0.78, mid=0.81, high=0.84, measured=0.83).inside
            True
        """
        return self.low <= self.measured <= self.high


@dataclass(frozen=True, slots=True)
class RowsHeld:
    """The examples that the target was told to need, None for never, and those of the round that first showed it."""

    p10: Count | None
    p50: Count | None
    p90: Count | None
    made: Count

    @property
    def inside(self) -> bool:
        """Whether the target was shown from P10 to P90.

        Example:
            >>> rows = RowsHeld(p10=900, p50=1_500, p90=4_000, made=1_800)
            >>> rows.inside
            True
        """
        low, high = (math.inf if point is None else point for point in (self.p10, self.p90))
        return low <= self.made <= high

    @property
    def ratio(self) -> float | None:
        """Examples made over those told (P50); None where half of the worlds never reach the target.

        Example:
            >>> rows = RowsHeld(p10=900, p50=1_500, p90=4_000, made=1_800)
            >>> rows.ratio
            1.2
        """
        return self.made / self.p50 if self.p50 else None


@dataclass(frozen=True, slots=True)
class HoursHeld:
    """People's hours of one closed line: those told (P50), as many for the rounds made, and those booked."""

    name: CaseLine
    told: Hours
    told_for_rounds: Hours
    booked: Hours


@dataclass(frozen=True, slots=True)
class CaseScored:
    """One case: what it was told and what came of it, in numbers alone.

    `root` and `begun` are hashes of the ledger's first charge and first entry, which tell copies of one case from other
    cases and say nothing else; `entries` is the ledger's length. A case is `finished` when every priced line of its
    plan is closed. `total` and `rounds` are those of a finished case. `default_rates` is True where no hours were the
    project file's own, `hours_factor` what they were multiplied by. Of `advised` steps `followed` were taken. `ended`
    is None for a finished case without a target. `mixed` is True where its bills are in several currencies: its money
    is then not judged. `unread` records were written by another version and could not be read.
    """

    root: Annotated[str, Checked(_root)]
    begun: Annotated[str, Checked(_root)]
    entries: Count
    finished: bool
    lines: tuple[LineHeld, ...] = ()
    total: BandHeld | None = None
    chance: ChanceMet | None = None
    scores: tuple[ScoreHeld, ...] = ()
    rows: RowsHeld | None = None
    rounds: BandHeld | None = None
    hours: tuple[HoursHeld, ...] = ()
    default_rates: bool = False
    hours_factor: Annotated[float, Checked(_factor)] = 1.0
    advised: Count = 0
    followed: Count = 0
    ended: Ended | None = "go on"
    mixed: bool = False
    unread: Count = 0

    @property
    def hours_ratio(self) -> float | None:
        """Hours booked over those that the default rates tell for the rounds made; None where no such hours are known.

        What the plan multiplied its rates by already is part of the ratio, so that it is always against the defaults.

        Example:
            >>> [one.hours_ratio for one in scorecard(".").scored]
            [None]
        """
        if not self.default_rates or not self.hours:
            return None
        told = sum(each.told_for_rounds for each in self.hours)
        return sum(each.booked for each in self.hours) / told * self.hours_factor


@dataclass(frozen=True, slots=True)
class Held80:
    """Of `of` bands in `cases` cases, how many held (P10 to P90), with the 90% interval of that share.

    `low` and `high` are None where there are too few to say.
    """

    of: int
    held: int
    cases: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class ChancesMet:
    """Chances told against what came. `brier` is the mean of (chance - came)^2, `base` that of the other cases' rate.

    `told` is the mean chance. All three are None where there are too few to say.
    """

    cases: int
    came: int
    told: float | None = None
    brier: float | None = None
    base: float | None = None


@dataclass(frozen=True, slots=True)
class ToldAgainstMade:
    """What was told against what was made, as the geometric mean of made / told (P50); None where too few say."""

    name: str
    cases: int
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class AdviceEnded:
    """How cases with a target ended of which the advice was followed at every step, or was not."""

    followed: bool
    ship: int
    go_on: int
    stop: int


@dataclass(frozen=True, slots=True)
class NextCase:
    """What the scorecard does to the next bill that names these cases under `past`.

    `weight` is that of the `cases` whose people's lines are closed, against other people's projects in the reserve.
    `hours_factor` is what the default effort rates are multiplied by, from `hours_cases` cases of weight
    `hours_weight`.
    """

    cases: int
    weight: float
    hours_cases: int
    hours_weight: float
    hours_factor: float


@dataclass(frozen=True, slots=True)
class Scorecard(Tabular):
    """A team's own cases, scored as a forecaster is.

    `finished` and `unfinished` add up to `cases`; `copies` were met again and count once. `aside` is the factor on a
    case's planned P50 that would have been enough for 8 in 10 whole cases, None where too few are finished. `unread`
    records of these cases could not be read.
    """

    cases: int
    finished: int
    unfinished: int
    copies: int
    lines: Held80
    totals: Held80
    scores: Held80
    rows: Held80
    rounds: Held80
    aside: float | None
    chances: ChancesMet
    told: tuple[ToldAgainstMade, ...]
    advice: tuple[AdviceEnded, ...]
    next_case: NextCase
    scored: tuple[CaseScored, ...] = ()
    unread: int = 0
