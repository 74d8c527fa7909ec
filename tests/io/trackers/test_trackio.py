"""Trackio's local store, as trackio wrote it, and as its older versions did."""

import math
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.evals.logs import TRACKIO
from tunecase.errors import InputError
from tunecase.io.trackers import read_trackio


def test_runs_come_with_what_they_logged_and_were_given() -> None:
    """Numbers by step; NaN stands in the store as a word, and stays NaN."""
    store = read_trackio(TRACKIO / "training.db")
    runs = {run.name: run for run in store.experiments["training"]}
    assert {"lora-400", "lora-1600"} == set(runs)
    assert "400" == runs["lora-400"].facts["n_train"]
    assert [0.0, 1.0, 2.0] == [step for step, _ in runs["lora-400"].scores["eval/accuracy"]]
    assert all(math.isnan(value) for _, value in runs["lora-400"].scores["loss"])


def old_store(path: Path, cell: object) -> Path:
    """A store of user_version 1, whose runs have names and no ids."""
    with closing(sqlite3.connect(path)) as store:
        store.execute("CREATE TABLE metrics (id INTEGER, timestamp TEXT, run_name TEXT, step INTEGER, metrics TEXT)")
        store.execute("CREATE TABLE configs (id INTEGER, run_name TEXT, config TEXT, created_at TEXT)")
        store.execute("INSERT INTO metrics VALUES (1, '', 'a', 0, ?)", (cell,))
        store.execute("PRAGMA user_version = 1")
        store.commit()
    return path


def test_older_and_odd_stores(tmp_path: Path) -> None:
    """They know runs by name; a cell that is no object is refused; others' databases are left to them."""
    for name, cell in (("a.db", '{"acc": 0.5}'), ("b.db", b'{"acc": 0.5}')):
        store = read_trackio(old_store(tmp_path / name, cell))
        (run,) = store.experiments[Path(name).stem]
        assert {"acc": [(0.0, 0.5)]} == run.scores
    (tmp_path := tmp_path / "second").mkdir()
    for at, cell in enumerate(("{", "[]", b"\xff", None, "NaN")):
        with pytest.raises(InputError, match="no JSON object"):
            read_trackio(old_store(tmp_path / f"{at}.db", cell))
    (tmp_path := tmp_path / "third").mkdir()
    with closing(sqlite3.connect(tmp_path / "x.db")) as store:
        store.execute("CREATE TABLE t (a)")
        store.commit()
    assert read_trackio(tmp_path / "x.db") is None
    assert read_trackio(tmp_path) is None
