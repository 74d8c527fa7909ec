"""Try it small: a ladder of real runs on nested subsets and one fixed test set, beside what needs no fine-tune."""

import importlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, cast

from tunecase import engine as work
from tunecase.data.reading import Table, looks_like_classes, repeat_like_classes
from tunecase.errors import InputError, Problem, TunecaseError, nearest
from tunecase.forecast import LEAST_SIZES
from tunecase.pilot.answers import Answers
from tunecase.pilot.asked import CLASSES_SHOW_AT_ROWS, cap_problems, lacks_of, problems_of, refuse
from tunecase.pilot.conduct import Conductor, Progress, Terms
from tunecase.pilot.ladder import ladder_notes, ladder_sizes, usable
from tunecase.pilot.plan import PilotPlan, plan_of
from tunecase.pilot.rivals import PROBE, baselines_of, majority, rival_notes, rival_steps
from tunecase.pilot.schedule import FAR, Question
from tunecase.pilot.scoring.mistakes import find_mistakes
from tunecase.pilot.scoring.score import METRICS, Kind
from tunecase.pilot.search import Search
from tunecase.pilot.steps import Lesson, School, Step, ladder_steps
from tunecase.pilot.trainers.task import Result, Setting, Trainer
from tunecase.quantities import count, counted
from tunecase.records import Baseline, Mistakes, Pilot, Run

__all__ = ["TRAINERS", "PilotPlan", "Progress", "baselines", "is_stand_in", "no_pilot", "pilot", "prepare"]

# name, module; imported only when asked for.
TRAINERS: tuple[tuple[str, str], ...] = (
    ("probe", "tunecase.pilot.trainers.probe"),
    ("lora", "tunecase.pilot.trainers.lora"),
    ("trl", "tunecase.pilot.trainers.trl"),
    ("command", "tunecase.pilot.trainers.command"),
    ("simulated", "tunecase.pilot.trainers.simulated"),
    ("hosted", "tunecase.pilot.trainers.hosted"),
)

DRAWS, HEAVY_DRAWS = 3, 2


def pilot(
    train: Table,
    test: Table,
    *,
    metric: str,
    direction: str,
    trainer: str = PROBE,
    model: str = "",
    kind: Kind = "classification",
    settings: Mapping[str, Setting] | None = None,
    candidates: Collection[str] = (),
    sizes: Sequence[int] | None = None,
    draws: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    done: Mapping[str, Run] | None = None,
    on_run: Callable[[Run], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
    drop_rows: Collection[int] = (),
    max_minutes: float | None = None,
    max_usd: float | None = None,
    usd_per_hour: float | None = 0.0,
    target: float | None = None,
    far: int | None = None,
    adaptive: bool | None = None,
    tune: int = 0,
    engine: work.Engine = "local",
    address: str | None = None,
    gpus_per_task: float = 0,
    keep_answers: Callable[[str, Result], None] | None = None,
    kept_answers: Callable[[str], Answers | None] | None = None,
    ask: Callable[[PilotPlan], bool | None] | None = None,
    with_baselines: bool = True,
    hosted: Collection[str] | Mapping[str, Mapping[str, Setting]] = (),
) -> Pilot:
    """Small real runs at rising sizes, several draws each, all scored on the same test rows.

    A draw is a shuffle of the usable rows, dealt class by class in turn; its subset of n rows is its first n, so sizes
    are nested and classes differ by at most one row while all last. All usable rows are one set however they are
    drawn, so a light trainer runs that size once; a heavy one starts elsewhere in each draw. One set of settings holds
    for all rungs. A run that fails is recorded with its reason and what it cost, and the ladder goes on; three
    failures in a row for one reason end it.

    Args:
        train, test: all rows; blank ones are passed over.
        metric: one that the trainer can score.
        direction: the better one, "higher" or "lower".
        trainer: a name in TRAINERS.
        model: what is trained, a name or a folder; "" is the trainer's own.
        kind: what is learnt: classes, JSON (extraction) or free text (generation).
        settings: of the trainer, where they differ from its defaults.
        candidates: models that the project considers; another model stands in for them. None named: none is one.
        sizes: training rows per run; None doubles from about 2 per class up to all usable rows (at most 20,000); for a
            heavy trainer the five largest of these, up to 2,000.
        draws: shuffles, >= 1; None: 3, for a heavy trainer 2.
        workers: processes; None takes one per core (one per GPU share) for a heavy trainer, as many as are worth their
            start for a light one, judged by its first run.
        done: earlier runs by key, made here or elsewhere; those that did not fail are taken over, not repeated.
        on_run: called in this process with each new run as it ends, before progress.
        drop_rows: numbers of training rows to leave out (repeats, leaks into the test set, wrong labels).
        max_minutes, max_usd: no run is begun that would pass them by its predicted time; one run is always made.
        usd_per_hour: price of the hour of what the pilot runs on; 0 where it is free, None where it is unknown.
        target: the score wanted, which lets an adaptive pilot stop when its chance is settled.
        far: the size that matters [rows]; None: 8 times the largest rung.
        adaptive: True chooses each run by what it is expected to tell for its price, and stops when enough is known;
            False makes all runs; None: True for a heavy trainer.
        tune: how many settings to search, the default among them; 0 searches none.
        engine, address, gpus_per_task: where runs are made, as for `engine.run_tasks`.
        keep_answers: called with (key, result) of each new run before on_run.
        kept_answers: the answers of an earlier run by its key, or None.
        ask: called with the plan before the first run; False ends the pilot there.
        with_baselines: False leaves out what needs no fine-tune.
        hosted: names of hosted models to compare with, or their settings by name.
    Returns: the Pilot, runs in order of size and draw; without runs, `stopped` says what the data lack.
    Raises: InputError with every problem: an unknown trainer, a metric or kind it cannot learn, sizes out of range,
        outputs that are not classes, a cap in money without a price; TunecaseError where the trainer lacks something.

    A cap is kept by what a run is predicted to take, so a run in flight may overrun it by its own length. A hosted
    model is asked under a cap in money only where its prices are known and what it may bill at most fits.

    Leaves out the dependence of draws that share rows: at half of all rows two draws share half of theirs, so their
    spread there understates the spread over fresh data.
    Where classes are uneven, small sizes are balanced and all rows are not; a note says so. What an adaptive pilot runs
    first depends on how long runs take, so that two of them may stop at different runs; no run depends on it.
    """
    started = time.perf_counter()
    school = _school(trainer, model, settings or {})
    heavy = school.module.HEAVY
    lesson = Lesson(usable(train, drop_rows), usable(test), kind, metric, direction, seed)
    lacks = lacks_of(lesson)
    draws = (HEAVY_DRAWS if heavy else DRAWS) if draws is None else draws
    refuse(
        problems_of(school, lesson, draws, sizes, bool(lacks)),
        cap_problems(max_usd, usd_per_hour, tune, max_minutes, school),
    )
    rungs = () if lacks else tuple(sorted(set(sizes))) if sizes else _default_sizes(lesson, heavy)
    if not lacks:
        _need(school)
    steps = ladder_steps(lesson, school, rungs, draws)
    given = hosted if isinstance(hosted, Mapping) else {name: {} for name in hosted}
    rivals, unasked = _rivals(lesson, school, rungs, given) if with_baselines and rungs else ([], [])
    search = Search(lesson, school, rungs, tune) if tune > 1 and rungs else None
    most = max(rungs, default=1)
    terms = Terms(
        question=Question(metric, direction, far or FAR * most, len(lesson.tests), target, seed, trainer != PROBE),
        adaptive=heavy if adaptive is None else adaptive,
        max_minutes=max_minutes, max_usd=max_usd, usd_per_hour=usd_per_hour,
        workers=None if workers is None else max(1, workers), apart=heavy, engine=engine, address=address,
        gpus_per_task=_gpus(gpus_per_task, workers, heavy, engine),
    )  # fmt: skip
    conductor = Conductor(
        steps, rivals, terms, search, on_run, progress, keep_answers, kept_answers, done or {}
    )  # fmt: skip
    plan = plan_of(conductor, school, rungs, draws, tune, workers)
    if lacks:
        conductor.stopped = lacks
    elif ask is not None and ask(plan) is False:
        conductor.stopped = "not begun: the plan was declined"
    else:
        conductor.conduct()
    return _record(conductor, lesson, school, started, rungs, draws, candidates, search, unasked, bool(sizes), lacks)


def _record(
    conductor: Conductor,
    lesson: Lesson,
    school: School,
    started: float,
    rungs: tuple[int, ...],
    draws: int,
    candidates: Collection[str],
    search: Search | None,
    unasked: Sequence[str],
    named_sizes: bool,
    lacks: str,
) -> Pilot:
    best = _best(conductor, lesson.direction)
    rate = conductor.terms.usd_per_hour
    found = baselines_of(conductor, lesson, rate) if conductor.rivals or (rungs and lesson.classes) else ()
    tuning = search.found(conductor) if search is not None else None
    notes = [*ladder_notes(lesson.rows, rungs, named_sizes, bool(lesson.classes)), *unasked]
    notes += conductor.notes
    notes += rival_notes(conductor, found, lesson.metric)
    notes += [] if lacks else _curve_notes(conductor)
    notes += search.notes(tuning) if search is not None else []
    return Pilot(
        trainer=school.name,
        model=school.model,
        metric=lesson.metric,
        direction=cast(Literal["higher", "lower"], lesson.direction),
        runs=tuple(conductor.made(conductor.ladder)),
        baselines=found,
        sizes=rungs,
        draws=draws,
        train_rows=len(lesson.rows),
        test_rows=len(lesson.tests),
        seconds=time.perf_counter() - started,
        reused=conductor.reused,
        stopped=conductor.stopped,
        stand_in=school.module.STAND_IN or bool(candidates and school.model not in candidates),
        notes=tuple(notes),
        kind=lesson.kind,
        usd=conductor.usd,
        mistakes=_mistakes(conductor, lesson, best),
        tuning=tuning,
    )


def prepare(trainer: str, model: str, tell: Callable[[str], None]) -> None:
    """Fetches what a trainer lacks to train a model here, telling what and how large before it does.

    Raises: InputError for an unknown trainer; TunecaseError when what it lacks cannot be had.
    """
    school = _school(trainer, model, {})
    school.module.prepare(school.model, tell)


def settings_of(trainer: str) -> Mapping[str, Setting]:
    """What a trainer can be set to, with what it takes when nothing is said."""
    settings: Mapping[str, Setting] = _school(trainer, "", {}).module.SETTINGS
    return settings


def is_stand_in(trainer: str) -> bool:
    """True for a trainer that nobody would ship as the fine-tune; False for one that is no longer known."""
    return trainer in dict(TRAINERS) and _school(trainer, "", {}).module.STAND_IN


def no_pilot(
    train: Table,
    test: Table | None,
    *,
    metric: str,
    direction: str,
    trainer: str = PROBE,
    kind: Kind = "classification",
    drop_rows: Collection[int] = (),
) -> Pilot | None:
    """The pilot without runs whose `stopped` says why a trainer cannot learn this task, or None where it can.

    Args: as for `pilot`; test None: there is no held-out test set.
    """
    school, rows = _school(trainer, "", {}), usable(train, drop_rows)
    module = school.module
    if test is None:
        why = "no held-out test set is named (data.test), so nothing can be scored"
    elif metric not in module.METRICS:
        why = f"the {trainer} scores {' and '.join(module.METRICS)}, not {metric}"
    elif kind not in module.KINDS:
        why = f"the {trainer} learns {' and '.join(module.KINDS)}, not {kind}"
    else:
        why = ""
    free = len(rows) >= CLASSES_SHOW_AT_ROWS and not looks_like_classes(rows.labels)
    if module.KINDS == ("classification",) and free:
        what = f"the {trainer} only tells classes apart, and the outputs are free text"
        seen = f"{count(len(rows.classes))} different ones in {count(len(rows))} rows"
        why = f"{what} ({seen})" + (f"; {why}" if why else "")
    if not why:
        return None
    return Pilot(
        trainer=trainer, model=module.MODEL, metric=metric, direction=cast(Literal["higher", "lower"], direction),
        runs=(), baselines=(), sizes=(), draws=0, train_rows=len(rows), test_rows=len(usable(test)) if test else 0,
        seconds=0.0, reused=0, stopped=f"no pilot here: {why}", stand_in=module.STAND_IN, kind=kind,
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
    lesson = Lesson(usable(train, drop_rows), usable(test), "classification", metric, "higher", seed)
    school = _school(PROBE, "", {})
    fit = lesson.rows and lesson.tests and repeat_like_classes(lesson.rows.labels)
    if not fit or metric not in school.module.METRICS:
        return ()
    step = ladder_steps(lesson, school, [ladder_sizes(max(2, len(lesson.rows)), lesson.rows.class_count)[-1]], 1)[0]
    ((_, outcome),) = work.run_tasks(school.module.train, [step.task], workers=1)
    found = [majority(lesson)] if len(lesson.rows.classes) > 1 else []
    if isinstance(outcome, Result):
        found.append(Baseline(PROBE, outcome.score, len(lesson.tests)))
    return tuple(found)


def _school(name: str, model: str, chosen: Mapping[str, Setting]) -> School:
    paths = dict(TRAINERS)
    if name not in paths:
        wanted = "one of: " + ", ".join(paths)
        raise InputError(Problem("pilot: trainer", repr(name), wanted, nearest(name, list(paths))))
    module = cast(Trainer, importlib.import_module(paths[name]))
    return School(name, paths[name], module, model or module.MODEL, chosen)


def _need(school: School) -> None:
    """Refuses a trainer that cannot run here, with its own words."""
    lacks = school.module.missing(school.model)
    if lacks:
        raise TunecaseError(lacks)


def _default_sizes(lesson: Lesson, heavy: bool) -> tuple[int, ...]:
    return ladder_sizes(len(lesson.rows), len(lesson.classes) or 1, heavy)


def _rivals(
    lesson: Lesson, school: School, rungs: Sequence[int], hosted: Mapping[str, Mapping[str, Setting]]
) -> tuple[list[Step], list[str]]:
    return rival_steps(lesson, school, max(rungs), lambda name: _school(name, "", {}), hosted)


def _gpus(gpus_per_task: float, workers: int | None, heavy: bool, engine: work.Engine) -> float:
    """Each heavy run gets a GPU of its own where this machine has some and nobody said otherwise."""
    own = heavy and not gpus_per_task and workers is None and engine == "local" and work.gpus()
    return 1 if own else gpus_per_task


def _best(conductor: Conductor, direction: str) -> Run | None:
    """The best run at the largest size, whose mistakes are listed; it is never what others are held to."""
    good = conductor.good()
    if not good:
        return None
    sign = 1 if direction == "higher" else -1
    return max(good, key=lambda run: (run.n, sign * run.score))


def _mistakes(conductor: Conductor, lesson: Lesson, best: Run | None) -> Mistakes | None:
    answers = conductor.answers(best.key) if best else None
    tests = lesson.tests
    if best is None or answers is None or len(answers.predictions) != len(tests) or lesson.metric not in METRICS:
        return None
    return find_mistakes(
        run=best.key, n=best.n, kind=lesson.kind, texts=tests.texts, labels=tests.labels,
        predictions=answers.predictions, row_scores=answers.row_scores, confidences=answers.confidences,
        rows=tests.numbers, sources=tests.sources or None,
    )  # fmt: skip


def _curve_notes(conductor: Conductor) -> list[str]:
    """What is missing for a forecast."""
    sizes, runs = {run.n for run in conductor.good()}, conductor.made(conductor.ladder)
    notes = []
    failed, rough = sum(bool(run.failed) for run in runs), sum(not run.failed and not run.converged for run in runs)
    if len(sizes) < LEAST_SIZES:
        have = f"{counted(len(sizes), 'size')} with a good run"
        bad = [f"{count(failed)} failed"] if failed else []
        bad += [f"{count(rough)} did not converge"] if rough else []
        notes.append(
            f"a forecast needs {LEAST_SIZES} sizes, and there are {have}" + (f": {', '.join(bad)}" if bad else "")
        )
    return notes
