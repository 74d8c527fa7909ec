"""Points from runs of Trackio: its local store, one SQLite file for each project."""

from dataclasses import replace
from pathlib import Path

from tunecase.forecast.importers.imported import Asked, Imported
from tunecase.forecast.importers.tracked import import_runs
from tunecase.io.trackers import read_trackio


def trackio(place: str, request: Asked) -> Imported | None:
    """The runs of a store; where it holds more runs or values than are read, a note says so. See `read_trackio`."""
    store = read_trackio(Path(place))
    if store is None:
        return None
    runs = next(iter(store.used.values()), ())
    imported = import_runs(runs, request, place=store.place, form=store.form)
    if not store.cut:
        return imported
    note = f"{store.cut}; the others are missing from this curve"
    return replace(imported, notes=(note, *imported.notes))
