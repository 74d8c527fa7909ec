"""The YAML of torchtune's recipes: components with their arguments, and flags for memory."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import meanings
from tunecase.compute.configs.settings import Field, Run, RunConfig, Settings
from tunecase.compute.recipe import SPELLINGS

PRECISIONS = ("bf16", "fp16", "fp32")
MODULES = {"q_proj": "q_proj", "k_proj": "k_proj", "v_proj": "v_proj", "output_proj": "o_proj"}
MLP = ("gate_proj", "up_proj", "down_proj")
TRAINS = ("optimizer", "epochs", "batch_size")  # files for generation and evaluation have a model too
RANK = Field("lora_rank", "rank", meanings.rank, 8)  # of the model builders
ACCUMULATED = "gradient_accumulation_steps"
SIZES = (Field("batch_size", "micro_batch", Settings.whole, 1), Field(ACCUMULATED, "accumulation", Settings.whole, 1))
COMPILED = {"compile": "compile is not counted: steps are often faster, and memory differs"}
ADAPTED, ADAPTER_FIELDS = ("lora", "dora"), ("lora_rank", "lora_attn_modules")
CHUNKED = ("linearcrossentropyloss", "cewithchunkedoutputloss")
SHARDED_BY = ("data_parallel_shard_dim", "data_parallel_replicate_dim", "custom_sharded_layers", "fsdp_cpu_offload")


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """The run that a torchtune configuration describes, None for another kind of file.

    The folder of the weights (`checkpointer.checkpoint_dir`) names the model. The file does not say whether a
    single-device or a distributed recipe runs: fields that only the latter has make it fsdp.

    Example:
        >>> run = read({"model": {"_component_": "torchtune.models.llama3_1.lora_llama3_1_8b", "lora_rank": 16,
        ...     "lora_attn_modules": ["q_proj", "v_proj"]}, "checkpointer": {"checkpoint_dir": "/w/Model-8B/"},
        ...     "batch_size": 2, "dtype": "bf16", "enable_activation_checkpointing": True}, "lora.yaml")
        >>> run.values["model"], run.values["method"], run.values["targets"], run.values["micro_batch"]
        ('/w/Model-8B', 'lora', 'qv', 2)

    Source: meta-pytorch/torchtune, recipes/, recipes/dev/ and recipes/configs/, 2026-04. Leaves out distillation,
    quantisation-aware training and everything that is neither memory nor time.
    """
    model = content.get("model", content.get("policy_model"))
    if not isinstance(model, Mapping) or "_component_" not in model or not any(mark in content for mark in TRAINS):
        return None
    run = Run("torchtune", where)
    settings = Settings(content, where, run)
    run.take("framework", "torchtune")
    _read_model(settings, run)
    _read_lengths(settings, run)
    _read_steps(settings, run)
    _read_optimizer(settings, run)
    _read_loss(settings, run)
    _read_sampling(settings, run)
    _read_memory(settings, run)
    _read_sharding(settings, run)
    settings.note_if(COMPILED)
    if run.values["method"] == "full":
        run.values["masters"] = "16-bit"
    return run.finished()


def _read_model(settings: Settings, run: Run) -> None:
    folder = settings.part("checkpointer").text("checkpoint_dir") or ""
    model = settings.part(settings.first("model", "policy_model"))
    builder = (model.text("_component_") or "").rsplit(".", 1)[-1]
    run.take("model", folder.rstrip("/") or builder.split("lora_")[-1] or None)
    adapted = any(mark in builder for mark in ADAPTED) or any(mark in model for mark in ADAPTER_FIELDS)
    run.take("method", _method(model, builder, adapted))
    if adapted:
        _read_adapter(model, run, dora="dora" in builder)


def _method(model: Settings, builder: str, adapted: bool) -> str:
    quantised = builder.startswith(("qlora", "qdora")) or model.flag("quantize_base")
    if quantised and not adapted:
        fix = "use a lora_ or qlora_ builder"
        model.problem("quantize_base", "true without LoRA", "an adapter: quantised weights cannot learn", fix)
    adapters = "qlora" if quantised else "lora"
    return adapters if adapted else "full"


def _read_adapter(model: Settings, run: Run, dora: bool) -> None:
    model.take((RANK,))
    names = [MODULES.get(name, name) for name in model.names("lora_attn_modules") or ()]
    if model.flag("apply_lora_to_mlp"):
        names += MLP
    run.take_or("targets", meanings.targets(names or None), "all", "lora_attn_modules")
    model.note_if({"apply_lora_to_output": "adapters on the output head are not counted"})
    meanings.note_dora(run, dora or model.flag("use_dora"))


def _read_lengths(settings: Settings, run: Run) -> None:
    length = settings.part("tokenizer").whole("max_seq_len")
    run.take("sequence_tokens", length)
    if length is None:
        run.note("tokenizer.max_seq_len is not set: samples may be as long as the model's context")
    run.take_or("packing", settings.fields("dataset").flag("packed"), False, "dataset.packed")
    settings.take(SIZES)


def _read_steps(settings: Settings, run: Run) -> None:
    passes, most = settings.whole("epochs"), settings.whole("max_steps_per_epoch")
    run.take_or("epochs", passes, 1, "epochs")
    run.take("steps", most * (passes or 1) if most else None)


def _read_optimizer(settings: Settings, run: Run) -> None:
    chosen = settings.part("optimizer")
    name = meanings.optimizer(chosen, "_component_")
    if name == "adamw" and chosen.flag("fused"):
        name = "adamw_fused"
    if "offload" in chosen.folded("_component_"):
        run.take("offload", "optimizer")
    run.take_or("optimizer", name, "adamw", "optimizer")
    if settings.flag("optimizer_in_bwd"):
        if settings.several(ACCUMULATED):
            wanted = "gradient_accumulation_steps: 1"
            settings.problem("optimizer_in_bwd", "true with accumulation", wanted, "remove one")
        run.note("optimizer_in_bwd frees each gradient at once: memory is overstated by 2 bytes per weight")


def _read_loss(settings: Settings, run: Run) -> None:
    named = settings.part("loss").folded("_component_").rsplit(".", 1)[-1]
    if settings.holds_fields("teacher_model"):
        meanings.goal(settings, "model", "a run with several models")
    grouped = named.startswith("grpo") or "grpo_samples" in settings
    objective = "grpo" if grouped else named if named in SPELLINGS["objective"] else "sft"
    run.take("objective", meanings.goal(settings, "loss", objective))
    run.values.setdefault("objective", "sft")
    meanings.rollout(settings, run, by_optimizer=False)
    if run.values["objective"] != "sft":
        run.values["packing"] = False
    run.take("loss", "fused" if "liger" in named else "chunked" if named in CHUNKED else "whole")


def _read_sampling(settings: Settings, run: Run) -> None:
    """Sizes of a step that samples: GRPO trains on all answers to its prompts at once, PPO on parts of its answers."""
    batch, rounds = settings.whole("batch_size") or 1, settings.whole("num_steps")
    if run.values["objective"] == "grpo":
        run.take("micro_batch", batch * (settings.whole("grpo_samples") or 1))
        run.take("steps", rounds)
        run.take("reference", True)
        run.take("sharding", "zero2")  # weights stay whole after a forward pass, for faster sampling
        if settings.holds_fields("vllm"):
            fix = "give the sizes as options, with --sampler separate and --sampler-gpus"
            settings.problem("vllm", "an engine on cards of its own", "a recipe whose training cards sample", fix)
    elif run.values["objective"] == "ppo":
        micro_batch = max((settings.whole("ppo_batch_size") or batch) // (settings.whole(ACCUMULATED) or 1), 1)
        run.take("group_size", 1)
        run.take("micro_batch", micro_batch)
        run.take("accumulation", max(batch // micro_batch, 1))
        run.take("steps", rounds and max(rounds // batch, 1))
        run.note("the reward model's size is not in the file: say it with --reward-params, it is left out")


def _read_memory(settings: Settings, run: Run) -> None:
    run.take_or("precision", settings.word("dtype", PRECISIONS), "bf16", "dtype")
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


def _read_sharding(settings: Settings, run: Run) -> None:
    if any(key in settings for key in SHARDED_BY):
        run.take("sharding", "fsdp")
    if settings.flag("fsdp_reshard_after_forward") is False:
        run.take("sharding", "zero2")
    if settings.flag("fsdp_cpu_offload"):
        run.take("offload", "all")
    for name in ("tensor_parallel", "context_parallel"):
        run.take(name, settings.several(f"{name}_dim"))
