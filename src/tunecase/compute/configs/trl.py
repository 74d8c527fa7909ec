"""The YAML or JSON of TRL's commands, and of any script around Hugging Face's Trainer: one flat set of arguments."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings, trainer
from tunecase.compute.configs.settings import Field, Run, RunConfig, Settings

MARKS = (
    "per_device_train_batch_size", "num_train_epochs", "gradient_accumulation_steps", "optim", "gradient_checkpointing",
    "use_peft", "lora_target_modules", "load_in_4bit", "max_seq_length",
)  # fmt: skip
WEAK_MARKS = ("max_length", "max_steps", "output_dir", "packing", "learning_rate", "lora_r")  # beside a model's name
OTHER_TOOLS = (  # fields of tools that ask for LoRA otherwise
    "peft_config", "dist_config", "train_type", "tuner_type", "sft_type", "model_class",
)  # fmt: skip
OWN = (
    "max_length", "max_seq_length", "packing", "use_peft", "lora_r", "lora_target_modules", "load_in_4bit",
    "load_in_8bit", "dataset_name", "datasets", "dataset_mixer", "dataset_text_field", "dtype", "torch_dtype",
    "padding_free", "completion_only_loss", "assistant_only_loss", "beta", "chat_template_path",
)  # fmt: skip
DPO = ("beta", "rpo_alpha", "precompute_ref_log_probs", "sync_ref_model", "max_prompt_length", "ref_model_name_or_path")
KTO = ("desirable_weight", "undesirable_weight")
CPO = ("cpo_alpha", "simpo_gamma")
PPO = ("num_ppo_epochs", "response_length")
FROZEN_IN_32_BIT = (
    "the frozen base is loaded in 32 bit: counted in 16 bit, so memory is understated by 2 bytes per weight"
)
DTYPES = ("dtype", "torch_dtype")
SAMPLING = (
    "num_generations", "max_completion_length", "num_ppo_epochs", "response_length", "reward_funcs", "vllm_mode",
    "steps_per_generation",
)  # fmt: skip
SEQUENCE = 1024  # SFTConfig and DPOConfig of TRL 1.16; the next two are of its ModelConfig
RANK = Field("lora_r", "rank", meanings.rank, 16)
DOUBLE_QUANTISED = Field("use_bnb_nested_quant", "double_quantised", Settings.flag, False)
FREED = {"precompute_ref_log_probs": "precompute_ref_log_probs frees the reference model: memory is overstated"}


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """The run that a set of TRL or Trainer arguments describes, None for another kind of file.

    With arguments that only TRL has, TRL's defaults hold (checkpointing and bf16 on, 1,024 tokens); else the Trainer's
    (both off, no length). Which command runs is not in the file: arguments of DPO alone make it dpo.

    Example:
        >>> run = read({"model_name_or_path": "org/model-8b", "use_peft": True, "max_length": 2048}, "sft.yaml")
        >>> run.values["method"], run.values["targets"], run.values["checkpointing"]
        ('lora', 'qv', 'full')

    Source: TRL 1.16 trainer/base_config.py, sft_config.py, dpo_config.py, model_config.py; transformers 5.24
    training_args.py; peft 0.21 utils/constants.py (adapters on q_proj and v_proj where none are named).
    Leaves out what the script itself decides, such as the model's type of weights or adapters made in code.
    """
    if not _is_of_trl(content):
        return None
    own = any(key in content for key in OWN)
    run = Run("TRL" if own else "the Trainer", where)
    settings = Settings(content, where, run)
    run.take("framework", "transformers")
    run.take("model", settings.text("model_name_or_path"))
    _read_goal(settings, run)
    _read_method(settings, run, own)
    _read_lengths(settings, run, own)
    trainer.read_sizes(settings, run)
    settings.take((trainer.OPTIMIZER,))
    trainer.read_sharding(settings, run)
    trainer.read_precision(settings, run, "fp16" if settings.flag("fp16") else "bf16" if own else "fp32")
    trainer.read_checkpointing(settings, run, "full" if own else "none")
    _read_kernels(settings, run)
    _read_weights(settings, run, own)
    meanings.raised(run.values)
    return run.finished()


def _is_of_trl(content: Mapping[str, Any]) -> bool:
    """Whether enough of the Trainer's arguments are there, and none of another tool's."""
    named = "model_name_or_path" in content
    marks = (*MARKS, *WEAK_MARKS) if named else MARKS
    least = 1 if named else 2
    return sum(mark in content for mark in marks) >= least and not any(key in content for key in OTHER_TOOLS)


def _read_goal(settings: Settings, run: Run) -> None:
    sampled = next((key for key in SAMPLING if key in settings), None)
    if sampled:
        run.take("objective", "ppo" if any(key in settings for key in PPO) else "grpo")
        run.note(f"{sampled} is set: read as {run.values['objective']}")
        meanings.rollout(settings, run)
    if any(key in settings for key in KTO):
        run.take("objective", meanings.goal(settings, KTO[0], "kto"))
    elif (mark := next((key for key in DPO if key in settings), None)) and not sampled:
        run.take("objective", "dpo")
        run.note(f"{mark} is set: read as dpo, a pair per sample and a reference model")
    named = settings.text("loss_type")
    if named == "simpo" or any(key in settings for key in CPO):
        run.take("objective", "simpo" if named == "simpo" else "cpo")
    run.values.setdefault("objective", "sft")
    settings.note_if(FREED)


def _read_method(settings: Settings, run: Run, own: bool) -> None:
    adapted = settings.flag("use_peft")
    four, eight = meanings.loaded_in(settings)
    if not adapted:
        _read_full(settings, run, own, stated=adapted is False)
        return
    run.take("method", "qlora" if four else "lora")
    if eight:
        meanings.eight_bit(run)
    settings.take((RANK,))
    named = meanings.targets(settings.names("lora_target_modules"))
    run.take_or("targets", named, "qv", "lora_target_modules (q_proj and v_proj in most models)")
    settings.take((DOUBLE_QUANTISED,))
    meanings.note_whole_tables(run, settings.names("lora_modules_to_save"))
    meanings.note_dora(run, settings.flag("use_dora"))


def _read_full(settings: Settings, run: Run, own: bool, stated: bool) -> None:
    """Full fine-tuning, which a file asks for in words or by naming no adapters."""
    for key in ("load_in_4bit", "load_in_8bit"):
        if settings.flag(key):
            fix = "quantised weights cannot learn: add it"
            settings.problem(key, "true without use_peft", "use_peft: true", fix)
    if "lora_r" in settings or "lora_target_modules" in settings:
        run.note("LoRA fields without use_peft: true have no effect in TRL: read as full fine-tuning")
    elif not own:
        run.note("the file does not mention adapters: read as full fine-tuning")
    run.take_or("method", "full" if stated else None, "full", "use_peft")
    if (rank := meanings.rank(settings, "lora_r")) is not None:
        run.values["rank"] = rank


def _read_lengths(settings: Settings, run: Run, own: bool) -> None:
    length = settings.whole(settings.first("max_length", "max_seq_length", "block_size", "model_max_length"))
    if own:
        run.take_or("sequence_tokens", length, SEQUENCE, "max_length")
    else:
        run.take("sequence_tokens", length)
        if length is None:
            run.note("the file does not say how long the samples are")
    packed = settings.flag("packing")
    if settings.flag("padding_free") and not packed:
        packed = True
        run.note("padding_free is counted as packing: no padding, at most micro-batch x max_length tokens")
    if run.values["objective"] != "sft":
        packed = False
    run.take_or("packing", packed, False, "packing")


def _read_kernels(settings: Settings, run: Run) -> None:
    kernel = meanings.attention(settings, "attn_implementation")
    if kernel is None and settings.flag("use_flash_attention_2"):
        kernel = "flash"
    run.take_or("attention", kernel, "flash", "attn_implementation (sdpa)")
    chunked = settings.text("loss_type") == "chunked_nll"
    fused = settings.flag("use_liger_kernel") or settings.flag("use_liger")
    run.take("loss", "fused" if fused else "chunked" if chunked else "whole")


def _read_weights(settings: Settings, run: Run, own: bool) -> None:
    """The type in which weights are loaded: float32 in TRL's commands unless the file sets another."""
    options = settings.fields("model_init_kwargs")
    named = settings.text(settings.first(*DTYPES)) or options.text(options.first(*DTYPES))
    unsaid = "float32" if own and "auto" not in map(settings.content.get, DTYPES) else ""
    in_32_bit = (named or unsaid).rsplit(".", 1)[-1] == "float32"
    if run.values["method"] == "full" and (named or unsaid):
        run.values["masters"] = "32-bit" if in_32_bit else "16-bit"
    if run.values["method"] == "lora" and in_32_bit:
        run.note(FROZEN_IN_32_BIT)
    if unsaid and not named:
        run.note("dtype is not set: weights are loaded in 32 bit, the default of TRL's commands")
