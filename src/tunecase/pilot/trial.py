"""Try it small: a ladder of real runs on nested subsets and one fixed test set, beside what needs no fine-tune."""

import importlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from tunecase import catalog
from tunecase import engine as work
from tunecase.data.reading import Table, looks_like_classes, repeat_like_classes
from tunecase.errors import InputError, MissingExtraError, Problem, TunecaseError, nearest
from tunecase.forecast import LEAST_SIZES
from tunecase.pilot.conduct import Conductor, Journal, Progress, Purse
from tunecase.pilot.documents import find_answers, found_words
from tunecase.pilot.ladder import ladder_notes, ladder_sizes, usable
from tunecase.pilot.pace import DRAWS as HEAVY_DRAWS
from tunecase.pilot.pace import lora_minutes
from tunecase.pilot.plan import PilotPlan
from tunecase.pilot.race import MOST_WHY, Asked, Entrant, Race, asked_for, learner, ruled_out, rungs_beside, shared
from tunecase.pilot.rivals import NEAREST, PROBE, baselines_of, majority, rival_notes, rival_steps, untrained
from tunecase.pilot.schedule import FAR, Question
from tunecase.pilot.scoring.mistakes import Answered, find_mistakes
from tunecase.pilot.scoring.score import METRICS, Kind
from tunecase.pilot.search import Search
from tunecase.pilot.settings import CLASSES_SHOW_AT_ROWS, Material, check, lacks_of
from tunecase.pilot.steps import KNOWN, Lesson, School, Step, ladder_steps, make
from tunecase.pilot.trainers.asking import documents_at
from tunecase.pilot.trainers.task import Result, Setting, Trainer
from tunecase.pilot.variants import SHARES, variants
from tunecase.quantities import Interval80, count, one_line
from tunecase.records import NOT_ASKED, Baseline, Mistakes, Pilot, PilotSettings, Run, Variant

__all__ = [
    "TRAINERS", "PilotPlan", "Progress", "baselines", "is_stand_in", "no_pilot", "own_trainer", "pilot", "prepare",
]  # fmt: skip

# name, module; imported only when asked for.
TRAINERS: tuple[tuple[str, str], ...] = (
    ("probe", "tunecase.pilot.trainers.probe"),
    ("nearest", "tunecase.pilot.trainers.nearest"),
    ("lora", "tunecase.pilot.trainers.lora"),
    ("trl", "tunecase.pilot.trainers.trl"),
    ("command", "tunecase.pilot.trainers.command"),
    ("simulated", "tunecase.pilot.trainers.simulated"),
    ("hosted", "tunecase.pilot.trainers.hosted"),
    ("encoder", "tunecase.pilot.trainers.encoder"),
    ("encoder-tuned", "tunecase.pilot.trainers.encoder_tuned"),
    ("decision", "tunecase.pilot.trainers.decision"),
)

DRAWS = 3
ENCODER = "encoder"


@dataclass(frozen=True, slots=True)
class _Design:
    """A pilot before its first run, with every setting fixed; `lacks` says why there are no rungs."""

    lesson: Lesson
    school: School
    settings: PilotSettings
    rungs: tuple[int, ...]
    lacks: str

    @property
    def draws(self) -> int:
        return cast(int, self.settings.draws)


def pilot(
    material: Material,
    settings: PilotSettings | None = None,
    journal: Journal | None = None,
    ask: Callable[[PilotPlan], bool | None] | None = None,
) -> Pilot:
    """Small real runs at rising sizes, several draws each, all scored on the same test rows; other learners beside.

    A draw is a shuffle of the usable rows, dealt with their classes in proportion, each at least once; its subset of n
    rows is its first n, so sizes are nested. All usable rows are the same set in every draw, so a light trainer runs
    that size once; a heavy one runs it in each draw, from a new start. One set of settings holds for all rungs. A run
    that fails is recorded with its reason and what it cost, and the ladder goes on; three failures in a row for the
    same reason end it.

    What `settings.race` names climbs ladders of its own on the same draws, cheapest first, and is dropped when it
    cannot win any more (see `Race`). A trainer "" is the best that is here: the encoder, else n-grams, and where
    answers are no classes those of the nearest rows.

    Args:
        material: the rows, and what is to be learnt from them.
        settings: how to run the pilot.
        journal: earlier runs, and who is told of new ones.
        ask: called with the plan before the first run; False ends the pilot there, True agrees to its price.
    Returns: the Pilot, runs in order of size and draw; without runs, `stopped` says what the data lack.
    Raises: InputError with every problem: an unknown trainer, a metric or kind it cannot learn, sizes out of range,
        outputs that are not classes, a cap in money without a price; TunecaseError where the trainer lacks a part.

    Caps are kept by predicting what a run will take, so a run in flight may overrun one by its own length. Under a cap
    in money, a hosted model is asked only where its prices are known and the most it may bill fits. Without a cap and
    without a yes to the plan, models at endpoints are asked for no more than 5 USD together, a convention.

    Leaves out the dependence of draws that share rows: at half of all rows two draws share half of theirs, so their
    spread there understates the spread over fresh data.
    Where classes are uneven, small sizes hold few rows of a rare one; a note says so. The order in which an
    adaptive pilot makes its runs depends on how long they take, so two pilots may stop after different runs; the runs
    themselves do not depend on it.
    """
    started = time.perf_counter()
    settings = settings or PilotSettings()
    asked = asked_for(settings.race, material.models, dict(TRAINERS), material.struck, floor_of(material))
    hosted = {**{name: {} for name in asked.untrained}, **settings.hosted}
    given = replace(settings, trainer=own_trainer(settings, material), hosted=hosted)
    design = _design(material, given)
    race, lacking = _race(design, given, material, asked, journal or Journal())
    conductor = race.own.conductor
    answer = ask(race.plan()) if ask is not None and not design.lacks else None
    if design.lacks:
        conductor.stopped = design.lacks
    elif answer is False:
        conductor.stopped = "not begun: the plan was declined"
    else:
        conductor.purse.agreed = answer is True
        race.conduct()
        if not settings.trainer:
            race.pass_on(floor_of(material))
        lacking += race.not_measured()
    barred = (*asked.untrained, *(f"{name}{NOT_ASKED}" for name in hosted))
    lacking += [note for note in conductor.notes if note.startswith(barred)]
    return _record(race, design, material, lacking, time.perf_counter() - started)


def own_trainer(settings: PilotSettings, material: Material) -> str:
    """The pilot's own trainer: the one named, else that of its model, else the encoder if it is here, else the floor.

    An encoder that the constraints rule out, or whose head cannot give such answers, is not taken by itself.
    """
    if settings.trainer or settings.model:
        return settings.trainer or learner(settings.model)[0]
    floor = floor_of(material)
    if floor != PROBE or ENCODER not in dict(TRAINERS) or ruled_out(ENCODER, "", material.struck):
        return floor
    school = school_of(ENCODER, "", {})
    return PROBE if school.module.missing(school.model) else ENCODER


def floor_of(material: Material) -> str:
    """The trainer that needs no model: n-grams where answers are classes, else the answers of the nearest rows."""
    return _floor(material.kind, material.metric)


def _floor(kind: Kind, metric: str) -> str:
    probe, near = (school_of(name, "", {}).module for name in (PROBE, NEAREST))
    classes = kind in probe.KINDS and metric in probe.METRICS
    return PROBE if classes or metric not in near.METRICS else NEAREST


def _race(
    design: _Design, given: PilotSettings, material: Material, asked: Asked, journal: Journal
) -> tuple[Race, list[str]]:
    """The pilot's own learner and all that run beside it; and of what cannot, why."""
    purse, lacking = Purse(), list(asked.not_measured)
    journal = shared(journal) if asked.learners else journal
    race = [Entrant(design.school, _conductor(design, material, journal, purse), design.rungs, own=True)]
    for trainer, model in () if design.lacks else asked.learners:
        try:
            school = school_of(trainer, model, {})
            if all((each.school.name, each.school.model) != (trainer, school.model) for each in race):
                beside = _beside(design, given, material, school)
                ladder = _conductor(beside, material, journal, purse, beside=True)
                race.append(Entrant(school, ladder, beside.rungs))
        except TunecaseError as error:
            lacking.append(f"{model or trainer}: {one_line(str(error), MOST_WHY)}")
    return Race(design.lesson, race, given.keep_all), lacking


def _beside(design: _Design, given: PilotSettings, material: Material, school: School) -> _Design:
    """The design of a learner beside the pilot's own. Raises: TunecaseError with why it cannot be measured."""
    if why := _why_not(material, school):
        raise TunecaseError(why)
    sizes = given.sizes or rungs_beside(design.rungs, design.lesson, school.module.HEAVY)
    own = replace(given, trainer=school.name, model=school.model, settings={}, sizes=sizes, tune=0, hosted={})
    return _design(material, own)


def _record(race: Race, design: _Design, material: Material, lacking: Sequence[str], seconds: float) -> Pilot:
    lesson, conductor = design.lesson, race.own.conductor
    design = replace(design, school=race.own.school, rungs=race.own.rungs)
    search = conductor.more
    others = [each.conductor for each in race.entrants if not each.own]
    compared = baselines_of(conductor, lesson, others) if conductor.rivals or design.rungs else ()
    notes = [
        *ladder_notes(lesson.rows, design.rungs, bool(design.settings.sizes), bool(lesson.classes)),
        *(note for note in conductor.notes if note not in lacking),
        *_named_all_the_same(race, material),
        *rival_notes(conductor, compared, lesson.metric),
    ]
    notes += [] if design.lacks else _curve_notes(conductor)
    tuning = None
    if search is not None:
        tuning = search.tuning(conductor)
        notes += search.notes(tuning)
    return replace(
        _empty_pilot(material, design.school),
        runs=tuple(conductor.made(conductor.ladder)),
        baselines=compared,
        sizes=design.rungs,
        draws=design.draws,
        seconds=seconds,
        reused=conductor.reused,
        stopped=conductor.stopped,
        notes=tuple(notes),
        usd=conductor.usd,
        mistakes=_mistakes(conductor, lesson),
        tuning=tuning,
        variants=_variants(conductor, lesson),
        candidates=race.candidates(),
        not_measured=tuple(lacking),
        lora_minutes=_lora_minutes(race, lesson),
    )


def _lora_minutes(race: Race, lesson: Lesson) -> Interval80 | None:
    """What the next pilot takes where nothing that writes answers was measured."""
    copied = all(each.school.name == NEAREST for each in race.entrants)
    return lora_minutes(lesson.rows, lesson.tests, lesson.kind) if copied and lesson.rows and lesson.tests else None


def _named_all_the_same(race: Race, material: Material) -> list[str]:
    """Which learners were measured since they were named, though the project's constraints rule them out."""
    reasons = {each.name: ruled_out(each.school.name, each.school.model, material.struck) for each in race.entrants}
    return [f"{name} is measured since it was named, but {why}" for name, why in reasons.items() if why]


def _design(material: Material, settings: PilotSettings) -> _Design:
    school = school_of(settings.trainer, settings.model, settings.settings)
    settings = settled(settings, school.module.HEAVY)
    lesson = Lesson(
        material.rows, material.tests, material.kind, material.metric, material.direction, settings.seed or 0
    )
    lacks = lacks_of(lesson)
    check(settings, school, lesson, lacks)
    if lacks:
        return _Design(lesson, school, settings, (), lacks)
    if missing := school.module.missing(school.model):
        raise TunecaseError(missing)
    sizes = settings.sizes or ladder_sizes(len(lesson.rows), len(lesson.classes) or 1, school.module.HEAVY)
    return _Design(lesson, school, settings, tuple(sorted(set(sizes))), lacks)


def settled(settings: PilotSettings, heavy: bool) -> PilotSettings:
    """The settings with what was left out chosen for a light or a heavy trainer."""
    draws = HEAVY_DRAWS if heavy else DRAWS
    return replace(
        settings, draws=draws if settings.draws is None else settings.draws,
        adaptive=heavy if settings.adaptive is None else settings.adaptive,
        workers=None if settings.workers is None else max(1, settings.workers), gpus_per_task=_gpus(settings, heavy),
    )  # fmt: skip


def _conductor(
    design: _Design, material: Material, journal: Journal, purse: Purse, beside: bool = False
) -> Conductor:  # fmt: skip
    """One learner's ladder, and what needs no fine-tune; `beside` the pilot's own, only what it scores untrained."""
    lesson, school, settings = design.lesson, design.school, design.settings
    steps = ladder_steps(lesson, school, design.rungs, design.draws)
    search = Search(lesson, school, design.rungs, settings.tune) if settings.tune > 1 and design.rungs else None
    rivals: list[Step] = []
    notes: list[str] = []
    if beside:
        rivals = [] if school.module.HEAVY or not settings.with_baselines else untrained(lesson, school, design.rungs)
    elif settings.with_baselines and design.rungs:
        find = lambda name: school_of(name, "", {})  # noqa: E731
        hosted = {name: {**own, **_with_documents(name, material)} for name, own in settings.hosted.items()}
        rivals, notes = rival_steps(lesson, school, max(design.rungs), find, hosted)
        notes += _documents_notes(lesson, material.documents)
    question = Question(
        lesson.metric, lesson.direction, material.far or FAR * max(design.rungs, default=1), len(lesson.tests),
        material.target, lesson.seed, language_model=school.name not in (PROBE, NEAREST), costs=material.costs,
        design=material.design,
    )  # fmt: skip
    # Beside others, the score at the largest size is what tells soonest that a learner cannot win.
    return Conductor(
        steps, rivals, settings, question, school.module.HEAVY, journal, search, notes, purse, top_first=beside
    )  # fmt: skip


def _with_documents(model: str, material: Material) -> Mapping[str, Setting]:
    """The documents as a setting of a model that can be shown passages of them."""
    can = material.documents and catalog.model_kind(model) != "decision"
    return {"documents": material.documents} if can else {}


def _documents_notes(lesson: Lesson, path: str) -> list[str]:
    """How often a search of the documents finds the wanted answers."""
    if not path:
        return []
    try:
        return [found_words(find_answers(documents_at(path), lesson.tests, lesson.kind))]
    except MissingExtraError as error:
        return [f"the documents were not searched: {one_line(str(error))}"]


def _empty_pilot(material: Material, school: School) -> Pilot:
    named = material.candidates
    return Pilot(
        trainer=school.name, model=school.model, metric=material.metric,
        direction=cast(Literal["higher", "lower"], material.direction), runs=(), baselines=(), sizes=(), draws=0,
        train_rows=len(material.rows), test_rows=len(material.tests), seconds=0.0, reused=0, stopped="",
        stand_in=school.module.STAND_IN or bool(named and school.model not in named), kind=material.kind,
    )  # fmt: skip


def prepare(trainer: str, model: str, tell: Callable[[str], None]) -> None:
    """Fetches what a trainer needs to train a model here; `tell` is first called with what it is and how large.

    Raises: InputError for an unknown trainer; TunecaseError when what is missing cannot be had.
    """
    school = school_of(trainer, model, {})
    school.module.prepare(school.model, tell)


def settings_of(trainer: str) -> Mapping[str, Setting]:
    """A trainer's settings with their defaults."""
    settings: Mapping[str, Setting] = school_of(trainer, "", {}).module.SETTINGS
    return settings


def metrics_of(trainer: str) -> Collection[str]:
    """The metrics that a trainer can score."""
    metrics: Mapping[str, str] = school_of(trainer, "", {}).module.METRICS
    return metrics


def lacking_here(models: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Each learner of "auto" for a project's models, and what it lacks on this machine; "" where it can be trained."""
    trainers = dict(TRAINERS)
    learners = asked_for(["auto"], models, trainers).learners
    schools = [school_of(trainer, model, {}) for trainer, model in learners if trainer in trainers]
    return tuple((school.name, school.model, school.module.missing(school.model)) for school in schools)


def is_stand_in(trainer: str) -> bool:
    """True for a trainer that nobody would ship as the fine-tune; False for an unknown name."""
    return trainer in dict(TRAINERS) and school_of(trainer, "", {}).module.STAND_IN


def no_pilot(material: Material, trainer: str = "") -> Pilot | None:
    """The pilot without runs whose `stopped` says why a trainer cannot learn this task, or None where it can.

    Args:
        trainer: "" for the one that needs no model.
    """
    school = school_of(trainer or floor_of(material), "", {})
    why = _why_not(material, school)
    return replace(_empty_pilot(material, school), stopped=f"no pilot here: {why}") if why else None


def _why_not(material: Material, school: School) -> str:
    """Why a trainer cannot learn from this material, in words; empty where it can."""
    rows, module, why = material.rows, school.module, ""
    if material.test is None:
        why = "no held-out test set is named (data.test), so nothing can be scored"
    elif material.metric not in module.METRICS:
        why = f"the {school.name} scores {' and '.join(module.METRICS)}, not {material.metric}"
    elif material.kind not in module.KINDS:
        why = f"the {school.name} learns {' and '.join(module.KINDS)}, not {material.kind}"
    free_text = len(rows) >= CLASSES_SHOW_AT_ROWS and not looks_like_classes(rows.labels)
    if module.KINDS != ("classification",) or not free_text:
        return why
    seen = f"{count(len(rows.classes))} different ones in {count(len(rows))} rows"
    free = f"the {school.name} only tells classes apart, and the outputs are free text ({seen})"
    return f"{free}; {why}" if why else free


def baselines(
    train: Table, test: Table, *, metric: str, kind: Kind = "classification", seed: int = 0,
    drop_rows: Collection[int] = (),
) -> tuple[Baseline, ...]:  # fmt: skip
    """What needs no fine-tune, measured: "majority" gives the commonest answer, the floor learns from all usable rows.

    The floor is "probe" where answers are classes, else "nearest".

    Args:
        metric: one that the floor can score.
        drop_rows: numbers of training rows to leave out.
    Returns: both scores on the test rows; fewer when one cannot be measured, none when outputs are called classes and
        are none.

    Leaves out rows beyond 20,000, which the floor does not read.
    """
    lesson = Lesson(usable(train, drop_rows), usable(test), kind, metric, "higher", seed)
    school = school_of(_floor(kind, metric), "", {})
    fit = lesson.rows and lesson.tests and (kind != "classification" or repeat_like_classes(lesson.rows.labels))
    if not fit or metric not in school.module.METRICS:
        return ()
    step = ladder_steps(lesson, school, [ladder_sizes(max(2, len(lesson.rows)), lesson.rows.class_count)[-1]], 1)[0]
    ((_, outcome),) = work.run_tasks(make, [(step.path, step.task)], workers=1)
    KNOWN[step.path] = step.task, outcome
    scored = [majority(lesson)] if len(lesson.rows.classes) > 1 else []
    if isinstance(outcome, Result):
        scored.append(Baseline(school.name, outcome.score, len(lesson.tests)))
    return tuple(scored)


def school_of(name: str, model: str, chosen: Mapping[str, Setting]) -> School:
    """Who learns, by the trainer's name. Raises: InputError for an unknown one."""
    paths = dict(TRAINERS)
    if name not in paths:
        wanted = "one of: " + ", ".join(paths)
        raise InputError(Problem("pilot: trainer", repr(name), wanted, nearest(name, list(paths))))
    module = cast(Trainer, importlib.import_module(paths[name]))
    return School(name, paths[name], module, model or module.MODEL, chosen)


def _gpus(settings: PilotSettings, heavy: bool) -> float:
    """Each heavy run gets a GPU of its own where this machine has any, unless the settings say otherwise."""
    free = settings.workers is None and settings.engine == "local" and not settings.gpus_per_task
    return 1 if heavy and free and work.gpus() else settings.gpus_per_task


def _best(conductor: Conductor, direction: str) -> Run | None:
    """The best run at the largest size: its mistakes are listed, but nothing else is compared with it."""
    sign = 1 if direction == "higher" else -1
    return max(conductor.good(), key=lambda run: (run.n, sign * run.score), default=None)


def _mistakes(conductor: Conductor, lesson: Lesson) -> Mistakes | None:
    best = _best(conductor, lesson.direction)
    answers = conductor.answers(best.key) if best else None
    if best is None or answers is None or len(answers.predictions) != len(lesson.tests):
        return None
    if lesson.metric not in METRICS:
        return None
    return find_mistakes(best.key, best.n, Answered(lesson.kind, lesson.tests, answers))


def _variants(conductor: Conductor, lesson: Lesson) -> tuple[Variant, ...]:
    """Variants of the problem, from all draws of the largest size: the best of them alone would flatter."""
    if lesson.kind != "classification" or lesson.metric not in SHARES:
        return ()
    good = conductor.good()
    kept = [conductor.answers(run.key) for run in good if run.n == max(each.n for each in good)]
    return variants(lesson.tests, [each for each in kept if each and len(each.predictions) == len(lesson.tests)])


def _curve_notes(conductor: Conductor) -> list[str]:
    sizes, runs = {run.n for run in conductor.good()}, conductor.made(conductor.ladder)
    if len(sizes) >= LEAST_SIZES:
        return []
    failed, rough = sum(bool(run.failed) for run in runs), sum(not run.failed and not run.converged for run in runs)
    bad = [f"{count(failed)} failed"] if failed else []
    bad += [f"{count(rough)} did not converge"] if rough else []
    needs = f"a forecast needs {LEAST_SIZES} sizes with a good run, and this pilot has {count(len(sizes))}"
    return [needs + (f": {', '.join(bad)}" if bad else "")]
