"""Tries the rows of a source: small runs on rows at hand with and without them, all scored on the same test rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tunecase.data import normalise
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.pilot.conduct import Conductor, Journal
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import deal
from tunecase.pilot.plan import PilotPlan, plan_of
from tunecase.pilot.schedule import FAR, Question
from tunecase.pilot.settings import Material, check, lacks_of
from tunecase.pilot.steps import Lesson, School, Step, step_of
from tunecase.pilot.trial import own_trainer, school_of, settled
from tunecase.pilot.worth import MeasuredWorth, Scored, worth_of_rows
from tunecase.quantities import Floats, Rng, counted, generator, np
from tunecase.records import PilotSettings, SourceTrial

LEAST_ROWS = 50  # of the source, and at hand beside it
LIGHT_DRAWS, HEAVY_DRAWS = 12, 3
PART = 0.75  # of the rows that one draw takes, so that draws differ as other rows would
LIGHT_PARTS, HEAVY_PARTS = (0.0, 0.33, 0.67, 1.0), (0.0, 0.5, 1.0)  # of the added rows, taken from those at hand


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Rows of a source to be tried: its name in the project file, the file's name, and the usable rows."""

    source: str
    file: str
    rows: Examples


@dataclass(frozen=True, slots=True)
class _Trial:
    """The steps of a trial with what each trains on: (draw, rows at hand, rows of the source)."""

    steps: tuple[Step, ...]
    made_of: tuple[tuple[int, int, int], ...]
    base: int
    added: int


def try_source(
    material: Material,
    tried: SourceRows,
    settings: PilotSettings | None = None,
    journal: Journal | None = None,
    ask: Callable[[PilotPlan], bool | None] | None = None,
) -> SourceTrial:
    """What a row of a source is worth, in rows at hand.

    k rows of the source join as many rows at hand; beside them stand runs on those rows at hand alone, and with up to k
    more rows at hand. k is three quarters of the source's rows, or of half of those at hand where they are fewer: the
    step is a doubling, as the plan's steps are. Rows that copy a test row, or whose label nobody at hand has, are left
    out. A row that copies one at hand is worth nothing, which lowers the worth of all: only some of the rows at hand
    stand beside it in a run, so that a run would take it for new. Rewritten copies are not seen, and flatter.

    Args:
        material: the rows at hand and the test set, as for a pilot.
        tried: rows of the source.
        settings: trainer, model, draws, caps; how to run it.
        journal: earlier runs, and who is told of new ones.
        ask: called with the plan before the first run; False ends the trial there.
    Returns: the record; see `worth_of_rows` for the arithmetic.
    Raises: InputError for too few rows, a metric without a score for each row, or what a pilot cannot run; with the
        reason where too few runs ended well.
    """
    settings = settings or PilotSettings()
    school = school_of(own_trainer(settings, material), settings.model, settings.settings)
    draws = settings.draws or (HEAVY_DRAWS if school.module.HEAVY else LIGHT_DRAWS)
    settings = settled(replace(settings, draws=draws, adaptive=False), school.module.HEAVY)
    lesson = Lesson(
        material.rows, material.tests, material.kind, material.metric, material.direction, settings.seed or 0
    )
    check(settings, school, lesson, lacks_of(lesson))
    fit, copies, notes = _fitting(lesson, tried.rows)
    refuse_any(_too_few(lesson, fit, tried))
    trial = _laid_out(lesson, school, fit, draws)
    conductor = _conductor(trial, lesson, school, settings, journal or Journal())
    if ask is not None and ask(plan_of(conductor, school, tuple(sorted({step.n for step in trial.steps})))) is False:
        raise InputError(Problem("pilot --source", "the plan was declined", "a trial to be run", "answer yes"))
    conductor.conduct()
    scored = _scored(conductor, trial)
    measured = _measured(scored, conductor, lesson.seed).times(len(fit) / (len(fit) + copies))
    runs = conductor.made(trial.steps)
    return SourceTrial(
        source=tried.source, file=tried.file, trainer=school.name, model=school.model, metric=lesson.metric,
        base=trial.base, added=trial.added, source_rows=len(tried.rows), draws=draws, worth=measured.worth,
        harms=measured.harms, tells=measured.tells, errors=_means(scored),
        error_with=_mean([each for each in scored if each.added]), test_rows=len(lesson.tests), runs=tuple(runs),
        seconds=conductor.spent_s, notes=(*notes, *([conductor.stopped] if conductor.stopped else [])),
    )  # fmt: skip


def _fitting(lesson: Lesson, rows: Examples) -> tuple[Examples, int, list[str]]:
    """The rows of the source that can be tried, how many copy rows at hand, and what was left out, in words."""
    tests, held = ({normalise(text) for text in part.texts} for part in (lesson.tests, lesson.rows))
    classes, texts = set(lesson.classes), [normalise(text) for text in rows.texts]
    leaks = {at for at, text in enumerate(texts) if text in tests}
    strange = {at for at, label in enumerate(rows.labels) if classes and label not in classes} - leaks
    copies = {at for at, text in enumerate(texts) if text in held} - leaks - strange
    reasons = (
        (leaks, "the test file has them"), (strange, "no row at hand has their label"),
        (copies, "they copy rows at hand, and are counted as worth nothing"),
    )  # fmt: skip
    notes = [f"{counted(len(some), 'row')} of the source left out: {why}" for some, why in reasons if some]
    left_out = leaks | strange | copies
    return rows.only([at for at in range(len(rows)) if at not in left_out]), len(copies), notes


def _too_few(lesson: Lesson, fit: Examples, tried: SourceRows) -> Iterator[Problem]:
    if len(fit) < LEAST_ROWS:
        got = f"{counted(len(fit), 'row')} that can be tried of {len(tried.rows)}"
        yield Problem(f"--rows {tried.file}", got, f"{LEAST_ROWS} rows or more, better a few hundred", "add rows")
    if len(lesson.rows) < 2 * LEAST_ROWS:
        got = counted(len(lesson.rows), "usable training row")
        yield Problem("pilot --source", got, f"{2 * LEAST_ROWS} rows at hand or more", "label more rows first")


def _laid_out(lesson: Lesson, school: School, fit: Examples, draws: int) -> _Trial:
    """All runs of the trial: in each draw the rows at hand are nested, and the rows of the source drawn afresh."""
    added = round(PART * min(len(fit), len(lesson.rows) // 2))
    base = added
    school = school.settled(base + added)
    steps: list[Step] = []
    made_of: list[tuple[int, int, int]] = []
    for draw in range(draws):
        order = lesson.order(draw)
        for part in HEAVY_PARTS if school.module.HEAVY else LIGHT_PARTS:
            n = base + round(part * added)
            steps.append(step_of(lesson, school, lesson.rows.only(order[:n]), draw))
            made_of.append((draw, n, 0))
        luck = generator(lesson.seed, f"source draw {draw}")
        picked = fit.only(deal(fit.labels if lesson.classes else [""] * len(fit), luck)[:added])
        mixed = _shuffled(lesson.rows.only(order[:base]), picked, luck)
        steps.append(step_of(lesson, school, mixed, draw))
        made_of.append((draw, base, added))
    return _Trial(tuple(steps), tuple(made_of), base, added)


def _shuffled(own: Examples, added: Examples, luck: "Rng") -> Examples:
    """Rows at hand and rows of the source in one order, so that neither comes last in training."""
    both = Examples((*own.texts, *added.texts), (*own.labels, *added.labels))
    return both.only(luck.permutation(len(both)).tolist())


def _conductor(
    trial: _Trial, lesson: Lesson, school: School, settings: PilotSettings, journal: Journal
) -> Conductor:  # fmt: skip
    far = FAR * (trial.base + trial.added)
    question = Question(lesson.metric, lesson.direction, far, len(lesson.tests), seed=lesson.seed)
    return Conductor(trial.steps, [], settings, question, school.module.HEAVY, journal)


def _scored(conductor: Conductor, trial: _Trial) -> list[Scored]:
    scored = []
    for step, (draw, own, added) in zip(trial.steps, trial.made_of, strict=True):
        run, answers = conductor.runs.get(step.key), conductor.answers(step.key)
        if run is not None and not run.failed and run.converged and answers is not None:
            scored.append(Scored(draw, own, added, 1 - np.asarray(answers.row_scores)))
    return scored


def _measured(scored: Sequence[Scored], conductor: Conductor, seed: int) -> MeasuredWorth:
    """Measures the worth, with draws that have all their runs only. Raises: InputError where there is none."""
    sizes = {each.own for each in scored if not each.added}
    runs = len(sizes) + 1
    whole = [each for each in scored if sum(other.draw == each.draw for other in scored) == runs]
    if len({each.draw for each in whole}) < 2 or len(sizes) < 2:
        failed = next((run.failed for run in conductor.runs.values() if run.failed), "")
        got = failed or conductor.stopped or "no score for each test row"
        fix = "mend what failed, allow more time, or choose a trainer that scores each row"
        raise InputError(Problem("pilot --source", got, "two draws whose runs all end well", fix))
    return worth_of_rows(whole, seed)


def _means(scored: Sequence[Scored]) -> tuple[tuple[int, float], ...]:
    alone = [each for each in scored if not each.added]
    return tuple((n, _mean([each for each in alone if each.own == n])) for n in sorted({each.own for each in alone}))


def _mean(scored: Sequence[Scored]) -> float:
    means: list[Floats] = [each.errors.mean() for each in scored]
    return float(sum(means) / len(means)) if means else float("nan")
