"""Points from trainer states of Hugging Face: one output folder is one run.

A folder is searched for several; of the checkpoints of one run the last one counts.
"""

from pathlib import Path

from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs
from tunecase.io.trackers import last_states, states, tracked_run


def trainer_state(place: str, asked: Asked) -> Imported | None:
    """One run for each output folder below the place: its evaluations by step, its size where it can be known."""
    path = Path(place)
    files = [path] if path.is_file() and path.suffix == ".json" else sorted(states(path)) if path.is_dir() else []
    runs = [tracked_run(body, folder, path) for folder, (_, body) in last_states(files).items()]
    if not runs:
        return None
    form = "trainer states of Hugging Face"
    return import_runs(runs, asked, place=path.name or place, form=form)
