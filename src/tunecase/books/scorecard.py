"""A team's own cases, scored as a forecaster is, and what they do to the next bill."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tunecase.books.earlier_projects import ClosedLine
from tunecase.books.lines import PEOPLE
from tunecase.quantities import wilson
from tunecase.records import (
    AdviceEnded,
    BandHeld,
    CaseScored,
    ChanceMet,
    ChancesMet,
    Held80,
    LineHeld,
    NextCase,
    RowsHeld,
    Scorecard,
    ScoreHeld,
    ToldAgainstMade,
)

LEAST = 10  # of bands or chances; of fewer the 90% interval of a share of 8 in 10 is wider than .4
LEAST_CASES = 3  # which they must be of: lines of one case move together
LEAST_RATIOS = 5  # cases before told against made is averaged
CONFIDENCE = 0.9
HELD = 0.8  # what a band promises
FURTHEST = 3.0  # times the default rates, up or down: no more is learnt from a team's own hours


@dataclass(frozen=True, slots=True)
class Past:
    """The earlier cases that a bill reads, and the hash of the files they come from."""

    cases: tuple[CaseScored, ...] = ()
    digest: str = ""

    @property
    def lines(self) -> tuple[ClosedLine, ...]:
        """Their closed lines, in units of the planned P50."""
        return tuple(
            ClosedLine(case.root, line.name, line.planned, line.actual) for case in self.cases for line in case.lines
        )

    @property
    def projects(self) -> int:
        """How many of them have a closed line that can be judged."""
        return sum(bool(case.lines) for case in self.cases)

    @property
    def people_cases(self) -> int:
        """How many of them have a closed line of people's work."""
        return sum(bool(_overruns(case)) for case in self.cases)

    @property
    def hours_cases(self) -> int:
        """How many of them say how many hours the default rates should have told."""
        return sum(case.hours_ratio is not None for case in self.cases)

    @property
    def overruns(self) -> tuple[float, ...]:
        """Actual over planned P50 of people's lines (labour and evaluation), as far as they cost anything."""
        return self.overruns_beyond(None)

    def overruns_beyond(self, hours_factor: float | None) -> tuple[float, ...]:
        """The overruns of people's lines against plans whose default effort rates are multiplied by a factor.

            overrun of a line planned at default rates = actual / planned P50 x factor of its own plan / factor

        so that what the rates hold already is not allowed for once more, whether or not the case's own hours are
        known; None leaves every plan as it was. Lines planned with a project file's own hours say nothing of the rates
        and stay as they are.
        """
        return tuple(
            ratio if hours_factor is None or not case.default_rates else ratio * case.hours_factor / hours_factor
            for case in self.cases
            for ratio in _overruns(case)
        )

    def hours_factor(self, k: float) -> float:
        """What the default effort rates are multiplied by, for what these cases took.

            factor = exp(n / (n + k) x mean of ln(hours booked / hours told)),   within 1/3 and 3

        over the n cases whose people's hours are known and were planned at default rates, hours told being those of the
        rounds that were made. k cases of one's own weigh as much as the defaults: see `weight`.

        Example:
            >>> Past().hours_factor(10)
            1.0
        """
        ratios = [case.hours_ratio for case in self.cases]
        logs = [math.log(ratio) for ratio in ratios if ratio is not None and 0 < ratio < math.inf]
        if not logs:
            return 1.0
        factor = math.exp(weight(len(logs), k) * math.fsum(logs) / len(logs))
        return min(max(factor, 1 / FURTHEST), FURTHEST)


def weight(cases: int, k: float) -> float:
    """The weight of a team's own cases against everybody's: n / (n + k), the shrinkage of a hierarchical mean.

    k is the variance within a team over that between teams, in cases. Nobody has published both, so it is
    `unknowns.past_weight` of defaults.csv, an assumption: local calibration of COCOMO II asks for 5 to 10 finished
    projects.

    Example:
        >>> weight(0, 10), weight(10, 10)
        (0.0, 0.5)
    """
    return cases / (cases + k)


def _overruns(case: CaseScored) -> list[float]:
    ratios = (line.actual / line.planned.p50 for line in case.lines if line.name in PEOPLE and line.planned.p50 > 0)
    return [ratio for ratio in ratios if ratio > 0 and math.isfinite(ratio)]


def merged(cases: Iterable[CaseScored]) -> tuple[tuple[CaseScored, ...], int]:
    """Every case once, in an order that says nothing, and how many copies were left out.

    Of copies, which share their first charge, the one with the most entries counts. A case without a charge is a copy
    of one that begins with the same entry.
    """
    every = sorted(cases, key=lambda case: (case.root, case.entries, case.finished, repr(case)))
    latest = {case.root: case for case in every}.values()
    charged = {case.begun for case in latest if case.root != case.begun}
    once = tuple(case for case in latest if case.root != case.begun or case.begun not in charged)
    return once, len(every) - len(once)


def scorecard(cases: Iterable[CaseScored], k: float) -> Scorecard:
    """How a team's own cases ended, against what they were told.

    Args:
        cases: in any order; copies of one case count once.
        k: the cases of one's own that weigh as much as everybody's, see `weight`.
    Returns: the Scorecard; of shares with fewer than 10 bands or chances, of fewer than 3 cases, and of ratios of fewer
        than 5 cases it says nothing.
    Leaves out: lines of one case move together, so the intervals are too narrow by the square root of the design
        effect.
    """
    every, copies = merged(cases)
    past, finished = Past(every), sum(case.finished for case in every)
    return Scorecard(
        cases=len(every),
        finished=finished,
        unfinished=len(every) - finished,
        copies=copies,
        lines=_held([case.lines for case in every]),
        totals=_held([_of(case.total) for case in every]),
        scores=_held([case.scores for case in every]),
        rows=_held([_of(case.rows) for case in every]),
        rounds=_held([_of(case.rounds) for case in every]),
        aside=_aside([case.total for case in every if case.total is not None]),
        chances=_chances([case.chance for case in every if case.chance is not None]),
        told=tuple(_told(every)),
        advice=tuple(_ended(every, followed) for followed in (True, False)),
        next_case=NextCase(
            past.people_cases,
            weight(past.people_cases, k),
            past.hours_cases,
            weight(past.hours_cases, k),
            past.hours_factor(k),
        ),
        scored=every,
        unread=sum(case.unread for case in every),
    )


def _of(band: "BandHeld | RowsHeld | None") -> "tuple[BandHeld | RowsHeld, ...]":
    return () if band is None else (band,)


def _held(by_case: "Sequence[Sequence[LineHeld | BandHeld | RowsHeld | ScoreHeld]]") -> Held80:
    bands = [band for bands in by_case for band in bands]
    cases, inside = sum(bool(bands) for bands in by_case), sum(band.inside for band in bands)
    if not _says(len(bands), cases):
        return Held80(len(bands), inside, cases)
    return Held80(len(bands), inside, cases, *wilson(inside, len(bands), CONFIDENCE))


def _says(bands: int, cases: int) -> bool:
    return bands >= LEAST and cases >= LEAST_CASES


def _aside(totals: Sequence[BandHeld]) -> float | None:
    """The factor on a planned P50 that would have been enough for 8 in 10 cases.

    Of whole cases: a line of cents that took dollars weighs as much as any other line, and says nothing of money.
    """
    ratios = sorted(total.actual / total.planned.p50 for total in totals if total.planned.p50 > 0)
    return ratios[math.ceil(HELD * len(ratios)) - 1] if _says(len(ratios), len(ratios)) else None


def _chances(met: Sequence[ChanceMet]) -> ChancesMet:
    """Brier's score of the chances beside that of the rate of the other cases, each left out in turn."""
    n, came = len(met), sum(one.came for one in met)
    if n < LEAST:
        return ChancesMet(n, came)
    brier = math.fsum((one.chance - one.came) ** 2 for one in met) / n
    base = math.fsum(((came - one.came) / (n - 1) - one.came) ** 2 for one in met) / n
    return ChancesMet(n, came, math.fsum(one.chance for one in met) / n, brier, base)


def _told(cases: Sequence[CaseScored]) -> "Iterable[ToldAgainstMade]":
    """Rows, rounds and hours by line as they were made, over those told."""
    yield _mean("rows", [case.rows.ratio for case in cases if case.rows is not None])
    rounds = [case.rounds for case in cases if case.rounds is not None and case.rounds.planned.p50 > 0]
    yield _mean("rounds", [one.actual / one.planned.p50 for one in rounds])
    for name in PEOPLE:
        booked = [each for case in cases for each in case.hours if each.name == name]
        yield _mean(f"hours of {name}", [each.booked / each.told for each in booked])


def _mean(name: str, ratios: Sequence[float | None]) -> ToldAgainstMade:
    logs = [math.log(ratio) for ratio in ratios if ratio and 0 < ratio < math.inf]
    ratio = math.exp(math.fsum(logs) / len(logs)) if len(logs) >= LEAST_RATIOS else None
    return ToldAgainstMade(name, len(logs), ratio)


def _ended(cases: Sequence[CaseScored], followed: bool) -> AdviceEnded:
    """How the cases ended that took every advised step, or left one."""
    ends = [case.ended for case in cases if case.advised and (case.followed == case.advised) is followed]
    return AdviceEnded(followed, ends.count("ship"), ends.count("go on"), ends.count("stop"))
