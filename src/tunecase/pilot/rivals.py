"""What needs no fine-tune, on the same test rows as the pilot: the scores that the best run has to beat."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist, stdev

from tunecase.errors import TunecaseError
from tunecase.pilot.answers import Answers
from tunecase.pilot.conduct import HOSTED, Conductor
from tunecase.pilot.ladder import Examples
from tunecase.pilot.scoring.score import METRICS, paired, row_scores, score_interval, score_of
from tunecase.pilot.steps import Lesson, School, Step, step_of
from tunecase.pilot.trainers.task import Setting
from tunecase.quantities import Z80, score, share
from tunecase.records import Baseline, Run

PROBE = "probe"
# A rival that is beaten with less than this chance is not clearly beaten.
CLEAR = 0.9


def rival_steps(
    lesson: Lesson,
    school: School,
    top_rows: int,
    find: Callable[[str], School],
    hosted: Mapping[str, Mapping[str, Setting]],
) -> tuple[list[Step], list[str]]:
    """Everything to measure without a fine-tune, and why some of it cannot be.

    Args:
        top_rows: rows of the ladder's largest rung, which the probe learns from and examples are shown from.
        find: gives the School for a trainer's name.
        hosted: settings of each hosted model, by its name.
    """
    subset = lesson.rows.only(lesson.order(0)[:top_rows])
    steps, notes = [], []
    probe = find(PROBE)
    if school.name != PROBE and lesson.classes and lesson.metric in probe.module.METRICS:
        steps.append(step_of(lesson, probe.settled(top_rows), subset, 0, "baseline", PROBE))
    steps += _untrained(lesson, school, subset, "")
    for model, own in hosted.items():
        try:
            other = replace(find(HOSTED), model=model, chosen=own)
            lacks = other.module.missing(model)
            if lacks:
                notes.append(f"{model} was not asked: {lacks}")
            else:
                steps += _untrained(lesson, other, subset, f"{model} ")
        except TunecaseError as error:
            notes.append(f"{model} was not asked: {error}")
    return steps, notes


def _untrained(lesson: Lesson, school: School, subset: Examples, prefix: str) -> list[Step]:
    return [
        step_of(lesson, school.settled(len(subset), own), subset, 0, "baseline", f"{prefix}{name}")
        for name, own in school.module.BASELINES.items()
    ]


def baselines_of(conductor: Conductor, lesson: Lesson) -> tuple[Baseline, ...]:
    """The record of each rival that was measured, the majority class first.

    They are compared with all good runs of the largest size, not with the luckiest.
    """
    ours, luck = [conductor.answers(run.key) for run in top_runs(conductor)], _luck(conductor)
    first = [majority(lesson, ours, luck)] if lesson.classes and lesson.metric in METRICS else []
    ran = [(step, conductor.runs[step.key]) for step in conductor.rivals if step.key in conductor.runs]
    rest = [
        replace(
            _baseline(conductor, step, run, _beaten(lesson, ours, luck, conductor.answers(step.key))),
            promise=conductor.question.promise(conductor.answers(step.key), lesson.tests.labels),
        )
        for step, run in ran
        if not run.failed
    ]
    return (*first, *rest)


def _baseline(conductor: Conductor, step: Step, run: Run, beaten: float | None) -> Baseline:
    result = conductor.results.get(step.key)
    answer_s = result.answer_s if result and result.answer_s is not None else run.seconds
    each_s = answer_s / max(1, run.test_rows)
    # A hosted model has prices of its own; this machine's hour is not what its answers cost.
    hosted, rate = step.task.trainer == HOSTED, conductor.settings.usd_per_hour
    each_usd = None
    if hosted and run.usd is not None:
        each_usd = run.usd / max(1, run.test_rows)
    elif not hosted and rate is not None:
        each_usd = each_s / 3600 * rate
    return Baseline(
        step.name, run.score, run.test_rows, run.interval, None if each_usd is None else 1000 * each_usd, each_s,
        beaten, result.note if result else "",
    )  # fmt: skip


def majority(lesson: Lesson, ours: Sequence[Answers | None] = (), luck: float = 0.0) -> Baseline:
    """The score of always naming the most common class."""
    most_common = max(lesson.rows.classes, key=Counter(lesson.rows.labels).__getitem__)
    named = [most_common] * len(lesson.tests)
    points = score_of(lesson.metric, lesson.tests.labels, named)
    interval = score_interval(lesson.metric, lesson.tests.labels, named)
    always = Answers(tuple(named), row_scores(lesson.metric, lesson.tests.labels, named))
    return Baseline("majority", points, len(lesson.tests), interval, 0.0, 0.0, _beaten(lesson, ours, luck, always))


def top_runs(conductor: Conductor) -> list[Run]:
    """The ladder's good runs at the largest size that has one."""
    good = conductor.good()
    most = max((run.n for run in good), default=0)
    return [run for run in good if run.n == most]


def _luck(conductor: Conductor) -> float:
    """How far scores differ from draw to draw, at the largest size that was drawn more than once."""
    by_size: dict[int, list[float]] = {}
    for run in conductor.good():
        by_size.setdefault(run.n, []).append(run.score)
    several = [scores for _, scores in sorted(by_size.items()) if len(scores) > 1]
    return stdev(several[-1]) if several else 0.0


def _beaten(lesson: Lesson, ours: Sequence[Answers | None], luck: float, other: Answers | None) -> float | None:
    """The chance that the pilot's runs at the largest size score higher, over test rows and draws alike.

    P = Phi(d / sqrt(s^2 + luck^2 / draws)),   d and s: mean and spread of the paired bootstrap's difference
    """
    labels, kept, others = lesson.tests.labels, _of_all_tests(lesson, ours), _of_all_tests(lesson, [other])
    if not kept or not others or lesson.metric not in METRICS:
        return None
    pairs = [paired(lesson.metric, labels, each.predictions, others[0].predictions).difference for each in kept]
    middle = sum(pair.mid for pair in pairs) / len(pairs)
    wide = sum(pair.high - pair.low for pair in pairs) / len(pairs) / (2 * Z80)
    doubt = math.sqrt(wide**2 + luck**2 / len(kept))
    return 0.5 if doubt == middle == 0 else NormalDist().cdf(middle / max(doubt, 1e-9))


def _of_all_tests(lesson: Lesson, answers: Sequence[Answers | None]) -> list[Answers]:
    return [each for each in answers if each is not None and len(each.predictions) == len(lesson.tests)]


def rival_notes(conductor: Conductor, baselines: Sequence[Baseline], metric: str) -> list[str]:
    """What a reader should know before paying for a fine-tune: which rivals failed or are not clearly beaten."""
    ran = [(step.name, conductor.runs[step.key]) for step in conductor.rivals if step.key in conductor.runs]
    notes = [f"{name} failed: {run.failed}" for name, run in ran if run.failed]
    tops = top_runs(conductor)
    for rival in baselines:
        if tops and rival.beaten is not None and rival.beaten < CLEAR:
            mean = sum(run.score for run in tops) / len(tops)
            words = f"{metric} {score(mean)} against {score(rival.score)}, higher with {share(rival.beaten)} chance"
            beaten = f"the largest runs do not beat {rival.name} by more than noise ({words})"
            notes.append(f"{beaten}: the cheaper method may be enough")
    return notes
