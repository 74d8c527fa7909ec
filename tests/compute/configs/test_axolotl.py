"""An axolotl file gives the run that axolotl would start."""

import json

from tests.compute.configs.reading import found, refusal, said

QLORA = """\
base_model: meta-llama/Llama-3.1-8B
load_in_4bit: true
adapter: qlora
lora_r: 32
lora_alpha: 16
lora_target_linear: true
datasets:
  - path: data/letters.jsonl
    type: alpaca
sequence_len: 4096
sample_packing: true
pad_to_sequence_len: true
micro_batch_size: 2
gradient_accumulation_steps: 4
num_epochs: 3
optimizer: paged_adamw_8bit
learning_rate: 2e-4
bf16: auto
tf32: false
gradient_checkpointing: true
flash_attention: true
"""
FULL = """\
base_model: mistralai/Mistral-7B-v0.1
datasets: [{path: data/letters.jsonl, type: chat_template}]
sequence_len: 2048
micro_batch_size: 1
num_epochs: 2
optimizer: adamw_torch_fused
bf16: true
gradient_checkpointing: offload
attn_implementation: flash_attention_2
plugins:
  - axolotl.integrations.liger.LigerPlugin
liger_fused_linear_cross_entropy: true
"""


def test_qlora(tmp_path):
    """4-bit weights with adapters on all linear layers."""
    run = found(tmp_path, QLORA)
    names = ("method", "model", "rank", "targets", "sequence_tokens", "micro_batch", "accumulation", "epochs")
    assert ("qlora", "meta-llama/Llama-3.1-8B", 32, "all", 4096, 2, 4, 3.0) == said(run, *names)
    names = ("optimizer", "packing", "precision", "checkpointing", "attention", "loss", "framework", "gpus")
    assert ("paged_adamw_8bit", True, "bf16", "full", "flash", "whole", "axolotl", None) == said(run, *names)
    assert "the file does not say how many GPUs" in run.notes
    once = found(tmp_path, QLORA + "bnb_config_kwargs:\n  bnb_4bit_use_double_quant: false\n")
    assert (True, False) == (*said(run, "double_quantised"), *said(once, "double_quantised"))


def test_full_on_one_card(tmp_path):
    """Without an adapter every weight learns, in 16 bit; Liger's fused loss and offloaded checkpoints are read."""
    run = found(tmp_path, FULL, gpus=1)
    names = ("method", "masters", "loss", "checkpointing", "optimizer", "packing", "sharding")
    assert ("full", "16-bit", "fused", "offloaded", "adamw_fused", False, "none") == said(run, *names)


def test_fsdp_raises_the_weights(tmp_path):
    """Full fine-tuning under FSDP keeps trained weights in 32 bit; offload and its checkpointing are read."""
    text = FULL.replace("gradient_checkpointing: offload\n", "") + (
        "fsdp_version: 2\nfsdp_config:\n  offload_params: true\n  activation_checkpointing: true\n"
        "  transformer_layer_cls_to_wrap: MistralDecoderLayer\n  reshard_after_forward: true\n"
    )
    run = found(tmp_path, text, gpus=8)
    assert ("fsdp", "all", "32-bit", "full", 8) == said(run, "sharding", "offload", "masters", "checkpointing", "gpus")


def test_fsdp_words(tmp_path):
    """The older spelling is a list of words, with fields that begin with fsdp_."""
    text = FULL + "fsdp:\n  - full_shard\n  - auto_wrap\nfsdp_config:\n  fsdp_offload_params: false\n"
    assert ("fsdp", None) == said(found(tmp_path, text), "sharding", "offload")
    text = FULL + "fsdp: [full_shard]\nfsdp_config: {fsdp_sharding_strategy: SHARD_GRAD_OP}\n"
    assert ("zero2",) == said(found(tmp_path, text), "sharding")


def test_deepspeed_file_is_followed(tmp_path):
    """The DeepSpeed file that the configuration names is read from beside it."""
    (tmp_path / "z3.json").write_text(
        json.dumps(
            {"zero_optimization": {"stage": 3, "offload_optimizer": {"device": "cpu"}}, "bf16": {"enabled": True}}
        )
    )
    run = found(tmp_path, FULL + "deepspeed: z3.json\n", gpus=4)
    assert ("zero3", "optimizer", "32-bit") == said(run, "sharding", "offload", "masters")


def test_deepspeed_file_that_is_missing(tmp_path):
    """A missing file of a customary name is read from the name; of another name, a note says what is not known."""
    run = found(tmp_path, QLORA + "deepspeed: deepspeed_configs/zero3_bf16_cpuoffload_all.json\n")
    assert ("zero3", "all") == said(run, "sharding", "offload")
    assert any("is not there: read from its name" in note for note in run.notes)
    run = found(tmp_path, QLORA + "deepspeed: mine.json\n")
    assert (None,) == said(run, "sharding")
    assert any("mine.json is not there" in note for note in run.notes)


def test_dpo(tmp_path):
    """rl: dpo is a pair for each sample, and never packed."""
    run = found(tmp_path, QLORA + "rl: dpo\n")
    assert ("dpo", False) == said(run, "objective", "packing")
    text = QLORA + "rl: grpo\ntrl: {num_generations: 6, max_completion_length: 300, use_vllm: true, beta: 0}\n"
    grpo = said(found(tmp_path, text), "objective", "group_size", "completion_tokens", "sampler", "reference")
    assert ("grpo", 6, 300, "colocated", False) == grpo
    assert ("orpo",) == said(found(tmp_path, QLORA + "rl: orpo\n"), "objective")


def test_lora_modules_by_name(tmp_path):
    """Named modules become the word for them, or stay a set of names; what learns whole beside them is noted."""
    text = QLORA.replace("lora_target_linear: true", "lora_target_modules: [q_proj, v_proj]")
    assert ("qv",) == said(found(tmp_path, text), "targets")
    text = QLORA.replace("lora_target_linear: true", "lora_target_modules: [q_proj, down_proj]")
    run = found(tmp_path, text + "lora_modules_to_save: [embed_tokens, lm_head]\npeft_use_dora: true\n")
    assert (("down_proj", "q_proj"),) == said(run, "targets")
    assert any("beside the adapters: embed_tokens, lm_head" in note for note in run.notes)
    assert ("dora",) == said(run, "adapter")


def test_eight_bit_base(tmp_path):
    """An 8-bit base is read as a 16-bit one, and a note says so."""
    run = found(tmp_path, "base_model: a/b\nadapter: lora\nload_in_8bit: true\nlora_r: 8\nlora_target_linear: true\n")
    assert ("lora",) == said(run, "method")
    assert any("8-bit base" in note for note in run.notes)


def test_defaults_are_told(tmp_path):
    """What the file leaves out is the tool's default, with a note."""
    run = found(tmp_path, "base_model: a/b\nsample_packing: false\n")
    names = ("method", "sequence_tokens", "micro_batch", "checkpointing", "precision", "epochs", "optimizer")
    assert ("full", 512, 1, "none", "bf16", 1.0, "adamw_fused") == said(run, *names)
    assert "sequence_len is not set: 512, the default of axolotl" in run.notes
    assert "sequence_tokens" not in run.stated


def test_sizes_of_parallelism_give_the_cards(tmp_path):
    """dp_shard_size times its companions is the number of GPUs."""
    text = QLORA + "dp_shard_size: 4\ncontext_parallel_size: 2\nfsdp_config: {reshard_after_forward: true}\n"
    assert (8, 2, "fsdp") == said(found(tmp_path, text), "gpus", "context_parallel", "sharding")


def test_bad_values(tmp_path):
    """A value that axolotl could not train with is told with its line."""
    cases = [
        ("adapter: qlora", "", "run.yaml:2: load_in_4bit: true without an adapter"),
        ("load_in_4bit: true", "load_in_4bit: false", "qlora without load_in_4bit"),
        ("load_in_4bit: true", "load_in_4bit: true\nload_in_8bit: true", "both true"),
        ("lora_r: 32", "lora_r: 0", "run.yaml:4: lora_r"),
        ("lora_r: 32", "lora_r: sixteen", "run.yaml:4: lora_r: 'sixteen'; wanted a whole number"),
        ("lora_r: 32", "", "missing"), ("micro_batch_size: 2", "micro_batch_size: 0", "run.yaml:13: micro_batch_size"),
        ("micro_batch_size: 2", "micro_batch_size: 1.5", "without a fraction"),
        ("micro_batch_size: 2", "micro_batch_size: [2]", "a list of 1"),
        ("bf16: auto", "bf16: true\nfp16: true", "fp16 and bf16 both true"),
        ("adapter: qlora", "adapter: ia3", "lora or qlora"), ("bf16: auto", "rl: gkd", "not covered"),
        ("gradient_checkpointing: true", "gradient_checkpointing: perhaps", "true or false"),
        ("num_epochs: 3", "num_epochs: 0", "more than 0"), ("num_epochs: 3", "num_epochs: .nan", "in digits"),
        ("bf16: auto", "deepspeed: zero2.json\nfsdp: full_shard", "one of them"),
        ("bf16: auto", "bf16: auto\nlora_r: 8", "the same field twice"),
    ]  # fmt: skip
    assert [] == [
        (old, new, words) for old, new, words in cases if words not in refusal(tmp_path, QLORA.replace(old, new))
    ]


def test_every_mistake_at_once(tmp_path):
    """All mistakes of a file are told together."""
    text = QLORA.replace("lora_r: 32", "lora_r: 0").replace("micro_batch_size: 2", "micro_batch_size: two")
    words = refusal(tmp_path, text + "fp16: true\n".replace("fp16", "sequence_len_x"))
    assert words.count("; wanted ") == 2


def test_the_cards_of_a_vllm_server(tmp_path):
    """A server's replicas take the cards that its own section gives, the rest train."""
    server = "rl: grpo\ntrl: {num_generations: 8, use_vllm: true, vllm_server_host: 0.0.0.0}\n"
    run = found(tmp_path, QLORA + server + "vllm: {tensor_parallel_size: 2, data_parallel_size: 2}\n", gpus=8)
    assert ("in-turn", 4, 4) == said(run, "sampler", "sampler_gpus", "prompts")
    assert not any("vllm" in note for note in run.notes)
    assert 1 == found(tmp_path, QLORA + server, gpus=8).values["sampler_gpus"]
