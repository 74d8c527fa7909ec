"""Logs of Inspect, as inspect-ai wrote them."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.evals.logs import INSPECT, RIGHT, refused, rights
from tunecase.errors import MissingExtraError
from tunecase.evals import Asked, read_log

pytest.importorskip("backports.zstd", reason="logs of Inspect are packed by Zstandard")


def test_a_log_is_read_by_its_summaries() -> None:
    """Model, task, day and every item's score come from the header and the summaries of the samples."""
    log = read_log(INSPECT / "a.eval", Asked())
    assert ("Inspect", "mockllm/a", "even", "match") == (log.tool, log.model, log.task, log.metric)
    assert (24, RIGHT["a"]) == (log.items, rights(log))
    assert log.aggregate == log.score == RIGHT["a"] / 24
    assert "400" == log.facts["metadata.n_train"]
    assert {"q1", "q24"} <= set(log.scores)


def test_epochs_are_averaged_for_each_item() -> None:
    """Two epochs of one item are one item with the mean of both."""
    log = read_log(INSPECT / "epochs.eval", Asked())
    assert (24, {2}) == (log.items, {len(each) for each in log.scores.values()})
    assert 0.5 == log.means["q4"]
    assert log.score == pytest.approx(log.aggregate)


def test_errors_are_counted_apart() -> None:
    """An item that an error ended is neither right nor wrong."""
    log = read_log(INSPECT / "errors.eval", Asked())
    assert (22, 2, 0) == (log.items, log.errors, log.unscored)
    assert not {"q7", "q8"} & set(log.scores)


def test_unscored_items_are_counted_apart() -> None:
    """A score of NaN is no score, and no zero."""
    log = read_log(INSPECT / "unscored.eval", Asked())
    assert (22, 2) == (log.items, log.unscored)
    assert log.score == pytest.approx(log.aggregate)


def test_one_of_several_scores_is_chosen() -> None:
    """Several scorers, and several values in one score, are told with their names; one is read."""
    problem = refused(INSPECT / "two.eval")
    assert "3 metrics: match, short (two), right (two)" == problem.got
    assert "--metric match" in problem.fix
    assert RIGHT["b"] == rights(read_log(INSPECT / "two.eval", Asked(metric="right")))
    assert "it has match" in refused(INSPECT / "two.eval", Asked(metric="bleu")).got


def test_json_is_read_too() -> None:
    """A log in JSON reads as the zip does; a run of a part of the data says so."""
    log = read_log(INSPECT / "limited.json", Asked())
    assert (6, "mockllm/b") == (log.items, log.model)
    assert "limited to 6" in log.notes[0]


def test_a_run_without_results_is_refused() -> None:
    """A run that ended in an error has no results; what it was, and how to go on, is told."""
    problem = refused(INSPECT / "failed.eval")
    assert "status error" in problem.got
    assert "the model did not answer" in problem.got
    assert "inspect eval-retry" in problem.fix


def test_a_cut_zip_is_refused(tmp_path: Path) -> None:
    """A zip whose end is missing, as of a run that goes on, is told as cut off."""
    half = tmp_path / "half.eval"
    half.write_bytes((INSPECT / "a.eval").read_bytes()[:20_000])
    assert "cut off" in refused(half).got


def test_cut_json_is_refused(tmp_path: Path) -> None:
    """So is a JSON file."""
    half = tmp_path / "half.json"
    half.write_bytes((INSPECT / "limited.json").read_bytes()[:20_000])
    assert "cut off" in refused(half).got


def write_zip(path: Path, summaries: bytes, **header: object) -> Path:
    """A log of plain zip entries."""
    whole = {
        "version": 2,
        "status": "success",
        "eval": {"task": "t", "model": "m"},
        "results": {"scores": []},
        **header,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(whole))
        archive.writestr("summaries.json", summaries)
    return path


def test_old_logs_are_plain_zips(tmp_path: Path) -> None:
    """Entries packed by deflate need no further library; letters are scores."""
    values = [{"id": name, "epoch": 1, "scores": {"s": {"value": name}}} for name in "CIPN"]
    log = read_log(write_zip(tmp_path / "old.eval", json.dumps(values).encode()), Asked())
    assert {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0} == log.means


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """Summaries that grow far beyond their packed bytes are not unpacked to the end."""
    one = b'{"id": "a", "epoch": 1, "scores": {"s": {"value": 1}}, "input": "' + b" " * 900 + b'"}'
    place = write_zip(tmp_path / "bomb.eval", b"[" + b",".join([one] * 70_000) + b"]")
    assert "grow more than 150 times" in refused(place).got


@pytest.mark.parametrize("summaries", [b"[{", b"{}", b"[1]", b"", b'[{"id": "a", "scores": {"s": {"value": 1}}}'])
def test_broken_summaries_are_refused(tmp_path: Path, summaries: bytes) -> None:
    """Whatever stands in place of the summaries, no traceback comes of it."""
    assert "broken" in refused(write_zip(tmp_path / "x.eval", summaries)).got


def test_a_later_form_is_refused(tmp_path: Path) -> None:
    """A log of a version that is not known here is named, not guessed at."""
    assert "version 3" in refused(write_zip(tmp_path / "x.eval", b"[]", version=3)).got


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library for Zstandard the extra is named."""
    import importlib
    import sys

    if sys.version_info >= (3, 14):
        pytest.skip("Python reads it itself")
    shutil.copyfile(INSPECT / "a.eval", tmp_path / "a.eval")
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name.startswith("backports.zstd"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match="pip install backports"):
        read_log(tmp_path / "a.eval", Asked())


def sample(name: object, value: object, **more: object) -> dict[str, object]:
    """The summary of a sample."""
    return {"id": name, "epoch": 1, "scores": {"s": {"value": value}}, **more}


def written(path: Path, *samples: dict[str, object], **header: object) -> Path:
    """A log of these samples."""
    return write_zip(path, json.dumps(samples).encode(), **header)


def test_summaries_of_a_part_are_refused(tmp_path: Path) -> None:
    """Fewer samples than the header counts, or fewer scored ones, are no whole log."""
    two = [sample("a", "C"), sample("b", "C")]
    some = {"completed_samples": 50, "scores": []}
    assert "2 samples of the 50" in refused(written(tmp_path / "a.eval", *two, results=some)).got
    told = {"name": "s", "scorer": "s", "scored_samples": 50, "metrics": {"accuracy": {"value": 0.4}}}
    assert "2 scored samples of the 50" in refused(written(tmp_path / "b.eval", *two, results={"scores": [told]})).got


def test_samples_without_an_id_are_refused(tmp_path: Path) -> None:
    """They would all be one item."""
    place = written(tmp_path / "a.eval", sample(None, "C"), sample(None, "I"))
    assert "a sample without an id" == refused(place).got


def test_numbers_and_words_are_two_ids(tmp_path: Path) -> None:
    """1 and "1" are two items."""
    assert 2 == read_log(written(tmp_path / "a.eval", sample(1, "C"), sample("1", "I")), Asked()).items


def test_an_answer_that_was_tried_again_is_one(tmp_path: Path) -> None:
    """What comes later counts, be it a score or an error."""
    failed, scored = sample("a", "I", error="boom"), sample("a", "C")
    log = read_log(written(tmp_path / "a.eval", failed, scored, sample("b", "C")), Asked())
    assert (2, 0, 1.0) == (log.items, log.errors, log.score)
    log = read_log(written(tmp_path / "b.eval", scored, failed, sample("b", "C")), Asked())
    assert (1, 1, 0) == (log.items, log.errors, log.unscored)


def test_a_later_form_in_words_is_refused(tmp_path: Path) -> None:
    """A version that is written as a text is one all the same."""
    assert "version 9" in refused(write_zip(tmp_path / "x.eval", b"[]", version="9")).got
