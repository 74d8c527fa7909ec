"""What a pilot is asked, checked before anything runs: the data, the trainer, the sizes, the caps."""

from collections.abc import Sequence

from tunecase.data.reading import looks_like_classes
from tunecase.errors import InputError, Problem
from tunecase.pilot.ladder import Examples
from tunecase.pilot.steps import Lesson, School
from tunecase.quantities import count, counted

LEAST_ROWS = 10
ELSEWHERE = "choose another trainer (lora learns all kinds), or forecast from points of runs made elsewhere"
# Fewer rows than this may hold classes that have not been seen twice yet.
CLASSES_SHOW_AT_ROWS = 30


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


def problems_of(school: School, lesson: Lesson, draws: int, sizes: Sequence[int] | None, lacks: bool) -> list[Problem]:
    """Mistakes in what the trainer is asked to learn and in the ladder; sizes are not checked where data lack."""
    module, rows, found = school.module, lesson.rows, []
    if lesson.metric not in module.METRICS:
        wanted = f"one that {school.name} can score: {', '.join(module.METRICS)}"
        fix = "choose one of them for the pilot (problem.metric)"
        found.append(Problem("pilot: metric", lesson.metric, wanted, fix))
    elif lesson.direction != module.METRICS[lesson.metric]:
        wanted = repr(module.METRICS[lesson.metric])
        found.append(Problem("pilot: direction", repr(lesson.direction), wanted, f"{lesson.metric} is so defined"))
    if lesson.kind not in module.KINDS:
        wanted = f"what {school.name} can learn: {', '.join(module.KINDS)}"
        found.append(Problem("pilot: kind", lesson.kind, wanted, ELSEWHERE))
    if draws < 1:
        found.append(Problem("pilot: draws", str(draws), "a whole number >= 1", "leave it out for the default"))
    if lacks:
        return found
    wrong = [n for n in sizes or () if not 1 <= n <= len(rows)]
    if wrong:
        fix = "leave sizes out for a ladder up to all usable rows"
        found.append(Problem("pilot: sizes", ", ".join(map(str, wrong)), f"1 to {count(len(rows))} usable rows", fix))
    if lesson.kind == "classification" and not looks_like_classes(rows.labels):
        found.append(_no_classes(school, rows))
    return found


def _no_classes(school: School, rows: Examples) -> Problem:
    got = f"{count(len(rows.classes))} different outputs in {count(len(rows))} usable training rows: no classes"
    if school.module.KINDS == ("classification",):
        fix = "name the column that holds the class (data.output), or forecast from points of runs made elsewhere"
        return Problem("pilot: trainer", got, f"classes, which are all that {school.name} can learn", fix)
    return Problem("pilot: kind", got, "classes, where the kind is classification", "say extraction or generation")


def cap_problems(
    max_usd: float | None,
    usd_per_hour: float | None,
    tune: int,
    max_minutes: float | None,
    school: School,
) -> list[Problem]:
    """Mistakes in what the pilot may cost and in the search."""
    found = []
    if max_usd is not None and usd_per_hour is None:
        fix = "state the price of this machine's hour, 0 where it is free"
        found.append(Problem("pilot: max_usd", f"{max_usd:g} without a price of an hour", "a price to count with", fix))
    for name, value in (("max_usd", max_usd), ("max_minutes", max_minutes), ("usd_per_hour", usd_per_hour)):
        if value is not None and not 0 <= value < float("inf"):
            found.append(Problem(f"pilot: {name}", f"{value:g}", "a number >= 0", "correct it, or leave it out"))
    if tune < 0 or tune == 1:
        found.append(
            Problem("pilot: tune", str(tune), "0, or at least 2 settings to compare", "leave it out, or say 4")
        )
    if tune > 1 and not school.module.SEARCH:
        fix = "search with --trainer lora, trl or command"
        found.append(
            Problem("pilot: tune", str(tune), f"a trainer with settings to search; {school.name} has none", fix)
        )
    return found


def refuse(*problems: Sequence[Problem]) -> None:
    """Raises one InputError with all problems, if there are any."""
    if any(problems):
        raise InputError([problem for part in problems for problem in part])
