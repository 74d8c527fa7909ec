"""A DeepSpeed JSON: ZeRO stage, offload, precision and batch sizes; it accompanies another configuration."""

import re
from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs.meanings import optimizer, precision
from tunecase.compute.configs.settings import Run, RunConfig, Settings

MARKS = ("zero_optimization", "train_micro_batch_size_per_gpu", "zero_allow_untested_optimizer")
SHARDING = ("ddp", "zero1", "zero2", "zero3")
HOST = {"cpu", "nvme"}


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """The run that a DeepSpeed configuration describes, None for another kind of file.

    "auto" leaves a value to the trainer. DeepSpeed's global batch is micro-batch x accumulation x GPUs; where the file
    gives all three of its sizes, the number of GPUs follows.

    Example:
        >>> read({"zero_optimization": {"stage": 3, "offload_param": {"device": "cpu"}}}, "ds.json").values
        {'sharding': 'zero3', 'offload': 'all'}

    Source: deepspeed.ai configuration reference (stage 0 by default; offload_param with stage 3 only).
    Leaves out bucket sizes, ZeRO++ and pipeline stages.
    """
    if not any(mark in content for mark in MARKS):
        return None
    run = Run("DeepSpeed", where)
    settings = Settings(content, where, run)
    _read_zero(settings, run)
    types = [settings.part(name) for name in ("bf16", "bfloat16", "fp16")]
    bf16, bfloat16, fp16 = (part.flag("enabled") for part in types)
    run.take("precision", precision(settings, bf16 or bfloat16, fp16))
    _read_sizes(settings, run)
    _read_optimizer(settings.part("optimizer"), run)
    run.take("tensor_parallel", settings.part("tensor_parallel").several("autotp_size", least=0))
    settings.part("compression_training")
    if settings.holds_fields("compression_training"):
        run.note("compression_training is not counted")
    return run.finished(alone=False)


def named_like(name: str) -> RunConfig | None:
    """What the customary name of a missing DeepSpeed file says: zero3_bf16.json or ds_z2_offload_config.json.

    Example:
        >>> named_like("examples/ds_z3_offload_config.json").values
        {'sharding': 'zero3', 'offload': 'all'}
    """
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].casefold()
    stage = re.search(r"(?:zero|stage|(?<![a-z])z)[-_]?([0-3])", plain)
    if stage is None:
        return None
    run = Run("DeepSpeed", name)
    run.take("sharding", SHARDING[int(stage[1])])
    if "offload" in plain:
        run.take("offload", "all" if stage[1] == "3" and "opt" not in plain else "optimizer")
    run.note(f"{name} is not there: read from its name as ZeRO stage {stage[1]}")
    return run.finished(alone=False)


def read_stage(settings: Settings, run: Run, key: str, optimizer_device: str, weights_device: str) -> None:
    """Sharding and offload from a stage and two devices, wherever a tool keeps them."""
    stage = settings.whole(key, least=0, most=3)
    if stage is not None:
        run.take("sharding", SHARDING[stage])
    states, weights = (settings.text(device) for device in (optimizer_device, weights_device))
    _take_offload(run, stage, states, weights)


def _take_offload(run: Run, stage: int | None, states: str | None, weights: str | None) -> None:
    devices = [(device or "").casefold() for device in (states, weights)]
    host_states, host_weights = (device in HOST for device in devices)
    if "nvme" in devices:
        run.note("offload to a disk is counted as offload to the host's memory: steps are slower than predicted")
    if host_weights and stage in (None, 3):
        run.take("offload", "all")
        if not host_states:
            run.note("weights are offloaded but optimizer states are not: both are counted in the host's memory")
    elif host_states:
        run.take("offload", "optimizer")
    if host_weights and stage not in (None, 3):
        run.note(f"weights can be offloaded at stage 3 only: ignored at stage {stage}")


def _read_zero(settings: Settings, run: Run) -> None:
    zero = settings.part("zero_optimization")
    if not settings.holds_fields("zero_optimization"):
        run.take_or("sharding", None, "ddp", "zero_optimization (stage 0)")
        return
    stage = zero.whole("stage", least=0, most=3)
    run.take("sharding", SHARDING[stage or 0])
    states, weights = (_device(zero, key) for key in ("offload_optimizer", "offload_param"))
    if states is None and zero.flag("cpu_offload"):
        states = "cpu"
    _take_offload(run, stage or 0, states, weights)


def _device(zero: Settings, key: str) -> str | None:
    """Where something is offloaded to, None where it stays on the card."""
    device = zero.part(key).text("device")
    return device or "cpu" if zero.holds_fields(key) else None


def _read_sizes(settings: Settings, run: Run) -> None:
    run.take("micro_batch", settings.whole("train_micro_batch_size_per_gpu"))
    run.take("accumulation", settings.whole("gradient_accumulation_steps"))
    overall = settings.whole("train_batch_size")
    micro_batch, times = run.values.get("micro_batch"), run.values.get("accumulation")
    if overall is None or not isinstance(micro_batch, int) or not isinstance(times, int):
        return
    if overall % (micro_batch * times):
        got = f"{overall}, not a multiple of {micro_batch} x {times}"
        wanted = "train_micro_batch_size_per_gpu x gradient_accumulation_steps x GPUs"
        settings.problem("train_batch_size", got, wanted, 'set it to "auto"')
    else:
        run.take("gpus", overall // (micro_batch * times))


def _read_optimizer(chosen: Settings, run: Run) -> None:
    name = optimizer(chosen, "type")
    options = chosen.part("params")
    if name == "adamw" and not options.flag("torch_adam"):
        name = "adamw_fused"  # DeepSpeed's own Adam
    run.take("optimizer", name)
