"""A DeepSpeed file gives stage, offload, precision and sizes, for a configuration beside it."""

import json

from tests.compute.configs.reading import found, refusal, said
from tunecase.compute.configs.deepspeed import named_like

ZERO2 = {
    "zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu", "pin_memory": True}},
    "fp16": {"enabled": True}, "optimizer": {"type": "AdamW", "params": {"lr": 1e-5}},
    "train_micro_batch_size_per_gpu": 4, "gradient_accumulation_steps": 2, "train_batch_size": 64,
}  # fmt: skip


def test_zero2(tmp_path):
    """Stage 2 with states in the host's memory; the global batch tells the GPUs."""
    run = found(tmp_path, json.dumps(ZERO2), "ds.json")
    names = ("sharding", "offload", "precision", "optimizer", "micro_batch", "accumulation", "gpus")
    assert ("zero2", "optimizer", "fp16", "adamw_fused", 4, 2, 8) == said(run, *names)


def test_auto_is_left_open(tmp_path):
    """ "auto" settles nothing."""
    text = json.dumps({"zero_optimization": {"stage": 3}, "train_batch_size": "auto", "bf16": {"enabled": "auto"}})
    assert {"sharding": "zero3"} == dict(found(tmp_path, text, "ds.json").values)


def test_tabs(tmp_path):
    """JSON indented by tabs is read like any other."""
    text = '{\n\t"zero_optimization": {\n\t\t"stage": 3,\n\t\t"offload_param": {"device": "nvme"}\n\t}\n}\n'
    run = found(tmp_path, text, "ds.json")
    assert ("zero3", "all") == said(run, "sharding", "offload")
    assert any("disk" in note for note in run.notes)


def test_no_zero(tmp_path):
    """Without ZeRO every GPU has a copy; weights stay on the card below stage 3."""
    assert ("ddp",) == said(found(tmp_path, '{"train_micro_batch_size_per_gpu": 1}', "ds.json"), "sharding")
    text = '{"zero_optimization": {"stage": 2, "offload_param": {"device": "cpu"}}}'
    run = found(tmp_path, text, "ds.json")
    assert (None,) == said(run, "offload")
    assert any("stage 3 only" in note for note in run.notes)


def test_customary_names():
    """Customary names of DeepSpeed files say what is in them."""
    cases = [
        ("deepspeed_configs/zero1.json", {"sharding": "zero1"}),
        ("examples/deepspeed/ds_z2_offload_config.json", {"sharding": "zero2", "offload": "optimizer"}),
        ("zero3_bf16_cpuoffload_params.json", {"sharding": "zero3", "offload": "all"}),
        ("stage3.json", {"sharding": "zero3"}),
    ]  # fmt: skip
    assert [] == [(name, asked) for name, asked in cases if asked != dict(named_like(name).values)]


def test_other_names():
    """Other names say nothing."""
    assert named_like("mine.json") is named_like("quartz3.json") is None


def test_bad_values(tmp_path):
    """A value that DeepSpeed refuses is told with its line."""
    cases = [
        ({"zero_optimization": {"stage": 4}}, "ds.json:1: zero_optimization.stage"),
        ({"zero_optimization": {"stage": "three"}}, "a whole number"), ({"zero_optimization": 3}, "fields below it"),
        ({"train_batch_size": 63}, "not a multiple of 4 x 2"),
        ({"train_micro_batch_size_per_gpu": 0}, "train_micro_batch_size_per_gpu"),
        ({"bf16": {"enabled": True}}, "both true"), ({"gradient_accumulation_steps": True}, "a whole number"),
    ]  # fmt: skip
    assert [] == [
        (changes, words)
        for changes, words in cases
        if words not in refusal(tmp_path, json.dumps({**ZERO2, **changes}), "ds.json")
    ]
