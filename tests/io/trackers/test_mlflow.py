"""Stores of MLflow are found where they are, and refused where they are none."""

import sqlite3
from contextlib import closing

import pytest

from tunecase.errors import InputError
from tunecase.io.trackers.mlflow import experiment_in, folder_in, read_folder, read_store, store_in
from tunecase.io.trackers.run import Tracked


def test_a_folder_is_found_and_read(tmp_path):
    """As itself or by what holds it; a deleted run is passed over."""
    home = tmp_path / "mlruns" / "1"
    for run, stage in (("a", "active"), ("b", "deleted")):
        (home / run / "metrics").mkdir(parents=True)
        (home / run / "meta.yaml").write_text(f"run_name: {run}\nstatus: 3\nlifecycle_stage: {stage}\n")
        (home / run / "metrics" / "acc").write_text("2 0.7 20\n1 0.5 10\n")
    assert folder_in(tmp_path) is None
    (home / "meta.yaml").write_text("name: tickets\nlifecycle_stage: active\n")
    assert tmp_path / "mlruns" == folder_in(tmp_path) == folder_in(tmp_path / "mlruns")
    run = Tracked("a", "finished", {}, {"acc": [(10.0, 0.5), (20.0, 0.7)]})
    assert {"tickets": [run]} == read_folder(tmp_path / "mlruns")


def test_a_store_is_found_by_its_first_bytes(tmp_path):
    """A file of the right name and other content is no store; one without MLflow's tables is refused."""
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"text")
    assert store_in(tmp_path) is None
    path.unlink()
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE other (a)")
    assert path == store_in(tmp_path) == store_in(path)
    with pytest.raises(InputError, match="not MLflow's tables"):
        read_store(path)


def test_an_experiments_page_names_it():
    """The address of a page, as the browser shows it."""
    assert ("7", "") == (experiment_in("/experiments/7/runs/a"), experiment_in("/models"))
