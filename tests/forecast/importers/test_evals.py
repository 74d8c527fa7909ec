"""Logs of evaluations as points of a curve."""

from pathlib import Path

import pytest

from tests.evals.logs import LM_EVAL, OAIEVAL, RIGHT, write_samples
from tunecase.errors import InputError
from tunecase.forecast.forecast import read_source
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Point

A, B = str(OAIEVAL / "a.jsonl"), str(OAIEVAL / "b.jsonl")


def test_each_log_is_one_point() -> None:
    """Score and test rows are the log's, the size stands in its settings."""
    found = read_source((A, B), Asked())
    assert (Point(400, RIGHT["a"] / 24, 1, 24), Point(1600, RIGHT["b"] / 24, 1, 24)) == found.points
    assert "sizes run_config.n_train" in found.notes[-1]


def test_sizes_may_be_told_by_name(tmp_path: Path) -> None:
    """NAME is the file's, or its folder's."""
    places = [str(write_samples(tmp_path / name, [1, 0, 1]).parent) for name in ("small", "large")]
    found = read_source(places, Asked(sizes={"small": 100, "large": 900}))
    assert [100, 900] == [point.n for point in found.points]
    with pytest.raises(InputError, match="how many examples"):
        read_source(places, Asked())


def test_the_metric_is_chosen_as_a_column() -> None:
    """Several are told as they are to be typed, METRIC,FILTER."""
    place = str(LM_EVAL / "mock-a")
    with pytest.raises(InputError, match="--score-column exact_match,strict-match"):
        read_source(place, Asked())
    found = read_source(place, Asked(score_column="exact_match,strict-match", sizes={"mock-a": 400}))
    assert [400] == [point.n for point in found.points]


def test_mistakes_of_all_logs_are_told(tmp_path: Path) -> None:
    """Together."""
    with pytest.raises(InputError) as refused:
        read_source((str(tmp_path / "a.eval"), str(OAIEVAL / "b-half.jsonl")), Asked())
    assert 2 == len(refused.value.problems)
