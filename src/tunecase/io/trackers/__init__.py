"""The runs of an experiment tracker: MLflow's store and server, and the Trainer's state files."""

from tunecase.io.trackers.mlflow import (
    MOST_RUNS,
    MOST_VALUES,
    PAGE,
    STATUS,
    Experiments,
    call,
    children,
    experiment_in,
    experiments,
    files_below,
    first_line,
    folder_in,
    is_run,
    meta_of,
    opened,
    pairs,
    read_folder,
    read_server,
    read_store,
    store_in,
)
from tunecase.io.trackers.run import Series, Tracked
from tunecase.io.trackers.trainer_state import CHECKPOINT, STATE, finite, flat, read_json, states, tracked_run

__all__ = [
    "CHECKPOINT", "MOST_RUNS", "MOST_VALUES", "PAGE", "STATE", "STATUS", "Experiments", "Series", "Tracked", "call",
    "children", "experiment_in", "experiments", "files_below", "finite", "first_line", "flat", "folder_in", "is_run",
    "meta_of", "opened", "pairs", "read_folder", "read_json", "read_server", "read_store", "states", "store_in",
    "tracked_run",
]  # fmt: skip
