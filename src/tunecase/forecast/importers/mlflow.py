"""Points from runs of MLflow: an mlruns folder, an SQLite store or a tracking server."""

from pathlib import Path
from urllib.parse import urlsplit

from tunecase.errors import InputError, Problem, nearest
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs, score_rank
from tunecase.io.trackers import Experiments, experiment_in, folder_in, read_folder, read_server, read_store, store_in
from tunecase.quantities import counted


def mlflow_server(place: str, asked: Asked) -> Imported | None:
    """The runs of a tracking server, by its address (an experiment's page names the experiment).

    Asks only for lists of experiments, runs and metric histories; follows no redirect, and no proxy to this machine.
    Leaves out servers that want a password.
    """
    if not place.casefold().startswith(("http://", "https://")):
        return None
    address = urlsplit(place)
    if address.username or address.password:
        fix = "start a server without a password on this machine, or export the runs as CSV"
        raise InputError(Problem("the address", "a name or password in it", "a plain address", fix))
    base = f"{address.scheme}://{address.netloc}{address.path.rstrip('/')}"

    def in_full(metric: str) -> bool:
        return metric == asked.score_column or score_rank(metric, asked.metric) is not None

    found = read_server(base, asked.experiment or experiment_in(address.fragment), in_full)
    if experiment_in(address.fragment) and not asked.experiment:
        found = {name: runs for name, runs in found.items() if runs}
    return _chosen(found, asked, place=base, form="an MLflow server")


def mlflow_folder(place: str, asked: Asked) -> Imported | None:
    """An mlruns folder (or the folder that holds it): experiments, runs, and in them files of params and metrics."""
    folder = folder_in(Path(place))
    if folder is None:
        return None
    return _chosen(read_folder(folder), asked, place=folder.name, form="an MLflow folder")


def mlflow_database(place: str, asked: Asked) -> Imported | None:
    """The SQLite store of MLflow, by its file or the folder that holds mlflow.db; opened to read only."""
    path = store_in(Path(place))
    if path is None:
        return None
    return _chosen(read_store(path), asked, place=path.name, form="an MLflow database")


def _chosen(found: Experiments, asked: Asked, *, place: str, form: str) -> Imported:
    """The runs of the experiment asked for, or of the only one that has any."""
    used = {name: runs for name, runs in found.items() if runs}
    if asked.experiment:
        if asked.experiment not in used:
            names = list(found)
            got = repr(asked.experiment) + (", which has no run" if asked.experiment in found else "")
            wanted = f"an experiment with runs: {', '.join(used) or 'none'}"
            raise InputError(Problem("--experiment", got, wanted, nearest(asked.experiment, names or [""])))
        used = {asked.experiment: used[asked.experiment]}
    if len(used) > 1:
        got = ", ".join(f"{name} ({counted(len(runs), 'run')})" for name, runs in list(used.items())[:12])
        raise InputError(
            Problem(place, f"experiments {got}", "one experiment for one curve", "say `--experiment NAME`")
        )
    return import_runs(next(iter(used.values()), []), asked, place=place, form=form)
