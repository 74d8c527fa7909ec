"""Arguments of TRL's commands, or of any script around the Trainer, give the run they start."""

import json

from tests.compute.configs.reading import found, refusal, said

SFT = """\
model_name_or_path: google/gemma-2-9b
dataset_name: org/letters
dtype: bfloat16
attn_implementation: flash_attention_2
use_peft: true
lora_r: 64
lora_target_modules: all-linear
max_length: 2048
packing: true
per_device_train_batch_size: 4
gradient_accumulation_steps: 2
max_steps: 500
bf16: true
gradient_checkpointing: true
output_dir: out
"""


def test_lora(tmp_path):
    """Adapters, packing and steps."""
    run = found(tmp_path, SFT)
    names = ("method", "rank", "targets", "sequence_tokens", "packing", "micro_batch", "accumulation", "steps")
    assert ("lora", 64, "all", 2048, True, 4, 2, 500) == said(run, *names)
    assert ("bf16", "full", "flash", "transformers", "whole") == said(
        run, "precision", "checkpointing", "attention", "framework", "loss"
    )


def test_qlora(tmp_path):
    """4-bit weights, without a second quantisation unless asked for."""
    run = found(tmp_path, SFT + "load_in_4bit: true\nuse_liger_kernel: true\noptim: paged_adamw_32bit\n")
    assert ("qlora", False, "fused", "paged_adamw") == said(run, "method", "double_quantised", "loss", "optimizer")
    assert (True,) == said(
        found(tmp_path, SFT + "load_in_4bit: true\nuse_bnb_nested_quant: true\n"), "double_quantised"
    )


def test_defaults_of_trl(tmp_path):
    """TRL checkpoints, uses bf16 and cuts at 1,024 tokens; its commands load weights in 32 bit."""
    run = found(tmp_path, "model_name_or_path: a/b\ndataset_name: c\nlearning_rate: 1e-5\noutput_dir: out\n")
    names = ("method", "checkpointing", "precision", "sequence_tokens", "micro_batch", "epochs", "masters")
    assert ("full", "full", "bf16", 1024, 8, 3.0, "32-bit") == said(run, *names)
    assert any("32 bit, the default of TRL" in note for note in run.notes)


def test_defaults_of_the_trainer(tmp_path):
    """Plain arguments of the Trainer neither checkpoint nor use bf16, and say nothing of lengths."""
    content = {"output_dir": "out", "per_device_train_batch_size": 2, "num_train_epochs": 1, "optim": "adafactor"}
    run = found(tmp_path, json.dumps(content), "args.json")
    names = ("method", "checkpointing", "precision", "sequence_tokens", "micro_batch", "optimizer", "model")
    assert ("full", "none", "fp32", None, 2, "adafactor", None) == said(run, *names)


def test_lora_fields_without_use_peft(tmp_path):
    """TRL ignores adapters unless use_peft is on, and so does the reading, with a note."""
    run = found(tmp_path, SFT.replace("use_peft: true\n", ""))
    assert ("full", "16-bit") == said(run, "method", "masters")
    assert any("without use_peft" in note for note in run.notes)


def test_adapters_on_no_named_modules(tmp_path):
    """Where no modules are named they are PEFT's own choice, q and v."""
    run = found(tmp_path, SFT.replace("lora_target_modules: all-linear\n", ""))
    assert ("qv",) == said(run, "targets")
    assert "targets" not in run.stated


def test_dpo(tmp_path):
    """Arguments that only DPO has make it dpo, which never packs; tokens count both halves."""
    run = found(tmp_path, SFT + "beta: 0.1\n", gpus=1)
    assert ("dpo", False, 500 * 4 * 2 * 2048 * 2) == said(run, "objective", "packing", "train_tokens")
    assert any("beta is set: read as dpo" in note for note in run.notes)
    assert any(
        "memory is overstated" in note for note in found(tmp_path, SFT + "precompute_ref_log_probs: true\n").notes
    )


def test_sampled_answers(tmp_path):
    """Fields of GRPO and PPO say how answers are sampled; prompts follow from the cards."""
    grpo = "num_generations: 4\nmax_completion_length: 700\nbeta: 0.04\nnum_iterations: 2\nuse_vllm: true\n"
    run = found(tmp_path, SFT + grpo + "vllm_gpu_memory_utilization: 0.5\nvllm_enable_sleep_mode: true\n", gpus=2)
    assert ("grpo", 4, 700, 2, True, "colocated", 0.5, True, 4 * 2 * 2 // 4) == said(
        run, "objective", "group_size", "completion_tokens", "updates", "reference", "sampler", "engine_share",
        "engine_sleeps", "prompts",
    )  # fmt: skip
    assert ("in-turn",) == said(found(tmp_path, SFT + grpo + "vllm_mode: server\n"), "sampler")
    ppo = found(tmp_path, SFT + "num_ppo_epochs: 4\nresponse_length: 53\nkl_coef: 0\n")
    assert ("ppo", 4, 53, False, "generate") == said(
        ppo, "objective", "updates", "completion_tokens", "reference", "sampler"
    )


def test_other_preferences(tmp_path):
    """Arguments that one trainer alone has name its objective."""
    cases = [
        ("loss_type: simpo\ncpo_alpha: 0", "simpo"), ("cpo_alpha: 1", "cpo"), ("desirable_weight: 1", "kto"),
    ]  # fmt: skip
    assert [] == [
        (line, objective)
        for line, objective in cases
        if (objective,) != said(found(tmp_path, SFT + line + "\n"), "objective")
    ]


def test_fsdp_of_the_trainer(tmp_path):
    """Words of fsdp: shard and offload; its fields alone do nothing."""
    full = SFT.replace("use_peft: true\n", "")
    run = found(tmp_path, full + "fsdp: full_shard auto_wrap offload\nfsdp_config: {activation_checkpointing: true}\n")
    assert ("fsdp", "all", "32-bit") == said(run, "sharding", "offload", "masters")
    assert (None,) == said(found(tmp_path, full + "fsdp: ''\nfsdp_config: {min_num_params: 0}\n"), "sharding")
    run = found(tmp_path, full + "fsdp: true\nfsdp_config: {reshard_after_forward: false, version: 2}\n")
    assert ("zero2",) == said(run, "sharding")
    run = found(tmp_path, full + "fsdp: hybrid_shard\n")
    assert any("within one machine" in note for note in run.notes)


def test_fsdp_fields_in_a_file(tmp_path):
    """fsdp_config may be a path."""
    (tmp_path / "fsdp.json").write_text('{"fsdp_sharding_strategy": "SHARD_GRAD_OP"}')
    assert ("zero2",) == said(found(tmp_path, SFT + "fsdp: true\nfsdp_config: fsdp.json\n"), "sharding")


def test_deepspeed_inside(tmp_path):
    """A DeepSpeed configuration may stand in the file; its mistakes have their lines."""
    text = SFT + "deepspeed:\n  zero_optimization:\n    stage: "
    assert ("zero2",) == said(found(tmp_path, text + "2\n"), "sharding")
    assert "run.yaml:18: zero_optimization.stage" in refusal(tmp_path, text + "7\n")


def test_chunked_loss_and_kernels(tmp_path):
    """TRL's chunked loss, eager attention, and an optimizer that the tables do not hold."""
    text = SFT.replace("flash_attention_2", "eager") + "loss_type: chunked_nll\noptim: ademamix\n"
    run = found(tmp_path, text)
    assert ("chunked", "eager", "adamw") == said(run, "loss", "attention", "optimizer")
    assert any("ademamix is not in the tables" in note for note in run.notes)


def test_bad_values(tmp_path):
    """A value that the Trainer could not train with is told with its line."""
    cases = [
        ("use_peft: true", "load_in_4bit: true", "true without use_peft"),
        ("lora_r: 64", "lora_r: 0", "run.yaml:6: lora_r"), ("lora_r: 64", "lora_r: -3", "1 to 65,536"),
        ("max_length: 2048", "max_length: 2k", "run.yaml:8: max_length: '2k'"),
        ("bf16: true", "bf16: true\nfp16: true", "both true"), ("bf16: true", "num_generations: 0", "num_generations"),
        ("use_peft: true", "use_peft: true\nload_in_4bit: true\nload_in_8bit: true", "both true"),
        ("packing: true", "packing: {a: b}", "fields below it"),
        ("gradient_accumulation_steps: 2", "gradient_accumulation_steps: 0", "gradient_accumulation_steps"),
        ("bf16: true", "deepspeed: {bf16: {enabled: true}}", "zero_optimization"),
    ]  # fmt: skip
    assert [] == [
        (old, new, words) for old, new, words in cases if words not in refusal(tmp_path, SFT.replace(old, new))
    ]


def test_silence_about_answers_is_the_tools(tmp_path):
    """A file that names no group or passes has those of its trainer, said in a note, and keeps its own batch."""
    silent = SFT.replace("batch_size: 4", "batch_size: 8") + "max_completion_length: 700\n"
    run = found(tmp_path, silent, gpus=8)
    assert (8, 1, 8 * 8 * 2 // 8) == said(run, "group_size", "updates", "prompts")
    assert "the number of answers to a prompt is not set: 8, the default of TRL" in run.notes
    ppo = found(tmp_path, SFT + "response_length: 53\n", gpus=8)
    assert (1, 4, 4 * 8 * 2, 500) == said(ppo, "group_size", "updates", "prompts", "steps")


def test_steps_are_those_that_sample(tmp_path):
    """Steps of the optimizer that learn from answers sampled once are one step that samples."""
    cases = [
        ("num_iterations: 1", {"gpus": 2}, 500, 2, 2), ("num_iterations: 2", {"gpus": 2}, 250, 2, 2),
        ("num_iterations: 2", {}, 250, 2, None), ("steps_per_generation: 8", {"gpus": 2}, 125, 8, 8),
        ("steps_per_generation: 1", {"gpus": 2}, 1000, 1, 1), ("generation_batch_size: 64", {"gpus": 2}, 125, 8, 8),
        ("generation_batch_size: 64\nnum_iterations: 3", {"gpus": 2}, 42, 8, 8),
        ("generation_batch_size: 64", {}, 500, 2, 8),
    ]  # fmt: skip
    for lines, options, steps, accumulation, prompts in cases:
        run = found(tmp_path, f"{SFT}num_generations: 8\n{lines}\n", **options)
        assert (steps, accumulation, prompts) == said(run, "steps", "accumulation", "prompts")


def test_cards_of_a_server_come_on_top(tmp_path):
    """Processes that accelerate starts all train; what is typed counts all cards."""
    (tmp_path / "accelerate.yaml").write_text(
        "compute_environment: LOCAL_MACHINE\ndistributed_type: MULTI_GPU\nnum_processes: 7\n"
    )
    served = SFT + "num_generations: 8\nvllm_mode: server\nuse_vllm: true\n"
    run = found(tmp_path, served, companion=tmp_path / "accelerate.yaml")
    assert (8, 7) == said(run, "gpus", "prompts")
    typed = found(tmp_path, served, companion=tmp_path / "accelerate.yaml", gpus=8)
    assert (8, 7) == said(typed, "gpus", "prompts")
