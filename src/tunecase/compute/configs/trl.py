"""The YAML or JSON of TRL's commands, and of any script around Hugging Face's Trainer: one flat set of arguments."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings, trainer
from tunecase.compute.configs.settings import NO_GPUS, Found, Run, Settings

MARKS = (
    "per_device_train_batch_size", "num_train_epochs", "gradient_accumulation_steps", "optim", "gradient_checkpointing",
    "use_peft", "lora_target_modules", "load_in_4bit", "max_seq_length",
)  # fmt: skip
WEAK_MARKS = ("max_length", "max_steps", "output_dir", "packing", "learning_rate", "lora_r")  # beside a model's name
OTHER_TOOLS = (
    "peft_config",
    "dist_config",
    "train_type",
    "tuner_type",
    "sft_type",
    "model_class",
)  # say LoRA elsewhere
OWN = (
    "max_length", "max_seq_length", "packing", "use_peft", "lora_r", "lora_target_modules", "load_in_4bit",
    "load_in_8bit", "dataset_name", "datasets", "dataset_mixer", "dataset_text_field", "dtype", "torch_dtype",
    "padding_free", "completion_only_loss", "assistant_only_loss", "beta", "chat_template_path",
)  # fmt: skip
DPO = ("beta", "rpo_alpha", "precompute_ref_log_probs", "sync_ref_model", "max_prompt_length", "ref_model_name_or_path")
SAMPLING = (
    "num_generations",
    "max_completion_length",
    "num_ppo_epochs",
    "reward_funcs",
    "vllm_mode",
    "steps_per_generation",
)
SEQUENCE, RANK = 1024, 16  # SFTConfig, DPOConfig and ModelConfig of TRL 1.16


def read(content: Mapping[str, Any], where: str) -> Found | None:
    """The run that a set of TRL or Trainer arguments describes, None for another kind of file.

    With arguments that only TRL has, TRL's defaults hold (checkpointing and bf16 on, 1,024 tokens); else the Trainer's
    (both off, no length). Which command runs is not in the file: arguments of DPO alone make it dpo.

    Args:
        content: the file's fields.
        where: its name, for messages.
    Returns: Found, with problems instead of an exception.

    Example:
        >>> found = read({"model_name_or_path": "org/model-8b", "use_peft": True, "max_length": 2048}, "sft.yaml")
        >>> found.asked["method"], found.asked["targets"], found.asked["checkpointing"]
        ('lora', 'qv', 'full')

    Source: TRL 1.16 trainer/base_config.py, sft_config.py, dpo_config.py, model_config.py; transformers 5.24
    training_args.py; peft 0.21 utils/constants.py (adapters on q_proj and v_proj where none are named).
    Leaves out what the script itself decides, such as the model's type of weights or adapters made in code.
    """
    named = "model_name_or_path" in content
    marks = (*MARKS, *WEAK_MARKS) if named else MARKS
    if sum(mark in content for mark in marks) < (1 if named else 2) or any(key in content for key in OTHER_TOOLS):
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
    trainer.read_optimizer(settings, run)
    trainer.read_sharding(settings, run)
    trainer.read_precision(settings, run, "fp16" if settings.flag("fp16") else "bf16" if own else "fp32")
    trainer.read_checkpointing(settings, run, "full" if own else "none")
    _read_kernels(settings, run)
    _read_weights(settings, run, own)
    meanings.raised(run.asked)
    if "gpus" not in run.asked:
        run.unsettled("gpus", NO_GPUS)
    return run.found()


def _read_goal(settings: Settings, run: Run) -> None:
    sampled = next((key for key in SAMPLING if key in settings), None)
    if sampled:
        meanings.goal(settings, sampled, "a run that samples while it trains")
    if "desirable_weight" in settings or "undesirable_weight" in settings:
        run.take("objective", meanings.goal(settings, "desirable_weight", "kto"))
    elif (mark := next((key for key in DPO if key in settings), None)) and not sampled:
        run.take("objective", "dpo")
        run.note(f"{mark} is set: read as dpo, a pair per sample and a reference model")
    run.asked.setdefault("objective", "sft")
    if settings.flag("precompute_ref_log_probs"):
        run.note("precompute_ref_log_probs frees the reference model: memory is overstated")


def _read_method(settings: Settings, run: Run, own: bool) -> None:
    adapted, four, eight = (settings.flag(key) for key in ("use_peft", "load_in_4bit", "load_in_8bit"))
    if four and eight:
        settings.problem("load_in_8bit", "load_in_4bit and load_in_8bit both true", "one of them", "remove one")
    if not adapted:
        for key in ("load_in_4bit", "load_in_8bit"):
            if settings.flag(key):
                settings.problem(
                    key, "true without use_peft", "use_peft: true", "quantised weights cannot learn: add it"
                )
        if "lora_r" in settings or "lora_target_modules" in settings:
            run.note("LoRA fields without use_peft: true have no effect in TRL: read as full fine-tuning")
        elif not own:
            run.note("the file says nothing of adapters: read as full fine-tuning")
        run.take_or("method", "full" if adapted is False else None, "full", "use_peft")
        if (rank := settings.whole("lora_r", most=65_536)) is not None:
            run.asked["rank"] = rank
        return
    run.take("method", "qlora" if four else "lora")
    if eight:
        meanings.eight_bit(run)
    run.take_or("rank", settings.whole("lora_r", most=65_536), RANK, "lora_r")
    named = meanings.targets(settings.names("lora_target_modules"))
    run.take_or("targets", named, "qv", "lora_target_modules (q_proj and v_proj in most models)")
    run.take_or("double_quantised", settings.flag("use_bnb_nested_quant"), False, "use_bnb_nested_quant")
    meanings.note_whole_tables(run, settings.names("lora_modules_to_save"))
    meanings.note_dora(run, settings.flag("use_dora"))


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
    if run.asked["objective"] == "dpo":
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
    """In what type the weights are loaded: TRL's commands say float32 unless told otherwise."""
    options = settings.part("model_init_kwargs") if settings.holds_fields("model_init_kwargs") else None
    inner = None if options is None else options.text(options.first("dtype", "torch_dtype"))
    named = settings.text(settings.first("dtype", "torch_dtype")) or inner
    auto = "auto" in (settings.content.get("dtype"), settings.content.get("torch_dtype"))
    long = (named or ("" if auto or not own else "float32")).rsplit(".", 1)[-1] == "float32"
    if run.asked["method"] == "full":
        if long or named:
            run.asked["masters"] = "32-bit" if long else "16-bit"
    elif long and run.asked["method"] == "lora":
        run.note(
            "the frozen base is loaded in 32 bit: counted in 16 bit, so memory is understated by 2 bytes per weight"
        )
    if long and not named:
        run.note("dtype is not set: weights are loaded in 32 bit, the default of TRL's commands")
