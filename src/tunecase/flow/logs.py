"""Scores that the project file takes from logs: each read, its field filled, and pairs of logs compared."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase import catalog
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.quantities import LEAST_TEST_ROWS, Interval80
from tunecase.records import EvalLog, EvalPair

if TYPE_CHECKING:
    from tunecase.data.reading import Table
    from tunecase.evals import Log
    from tunecase.project import Project, ScoreLog


MOST_FILES = 10_000


@dataclass(frozen=True)
class Logs:
    """The logs that a project file names, by the field that each fills, such as `problem.baseline`."""

    read: "Mapping[str, Log]" = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """What tells these logs from any others; empty without logs."""
        told = [
            (name, log.place, log.metric, log.filter, log.direction, log.aggregate, log.aggregate_items,
             sorted(log.scores.items()))
            for name, log in self.read.items()
        ]  # fmt: skip
        return hashlib.sha256(repr(told).encode("utf-8", "replace")).hexdigest() if told else ""

    def told(self, test: "Table | None") -> dict[str, EvalLog]:
        """What each log says, and whether its items are rows of the test file."""
        from tunecase.evals import LEAST_MATCHED, share_among
        from tunecase.problem import scored

        texts = [] if test is None else [row.input for row in test.rows]
        found = {}
        for name, log in self.read.items():
            found[name] = scored(log)
            if texts and log.texts:
                is_test = share_among(log, texts) >= LEAST_MATCHED
                found[name] = replace(found[name], on="test" if is_test else "elsewhere")
        return found

    @cached_property
    def pairs(self) -> dict[tuple[str, str], EvalPair]:
        """Every two logs that can be compared, by their fields."""
        from tunecase.problem import compared

        found = {}
        for first, second in combinations(self.read, 2):
            with contextlib.suppress(InputError):  # of other items, or of another metric
                found[first, second] = compared(self.read[first], self.read[second])
        return found

    def lost(self, told: Mapping[str, EvalLog]) -> tuple[Interval80, str] | None:
        """The share of items that the better of two models loses, by the pair of logs with the most items, in words.

        None without two logs of the same items, and for fewer than 100 of them. Logs of other rows than the test's do
        not count.

        Args:
            told: as from `told`.
        """
        best: tuple[int, Interval80, str] | None = None
        for names, pair in self.pairs.items():
            if pair.lost_share is None or any(told[name].on == "elsewhere" for name in names):
                continue
            if pair.items >= max(LEAST_TEST_ROWS, best[0] if best else 0):
                first, second = (told[name].place for name in names)
                best = pair.items, pair.lost_share, f"{pair.items:,} items of {first} and {second}"
        return None if best is None else best[1:]


def named_logs(project: "Project") -> "Iterator[tuple[str, ScoreLog]]":
    """Every log that a project file names, with the field that it fills."""
    if project.problem.baseline_log is not None:
        yield "problem.baseline", project.problem.baseline_log
    for name in type(project.alternatives).model_fields:
        log = getattr(project.alternatives, name).score_log
        if log is not None:
            yield f"alternatives.{name}.score", log


def with_scores(project: "Project", path: Path) -> "tuple[Project, Logs]":
    """A project with the scores of its logs in their fields, and the logs.

    Raises: InputError with the mistakes of every log, each at its field: one that cannot be read, one of another metric
        than the project's without that being said, and a score that could not be typed there.
    """
    from tunecase.project import score_conflicts

    read, problems = {}, list[Problem]()
    for name, named in named_logs(project):
        where = f"{path.name}: {name}_log"
        try:
            log = _read(path.parent, named)
        except InputError as error:
            problems += [Problem(f"{where}: {one.where}", one.got, one.wanted, one.fix) for one in error.problems]
            continue
        if (problem := _unfit(where, log, project, named)) is not None:
            problems.append(problem)
        read[name] = log
    refuse_any(problems)
    for name, log in read.items():
        assert log.score is not None  # else unfit
        project = _filled(project, name, round(log.score, 12))
    if read and (problems := list(score_conflicts(project, path, catalog.names()))):
        raise InputError([_of_log(path, one, read) for one in problems])
    return project, Logs(read)


def _of_log(path: Path, problem: Problem, read: "Mapping[str, Log]") -> Problem:
    """The mistake of a score at the field of the log that it was taken from; another one at its own."""
    where = f"{path.name}: {problem.where}"
    if problem.where not in read:
        return replace(problem, where=where)
    return Problem(f"{where}_log", f"a score of {problem.got}", problem.wanted, "name another log")


def _unfit(where: str, log: "Log", project: "Project", named: "ScoreLog") -> Problem | None:
    """Why a log's score is none in the project's metric, where that is so."""
    problem = project.problem
    metric = next((one for one in catalog.metrics() if one.name == (problem.metric or "").casefold()), None)
    direction = problem.direction or (metric.direction if metric else None)
    counts_right = metric is not None and metric.binomial
    name, fix = problem.metric or "the metric", "name another log, or another `metric:` of this one"
    if log.score is None:
        return Problem(where, f"no score in {log.metric}", "a log with a score", "name another log, or write the score")
    if counts_right and not log.is_share:
        got = f"{log.metric} of {log.score:.4g}, which is no share of right answers"
        return Problem(where, got, f"{name}, which is one", fix)
    if direction is not None and direction != log.direction:
        return Problem(where, f"{log.metric}, which is better {log.direction}", f"a metric better {direction}", fix)
    if problem.metric is not None and named.metric is None and not _alike(log.metric, problem.metric, counts_right):
        got = f"{log.metric}, and problem.metric is {problem.metric}"
        said = f"if it is the same, say so: `{{file: {named.file}, metric: {log.metric}}}`; else name another log"
        return Problem(where, got, "a log of the project's metric", said)
    return None


def _alike(metric: str, wanted: str, counts_right: bool) -> bool:
    """Whether a tool's metric is the project's by its name: the same, or another name for a share of right answers."""
    from tunecase.evals import RIGHT

    names = [one.casefold().replace("-", "_") for one in (metric, wanted)]
    return names[0] == names[1] or (counts_right and names[0] in RIGHT)


def _read(folder: Path, named: "ScoreLog") -> "Log":
    place = folder / named.file
    return _once(place, named.file, named.metric or "", named.filter or "", named.task or "", _state(place))


@lru_cache(maxsize=16)
def _once(place: Path, shown: str, metric: str, chosen: str, task: str, state: object) -> "Log":
    """A log, read once in this process while its file stays as it is."""
    from tunecase.evals import Asked, read_log

    return read_log(place, Asked(metric, chosen, task), shown=shown)


def _state(place: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells the files of a log, as they are now, from what they were; a store may have its newest rows beside."""
    path = place.with_name(place.name.partition("::")[0])
    files = sorted(path.rglob("*"))[:MOST_FILES] if path.is_dir() else [path, path.with_name(f"{path.name}-wal")]
    states = []
    for file in files:
        with contextlib.suppress(OSError):
            now = file.stat()
            states.append((str(file), now.st_mtime_ns, now.st_size))
    return tuple(states)


def _filled(part: Any, name: str, score: float) -> Any:
    """The part of a project with a score in one of its fields, given with dots."""
    head, _, rest = name.partition(".")
    value = _filled(getattr(part, head), rest, score) if rest else score
    return part.model_copy(update={head: value})
