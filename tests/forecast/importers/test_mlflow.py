"""Runs of MLflow: a folder, an SQLite store and a real tracking server give the same points."""

import socket
import sqlite3
from contextlib import closing

import pytest

from tests.io.trackers.stores import Logged, database, folder, write
from tests.mlflow_server import call, served
from tunecase.errors import InputError, TunecaseError
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Point

RUNS = tuple(
    Logged(name, status, params={"n_train": str(n), "test_rows": "300"}, metrics={"eval/accuracy": scores})
    for name, n, scores, status in (
        ("s", 100, (0.5, 0.6), "FINISHED"), ("m", 200, (0.6, 0.75), "FINISHED"), ("x", 400, (0.9,), "FAILED"),
    )
)  # fmt: skip
POINTS = {Point(100, 0.6, 1, 300), Point(200, 0.75, 1, 300)}
LEFT_OUT = ("1 run: failed",)


def test_a_folder(tmp_path):
    """The folder, or the one that holds it, gives the last score of each finished run."""
    store = folder(tmp_path, RUNS)
    for place in (store, tmp_path, store / "7"):
        found = read_source(str(place), Asked())
        assert (POINTS, LEFT_OUT) == (set(found.points), found.left_out)
    best = read_source(str(store), Asked(step="best"))
    assert any("flatters" in note for note in best.notes)


def test_a_diverged_run_of_a_folder(tmp_path):
    """NaN in a metric file is a run that came to nothing."""
    store = folder(tmp_path, RUNS)
    write(store / "7" / "r0" / "metrics" / "eval" / "accuracy", "1700 nan 0\n")
    found = read_source(str(store), Asked())
    assert ("1 run: eval/accuracy is not a number", *LEFT_OUT) == found.left_out


def test_several_experiments_need_a_name(tmp_path):
    """Two experiments are two curves: the names are listed, and one of them is read when asked for."""
    folder(tmp_path, RUNS)
    store = folder(tmp_path, RUNS, "other", "8")
    with pytest.raises(InputError, match=r"other \(3 runs\)"):
        read_source(str(store), Asked())
    assert POINTS == set(read_source(str(store), Asked(experiment="other")).points)
    with pytest.raises(InputError, match="did you mean tickets"):
        read_source(str(store), Asked(experiment="ticket"))


def test_a_database(tmp_path):
    """An SQLite store is read by its file or its folder; another database is refused."""
    path = database(tmp_path / "mlflow.db", RUNS)
    for place in (path, tmp_path):
        found = read_source(str(place), Asked())
        assert (POINTS, LEFT_OUT) == (set(found.points), found.left_out)
    with closing(sqlite3.connect(tmp_path / "other.db")) as store, store:
        store.execute("CREATE TABLE cats (name TEXT)")
    with pytest.raises(InputError, match="not MLflow's tables"):
        read_source(str(tmp_path / "other.db"), Asked())


def test_a_server_that_is_not_there():
    """An address without a server is a failure of the world with a fix, a password in it a mistake."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TunecaseError, match="does not answer") as caught:
        read_source(f"http://127.0.0.1:{port}", Asked())
    assert 3 == caught.value.exit_code
    with pytest.raises(InputError, match="password"):
        read_source("http://me:secret@127.0.0.1:1", Asked())


def log_runs(base: str) -> str:
    """Logs RUNS as a user's training would; returns the experiment's number."""
    experiment = str(call(base, "/experiments/create", {"name": "tickets"})["experiment_id"])
    for logged in RUNS:
        made = call(base, "/runs/create", {"experiment_id": experiment, "run_name": logged.name, "start_time": 1})
        run = made["run"]["info"]["run_id"]
        for key, text in logged.params.items():
            call(base, "/runs/log-parameter", {"run_id": run, "key": key, "value": text})
        for step, value in enumerate(logged.metrics["eval/accuracy"]):
            metric = {"run_id": run, "key": "eval/accuracy", "value": value, "timestamp": step + 1, "step": step}
            call(base, "/runs/log-metric", metric)
        call(base, "/runs/update", {"run_id": run, "status": logged.status, "end_time": 2})
    return experiment


@pytest.mark.slow
def test_a_real_server(tmp_path):
    """A tracking server of MLflow itself gives the points by its address, and so does the database it wrote."""
    with served(tmp_path) as base:
        experiment = log_runs(base)
        for place in (base, f"{base}/#/experiments/{experiment}"):
            found = read_source(place, Asked())
            assert (POINTS, LEFT_OUT) == (set(found.points), found.left_out)
        assert any("last of up to 2 scores" in note for note in found.notes)
    assert POINTS == set(read_source(str(tmp_path), Asked()).points)


def test_numbers_that_are_none_are_refused(tmp_path):
    """An experiment's number may be a text; a missing value or a step in words is a mistake with its place."""
    path = database(tmp_path / "mlflow.db", RUNS)
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE more AS SELECT CAST(experiment_id AS TEXT) || '-x' AS experiment_id, name, "
                      "lifecycle_stage FROM experiments")  # fmt: skip
        store.execute("DROP TABLE experiments")
        store.execute("ALTER TABLE more RENAME TO experiments")
        store.execute("UPDATE runs SET experiment_id = '1-x'")
    assert POINTS == set(read_source(str(path), Asked()).points)
    for column, value in (("value", None), ("step", "last")):
        path = database(tmp_path / f"{column}.db", RUNS)
        with closing(sqlite3.connect(path)) as store, store:
            store.execute(f"UPDATE metrics SET {column} = ? WHERE run_uuid = 'r0'", (value,))
        with pytest.raises(InputError, match=f"{column} of eval/accuracy"):
            read_source(str(path), Asked())


def test_a_limit_is_told(tmp_path, monkeypatch):
    """A curve that rests on a part of a store says so."""
    monkeypatch.setattr("tunecase.io.trackers.run.MOST_RUNS", 2)
    store = folder(tmp_path, RUNS)
    words = "read 2 of at least 3 runs; the others are missing from this curve: name one experiment with --experiment"
    assert words == read_source(str(store), Asked()).notes[0]
