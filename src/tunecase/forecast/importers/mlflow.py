"""Points from runs of MLflow: an mlruns folder, an SQLite store or a tracking server."""

from dataclasses import replace

from tunecase.errors import InputError, Problem
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs, plain, score_rank
from tunecase.io.trackers import read_mlflow


def mlflow(place: str, request: Asked) -> Imported | None:
    """The runs of the experiment asked for, of the one that a server's address names, or of the only one with runs.

    Where a store holds more runs or values than are read, a note says so. See `read_mlflow`.
    """

    def in_full(metric: str) -> bool:
        return plain(metric) == plain(request.score_column) or score_rank(metric, request.metric) is not None

    store = read_mlflow(place, request.experiment, in_full)
    if store is None:
        return None
    if len(store.used) > 1:
        fix = "say `--experiment NAME`"
        raise InputError(Problem(store.place, store.words, "one experiment for one curve", fix))
    runs = next(iter(store.used.values()), ())
    imported = import_runs(runs, request, place=store.place, form=store.form)
    if not store.cut:
        return imported
    note = f"{store.cut}; the others are missing from this curve: name one experiment with --experiment"
    return replace(imported, notes=(note, *imported.notes))
