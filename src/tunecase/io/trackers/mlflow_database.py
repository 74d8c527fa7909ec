"""MLflow's SQLite store, opened to read only."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from tunecase.io.trackers.run import InFull, Room, Tracked, chosen, moment, number_or_nan, point, short
from tunecase.io.trackers.sqlite import Words, is_sqlite, opened_sqlite

NAMES = ("mlflow.db", "mlruns.db")
WORDS = Words(
    "not MLflow's tables", "a store of MLflow", "name MLflow's own database, such as mlflow.db",
    "name one experiment with --experiment",
)  # fmt: skip
ACTIVE = "lifecycle_stage = 'active' AND is_chosen(experiment_id)"
POINT = "key, value, step, is_nan, timestamp"


def database_in(place: Path) -> Path | None:
    """The SQLite store: the file itself, or the one in a folder; None if there is none."""
    path = next((place / name for name in NAMES if (place / name).is_file()), place) if place.is_dir() else place
    return path if is_sqlite(path) else None


def read_database(path: Path, experiment: str, in_full: InFull, room: Room) -> dict[str, list[Tracked]]:
    """The runs of an SQLite store, by experiments that are not deleted; see `read_mlflow`.

    Raises: InputError where it lacks MLflow's tables.
    """
    with opened_sqlite(path, WORDS) as store:
        listed = store.execute("SELECT experiment_id, name FROM experiments WHERE lifecycle_stage = 'active'")
        names = {str(number): str(name) for number, name in listed if room.takes("experiments")}
        numbers = chosen(names, experiment)
        store.create_function("is_chosen", 1, lambda number: str(number) in numbers)
        store.create_function("in_full", 1, cache(lambda key: in_full(str(key))))
        runs: dict[str, list[Tracked]] = {name: [] for name in names.values()}
        for number, run in _runs(store, in_full, room):
            if not room.cut:
                runs[names[number]].append(run)
        return runs


def _runs(store: sqlite3.Connection, in_full: InFull, room: Room) -> Iterator[tuple[str, Tracked]]:
    """Every run with the number of its experiment, the oldest first; each is read whole before the next one."""
    store.execute("CREATE TEMP TABLE in_order (place INTEGER PRIMARY KEY, run_uuid TEXT)")
    own = f"SELECT run_uuid FROM runs WHERE {ACTIVE} ORDER BY start_time, run_uuid"  # noqa: S608
    store.execute(f"INSERT INTO in_order (run_uuid) {own}")
    params, tagged = (_Rows(store, table, "key, value") for table in ("params", "tags"))
    latest = _Rows(store, "latest_metrics", POINT, "NOT in_full(key)")
    steps = _Rows(store, "metrics", POINT, "in_full(key)")
    columns = "place, run_uuid, name, status, experiment_id, start_time, end_time"
    query = f"SELECT {columns} FROM in_order CROSS JOIN runs USING (run_uuid) ORDER BY place"  # noqa: S608
    for place, run, name, status, experiment, began, ended in store.execute(query):
        if not room.takes("runs"):
            return
        facts, tags = ({str(key): short(text) for key, text in rows.of(place, room)} for rows in (params, tagged))
        yield (
            str(experiment),
            Tracked(
                name=short(name or tags.get("mlflow.runName") or run),
                status=str(status or ""),
                facts=facts,
                scores=_scores([*latest.of(place, room), *steps.of(place, room)]),
                key=str(run),
                began=moment(began),
                ended=moment(ended),
                tags=tags,
            ),
        )


class _Rows:
    """The rows of a table in the order of their runs, taken run by run."""

    def __init__(self, store: sqlite3.Connection, table: str, columns: str, where: str = "1") -> None:
        # The runs are the outer loop: SQLite gives their rows in order without sorting the table.
        joined = f"in_order CROSS JOIN {table} USING (run_uuid)"
        query = f"SELECT place, {columns} FROM {joined} WHERE {where} ORDER BY place"  # noqa: S608
        self.groups = groupby(store.execute(query), itemgetter(0))
        self.next = next(self.groups, None)

    def of(self, place: int, room: Room) -> Iterator[Sequence[Any]]:
        """The rows of the run at a place, as many as there is room for; places are taken in their order."""
        if self.next is None or self.next[0] != place:
            return
        for _, *row in self.next[1]:
            if not room.takes("values"):
                return
            yield row
        self.next = next(self.groups, None)


def _scores(rows: Iterable[Sequence[Any]]) -> dict[str, list[tuple[float, float]]]:
    """The points of a run's metrics, in the order of step, then time."""
    timed: dict[str, list[tuple[float, float, float]]] = {}
    for key, value, step, is_nan, time_ms in rows:
        at, score = point("the database", str(key), step, "nan" if is_nan else value)
        timed.setdefault(str(key), []).append((at, number_or_nan(time_ms), score))
    return {
        key: [(step, value) for step, _, value in sorted(points, key=itemgetter(0, 1))] for key, points in timed.items()
    }
