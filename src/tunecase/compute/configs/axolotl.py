"""The YAML of axolotl: base model, adapter, lengths, kernels, plug-ins and sharding."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import deepspeed, meanings
from tunecase.compute.configs.fsdp import read_fsdp
from tunecase.compute.configs.settings import NO_GPUS, Found, Run, Settings
from tunecase.compute.configs.trainer import take_companion

MARKS = (
    "adapter", "datasets", "pretraining_dataset", "sequence_len", "micro_batch_size", "num_epochs", "sample_packing",
    "lora_r", "load_in_4bit", "val_set_size", "dataset_prepared_path", "rl",
)  # fmt: skip
OTHER_TOOLS = ("merge_method", "slices")  # mergekit has a base_model too
SEQUENCE, MICRO_BATCH, ACCUMULATION, EPOCHS, OPTIMIZER = 512, 1, 1, 1.0, "adamw_fused"  # utils/schemas of 2026-07
ATTENTION_FLAGS = ("xformers_attention", "sage_attention", "flex_attention", "flash_attention", "sdp_attention")
OFFLOADED = ("offload", "offload_disk", "unsloth")
SHARDED_BY = ("dp_shard_size", "dp_replicate_size")


def read(content: Mapping[str, Any], where: str) -> Found | None:
    """The run that an axolotl configuration describes, None for another kind of file.

    The file does not say how many GPUs; where `dp_shard_size` and its companions do, their product counts.

    Args:
        content: the file's fields.
        where: its name, for messages.
    Returns: Found, with problems instead of an exception.

    Example:
        >>> found = read({"base_model": "org/model-8b", "adapter": "qlora", "load_in_4bit": True, "lora_r": 32,
        ...               "lora_target_linear": True, "sequence_len": 4096, "bf16": True}, "run.yaml")
        >>> found.asked["method"], found.asked["rank"], found.asked["targets"], found.asked["sequence_tokens"]
        ('qlora', 32, 'all', 4096)

    Source: axolotl-ai-cloud/axolotl, src/axolotl/utils/schemas and src/axolotl/loaders, 2026-07. Leaves out
    `unfrozen_parameters`, relora, mixture-of-experts kernels and everything that is neither memory nor time.
    """
    if "base_model" not in content or any(key in content for key in OTHER_TOOLS):
        return None
    if not any(mark in content for mark in MARKS):
        return None
    run = Run("axolotl", where)
    settings = Settings(content, where, run)
    run.take("framework", "axolotl")
    run.take("model", settings.text("base_model"))
    _read_method(settings, run)
    _read_lengths(settings, run)
    _read_precision(settings, run)
    _read_kernels(settings, run)
    _read_sharding(settings, run)
    _read_checkpointing(settings, run)
    if run.asked["method"] == "full" and run.asked.get("precision") == "bf16":
        run.asked["masters"] = "16-bit"
    meanings.raised(run.asked)
    if "gpus" not in run.asked:
        run.unsettled("gpus", NO_GPUS)
    return run.found()


def _read_method(settings: Settings, run: Run) -> None:
    adapter = settings.text("adapter")
    four, eight = settings.flag("load_in_4bit"), settings.flag("load_in_8bit")
    if four and eight:
        settings.problem("load_in_8bit", "load_in_4bit and load_in_8bit both true", "one of them", "remove one")
    if adapter is None:
        for key in ("load_in_4bit", "load_in_8bit"):
            if settings.flag(key):
                fix = f"set adapter: {'qlora' if key == 'load_in_4bit' else 'lora'}, or remove {key}"
                settings.problem(key, "true without an adapter", "an adapter: quantised weights cannot learn", fix)
        run.take("method", "full")
    elif adapter not in ("lora", "qlora"):
        settings.problem("adapter", adapter, "lora or qlora, or none for full fine-tuning", "set one of them")
        run.take("method", "lora")
    else:
        if adapter == "qlora" and four is not True and not settings.flag("gptq"):
            settings.problem("adapter", "qlora without load_in_4bit", "load_in_4bit: true", "add it, or set lora")
        run.take("method", "qlora" if adapter == "qlora" or four or settings.flag("gptq") else "lora")
    if settings.flag("gptq"):
        run.note("a GPTQ base is counted as an NF4 one")
    if eight and run.asked["method"] == "lora":
        meanings.eight_bit(run)
    if adapter is not None:
        _read_adapter(settings, run)
    elif settings.names("unfrozen_parameters"):
        run.note("unfrozen_parameters is not read: every weight is counted as learning, so memory is overstated")
    _read_goal(settings, run)


def _read_adapter(settings: Settings, run: Run) -> None:
    rank = settings.whole("lora_r", most=65_536)
    if rank is None and "lora_model_dir" not in settings and "lora_r" not in settings:
        settings.problem("lora_r", "nothing", "the rank of the adapters", "add lora_r: 16")
    run.take("rank", rank)
    named = meanings.targets(settings.names("lora_target_modules"))
    run.take("targets", "all" if settings.flag("lora_target_linear") else named)
    if "targets" not in run.asked:
        run.take_or("targets", None, "all", "lora_target_linear")
    meanings.note_whole_tables(run, settings.names("lora_modules_to_save"))
    meanings.note_dora(run, settings.flag("peft_use_dora"))
    if "peft_layers_to_transform" in settings:
        run.note("peft_layers_to_transform is not read: all layers are counted as adapted")
    options = settings.part("bnb_config_kwargs")
    run.take("double_quantised", None if options is None else options.flag("bnb_4bit_use_double_quant"))
    run.asked.setdefault("double_quantised", True)


def _read_goal(settings: Settings, run: Run) -> None:
    named = settings.text("rl")
    run.take("objective", meanings.goal(settings, "rl", named and named.casefold()))
    for key in ("reward_model", "process_reward_model"):
        if settings.flag(key):
            meanings.goal(settings, key, "reward model")
    run.asked.setdefault("objective", "sft")


def _read_lengths(settings: Settings, run: Run) -> None:
    run.take_or("sequence_tokens", settings.whole("sequence_len"), SEQUENCE, "sequence_len")
    run.take_or("micro_batch", settings.whole("micro_batch_size"), MICRO_BATCH, "micro_batch_size")
    times = settings.whole("gradient_accumulation_steps")
    run.take_or("accumulation", times, ACCUMULATION, "gradient_accumulation_steps")
    packing = settings.flag("sample_packing")
    flat = settings.text("batch_flattening") == "auto" or settings.flag("batch_flattening")
    run.take_or("packing", True if flat else packing, False, "sample_packing")
    if run.asked["objective"] == "dpo" and run.asked["packing"]:
        run.asked["packing"] = False
        run.note("pairs are not packed: sample_packing is left out of account")
    steps = settings.whole("max_steps")
    run.take("steps", steps)
    if steps is None:
        passes = settings.number("num_epochs", most=1e6)
        if passes == 0:
            settings.problem("num_epochs", "0", "more than 0", "set the number of passes")
        run.take_or("epochs", passes or None, EPOCHS, "num_epochs")
    if settings.flag("group_by_length"):
        run.note("samples are grouped by length: less padding than the answer counts")
    name = meanings.optimizer(settings, "optimizer")
    run.take_or("optimizer", name, OPTIMIZER, "optimizer")


def _read_precision(settings: Settings, run: Run) -> None:
    bf16 = True if (settings.text("bf16") or "").casefold() == "full" else settings.flag("bf16")
    bf16, fp16 = settings.flag("bfloat16") or bf16, settings.flag("fp16") or settings.flag("float16")
    chosen = meanings.precision(settings, bf16, fp16, settings.flag("fp8"))
    run.take_or("precision", chosen, "bf16", "bf16 (auto)")


def _read_kernels(settings: Settings, run: Run) -> None:
    kernel = meanings.attention(settings, "attn_implementation")
    if kernel is None and settings.flag("eager_attention"):
        kernel = "eager"
    if kernel is None and any(settings.flag(flag) for flag in ATTENTION_FLAGS):
        kernel = "flash"
    run.take_or("attention", kernel, "flash", "attn_implementation (sdpa)")
    plugins = " ".join(settings.names("plugins") or ()).casefold()
    cut = "cut_cross_entropy" in plugins and settings.flag("cut_cross_entropy") is not False
    liger, wanted = "liger" in plugins, settings.flag("liger_fused_linear_cross_entropy")
    if wanted and not liger:
        run.note("liger_fused_linear_cross_entropy without the Liger plug-in is left out of account")
    fused = cut or (wanted and liger)
    if settings.flag("liger_cross_entropy") and liger and not fused:
        run.note("liger_cross_entropy is counted as the usual loss: memory is overstated")
    if settings.flag("chunked_cross_entropy"):
        run.note("chunked_cross_entropy keeps whole logits and is counted as the usual loss: memory is overstated")
    run.take("loss", "fused" if fused else "whole")
    for key in ("tiled_mlp", "torch_compile", "layer_offloading"):
        if key in settings and settings.text(key) and settings.flag(key) is not False:
            run.note(f"{key} is not counted")


def _read_checkpointing(settings: Settings, run: Run) -> None:
    named = (settings.text("gradient_checkpointing") or "").casefold()
    chosen = None if named in OFFLOADED else settings.flag("gradient_checkpointing")
    offloading = (settings.text("activation_offloading") or "").casefold()
    if named in OFFLOADED or (offloading and offloading not in ("false", "no", "off")):
        run.take("checkpointing", "offloaded")
        if run.asked["method"] != "full" and offloading in ("true", "yes", "on"):
            run.note("activations are offloaded instead of recomputed: time is overstated")
    elif chosen is not None:
        run.take("checkpointing", "full" if chosen else run.asked.get("checkpointing", "none"))
    elif "checkpointing" not in run.asked:
        run.take_or("checkpointing", None, "none", "gradient_checkpointing")
    if "selective_checkpointing" in settings and run.asked["checkpointing"] == "full":
        run.note("selective_checkpointing also keeps attention's outputs: memory is understated, time overstated")


def _read_sharding(settings: Settings, run: Run) -> None:
    read_fsdp(settings, run, fields_suffice=True)
    if settings.holds_fields("deepspeed"):
        take_companion(run, settings, deepspeed.read(settings.content_of("deepspeed"), settings.where))
    elif file := settings.text("deepspeed"):
        run.companions.append(file)
    if "deepspeed" in settings and ("fsdp" in settings or "fsdp_config" in settings):
        settings.problem("deepspeed", "deepspeed and fsdp both", "one of them", "remove one")
    sizes = [settings.whole(key) for key in SHARDED_BY]
    tensor = settings.whole("tensor_parallel_size")
    context = settings.whole(settings.first("context_parallel_size", "sequence_parallel_degree"))
    run.take("tensor_parallel", tensor if tensor and tensor > 1 else None)
    run.take("context_parallel", context if context and context > 1 else None)
    if sizes[0] is not None:
        run.take("gpus", sizes[0] * (sizes[1] or 1) * (tensor or 1) * (context or 1))
