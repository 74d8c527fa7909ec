"""The runs of an experiment tracker: MLflow's store and server, and the Trainer's state files."""

from tunecase.io.trackers.mlflow import read_mlflow
from tunecase.io.trackers.run import Series, Store, Tracked
from tunecase.io.trackers.trainer_state import (
    STATE,
    States,
    finite,
    flat,
    last_states,
    output_folder,
    read_json,
    states,
    tracked_run,
)

__all__ = [
    "STATE", "Series", "States", "Store", "Tracked", "finite", "flat", "last_states", "output_folder", "read_json",
    "read_mlflow", "states", "tracked_run",
]  # fmt: skip
