"""The arguments of Hugging Face's Trainer, which TRL and LLaMA-Factory share: batches, optimizer, sharding."""

from tunecase.compute.configs import deepspeed
from tunecase.compute.configs.fsdp import read_fsdp
from tunecase.compute.configs.meanings import GROUPED, optimizer, passes, precision
from tunecase.compute.configs.settings import Field, Run, RunConfig, Settings

MICRO_BATCH, EPOCHS = 8, 3.0  # transformers 5.24, TrainingArguments
ACCUMULATION = Field("gradient_accumulation_steps", "accumulation", Settings.whole, 1)
OPTIMIZER = Field("optim", "optimizer", optimizer, "adamw_fused")
NOTES = {"auto_find_batch_size": "auto_find_batch_size may halve the micro-batch until it fits"}
COMPILED = {"torch_compile": "torch_compile is not counted: steps are often faster, and memory differs"}


def read_sizes(settings: Settings, run: Run) -> None:
    """Micro-batch, accumulation, passes and steps, with the Trainer's defaults."""
    batch = settings.first("per_device_train_batch_size", "per_gpu_train_batch_size")
    run.take_or("micro_batch", settings.whole(batch), MICRO_BATCH, "per_device_train_batch_size")
    settings.take((ACCUMULATION,))
    steps = settings.whole("max_steps", least=-1)
    if steps == 0:
        settings.problem("max_steps", "0", "1 or more, or -1", "remove it to train for num_train_epochs")
    if steps is not None and steps > 0:
        run.take("steps", steps)
    else:
        run.take_or("epochs", passes(settings, "num_train_epochs"), EPOCHS, "num_train_epochs")
    settings.note_if(NOTES)
    if settings.flag("group_by_length") or settings.text("train_sampling_strategy") == "group_by_length":
        run.note(GROUPED)


def read_precision(settings: Settings, run: Run, default: str) -> None:
    """bf16, fp16, fp8 or 32 bit; two at once are a problem."""
    bf16, fp16 = settings.flag("bf16"), settings.flag("fp16")
    chosen = precision(settings, bf16, fp16, settings.flag("fp8"))
    run.take_or("precision", chosen, default, "bf16")


def read_checkpointing(settings: Settings, run: Run, default: str) -> None:
    """Gradient checkpointing under both of the Trainer's names; fields of FSDP may have set it before."""
    chosen = settings.flag(settings.first("activation_checkpointing", "gradient_checkpointing"))
    offloaded = settings.flag("activation_offloading")
    if chosen is None and run.values.get("checkpointing"):
        return
    word = None if chosen is None else "full" if chosen else "none"
    run.take_or("checkpointing", word, default, "gradient_checkpointing")
    if offloaded:
        run.take("checkpointing", "offloaded")
        if word == "none":
            run.note("activations are offloaded without checkpointing: read as offloaded layer inputs, time overstated")
    options = settings.fields(settings.first("activation_checkpointing_kwargs", "gradient_checkpointing_kwargs"))
    if every := options.several("every_n_layers"):
        run.note(f"only one layer in {every} is checkpointed: read as all, so memory is understated")


def read_sharding(settings: Settings, run: Run) -> None:
    """`fsdp:`, `deepspeed:` and the sizes of parallelism; a DeepSpeed file is followed later."""
    read_fsdp(settings, run, fields_suffice=False)
    read_deepspeed(settings, run)
    if run.values.get("sharding") == "fsdp" and "deepspeed" in settings:
        settings.problem("deepspeed", "deepspeed and fsdp both", "one of them", "remove one")
    settings.note_if(COMPILED)


def read_deepspeed(settings: Settings, run: Run) -> None:
    """`deepspeed:`, a configuration written inside the file, or the path of one, which is followed later."""
    if settings.holds_fields("deepspeed"):
        _take_inner(run, settings, deepspeed.read(settings.content_of("deepspeed"), settings.where))
    elif file := settings.text("deepspeed"):
        run.companions.append(file)


def _take_inner(run: Run, settings: Settings, inner: RunConfig | None) -> None:
    """What a DeepSpeed configuration inside the file says of sharding and offload."""
    if inner is None:
        fix = "set stage: below zero_optimization:"
        settings.problem("deepspeed", "no zero_optimization", "a DeepSpeed configuration", fix)
        return
    for name in ("sharding", "offload", "tensor_parallel"):
        run.take(name, inner.values.get(name))
    run.problems += inner.problems
    for words in inner.notes:
        run.note(words)
