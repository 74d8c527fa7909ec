"""Runs of Trackio as points of a curve."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.evals.logs import TRACKIO
from tunecase.errors import InputError
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Point


def test_each_run_is_one_point() -> None:
    """Its last accuracy on held-out rows, and the size of its configuration."""
    found = read_source(str(TRACKIO / "training.db"), Asked())
    assert {Point(400, 0.66, 1, None), Point(1600, 0.78, 1, None)} == set(found.points)


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """What a later version wrote is not guessed at."""
    place = tmp_path / "training.db"
    shutil.copyfile(TRACKIO / "training.db", place)
    with sqlite3.connect(place) as store:
        store.execute("PRAGMA user_version = 9")
    with pytest.raises(InputError, match="a store of version 9"):
        read_source(str(place), Asked())
