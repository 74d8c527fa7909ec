"""What a pilot works on, and what is wrong with it and with the settings, before anything runs."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from tunecase.data.reading import Table, looks_like_classes
from tunecase.errors import Problem, refuse_any
from tunecase.pilot.examples import Examples
from tunecase.pilot.ladder import usable
from tunecase.pilot.scoring.code import untested
from tunecase.pilot.scoring.promise import Costs
from tunecase.pilot.scoring.score import Kind
from tunecase.pilot.steps import Lesson, School
from tunecase.quantities import count, counted
from tunecase.records import ModelKind, PilotSettings

LEAST_ROWS = 10
ELSEWHERE = "choose another trainer (lora learns all kinds), or forecast from points of runs made elsewhere"
# Fewer rows than this may hold classes that have not been seen twice yet.
CLASSES_SHOW_AT_ROWS = 30

# For a kind of model and its name: why the project's constraints rule it out, in words; "" where they do not.
Struck = Callable[[ModelKind, str], str]


def nothing_struck(kind: ModelKind, model: str) -> str:
    """No reason: there are no constraints."""
    return ""


@dataclass(frozen=True)
class Material:
    """What a pilot works on: the rows, and what is to be learnt from them.

    Args:
        train, test: all rows; blank ones are skipped. Without a test set no pilot can be run.
        metric: one that the trainer can score.
        direction: the better one, "higher" or "lower".
        kind: what is learnt: classes, JSON (extraction) or free text (generation).
        drop_rows: numbers of training rows to leave out (repeats, leaks into the test set, wrong labels).
        candidates: models that the project considers; any other model stands in for them. Empty: none does.
        models: all models that the project lists, encoders and hosted ones among them.
        target: the score wanted, which lets an adaptive pilot stop when its chance is settled.
        far: the size that matters [rows]; None: 8 times the largest rung.
        documents: a file or folder of texts that hold facts which the answers need; "" for none.
        costs: of a wrong answer and of a person's; None where one of them has no price.
        struck: why the project's constraints rule out a model of a kind, by its name; "" where they do not.
        design: design effect of test rows that hang together, for what is promised; 1 where none do.
    """

    train: Table
    test: Table | None
    metric: str
    direction: str
    kind: Kind = "classification"
    drop_rows: Collection[int] = ()
    candidates: Collection[str] = ()
    models: Sequence[str] = ()
    target: float | None = None
    far: int | None = None
    documents: str = ""
    costs: Costs | None = None
    design: float = 1.0
    struck: Struck = nothing_struck

    @cached_property
    def rows(self) -> Examples:
        """The training rows that can be used."""
        return usable(self.train, self.drop_rows)

    @cached_property
    def tests(self) -> Examples:
        """The test rows that can be used."""
        return usable(self.test) if self.test is not None else Examples((), ())


def lacks_of(lesson: Lesson) -> str:
    """What the data lack for a pilot, in words; empty when nothing."""
    rows = lesson.rows
    if not lesson.tests:
        return "no usable test row: a pilot needs a held-out test set with outputs"
    if len(rows) < LEAST_ROWS:
        return f"{counted(len(rows), 'usable training row')}: a pilot needs at least {LEAST_ROWS}"
    if lesson.kind != "classification":
        return ""
    if len(rows.classes) == 1:
        return f"all {count(len(rows))} usable training rows have the same output: a pilot needs at least 2 classes"
    if len(rows) < CLASSES_SHOW_AT_ROWS and not looks_like_classes(rows.labels):
        seen = f"{count(len(rows))} usable training rows with {len(rows.classes)} different outputs"
        return f"{seen}: a pilot needs at least 3 rows per class"
    return ""


def check(settings: PilotSettings, school: School, lesson: Lesson, lacks: str) -> None:
    """Refuses what cannot be run; sizes and classes are not checked where the data lack something.

    Raises: InputError with every mistake in the task, the ladder, the caps and the search.
    """
    problems = _task_problems(school, lesson)
    if settings.draws is not None and settings.draws < 1:
        problems.append(
            Problem("pilot: draws", str(settings.draws), "a whole number >= 1", "leave it out for the default")
        )
    if not lacks:
        problems += _row_problems(settings.sizes or (), school, lesson)
    problems += _cap_problems(settings) + _search_problems(settings.tune, school)
    refuse_any(problems)


def _task_problems(school: School, lesson: Lesson) -> list[Problem]:
    """Mistakes in what the trainer is to learn."""
    module, problems = school.module, []
    if lesson.metric not in module.METRICS:
        wanted = f"one that {school.name} can score: {', '.join(module.METRICS)}"
        fix = "choose one of them for the pilot (problem.metric)"
        problems.append(Problem("pilot: metric", lesson.metric, wanted, fix))
    elif lesson.direction != module.METRICS[lesson.metric]:
        better = module.METRICS[lesson.metric]
        fix = f"correct it: {lesson.metric} is better when it is {better}"
        problems.append(Problem("pilot: direction", repr(lesson.direction), repr(better), fix))
    if lesson.kind not in module.KINDS:
        wanted = f"what {school.name} can learn: {', '.join(module.KINDS)}"
        problems.append(Problem("pilot: kind", lesson.kind, wanted, ELSEWHERE))
    return problems + untested(lesson.metric, lesson.tests.labels)


def _row_problems(sizes: Sequence[int], school: School, lesson: Lesson) -> list[Problem]:
    """Sizes that the rows do not reach, and outputs that are not classes."""
    rows, problems = lesson.rows, []
    wrong = [n for n in sizes if not 1 <= n <= len(rows)]
    if wrong:
        fix = "leave sizes out for a ladder up to all usable rows"
        wanted = f"1 to {count(len(rows))} usable rows"
        problems.append(Problem("pilot: sizes", ", ".join(map(str, wrong)), wanted, fix))
    if lesson.kind == "classification" and not looks_like_classes(rows.labels):
        problems.append(_no_classes(school, rows))
    return problems


def _no_classes(school: School, rows: Examples) -> Problem:
    got = f"{count(len(rows.classes))} different outputs in {count(len(rows))} usable training rows, not classes"
    if school.module.KINDS == ("classification",):
        fix = "name the column that holds the class (data.output), or forecast from points of runs made elsewhere"
        return Problem("pilot: trainer", got, f"classes, which are all that {school.name} can learn", fix)
    return Problem("pilot: kind", got, "classes, where the kind is classification", "choose extraction or generation")


def _cap_problems(settings: PilotSettings) -> list[Problem]:
    """Mistakes in what the pilot may cost."""
    problems = []
    if settings.max_usd is not None and settings.usd_per_hour is None:
        fix = "state the price of this machine's hour, 0 where it is free"
        got = f"{settings.max_usd:g} without the price of an hour"
        problems.append(Problem("pilot: max_usd", got, "the price of an hour beside it", fix))
    for name in ("max_usd", "max_minutes", "usd_per_hour"):
        value = getattr(settings, name)
        if value is not None and not 0 <= value < float("inf"):
            problems.append(Problem(f"pilot: {name}", f"{value:g}", "a number >= 0", "correct it, or leave it out"))
    return problems


def _search_problems(tune: int, school: School) -> list[Problem]:
    if tune < 0 or tune == 1:
        wanted = "0, or at least 2 settings to compare"
        return [Problem("pilot: tune", str(tune), wanted, "leave it out, or say 4")]
    if tune > 1 and not school.module.SEARCH:
        wanted = f"a trainer with settings to search; {school.name} has none"
        return [Problem("pilot: tune", str(tune), wanted, "search with --trainer lora, trl or command")]
    return []
