"""Trackio's local store: one SQLite file for each project, opened to read only, since a run may be writing to it.

Seen: user_version 1 (before 0.24, runs by name) and 2 (runs by id), as of 0.43.0.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.io.trackers.mlflow_database import HEAD, STEPS
from tunecase.io.trackers.run import TOTAL_S, Room, Store, Tracked, number_or_nan, short
from tunecase.quantities import duration

FORM = "Trackio"
LATEST = 2
MOST_CELL_BYTES = 8_000_000
WANTED = "a store of Trackio (PROJECT.db)"


def is_trackio(place: Path) -> bool:
    """Whether a file is an SQLite store with Trackio's tables."""
    if not place.is_file():
        return False
    with place.open("rb") as file:
        if file.read(len(HEAD)) != HEAD:
            return False
    try:
        with closing(sqlite3.connect(f"file:{quote(os.fspath(place.resolve()))}?mode=ro", uri=True)) as store:
            names = {str(name) for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return {"metrics", "configs"} <= names and "experiments" not in names
    except sqlite3.Error:
        return False


def read_trackio(place: Path) -> Store | None:
    """The runs of a store with what they logged by step and what they were given; None for another file.

    A run has no status there: what it has logged so far is all that is known.

    Raises: InputError for a store of a later version, or one that is broken; TunecaseError where it takes too long.
    """
    if not is_trackio(place):
        return None
    room = Room()
    with opened_trackio(place) as (store, key):
        configs = _configs(store, key)
        runs = list(room.whole(_runs(store, key, configs, room)))
    return Store(place.name, FORM, {place.stem: runs}, room.cut)


@contextmanager
def opened_trackio(place: Path) -> Iterator[tuple[sqlite3.Connection, str]]:
    """A store, and the column that tells runs apart.

    Raises: as `read_trackio`.
    """
    until = time.monotonic() + TOTAL_S
    try:
        with closing(sqlite3.connect(f"file:{quote(os.fspath(place.resolve()))}?mode=ro", uri=True)) as store:
            store.set_progress_handler(lambda: time.monotonic() > until, STEPS)
            store.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CELL_BYTES)
            version = store.execute("PRAGMA user_version").fetchone()[0]
            if version > LATEST:
                got, fix = f"a store of version {version}", "take a newer tunecase, or export the runs as CSV"
                raise InputError(Problem(str(place), got, f"version {LATEST} or below", fix))
            columns = {row[1] for row in store.execute("PRAGMA table_info(metrics)")}
            yield store, "run_id" if "run_id" in columns else "run_name"
    except sqlite3.Error as error:
        if time.monotonic() > until:
            why = f"{place} could not be read within {duration(TOTAL_S)}"
            raise TunecaseError(f"{why}\nFix: name the store of a smaller project") from None
        fix = "name a store that is whole; copy it with Trackio's own export while no run writes"
        raise InputError(Problem(str(place), f"not Trackio's tables, or broken ({error})", WANTED, fix)) from None


def cell(place: Path, raw: Any) -> Mapping[str, Any]:
    """The object in a cell, which is bytes or text of JSON; NaN and infinities stand in it as words.

    Raises: InputError for anything else.
    """
    try:
        found = json.loads(raw if isinstance(raw, str | bytes) else str(raw))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        fix = "log the run again, or name another store"
        raise InputError(Problem(str(place), "a cell that is no JSON object", WANTED, fix))
    return found


def _configs(store: sqlite3.Connection, key: str) -> dict[str, dict[str, str]]:
    """What each run was given, as text; Trackio's own fields begin with an underscore."""
    found: dict[str, dict[str, str]] = {}
    for run, raw in store.execute(f"SELECT {key}, config FROM configs"):  # noqa: S608
        try:
            config = cell(Path("configs"), raw)
        except InputError:
            continue
        given = config.items()
        found[str(run)] = {str(name): short(value) for name, value in given if isinstance(value, str | int | float)}
    return found


def _runs(
    store: sqlite3.Connection, key: str, configs: Mapping[str, Mapping[str, str]], room: Room
) -> Iterator[Tracked]:
    """Every run with its numbers by step, as they were logged."""
    query = f"SELECT {key}, run_name, step, metrics FROM metrics ORDER BY {key}, step, id"  # noqa: S608
    run, name, scores = None, "", dict[str, list[tuple[float, float]]]()
    for own, own_name, step, raw in store.execute(query):
        if own != run:
            if run is not None:
                yield _run(run, name, scores, configs)
            if not room.takes("runs"):
                return
            run, name, scores = own, short(own_name), {}
        for metric, value in cell(Path("metrics"), raw).items():
            number = number_or_nan(value)
            if isinstance(value, dict | list) or (number != number and str(value).casefold() != "nan"):
                continue
            if not room.takes("values"):
                return
            scores.setdefault(short(metric), []).append((number_or_nan(step or 0), number))
    if run is not None:
        yield _run(run, name, scores, configs)


def _run(
    run: Any, name: str, scores: dict[str, list[tuple[float, float]]], configs: Mapping[str, Mapping[str, str]]
) -> Tracked:
    return Tracked(name=name or str(run), facts=configs.get(str(run), {}), scores=scores, key=str(run))
