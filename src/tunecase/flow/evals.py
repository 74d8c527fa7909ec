"""evals from words as typed: reads one log or two, and says what they show."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.errors import Problem, refuse_any
from tunecase.quantities import counted
from tunecase.records import EvalLog, EvalPair, Evals

if TYPE_CHECKING:
    from tunecase.evals import Log


@dataclass(frozen=True, slots=True)
class EvalsAsked:
    """One or two logs as typed, and which of what they hold.

    `metric`, `filter` and `task` choose one of several in each log; `gain` is the gain to look for, such as 5%, several
    when left out; `fail_below` the score that the last log must reach, or must not exceed where lower is better.
    """

    logs: Sequence[str | Path]
    metric: str = ""
    filter: str = ""
    task: str = ""
    gain: str | float | None = None
    fail_below: str | float | None = None


def evals(request: EvalsAsked) -> Evals:
    """What a log says of a model, or two logs of two models on the same items; nothing is kept.

    Raises: InputError with every mistake of the words, else of the logs; MissingExtraError where a log needs a library
    that is not there.
    """
    from tunecase.evals import Asked, read_logs
    from tunecase.problem import GAINS, compared, items_for, scored

    gain, limit = _numbers(request)
    logs = read_logs(request.logs, Asked(request.metric, request.filter, request.task))
    pair = compared(*logs) if len(logs) == 2 else None
    records = tuple(map(scored, logs))
    lost = pair.lost_share if pair else None
    left = _left(records) if all(log.is_share for log in logs) else 0.0
    _refuse(request, records[-1], gain, limit, left)
    wanted = GAINS if gain is None else (gain,)
    gains = tuple(items_for(each, round(1 - left, 12), lost) for each in wanted if each <= left)
    return Evals(records, pair, gains, lost is not None, limit, tuple(_notes(logs, pair)))


def _numbers(request: EvalsAsked) -> tuple[float | None, float | None]:
    """The gain and the limit as numbers. Raises: InputError with every mistake."""
    from tunecase.project import read_score

    problems, numbers = [], list[float | None]()
    if not 1 <= len(request.logs) <= 2:
        got, fix = counted(len(request.logs), "log"), "compare two at a time"
        problems.append(Problem("evals", got, "one log, or two to compare", fix))
    for option, given in (("--gain", request.gain), ("--fail-below", request.fail_below)):
        try:
            numbers.append(None if given is None else read_score(given))
        except ValueError:
            problems.append(Problem(option, repr(given), "a score such as 0.05 or 5%", "write a number"))
            numbers.append(None)
    gain = numbers[0]
    if gain is not None and not 0 < gain <= 1:
        problems.append(Problem("--gain", repr(request.gain), "more than 0 and at most 100%", "write for example 5%"))
    refuse_any(problems)
    return gain, numbers[1]


def _left(records: "Sequence[EvalLog]") -> float:
    """The most that can be gained over the first log: a share has an end."""
    score = records[0].score
    if score is None:
        return 0.0
    return score if records[0].direction == "lower" else round(1 - score, 12)


def _refuse(request: EvalsAsked, last: EvalLog, gain: float | None, limit: float | None, left: float) -> None:
    """Raises InputError for a limit or a gain that no share can have."""
    problems = []
    if limit is not None and last.is_share and not 0 <= limit <= 1:
        fix = f"write {limit:g}%" if 1 < limit <= 100 else "write a score between 0 and 100%"
        problems.append(Problem("--fail-below", repr(request.fail_below), "a score of at most 100%", fix))
    if gain is not None and last.is_share and gain > left:
        wanted = f"at most {100 * left:.3g}%, which is left to gain"
        problems.append(Problem("--gain", repr(request.gain), wanted, "write a smaller gain, or leave it out"))
    refuse_any(problems)


def _notes(logs: "Sequence[Log]", pair: EvalPair | None) -> Iterator[str]:
    """What a reader should know of how the logs were read."""
    for log in logs:
        for note in log.notes:
            yield f"{log.place}: {note}"
        if log.repeated:
            yield f"{log.place}: {counted(log.repeated, 'line')} repeat an item, and the last of each counts"
        if not log.per_item:
            yield f"{log.place}: {log.metric} is a metric of the whole corpus, so no interval is told"
        if log.per_item and not log.is_share:
            yield f"{log.place}: scores are not between 0 and 1, so no test items are worked out"
    if pair and (pair.only_first or pair.only_second):
        left_out = f"{counted(pair.only_first, 'item')} only in the first and {pair.only_second:,} only in the second"
        yield f"left out: {left_out}"
    if pair and len({log.task for log in logs}) > 1:
        yield f"the tasks are called {logs[0].task} and {logs[1].task}; items were paired all the same"
