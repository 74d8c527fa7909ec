"""Runs of MLflow: a folder, an SQLite store and a real tracking server give the same points."""

import json
import socket
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.mlflow_server import call, served
from tunecase.errors import InputError, TunecaseError
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Point

RUNS = (("s", 100, (0.5, 0.6), "FINISHED"), ("m", 200, (0.6, 0.75), "FINISHED"), ("x", 400, (0.9,), "FAILED"))
POINTS = {Point(100, 0.6, 1, 300), Point(200, 0.75, 1, 300)}
LEFT_OUT = ("1 run: failed",)
CODES = {"FINISHED": 3, "FAILED": 4}


def write(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def folder(root: Path, experiment: str = "tickets", number: str = "7") -> Path:
    """An mlruns folder as the file store lays it out."""
    home = root / "mlruns" / number
    write(home / "meta.yaml", f"experiment_id: '{number}'\nlifecycle_stage: active\nname: {experiment}\n")
    for index, (name, n, scores, status) in enumerate(RUNS):
        run = home / f"r{index}"
        meta = f"run_id: r{index}\nrun_name: {name}\nstatus: {CODES[status]}\nlifecycle_stage: active\ntags: []\n"
        write(run / "meta.yaml", meta)
        write(run / "params" / "n_train", str(n))
        write(run / "params" / "test_rows", "300")
        lines = [f"{1700 + step} {value} {step}" for step, value in enumerate(scores)]
        write(run / "metrics" / "eval" / "accuracy", "\n".join(lines) + "\n")
    return root / "mlruns"


def database(path: Path) -> Path:
    """An SQLite store with the tables and columns that are read."""
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
        store.execute(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, experiment_id INTEGER, lifecycle_stage TEXT, "
            "start_time INTEGER)"
        )
        store.execute("CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT)")
        store.execute(
            "CREATE TABLE metrics "
            "(run_uuid TEXT, key TEXT, value REAL, step INTEGER, timestamp INTEGER, is_nan INTEGER)"
        )
        store.execute("INSERT INTO experiments VALUES (0, 'Default', 'active'), (1, 'tickets', 'active')")
        for index, (name, n, scores, status) in enumerate(RUNS):
            store.execute("INSERT INTO runs VALUES (?, ?, ?, 1, 'active', ?)", (f"r{index}", name, status, index))
            for key, value in (("n_train", n), ("test_rows", 300)):
                store.execute("INSERT INTO params VALUES (?, ?, ?)", (f"r{index}", key, str(value)))
            for step, value in enumerate(scores):
                row = (f"r{index}", "eval/accuracy", value, step, step, 0)
                store.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", row)
    return path


def test_a_folder(tmp_path):
    """The folder, or the one that holds it, gives the last score of each finished run."""
    store = folder(tmp_path)
    for place in (store, tmp_path, store / "7"):
        found = read_source(str(place), Asked())
        assert (POINTS, LEFT_OUT) == (set(found.points), found.left_out)
    best = read_source(str(store), Asked(step="best"))
    assert any("flatters" in note for note in best.notes)


def test_a_diverged_run_of_a_folder(tmp_path):
    """NaN in a metric file is a run that came to nothing."""
    store = folder(tmp_path)
    write(store / "7" / "r0" / "metrics" / "eval" / "accuracy", "1700 nan 0\n")
    found = read_source(str(store), Asked())
    assert ("1 run: eval/accuracy is not a number", *LEFT_OUT) == found.left_out


def test_several_experiments_need_a_name(tmp_path):
    """Two experiments are two curves: the names are listed, and one of them is read when asked for."""
    folder(tmp_path)
    store = folder(tmp_path, "other", "8")
    with pytest.raises(InputError, match=r"other \(3 runs\)"):
        read_source(str(store), Asked())
    assert POINTS == set(read_source(str(store), Asked(experiment="other")).points)
    with pytest.raises(InputError, match="did you mean tickets"):
        read_source(str(store), Asked(experiment="ticket"))


def test_a_database(tmp_path):
    """An SQLite store is read by its file or its folder; another database is refused."""
    path = database(tmp_path / "mlflow.db")
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


class Stranger(BaseHTTPRequestHandler):
    """A server that is not MLflow: sends elsewhere, or answers in its own words."""

    def do_POST(self) -> None:
        """A redirect below /away, a page elsewhere."""
        away = self.path.startswith("/away")
        self.send_response(302 if away else 200)
        if away:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(b"" if away else b"<html>hello</html>")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_server_that_is_another():
    """A redirect is not followed, and a page is not taken for an answer."""
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(TunecaseError, match="answers 302"):
            read_source(f"{base}/away", Asked())
        with pytest.raises(TunecaseError, match="as MLflow does"):
            read_source(base, Asked())
        server.shutdown()


def log_runs(base: str) -> str:
    """Logs RUNS as a user's training would; returns the experiment's number."""
    experiment = str(call(base, "/experiments/create", {"name": "tickets"})["experiment_id"])
    for name, n, scores, status in RUNS:
        made = call(base, "/runs/create", {"experiment_id": experiment, "run_name": name, "start_time": 1})
        run = made["run"]["info"]["run_id"]
        for key, value in (("n_train", n), ("test_rows", 300)):
            call(base, "/runs/log-parameter", {"run_id": run, "key": key, "value": str(value)})
        for step, value in enumerate(scores):
            metric = {"run_id": run, "key": "eval/accuracy", "value": value, "timestamp": step + 1, "step": step}
            call(base, "/runs/log-metric", metric)
        call(base, "/runs/update", {"run_id": run, "status": status, "end_time": 2})
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
    path = database(tmp_path / "mlflow.db")
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE more AS SELECT CAST(experiment_id AS TEXT) || '-x' AS experiment_id, name, "
                      "lifecycle_stage FROM experiments")  # fmt: skip
        store.execute("DROP TABLE experiments")
        store.execute("ALTER TABLE more RENAME TO experiments")
        store.execute("UPDATE runs SET experiment_id = '1-x'")
    assert POINTS == set(read_source(str(path), Asked()).points)
    for column, value in (("value", None), ("step", "last")):
        path = database(tmp_path / f"{column}.db")
        with closing(sqlite3.connect(path)) as store, store:
            store.execute(f"UPDATE metrics SET {column} = ? WHERE run_uuid = 'r0'", (value,))
        with pytest.raises(InputError, match=f"{column} of eval/accuracy"):
            read_source(str(path), Asked())


class Careless(BaseHTTPRequestHandler):
    """A server with one run, whose step is a word."""

    def do_POST(self) -> None:
        """One experiment with one run."""
        metric = {"key": "accuracy", "value": 0.5, "step": "last"}
        run = {"info": {"run_name": "s", "run_id": "r0", "status": "FINISHED"}, "data": {"metrics": [metric]}}
        found = {"experiments": [{"name": "tickets", "experiment_id": "1"}], "runs": [run]}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_servers_step_in_words_is_refused():
    """The mistake names the server, the metric and what it gave."""
    with HTTPServer(("127.0.0.1", 0), Careless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(InputError, match="step of accuracy"):
            read_source(f"http://127.0.0.1:{server.server_port}", Asked())
        server.shutdown()
