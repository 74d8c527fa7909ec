"""Trackio's local store: one SQLite file for each project.

Seen: user_version 1 (before 0.24, runs by name) and 2 (runs by id), as of 0.43.0.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem
from tunecase.io.trackers.run import Room, Store, Tracked, number_or_nan, short
from tunecase.io.trackers.sqlite import Words, is_sqlite, opened_sqlite

FORM = "Trackio"
LATEST = 2
MOST_CELL_BYTES = 8_000_000
WANTED = "a store of Trackio (PROJECT.db)"
WORDS = Words(
    "not Trackio's tables, or broken", WANTED,
    "name a store that is whole; copy it with Trackio's own export while no run writes",
    "name the store of a smaller project",
)  # fmt: skip


def is_trackio(place: Path) -> bool:
    """Whether a file is an SQLite store with Trackio's tables."""
    if not is_sqlite(place):
        return False
    try:
        with opened_sqlite(place, WORDS) as store:
            names = tables_of(store)
            return {"metrics", "configs"} <= names and "experiments" not in names
    except InputError:
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
    with opened_sqlite(place, WORDS) as store:
        store.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CELL_BYTES)
        version = store.execute("PRAGMA user_version").fetchone()[0]
        if version > LATEST:
            got, fix = f"a store of version {version}", "take a newer tunecase, or export the runs as CSV"
            raise InputError(Problem(str(place), got, f"version {LATEST} or below", fix))
        columns = {row[1] for row in store.execute("PRAGMA table_info(metrics)")}
        yield store, "run_id" if "run_id" in columns else "run_name"


def tables_of(store: sqlite3.Connection) -> set[str]:
    """The names of a store's tables."""
    return {str(name) for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


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
