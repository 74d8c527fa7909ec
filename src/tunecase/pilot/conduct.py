"""Conducts a pilot: chooses the next run whenever a worker is free, keeps what came back, and ends within the caps.

An adaptive pilot opens its ladder, runs what needs no fine-tune, then the rest of the ladder and the search.
"""

import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from tunecase import engine
from tunecase.forecast import LEAST_SIZES
from tunecase.pilot.answers import Answers
from tunecase.pilot.schedule import Question, Rung, enough, most_telling_rung, opening, predicted_s
from tunecase.pilot.steps import BILLED, FLOORS, Step, foreseen, make, run_of
from tunecase.pilot.trainers.task import Result
from tunecase.quantities import count, counted, duration, figures, one_line
from tunecase.records import NOT_ASKED, PilotSettings, Point, Run, Tuning

# What models at endpoints may bill together where no cap is set and nobody said yes to the plan [USD].
UNASKED_USD = 5.0
FAILURES_IN_A_ROW = 3
# A run is ended when it takes ten times as long as the longest so far, but never before ten minutes.
HANGS_TIMES, HANGS_S, FIRST_HANGS_S = 10.0, 600.0, 6 * 3600.0
# A run already paid for may finish, until a cap is passed by this factor.
OVERRUN = 1.1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pilot has come: runs done of total (reused ones included), seconds spent and likely left, the last run.

    `mean` is the mean score so far at the last run's size, None without one; `runs` are the ladder's so far. `usd` is
    what the pilot has cost so far and `left_usd` what is likely to follow, None where an hour has no price. `candidate`
    names what is being measured where a pilot measures several, `now` the run that has just begun, empty when one has
    ended.
    """

    done: int
    total: int
    spent_s: float
    left_s: float
    last: Run | None
    mean: float | None
    runs: tuple[Run, ...] = ()
    usd: float | None = 0.0
    left_usd: float | None = 0.0
    candidate: str = ""
    now: str = ""


@dataclass
class Purse:
    """What a pilot has spent so far, shared by all that it measures: since when, bills, and runs taken over by key."""

    started: float = field(default_factory=time.perf_counter)
    billed_usd: float = 0.0
    unbilled_usd: float = 0.0
    reused_usd: dict[str, float | None] = field(default_factory=dict)
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Journal:
    """Earlier runs that a pilot may take over, and the callbacks that are told of its own.

    Args:
        done: earlier runs by key, made here or elsewhere; those that did not fail are taken over, not repeated.
        kept_answers: the answers of an earlier run by its key, or None.
        keep_answers: called with (key, result) of each new run before on_run.
        on_run: called in this process with each new run as it ends, before progress.
        progress: called as each new run begins, and after it.
    """

    done: Mapping[str, Run] = field(default_factory=dict)
    kept_answers: Callable[[str], Answers | None] = lambda key: None
    keep_answers: Callable[[str, Result], None] = lambda key, result: None
    on_run: Callable[[Run], None] = lambda run: None
    progress: Callable[[Progress], None] | None = None


class More(Protocol):
    """Runs that depend on what came back: a search over settings."""

    def steps(self, conductor: "Conductor") -> Iterator[Any]:
        """Steps to make, or engine.LATER while it waits for outcomes."""

    def tuning(self, conductor: "Conductor") -> Tuning | None:
        """What they showed; None where they could not be finished."""

    def notes(self, tuning: Tuning | None) -> list[str]:
        """What a reader of the ladder should know of them."""


@dataclass
class Conductor:
    """One ladder under way, with every setting fixed.

    `spared` holds, for each model that its endpoint refused once and for all, the name of that run and then the names
    of those that were not made for it. `apart` gives each run a process of its own. `hopeless` says, from the runs so
    far, why no further run is worth making; empty while one is. `top_first` begins with the largest size, where no cap
    waits for a cheap first run.
    """

    ladder: Sequence[Step]
    rivals: Sequence[Step]
    settings: PilotSettings
    question: Question
    apart: bool
    journal: Journal
    more: More | None = None
    notes: list[str] = field(default_factory=list)
    purse: Purse = field(default_factory=Purse)
    hopeless: Callable[[], str] = lambda: ""
    top_first: bool = False

    def __post_init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.results: dict[str, Result] = {}
        self.stopped = ""
        self.broken = False
        self.spared: dict[str, list[str]] = {}
        self._begun: list[tuple[Step, float]] = []
        self._pending: set[int] = set()
        self._bills: dict[str, float | None] = {}
        self._streak, self._reason = 0, ""
        for step in (*self.ladder, *self.rivals):
            self.take_over(step)
        self.reused = sum(step.key in self.runs for step in self.ladder)
        reused = [run for run in self.runs.values() if run.trainer not in BILLED or run.usd is not None]
        self.purse.reused_usd |= {run.key: run.usd for run in reused}

    # What came back, and what a run would cost.

    @property
    def spent_s(self) -> float:
        """Seconds since the pilot began."""
        return time.perf_counter() - self.purse.started

    @property
    def usd(self) -> float | None:
        """What the pilot has cost, runs taken over included; None where an hour or one of those has no price."""
        rate, reused_usd = self.settings.usd_per_hour, self.purse.reused_usd.values()
        if rate is None or any(usd is None for usd in reused_usd):
            return None
        return sum(usd or 0.0 for usd in reused_usd) + self.purse.billed_usd + rate * self.spent_s / 3600

    @property
    def capped_usd(self) -> float:
        """The spending that a cap in money limits: known prices of runs taken over, bills, and this pilot's own time.

        Where a hosted model reported no bill, the most it may have billed counts.
        """
        reused_usd = sum(usd or 0.0 for usd in self.purse.reused_usd.values())
        return reused_usd + self.purse.billed_usd + self.purse.unbilled_usd + self._usd_of(self.spent_s)

    def made(self, steps: Sequence[Step]) -> list[Run]:
        """The runs of these steps that ended, in their order, failed ones included."""
        return [self.runs[step.key] for step in steps if step.key in self.runs]

    def good(self) -> list[Run]:
        """The ladder's runs that ended well."""
        return [run for run in self.made(self.ladder) if not run.failed and run.converged]

    def answers(self, key: str) -> Answers | None:
        """What a run answered, from this pilot or kept from an earlier one."""
        result = self.results.get(key)
        if result is None:
            return self.journal.kept_answers(key)
        if result.predictions is None or result.row_scores is None:
            return None
        return Answers(result.predictions, result.row_scores, result.confidences)

    def seconds_of(self, step: Step, from_earlier: bool = False) -> float | None:
        """Seconds that a run is predicted to take; None until a run begun in this pilot has ended.

        Where every run that ended has failed, the prediction rests on what those took. Earlier runs do not count by
        themselves, since they may come from another machine. What is only scored is taken to cost as much as the
        smallest rung, and the probe beside another trainer nothing.

        Args:
            from_earlier: fall back on earlier runs of the same trainer and model, whatever machine they ran on.
        """
        if step.purpose == "baseline" and step.name in FLOORS:
            return 0.0
        timed = self._paced() or (self._earlier_timed() if from_earlier else [])
        smallest = min(rung.n for rung in self.ladder)
        return predicted_s(timed, step.n or smallest, len(self.ladder[0].task.test_labels))

    def _earlier_timed(self) -> list[tuple[int, float]]:
        like = self.ladder[0].task
        runs = [run for run in self.journal.done.values() if (run.trainer, run.model) == (like.trainer, like.model)]
        return [(run.n, run.seconds) for run in runs if not run.failed and run.purpose == "ladder"]

    def take_over(self, step: Step) -> bool:
        """Takes over the step's earlier run, made here or elsewhere, and says if there is one; a failed one is left."""
        run = self.journal.done.get(step.key)
        if run is not None and not run.failed:
            # What was a baseline of another pilot may be a rung of this one.
            rows = step.n if step.purpose == "ladder" else run.n
            self.runs[step.key] = replace(run, purpose=step.purpose, n=rows, draw=step.draw)
        return step.key in self.runs

    def fits(self, seconds: float | None, bill_usd: float = 0.0) -> bool:
        """False when a run of this many seconds would pass a cap; the first run of a pilot always fits.

        Args:
            bill_usd: the most it may be billed on top of its time; bills of runs in progress count as well.
        """
        max_minutes, max_usd = self.settings.max_minutes, self.settings.max_usd
        if max_minutes is not None and seconds is not None and self.spent_s + seconds > max_minutes * 60:
            return False
        if not bill_usd and (max_usd is None or seconds is None):
            return True
        pending_usd = sum(self.bill_usd(step) or 0.0 for step in self._running())
        if max_usd is None:
            purse = self.purse
            return purse.agreed or purse.billed_usd + purse.unbilled_usd + pending_usd + bill_usd <= UNASKED_USD
        return self.capped_usd + pending_usd + bill_usd + self._usd_of(seconds or 0.0) <= max_usd

    def bill_usd(self, step: Step) -> float | None:
        """The most a model at an endpoint may bill, None where its prices are not known; 0 for what runs here."""
        if step.task.trainer not in BILLED:
            return 0.0
        if step.key not in self._bills:
            self._bills[step.key] = foreseen(step)[1]
        return self._bills[step.key]

    def too_dear(self, step: Step) -> bool:
        """Whether the cap in money keeps a step from being made at all, whatever else is made."""
        bill_usd = self.bill_usd(step)
        return self.settings.max_usd is not None and (bill_usd is None or not self.fits(0.0, bill_usd))

    def unknown_pace(self) -> bool:
        """True while a cap must wait for the first run in progress to show what a run costs."""
        return self.settings.capped and not self._paced() and bool(self._pending)

    # What is begun.

    def conduct(self) -> None:
        """Makes the runs, one after another or side by side, until all are made or something ends the pilot."""
        self.stopped = self.stopped or self._hopeless()
        with closing(self._outcomes()) as outcomes:
            for position, outcome in outcomes:
                self._take(position, outcome)
                if self._overran():
                    break
        made = len(self.made(self.ladder))
        if self.stopped or made < len(self.ladder):
            self.stopped = f"{self.stopped or self._cap_words()}, {made} of {len(self.ladder)} runs made"

    def _outcomes(self) -> Generator[tuple[int, Any], None, None]:
        settings, order, workers = self.settings, self._order(), self.settings.workers
        if workers is None and not self.apart and settings.engine == "local":
            # Light work is timed before processes are started for it; the first run also reads libraries and weights.
            worked_s, begun = 0.0, time.thread_time()
            for done in engine.run_tasks(make, islice(order, 2), workers=1):
                worked_s = time.thread_time() - begun
                yield done
                begun = time.thread_time()
            workers = self._workers_worth_their_start(worked_s)
        offset = len(self._begun)
        tasks = engine.run_tasks(
            make, order, workers, apart=self.apart, most_s=self._longest_s, engine=settings.engine,
            address=settings.address, gpus_per_task=settings.gpus_per_task,
        )  # fmt: skip
        with closing(tasks):
            for position, outcome in tasks:
                yield position + offset, outcome

    def _workers_worth_their_start(self, worked_s: float) -> int:
        """How many processes are worth starting for the rest of the ladder.

        Args:
            worked_s: the last run's work in its own thread [CPU s]: what it spreads over threads gains no more.
        """
        left = [step for step in self.ladder if step.key not in self.runs]
        last_weight = self._begun[-1][0].weight if self._begun else 1
        return engine.workers_for(worked_s * sum(step.weight for step in left) / max(1, last_weight), len(left))

    def _order(self) -> Iterator[Any]:
        """Work for the engine, or LATER; each step yielded counts as begun."""
        for step in self._steps():
            if step is engine.LATER:
                yield step
                continue
            self._pending.add(len(self._begun))
            self._begun.append((step, time.perf_counter()))
            if self.journal.progress:
                self.journal.progress(
                    self._progress(None, step.name if step.purpose == "baseline" else f"{step.n:,} rows")
                )
            yield step.path, step.task

    def _steps(self) -> Iterator[Any]:
        rivals = (step for step in self.rivals if self._may(step))
        if self.settings.adaptive:
            yield from self._opening()
            yield from rivals
            yield from self._rungs()
        else:
            yield from self._rungs()
            yield from rivals
        if self.more is not None and not self.broken:
            yield from self.more.steps(self)

    def _may(self, step: Step) -> bool:
        if step.key in self.runs or self.broken:
            return False
        if step.task.model in self.spared:
            self.spared[step.task.model].append(step.name)
            return False
        bill_usd = self.bill_usd(step)
        known = bill_usd is not None or self.settings.max_usd is None
        fits = known and self.fits(self.seconds_of(step), bill_usd or 0.0)
        if not fits and step.task.trainer in BILLED:
            self.notes.append(f"{step.name}{NOT_ASKED}{self._too_dear(bill_usd)}")
        elif bill_usd is None:
            self.notes.append(f"the prices of {step.task.model} are not known: what {step.name} bills is not counted")
        return fits

    def _too_dear(self, bill_usd: float | None) -> str:
        if bill_usd is None:
            return f"its prices are not known, so nothing keeps it within {figures(self.settings.max_usd or 0.0)} USD"
        if not bill_usd or self.fits(0.0, bill_usd):
            return "no time is left for it"
        if self.settings.max_usd is None:
            words = f"it may bill up to {figures(bill_usd)} USD, and no more than {figures(UNASKED_USD)} USD are spent"
            return f"{words} on such models without a yes to the plan; set a cap (--max-usd) that allows it"
        left_usd = max(0.0, (self.settings.max_usd or 0.0) - self.capped_usd)
        return f"it may bill up to {figures(bill_usd)} USD, and {figures(left_usd)} USD of the cap are left"

    def _opening(self) -> Iterator[Any]:
        sizes = sorted({step.n for step in self.ladder})
        firsts = {step.n: step for step in reversed(self.ladder)}
        for turn in range(min(3, len(sizes))):
            while self.unknown_pace():
                yield engine.LATER
            if self.stopped:
                return
            step = firsts[self._opening_sizes(sizes, firsts)[turn]]
            if not self._has_begun(step) and self._may(step):
                yield step

    def _opening_sizes(self, sizes: Sequence[int], firsts: Mapping[int, Step]) -> tuple[int, ...]:
        if self.top_first and not self.settings.capped and len(sizes) >= LEAST_SIZES:
            return sizes[-1], sizes[len(sizes) // 2], sizes[0]
        return opening(sizes, lambda n: self.seconds_of(firsts[n]))

    def _has_begun(self, step: Step) -> bool:
        return step.key in self.runs or any(step.key == begun.key for begun, _ in self._begun)

    def _rungs(self) -> Iterator[Any]:
        """The ladder's other runs, each chosen when it is begun."""
        while not self.stopped and not self.broken:
            left = [step for step in self.ladder if not self._has_begun(step)]
            if left and self.unknown_pace():
                yield engine.LATER
                continue
            step = self._chosen([step for step in left if self.fits(self.seconds_of(step))])
            if step is None:
                return
            yield step

    def _chosen(self, fitting: Sequence[Step]) -> Step | None:
        """The next run; in an adaptive pilot, the one that tells the most for its price.

        None where nothing fits, or, with the reason in `stopped`, where no further run is needed.
        """
        if not fitting:
            return None
        if not self.settings.adaptive:
            return fitting[0]
        points = [run.point for run in self.good()]
        sizes, running = {point.n for point in points}, [step.n for step in self._running()]
        if len(sizes) >= 2:
            return self._most_telling(fitting, points, running)
        fresh = [step for step in fitting if step.n not in (*sizes, *running)]
        return (fresh or list(fitting))[-1]

    def _running(self) -> list[Step]:
        return [self._begun[position][0] for position in self._pending]

    def _most_telling(self, fitting: Sequence[Step], points: Sequence[Point], running: Sequence[int]) -> Step | None:
        rungs = {Rung(step.n, step.draw): step for step in reversed(fitting)}
        priced = [(Rung(step.n, step.draw), self.seconds_of(step) or 1.0) for step in fitting]
        rung, narrowing = most_telling_rung(points, priced, self.question, running)
        self.stopped = enough(points, narrowing, self.question) if self._seen_enough_to_stop() else ""
        return None if self.stopped else rungs[rung]

    def _seen_enough_to_stop(self) -> bool:
        """Three sizes, the ladder's largest among them, and one size twice, without which luck cannot be measured."""
        good = self.good()
        sizes = {run.n for run in good}
        twice = len(good) > len(sizes) or all(step.draw == 0 for step in self.ladder)
        return len(sizes) >= LEAST_SIZES and twice and max(sizes) == max(step.n for step in self.ladder)

    # What came back.

    def _take(self, position: int, outcome: Any) -> None:
        step, begun = self._begun[position]
        elapsed_s = time.perf_counter() - begun
        usd = self._usd_of(elapsed_s, len(self._pending)) if self.settings.usd_per_hour is not None else None
        self._pending.discard(position)
        run, result = run_of(step, outcome, elapsed_s, usd)
        if step.task.trainer in BILLED:
            run = self._billed(step, run, outcome if isinstance(outcome, Result) else None)
        if isinstance(outcome, Result) and outcome.for_all:
            self.spared.setdefault(step.task.model, [step.name])
        self.runs[step.key] = run
        if result is not None:
            self.results[step.key] = result
            self.journal.keep_answers(step.key, result)
        self.journal.on_run(run)
        if step.purpose != "baseline":
            self._count_failures(run)
            self.stopped = self.stopped or self._hopeless()
        if self.journal.progress:
            self.journal.progress(self._progress(run))

    def _hopeless(self) -> str:
        left = any(step.key not in self.runs for step in self.ladder)
        return self.hopeless() if left and not self.broken else ""

    def _billed(self, step: Step, run: Run, result: Result | None) -> Run:
        """The run at the price that the hosted model reports; a bill that is not reported counts at its most."""
        billed = result.usd_per_answer if result else None
        if billed is None:
            self.purse.unbilled_usd += self.bill_usd(step) or 0.0
            return replace(run, usd=None)
        self.purse.billed_usd += billed * run.test_rows
        return replace(run, usd=billed * run.test_rows)

    def _count_failures(self, run: Run) -> None:
        # Numbers and the run's own folder differ from run to run; the reason does not.
        reason = re.sub(r"tunecase-run-\w+|\d+", "", run.failed)
        self._streak = self._streak + 1 if reason and reason == self._reason else int(bool(reason))
        self._reason = reason
        if self._streak >= FAILURES_IN_A_ROW:
            self.broken = True
            words = f"stopped after {FAILURES_IN_A_ROW} failures in a row for the same reason"
            self.stopped = f"{words} ({one_line(run.failed, 120)})"

    def _progress(self, last: Run | None, now: str = "") -> Progress:
        left, made = self.left(), len(self.runs)
        side_by_side = max(1, len(self._pending), self._at_once())
        left_s = sum(self.seconds_of(step) or 0.0 for step in left) / side_by_side
        scores = [run.score for run in self.good() if last is not None and run.n == last.n]
        return Progress(
            made, made + len(left), self.spent_s, left_s, last, sum(scores) / len(scores) if scores else None,
            tuple(self.made(self.ladder)), self.usd,
            None if self.settings.usd_per_hour is None else self._usd_of(left_s), now=now,
        )  # fmt: skip

    def left(self) -> list[Step]:
        """The runs still to come: once the ladder has stopped, only those in progress."""
        if self.stopped or self.broken:
            return self._running()
        return [step for step in (*self.ladder, *self.rivals) if step.key not in self.runs]

    def _at_once(self) -> int:
        seconds = sum(run.seconds for run in self._own_runs())
        return round(seconds / max(self.spent_s, 1e-9))

    # What it costs, and when it must end.

    def _timed(self) -> list[tuple[int, float]]:
        return [(run.n, run.seconds) for run in self._own_runs() if run.purpose == "ladder" and not run.failed]

    def _paced(self) -> list[tuple[int, float]]:
        """What a prediction rests on: the ladder's good runs, else those of a search, else what failed runs took."""
        own = [run for run in self._own_runs() if run.purpose != "baseline"]
        return self._timed() or [(r.n, r.seconds) for r in own if not r.failed] or [(r.n, r.seconds) for r in own]

    def _own_runs(self) -> list[Run]:
        return [self.runs[step.key] for step, _ in self._begun if step.key in self.runs]

    def _usd_of(self, seconds: float, side_by_side: int = 1) -> float:
        return (self.settings.usd_per_hour or 0.0) * seconds / 3600 / max(1, side_by_side)

    def _longest_s(self) -> float:
        timed = self._timed()
        return max(HANGS_S, HANGS_TIMES * max(s for _, s in timed)) if timed else FIRST_HANGS_S

    def _overran(self) -> bool:
        max_minutes, max_usd = self.settings.max_minutes, self.settings.max_usd
        late = max_minutes is not None and self.spent_s > OVERRUN * max_minutes * 60
        return late or (max_usd is not None and self.capped_usd > OVERRUN * max_usd)

    def _cap_words(self) -> str:
        max_minutes, max_usd = self.settings.max_minutes, self.settings.max_usd
        left = [step for step in self.ladder if step.key not in self.runs]
        sizes = sorted({step.n for step in left})
        caps = [f"{max_minutes:g} minutes"] if max_minutes is not None else []
        caps += [f"{figures(max_usd)} USD"] if max_usd is not None else []
        if not caps:
            return "ended early"
        rows = counted(len(left), "run") + " of " + ", ".join(map(count, sizes)) + " rows left out"
        return f"stopped after {duration(self.spent_s)}, to keep within {' and '.join(caps)}: {rows}"
