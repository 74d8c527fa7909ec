"""Points from trainer states of Hugging Face: one output folder is one run.

A folder is searched for several; of the checkpoints of one run the last one counts.
"""

from dataclasses import replace
from pathlib import Path

from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs
from tunecase.io.trackers import States, last_states, states, tracked_run


def trainer_state(place: str, request: Asked) -> Imported | None:
    """One run for each output folder below the place: its evaluations by step, its size if known.

    Where more folders lie below the place than are searched, a note says so.
    """
    path = Path(place)
    found = states(path) if path.is_dir() else States([path] if path.is_file() and path.suffix == ".json" else [])
    runs = [tracked_run(body, folder, path) for folder, (_, body) in last_states(sorted(found.files)).items()]
    if not runs:
        return None
    form = "trainer states of Hugging Face"
    imported = import_runs(runs, request, place=path.name or place, form=form)
    if not found.cut:
        return imported
    note = f"{found.cut}; runs in the others are missing from this curve: name the folder of its runs alone"
    return replace(imported, notes=(note, *imported.notes))
