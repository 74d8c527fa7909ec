"""A few steps that were watched as measured runs: the set-up that was seen, its peak and its speed."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from tunecase import catalog
from tunecase.compute import speed
from tunecase.compute.measured.runs import Measured
from tunecase.compute.measured.words import card_of
from tunecase.compute.recipe import CHOICES, Recipe
from tunecase.errors import InputError, Problem, refuse_any

TRAINER = "trl"
OTHER = {"none": "ddp", "zero1": "zero2"}  # sharding over several cards that our trainer has for one it has not
APART = {"lengths", "packing", "unsaid", "shape", "gpu", "gpus_per_node"}  # fields that no note compares
FIELD_WORDS = {"micro_batch": "micro-batch", "sequence_tokens": "tokens of the longest row"}
ONE_OF_EACH = ("tensor_parallel", "pipeline_parallel", "context_parallel")


def probed(
    lines: Sequence[Mapping[str, Any]], ran: Recipe, day: str, asked: Recipe | None = None
) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """What the watched steps measured, and, in words, how the set-up that ran differs from the one asked about.

    Args:
        lines: one for each step of each process, as pilot/trainers/step_watch.py writes them.
        ran: the set-up that trained, as far as it is known before its steps are.
        day: the date, for the record.
        asked: the set-up asked about, where it is another.
    Returns: the runs of `measured_steps` and the notes.
    Raises: InputError where the card that trained is none or not in the tables, and as `measured_steps`.
    """
    asked = asked or ran
    card = _card(lines)
    runs = measured_steps(lines, ran.but(gpu=card), day)
    notes = _differences(asked, runs[-1].recipe)
    if asked.gpu != card:
        other = f", not on the {asked.gpu.name}" if asked.gpu else ""
        notes = [f"the probe ran on the {card.name}{other}", *notes]
    return runs, tuple(notes)


def measured_steps(lines: Sequence[Mapping[str, Any]], ran: Recipe, day: str) -> tuple[Measured, ...]:
    """What the watched steps measured, whatever trained.

        tokens per second of one card = tokens of a step, padding counted / median seconds of a step, slowest process
        peak                          = the most that any process allocated

    Args:
        lines, ran, day: as for `probed`.
    Returns: one run, or two where the longest micro-batch, which sets the peak, is longer than the mean one, which
        sets the speed; that of the longest is last. Without a card there is no peak.
    Raises: InputError where other than the cards asked about trained, or no step after the warm-up was seen.
    Leaves out what comes later than these steps: longer rows, evaluation, checkpoints, fragments of memory.
    """
    steady = [line for line in lines if not line["warm_up"]]
    if not steady:
        raise InputError(Problem("probe", "a warm-up alone", "a step or more after it", "let it train for more steps"))
    world = max(line["world"] for line in steady)
    if world != ran.gpus:
        fix = "start the command on the cards that --gpus says, one process each"
        raise InputError(Problem("probe", f"{world} processes trained", f"{ran.gpus} cards, as asked", fix))
    by_step: dict[int, list[float]] = {}
    for line in steady:
        by_step.setdefault(line["step"], []).append(line["seconds"])
    seconds = statistics.median(max(each) for each in by_step.values())
    longest, mean = _sizes(ran, steady)
    peak = max((line["allocated"] for line in steady if line["allocated"]), default=None)
    tokens = float(speed.useful_share(mean) * speed.tokens_per_card(mean))
    run = Measured(
        "probe", "own", "steps that were watched", day, mean, tokens_per_s_per_gpu=tokens / seconds,
        peak_gb=peak / 1e9 if peak else None, statistic="allocated",
    )  # fmt: skip
    if longest == mean or run.peak_gb is None:
        return (run,)
    return replace(run, peak_gb=None), replace(run, recipe=longest, tokens_per_s_per_gpu=None)


def as_own_trainer(recipe: Recipe) -> tuple[Recipe, dict[str, Any]]:
    """The set-up as the trainer "trl" of the pilot would run it, and that trainer's settings.

    Args:
        recipe: the set-up asked about, every size a plain number.
    Returns: the recipe with that trainer's own choices and no accumulation, and the settings; `batch` is the
        micro-batch x the cards, each of which works on samples of its own.
    Raises: InputError with each part of the set-up without which the steps would say nothing about it.
    Source: pilot/trainers/translate.py and trl_worker.py, which hold what that trainer passes to TRL and bitsandbytes.
    """
    refuse_any(_beyond_own_trainer(recipe))
    framework, several = catalog.framework(TRAINER), recipe.gpus > 1
    sharding = OTHER.get(recipe.sharding, recipe.sharding) if several else "none"
    masters = framework.masters_several if several else framework.masters_one
    own = recipe.but(
        framework=TRAINER, loss=framework.loss, kernels=framework.kernels, optimizer="adamw", attention="flash",
        step_in_backward=False, checkpointing="full", accumulation=1, offload="none", sharding=sharding,
        masters="32-bit" if recipe.method == "full" else masters, base="16-bit", targets="all", trained_ends=False,
        quantiser="nf4", double_quantised=False, lengths=None, packing=True, unsaid=frozenset(),
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


def _beyond_own_trainer(recipe: Recipe) -> list[Problem]:
    """The parts of a set-up that our trainer does not have and that change the steps in kind."""
    got = [f"{name.replace('_', ' ')} over {getattr(recipe, name)} cards" for name in ONE_OF_EACH]
    got = [words for words, name in zip(got, ONE_OF_EACH, strict=True) if getattr(recipe, name) > 1]
    got += [f"objective {recipe.objective}"] if recipe.objective != "sft" else []
    got += ["precision fp8"] if recipe.precision == "fp8" else []
    got += [f"{recipe.frozen_layers} frozen layers"] if recipe.frozen_layers else []
    wanted = "a set-up that tunecase's own trainer (TRL) can run"
    fix = "give the command that trains it: --probe -- COMMAND"
    return [Problem("probe", words, wanted, fix) for words in got]


def _card(lines: Sequence[Mapping[str, Any]]) -> catalog.Gpu:
    """The card that trained; refuses none, one that is not in the tables, and several kinds."""
    names = sorted({line["card"] for line in lines})
    card = card_of(names[0]) if names and names[0] else None
    if card is not None and len(names) == 1:
        return card
    got = "the steps ran on " + " and ".join(name or "no GPU" for name in names)
    fix = "let the command train on the GPU; for a card that is not in the tables leave --probe out"
    raise InputError(Problem("probe", got, "one kind of card, and one in the tables", fix))


def _sizes(recipe: Recipe, steady: Sequence[Mapping[str, Any]]) -> tuple[Recipe, Recipe]:
    """The recipe with the longest micro-batch that was seen, and with the mean one; as it is where none was seen."""
    shapes = [shape for line in steady for shape in line["shapes"]]
    micro_batches = round(statistics.median(line["micro_batches"] for line in steady))
    counted = recipe.but(accumulation=micro_batches or recipe.accumulation)
    if not shapes:
        return counted, counted
    pair = recipe.goal.answers  # both halves go through the model at once
    rows, tokens = max(shapes, key=lambda shape: shape[0] * shape[1])
    seen = counted.but(lengths=None, packing=True, micro_batch=max(rows // pair, 1))
    each = sum(rows * tokens for rows, tokens in shapes) / len(shapes) / rows
    share = recipe.context_parallel  # the ids of a sample may be cut before they are embedded
    return seen.but(sequence_tokens=tokens * share), seen.but(sequence_tokens=round(each) * share)


def _differences(asked: Recipe, ran: Recipe) -> list[str]:
    """A note on each field in which what ran is other than what was asked about, or was assumed where nobody said."""
    assumed = {name for choice in asked.unsaid for name in CHOICES[choice]}
    told = []
    for name in (field.name for field in fields(Recipe) if field.name not in APART):
        before, after = getattr(asked, name), getattr(ran, name)
        if before != after:
            why = "assumed" if name in assumed else "asked"
            told.append(f"{FIELD_WORDS.get(name, name.replace('_', ' '))} {_told(after)} ({why}: {_told(before)})")
    return [f"the probe ran with {', '.join(told)}"] if told else []


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int | float) else ", ".join(map(str, value))
