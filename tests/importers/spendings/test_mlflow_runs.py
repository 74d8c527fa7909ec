"""MLflow's runs as charges: a folder, a database and a real server give the same hours; nothing by halves."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.importers.spendings.bills import asked
from tunecase.errors import InputError, TunecaseError
from tunecase.importers.spendings import Brought, HourPrice
from tunecase.importers.spendings.mlflow_runs import spent_mlflow

BEGAN = 1_793_000_000_000  # 2026-10-26
HOUR = 3_600_000
# Name, status, start, end, tags, parameters, metrics; times in milliseconds since 1970.
RUNS: tuple[tuple[str, str, int, int | None, dict[str, str], dict[str, str], dict[str, float]], ...] = (
    ("parent", "FINISHED", BEGAN, BEGAN + 9 * HOUR, {}, {"gpu": "L40S", "num_gpus": "1"}, {}),
    ("a", "FINISHED", BEGAN, BEGAN + 2 * HOUR, {"mlflow.parentRunId": "r0", "team": "nlp"}, {"gpu": "L40S"},
     {"system/gpu_0_power_usage_watts": 1.0, "system/gpu_1_power_usage_watts": 2.0}),
    ("b", "FAILED", BEGAN, BEGAN + HOUR, {"tunecase.gpu": "L40S", "tunecase.gpu_count": "4"}, {}, {}),
    ("c", "RUNNING", BEGAN, None, {}, {"gpu": "L40S", "num_gpus": "1"}, {}),
    ("d", "FINISHED", BEGAN, BEGAN + HOUR, {}, {"gpu": "L40S", "num_gpus": "1"}, {"tunecase/usd_spent": 0.75}),
)  # fmt: skip
CHARGES = {("a", Decimal(4), Decimal("4.4")), ("b", Decimal(4), Decimal("4.4")), ("d", Decimal(1), Decimal("0.75"))}
LEFT_OUT = (
    "1 run still running, or ended without saying so",
    "1 run that hold other runs, which are booked themselves",
)
CODES = {"RUNNING": 1, "FINISHED": 3, "FAILED": 4}


def read(place: Path | str, **words: Any) -> Brought:
    """The charges of a place at 1.10 USD an hour."""
    given = {"gpu_hour": lambda _: HourPrice(Decimal("1.10"), "neocloud"), **words}
    return spent_mlflow(str(place), asked(**given))


def told(found: Brought) -> set[tuple[str, Decimal | None, Decimal]]:
    """Run, GPU hours and amount of each charge."""
    return {(charge.run, charge.quantity, charge.amount) for charge in found.spendings}


def write(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def folder(root: Path, experiment: str = "tickets", number: str = "7") -> Path:
    """An mlruns folder as the file store lays it out."""
    home = root / "mlruns" / number
    write(home / "meta.yaml", f"experiment_id: '{number}'\nlifecycle_stage: active\nname: {experiment}\n")
    for index, (name, status, began, ended, tags, params, metrics) in enumerate(RUNS):
        run = home / f"r{index}"
        times = f"start_time: {began}\nend_time: {ended if ended else 'null'}\n"
        meta = f"run_id: r{index}\nrun_name: {name}\nstatus: {CODES[status]}\nlifecycle_stage: active\n{times}"
        write(run / "meta.yaml", meta)
        write(run / "tags" / "mlflow.runName", name)
        for kind, listed in (("tags", tags), ("params", params)):
            for key, text in listed.items():
                write(run / kind / key, text)
        for key, value in metrics.items():
            write(run / "metrics" / key, f"{began} 0.1 0\n{began} {value} 1\n")
    return root / "mlruns"


def database(path: Path) -> Path:
    """An SQLite store with the tables and columns that are read."""
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
        store.execute(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, experiment_id INTEGER, lifecycle_stage TEXT, "
            "start_time INTEGER, end_time INTEGER)"
        )
        for table in ("params", "tags", "latest_metrics"):
            store.execute(f"CREATE TABLE {table} (run_uuid TEXT, key TEXT, value TEXT)")
        store.execute("INSERT INTO experiments VALUES (0, 'Default', 'active'), (1, 'tickets', 'active')")
        for index, (name, status, began, ended, tags, params, metrics) in enumerate(RUNS):
            key = f"r{index}"
            store.execute("INSERT INTO runs VALUES (?, ?, ?, 1, 'active', ?, ?)", (key, name, status, began, ended))
            for table, listed in (("tags", tags), ("params", params), ("latest_metrics", metrics)):
                rows = [(key, name, str(value)) for name, value in listed.items()]
                store.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
    return path


def test_a_folder_and_a_database_give_the_same_charges(tmp_path: Path) -> None:
    """Failed runs were paid; running ones and parents are left out and told; money that a run tells is believed."""
    for place in (folder(tmp_path), database(tmp_path / "mlflow.db")):
        found = read(place)
        assert (CHARGES, LEFT_OUT, 5) == (told(found), found.left_out, found.rows)
        assert {"estimated"} == {charge.basis for charge in found.spendings}
        assert {date(2026, 10, 26)} == {charge.on for charge in found.spendings}
    first, second = (sorted(c.row_id for c in read(place).spendings) for place in (tmp_path, tmp_path / "mlflow.db"))
    assert first == second


def test_a_tag_chooses_runs(tmp_path: Path) -> None:
    """And days do."""
    folder(tmp_path)
    assert {("a", Decimal(4), Decimal("4.4"))} == told(read(tmp_path, tags={"team": "nlp"}))
    assert 5 == read(tmp_path, since=date(2026, 11, 1)).filtered


def test_several_experiments_need_a_name_or_a_tag(tmp_path: Path) -> None:
    """A store of several projects is not booked by oversight."""
    folder(tmp_path)
    folder(tmp_path, "other", "8")
    with pytest.raises(InputError, match=r"other \(5 runs\)"):
        read(tmp_path)
    assert 3 == len(read(tmp_path, experiment="other").spendings)
    assert 2 == len(read(tmp_path, tags={"team": "nlp"}).spendings)
    with pytest.raises(InputError, match="did you mean tickets"):
        read(tmp_path, experiment="ticket")


def test_places_that_hold_no_run_are_refused(tmp_path: Path) -> None:
    """A folder of something else, another database, a password in the address, nothing at all."""
    (tmp_path / "x").mkdir()
    with closing(sqlite3.connect(tmp_path / "other.db")) as store, store:
        store.execute("CREATE TABLE cats (name TEXT)")
    for place, words in (("x", "nothing of MLflow's"), ("other.db", "not MLflow's tables"), ("none", "no such file")):
        with pytest.raises(InputError, match=words):
            read(tmp_path / place)
    with pytest.raises(InputError, match="password"):
        read("http://me:secret@127.0.0.1:1")


class Dying(BaseHTTPRequestHandler):
    """A tracking server that answers for the experiments and the first page of runs, and then no more."""

    def do_POST(self) -> None:
        """The second page of runs ends the connection midway."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "page_token" in body:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"runs": [')
            return
        run = {
            "info": {"run_id": "1", "status": "FINISHED", "start_time": BEGAN, "end_time": BEGAN + HOUR},
            "data": {"params": [{"key": "gpu", "value": "L40S"}, {"key": "gpus", "value": "1"}]},
        }
        runs = {"runs": [run], "next_page_token": "more"}
        listed = {"experiments": [{"name": "tickets", "experiment_id": "1"}]}
        answer = json.dumps(runs if self.path.endswith("runs/search") else listed).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_server_that_dies_midway_is_a_failure_of_the_world() -> None:
    """What came before is no import."""
    with HTTPServer(("127.0.0.1", 0), Dying) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(TunecaseError) as caught:
            read(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert 3 == caught.value.exit_code


@pytest.mark.slow
def test_a_real_server(tmp_path: Path) -> None:
    """Runs logged through MLflow's own client are read from its server and from its database; a dead one is told."""
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    mlflow = os.environ.get("MLFLOW_COMMAND") or shutil.which("mlflow", path=beside)
    if mlflow is None:
        pytest.skip(
            "skipped: no `mlflow` beside Python or on the path (pip install mlflow, or MLFLOW_COMMAND=/path/to/mlflow)"
        )
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}", "--default-artifact-root", str(tmp_path)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([mlflow, *words], cwd=tmp_path, stdout=log, stderr=log, start_new_session=True)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(base)
        _log(base)
        found = read(base, experiment="tickets")
        assert (CHARGES, LEFT_OUT) == (told(found), found.left_out)
        same = read(tmp_path / "mlflow.db", experiment="tickets")
        assert sorted(c.row_id for c in found.spendings) == sorted(c.row_id for c in same.spendings)
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
    with pytest.raises(TunecaseError, match="does not answer"):
        read(base)


def _wait_for(base: str) -> None:
    for _ in range(240):
        try:
            _call(base, "/experiments/search", {"max_results": 1})
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError("the server did not start")


def _call(base: str, path: str, body: dict[str, Any]) -> Any:
    """What the server's REST interface answers; that of MLflow's own client."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/api/2.0/mlflow{path}", json.dumps(body).encode(), headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return json.load(answer)


def _log(base: str) -> None:
    experiment = _call(base, "/experiments/create", {"name": "tickets"})["experiment_id"]
    first = ""
    for name, status, began, ended, tags, params, metrics in RUNS:
        own = [{"key": key, "value": first if key == "mlflow.parentRunId" else text} for key, text in tags.items()]
        made = {"experiment_id": experiment, "start_time": began, "run_name": name, "tags": own}
        run = _call(base, "/runs/create", made)["run"]["info"]["run_id"]
        first = first or run
        for key, text in params.items():
            _call(base, "/runs/log-parameter", {"run_id": run, "key": key, "value": text})
        for key, value in metrics.items():
            _call(base, "/runs/log-metric", {"run_id": run, "key": key, "value": value, "timestamp": began, "step": 1})
        if ended is not None:
            _call(base, "/runs/update", {"run_id": run, "status": status, "end_time": ended})
