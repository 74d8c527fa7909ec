"""Two files of one run merged: the configuration that trains, and the accelerate or DeepSpeed file beside it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunecase import catalog
from tunecase.compute.configs import meanings
from tunecase.compute.configs.settings import RunConfig
from tunecase.compute.rollout_request import own_cards
from tunecase.errors import Problem
from tunecase.quantities import counted

SAME_IN_DEEPSPEED = ("micro_batch", "accumulation", "precision")  # the Trainer stops where these differ
UNSHARDED = ("none", "ddp")
GIVES_WAY = {"sharding": UNSHARDED, "checkpointing": ("none",)}  # FSDP wraps the layers whatever the Trainer says
PARALLEL = ("tensor_parallel", "pipeline_parallel", "context_parallel")
STEP_SIZES = ("steps", "micro_batch", "accumulation", "sequence_tokens")
SHARDS_ALWAYS = ("torchtune",)  # frameworks whose several-GPU recipes are fully sharded


def merged(primary: RunConfig, companion: RunConfig) -> RunConfig:
    """The run of a configuration and of a file that accompanies it.

    What only one file states holds; a stated value overrules the other file's default. Where both state values that
    differ, the configuration overrules accelerate's file, as in the Trainer; two ways of sharding, and sizes that
    differ from DeepSpeed's, are problems.

    Args:
        primary, companion: as read, in either order where only one of them stands alone.
    Returns: the run, with the notes and problems of both.
    """
    if companion.alone and not primary.alone:
        primary, companion = companion, primary
    if companion.alone:
        return replace(primary, problems=(*primary.problems, _two_runs(primary, companion)))
    values, notes, problems = dict(primary.values), list(primary.notes), list(primary.problems)
    for name in companion.values:
        values[name] = _value(name, primary, companion, notes, problems)
    settled_here = {words for name, words in companion.defaults.items() if name in primary.stated}
    notes += [words for words in companion.notes if words not in {*settled_here, *notes}]
    meanings.raised(values)
    return replace(
        primary,
        values=values,
        notes=tuple(notes),
        problems=(*problems, *companion.problems),
        stated=primary.stated | companion.stated,
        defaults={**companion.defaults, **primary.defaults},
    )


def _two_runs(primary: RunConfig, companion: RunConfig) -> Problem:
    """Two configurations that each describe a run of their own."""
    got, wanted = f"a configuration of {companion.kind}", "an accelerate or DeepSpeed file beside a configuration"
    fix = f"give {primary.where} or {companion.where}, not both"
    if primary.where == companion.where:
        fix = "give a file once, not both as run and as its companion"
    return Problem(companion.where, got, wanted, fix)


def _drop(notes: list[str], words: str | None) -> None:
    """Takes out a note on a default that no longer holds."""
    if words in notes:
        notes.remove(words)


def _value(name: str, primary: RunConfig, companion: RunConfig, notes: list[str], problems: list[Problem]) -> object:
    """The value that holds for a name in the companion; a default gives way to what is stated."""
    ours, theirs = primary.values.get(name), companion.values[name]
    stated_there = name in companion.stated
    if name not in primary.values or (stated_there and name not in primary.stated):
        _drop(notes, primary.defaults.get(name))
        return theirs
    if not stated_there or ours == theirs:
        return ours
    return _of_two(name, primary, companion, notes, problems)


def _of_two(name: str, primary: RunConfig, companion: RunConfig, notes: list[str], problems: list[Problem]) -> object:
    """The value that holds where both files state one and the two differ."""
    ours, theirs = primary.values[name], companion.values[name]
    if companion.kind == "FSDP":
        return theirs  # these are the fields of the FSDP that the configuration turns on
    if name == "sharding" and theirs in UNSHARDED:
        return ours
    if ours in GIVES_WAY.get(name, ()):
        return theirs
    if name == "sharding" or (companion.kind == "DeepSpeed" and name in SAME_IN_DEEPSPEED):
        got = f"{name} {theirs}, but {ours} in {primary.where}"
        fix = "make both files say the same" if name == "sharding" else 'write "auto" in the DeepSpeed file'
        problems.append(Problem(companion.where, got, "one value in both files", fix))
    else:
        notes.append(f"{name} is {ours} in {primary.where} and {theirs} in {companion.where}: the former holds")
    return ours


def settled(run: RunConfig, gpus: int | None = None) -> RunConfig:
    """The run with what follows from the number of GPUs: how it is copied or sharded, and the tokens of its steps.

    train_tokens = steps x micro-batch x accumulation x data-parallel GPUs x sequence_tokens (x 2 for pairs)

    Args:
        run: as merged.
        gpus: the number of GPUs that the user gives; None leaves it to the files.
    Returns: the run; only its steps change where neither the files nor the user gives a number of GPUs.

    Leaves out that samples shorter than the limit hold fewer tokens: without packing the tokens are an upper bound.
    """
    values: dict[str, Any] = dict(run.values)
    notes = list(run.notes)
    own = own_cards(values)
    if gpus is not None:
        if "gpus" in run.stated and values["gpus"] != gpus:
            notes.append(f"{gpus} GPUs as asked, not {values['gpus']} as the files say")
        values["gpus"] = gpus
        _drop(notes, run.defaults.get("gpus"))
    elif own and isinstance(values.get("gpus"), int):
        notes.append(f"{counted(own, 'card')} of the vLLM server beside the {values['gpus']} that train")
        values["gpus"] += own
    cards = values.get("gpus")
    if not isinstance(cards, int):
        _sampled_steps(values, 0)
        return replace(run, values=values)
    cards = max(cards - own, 1)
    several = "fsdp" if values.get("framework") in SHARDS_ALWAYS else "ddp"
    values.setdefault("sharding", several if cards > 1 else "none")
    parallel = _product(values, PARALLEL)
    problems = list(run.problems)
    if cards % parallel:
        got, wanted = f"{cards} GPUs", f"a multiple of {parallel}, the GPUs that share one product, stack or sample"
        problems.append(Problem(run.where, got, wanted, "correct the number of GPUs or the parallel sizes"))
    _sampled_steps(values, cards // parallel)
    if isinstance(group := values.get("group_size"), int):
        values["prompts"] = max(cards // parallel * _product(values, STEP_SIZES[1:3]) // group, 1)
    elif all(name in values for name in STEP_SIZES):
        halves = catalog.objective(str(values.get("objective", "sft"))).answers
        values["train_tokens"] = max(cards // parallel, 1) * halves * _product(values, STEP_SIZES)
        if not values.get("packing"):
            notes.append("the tokens of the steps are counted as if every sample were as long as the limit")
    return replace(run, values=values, notes=tuple(notes), problems=tuple(problems))


def _sampled_steps(values: dict[str, Any], training_cards: int) -> None:
    """Turns steps of the optimizer into steps that sample, each with all micro-batches that its answers make.

        steps that sample = optimizer steps x accumulation / (micro-batches sampled at once x passes over each answer)

    Args:
        values: of a run as read; they change.
        training_cards: cards that hold samples of their own, 0 where their number is not known.
    Source: TRL 1.16 trainer/grpo_config.py __post_init__ and trainer/grpo_trainer.py _prepare_inputs.
    """
    if "sampled_for" not in values:
        return
    micro_batches, samples = values.pop("sampled_for")
    before = values.get("accumulation", 1)
    at_once = training_cards * values.get("micro_batch", 1)
    if samples and at_once and not micro_batches:
        micro_batches = max(samples // at_once, 1)
    elif samples and not micro_batches:
        values["prompts"] = max(samples // values["group_size"], 1)
    if micro_batches:
        values["accumulation"] = micro_batches
    if "steps" in values:
        values["steps"] = -(-values["steps"] * before // ((micro_batches or before) * values["updates"]))


def _product(values: Mapping[str, object], names: Sequence[str]) -> int:
    """The product of some sizes, leaving out those that are absent."""
    return math.prod(size for name in names if isinstance(size := values.get(name), int))
