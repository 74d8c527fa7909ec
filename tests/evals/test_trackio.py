"""Items in Trackio's store, as lm_eval logged them there."""

import shutil
import sqlite3
from pathlib import Path

from tests.evals.logs import RIGHT, TRACKIO, refused, rights
from tunecase.evals import Asked, read_log

STRICT = Asked(filter="strict-match")


def test_a_run_is_named_behind_its_store() -> None:
    """A store of two runs is told with both; STORE.db::RUN reads one."""
    assert "2 runs: mock-a, mock-b" == refused(TRACKIO / "even.db", STRICT).got
    log = read_log(TRACKIO / "even.db::mock-b", STRICT)
    assert ("Trackio", "mock-b", "even", 24, RIGHT["b"]) == (log.tool, log.model, log.task, log.items, rights(log))


def test_a_run_that_is_not_there_is_told() -> None:
    """With those that are."""
    assert "mock-a, mock-b" in refused(TRACKIO / "even.db::mock-c").got


def test_scores_by_step_are_of_no_item() -> None:
    """A store without traces leads to the forecast."""
    problem = refused(TRACKIO / "training.db")
    assert "of no item" in problem.got
    assert "tunecase forecast" in problem.fix


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """What a later version wrote is not guessed at."""
    place = tmp_path / "even.db"
    shutil.copyfile(TRACKIO / "even.db", place)
    with sqlite3.connect(place) as store:
        store.execute("PRAGMA user_version = 3")
    assert "a store of version 3" == refused(place).got


def test_the_store_is_left_as_it_is(tmp_path: Path) -> None:
    """Reading writes nothing: neither into the store nor beside it."""
    place = tmp_path / "even.db"
    shutil.copyfile(TRACKIO / "even.db", place)
    before = place.read_bytes()
    read_log(tmp_path / "even.db::mock-a", STRICT)
    assert before == place.read_bytes()
    assert [place] == list(tmp_path.iterdir())


def test_a_cut_store_is_refused(tmp_path: Path) -> None:
    """Half a store is told as broken."""
    place = tmp_path / "even.db"
    place.write_bytes((TRACKIO / "even.db").read_bytes()[:150_000])
    assert refused(place)


def test_runs_of_one_name_are_named_by_their_keys(tmp_path: Path) -> None:
    """What is told as a choice can be chosen."""
    place = tmp_path / "same.db"
    shutil.copyfile(TRACKIO / "even.db", place)
    with sqlite3.connect(place) as store:
        store.execute("UPDATE traces SET run_name = 'run'")
    for problem in (refused(place, STRICT), refused(tmp_path / "same.db::run", STRICT)):
        assert RIGHT["b"] == rights(read_log(Path(problem.fix.removeprefix("name one: ")), STRICT))
