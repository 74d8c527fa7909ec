"""The YAML of LLaMA-Factory: stage, kind of fine-tuning, lengths and kernels, besides the Trainer's own arguments."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings, trainer
from tunecase.compute.configs.settings import Field, Run, RunConfig, Settings

MARKS = ("stage", "finetuning_type", "cutoff_len", "lora_target", "neat_packing", "quantization_bit", "pure_bf16")
STAGES = ("pt", "sft", "rm", "ppo", "dpo", "kto")
KINDS = ("lora", "oft", "freeze", "full")
WITHOUT_ADAPTERS = ("freeze", "full")
TARGETS, TRAINED_LAYERS, STAGE, KIND = "all", 2, "sft", "lora"  # hparams of 2026-08
RANK = Field("lora_rank", "rank", meanings.rank, 8)
SEQUENCE = Field("cutoff_len", "sequence_tokens", Settings.whole, 2048)
ATTENTION = Field("flash_attn", "attention", meanings.attention, "flash")
UNCOUNTED = {
    key: f"{key} changes memory and time: not counted"
    for key in ("use_mca", "use_megatron_bridge", "use_hyper_parallel", "use_kt")
}
IN_32_BIT = {key: f"{key} keeps a part in 32 bit: not counted" for key in ("upcast_layernorm", "upcast_lmhead_output")}
OTHER_OPTIMIZERS = {
    "use_galore": "galore", "use_apollo": "apollo", "use_badam": "adamw_fused", "use_adam_mini": "sgd_momentum",
    "use_muon": "muon",
}  # fmt: skip


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """The run that a LLaMA-Factory configuration describes, None for another kind of file.

    Example:
        >>> run = read({"model_name_or_path": "org/model-8b", "stage": "sft", "finetuning_type": "lora",
        ...             "cutoff_len": 4096, "bf16": True, "per_device_train_batch_size": 2}, "run.yaml")
        >>> run.values["method"], run.values["rank"], run.values["checkpointing"]
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
    settings.take((ATTENTION,))
    fused = bool(settings.flag("enable_liger_kernel")) and stage in ("pt", "sft")
    run.take("loss", "fused" if fused else "whole")
    _read_checkpointing(settings, run)
    _read_rest(settings, run, stage)
    meanings.raised(run.values)
    return run.finished()


def _read_stage(settings: Settings, run: Run) -> str:
    stage = settings.word_or("stage", STAGES, STAGE)
    named = {"pt": "sft", "rm": "reward model"}.get(stage, stage)
    if named == "dpo":
        named = settings.text("pref_loss") or named
    run.take("objective", meanings.goal(settings, "stage", named))
    run.values.setdefault("objective", "sft")
    meanings.rollout(settings, run)
    return stage


def _read_method(settings: Settings, run: Run) -> None:
    kind = settings.word_or("finetuning_type", KINDS, KIND)
    bits = _bits(settings, kind)
    if kind == "oft":
        run.note("oft is read as LoRA of rank 8: its own memory and time are not counted")
    run.take("method", "full" if kind in WITHOUT_ADAPTERS else "qlora" if bits and bits < 8 else "lora")
    if bits == 8 and run.values["method"] == "lora":
        meanings.eight_bit(run)
    if settings.flag("freeze_vision_tower") is False and kind in WITHOUT_ADAPTERS:
        run.take("towers", "trained")
    if kind == "freeze":
        _read_freeze(settings, run)
    elif kind != "full":
        _read_adapter(settings, run)


def _bits(settings: Settings, kind: str) -> int | None:
    """Bits of the base's weights, None where they are as released."""
    bits = settings.whole("quantization_bit", most=16)
    if bits is not None and kind in WITHOUT_ADAPTERS:
        got = f"{bits} with finetuning_type {kind}"
        settings.problem("quantization_bit", got, "finetuning_type: lora", "quantised weights cannot learn: remove one")
    if bits not in (None, 2, 3, 4, 8):
        settings.problem("quantization_bit", str(bits), "4 or 8", "set 4 for QLoRA")
    return bits


def _read_adapter(settings: Settings, run: Run) -> None:
    settings.take((RANK,))
    run.take_or("targets", meanings.targets(settings.names("lora_target")), TARGETS, "lora_target")
    run.take("double_quantised", settings.flag("double_quantization"))
    run.values.setdefault("double_quantised", True)
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
    settings.take((SEQUENCE,))
    packed = settings.flag("neat_packing") or settings.flag("packing")
    run.take_or("packing", packed, stage == "pt", "packing")
    if stage not in ("pt", "sft") and run.values["packing"]:
        run.values["packing"] = False
        run.note("packing is for pre-training and supervised fine-tuning only: ignored")


def _read_optimizer(settings: Settings, run: Run) -> None:
    for key, name in OTHER_OPTIMIZERS.items():
        if settings.flag(key):
            run.take("optimizer", name)
            run.note(f"{key} is counted as {name}, which may be off")
            return
    settings.take((trainer.OPTIMIZER,))


def _read_precision(settings: Settings, run: Run) -> None:
    if settings.flag("pure_bf16"):
        if settings.flag("fp16"):
            settings.problem("fp16", "fp16 and pure_bf16 both true", "one of them", "remove one")
        run.take("precision", "bf16")
        run.take("masters", "16-bit" if run.values["method"] == "full" else None)
        return
    trainer.read_precision(settings, run, "fp32")
    if run.values["method"] == "full" and not settings.flag("use_badam"):
        run.values["masters"] = "32-bit"


def _read_checkpointing(settings: Settings, run: Run) -> None:
    disabled = settings.flag("disable_gradient_checkpointing")
    if disabled:
        run.take("checkpointing", "none")
    elif settings.flag("use_unsloth_gc"):
        run.take("checkpointing", "offloaded")
    elif "checkpointing" not in run.values:
        run.take_or("checkpointing", "full" if disabled is False else None, "full", "disable_gradient_checkpointing")


def _read_rest(settings: Settings, run: Run, stage: str) -> None:
    """Unsloth, and what changes memory or time without being counted."""
    if settings.flag("use_unsloth"):
        run.take("framework", "unsloth")
        run.take("loss", "fused" if stage in ("pt", "sft") else "whole")
    settings.note_if(UNCOUNTED)
    if settings.text("mixture_of_depths"):
        run.note("mixture_of_depths changes memory and time: not counted")
    settings.note_if(IN_32_BIT)
