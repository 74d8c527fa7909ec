"""Stores of MLflow as it lays them out: a folder and an SQLite database of the same runs."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

CODES = {"RUNNING": 1, "FINISHED": 3, "FAILED": 4}
TABLES = (
    "experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)",
    "runs (run_uuid TEXT, name TEXT, status TEXT, experiment_id INTEGER, lifecycle_stage TEXT, start_time INTEGER, "
    "end_time INTEGER)",
    "params (run_uuid TEXT, key TEXT, value TEXT)",
    "tags (run_uuid TEXT, key TEXT, value TEXT)",
    "metrics (run_uuid TEXT, key TEXT, value REAL, step INTEGER, timestamp INTEGER, is_nan INTEGER)",
    "latest_metrics (run_uuid TEXT, key TEXT, value REAL, step INTEGER, timestamp INTEGER, is_nan INTEGER)",
)


@dataclass(frozen=True)
class Logged:
    """One run as a training logs it; times in milliseconds since 1970, a metric as its values by step."""

    name: str
    status: str = "FINISHED"
    began: int | None = 1
    ended: int | None = 2
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Sequence[float]] = field(default_factory=dict)


def write(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def folder(root: Path, runs: Sequence[Logged], experiment: str = "tickets", number: str = "7") -> Path:
    """An mlruns folder; the runs are named r0, r1 and so on."""
    home = root / "mlruns" / number
    write(home / "meta.yaml", f"experiment_id: '{number}'\nlifecycle_stage: active\nname: {experiment}\n")
    for index, logged in enumerate(runs):
        run = home / f"r{index}"
        times = f"start_time: {logged.began or 'null'}\nend_time: {logged.ended or 'null'}\n"
        meta = f"run_id: r{index}\nrun_name: {logged.name}\nstatus: {CODES[logged.status]}\nlifecycle_stage: active\n"
        write(run / "meta.yaml", meta + times + "tags: []\n")
        write(run / "tags" / "mlflow.runName", logged.name)
        for kind, listed in (("tags", logged.tags), ("params", logged.params)):
            for key, text in listed.items():
                write(run / kind / key, text)
        for key, values in logged.metrics.items():
            lines = [f"{1700 + step} {value} {step}\n" for step, value in enumerate(values)]
            write(run / "metrics" / key, "".join(lines))
    return root / "mlruns"


def database(path: Path, runs: Sequence[Logged]) -> Path:
    """An SQLite store of an empty experiment and of `tickets`; the runs are named r0, r1 and so on."""
    with closing(sqlite3.connect(path)) as store, store:
        for table in TABLES:
            store.execute(f"CREATE TABLE {table}")
        store.execute("INSERT INTO experiments VALUES (0, 'Default', 'active'), (1, 'tickets', 'active')")
        for index, run in enumerate(runs):
            key = f"r{index}"
            times = run.began, run.ended
            store.execute("INSERT INTO runs VALUES (?, ?, ?, 1, 'active', ?, ?)", (key, run.name, run.status, *times))
            for table, listed in (("params", run.params), ("tags", run.tags)):
                rows = [(key, name, text) for name, text in listed.items()]
                store.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
            for name, values in run.metrics.items():
                points = [(key, name, value, step, step, 0) for step, value in enumerate(values)]
                store.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", points)
                store.execute("INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?)", points[-1])
    return path
