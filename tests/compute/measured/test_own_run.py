"""A trainer state of one's own becomes a measured run: speed from tokens or samples, memory from its deltas."""

import json
from pathlib import Path
from typing import Any

import pytest

from tunecase import catalog
from tunecase.compute import lengths, speed
from tunecase.compute.measured.own_run import measured_run
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe
from tunecase.errors import InputError

RUN = Recipe(read_shape("llama-2-7b"), catalog.gpu("H100"), gpus=2, sharding="ddp", micro_batch=4, accumulation=2)
MEMORY = {
    "before_init_mem_gpu": 1e9, "init_mem_gpu_alloc_delta": 13e9, "train_mem_gpu_alloc_delta": 1e9,
    "train_mem_gpu_peaked_delta": 5e9,
}  # fmt: skip


def state(folder: Path, beside: dict[str, Any] | None = None, tokens: int = 0, **entry: Any) -> Path:
    """A folder with a trainer state, and results beside it."""
    body = {"global_step": 50, "log_history": [{"loss": 1.0}, entry], "num_input_tokens_seen": tokens}
    (folder / "trainer_state.json").write_text(json.dumps(body), encoding="utf-8")
    if beside:
        (folder / "all_results.json").write_text(json.dumps(beside), encoding="utf-8")
    return folder


def test_tokens_seen_give_the_speed_of_one_card(tmp_path: Path) -> None:
    """Tokens of all cards over the time and the cards."""
    found = measured_run(state(tmp_path, tokens=4_000_000, train_runtime=400.0), RUN, "2026-11-24")
    assert 5_000 == found.tokens_per_s_per_gpu
    assert ("allocated", None) == (found.statistic, found.peak_gb)


def test_samples_a_second_times_their_length(tmp_path: Path) -> None:
    """Without tokens, samples a second times the length; without those, steps times the samples of one."""
    rated = measured_run(state(tmp_path, train_runtime=400.0, train_samples_per_second=4.0), RUN, "2026-11-24")
    assert 4.0 * 2048 / 2 == rated.tokens_per_s_per_gpu
    stepped = measured_run(state(tmp_path, train_runtime=400.0), RUN, "2026-11-24")
    assert 50 / 400 * 16 * 2048 / 2 == stepped.tokens_per_s_per_gpu


def test_a_pair_is_two_samples(tmp_path: Path) -> None:
    """With DPO a sample of the Trainer is a pair, both halves of which are computed; so are those of a step."""
    pairs = RUN.but(objective="dpo")
    rated = measured_run(state(tmp_path, train_runtime=400.0, train_samples_per_second=4.0), pairs, "2026-11-24")
    assert 4.0 * 2 * 2048 / 2 == rated.tokens_per_s_per_gpu
    stepped = measured_run(state(tmp_path, train_runtime=400.0), pairs, "2026-11-24")
    assert 50 / 400 * 16 * 2 * 2048 / 2 == stepped.tokens_per_s_per_gpu
    per_step = float(speed.tokens_per_card(pairs))
    assert stepped.tokens_per_s_per_gpu == pytest.approx(per_step * 50 / 400)


def test_cards_that_share_a_sample_do_not_add_one(tmp_path: Path) -> None:
    """Two cards that work on the same samples go through half as many in a step."""
    cases = ["tensor", "pipeline", "context"]
    for kind in cases:
        shared = RUN.but(**{f"{kind}_parallel": 2})
        found = measured_run(state(tmp_path, train_runtime=400.0), shared, "2026-11-24")
        assert 50 / 400 * 8 * 2048 / 2 == found.tokens_per_s_per_gpu


def test_padding_is_taken_out(tmp_path: Path) -> None:
    """Tokens seen count padding, useful ones do not."""
    padded = RUN.but(packing=False, lengths=lengths.of([100, 2048], [3, 1]))
    found = measured_run(state(tmp_path, tokens=4_000_000, train_runtime=400.0), padded, "2026-11-24")
    assert found.tokens_per_s_per_gpu == pytest.approx(5_000 * padded.lengths.useful_share(4))  # type: ignore[union-attr]


def test_memory_deltas_add_up_to_the_peak(tmp_path: Path) -> None:
    """What was there, what loading added, what training added, and how far it peaked above."""
    found = measured_run(state(tmp_path, beside=MEMORY, train_runtime=400.0), RUN, "2026-11-24")
    assert 20.0 == found.peak_gb


def test_a_state_that_tells_nothing_is_refused(tmp_path: Path) -> None:
    """Neither time nor memory: say how to train so that it does."""
    with pytest.raises(InputError, match="include_num_input_tokens_seen"):
        measured_run(state(tmp_path, eval_loss=1.0), RUN, "2026-11-24")
    (tmp_path / "trainer_state.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="log_history"):
        measured_run(tmp_path, RUN, "2026-11-24")
    with pytest.raises(InputError, match="no such file"):
        measured_run(tmp_path / "nowhere.json", RUN, "2026-11-24")
