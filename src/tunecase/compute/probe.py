"""A few steps that were watched as measured runs: the set-up that was seen, its peak and its speed."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunecase import catalog
from tunecase.compute import speed
from tunecase.compute.measured.runs import Measured
from tunecase.compute.measured.words import card_of
from tunecase.compute.recipe import Recipe
from tunecase.errors import InputError, Problem

WARM_UP = 1  # steps of each process that load kernels and make the optimizer's states
TRAINER = "trl"
OTHER = {"none": "none", "ddp": "ddp", "zero1": "zero2"}  # sharding that our trainer has for one it has not


def probed(
    lines: Sequence[Mapping[str, Any]], recipe: Recipe, day: str
) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """What the watched steps measured, and, in words, how the set-up that was seen differs from the one asked about.

        tokens per second of one card = tokens of a step, padding counted / median seconds of a step, slowest process
        peak                          = the most that any process allocated

    Args:
        lines: one for each step of each process, as pilot/trainers/step_watch.py writes them.
        recipe: the set-up asked about.
        day: the date, for the record.
    Returns: the runs and the notes. There are two runs where the longest micro-batch, which sets the peak, is longer
        than the mean one, which sets the speed. Without a card there is no peak.
    Raises: InputError where other than the cards asked about trained, or no step after the first was seen.
    Leaves out what comes later than these steps: longer rows, evaluation, checkpoints, fragments of memory.
    """
    steady = [line for line in lines if line["step"] > WARM_UP]
    if not steady:
        raise InputError(Problem("probe", "one step alone", "two steps or more", "let it train for more steps"))
    world = max(line["world"] for line in steady)
    if world != recipe.gpus:
        fix = "start the command on the cards that --gpus says, one process each"
        raise InputError(Problem("probe", f"{world} processes trained", f"{recipe.gpus} cards, as asked", fix))
    by_step: dict[int, list[float]] = {}
    for line in steady:
        by_step.setdefault(line["step"], []).append(line["seconds"])
    seconds = statistics.median(max(each) for each in by_step.values())
    ran, notes = _on_card(recipe, steady[0]["card"])
    longest, mean = _sizes(ran, steady)
    peak = max((line["allocated"] for line in steady if line["allocated"]), default=None)
    tokens = float(speed.useful_share(mean) * speed.tokens_per_card(mean))
    run = Measured(
        "probe", "own", "steps that were watched", day, mean, tokens_per_s_per_gpu=tokens / seconds,
        peak_gb=peak / 1e9 if peak else None, statistic="allocated",
    )  # fmt: skip
    notes += _differences(recipe, longest)
    if longest == mean or run.peak_gb is None:
        return (run,), tuple(notes)
    return (replace(run, peak_gb=None), replace(run, recipe=longest, tokens_per_s_per_gpu=None)), tuple(notes)


def as_own_trainer(recipe: Recipe) -> tuple[Recipe, dict[str, Any]]:
    """The set-up as the trainer "trl" of the pilot would run it, and that trainer's settings.

    Args:
        recipe: the set-up asked about, every size a plain number.
    Returns: the recipe with that trainer's own choices and no accumulation, and the settings.
    """
    framework, several = catalog.framework(TRAINER), recipe.gpus > 1
    sharding = OTHER.get(recipe.sharding, recipe.sharding)
    own = recipe.but(
        framework=TRAINER, loss=framework.loss, kernels=framework.kernels, optimizer=framework.optimizer,
        checkpointing="full", masters=framework.masters_several if several else framework.masters_one,
        accumulation=1, offload="none", sharding=sharding, lengths=None, packing=True,
    )  # fmt: skip
    settings = {
        "method": recipe.method,
        "rank": int(recipe.rank),
        "batch": int(recipe.micro_batch * recipe.gpus),
        "sequence_tokens": int(recipe.sequence_tokens),
        "gpus": int(recipe.gpus),
        "sharding": sharding,
        "precision": {"fp32": "float32", "fp16": "fp16"}.get(recipe.precision, "bf16"),
    }
    return own, settings


def _on_card(recipe: Recipe, name: str) -> tuple[Recipe, list[str]]:
    """The recipe on the card that trained, and a note where another was asked about."""
    card = card_of(name) if name else None
    if card is None or recipe.gpu == card:
        return recipe, []
    asked = f", not on the {recipe.gpu.name}" if recipe.gpu else ""
    return recipe.but(gpu=card), [f"the probe ran on the {card.name}{asked}"]


def _sizes(recipe: Recipe, steady: Sequence[Mapping[str, Any]]) -> tuple[Recipe, Recipe]:
    """The recipe with the longest micro-batch that was seen, and with the mean one; as it is where none was seen."""
    shapes = [shape for line in steady for shape in line["shapes"]]
    micro_batches = round(statistics.median(line["micro_batches"] for line in steady))
    counted = recipe.but(accumulation=micro_batches or recipe.accumulation)
    if not shapes:
        return counted, counted
    pair = 2 if recipe.objective == "dpo" else 1  # both halves go through the model at once
    rows, tokens = max(shapes, key=lambda shape: shape[0] * shape[1])
    seen = counted.but(lengths=None, packing=True, micro_batch=max(rows // pair, 1))
    each = sum(rows * tokens for rows, tokens in shapes) / len(shapes) / rows
    share = recipe.context_parallel  # the ids of a sample may be cut before they are embedded
    return seen.but(sequence_tokens=tokens * share), seen.but(sequence_tokens=round(each) * share)


def _differences(asked: Recipe, ran: Recipe) -> list[str]:
    """A note where what ran is larger or smaller than what was asked about."""
    sizes = ("micro_batch", "sequence_tokens", "accumulation")
    words = {
        "micro_batch": "micro-batch",
        "sequence_tokens": "tokens of the longest row",
        "accumulation": "accumulation",
    }
    other = [name for name in sizes if getattr(asked, name) != getattr(ran, name)]
    told = [f"{words[name]} {getattr(ran, name):,} (asked: {getattr(asked, name):,})" for name in other]
    return [f"the probe saw {', '.join(told)}"] if told else []
