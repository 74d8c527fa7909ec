"""PyTorch's fully sharded training as the Hugging Face tools write it down: a list of words, and fields beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tunecase.compute.configs.settings import Run, RunConfig, Settings

MARKS = ("transformer_layer_cls_to_wrap", "auto_wrap_policy", "sharding_strategy", "reshard_after_forward")
STRATEGIES = {
    "full_shard": "fsdp", "1": "fsdp", "true": "fsdp",
    "shard_grad_op": "zero2", "2": "zero2", "false": "zero2",
    "no_shard": "ddp", "3": "ddp",
    "hybrid_shard": "fsdp", "4": "fsdp",
    "hybrid_shard_zero2": "zero2", "5": "zero2",
}  # fmt: skip
WITHIN = {"hybrid_shard", "4", "hybrid_shard_zero2", "5"}
OTHER_WORDS = {"auto_wrap", "true", "false"}


def read(content: Mapping[str, Any], where: str) -> RunConfig | None:
    """What a file with FSDP's fields alone says, as `fsdp_config:` may name; None for another kind of file.

    Example:
        >>> read({"fsdp_sharding_strategy": "FULL_SHARD", "fsdp_offload_params": True}, "fsdp.json").values
        {'sharding': 'fsdp', 'offload': 'all'}
    """
    if not any(mark in content or f"fsdp_{mark}" in content for mark in MARKS):
        return None
    run = Run("FSDP", where)
    run.take("sharding", "fsdp")
    read_fields(Settings(content, where, run), run)
    return run.finished(alone=False)


def read_fsdp(settings: Settings, run: Run, fields_suffice: bool) -> None:
    """Sharding, offload and checkpointing of `fsdp:` and `fsdp_config:`; nothing where neither turns it on.

    Args:
        settings: the fields that hold both: words such as "full_shard auto_wrap offload" or a yes, and fields with or
            without the prefix `fsdp_`.
        run: takes what they say.
        fields_suffice: whether `fsdp_config:` turns it on alone, as in axolotl; the Trainer needs `fsdp:` as well.

    Source: transformers 5.24 training_args.py, accelerate 1.15 utils/dataclasses.py, axolotl utils/schemas/fsdp.py.
    Leaves out hybrid sharding, which is read as sharding over all cards, with a note.
    """
    words = [word.casefold() for word in settings.names("fsdp") or ()]
    fields = settings.fields("fsdp_config")
    if "false" in words or not (words or (fields_suffice and any(fields))):
        return
    _take_words(settings, run, words)
    if settings.holds_fields("fsdp_config"):
        read_fields(fields, run)
    elif file := settings.text("fsdp_config"):
        run.companions.append(file)


def _take_words(settings: Settings, run: Run, words: Sequence[str]) -> None:
    strategies = [word for word in words if word in STRATEGIES and word not in OTHER_WORDS]
    for word in words:
        if word not in (*STRATEGIES, *OTHER_WORDS, "offload"):
            wanted = "full_shard, shard_grad_op, hybrid_shard, offload or auto_wrap"
            settings.problem("fsdp", word, wanted, "use one of these words")
    run.take("sharding", STRATEGIES[strategies[0]] if strategies else "fsdp")
    if "offload" in words:
        run.take("offload", "all")
    if strategies and strategies[0] in WITHIN:
        _note_hybrid(run)


def read_fields(fields: Settings, run: Run) -> None:
    """What the fields of an `fsdp_config:` say, with or without the prefix `fsdp_`."""
    _take_strategy(fields, run)
    if run.values.get("sharding") == "zero2":
        run.note("shard_grad_op is counted as ZeRO-2: weights whole on each card, gradients and optimizer sharded")
    for spelling in ("offload_params", "cpu_offload"):
        if fields.flag(_spelt(fields, spelling)):
            run.take("offload", "all")
    if fields.flag(_spelt(fields, "activation_checkpointing")):
        offloaded = fields.flag(_spelt(fields, "activation_checkpointing_offload"))
        run.take("checkpointing", "offloaded" if offloaded else "full")


def _take_strategy(fields: Settings, run: Run) -> None:
    for name in ("sharding_strategy", "reshard_after_forward"):
        key = _spelt(fields, name)
        chosen = fields.text(key)
        if chosen is None:
            continue
        if chosen.casefold() in STRATEGIES:
            run.take("sharding", STRATEGIES[chosen.casefold()])
        else:
            fields.problem(key, chosen, "a sharding strategy, such as FULL_SHARD", "correct it")
        if chosen.casefold() in WITHIN:
            _note_hybrid(run)
        return


def _spelt(fields: Settings, name: str) -> str:
    return fields.first(f"fsdp_{name}", name)


def _note_hybrid(run: Run) -> None:
    run.note(
        "hybrid sharding divides states within one machine only, but is counted as sharding over all cards: "
        "with several machines, memory is understated"
    )
