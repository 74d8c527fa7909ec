"""The YAML of LLaMA-Factory: stage, kind of fine-tuning, lengths and kernels, besides the Trainer's own arguments."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings, trainer
from tunecase.compute.configs.settings import NO_GPUS, Found, Run, Settings

MARKS = ("stage", "finetuning_type", "cutoff_len", "lora_target", "neat_packing", "quantization_bit", "pure_bf16")
STAGES = ("pt", "sft", "rm", "ppo", "dpo", "kto")
KINDS = ("lora", "oft", "freeze", "full")
RANK, TARGETS, SEQUENCE, TRAINED_LAYERS, STAGE, KIND = 8, "all", 2048, 2, "sft", "lora"  # hparams of 2026-08
OTHER_OPTIMIZERS = {
    "use_galore": "galore", "use_apollo": "galore", "use_badam": "adamw_fused", "use_adam_mini": "sgd_momentum",
    "use_muon": "sgd_momentum",
}  # fmt: skip


def read(content: Mapping[str, Any], where: str) -> Found | None:
    """The run that a LLaMA-Factory configuration describes, None for another kind of file.

    Args:
        content: the file's fields.
        where: its name, for messages.
    Returns: Found, with problems instead of an exception.

    Example:
        >>> found = read({"model_name_or_path": "org/model-8b", "stage": "sft", "finetuning_type": "lora",
        ...               "cutoff_len": 4096, "bf16": True, "per_device_train_batch_size": 2}, "run.yaml")
        >>> found.asked["method"], found.asked["rank"], found.asked["checkpointing"]
        ('lora', 8, 'full')

    Source: hiyouga/LLaMA-Factory, src/llamafactory/hparams and model/adapter.py, 2026-08: checkpointing is on unless
    disabled, trained weights are raised to 32 bit unless `pure_bf16`. Leaves out Megatron, KTransformers and
    everything that is neither memory nor time.
    """
    if "model_name_or_path" not in content or not any(mark in content for mark in MARKS):
        return None
    run = Run("LLaMA-Factory", where)
    settings = Settings(content, where, run)
    run.take("framework", "llama-factory")
    run.take("model", settings.text("model_name_or_path"))
    stage = _read_stage(settings, run)
    _read_method(settings, run)
    _read_lengths(settings, run, stage)
    trainer.read_sizes(settings, run)
    _read_optimizer(settings, run)
    trainer.read_sharding(settings, run)
    _read_precision(settings, run)
    _read_kernels(settings, run, stage)
    meanings.raised(run.asked)
    if "gpus" not in run.asked:
        run.unsettled("gpus", NO_GPUS)
    return run.found()


def _read_stage(settings: Settings, run: Run) -> str:
    stage = settings.word("stage", STAGES)
    named = {"pt": "sft", "rm": "reward model"}.get(stage or STAGE, stage or STAGE)
    if named == "dpo":
        named = settings.text("pref_loss") or named
    named = "dpo" if named in ("sigmoid", "hinge", "kto_pair") else named
    run.take("objective", meanings.goal(settings, "stage", named))
    run.asked.setdefault("objective", "sft")
    if stage is None and "stage" not in settings:
        run.note(f"stage is not set: {STAGE}, the default of LLaMA-Factory")
    return stage or STAGE


def _read_method(settings: Settings, run: Run) -> None:
    kind = settings.word("finetuning_type", KINDS)
    if kind is None and "finetuning_type" not in settings:
        run.note(f"finetuning_type is not set: {KIND}, the default of LLaMA-Factory")
    kind = kind or KIND
    bits = settings.whole("quantization_bit", most=16)
    if bits is not None and kind in ("full", "freeze"):
        got = f"{bits} with finetuning_type {kind}"
        settings.problem("quantization_bit", got, "finetuning_type: lora", "quantised weights cannot learn: remove one")
    if bits is not None and bits not in (2, 3, 4, 8):
        settings.problem("quantization_bit", str(bits), "4 or 8", "set 4 for QLoRA")
    if kind == "oft":
        run.note("oft is read as LoRA of rank 8: its own memory and time are not counted")
    run.take("method", "full" if kind in ("full", "freeze") else "qlora" if bits and bits < 8 else "lora")
    if bits == 8 and run.asked["method"] == "lora":
        meanings.eight_bit(run)
    if kind == "freeze":
        _read_freeze(settings, run)
    elif kind in ("lora", "oft"):
        run.take_or("rank", settings.whole("lora_rank", most=65_536), RANK, "lora_rank")
        run.take_or("targets", meanings.targets(settings.names("lora_target")), TARGETS, "lora_target")
        doubled = settings.flag("double_quantization")
        run.take("double_quantised", doubled)
        run.asked.setdefault("double_quantised", True)
        meanings.note_whole_tables(run, settings.names("additional_target"))
        meanings.note_dora(run, settings.flag("use_dora"))


def _read_freeze(settings: Settings, run: Run) -> None:
    layers = settings.whole("freeze_trainable_layers", least=-1000, most=1000)
    if layers == 0:
        settings.problem("freeze_trainable_layers", "0", "1 or more", "set how many blocks learn")
    if layers is not None and layers < 0:
        run.note("the first blocks learn, not the last: counted as the last, so memory is understated")
    run.take_or("trained_layers", abs(layers) if layers else None, TRAINED_LAYERS, "freeze_trainable_layers")
    if settings.flag("use_llama_pro"):
        run.note("LLaMA Pro's blocks lie between the frozen ones: counted as the last, so memory is understated")
    if (modules := settings.names("freeze_trainable_modules")) and set(modules) != {"all"}:
        run.note("freeze_trainable_modules is not read: whole blocks are counted as learning")
    meanings.note_whole_tables(run, settings.names("freeze_extra_modules"))


def _read_lengths(settings: Settings, run: Run, stage: str) -> None:
    run.take_or("sequence_tokens", settings.whole("cutoff_len"), SEQUENCE, "cutoff_len")
    packed = settings.flag("neat_packing") or settings.flag("packing")
    run.take_or("packing", packed, stage == "pt", "packing")
    if stage not in ("pt", "sft") and run.asked["packing"]:
        run.asked["packing"] = False
        run.note("packing is for pre-training and supervised fine-tuning: left out of account")


def _read_optimizer(settings: Settings, run: Run) -> None:
    for key, name in OTHER_OPTIMIZERS.items():
        if settings.flag(key):
            run.take("optimizer", name)
            run.note(f"{key} is counted as {name}, which may be off")
            return
    trainer.read_optimizer(settings, run)


def _read_precision(settings: Settings, run: Run) -> None:
    if settings.flag("pure_bf16"):
        if settings.flag("fp16"):
            settings.problem("fp16", "fp16 and pure_bf16 both true", "one of them", "remove one")
        run.take("precision", "bf16")
        run.take("masters", "16-bit" if run.asked["method"] == "full" else None)
        return
    trainer.read_precision(settings, run, "fp32")
    if run.asked["method"] == "full" and not settings.flag("use_badam"):
        run.asked["masters"] = "32-bit"


def _read_kernels(settings: Settings, run: Run, stage: str) -> None:
    run.take_or("attention", meanings.attention(settings, "flash_attn"), "flash", "flash_attn")
    fused = bool(settings.flag("enable_liger_kernel")) and stage in ("pt", "sft")
    run.take("loss", "fused" if fused else "whole")
    disabled = settings.flag("disable_gradient_checkpointing")
    if disabled:
        run.take("checkpointing", "none")
    elif settings.flag("use_unsloth_gc"):
        run.take("checkpointing", "offloaded")
    elif "checkpointing" not in run.asked:
        run.take_or("checkpointing", "full" if disabled is False else None, "full", "disable_gradient_checkpointing")
    if settings.flag("use_unsloth"):
        run.take("framework", "unsloth")
        run.take("loss", "fused" if stage in ("pt", "sft") else "whole")
    for key in ("use_mca", "use_megatron_bridge", "use_hyper_parallel", "use_kt", "mixture_of_depths"):
        if settings.flag(key) if key != "mixture_of_depths" else settings.text(key):
            run.note(f"{key} changes memory and time: not counted")
    for key in ("upcast_layernorm", "upcast_lmhead_output"):
        if settings.flag(key):
            run.note(f"{key} keeps a part in 32 bit: not counted")
