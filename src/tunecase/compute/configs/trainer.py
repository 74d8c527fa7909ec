"""The arguments of Hugging Face's Trainer, which TRL and LLaMA-Factory share: batches, optimizer, sharding."""

from tunecase.compute.configs import deepspeed
from tunecase.compute.configs.fsdp import read_fsdp
from tunecase.compute.configs.meanings import optimizer, precision
from tunecase.compute.configs.settings import Found, Run, Settings

MICRO_BATCH, ACCUMULATION, EPOCHS, OPTIMIZER = 8, 1, 3.0, "adamw_fused"  # transformers 5.24, TrainingArguments


def read_sizes(settings: Settings, run: Run) -> None:
    """Micro-batch, accumulation, passes and steps, with the Trainer's defaults."""
    batch = settings.first("per_device_train_batch_size", "per_gpu_train_batch_size")
    run.take_or("micro_batch", settings.whole(batch), MICRO_BATCH, "per_device_train_batch_size")
    times = settings.whole("gradient_accumulation_steps")
    run.take_or("accumulation", times, ACCUMULATION, "gradient_accumulation_steps")
    steps = settings.whole("max_steps", least=-1)
    if steps == 0:
        settings.problem("max_steps", "0", "1 or more, or -1", "remove it to train for num_train_epochs")
    if steps is not None and steps > 0:
        run.take("steps", steps)
    else:
        run.take_or("epochs", _passes(settings), EPOCHS, "num_train_epochs")
    if settings.flag("auto_find_batch_size"):
        run.note("auto_find_batch_size may halve the micro-batch until it fits")
    _read_order(settings, run)


def read_optimizer(settings: Settings, run: Run) -> None:
    """The optimizer of `optim:`, with the Trainer's default."""
    run.take_or("optimizer", optimizer(settings, "optim"), OPTIMIZER, "optim")


def read_precision(settings: Settings, run: Run, default: str) -> None:
    """bf16, fp16, fp8 or 32 bit; two at once are a problem."""
    bf16, fp16 = settings.flag("bf16"), settings.flag("fp16")
    chosen = precision(settings, bf16, fp16, settings.flag("fp8"))
    run.take_or("precision", chosen, default, "bf16")


def read_checkpointing(settings: Settings, run: Run, default: str) -> None:
    """Gradient checkpointing under both of the Trainer's names; fields of FSDP may have said so before."""
    chosen = settings.flag(settings.first("activation_checkpointing", "gradient_checkpointing"))
    offloaded = settings.flag("activation_offloading")
    if chosen is None and run.asked.get("checkpointing"):
        return
    word = None if chosen is None else "full" if chosen else "none"
    run.take_or("checkpointing", word, default, "gradient_checkpointing")
    if offloaded:
        run.take("checkpointing", "offloaded")
        if word == "none":
            run.note("activations are offloaded without checkpointing: read as offloaded layer inputs, time overstated")
    options = settings.first("activation_checkpointing_kwargs", "gradient_checkpointing_kwargs")
    fields = settings.part(options) if settings.holds_fields(options) else None
    if fields is not None and (every := fields.whole("every_n_layers")) and every > 1:
        run.note(f"only one layer in {every} is checkpointed: read as all, so memory is understated")


def read_sharding(settings: Settings, run: Run) -> None:
    """`fsdp:`, `deepspeed:` and the sizes of parallelism; a DeepSpeed file is left to be followed."""
    read_fsdp(settings, run, fields_suffice=False)
    if settings.holds_fields("deepspeed"):
        take_companion(run, settings, deepspeed.read(settings.content_of("deepspeed"), settings.where))
    elif file := settings.text("deepspeed"):
        run.companions.append(file)
    if run.asked.get("sharding") == "fsdp" and "deepspeed" in settings:
        settings.problem("deepspeed", "deepspeed and fsdp both", "one of them", "remove one")
    if settings.flag("torch_compile"):
        run.note("torch_compile is not counted: steps are often faster, and memory differs")


def take_companion(run: Run, settings: Settings, found: Found | None) -> None:
    """What a DeepSpeed configuration written inside the file says of sharding and offload."""
    if found is None:
        fix = "set stage: below zero_optimization:"
        settings.problem("deepspeed", "no zero_optimization", "a DeepSpeed configuration", fix)
        return
    for name in ("sharding", "offload", "tensor_parallel"):
        run.take(name, found.asked.get(name))
    run.problems += found.problems
    for words in found.notes:
        run.note(words)


def _passes(settings: Settings) -> float | None:
    passes = settings.number("num_train_epochs", most=1e6)
    if passes == 0:
        settings.problem("num_train_epochs", "0", "more than 0", "set the number of passes")
        return None
    return passes


def _read_order(settings: Settings, run: Run) -> None:
    grouped = settings.flag("group_by_length") or settings.text("train_sampling_strategy") == "group_by_length"
    if grouped:
        run.note("samples are grouped by length: less padding than the answer counts")
