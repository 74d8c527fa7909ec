"""A LLaMA-Factory file gives the run that llamafactory-cli would start."""

import json

from tests.compute.configs.reading import found, refusal, said

LORA = """\
### model
model_name_or_path: Qwen/Qwen2.5-7B-Instruct
### method
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 16
lora_target: all
### dataset
dataset: letters
template: qwen
cutoff_len: 4096
### train
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
bf16: true
"""
FULL = LORA.replace("lora\nlora_rank: 16\nlora_target: all", "full")


def test_lora(tmp_path):
    """Adapters on all layers; checkpointing is on unless it is disabled."""
    run = found(tmp_path, LORA)
    names = ("method", "model", "rank", "targets", "sequence_tokens", "micro_batch", "accumulation", "epochs")
    assert ("lora", "Qwen/Qwen2.5-7B-Instruct", 16, "all", 4096, 1, 8, 3.0) == said(run, *names)
    names = ("precision", "checkpointing", "optimizer", "packing", "framework", "loss", "objective")
    assert ("bf16", "full", "adamw_fused", False, "llama-factory", "whole", "sft") == said(run, *names)
    assert "disable_gradient_checkpointing is not set: full, the default of LLaMA-Factory" in run.notes


def test_qlora_with_kernels(tmp_path):
    """4-bit weights, packing, a fused loss and offloaded checkpoints."""
    text = LORA + "quantization_bit: 4\nneat_packing: true\nenable_liger_kernel: true\nuse_unsloth_gc: true\n"
    run = found(tmp_path, text + "flash_attn: fa2\noptim: adamw_8bit\n")
    names = ("method", "double_quantised", "packing", "loss", "checkpointing", "attention", "optimizer")
    assert ("qlora", True, True, "fused", "offloaded", "flash", "adamw_8bit") == said(run, *names)


def test_full_keeps_weights_in_32_bit(tmp_path):
    """Trained weights are raised to 32 bit, but not with pure_bf16."""
    assert ("full", "32-bit") == said(found(tmp_path, FULL), "method", "masters")
    text = FULL.replace("bf16: true", "pure_bf16: true")
    assert ("bf16", "16-bit") == said(found(tmp_path, text), "precision", "masters")


def test_zero3_with_offload(tmp_path):
    """The DeepSpeed file is followed; its "auto" leaves values to the configuration."""
    zero = {"stage": 3, "offload_optimizer": {"device": "cpu"}, "offload_param": {"device": "cpu"}}
    content = {
        "train_micro_batch_size_per_gpu": "auto", "gradient_accumulation_steps": "auto", "bf16": {"enabled": "auto"},
        "zero_optimization": zero,
    }  # fmt: skip
    (tmp_path / "z3.json").write_text(json.dumps(content))
    run = found(tmp_path, FULL + "deepspeed: z3.json\n", gpus=8)
    assert ("zero3", "all", 1, 8) == said(run, "sharding", "offload", "micro_batch", "gpus")
    assert () == run.problems


def test_dpo(tmp_path):
    """stage: dpo is a pair and a reference; its loss may name another objective; pairs keep whole logits."""
    text = LORA.replace("stage: sft", "stage: dpo\npref_beta: 0.1\npref_loss: sigmoid\nenable_liger_kernel: true")
    assert ("dpo", "whole") == said(found(tmp_path, text), "objective", "loss")
    run = found(tmp_path, text.replace("sigmoid", "simpo"))
    assert ("simpo",) == said(run, "objective")


def test_ppo(tmp_path):
    """stage: ppo samples one answer to a prompt with the framework itself, and learns four times from it."""
    run = found(tmp_path, LORA.replace("stage: sft", "stage: ppo\nreward_model: some/reward\nmax_new_tokens: 256"))
    assert ("ppo", 1, 4, 256, "generate") == said(
        run, "objective", "group_size", "updates", "completion_tokens", "sampler"
    )
    assert any("--reward-params" in note for note in run.notes)


def test_freeze(tmp_path):
    """Freezing counts the blocks at the top that learn."""
    text = LORA.replace("finetuning_type: lora", "finetuning_type: freeze\nfreeze_trainable_layers: 4")
    assert ("full", 4) == said(found(tmp_path, text), "method", "trained_layers")
    text = LORA.replace("finetuning_type: lora", "finetuning_type: freeze")
    assert (2,) == said(found(tmp_path, text), "trained_layers")


def test_pretraining_packs(tmp_path):
    """Packing is the default of pre-training, not of supervised fine-tuning."""
    assert (True, "sft") == said(found(tmp_path, FULL.replace("sft", "pt")), "packing", "objective")


def test_other_optimizers(tmp_path):
    """An optimizer that the tables do not hold is counted as a near one, and a note says so."""
    run = found(tmp_path, FULL + "use_galore: true\n")
    assert ("galore",) == said(run, "optimizer")
    assert any("use_apollo" in note for note in found(tmp_path, FULL + "use_apollo: true\n").notes)


def test_tokens_of_steps(tmp_path):
    """Steps, batch, GPUs and length give the tokens; without packing a note calls them an upper bound."""
    run = found(tmp_path, LORA + "max_steps: 100\n", gpus=4)
    assert (100, 100 * 1 * 8 * 4 * 4096, None) == said(run, "steps", "train_tokens", "epochs")
    assert any("as long as the limit" in note for note in run.notes)


def test_bad_values(tmp_path):
    """A value that LLaMA-Factory could not train with is told with its line."""
    cases = [
        ("finetuning_type: lora", "finetuning_type: full\nquantization_bit: 4", "4 with finetuning_type full"),
        ("finetuning_type: lora", "finetuning_type: lorra", "did you mean lora?"),
        ("lora_rank: 16", "lora_rank: 0", "run.yaml:7: lora_rank"),
        ("cutoff_len: 4096", "cutoff_len: long", "run.yaml:12: cutoff_len"),
        ("per_device_train_batch_size: 1", "per_device_train_batch_size: 0", "1 to 1,000,000,000"),
        ("bf16: true", "bf16: true\nfp16: true", "both true"),
        ("bf16: true", "pure_bf16: true\nfp16: true", "both true"),
        ("stage: sft", "stage: rm", "other goals are not covered"), ("bf16: true", "quantization_bit: 5", "4 or 8"),
        ("bf16: true", "max_steps: 0", "or -1"), ("bf16: true", "deepspeed: z.json\nfsdp: full_shard", "one of them"),
        ("bf16: true", "fsdp: whole_shard", "full_shard"),
    ]  # fmt: skip
    assert [] == [
        (old, new, words) for old, new, words in cases if words not in refusal(tmp_path, LORA.replace(old, new))
    ]


def test_a_vision_tower_learns_where_a_full_fine_tune_does_not_freeze_it(tmp_path):
    """It is frozen unless said; adapters never train it in full."""
    unfrozen = "\nfreeze_vision_tower: false\n"
    assert ("trained",) == said(found(tmp_path, FULL + unfrozen), "towers")
    for text in (FULL, FULL + "\nfreeze_vision_tower: true\n", LORA + unfrozen):
        assert (None,) == said(found(tmp_path, text), "towers")
