"""Predictions beside published runs: each publisher's rows with what the runs of all others teach."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache

import lessons
import memory_lessons
import speed_lessons

from tunecase.compute import memory
from tunecase.compute.doubt import Abroad, Band, peak_band, speed_band
from tunecase.compute.measured import runs as measured
from tunecase.compute.measured.runs import Measured
from tunecase.compute.speed.rates import Constants

PROCESSES = min(2, os.cpu_count() or 1)
APART = ("experts", "not packed", "offload", "context parallel")


@dataclass(frozen=True)
class Score:
    """One prediction beside its truth, with its 80% band."""

    run: Measured
    predicted: float
    truth: float
    low: float
    high: float

    @property
    def error(self) -> float:
        """|prediction / truth - 1|."""
        return abs(self.predicted / self.truth - 1)

    @property
    def inside(self) -> bool:
        """True where the truth lies inside the band."""
        return self.low <= self.truth <= self.high


@dataclass(frozen=True)
class Verdict:
    """What was said of a run before it ran: fits, tight or does not fit."""

    run: Measured
    said: str


@dataclass(frozen=True)
class Taught:
    """What some publishers' runs teach: the spread of peaks, of speeds, and the constants of speed."""

    memory: Abroad
    time: Abroad
    constants: Constants


@dataclass
class Scores:
    """Every prediction of a set of runs; speeds that the headline leaves out stand under their kind."""

    memory: list[Score] = field(default_factory=list)
    time: list[Score] = field(default_factory=list)
    time_apart: dict[str, list[Score]] = field(default_factory=lambda: {kind: [] for kind in APART})
    verdicts: list[Verdict] = field(default_factory=list)

    def add(self, more: "Scores") -> None:
        """Takes in the scores of another publisher."""
        self.memory += more.memory
        self.time += more.time
        self.verdicts += more.verdicts
        for kind, scores in more.time_apart.items():
            self.time_apart[kind] += scores

    @property
    def answered(self) -> set[str]:
        """Ids of the runs of which something was predicted."""
        apart = (score for scores in self.time_apart.values() for score in scores)
        return {one.run.id for one in (*self.memory, *self.time, *apart, *self.verdicts)}


def taught_by(runs: Sequence[Measured]) -> Taught:
    """What runs teach, each quantity from those runs that can teach it."""
    return Taught(memory_lessons.learn_abroad(memory_lessons.memory_runs(runs)), *_speed_taught(runs))


def _speed_taught(runs: Sequence[Measured]) -> tuple[Abroad, Constants]:
    return speed_lessons.learn_abroad(speed_lessons.timed_runs(runs))


@cache
def _shipped_peaks() -> lessons.Table:
    """Every shipped peak beside its predictions, worked out once for all the publishers left out."""
    return memory_lessons.side_by_side(memory_lessons.memory_runs(measured.published()))


def taught_without(publisher: str) -> Taught:
    """What the shipped runs of all other publishers teach; the same as `taught_by` of those runs, but sooner.

    A publisher that has no peak, or no speed, to teach leaves unchanged what is learnt of it.
    """
    speeds = {run.publisher for run in speed_lessons.timed_runs(measured.published())}
    peaks = set(_shipped_peaks().publishers)
    return Taught(
        _peaks_without(publisher if publisher in peaks else ""),
        *_speeds_without(publisher if publisher in speeds else ""),
    )


@cache
def _peaks_without(publisher: str) -> Abroad:
    import numpy as np

    table = _shipped_peaks()
    others = table.only(np.array([name != publisher for name in table.publishers]))
    return lessons.abroad_of(*lessons.learn(others, memory_lessons.PRIORS), others, memory_lessons.PRIORS)


@cache
def _speeds_without(publisher: str) -> tuple[Abroad, Constants]:
    return _speed_taught([run for run in measured.published() if run.publisher != publisher])


def scored(runs: Iterable[Measured], taught: Taught) -> Scores:
    """Every figure that can be predicted of some runs."""
    found = Scores()
    for run in runs:
        if memory_lessons.memory_runs([run]):
            found.memory.append(_peak_score(run, taught))
        if run.tokens_per_s_per_gpu and run.recipe.gpu and run.length_known:
            kind = kind_apart(run)
            (found.time_apart[kind] if kind else found.time).append(_speed_score(run, taught))
        if has_verdict(run):
            found.verdicts.append(Verdict(run, _verdict(run, taught)))
    return found


def left_out_in_turn(publishers: Sequence[str]) -> Scores:
    """Scores of the shipped runs of some publishers, each with what all other publishers teach."""
    found = Scores()
    for scores in _each(publishers):
        found.add(scores)
    return found


def _each(publishers: Sequence[str]) -> Iterator[Scores]:
    if len(publishers) < 2 or PROCESSES < 2:
        yield from map(_without_its_own, publishers)
        return
    _shipped_peaks(), _peaks_without(""), _speeds_without("")  # before the processes part, so that they share them
    with ProcessPoolExecutor(PROCESSES) as pool:
        yield from pool.map(_without_its_own, publishers)


def _without_its_own(publisher: str) -> Scores:
    own = [run for run in measured.published() if run.publisher == publisher]
    return scored(own, taught_without(publisher))


def has_verdict(run: Measured) -> bool:
    """True for a run on a known card that ran or ran out of memory, set up plainly enough to predict."""
    if run.recipe.gpu is None or run.guessed or not run.batch_known:
        return False
    return bool(run.failed or (run.length_known and (run.peak_gb or run.tokens_per_s_per_gpu)))


def kind_apart(run: Measured) -> str:
    """Why a speed stands outside the headline, empty where it does not: its tokens cannot all be told by the model."""
    recipe = run.recipe
    kinds = (
        (not run.packed, "not packed"),
        (bool(recipe.shape.experts), "experts"),
        (recipe.offload != "none", "offload"),
        (recipe.context_parallel > 1 and run.parallel_known, "context parallel"),
    )
    return next((kind for here, kind in kinds if here), "")


def why_left_out(run: Measured) -> str:
    """What a run lacks for its peak to be predicted, empty where nothing is missing."""
    reasons = (
        (run.guessed, "dimensions of the model not known"),
        (not run.length_known, "length not stated"),
        (not run.batch_known, "micro-batch not stated"),
    )
    return next((reason for here, reason in reasons if here), "")


def _peak_score(run: Measured, taught: Taught) -> Score:
    band = peak_band(memory_lessons.blind(run).recipe, run.unsaid, run.statistic, taught.memory)
    assert run.peak_gb
    return _score(run, band, run.peak_gb)


def _speed_score(run: Measured, taught: Taught) -> Score:
    assert run.tokens_per_s_per_gpu
    return _score(run, speed_band(run.recipe, run.unsaid, taught.time, taught.constants), run.tokens_per_s_per_gpu)


def _score(run: Measured, band: Band, truth: float) -> Score:
    return Score(run, float(band.mid), truth, float(band.low), float(band.high))


def _verdict(run: Measured, taught: Taught) -> str:
    """What the band of the allocated peak says of the run's card."""
    assert run.recipe.gpu
    band = peak_band(memory_lessons.blind(run).recipe, run.unsaid, "allocated", taught.memory)
    return memory.fit_verdict(float(band.low), float(band.high), run.recipe.gpu)
