"""Points from trainer states of Hugging Face: one output folder is one run.

A folder is searched for several; of the checkpoints of one run the last one counts.
"""

from pathlib import Path

from tunecase.errors import InputError, Problem
from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs
from tunecase.io.trackers import CHECKPOINT, STATE, Tracked, finite, read_json, states, tracked_run


def trainer_state(place: str, asked: Asked) -> Imported | None:
    """One run for each output folder below the place: its evaluations by step, its size where it can be known."""
    path = Path(place)
    files = [path] if path.is_file() and path.suffix == ".json" else sorted(states(path)) if path.is_dir() else []
    runs: dict[Path, tuple[tuple[float, int], Tracked]] = {}
    for file in files:
        body = read_json(file)
        if not isinstance(body, dict) or not isinstance(body.get("log_history"), list):
            if file.name == STATE:
                fix = "save it again with trainer.save_state()"
                raise InputError(Problem(str(file), "no log_history", "a trainer state", fix))
            continue
        folder = file.parent.parent if CHECKPOINT.fullmatch(file.parent.name) else file.parent
        # The last checkpoint has as many steps as the whole run, but not yet the summary of its time and speed.
        done = finite(body.get("global_step")), len(body["log_history"])
        if folder not in runs or runs[folder][0] < done:
            runs[folder] = (done, tracked_run(body, folder, path))
    if not runs:
        return None
    form = "trainer states of Hugging Face"
    return import_runs([run for _, run in runs.values()], asked, place=path.name or place, form=form)
