"""Where our names of settings become those of the libraries that train: the place to look when a library renames one.

| ours | TRL and PEFT |
|---|---|
| steps | max_steps |
| batch, over all GPUs | per_device_train_batch_size x GPUs |
| rank | r, lora_alpha = 2 r |
| depth, top layers | layers_to_transform |
| learning_rate | learning_rate |
| sequence_tokens | max_length |
| method | LoraConfig |
| precision | bf16, fp16 |
| sharding | accelerate's flags |

The learning rate rises over a tenth of the steps and then falls in a straight line, without weight decay, as in the
trainer "lora": runs of the same number of steps then differ in their data alone. Fields were read in TRL 1.16, PEFT
0.21 and Accelerate 1.15. The wrappers in examples/trainers hold their tools' names, and take the shared ones from here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tunecase.errors import Problem, nearest, refuse_any
from tunecase.pilot.trainers.task import Setting

# Names and defaults for a model of some billion weights; a trainer may set other defaults, never other names.
LEARNING: Mapping[str, Setting] = {
    "steps": 0,
    "batch": 8,
    "method": "lora",
    "rank": 16,
    "depth": 0,
    "learning_rate": 2e-4,
    "sequence_tokens": 1024,
    "answer_tokens": 128,
    "precision": "auto",
    "gpus": 1,
    "sharding": "none",
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "method": ("lora", "qlora", "full"),
    "precision": ("auto", "float32", "bf16", "fp16"),
    "sharding": ("none", "ddp", "fsdp", "zero2", "zero3"),
}
LEAST: Mapping[str, float] = {
    "steps": 0, "batch": 1, "rank": 1, "depth": 0, "learning_rate": 1e-12, "sequence_tokens": 8,
    "answer_tokens": 1, "gpus": 0, "time_limit_s": 1, "grace_s": 0,
}  # fmt: skip
# With fewer steps the curve shows the optimiser, not the data: measured on ten intents, 60 steps left small rungs
# unlearnt that 120 steps learnt.
LEAST_STEPS = 120
# On the support-ticket example's 668 rows 1.5 passes leave "lora" a mean loss of .64, 3 passes .07.
PASSES = 3.0


def equal_steps(top_rows: int, batch: int) -> int:
    """One number of steps for every rung, so that the curve shows the data and not the optimiser's steps.

        steps = max(120, ceil(3 * top_rows / batch)),   three passes over the largest rung, at the least

    Example:
        >>> equal_steps(640, 8), equal_steps(10_000, 8)
        (240, 3750)
    """
    return max(LEAST_STEPS, math.ceil(PASSES * top_rows / batch))


def with_steps(
    chosen: Mapping[str, Setting],
    defaults: Mapping[str, Setting],
    top_rows: int,
    trainer: str,
    words: Mapping[str, tuple[str, ...]] | None = None,
) -> Mapping[str, Setting]:
    """The defaults overridden by what was chosen, with the steps of `equal_steps` where none were.

    Raises: InputError with every setting that no library could use.
    """
    settings, problems = {**defaults, **chosen}, []
    for name, known_words in {**WORDS, **(words or {})}.items():
        if name in settings and settings[name] not in known_words:
            wanted, fix = f"one of: {', '.join(known_words)}", nearest(str(settings[name]), known_words)
            problems.append(Problem(f"setting {name} of {trainer}", repr(settings[name]), wanted, fix))
    for name, usual in LEAST.items():
        least = min(usual, float(defaults.get(name, usual)))  # a trainer's own default is one that it can use
        if name in settings and not least <= float(settings[name]) < math.inf:
            problems.append(
                Problem(f"setting {name} of {trainer}", str(settings[name]), f"at least {least:g}", "correct it")
            )
    refuse_any(problems)
    if "steps" not in chosen:
        settings["steps"] = equal_steps(top_rows, int(settings["batch"]))
    return settings


def warm_up(settings: Mapping[str, Any]) -> int:
    """Steps over which the learning rate rises: a tenth.

    Example:
        >>> warm_up({"steps": 120})
        12
    """
    return max(1, round(int(settings["steps"]) / 10))


def share_of_batch(settings: Mapping[str, Any]) -> int:
    """Rows per step and GPU, at least 1.

    Example:
        >>> share_of_batch({"batch": 8, "gpus": 4})
        2
    """
    return max(1, round(int(settings["batch"]) / max(1, int(settings["gpus"]))))


def sft_arguments(
    settings: Mapping[str, Any], *, seed: int, folder: str, precision: str, on_gpu: bool
) -> dict[str, Any]:
    """Arguments of trl.SFTConfig.

    Args:
        settings: those of LEARNING.
        folder: for what the library wants to write.
        precision: "float32", "bf16" or "fp16", no longer "auto".
        on_gpu: True checkpoints activations, which saves memory for a third more work.
    """
    return {
        "output_dir": folder,
        "max_steps": settings["steps"],
        "per_device_train_batch_size": share_of_batch(settings),
        "gradient_accumulation_steps": 1,
        "learning_rate": settings["learning_rate"],
        "lr_scheduler_type": "linear",
        "warmup_steps": warm_up(settings),
        "weight_decay": 0.0,
        "optim": "adamw_torch",
        "seed": seed,
        "data_seed": seed,
        "max_length": settings["sequence_tokens"],
        "packing": False,
        "completion_only_loss": True,
        "bf16": precision == "bf16" and on_gpu,
        "fp16": precision == "fp16" and on_gpu,
        # With FSDP the launcher's flag does it, and both at once are refused.
        "gradient_checkpointing": on_gpu and settings["sharding"] != "fsdp",
        "use_cpu": not on_gpu,
        "dataloader_pin_memory": on_gpu,
        "logging_steps": max(1, settings["steps"] // 20),
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def lora_arguments(settings: Mapping[str, Any], model_layers: int) -> dict[str, Any]:
    """Arguments of peft.LoraConfig: adapters on all linear layers, of the top `depth` blocks when that is not 0."""
    arguments: dict[str, Any] = {
        "r": settings["rank"],
        "lora_alpha": 2 * settings["rank"],
        "lora_dropout": 0.0,
        "bias": "none",
        "task_type": "CAUSAL_LM",
        "target_modules": "all-linear",
    }
    if settings["depth"]:
        top = range(max(0, model_layers - settings["depth"]), model_layers)
        # "all-linear" cannot be narrowed to some blocks, so the projections are named.
        arguments["target_modules"] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
        arguments["layers_to_transform"] = list(top)
    return arguments


def launch_arguments(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Words after `accelerate launch`, before the script: processes, precision and sharding."""
    precision = {"bf16": "bf16", "fp16": "fp16", "auto": "bf16"}.get(settings["precision"], "no")
    words = ["--num_processes", str(settings["gpus"]), "--num_machines", "1", "--mixed_precision", precision]
    words += ["--dynamo_backend", "no"]
    sharding = settings["sharding"]
    if sharding == "fsdp":
        words += ["--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP"]
        words += ["--fsdp_reshard_after_forward", "true", "--fsdp_state_dict_type", "FULL_STATE_DICT"]
        words += ["--fsdp_activation_checkpointing", "true"]
    elif sharding in ("zero2", "zero3"):
        words += ["--use_deepspeed", "--zero_stage", sharding[-1], "--gradient_accumulation_steps", "1"]
        words += ["--zero3_save_16bit_model", "true"] if sharding == "zero3" else []
    elif settings["gpus"] > 1:
        words.append("--multi_gpu")
    return tuple(words)


def deepspeed_config(stage: int) -> dict[str, Any]:
    """A DeepSpeed configuration of a ZeRO stage that leaves all else to the trainer."""
    return {
        "zero_optimization": {"stage": stage, "stage3_gather_16bit_weights_on_model_save": stage == 3},
        "bf16": {"enabled": "auto"},
        "fp16": {"enabled": "auto"},
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
    }


def metrics_of_state(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lines of metrics.jsonl from the `log_history` of a transformers trainer_state.json.

    Example:
        >>> metrics_of_state([{"step": 5, "loss": 0.7, "num_tokens": 640}, {"step": 10, "train_runtime": 4.0}])
        [{'step': 5, 'tokens': 640, 'loss': 0.7}, {'step': 10, 'time_s': 4.0}]
    """
    names = {
        "step": "step", "num_tokens": "tokens", "num_input_tokens_seen": "tokens", "loss": "loss",
        "train_runtime": "time_s",
    }  # fmt: skip
    lines = []
    for entry in history:
        line = {ours: entry[theirs] for theirs, ours in names.items() if entry.get(theirs) is not None}
        if len(line) > 1:
            lines.append({k: int(v) if k == "tokens" else v for k, v in line.items()})
    return lines
