"""The runs of an experiment tracker: MLflow's store and server, Trackio's store, and the Trainer's state files."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.io.trackers.mlflow import read_mlflow
    from tunecase.io.trackers.run import Series, Store, Tracked
    from tunecase.io.trackers.trackio import cell, is_trackio, opened_trackio, read_trackio, tables_of
    from tunecase.io.trackers.trainer_state import (
        States, finite, flat, last_states, output_folder, read_json, states, tracked_run,
    )  # fmt: skip

loads_late(__name__)
