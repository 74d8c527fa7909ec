"""Stores of MLflow are found where they are, read alike, and refused where they are none."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.io.trackers.stores import Logged, database, folder, write
from tunecase.errors import InputError, TunecaseError
from tunecase.io.trackers import run as run_module
from tunecase.io.trackers import sqlite
from tunecase.io.trackers.mlflow import read_mlflow
from tunecase.io.trackers.run import Store, Tracked

RUNS = (
    Logged("a", began=1_000, ended=2_000, tags={"team": "nlp"}, params={"n": "5"}, metrics={"acc": (0.5, 0.7)}),
    Logged("b", "FAILED", 3_000, None, metrics={"acc": (0.1,), "loss": (2.0, 1.0)}),
)


def read(place: Path | str, experiment: str = "") -> Store:
    """A store of which the metric acc is read in full."""
    store = read_mlflow(str(place), experiment, lambda metric: metric == "acc")
    assert store is not None
    return store


def test_stores_and_deleted_runs(tmp_path: Path) -> None:
    """Folder and database hold the same; deleted ones, of a deleted experiment too, are passed over."""
    base, home = database(tmp_path / "mlflow.db", RUNS), folder(tmp_path / "files", RUNS)
    first, second = datetime.fromtimestamp(1, UTC), datetime.fromtimestamp(2, UTC)
    expected = [
        Tracked("a", "finished", {"n": "5"}, {"acc": [(0.0, 0.5), (1.0, 0.7)]}, None, None, "r0", first, second,
                {"team": "nlp"}),
        Tracked("b", "failed", {}, {"acc": [(0.0, 0.1)], "loss": [(1.0, 1.0)]}, None, None, "r1",
                datetime.fromtimestamp(3, UTC)),
    ]  # fmt: skip
    for place in (base, tmp_path, f"sqlite:///{base}", home, home.parent, home.as_uri(), home / "7"):
        for wanted in ("", "tickets"):
            store = read(place, wanted)
            runs = [
                {**{name: getattr(run, name) for name in Tracked.__slots__}, "status": run.status.casefold(),
                 "tags": {key: text for key, text in run.tags.items() if key != "mlflow.runName"}}
                for run in store.used["tickets"]
            ]  # fmt: skip
            assert (expected, "") == ([Tracked(**run) for run in runs], store.cut), place
    (tmp_path := tmp_path / "second").mkdir()
    home = folder(tmp_path / "files", RUNS)
    meta = home / "7" / "r1" / "meta.yaml"
    write(meta, meta.read_text().replace("active", "deleted"))
    base = database(tmp_path / "mlflow.db", RUNS)
    with closing(sqlite3.connect(base)) as store, store:
        store.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = 'r1'")
    assert [["a"], ["a"]] == [[run.name for run in read(place).used["tickets"]] for place in (home, base)]
    write(home / "7" / "meta.yaml", "lifecycle_stage: deleted\nname: tickets\n")
    assert {} == read(home).experiments


def test_limits_are_told_and_runs_before_them_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of runs and values, in one long file too, and of time; the run at which values end is left out."""
    runs = (*RUNS, Logged("c"))
    places = database(tmp_path / "mlflow.db", runs), folder(tmp_path / "files", runs)
    monkeypatch.setattr(run_module, "MOST_RUNS", 2)
    for place in places:
        store = read(place, "tickets")
        assert ("read 2 of at least 3 runs", 2) == (store.cut, sum(map(len, store.experiments.values())))
    monkeypatch.setattr(run_module, "MOST_RUNS", 9)
    monkeypatch.setattr(run_module, "MOST_VALUES", 2)
    assert {"read 2 of at least 3 values"} == {read(place).cut for place in places}
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    places = database(tmp_path / "mlflow.db", RUNS), folder(tmp_path / "files", RUNS)
    whole = [read(place).used["tickets"][0] for place in places]
    for place, first in zip(places, whole, strict=True):
        for most in (5, 6) if place.is_dir() else (4, 5):
            monkeypatch.setattr(run_module, "MOST_VALUES", most)
            store = read(place)
            assert ([first], True) == (store.used["tickets"], bool(store.cut)), (place, most)
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    home = folder(tmp_path, (Logged("a", metrics={"acc": (0.5,) * 50}),))
    monkeypatch.setattr(run_module, "MOST_VALUES", 50)  # and one tag
    assert ("read 50 of at least 51 values", {}) == ((store := read(home)).cut, store.used)
    monkeypatch.setattr(run_module, "MOST_VALUES", 51)
    assert "" == read(home).cut
    monkeypatch.undo()
    (tmp_path := tmp_path / "fourth").mkdir()
    base = database(tmp_path / "mlflow.db", (Logged("a", metrics={"acc": (0.5,) * 5_000}),))
    monkeypatch.setattr(sqlite, "TOTAL_S", -1.0)
    monkeypatch.setattr(sqlite, "STEPS", 10)
    with pytest.raises(TunecaseError, match=r"(?s)could not be read within.*--experiment"):
        read(base)


def test_what_is_no_number_or_store(tmp_path: Path) -> None:
    """Refused alike in folder and database, but NaN is a number; a file of the right name alone is no store."""
    home, base = folder(tmp_path / "files", RUNS), database(tmp_path / "mlflow.db", RUNS)
    for metric in ("acc", "loss"):
        for line, column, raw, words in (("1 good 0", "value", "good", f"value of {metric}"),
                                         ("1 0.5 last", "step", "last", f"step of {metric}"),
                                         ("1 nan 0", "value", "nan", "")):  # fmt: skip
            write(home / "7" / "r1" / "metrics" / metric, line)
            with closing(sqlite3.connect(base)) as store, store:
                for table in ("metrics", "latest_metrics"):
                    own = "SET value = 0.5, step = 0 WHERE key = ?"
                    store.execute(f"UPDATE {table} {own}", (metric,))
                    store.execute(f"UPDATE {table} SET {column} = ? WHERE key = ? AND run_uuid = 'r1'", (raw, metric))
            for place in (home, base):
                if words:
                    with pytest.raises(InputError, match=words):
                        read(place)
                else:
                    assert read(place).used["tickets"]
        write(home / "7" / "r1" / "metrics" / metric, "1 0.5 0")
        with closing(sqlite3.connect(base)) as store, store:
            for table in ("metrics", "latest_metrics"):
                store.execute(f"UPDATE {table} SET value = 0.5, step = 0")
    (tmp_path := tmp_path / "b").mkdir()
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"text")
    assert [None] * 3 == [read_mlflow(str(place), "", bool) for place in (path, tmp_path, tmp_path / "none")]
    path.unlink()
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE other (a)")
    for place in (path, tmp_path):
        with pytest.raises(InputError, match="not MLflow's tables"):
            read(place)
    with pytest.raises(InputError, match=r"(?s)'ticket'.*did you mean tickets"):
        read(folder(tmp_path / "files", RUNS), "ticket")
