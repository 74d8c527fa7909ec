"""MLflow's runs as charges: a folder, a database and a real server give the same hours; nothing by halves."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import date
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.books.importers.bills import asked
from tests.mlflow_server import call, served
from tunecase import callback as module
from tunecase.books.importers import mlflow as runs_module
from tunecase.books.importers.charge import Brought, HourPrice
from tunecase.books.importers.mlflow import spent_mlflow
from tunecase.callback import Settings, Watch
from tunecase.errors import InputError, TunecaseError

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
LEFT_OUT = ("1 run around other runs, which are booked themselves", "1 run without an end, perhaps still running")
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
    base = database(tmp_path / "mlflow.db")
    for place in (folder(tmp_path), base, f"sqlite:///{base}", folder(tmp_path).as_uri()):
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


def test_attempts_of_one_training_are_one_charge(tmp_path: Path) -> None:
    """Where the metric of the whole training is all there is, the last one holds it; the callback's name is taken."""
    home = folder(tmp_path) / "7"
    for number, usd in enumerate((0.5, 0.8)):
        run = home / f"t{number}"
        times = f"start_time: {BEGAN}\nend_time: {BEGAN + HOUR}\n"
        write(run / "meta.yaml", f"run_id: t{number}\nrun_name: x{number}\nstatus: 3\nlifecycle_stage: active\n{times}")
        for key, text in (("tunecase.run", "tickets-8b"), ("tunecase.run_id", "u1"), ("tunecase.gpu", "L40S")):
            write(run / "tags" / key, text)
        write(run / "tags" / "tunecase.gpu_count", "1")
        write(run / "metrics" / "tunecase" / "usd_spent", f"{BEGAN} {usd} 9\n")
    found = read(tmp_path)
    assert {*CHARGES, ("tickets-8b", Decimal(1), Decimal("0.8"))} == told(found)
    assert "1 run before the last attempt, whose figure holds them" in found.left_out


def attempts(tmp_path: Path, *hours: float) -> list[dict[str, str]]:
    """What the callback leaves of the attempts of one training at 10 USD an hour: tags, and the metric as a tag."""
    told = []
    for number, much in enumerate(hours):
        watch = Watch(Settings(usd_per_gpu_hour=10.0, gpu="L40S", run="tickets-8b"))
        watch.begin(tmp_path / "out", 100 * number, 1, [], writes=True)
        client, now = _Client(), watch.meter.now
        watch.mlflow = module._MlflowRun.__new__(module._MlflowRun)
        watch.mlflow.client, watch.mlflow.run_id = client, "r"
        watch.mlflow.tags(
            gpu=now.gpu, gpu_count=now.gpu_count, usd_per_gpu_hour=10.0, run=watch.meter.run, run_id=watch.meter.run_id
        )
        assert watch.begun_s is not None
        watch.begun_s -= 3600 * much
        watch.end(100 * number + 100, 300)
        told.append(client.said)
    return told


class _Client:
    """MLflow's client, as far as the callback uses it."""

    def __init__(self) -> None:
        self.said: dict[str, str] = {}

    def set_tag(self, _: str, name: str, value: str) -> None:
        """A tag."""
        self.said[name] = value

    def log_metric(self, _: str, name: str, value: float, step: int) -> None:
        """A metric."""
        self.said[name] = str(value)


def logged(root: Path, *runs: dict[str, str], status: tuple[int, ...] = (3, 3, 3)) -> Path:
    """An mlruns folder of runs of an hour, a day apart, with such tags and metrics."""
    home = root / "mlruns" / "7"
    write(home / "meta.yaml", "experiment_id: '7'\nlifecycle_stage: active\nname: tickets\n")
    for number, said in enumerate(runs):
        began, run = BEGAN + 24 * HOUR * number, home / f"t{number}"
        ended = began + HOUR if status[number] == 3 else "null"
        times = f"start_time: {began}\nend_time: {ended}\n"
        head = f"run_id: t{number}\nrun_name: x{number}\nstatus: {status[number]}\nlifecycle_stage: active\n"
        write(run / "meta.yaml", head + times)
        for name, text in said.items():
            if "/" in name:
                write(run / "metrics" / name, f"{began} {text} 9\n")
            else:
                write(run / "tags" / name, text)
    return root / "mlruns"


def total(found: Brought) -> float:
    """The sum of the charges."""
    return float(sum(charge.amount for charge in found.spendings))


def test_each_attempt_that_the_callback_watched_is_a_charge(tmp_path: Path) -> None:
    """Of what it took itself, as the callback really writes it; its run's id is kept for a bill to name."""
    first, second = attempts(tmp_path, 1, 2)
    found = read(logged(tmp_path, first, second))
    assert (2, pytest.approx(30, abs=0.01)) == (len(found.spendings), total(found))
    assert {"tickets-8b"} == {charge.run for charge in found.spendings}
    assert {"t0", "t1"} == {charge.tags["mlflow.run_id"] for charge in found.spendings}


def test_a_killed_attempt_that_was_taken_up_again_counts(tmp_path: Path) -> None:
    """It still looks like running; the last one that does is left out."""
    first, second = attempts(tmp_path, 1, 2)
    found = read(logged(tmp_path, first, second, status=(1, 3)))
    assert pytest.approx(30, abs=0.01) == total(found)
    ended = min(charge.ended_at for charge in found.spendings if charge.ended_at)
    assert abs(ended.timestamp() - (BEGAN + HOUR) / 1000) < 5
    shutil.rmtree(tmp_path / "mlruns")
    assert pytest.approx(10, abs=0.01) == total(read(logged(tmp_path, first, second, status=(3, 1))))


def test_attempts_in_one_mlflow_run_count_whole(tmp_path: Path) -> None:
    """Its tag says what the last of them took, its metric what all did."""
    first, second = attempts(tmp_path, 1, 2)
    assert pytest.approx(30, abs=0.01) == total(read(logged(tmp_path, {**first, **second})))


def test_attempts_before_one_that_booked_itself_are_in_its_charge(tmp_path: Path) -> None:
    """The callback books the training whole."""
    first, second, third = attempts(tmp_path, 1, 2, 4)
    found = read(logged(tmp_path, first, {**second, "tunecase.booked": "true"}, third))
    assert pytest.approx(40, abs=0.01) == total(found)
    assert "2 runs that the callback booked itself when they ended" in found.left_out


def test_a_run_that_ended_in_the_evening_west_of_utc(tmp_path: Path) -> None:
    """It is of today where it is imported, whatever day it is in London."""
    home = logged(tmp_path, {"tunecase.gpu": "L40S", "tunecase.gpu_count": "1"})
    (only,) = read(home, today=date(2026, 10, 25)).spendings
    assert date(2026, 10, 25) == only.on
    with pytest.raises(InputError, match="an end on 2026-10-26"):
        read(home, today=date(2026, 10, 24))


def test_limits_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of the runs is no import."""
    monkeypatch.setattr(runs_module, "MOST_RUNS", 3)
    for place in (folder(tmp_path), database(tmp_path / "mlflow.db")):
        with pytest.raises(InputError, match="more than 3"):
            read(place)


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


class Endless(BaseHTTPRequestHandler):
    """A tracking server that gives a second page of experiments, and never ends its pages of runs."""

    asked = 0

    def do_POST(self) -> None:
        """Each page of runs is empty, and names the next."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked += 1
        answer: dict[str, Any] = {"runs": [], "next_page_token": f"p{self.asked}"}
        if self.path.endswith("experiments/search"):
            second = "page_token" in body
            answer = {
                "experiments": [{"name": "second" if second else "first", "experiment_id": "2" if second else "1"}]
            }
            answer |= {} if second else {"next_page_token": "more"}
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_pages_without_end_are_a_failure_of_the_world() -> None:
    """The experiment of the second page is found; empty pages that go on are not followed."""
    with HTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(TunecaseError, match="lists runs without end"):
            read(f"http://127.0.0.1:{server.server_port}", experiment="second")
        server.shutdown()
    assert 3 == Endless.asked


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
    with served(tmp_path) as base:
        _log(base)
        found = read(base, experiment="tickets")
        assert (CHARGES, LEFT_OUT) == (told(found), found.left_out)
        same = read(tmp_path / "mlflow.db", experiment="tickets")
        assert sorted(c.row_id for c in found.spendings) == sorted(c.row_id for c in same.spendings)
    with pytest.raises(TunecaseError, match="does not answer"):
        read(base)


def _log(base: str) -> None:
    experiment = call(base, "/experiments/create", {"name": "tickets"})["experiment_id"]
    first = ""
    for name, status, began, ended, tags, params, metrics in RUNS:
        own = [{"key": key, "value": first if key == "mlflow.parentRunId" else text} for key, text in tags.items()]
        made = {"experiment_id": experiment, "start_time": began, "run_name": name, "tags": own}
        run = call(base, "/runs/create", made)["run"]["info"]["run_id"]
        first = first or run
        for key, text in params.items():
            call(base, "/runs/log-parameter", {"run_id": run, "key": key, "value": text})
        for key, value in metrics.items():
            call(base, "/runs/log-metric", {"run_id": run, "key": key, "value": value, "timestamp": began, "step": 1})
        if ended is not None:
            call(base, "/runs/update", {"run_id": run, "status": status, "end_time": ended})
