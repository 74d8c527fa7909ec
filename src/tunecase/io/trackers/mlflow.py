"""The runs of MLflow without its package: an mlruns folder, an SQLite store, a tracking server's REST interface."""

from pathlib import Path
from urllib.parse import unquote

from tunecase.io.trackers import mlflow_database, mlflow_folder, mlflow_server
from tunecase.io.trackers.run import InFull, Room, Store


def read_mlflow(place: str, experiment: str, in_full: InFull) -> Store | None:
    """The runs of an MLflow place that are not deleted; None if it is not MLflow's.

    Args:
        place: a path, MLflow's own address of a database or folder (sqlite:///, file://), or a server's address. The
            address of an experiment's page names that experiment.
        experiment: the name or number of the one whose runs are read; empty for all.
        in_full: whether every step of a metric is read, by its name; of others the last value only.
    Returns: the Store; where one of its limits ended the reading, it says so in `cut`.
    Raises: InputError for an experiment that is not there, an address with a password, tables and numbers that are
        not MLflow's; TunecaseError where a server does not answer as MLflow does.
    """
    room = Room()
    if place.casefold().startswith(("http://", "https://")):
        server = mlflow_server.Server(place, in_full, room)
        return Store(server.base, "an MLflow server", server.experiments(experiment), room.cut)
    head = next((head for head in ("sqlite:///", "file://") if place.casefold().startswith(head)), "")
    path = Path(unquote(place[len(head) :]) if head else place)
    if (database := mlflow_database.database_in(path)) is not None:
        experiments = mlflow_database.read_database(database, experiment, in_full, room)
        return Store(database.name, "an MLflow database", experiments, room.cut)
    if (folder := mlflow_folder.folder_in(path)) is not None:
        experiments = mlflow_folder.read_folder(folder, experiment, in_full, room)
        return Store(folder.name, "an MLflow folder", experiments, room.cut)
    return None
