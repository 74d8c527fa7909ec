"""Logs of lighteval, as its own tracker wrote them."""

import json
import shutil
from pathlib import Path

import pytest

from tests.evals.logs import LIGHTEVAL, RIGHT, refused, rights
from tunecase.evals import Asked, read_log

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def test_the_details_of_a_model_are_one_log() -> None:
    """Items come from the details, the model from the results of the same run."""
    log = read_log(LIGHTEVAL / "details" / "mock-a", Asked())
    assert ("lighteval", "mock-a", "even", "em") == (log.tool, log.model, log.task, log.metric)
    assert (24, RIGHT["a"]) == (log.items, rights(log))
    assert log.aggregate == log.score


def test_two_models_pair_by_query_and_gold() -> None:
    """The same items of two models have the same names."""
    a, b = (read_log(LIGHTEVAL / "details" / f"mock-{model}", Asked()) for model in "ab")
    assert a.scores.keys() == b.scores.keys()


def test_a_results_file_leads_to_its_details() -> None:
    """Who names the results gets the details of the same run."""
    (results,) = (LIGHTEVAL / "results" / "mock-b").glob("*.json")
    assert RIGHT["b"] == rights(read_log(results, Asked()))


def test_one_of_several_runs_is_named() -> None:
    """A folder of two runs of a task is told with both."""
    assert refused(LIGHTEVAL).got.startswith("2 runs: ")


def test_results_without_details_are_refused(tmp_path: Path) -> None:
    """How to save the details is told."""
    (results,) = (LIGHTEVAL / "results" / "mock-b").glob("*.json")
    shutil.copyfile(results, tmp_path / results.name)
    assert "--save-details" in refused(tmp_path / results.name).fix


def write(path: Path, **columns: list[object]) -> Path:
    """A table with these columns, under a name that lighteval gives."""
    place = path / "details_x_2026-11-20T10-00-00.1.parquet"
    pq.write_table(pa.table(columns), place)
    return place


def test_columns_of_both_names_are_read(tmp_path: Path) -> None:
    """The names of the columns that its documentation gives are read as well."""
    docs = [{"query": "a", "gold_index": 0}, {"query": "b", "gold_index": 1}]
    log = read_log(write(tmp_path, __doc__=docs, __metric__=[{"em": 1.0}, {"em": 0.0}]), Asked())
    assert (2, 0.5) == (log.items, log.score)


def test_a_table_without_scores_is_refused(tmp_path: Path) -> None:
    """Older details have other columns; which there are is told."""
    assert "it has predictions" in refused(write(tmp_path, predictions=["a"])).got


def test_a_cut_table_is_refused(tmp_path: Path) -> None:
    """Half a Parquet file is told as such."""
    whole = next((LIGHTEVAL / "details" / "mock-a").rglob("*.parquet"))
    half = tmp_path / whole.name
    half.write_bytes(whole.read_bytes()[:5_000])
    assert "cut off, broken or no Parquet file" in refused(half).got


def test_metrics_of_the_corpus_have_no_items(tmp_path: Path) -> None:
    """An item's part of a corpus metric is an object, and no score."""
    docs = [{"query": "a"}, {"query": "b"}]
    parts = [{"f1": {"golds": [1], "preds": [0]}}, {"f1": {"golds": [0], "preds": [0]}}]
    assert "no value of one item" in refused(write(tmp_path, doc=docs, metric=parts)).got
    (tmp_path / "results").mkdir()
    results = {"config_general": {"model_name": "m"}, "results": {"x": {"f1": 0.4}}}
    (tmp_path / "results" / "results_2026-11-20T10-00-00.1.json").write_text(json.dumps(results))
    log = read_log(tmp_path / "details_x_2026-11-20T10-00-00.1.parquet", Asked())
    assert (False, 0.4) == (log.per_item, log.score)
