"""The YAML of torchtune's recipes: components with their arguments, and flags for memory."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings
from tunecase.compute.configs.settings import NO_GPUS, Found, Run, Settings

PRECISIONS = {"bf16": "bf16", "fp16": "fp16", "fp32": "fp32"}
MODULES = {"q_proj": "q_proj", "k_proj": "k_proj", "v_proj": "v_proj", "output_proj": "o_proj"}
MLP = ("gate_proj", "up_proj", "down_proj")
TRAINS = ("optimizer", "epochs", "batch_size")  # files for generation and evaluation have a model too
RANK = 8  # the model builders' lora_rank
CHUNKED = ("linearcrossentropyloss", "cewithchunkedoutputloss")
SHARDED_BY = ("data_parallel_shard_dim", "data_parallel_replicate_dim", "custom_sharded_layers", "fsdp_cpu_offload")


def read(content: Mapping[str, Any], where: str) -> Found | None:
    """The run that a torchtune configuration describes, None for another kind of file.

    The weights' place (`checkpointer.checkpoint_dir`) names the model. The file does not say whether a single-device or
    a distributed recipe runs: fields that only the latter has make it fsdp.

    Args:
        content: the file's fields.
        where: its name, for messages.
    Returns: Found, with problems instead of an exception.

    Example:
        >>> found = read({"model": {"_component_": "torchtune.models.llama3_1.lora_llama3_1_8b", "lora_rank": 16,
        ...     "lora_attn_modules": ["q_proj", "v_proj"]}, "checkpointer": {"checkpoint_dir": "/w/Model-8B/"},
        ...     "batch_size": 2, "dtype": "bf16", "enable_activation_checkpointing": True}, "lora.yaml")
        >>> found.asked["model"], found.asked["method"], found.asked["targets"], found.asked["micro_batch"]
        ('/w/Model-8B', 'lora', 'qv', 2)

    Source: meta-pytorch/torchtune, recipes/ and recipes/configs/, 2026-04. Leaves out distillation, PPO,
    quantisation-aware training and everything that is neither memory nor time.
    """
    model = content.get("model")
    if not isinstance(model, Mapping) or "_component_" not in model or not any(mark in content for mark in TRAINS):
        return None
    run = Run("torchtune", where)
    settings = Settings(content, where, run)
    run.take("framework", "torchtune")
    _read_model(settings, run)
    _read_lengths(settings, run)
    _read_steps(settings, run)
    _read_loss(settings, run)
    _read_memory(settings, run)
    if run.asked["method"] == "full":
        run.asked["masters"] = "16-bit"
    if "gpus" not in run.asked:
        run.unsettled("gpus", NO_GPUS)
    return run.found()


def _read_model(settings: Settings, run: Run) -> None:
    weights = settings.part("checkpointer")
    folder = None if weights is None else weights.text("checkpoint_dir")
    model = settings.part("model")
    if model is None:
        return
    component = model.text("_component_") or ""
    builder = component.rsplit(".", 1)[-1]
    run.take("model", (folder or "").rstrip("/") or builder.split("lora_")[-1] or None)
    adapted = "lora" in builder or "dora" in builder or "lora_rank" in model or "lora_attn_modules" in model
    quantised = builder.startswith(("qlora", "qdora")) or model.flag("quantize_base")
    if quantised and not adapted:
        fix = "use a lora_ or qlora_ builder"
        model.problem("quantize_base", "true without LoRA", "an adapter: quantised weights cannot learn", fix)
    run.take("method", "qlora" if adapted and quantised else "lora" if adapted else "full")
    if not adapted:
        return
    run.take_or("rank", model.whole("lora_rank", most=65_536), RANK, "lora_rank")
    names = [MODULES.get(name, name) for name in model.names("lora_attn_modules") or ()]
    if model.flag("apply_lora_to_mlp"):
        names += MLP
    run.take_or("targets", meanings.targets(names or None), "all", "lora_attn_modules")
    if model.flag("apply_lora_to_output"):
        run.note("adapters on the output head are not counted")
    meanings.note_dora(run, "dora" in builder or model.flag("use_dora"))


def _read_lengths(settings: Settings, run: Run) -> None:
    tokenizer = settings.part("tokenizer")
    length = None if tokenizer is None else tokenizer.whole("max_seq_len")
    run.take("sequence_tokens", length)
    if length is None:
        run.note("tokenizer.max_seq_len is not set: samples may be as long as the model's context")
    data = settings.part("dataset") if settings.holds_fields("dataset") else None
    packed = None if data is None else data.flag("packed")
    run.take_or("packing", packed, False, "dataset.packed")
    run.take_or("micro_batch", settings.whole("batch_size"), 1, "batch_size")
    times = settings.whole("gradient_accumulation_steps")
    run.take_or("accumulation", times, 1, "gradient_accumulation_steps")


def _read_steps(settings: Settings, run: Run) -> None:
    passes, most = settings.whole("epochs"), settings.whole("max_steps_per_epoch")
    run.take_or("epochs", passes, 1, "epochs")
    run.take("steps", most * (passes or 1) if most else None)
    chosen = settings.part("optimizer")
    name = None if chosen is None else meanings.optimizer(chosen, "_component_")
    if chosen is not None and name == "adamw" and chosen.flag("fused"):
        name = "adamw_fused"
    if chosen is not None and "offload" in (chosen.text("_component_") or "").casefold():
        run.take("offload", "optimizer")
    run.take_or("optimizer", name, "adamw", "optimizer")
    if settings.flag("optimizer_in_bwd"):
        if (settings.whole("gradient_accumulation_steps") or 1) > 1:
            wanted = "gradient_accumulation_steps: 1"
            settings.problem("optimizer_in_bwd", "true with accumulation", wanted, "remove one")
        run.note("optimizer_in_bwd frees each gradient at once: memory is overstated by 2 bytes per weight")


def _read_loss(settings: Settings, run: Run) -> None:
    loss = settings.part("loss")
    named = "" if loss is None else (loss.text("_component_") or "").rsplit(".", 1)[-1].casefold()
    goals = {"dpoloss": "dpo", "rsoloss": "dpo", "simpoloss": "simpo", "ppoloss": "ppo", "grpoloss": "grpo"}
    if settings.holds_fields("policy_model") or settings.holds_fields("teacher_model"):
        meanings.goal(settings, "model", "a run with several models")
    run.take("objective", meanings.goal(settings, "loss", goals.get(named, "sft")))
    run.asked.setdefault("objective", "sft")
    if run.asked["objective"] == "dpo":
        run.asked["packing"] = False
    fused = "liger" in named
    run.take("loss", "fused" if fused else "chunked" if named in CHUNKED else "whole")


def _read_memory(settings: Settings, run: Run) -> None:
    chosen = settings.word("dtype", tuple(PRECISIONS))
    run.take_or("precision", chosen, "bf16", "dtype")
    kept = settings.flag("enable_activation_checkpointing")
    offloaded = settings.flag("enable_activation_offloading")
    if offloaded and not kept:
        fix = "set enable_activation_checkpointing: true"
        settings.problem("enable_activation_offloading", "true without checkpointing", "both, or neither", fix)
    word = "offloaded" if offloaded else None if kept is None else "full" if kept else "none"
    run.take_or("checkpointing", word, "none", "enable_activation_checkpointing")
    if settings.text("ac_mode") == "selective":
        run.note("selective checkpointing keeps more than layer inputs: memory is understated, time overstated")
        run.take("checkpointing", "full")
    run.take("attention", "flash")
    if any(key in settings for key in SHARDED_BY):
        run.take("sharding", "fsdp")
    if settings.flag("fsdp_reshard_after_forward") is False:
        run.take("sharding", "zero2")
    if settings.flag("fsdp_cpu_offload"):
        run.take("offload", "all")
    for name, key in (("tensor_parallel", "tensor_parallel_dim"), ("context_parallel", "context_parallel_dim")):
        cards = settings.whole(key)
        run.take(name, cards if cards and cards > 1 else None)
    if settings.flag("compile"):
        run.note("compile is not counted: steps are often faster, and memory differs")
