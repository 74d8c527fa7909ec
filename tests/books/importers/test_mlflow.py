"""MLflow's runs as charges: a folder, a database and a real server give the same hours; nothing by halves."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.books.importers.bills import asked
from tests.hostile_server import hostile_server, reply
from tests.io.trackers.stores import Logged, database, folder, write
from tunecase import callback as module
from tunecase.books.importers.charge import Brought, HourPrice
from tunecase.books.importers.mlflow import spent_mlflow
from tunecase.callback import Settings, Watch
from tunecase.errors import InputError, TunecaseError

BEGAN = 1_793_000_000_000  # 2026-10-26
HOUR = 3_600_000
ONE = {"gpu": "L40S", "num_gpus": "1"}
RUNS = (
    Logged("parent", began=BEGAN, ended=BEGAN + 9 * HOUR, params=ONE),
    Logged(
        "a", began=BEGAN, ended=BEGAN + 2 * HOUR, tags={"mlflow.parentRunId": "r0", "team": "nlp"},
        params={"gpu": "L40S"}, metrics={f"system/gpu_{card}_power_usage_watts": (1.0,) for card in range(2)},
    ),
    Logged("b", "FAILED", BEGAN, BEGAN + HOUR, tags={"tunecase.gpu": "L40S", "tunecase.gpu_count": "4"}),
    Logged("c", "RUNNING", BEGAN, None, params=ONE),
    Logged("d", began=BEGAN, ended=BEGAN + HOUR, params=ONE, metrics={"tunecase/usd_spent": (0.1, 0.75)}),
)  # fmt: skip
CHARGES = {("a", Decimal(4), Decimal("4.4")), ("b", Decimal(4), Decimal("4.4")), ("d", Decimal(1), Decimal("0.75"))}
LEFT_OUT = ("1 run around other runs, which are booked themselves", "1 run without an end, perhaps still running")


def read(place: Path | str, **words: Any) -> Brought:
    """The charges of a place at 1.10 USD an hour."""
    given = {"gpu_hour": lambda _: HourPrice(Decimal("1.10"), "neocloud"), **words}
    return spent_mlflow(str(place), asked(**given))


def told(found: Brought) -> set[tuple[str, Decimal | None, Decimal]]:
    """Run, GPU hours and amount of each charge."""
    return {(charge.run, charge.quantity, charge.amount) for charge in found.spendings}


def test_a_folder_and_a_database_give_the_same_charges(tmp_path: Path) -> None:
    """Failed runs were paid; running ones and parents are left out and told; a tag or days choose runs."""
    base = database(tmp_path / "mlflow.db", RUNS)
    for place in (folder(tmp_path, RUNS), base, f"sqlite:///{base}", folder(tmp_path, RUNS).as_uri()):
        found = read(place)
        assert (CHARGES, LEFT_OUT, 5) == (told(found), found.left_out, found.rows)
        assert {"estimated"} == {charge.basis for charge in found.spendings}
        assert {date(2026, 10, 26)} == {charge.on for charge in found.spendings}
    first, second = (sorted(c.row_id for c in read(place).spendings) for place in (tmp_path, tmp_path / "mlflow.db"))
    assert first == second
    folder(tmp_path, RUNS)
    assert {("a", Decimal(4), Decimal("4.4"))} == told(read(tmp_path, tags={"team": "nlp"}))
    assert 5 == read(tmp_path, since=date(2026, 11, 1)).filtered


def test_attempts_of_one_training_are_one_charge(tmp_path: Path) -> None:
    """Where the metric of the whole training is all there is, the last one holds it; the callback's name is taken."""
    home = folder(tmp_path, RUNS) / "7"
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


def test_attempts_of_one_run_and_its_day(tmp_path: Path) -> None:
    """A killed attempt that was taken up again counts; a tag says what the last took; the day is today's."""
    first, second = attempts(tmp_path, 1, 2)
    found = read(logged(tmp_path, first, second, status=(1, 3)))
    assert pytest.approx(30, abs=0.01) == total(found)
    ended = min(charge.ended_at for charge in found.spendings if charge.ended_at)
    assert abs(ended.timestamp() - (BEGAN + HOUR) / 1000) < 5
    shutil.rmtree(tmp_path / "mlruns")
    assert pytest.approx(10, abs=0.01) == total(read(logged(tmp_path, first, second, status=(3, 1))))
    (tmp_path := tmp_path / "second").mkdir()
    first, second = attempts(tmp_path, 1, 2)
    assert pytest.approx(30, abs=0.01) == total(read(logged(tmp_path, {**first, **second})))
    first, second, third = attempts(tmp_path / "b", 1, 2, 4)
    found = read(logged(tmp_path / "b", first, {**second, "tunecase.booked": "true"}, third))
    assert pytest.approx(40, abs=0.01) == total(found)
    assert "2 runs that the callback booked itself when they ended" in found.left_out
    (tmp_path := tmp_path / "third").mkdir()
    home = logged(tmp_path, {"tunecase.gpu": "L40S", "tunecase.gpu_count": "1"})
    (only,) = read(home, today=date(2026, 10, 25)).spendings
    assert date(2026, 10, 25) == only.on
    with pytest.raises(InputError, match="an end on 2026-10-26"):
        read(home, today=date(2026, 10, 24))


def test_places_that_hold_no_run_are_refused(tmp_path: Path) -> None:
    """Something else, another database, a password, nothing at all; several experiments need a name or a tag."""
    (tmp_path / "x").mkdir()
    with closing(sqlite3.connect(tmp_path / "other.db")) as store, store:
        store.execute("CREATE TABLE cats (name TEXT)")
    for place, words in (("x", "nothing of MLflow's"), ("other.db", "not MLflow's tables"), ("none", "no such file")):
        with pytest.raises(InputError, match=words):
            read(tmp_path / place)
    with pytest.raises(InputError, match="password"):
        read("http://me:secret@127.0.0.1:1")
    folder(tmp_path / "b", RUNS)
    folder(tmp_path / "b", RUNS, "other", "8")
    with pytest.raises(InputError, match=r"other \(5 runs\)"):
        read(tmp_path / "b")
    assert 3 == len(read(tmp_path / "b", experiment="other").spendings)
    assert 2 == len(read(tmp_path / "b", tags={"team": "nlp"}).spendings)
    with pytest.raises(InputError, match="did you mean tickets"):
        read(tmp_path / "b", experiment="ticket")


def test_a_server_that_dies_midway_is_a_failure_of_the_world() -> None:
    """What came before is no import."""
    info = {"run_id": "1", "status": "FINISHED", "start_time": BEGAN, "end_time": BEGAN + HOUR}
    params = [{"key": "gpu", "value": "L40S"}, {"key": "gpus", "value": "1"}]
    page = json.dumps({"runs": [{"info": info, "data": {"params": params}}], "next_page_token": "more"})
    listed = json.dumps({"experiments": [{"name": "tickets", "experiment_id": "1"}]})

    def dies(request: str) -> list[bytes]:
        if "page_token" in request:
            return [reply('{"runs": [', Content_Length=1000)]
        return [reply(page if "/runs/search" in request else listed)]

    with hostile_server(dies) as (address, _), pytest.raises(TunecaseError, match="broke off") as caught:
        read(address)
    assert 3 == caught.value.exit_code
