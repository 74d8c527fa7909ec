"""The YAML of `accelerate config`: how many processes, sharding and precision; it accompanies another configuration."""

from collections.abc import Mapping
from typing import Any

from tunecase.compute.configs import fsdp
from tunecase.compute.configs.deepspeed import read_stage
from tunecase.compute.configs.settings import Run, RunConfig, Settings

MARKS = ("distributed_type", "compute_environment")
KINDS = ("NO", "MULTI_GPU", "FSDP", "DEEPSPEED", "MEGATRON_LM")
PARALLEL = (("tensor_parallel", "tp_size"), ("context_parallel", "cp_size"))


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """The part of a run that an accelerate configuration describes, None for another kind of file.

    Example:
        >>> read({"distributed_type": "FSDP", "num_processes": 4, "mixed_precision": "bf16"}, "a.yaml").values
        {'gpus': 4, 'precision': 'bf16', 'sharding': 'fsdp'}

    Source: accelerate 1.15, commands/config/config_args.py and commands/launch.py. Leaves out Megatron-LM's own
    sections except tensor and pipeline parallelism, and everything that is neither memory nor time.
    """
    if not any(mark in content for mark in MARKS):
        return None
    run = Run("accelerate", where)
    settings = Settings(content, where, run)
    _read_cards(settings, run)
    chosen = settings.word("mixed_precision", ("no", "fp16", "bf16", "fp8"))
    if chosen is not None and chosen != "no":
        run.take("precision", chosen)
    _read_kind(settings, run, _kind(settings))
    parallel = settings.part("parallelism_config")
    for name, key in PARALLEL:
        run.take(name, parallel.several(parallel.first(f"parallelism_config_{key}", key), least=0))
    return run.finished(alone=False)


def _read_cards(settings: Settings, run: Run) -> None:
    cards = settings.whole("num_processes", least=-1)
    if cards is not None and cards < 1:
        if cards == 0:
            settings.problem("num_processes", "0", "1 or more", "set it to the number of GPUs")
        cards = None
    run.take("gpus", cards)
    machines = settings.whole("num_machines", most=100_000)
    if cards and machines and machines > 1:
        if cards % machines:
            got = f"{cards} on {machines} machines"
            settings.problem(
                "num_processes", got, "the same number on each machine", "correct num_processes or num_machines"
            )
        else:
            run.take("gpus_per_node", cards // machines)


def _kind(settings: Settings) -> str:
    """How the processes share the work, in capitals; a run without GPUs is a problem."""
    kind = settings.folded("distributed_type").upper()
    wrong = "use_cpu" if settings.flag("use_cpu") else "distributed_type" if kind and kind not in KINDS else ""
    if wrong:
        fix = "give a configuration for GPUs, or the sizes of the run as options"
        settings.problem(wrong, str(settings.text(wrong)), "a run on GPUs: " + ", ".join(KINDS), fix)
    return kind


def _read_kind(settings: Settings, run: Run, kind: str) -> None:
    if kind == "NO":
        run.take("sharding", "none")
        if isinstance(run.values.get("gpus"), int) and run.values["gpus"] != 1:
            got = f"{run.values['gpus']} with distributed_type NO"
            settings.problem("num_processes", got, "1", "set distributed_type to MULTI_GPU, FSDP or DEEPSPEED")
    elif kind == "MULTI_GPU":
        run.take("sharding", "ddp")
    elif kind == "FSDP":
        run.take("sharding", "fsdp")
        fsdp.read_fields(settings.part("fsdp_config"), run)
    elif kind == "DEEPSPEED":
        _read_deepspeed(settings, run)
    elif kind == "MEGATRON_LM":
        _read_megatron(settings, run)


def _read_deepspeed(settings: Settings, run: Run) -> None:
    fields = settings.part("deepspeed_config")
    file = fields.text("deepspeed_config_file")
    if file is not None:
        run.companions.append(file)
        return
    read_stage(fields, run, "zero_stage", "offload_optimizer_device", "offload_param_device")
    if "sharding" not in run.values:
        run.take_or("sharding", None, "zero2", "zero_stage")
    run.take("accumulation", fields.whole("gradient_accumulation_steps"))


def _read_megatron(settings: Settings, run: Run) -> None:
    fields = settings.part("megatron_lm_config")
    run.note("Megatron-LM's own options are read for tensor and pipeline parallelism only")
    for name, key in (("tensor_parallel", "tp_degree"), ("pipeline_parallel", "pp_degree")):
        run.take(name, fields.several(fields.first(f"megatron_lm_{key}", key)))
    if fields.flag(fields.first("megatron_lm_use_distributed_optimizer", "use_distributed_optimizer")):
        run.take("sharding", "zero1")
