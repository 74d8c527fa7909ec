"""What other tools predict for training runs: answers are gathered by run, refusals kept, rules of thumb counted."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.compute.measured.test_calibration import ran

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from audit_peers import Peer
from peers import baselines, compared, training_peers
from training_scores import Score

ROW = {
    "id": "a",
    "architecture": "llama",
    "hidden": 4096,
    "layers": 32,
    "heads": 32,
    "kv_heads": 32,
    "head_dim": 128,
    "ffn": 11008,
    "vocab": 32000,
    "params": 6_738_415_616,
    "tied": False,
    "method": "lora",
    "rank": 8,
    "targets": "qv",
    "sequence_tokens": 2048,
    "micro_batch": 1,
    "gpus": 1,
    "checkpointing": True,
    "flash": True,
    "gpu": "A100-80GB",
    "gpu_gib": 80.0,
    "precision": "bf16",
    "sharding": "none",
}
STAND_IN = """
import sys
sys.path.insert(0, {folder!r})
from training_row import serve, whole_on_each

def answer(row):
    whole_on_each(row)
    print("a tool may print")
    return {{"memory_gb": row["params"] * 2e-9, "also": {{"half": {{"memory_gb": row["params"] * 1e-9}}}}}}

serve(answer)
"""


def stand_in(tmp_path: Path, text: str) -> Peer:
    """A tool without packages, which runs in this Python."""
    script = tmp_path / "run_stand_in.py"
    script.write_text(text.format(folder=str(Path(training_peers.__file__).parent)))
    return Peer("stand-in", (), str(script))


def test_answers_are_gathered_by_run(tmp_path, capsys):
    """Each run has its figure under its id, a second reading has a name of its own, a refusal its reason."""
    sharded = {**ROW, "id": "b", "gpus": 2, "sharding": "fsdp"}
    found = training_peers.predictions([ROW, sharded], tmp_path, [stand_in(tmp_path, STAND_IN)])
    assert found["stand-in"]["a"] == {"memory_gb": 13.476831232, "tokens_per_s_per_gpu": None, "reason": None}
    assert found["stand-in, half"]["a"]["memory_gb"] == pytest.approx(6.738415616)
    assert found["stand-in"]["b"]["memory_gb"] is None
    assert "one GPU" in str(found["stand-in"]["b"]["reason"])
    assert "of 2 runs memory for 1, speed for 0" in capsys.readouterr().out


def test_a_tool_that_fails_is_left_out_with_the_reason(tmp_path, capsys):
    """A tool that cannot start costs the others nothing."""
    skipped = {}
    peers = [stand_in(tmp_path, "raise OSError('no such card')")]
    assert training_peers.predictions([ROW], tmp_path, peers, skipped) == {}
    assert "stand-in: skipped: ends with 1: OSError: no such card" in capsys.readouterr().out
    assert {"stand-in": "ends with 1: OSError: no such card"} == skipped


def test_every_publisher_counts_once_beside_a_tool():
    """Means over publishers on the rows that the tool answers, and at how many publishers each is nearer."""
    scores = [_score("a", 0.1, at) for at in range(3)] + [_score("b", 0.5, 3), _score("c", 0.2, 4)]
    told = {"0": 1.3, "1": 1.3, "2": 1.3, "3": 1.1}
    found = compared.figures(scores, told.get)
    assert (4, 5, 2, 1, 1) == tuple(found[key] for key in ("answered", "of", "publishers", "ahead", "behind"))
    assert (20.0, 30.0) == (found["median_ape"], found["ours_median_ape"])


def _score(publisher, error, at):
    """One of our scores whose truth is one."""
    return Score(replace(ran(publisher=publisher), id=str(at)), 1 + error, 1.0, 0.5, 2.0)


def test_a_run_is_told_to_every_tool_alike():
    """A run becomes plain values that a tool of another environment can read."""
    row = compared.as_row(ran(method="qlora", optimizer="paged_adamw_8bit"))
    assert ("qlora", "paged_adamw_8bit", "A100-80GB", 4096) == (
        row["method"],
        row["optimizer"],
        row["gpu"],
        row["hidden"],
    )
    assert row == json.loads(json.dumps(row))


def test_the_bytes_per_parameter_rule_ignores_the_tokens():
    """2 bytes per parameter and 14% for LoRA, whatever the length."""
    assert baselines.rule_gb(ROW) == pytest.approx(6.738415616 * 2 * 1.14)
    assert baselines.rule_gb({**ROW, "sequence_tokens": 8192}) == baselines.rule_gb(ROW)


def test_the_sketch_shares_the_states_and_grows_with_tokens():
    """Two cards hold half of the states and gather a part; more tokens cost more; a fused loss costs less."""
    one = baselines.sketch_gb(ROW)
    assert 13.5 < one < 18
    assert baselines.sketch_gb({**ROW, "gpus": 2, "sharding": "fsdp"}) < one
    assert baselines.sketch_gb({**ROW, "sequence_tokens": 4096}) > one
    assert baselines.sketch_gb({**ROW, "loss": "fused"}) < one


def test_pooled_speed_is_learnt_without_the_own_group():
    """A run's own group never sets its speed; a lone group has no answer."""
    rows = [ROW, {**ROW, "id": "b"}, {**ROW, "id": "c", "gpu": None}]
    fixed = baselines.fixed_speed(ROW)
    assert fixed == pytest.approx(0.4 * 312e12 / (4 * 6_738_415_616))
    found = baselines.pooled_speeds(rows, {"a": fixed / 2, "b": fixed, "c": 1.0}, {"a": "x", "b": "y", "c": "y"})
    assert found["a"] == pytest.approx(fixed)
    assert found["b"] == pytest.approx(fixed / 2)
    assert found["c"] is None
    assert baselines.pooled_speeds([ROW], {"a": 1.0}, {"a": "x"}) == {"a": None}
