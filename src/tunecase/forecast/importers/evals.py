"""Points from logs of evaluations: each log is one run, its score that of the log, its size told or in its settings."""

from collections.abc import Sequence
from pathlib import Path

from tunecase.evals import Asked as LogAsked
from tunecase.evals import Log, find_log, read_logs
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs
from tunecase.io.trackers import Tracked
from tunecase.quantities import counted

FORM = "logs of evaluations"


def evals(place: str, request: Asked) -> Imported | None:
    """The one log of a place as one point; None where it is of another format."""
    log = find_log(Path(place), _asked(request))
    return None if log is None else _points([place], [log], request)


def eval_logs(places: Sequence[str], request: Asked) -> Imported:
    """Several logs as points of one curve.

    Raises: InputError with the mistakes of every log, and as `import_runs`.
    """
    return _points(places, read_logs(places, _asked(request)), request)


def _asked(request: Asked) -> LogAsked:
    """The metric, or METRIC,FILTER, that the column of scores names."""
    metric, _, chosen = request.score_column.partition(",")
    return LogAsked(metric, chosen, by_column=True)


def _points(places: Sequence[str], logs: Sequence[Log], request: Asked) -> Imported:
    short = [Path(place).name for place in places]
    names = short if len(set(short)) == len(short) else list(places)
    runs = [_run(name, log, request.metric) for name, log in zip(names, logs, strict=True)]
    about = Asked(request.metric, request.direction, request.size_column, "", request.sizes)
    place = names[0] if len(names) == 1 else f"{len(names)} logs"
    found = import_runs(runs, about, place=place, form=FORM)
    notes = [f"{name}: {_words(log)}" for name, log in zip(names, logs, strict=True)]
    return Imported(found.points, FORM, found.left_out, (*notes, *found.notes))


def _run(name: str, log: Log, metric: str) -> Tracked:
    scores = {} if log.score is None else {metric: [(0.0, log.score)]}
    return Tracked(name=name, facts=log.facts, scores=scores, test_rows=log.items or None)


def _words(log: Log) -> str:
    metric = f"{log.metric} ({log.filter})" if log.filter else log.metric
    return ", ".join(filter(None, (metric, log.model, counted(log.items, "item"), log.date)))
