"""A case's own pilot as measured runs."""

from dataclasses import replace

import pytest

from tests import samples
from tunecase.compute.pilot_runs import pilot_runs
from tunecase.pilot.trainers import trl
from tunecase.records import Pilot


def piloted(**words: object) -> Pilot:
    """A pilot of TRL on one A100, six runs of 240 steps of 8 rows of 100 tokens."""
    plain = {
        "trainer": "trl", "model": "meta-llama/Llama-3.1-8B", "hardware": "NVIDIA A100-SXM4-80GB", "gpus": 1,
        "steps": 240, "train_tokens": 240 * 8 * 100, "tokens_per_s": 2_000.0, "settings": "rank 32, steps 240",
    }  # fmt: skip
    found = samples.pilot()
    runs = tuple(replace(run, **(plain | words), seconds=run.seconds) for run in found.runs[:6])
    return replace(found, runs=runs)


def test_runs_of_one_set_up_are_one_measurement() -> None:
    """The run in the middle speaks for all, with the trainer's settings where the run names no other."""
    pilot = piloted()
    pilot = replace(pilot, runs=(replace(pilot.runs[0], tokens_per_s=9_000.0), *pilot.runs[1:]))
    (run,), notes = pilot_runs(pilot, trl.SETTINGS, "2026-11-25")
    recipe = run.recipe
    assert () == notes
    assert 2_000 == run.tokens_per_s_per_gpu
    assert (32, 8, 100, "full") == (recipe.rank, recipe.micro_batch, recipe.sequence_tokens, recipe.checkpointing)
    assert ("A100-80GB", "trl", "lora", None) == (recipe.gpu.name, recipe.framework, recipe.method, run.peak_gb)


def test_the_longest_row_makes_the_peak_a_measurement() -> None:
    """The peak is read at the longest row of any run; runs that recorded none teach speed alone."""
    pilot = piloted(longest_row=500, peak_memory_gib=30.0)
    pilot = replace(pilot, runs=(replace(pilot.runs[0], longest_row=900, peak_memory_gib=40.0), *pilot.runs[1:]))
    (speed, peak), _ = pilot_runs(pilot, trl.SETTINGS, "2026-11-25")
    assert (None, 100) == (speed.peak_gb, speed.recipe.sequence_tokens)
    assert (None, "reserved", 900) == (peak.tokens_per_s_per_gpu, peak.statistic, peak.recipe.sequence_tokens)
    assert pytest.approx(40 * 1.073741824) == peak.peak_gb


def test_several_cards_share_the_batch() -> None:
    """Speed and rows are those of one card."""
    (run,), _ = pilot_runs(piloted(gpus=4, settings="gpus 4, sharding fsdp"), trl.SETTINGS, "2026-11-25")
    assert (500, 2, "fsdp", 4) == (
        run.tokens_per_s_per_gpu, run.recipe.micro_batch, run.recipe.sharding, run.recipe.gpus,
    )  # fmt: skip


def test_what_cannot_be_read_is_said() -> None:
    """A card, a model or a part of a model that nobody knows teaches nothing, and why is told."""
    cases = [
        ({"hardware": "a card of 2031"}, "not in the tables"), ({"settings": "depth 8"}, "blocks"),
        ({"model": "nobody"}, "nobody"), ({"steps": None, "settings": "defaults"}, "steps"),
    ]  # fmt: skip
    for words, said in cases:
        runs, (note,) = pilot_runs(piloted(**words), trl.SETTINGS, "2026-11-25")
        assert () == runs
        assert said in note


def test_other_runs_are_passed_over() -> None:
    """Probes, runs on a processor and failed ones say nothing of GPUs."""
    cases = [{"trainer": "probe"}, {"gpus": 0}, {"failed": "no memory"}, {"tokens_per_s": None}]
    assert [] == [words for words in cases if ((), ()) != pilot_runs(piloted(**words), trl.SETTINGS, "2026-11-25")]
