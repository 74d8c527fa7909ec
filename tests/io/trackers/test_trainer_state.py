"""A trainer's state as a run: scores by step, facts beside it, size by time and speed."""

import math

import pytest

from tunecase.errors import InputError
from tunecase.io.trackers import trainer_state
from tunecase.io.trackers.trainer_state import finite, flat, read_json, states, tracked_run

LOG = [
    {"step": 10, "eval_accuracy": 0.5, "eval_runtime": 2.0, "eval_samples_per_second": 150.0},
    {"step": 20, "eval_accuracy": 0.7, "loss": 0.4},
    {"step": 20, "epoch": 2.0, "train_runtime": 10.0, "train_samples_per_second": 80.0},
]


def test_a_run_of_a_folder(tmp_path):
    """Runtimes are no scores; what was scored after training lies beside it; 10 s x 80 per s / 2 passes are 400."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "all_results.json").write_text('{"train_samples": 400, "test_em": NaN, "lora": {"r": 8}}')
    run = tracked_run({"log_history": LOG}, tmp_path / "a", tmp_path)
    assert ("a", 400, 300) == (run.name, run.size, run.test_rows)
    assert {"train_samples": "400", "test_em": "nan", "lora.r": "8"} == run.facts
    assert ["eval_accuracy", "test_em"] == list(run.scores)
    assert [(10.0, 0.5), (20.0, 0.7)] == run.scores["eval_accuracy"]
    assert math.inf == run.scores["test_em"][0][0]


def test_states_are_found_as_far_as_limits_go(tmp_path, monkeypatch):
    """Nearest first and through no link; a search that a limit ends says so; odd values are 0 or left out."""
    for name in ("b", "b/checkpoint-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "trainer_state.json").write_text("{}")
    (tmp_path / "again").symlink_to(tmp_path / "b")
    assert ["b", "checkpoint-1"] == [path.parent.name for path in states(tmp_path).files]
    assert "" == states(tmp_path).cut
    monkeypatch.undo()
    (tmp_path := tmp_path / "second").mkdir()
    monkeypatch.setattr(trainer_state, "MOST_FOLDERS", 3)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "trainer_state.json").write_text("{}")
    assert (2, "") == (len(states(tmp_path).files), states(tmp_path).cut)
    (tmp_path / "c").mkdir()
    assert (2, "read 3 of at least 4 folders") == (len(states(tmp_path).files), states(tmp_path).cut)
    monkeypatch.undo()
    (tmp_path := tmp_path / "third").mkdir()
    assert [1.5, 0.0, 0.0, 0.0] == [finite(value) for value in ("1.5", None, True, math.nan)]
    assert [("a.b", "1"), ("c", "x")] == list(flat({"a": {"b": 1}, "c": "x", "d": [1], "e": None}))
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        read_json(tmp_path / "a.json")
