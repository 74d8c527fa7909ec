"""What needs no fine-tune, on the same test rows as the pilot: the scores that the best run has to beat."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist, stdev

from tunecase import catalog
from tunecase.errors import InputError, TunecaseError
from tunecase.pilot.answers import Answers
from tunecase.pilot.conduct import Conductor
from tunecase.pilot.examples import Examples
from tunecase.pilot.scoring.score import METRICS, paired, row_scores, score_interval, score_of
from tunecase.pilot.steps import BILLED, KINDS, Lesson, School, Step, foreseen, step_of
from tunecase.pilot.trainers.task import Setting
from tunecase.quantities import Z80, one_line, score, share
from tunecase.records import NOT_ASKED, Baseline, ModelKind, Run

PROBE, NEAREST = "probe", "nearest"
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
        top_rows: rows of the ladder's largest rung, which the floor learns from and examples are shown from.
        find: gives the School for a trainer's name.
        hosted: settings of each hosted model, by its name.
    """
    subset = lesson.rows.only(lesson.order(0)[:top_rows])
    steps, notes = [], []
    probe = find(PROBE)
    classes = bool(lesson.classes) and lesson.metric in probe.module.METRICS
    floor = probe if classes else find(NEAREST) if lesson.kind != "classification" else None
    if floor is not None and school.name != floor.name and lesson.metric in floor.module.METRICS:
        steps.append(step_of(lesson, floor.settled(top_rows), subset, 0, "baseline", floor.name))
    steps += _untrained(lesson, school, subset, "")
    for model, own in hosted.items():
        try:
            other = replace(find(asked_by(model, own)), model=model, chosen=own)
            lacks = other.module.missing(model)
            if lacks:
                notes.append(f"{model}{NOT_ASKED}{lacks}")
            else:
                asked = _untrained(lesson, other, subset, f"{model} ")
                for step in asked:
                    foreseen(step)  # says now what cannot be asked
                steps += asked
        except TunecaseError as error:
            notes.append(f"{model}{NOT_ASKED}{_reason(error)}")
    return steps, notes


def untrained(lesson: Lesson, school: School, rungs: Sequence[int]) -> list[Step]:
    """What a learner scores without training, with the rows of its largest rung to show; named after its model."""
    subset = lesson.rows.only(lesson.order(0)[: max(rungs)])
    prefix = "" if school.model == school.module.MODEL else f"{school.model} "
    return _untrained(lesson, school, subset, prefix)


def _reason(error: TunecaseError) -> str:
    """An error as words of one note."""
    if isinstance(error, InputError):
        return "; ".join(f"{one.got}, wanted {one.wanted}: {one.fix}" for one in error.problems)
    return one_line(str(error))


def asked_by(model: str, own: Mapping[str, Setting]) -> str:
    """The trainer that asks a model: "decision" where the tables or the settings say so, else "hosted"."""
    return "decision" if "api" in own or catalog.model_kind(model) == "decision" else "hosted"


def _untrained(lesson: Lesson, school: School, subset: Examples, prefix: str) -> list[Step]:
    more = getattr(school.module, "WITH_DOCUMENTS", {}) if school.chosen.get("documents") else {}
    return [
        step_of(lesson, school.settled(len(subset), own), subset, 0, "baseline", f"{prefix}{name}")
        for name, own in {**school.module.BASELINES, **more}.items()
    ]


def baselines_of(conductor: Conductor, lesson: Lesson, others: Sequence[Conductor] = ()) -> tuple[Baseline, ...]:
    """The record of each rival that was measured, the commonest answer first, then those of other learners' ladders.

    They are compared with all good runs of the largest size of the pilot's own learner, not with the luckiest.
    """
    ours, luck = [conductor.answers(run.key) for run in top_runs(conductor)], luck_of_draws(conductor)
    first = [majority(lesson, ours, luck)] if lesson.metric in METRICS else []
    ladders = (conductor, *others)
    ran = [(each, step, each.runs[step.key]) for each in ladders for step in each.rivals if step.key in each.runs]
    rest = [
        replace(
            _baseline(each, step, run, _beaten(lesson, ours, luck, each.answers(step.key))),
            promise=each.question.promise(each.answers(step.key), lesson.tests.labels),
        )
        for each, step, run in ran
        if not run.failed
    ]
    return (*first, *rest)


def _baseline(conductor: Conductor, step: Step, run: Run, beaten: float | None) -> Baseline:
    result = conductor.results.get(step.key)
    each_s = 1 / run.answers_per_s if run.answers_per_s else run.seconds / max(1, run.test_rows)
    # A hosted model has prices of its own; this machine's hour is not what its answers cost.
    hosted, rate = step.task.trainer in BILLED, conductor.settings.usd_per_hour
    each_usd = None
    if hosted and run.usd is not None:
        each_usd = run.usd / max(1, run.test_rows)
    elif not hosted and rate is not None:
        each_usd = each_s / 3600 * rate
    return Baseline(
        step.name, run.score, run.test_rows, run.interval, None if each_usd is None else 1000 * each_usd, each_s,
        beaten, result.note if result else "", kind_of(step), disclosed=run.disclosed,
    )  # fmt: skip


def kind_of(step: Step) -> ModelKind:
    """What gives the answers of a step."""
    chosen = step.task.settings
    if chosen.get("searched") or chosen.get("head") == "nearest":
        return "search"
    return KINDS.get(step.task.trainer, "")


def majority(lesson: Lesson, ours: Sequence[Answers | None] = (), luck: float = 0.0) -> Baseline:
    """The score of always giving the commonest answer, such as an empty object: what a model must beat anywhere."""
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


def luck_of_draws(conductor: Conductor) -> float:
    """How far scores differ from draw to draw, at the largest size that was drawn more than once."""
    by_size: dict[int, list[float]] = {}
    for run in conductor.good():
        by_size.setdefault(run.n, []).append(run.score)
    several = [scores for _, scores in sorted(by_size.items()) if len(scores) > 1]
    return stdev(several[-1]) if several else 0.0


def _beaten(lesson: Lesson, ours: Sequence[Answers | None], luck: float, other: Answers | None) -> float | None:
    """The chance that the pilot's runs at the largest size score higher, over test rows and draws alike."""
    ahead = lead(lesson, ours, [other], luck**2 / max(1, len(ours)))
    return None if ahead is None else ahead.chance


@dataclass(frozen=True, slots=True)
class Lead:
    """By how much one learner scores higher than another, with the spread that fresh rows and draws would give it."""

    middle: float
    spread: float

    @property
    def chance(self) -> float:
        """The chance that it scores higher at all: Phi(middle / spread)."""
        return 0.5 if self.spread == self.middle == 0 else NormalDist().cdf(self.middle / max(self.spread, 1e-9))


def lead(lesson: Lesson, ours: Sequence[Answers | None], others: Sequence[Answers | None], luck: float) -> Lead | None:
    """The difference of two learners' scores on the test rows; None without answers of both to every row.

        middle = mean of d,   spread = sqrt((mean of s)^2 + luck)

    Args:
        ours, others: answers of their runs; one's first run is paired with the other's first, and so on, in turn.
        luck: variance of the difference between draws, that of the means.
    """
    kept, rest = _of_all_tests(lesson, ours), _of_all_tests(lesson, others)
    if not kept or not rest or lesson.metric not in METRICS:
        return None
    pairs = [
        paired(
            lesson.metric, lesson.tests.labels, kept[at % len(kept)].predictions, rest[at % len(rest)].predictions
        ).difference
        for at in range(max(len(kept), len(rest)))
    ]  # fmt: skip
    middle = sum(pair.mid for pair in pairs) / len(pairs)
    wide = sum(pair.high - pair.low for pair in pairs) / len(pairs) / (2 * Z80)
    return Lead(middle, math.sqrt(wide**2 + luck))


def _of_all_tests(lesson: Lesson, answers: Sequence[Answers | None]) -> list[Answers]:
    return [each for each in answers if each is not None and len(each.predictions) == len(lesson.tests)]


def rival_notes(conductor: Conductor, baselines: Sequence[Baseline], metric: str) -> list[str]:
    """What a reader should know before paying for a fine-tune: which rivals failed or are not clearly beaten."""
    ran = [(step.name, conductor.runs[step.key]) for step in conductor.rivals if step.key in conductor.runs]
    notes = [f"{name} failed: {run.failed}{_spared_words(conductor, name)}" for name, run in ran if run.failed]
    tops = top_runs(conductor)
    mean = sum(run.score for run in tops) / max(1, len(tops))
    close = [(rival, rival.beaten) for rival in baselines if rival.beaten is not None and rival.beaten < CLEAR]
    return notes + [_not_beaten(rival, beaten, mean, metric) for rival, beaten in close if tops]


def _not_beaten(rival: Baseline, beaten: float, mean: float, metric: str) -> str:
    """That the pilot's largest runs are no better than a rival, or that the rival is better than they are."""
    name = rival.kind if rival.kind == "n-grams" else rival.name
    scores = f"{metric} {score(mean)} against {score(rival.score)}"
    if beaten < 1 - CLEAR:
        return f"{name}, which needs no fine-tune, is better than the largest runs ({scores})"
    words = f"{scores}, higher with {share(beaten)} chance"
    return f"the largest runs do not beat {name} by more than noise ({words}): the cheaper method may be enough"


def _spared_words(conductor: Conductor, failed: str) -> str:
    """Which prompts were not asked after this one failed for a reason that none of them could escape."""
    others = next((names[1:] for names in conductor.spared.values() if names[0] == failed), [])
    return f"; not asked after that, since it would fail too: {' and '.join(others)}" if others else ""
