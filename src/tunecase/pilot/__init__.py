"""Try it small: a ladder of real runs on nested, class-balanced subsets, scored on one fixed test set."""

import hashlib
import importlib
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, cast

from tunecase import engine
from tunecase.datasets import Table, looks_like_classes
from tunecase.errors import InputError, Problem, nearest
from tunecase.ladder import MOST_ROWS, Examples, deal, ladder_notes, ladder_sizes, usable
from tunecase.records import Baseline, Pilot, Run
from tunecase.scoring import score
from tunecase.spread import generator
from tunecase.trainers import Result, Task, Trainer
from tunecase.wording import count, counted, duration, one_line

# name, module; imported only when asked for.
TRAINERS: tuple[tuple[str, str], ...] = (("probe", "tunecase.trainers.probe"),)

LEAST_ROWS = 10
# Fewer rows than this may hold classes that have not been seen twice yet.
CLASSES_SHOW_AT_ROWS = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One run to make: which draw, the task, and the key that stands for both."""

    draw: int
    task: Task
    key: str

    @property
    def n(self) -> int:
        """Training rows."""
        return len(self.task.texts)

    @property
    def weight(self) -> int:
        """Rows read, on which the time of a run mostly depends."""
        return len(self.task.texts) + len(self.task.test_texts)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pilot is: runs done of total (reused ones among them), seconds spent and about left, the last run.

    `mean` is the mean score so far at the last run's size; None when no run of that size has a score.
    """

    done: int
    total: int
    spent_s: float
    left_s: float
    last: Run | None
    mean: float | None


def pilot(
    train: Table,
    test: Table,
    *,
    metric: str,
    direction: str,
    trainer: str = "probe",
    sizes: Sequence[int] | None = None,
    draws: int = 3,
    seed: int = 0,
    workers: int | None = None,
    done: Mapping[str, Run] | None = None,
    on_run: Callable[[Run], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
    drop_rows: Collection[int] = (),
    max_minutes: float | None = None,
) -> Pilot:
    """Small real runs at rising sizes, several draws each, all scored on the same test rows.

    A draw is a shuffle of the usable rows, dealt class by class in turn; its subset of n rows is its first n, so sizes
    are nested and classes differ by at most one row while all last. All usable rows are one set however they are
    drawn, so that size is run once. A run that fails is recorded with its reason, and the ladder goes on.

    Args:
        train, test: all rows; blank ones are passed over.
        metric: one that the trainer can score.
        direction: the better one, "higher" or "lower".
        trainer: a name in TRAINERS.
        sizes: training rows per run; None doubles from about 2 per class up to all usable rows (at most 20,000).
        draws: shuffles, >= 1.
        workers: processes; None takes one per core when the work is worth their start, judged by the first run.
        done: earlier runs by key; those that did not fail are taken over, not repeated.
        on_run: called in this process with each new run as it ends, before progress.
        drop_rows: numbers of training rows to leave out (repeats, leaks into the test set, wrong labels).
        max_minutes: no run is begun after this, and what still runs in a worker is ended; one run is always made.
    Returns: the Pilot, runs in order of size and draw; without runs, `stopped` says what the data lack.
    Raises: InputError with every problem: an unknown trainer, a metric it cannot score, sizes out of range, outputs
        that are not classes for a trainer that needs them.

    Leaves out the dependence of draws that share rows: at half of all rows two draws share half of theirs, so their
    spread there understates the spread over fresh data. Where classes are uneven, small sizes are balanced and all
    rows are not; a note says so.
    """
    started = time.perf_counter()
    module = _trainer(trainer)
    rows, tests = usable(train, drop_rows), usable(test)
    lacks = _lacks(rows, tests, (module.KINDS == ("classification",)))
    _refuse(_problems(trainer, metric, direction, draws, sizes, None if lacks else rows))
    chosen = () if lacks else tuple(sorted(set(sizes))) if sizes else ladder_sizes(len(rows), rows.class_count)
    steps = _steps(rows, tests, chosen, draws, seed, trainer, metric)
    reused = {step.key: run for step in steps if (run := (done or {}).get(step.key)) and not run.failed}
    runs, stopped = dict(reused), lacks
    todo = [step for step in steps if step.key not in reused]
    with closing(_outcomes(module, todo, workers)) as outcomes:
        for step, outcome in outcomes:
            run = runs[step.key] = _run(step, outcome)
            spent_s = time.perf_counter() - started
            if on_run:
                on_run(run)
            if progress:
                progress(_progress(steps, todo, runs, run, spent_s))
            if max_minutes is not None and spent_s > max_minutes * 60 and len(runs) < len(steps):
                stopped = f"stopped after {duration(spent_s)}, {len(runs)} of {len(steps)} runs made"
                break
    return Pilot(
        trainer=trainer,
        model=module.MODEL,
        metric=metric,
        direction=cast(Literal["higher", "lower"], direction),
        runs=tuple(runs[step.key] for step in steps if step.key in runs),
        baselines=()
        if lacks or rows.class_count < 2
        else _measured(rows, tests, metric, seed, with_probe=trainer != "probe"),
        sizes=chosen,
        draws=draws,
        train_rows=len(rows),
        test_rows=len(tests),
        seconds=time.perf_counter() - started,
        reused=len(reused),
        stopped=stopped,
        stand_in=module.STAND_IN,
        notes=ladder_notes(rows, chosen, bool(sizes)),
    )


def no_pilot(
    train: Table,
    test: Table | None,
    *,
    metric: str,
    direction: str,
    trainer: str = "probe",
    drop_rows: Collection[int] = (),
) -> Pilot | None:
    """The pilot without runs whose `stopped` says why a trainer cannot learn this task, or None where it can.

    Args: as for `pilot`; test None: there is no held-out test set.
    """
    module, rows = _trainer(trainer), usable(train, drop_rows)
    if test is None:
        why = "no held-out test set is named (data.test), so nothing can be scored"
    elif metric not in module.METRICS:
        why = f"the {trainer} scores {' and '.join(module.METRICS)}, not {metric}"
    else:
        why = ""
    if (
        (module.KINDS == ("classification",))
        and len(rows) >= CLASSES_SHOW_AT_ROWS
        and not looks_like_classes(rows.labels)
    ):
        what = f"the {trainer} only tells classes apart, and the outputs are free text"
        seen = f"{count(len(rows.classes))} different ones in {count(len(rows))} rows"
        why = f"{what} ({seen})" + (f"; {why}" if why else "")
    if not why:
        return None
    return Pilot(
        trainer=trainer, model=module.MODEL, metric=metric, direction=cast(Literal["higher", "lower"], direction),
        runs=(), baselines=(), sizes=(), draws=0, train_rows=len(rows), test_rows=len(usable(test)) if test else 0,
        seconds=0.0, reused=0, stopped=f"no pilot here: {why}", stand_in=module.STAND_IN,
    )  # fmt: skip


def baselines(
    train: Table, test: Table, *, metric: str, seed: int = 0, drop_rows: Collection[int] = ()
) -> tuple[Baseline, ...]:
    """What needs no fine-tune, measured: "majority" names the most common class, "probe" learns from all usable rows.

    Args:
        metric: "accuracy" or "macro_f1".
        drop_rows: numbers of training rows to leave out.
    Returns: both scores on the test rows; fewer when one cannot be measured, none when outputs are not classes.

    Leaves out rows beyond 20,000, which the probe does not read.
    """
    rows, tests = usable(train, drop_rows), usable(test)
    if not rows or not tests or not looks_like_classes(rows.labels):
        return ()
    return _measured(rows, tests, metric, seed, with_probe=True)


def _steps(
    rows: Examples,
    tests: Examples,
    sizes: Sequence[int],
    draws: int,
    seed: int,
    trainer: str,
    metric: str,
) -> list[Step]:
    module = _trainer(trainer)
    orders = [deal(rows.labels, generator(seed, f"pilot draw {draw}")) for draw in range(draws)] if sizes else []
    steps = []
    for n, (draw, order) in itertools.product(sizes, enumerate(orders)):
        if n == len(rows) and draw > 0:
            continue
        subset = rows.only(order[:n])
        task = Task(
            trainer, module.MODEL, subset.texts, subset.labels, tests.texts, tests.labels, metric,
            int(generator(seed, f"pilot run {draw}").integers(2**31)), module.settings(max(sizes), {}),
            choices=rows.classes if rows.class_count > 1 else (),
        )  # fmt: skip
        steps.append(Step(draw, task, _key(task, draw)))
    return steps


def _key(task: Task, draw: int) -> str:
    """A run is known by all it depends on: the rows in their order, the test rows, trainer, settings, metric, seed."""
    parts: list[Any] = [task.trainer, task.model, task.metric, task.seed, draw, sorted(task.settings.items())]
    parts += [task.texts, task.labels, task.test_texts, task.test_labels]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def _outcomes(
    module: Trainer, steps: Sequence[Step], workers: int | None
) -> Generator[tuple[Step, Result | Exception], None, None]:
    if workers is None and len(steps) > 1:
        ((_, outcome),) = engine.run_tasks(module.train, [steps[0].task], workers=1)
        yield steps[0], outcome
        seconds_per_row = outcome.seconds / steps[0].weight if isinstance(outcome, Result) else 0.0
        steps = steps[1:]
        workers = engine.workers_for(seconds_per_row * sum(step.weight for step in steps), len(steps))
    for position, outcome in engine.run_tasks(module.train, [step.task for step in steps], workers):
        yield steps[position], outcome


def _run(step: Step, outcome: Result | Exception) -> Run:
    if isinstance(outcome, Exception):
        reason = one_line(f"{type(outcome).__name__}: {outcome}", 200)
        outcome = Result(0.0, 0, len(step.task.test_labels), 0.0, converged=False, failed=reason)
    return Run(
        step.key, step.task.trainer, step.task.model, step.n, step.draw, outcome.score, outcome.correct,
        outcome.test_rows, outcome.seconds, outcome.train_loss, outcome.converged, outcome.failed,
    )  # fmt: skip


def _progress(
    steps: Sequence[Step], todo: Sequence[Step], runs: Mapping[str, Run], last: Run, spent_s: float
) -> Progress:
    made = [step for step in todo if step.key in runs]
    left = sum(step.weight for step in todo) - sum(step.weight for step in made)
    seconds = sum(runs[step.key].seconds for step in made)
    at_once = max(1.0, seconds / spent_s)
    left_s = seconds / sum(step.weight for step in made) * left / at_once
    scores = [run.score for run in runs.values() if run.n == last.n and not run.failed]
    mean = sum(scores) / len(scores) if scores else None
    return Progress(len(runs), len(steps), spent_s, left_s, last, mean)


def _measured(rows: Examples, tests: Examples, metric: str, seed: int, with_probe: bool) -> tuple[Baseline, ...]:
    probe = _trainer("probe")
    if metric not in probe.METRICS:
        return ()
    most_common = max(rows.classes, key=Counter(rows.labels).__getitem__)
    found = [Baseline("majority", score(metric, tests.labels, [most_common] * len(tests)), len(tests))]
    if with_probe:
        (step,) = _steps(rows, tests, [min(len(rows), MOST_ROWS)], 1, seed, "probe", metric)
        ((_, outcome),) = engine.run_tasks(probe.train, [step.task], workers=1)
        if isinstance(outcome, Result):
            found.append(Baseline("probe", outcome.score, len(tests)))
    return tuple(found)


def _trainer(name: str) -> Trainer:
    paths = dict(TRAINERS)
    if name not in paths:
        wanted = "one of: " + ", ".join(paths)
        raise InputError(Problem("pilot: trainer", repr(name), wanted, nearest(name, list(paths))))
    return cast(Trainer, importlib.import_module(paths[name]))


def _lacks(rows: Examples, tests: Examples, needs_classes: bool) -> str:
    """What the data lack for a pilot, in words; empty when nothing."""
    if not tests:
        return "no usable test row: a pilot needs a held-out test set with outputs"
    if len(rows) < LEAST_ROWS:
        return f"{counted(len(rows), 'usable training row')}: a pilot needs at least {LEAST_ROWS}"
    if not needs_classes:
        return ""
    if len(rows.classes) == 1:
        return f"all {count(len(rows))} usable training rows have the same output: a pilot needs at least 2 classes"
    if len(rows) < CLASSES_SHOW_AT_ROWS and not looks_like_classes(rows.labels):
        seen = f"{count(len(rows))} usable training rows with {len(rows.classes)} different outputs"
        return f"{seen}: a pilot needs at least 3 rows per class"
    return ""


def _problems(
    trainer: str,
    metric: str,
    direction: str,
    draws: int,
    sizes: Sequence[int] | None,
    rows: Examples | None,
) -> list[Problem]:
    module, found = _trainer(trainer), []
    if metric not in module.METRICS:
        fix = "choose one of them for the pilot (problem.metric)"
        found.append(
            Problem("pilot: metric", metric, f"one that {trainer} can score: {', '.join(module.METRICS)}", fix)
        )
    elif direction != module.METRICS[metric]:
        found.append(
            Problem("pilot: direction", repr(direction), repr(module.METRICS[metric]), f"{metric} is so defined")
        )
    if draws < 1:
        found.append(Problem("pilot: draws", str(draws), "a whole number >= 1", "leave it out for the default (3)"))
    if rows is None:
        return found
    wrong = [n for n in sizes or () if not 1 <= n <= len(rows)]
    if wrong:
        fix = "leave sizes out for a ladder up to all usable rows"
        found.append(Problem("pilot: sizes", ", ".join(map(str, wrong)), f"1 to {count(len(rows))} usable rows", fix))
    if (module.KINDS == ("classification",)) and not looks_like_classes(rows.labels):
        got = f"{count(len(rows.classes))} different outputs in {count(len(rows))} usable training rows: no classes"
        fix = "name the column that holds the class (data.output), or forecast from points of runs made elsewhere"
        found.append(Problem("pilot: trainer", got, f"classes, which are all that {trainer} can learn", fix))
    return found


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InputError(problems)
