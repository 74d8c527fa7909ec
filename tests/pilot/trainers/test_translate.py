"""Our names of settings become those that the libraries know today."""

import dataclasses
from typing import Any

import pytest

from tests.pilot.trainers.outside import TASK
from tunecase.errors import InputError
from tunecase.pilot.trainers import command, translate, trl
from tunecase.pilot.trainers.task import Setting

RUN: dict[str, Any] = {
    "model": "some/model", "seed": 7, "choices": list(TASK.choices), "settings": {**translate.LEARNING, "steps": 120},
    "options": {},
}  # fmt: skip


def test_steps_are_equal_on_all_rungs() -> None:
    """The largest rung gets three passes, and no rung gets fewer steps."""
    assert [120, 240, 375] == [translate.equal_steps(rows, 8) for rows in (10, 640, 1000)]


def test_the_rule_gives_way_to_steps_that_are_named() -> None:
    """Named steps stand, 0 too, which trains nothing."""
    steps = [trl.settings(10_000, chosen)["steps"] for chosen in ({}, {"steps": 0}, {"steps": 7})]
    assert [3750, 0, 7] == steps


def test_the_batch_is_shared_by_the_gpus() -> None:
    """Rows per step stay the same however many GPUs work on them."""
    assert [8, 4, 1, 1] == [translate.share_of_batch({"batch": 8, "gpus": gpus}) for gpus in (1, 2, 8, 64)]


@pytest.mark.needs("train")
def test_trl_knows_the_arguments() -> None:
    """Every argument is a field of the SFTConfig that is installed, and of LoraConfig."""
    import peft
    import trl as library

    found = translate.sft_arguments(RUN["settings"], seed=7, folder="x", precision="bf16", on_gpu=True)
    assert set(found) <= {field.name for field in dataclasses.fields(library.SFTConfig)}
    found = translate.lora_arguments({**RUN["settings"], "depth": 2}, 30)
    assert set(found) <= {field.name for field in dataclasses.fields(peft.LoraConfig)}
    assert ([28, 29], 16, 32) == (found["layers_to_transform"], found["r"], found["lora_alpha"])


def test_no_mixed_precision_on_a_processor() -> None:
    """A processor trains in the numbers of the weights; a GPU mixes, and recomputes activations."""
    for on_gpu in (False, True):
        found = translate.sft_arguments(RUN["settings"], seed=7, folder="x", precision="bf16", on_gpu=on_gpu)
        assert (on_gpu, on_gpu, not on_gpu) == (found["bf16"], found["gradient_checkpointing"], found["use_cpu"])
        assert (12, "linear", 120) == (found["warmup_steps"], found["lr_scheduler_type"], found["max_steps"])
    sharded = {**RUN["settings"], "sharding": "fsdp"}
    found = translate.sft_arguments(sharded, seed=7, folder="x", precision="bf16", on_gpu=True)
    assert not found["gradient_checkpointing"]  # the launcher's flag does it


@pytest.mark.needs("train")
def test_accelerate_knows_the_flags() -> None:
    """The launcher that is installed takes every word."""
    from accelerate.commands import launch

    for sharding in translate.WORDS["sharding"]:
        words = translate.launch_arguments({**RUN["settings"], "gpus": 4, "sharding": sharding})
        parsed = launch.launch_command_parser().parse_args([*words, "script.py"])
        assert (4, "bf16") == (parsed.num_processes, parsed.mixed_precision), sharding
        assert (sharding == "fsdp", sharding.startswith("zero")) == (parsed.use_fsdp, parsed.use_deepspeed)
        assert sharding != "fsdp" or parsed.fsdp_version == "2"
        assert not sharding.startswith("zero") or parsed.zero_stage == int(sharding[-1])


def test_a_trainers_state_becomes_metrics() -> None:
    """The log that transformers keeps is read whichever way tokens are named there; other lines are skipped."""
    history = [
        {"step": 10, "loss": 1.25, "num_input_tokens_seen": 900, "learning_rate": 1e-4, "epoch": 0.5},
        {"step": 20, "loss": 0.5, "num_tokens": 1800.0},
        {"step": 20, "train_runtime": 12.5, "train_loss": 0.9},
        {"epoch": 1.0},
    ]
    assert [
        {"step": 10, "tokens": 900, "loss": 1.25},
        {"step": 20, "tokens": 1800, "loss": 0.5},
        {"step": 20, "time_s": 12.5},
    ] == translate.metrics_of_state(history)


def test_what_no_library_could_use_is_refused() -> None:
    """Words and numbers out of bounds are refused together, each by its name, before a run is made."""
    wrong: dict[str, Setting] = {
        "method": "dora", "precision": "int8", "batch": 0, "learning_rate": float("nan"), "gpus": -1,
    }  # fmt: skip
    with pytest.raises(InputError) as caught:
        command.settings(10, {"command": "x", **wrong})
    assert {f"setting {name} of command" for name in wrong} == {problem.where for problem in caught.value.problems}
