"""MLflow's SQLite store, opened to read only."""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tunecase.errors import InputError, Problem
from tunecase.io.trackers.run import InFull, Room, Tracked, chosen, moment, number_or_nan, point, short

NAMES = ("mlflow.db", "mlruns.db")
HEAD = b"SQLite format 3\x00"
ACTIVE = "lifecycle_stage = 'active' AND is_chosen(experiment_id)"
OF_RUNS = f"run_uuid IN (SELECT run_uuid FROM runs WHERE {ACTIVE})"  # noqa: S608 - no text of a user's

Texts = dict[str, dict[str, str]]  # by run and key
Points = dict[str, dict[str, list[tuple[float, float]]]]


def database_in(place: Path) -> Path | None:
    """The SQLite store: the file itself, or the one in a folder; None if there is none."""
    path = next((place / name for name in NAMES if (place / name).is_file()), place) if place.is_dir() else place
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return path if file.read(len(HEAD)) == HEAD else None


def read_database(path: Path, experiment: str, in_full: InFull, room: Room) -> dict[str, list[Tracked]]:
    """The runs of an SQLite store, by experiments that are not deleted; see `read_mlflow`.

    Raises: InputError where it lacks MLflow's tables.
    """
    with _opened(path) as store:
        listed = store.execute("SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'")
        names = {str(number): str(name) for number, name in listed if room.takes("experiments")}
        numbers = chosen(names, experiment)
        store.create_function("is_chosen", 1, lambda number: str(number) in numbers)
        store.create_function("in_full", 1, cache(lambda key: in_full(str(key))))
        runs: dict[str, list[Tracked]] = {name: [] for name in names.values()}
        for number, run in _runs(store, in_full, room):
            runs[names[number]].append(run)
        return runs


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as store:
            yield store
    except sqlite3.Error as error:
        fix = "name MLflow's own database, such as mlflow.db"
        raise InputError(Problem(str(path), f"not MLflow's tables ({error})", "a store of MLflow", fix)) from None


def _runs(store: sqlite3.Connection, in_full: InFull, room: Room) -> Iterator[tuple[str, Tracked]]:
    """Every run with the number of its experiment, the oldest first."""
    facts, tags = (_texts(store, table, room) for table in ("params", "tags"))
    scores = _scores(store, in_full, room)
    columns = "run_uuid, name, status, experiment_id, start_time, end_time"
    query = f"SELECT {columns} FROM runs WHERE {ACTIVE} ORDER BY start_time, run_uuid"  # noqa: S608
    for run, name, status, experiment, began, ended in store.execute(query):
        if not room.takes("runs"):
            return
        own = tags.get(run, {})
        yield (
            str(experiment),
            Tracked(
                name=short(name or own.get("mlflow.runName") or run),
                status=str(status or ""),
                facts=facts.get(run, {}),
                scores=scores.get(run, {}),
                key=str(run),
                began=moment(began),
                ended=moment(ended),
                tags=own,
            ),
        )


def _texts(store: sqlite3.Connection, table: str, room: Room) -> Texts:
    texts: Texts = {}
    for run, key, text in store.execute(f"SELECT run_uuid, key, value FROM {table} WHERE {OF_RUNS}"):  # noqa: S608
        if not room.takes("values"):
            break
        texts.setdefault(run, {})[str(key)] = short(text)
    return texts


def _scores(store: sqlite3.Connection, in_full: InFull, room: Room) -> Points:
    """The last value of every metric, and every step of those read in full."""
    scores: Points = {}

    def rows(table: str, where: str = "", order: str = "") -> Iterator[tuple[Any, ...]]:
        columns = "run_uuid, key, value, step, is_nan"
        for row in store.execute(f"SELECT {columns} FROM {table} WHERE {OF_RUNS}{where}{order}"):  # noqa: S608
            if not room.takes("values"):
                return
            yield row

    for run, key, value, step, is_nan in rows("latest_metrics"):
        if not in_full(str(key)):
            at = number_or_nan(step), math.nan if is_nan else number_or_nan(value)
            scores.setdefault(run, {})[str(key)] = [at]
    for run, key, value, step, is_nan in rows("metrics", " AND in_full(key)", " ORDER BY step, timestamp"):
        at = point("the database", str(key), step, "nan" if is_nan else value)
        scores.setdefault(run, {}).setdefault(str(key), []).append(at)
    return scores
