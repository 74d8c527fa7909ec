"""A torchtune file gives the run that its recipe would start."""

from tests.compute.configs.reading import found, refusal, said

LORA = """\
output_dir: /out
base: /weights
model:
  _component_: torchtune.models.llama3_1.lora_llama3_1_8b
  lora_attn_modules: ['q_proj', 'k_proj', 'v_proj', 'output_proj']
  apply_lora_to_mlp: True
  lora_rank: 16
  lora_alpha: 32
tokenizer:
  _component_: torchtune.models.llama3.llama3_tokenizer
  max_seq_len: 4096
checkpointer:
  _component_: torchtune.training.FullModelHFCheckpointer
  checkpoint_dir: ${base}/Llama-3.1-8B/
dataset:
  _component_: torchtune.datasets.chat_dataset
  packed: True
batch_size: 2
gradient_accumulation_steps: 8
epochs: 2
max_steps_per_epoch: 50
optimizer:
  _component_: torch.optim.AdamW
  fused: True
loss:
  _component_: torchtune.modules.loss.LinearCrossEntropyLoss
dtype: bf16
enable_activation_checkpointing: True
enable_activation_offloading: False
"""
FULL = LORA.replace("lora_llama3_1_8b", "llama3_1_8b").replace(
    "  lora_attn_modules: ['q_proj', 'k_proj', 'v_proj', 'output_proj']\n  apply_lora_to_mlp: True\n"
    "  lora_rank: 16\n  lora_alpha: 32\n",
    "",
)


def test_lora(tmp_path):
    """Adapters on all layers, chunked loss; the weights' folder, with its reference filled in, is the model."""
    run = found(tmp_path, LORA)
    names = ("method", "rank", "targets", "sequence_tokens", "packing", "micro_batch", "accumulation", "model")
    assert ("lora", 16, "all", 4096, True, 2, 8, "/weights/Llama-3.1-8B") == said(run, *names)
    names = ("optimizer", "loss", "checkpointing", "precision", "framework", "steps", "epochs")
    assert ("adamw_fused", "chunked", "full", "bf16", "torchtune", 100, 2) == said(run, *names)


def test_qlora(tmp_path):
    """A qlora builder quantises the base; adapters may sit on attention only."""
    text = LORA.replace(".lora_llama", ".qlora_llama").replace("apply_lora_to_mlp: True", "apply_lora_to_mlp: False")
    text = text.replace("torch.optim.AdamW\n  fused: True", "bitsandbytes.optim.PagedAdamW8bit")
    assert ("qlora", "attention", "paged_adamw_8bit") == said(found(tmp_path, text), "method", "targets", "optimizer")


def test_full_over_several_cards(tmp_path):
    """Full fine-tuning stays in 16 bit and is fully sharded on several GPUs."""
    assert ("full", "16-bit", "fsdp") == said(found(tmp_path, FULL, gpus=4), "method", "masters", "sharding")
    run = found(tmp_path, FULL + "fsdp_cpu_offload: True\ntensor_parallel_dim: 2\n")
    assert ("fsdp", "all", 2) == said(run, "sharding", "offload", "tensor_parallel")


def test_dpo(tmp_path):
    """DPO's loss makes it dpo."""
    text = LORA.replace("torchtune.modules.loss.LinearCrossEntropyLoss", "torchtune.rlhf.loss.DPOLoss")
    assert ("dpo", False) == said(found(tmp_path, text), "objective", "packing")


def test_no_length(tmp_path):
    """Without a limit of the tokenizer the length is not known."""
    run = found(tmp_path, LORA.replace("max_seq_len: 4096", "max_seq_len: null"))
    assert (None,) == said(run, "sequence_tokens")
    assert any("max_seq_len" in note for note in run.notes)


def test_bad_values(tmp_path):
    """A value that torchtune could not train with is told with its line."""
    cases = [
        ("lora_rank: 16", "lora_rank: 0", "run.yaml:7: model.lora_rank"),
        ("batch_size: 2", "batch_size: two", "a whole number"),
        ("dtype: bf16", "dtype: int8", "one of bf16, fp16, fp32"),
        ("enable_activation_checkpointing: True\nenable_activation_offloading: False",
         "enable_activation_offloading: True", "true without checkpointing"),
        ("epochs: 2", "optimizer_in_bwd: True", "true with accumulation"),
        ("dtype: bf16", "teacher_model: {_component_: x.y}", "not covered"),
    ]  # fmt: skip
    assert [] == [
        (old, new, words) for old, new, words in cases if words not in refusal(tmp_path, LORA.replace(old, new))
    ]


def test_ppo(tmp_path):
    """The recipe for PPO names its policy in a section of its own."""
    text = FULL.replace("model:\n  _comp", "policy_model:\n  _comp").replace(
        "modules.loss.LinearCrossEntropyLoss", "rlhf.loss.PPOLoss\nppo_epochs: 2\nmax_generated_tokens: 58"
    )
    run = found(tmp_path, text)
    assert ("ppo", "full", 2, 58) == said(run, "objective", "method", "updates", "completion_tokens")


def test_quantised_without_adapters(tmp_path):
    """A quantised base cannot learn by itself."""
    text = FULL.replace("tokenizer:", "  quantize_base: True\ntokenizer:")
    assert "true without LoRA" in refusal(tmp_path, text)


GRPO = """\
model:
  _component_: torchtune.models.qwen2_5.qwen2_5_7b_base
batch_size: 2
grpo_samples: 16
forward_batch_size: 1
max_generated_tokens: 512
ppo_epochs: 1
num_steps: 100
optimizer: {_component_: torch.optim.AdamW}
loss: {_component_: torchtune.dev.rl.loss.GRPOSimpleLoss, kl_coeff: 0.01}
"""


def test_grpo(tmp_path):
    """Every card samples groups for its own prompts and trains on all of them at once, against a reference model."""
    run = found(tmp_path, GRPO)
    assert ("grpo", 16, 512, 1, 32, 100, True) == said(
        run, "objective", "group_size", "completion_tokens", "updates", "micro_batch", "steps", "reference"
    )
    assert not any("not read" in note and ("grpo_samples" in note or "num_steps" in note) for note in run.notes)


def test_grpo_on_cards_of_its_own(tmp_path):
    """The recipe whose engine has cards of its own is refused, since its file tells cards by workers."""
    assert "--sampler separate" in refusal(tmp_path, GRPO + "vllm: {num_workers: 4}\n")


def test_ppo_batches(tmp_path):
    """PPO counts answers: a batch is sampled at once, trained on in parts, and num_steps are answers in all."""
    text = FULL.replace("model:\n  _comp", "policy_model:\n  _comp").replace(
        "modules.loss.LinearCrossEntropyLoss", "rlhf.loss.PPOLoss\nppo_batch_size: 32\nnum_steps: 10000"
    )
    text = text.replace("\nbatch_size: 2\n", "\nbatch_size: 64\n")
    assert (1, 4, 16, 156) == said(found(tmp_path, text), "group_size", "micro_batch", "accumulation", "steps")
