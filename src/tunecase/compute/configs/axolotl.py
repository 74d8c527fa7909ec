"""The YAML of axolotl: base model, adapter, lengths, kernels, plug-ins and sharding."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings
from tunecase.compute.configs.fsdp import read_fsdp
from tunecase.compute.configs.settings import Field, Run, RunConfig, Settings
from tunecase.compute.configs.trainer import read_deepspeed

MARKS = (
    "adapter", "datasets", "pretraining_dataset", "sequence_len", "micro_batch_size", "num_epochs", "sample_packing",
    "lora_r", "load_in_4bit", "val_set_size", "dataset_prepared_path", "rl",
)  # fmt: skip
OTHER_TOOLS = ("merge_method", "slices")  # mergekit has a base_model too
SIZES = (  # defaults of utils/schemas, 2026-07
    Field("sequence_len", "sequence_tokens", Settings.whole, 512),
    Field("micro_batch_size", "micro_batch", Settings.whole, 1),
    Field("gradient_accumulation_steps", "accumulation", Settings.whole, 1),
)
EPOCHS, OPTIMIZER = 1.0, Field("optimizer", "optimizer", meanings.optimizer, "adamw_fused")
ATTENTION_FLAGS = ("xformers_attention", "sage_attention", "flex_attention", "flash_attention", "sdp_attention")
OFFLOADED, NOT_OFFLOADED = ("offload", "offload_disk", "unsloth"), ("", "false", "no", "off")
NOT_COUNTED = ("tiled_mlp", "torch_compile", "layer_offloading")
SHARDED_BY = ("dp_shard_size", "dp_replicate_size")


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """The run that an axolotl configuration describes, None for another kind of file.

    The file gives no number of GPUs, except as the product of `dp_shard_size` and its companions.

    Example:
        >>> run = read({"base_model": "org/model-8b", "adapter": "qlora", "load_in_4bit": True, "lora_r": 32,
        ...             "lora_target_linear": True, "sequence_len": 4096, "bf16": True}, "run.yaml")
        >>> run.values["method"], run.values["rank"], run.values["targets"], run.values["sequence_tokens"]
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
    _read_goal(settings, run)
    _read_lengths(settings, run)
    _read_precision(settings, run)
    run.take_or("attention", _attention(settings), "flash", "attn_implementation (sdpa)")
    _read_loss(settings, run)
    _note_not_counted(settings, run)
    _read_sharding(settings, run)
    _read_checkpointing(settings, run)
    if run.values["method"] == "full" and run.values.get("precision") == "bf16":
        run.values["masters"] = "16-bit"
    meanings.raised(run.values)
    return run.finished()


def _read_method(settings: Settings, run: Run) -> None:
    adapter = settings.text("adapter")
    four, eight = meanings.loaded_in(settings)
    run.take("method", _method(settings, adapter, bool(four)))
    if settings.flag("gptq"):
        run.note("a GPTQ base is counted as an NF4 one")
    if eight and run.values["method"] == "lora":
        meanings.eight_bit(run)
    if adapter is not None:
        _read_adapter(settings, run)
    elif settings.names("unfrozen_parameters"):
        run.note("unfrozen_parameters is not read: every weight is counted as learning, so memory is overstated")


def _method(settings: Settings, adapter: str | None, four: bool) -> str:
    """full without an adapter, qlora on a 4-bit base, else lora; what contradicts that is a problem."""
    if adapter is None:
        for key, needed in (("load_in_4bit", "qlora"), ("load_in_8bit", "lora")):
            if settings.flag(key):
                wanted, fix = "an adapter: quantised weights cannot learn", f"set adapter: {needed}, or remove {key}"
                settings.problem(key, "true without an adapter", wanted, fix)
        return "full"
    if adapter not in ("lora", "qlora"):
        settings.problem("adapter", adapter, "lora or qlora, or none for full fine-tuning", "set one of them")
        return "lora"
    quantised = four or settings.flag("gptq")
    if adapter == "qlora" and not quantised:
        settings.problem("adapter", "qlora without load_in_4bit", "load_in_4bit: true", "add it, or set lora")
    return "qlora" if adapter == "qlora" or quantised else "lora"


def _read_adapter(settings: Settings, run: Run) -> None:
    rank = meanings.rank(settings, "lora_r")
    if rank is None and "lora_model_dir" not in settings and "lora_r" not in settings:
        settings.problem("lora_r", "nothing", "the rank of the adapters", "add lora_r: 16")
    run.take("rank", rank)
    named = meanings.targets(settings.names("lora_target_modules"))
    run.take_or("targets", "all" if settings.flag("lora_target_linear") else named, "all", "lora_target_linear")
    meanings.note_whole_tables(run, settings.names("lora_modules_to_save"))
    meanings.note_dora(run, settings.flag("peft_use_dora"))
    if "peft_layers_to_transform" in settings:
        run.note("peft_layers_to_transform is not read: all layers are counted as adapted")
    run.take("double_quantised", settings.part("bnb_config_kwargs").flag("bnb_4bit_use_double_quant"))
    run.values.setdefault("double_quantised", True)


def _read_goal(settings: Settings, run: Run) -> None:
    named = settings.text("rl")
    run.take("objective", meanings.goal(settings, "rl", named and named.casefold()))
    for key in ("reward_model", "process_reward_model"):
        if settings.flag(key):
            meanings.goal(settings, key, "reward model")
    run.values.setdefault("objective", "sft")
    meanings.rollout(settings.fields("trl"), run)
    server = settings.fields("vllm")
    if run.values.get("sampler") == "in-turn":
        tensor, copies = server.whole("tensor_parallel_size") or 1, server.whole("data_parallel_size") or 1
        run.take("sampler_gpus", tensor * copies)


def _read_lengths(settings: Settings, run: Run) -> None:
    settings.take(SIZES)
    packing = settings.flag("sample_packing")
    flat = settings.text("batch_flattening") == "auto" or settings.flag("batch_flattening")
    run.take_or("packing", True if flat else packing, False, "sample_packing")
    if run.values["objective"] != "sft" and run.values["packing"]:
        run.values["packing"] = False
        run.note("answers that are compared are not packed: sample_packing is ignored")
    steps = settings.whole("max_steps")
    run.take("steps", steps)
    if steps is None:
        run.take_or("epochs", meanings.passes(settings, "num_epochs"), EPOCHS, "num_epochs")
    settings.note_if({"group_by_length": meanings.GROUPED})
    settings.take((OPTIMIZER,))


def _read_precision(settings: Settings, run: Run) -> None:
    bf16 = True if settings.folded("bf16") == "full" else settings.flag("bf16")
    bf16, fp16 = settings.flag("bfloat16") or bf16, settings.flag("fp16") or settings.flag("float16")
    chosen = meanings.precision(settings, bf16, fp16, settings.flag("fp8"))
    run.take_or("precision", chosen, "bf16", "bf16 (auto)")


def _attention(settings: Settings) -> str | None:
    kernel = meanings.attention(settings, "attn_implementation")
    if kernel is None and settings.flag("eager_attention"):
        return "eager"
    if kernel is None and any(settings.flag(flag) for flag in ATTENTION_FLAGS):
        return "flash"
    return kernel


def _read_loss(settings: Settings, run: Run) -> None:
    """Fused by either plug-in, else whole; losses that only resemble those are noted."""
    plugins = " ".join(settings.names("plugins") or ()).casefold()
    cut = "cut_cross_entropy" in plugins and settings.flag("cut_cross_entropy") is not False
    liger, wanted = "liger" in plugins, settings.flag("liger_fused_linear_cross_entropy")
    if wanted and not liger:
        run.note("liger_fused_linear_cross_entropy without the Liger plug-in is ignored")
    fused = cut or (wanted and liger)
    if settings.flag("liger_cross_entropy") and liger and not fused:
        run.note("liger_cross_entropy is counted as the usual loss: memory is overstated")
    words = "chunked_cross_entropy keeps whole logits and is counted as the usual loss: memory is overstated"
    settings.note_if({"chunked_cross_entropy": words})
    run.take("loss", "fused" if fused else "whole")


def _note_not_counted(settings: Settings, run: Run) -> None:
    for key in NOT_COUNTED:
        if settings.text(key) and settings.flag(key) is not False:
            run.note(f"{key} is not counted")


def _read_checkpointing(settings: Settings, run: Run) -> None:
    earlier = run.values.get("checkpointing")  # fields of FSDP may have turned it on
    if not _offloads(settings, run):
        chosen = settings.flag("gradient_checkpointing")
        if chosen is not None or not earlier:
            word = None if chosen is None else "full" if chosen else earlier or "none"
            run.take_or("checkpointing", word, "none", "gradient_checkpointing")
    if "selective_checkpointing" in settings and run.values["checkpointing"] == "full":
        run.note("selective_checkpointing also keeps attention's outputs: memory is understated, time overstated")


def _offloads(settings: Settings, run: Run) -> bool:
    """Whether what the layers keep lies in the host's memory."""
    named, offloading = settings.folded("gradient_checkpointing"), settings.folded("activation_offloading")
    if named not in OFFLOADED and offloading in NOT_OFFLOADED:
        return False
    if named not in OFFLOADED:
        settings.flag("gradient_checkpointing")  # an unknown word is a problem
    run.take("checkpointing", "offloaded")
    if run.values["method"] != "full" and offloading in ("true", "yes", "on"):
        run.note("activations are offloaded instead of recomputed: time is overstated")
    return True


def _read_sharding(settings: Settings, run: Run) -> None:
    read_fsdp(settings, run, fields_suffice=True)
    read_deepspeed(settings, run)
    if "deepspeed" in settings and ("fsdp" in settings or "fsdp_config" in settings):
        settings.problem("deepspeed", "deepspeed and fsdp both", "one of them", "remove one")
    shards, copies = (settings.whole(key) for key in SHARDED_BY)
    tensor = settings.several("tensor_parallel_size")
    context = settings.several(settings.first("context_parallel_size", "sequence_parallel_degree"))
    run.take("tensor_parallel", tensor)
    run.take("context_parallel", context)
    if shards is not None:
        run.take("gpus", shards * (copies or 1) * (tensor or 1) * (context or 1))
