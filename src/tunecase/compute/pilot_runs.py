"""A case's own pilot as measured runs: what its runs on GPUs say about the speed and memory of the next one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tunecase.compute.measured.runs import Measured
from tunecase.compute.measured.words import card_of
from tunecase.compute.memory import GB_PER_GIB
from tunecase.compute.request import Request, settled
from tunecase.errors import InputError
from tunecase.records import Pilot, Run

TRAINER = "trl"  # the only trainer here that trains a whole model as others would


def pilot_runs(pilot: Pilot, defaults: Mapping[str, Any], day: str) -> tuple[tuple[Measured, ...], tuple[str, ...]]:
    """What the pilot's runs measured, by set-up, and, in words, why the others teach nothing.

        tokens of a sample = train_tokens / (steps x batch),   tokens per second of one card = tokens_per_s / gpus

    Runs of one set-up differ only in their rows. The one with the median speed stands for the speed of them all, with
    samples of the mean length; the one with the longest row for the peak, with samples of that length.

    Args:
        pilot: its runs with the trainer "trl" on a GPU of the tables are read.
        defaults: that trainer's default settings; a run states only those that differ.
        day: the date of the pilot.
    Returns: the runs and the notes.
    The peak is what the allocator reserved. Leaves out the peak of runs that recorded no longest row, and padding
    within a batch.
    """
    alike: dict[tuple[object, ...], list[Run]] = defaultdict(list)
    for run in pilot.runs:
        if run.trainer == TRAINER and run.gpus and run.tokens_per_s and run.train_tokens and not run.failed:
            alike[run.model, run.hardware, run.gpus, run.settings].append(run)
    measured, notes = [], []
    for runs in alike.values():
        middle = sorted(runs, key=lambda run: run.tokens_per_s or 0.0)[len(runs) // 2]
        result = _measured(middle, defaults, day)
        if isinstance(result, str):
            notes.append(f"the pilot's {len(runs)} runs on {middle.hardware} teach nothing here: {result}")
        else:
            measured += [result, *_peaks(runs, result)]
    return tuple(measured), tuple(notes)


def _measured(run: Run, defaults: Mapping[str, Any], day: str) -> Measured | str:
    """The run as measured, or why it cannot be read."""
    chosen = _settings(run.settings, defaults)
    card, steps = card_of(run.hardware), run.steps or int(chosen["steps"])
    if card is None:
        return "the card is not in the tables"
    if chosen["depth"] or not steps:
        return "only some of the model's blocks were trained" if chosen["depth"] else "the number of steps is not known"
    given = _given(run, chosen, steps)
    try:
        ask = settled(Request(run.model, given, cards=(card.name,), counts=(run.gpus,)))
    except InputError as error:
        return str(error.problems[0].got)
    recipe = ask.recipe(card, run.gpus > 1, gpus=run.gpus)
    speed = (run.tokens_per_s or 0.0) / run.gpus
    return Measured(
        f"pilot {run.key}", "own", "the pilot", day, recipe, tokens_per_s_per_gpu=speed, length_known=False,
    )  # fmt: skip


def _peaks(runs: Sequence[Run], speed: Measured) -> list[Measured]:
    """The peak of the run with the longest row, none where no run recorded both; `speed` is the set-up as measured."""
    known = [run for run in runs if run.longest_row and run.peak_memory_gib]
    if not known:
        return []
    longest = max(known, key=lambda run: (run.longest_row or 0, run.peak_memory_gib or 0.0))
    return [
        replace(
            speed,
            id=f"pilot {longest.key}, peak",
            recipe=speed.recipe.but(sequence_tokens=longest.longest_row, packing=False),
            peak_gb=(longest.peak_memory_gib or 0.0) * GB_PER_GIB,
            statistic="reserved",
            tokens_per_s_per_gpu=None,
            length_known=True,
        )
    ]


def _given(run: Run, chosen: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """The fields of Recipe that the trainer's settings state."""
    micro_batch = max(1, round(int(chosen["batch"]) / run.gpus))
    precision, sharding = str(chosen["precision"]), str(chosen["sharding"])
    given = {
        "framework": TRAINER,
        "method": chosen["method"],
        "sequence_tokens": max(1, round((run.train_tokens or 0) / (steps * micro_batch * run.gpus))),
        "micro_batch": micro_batch,
        "accumulation": 1,
        "packing": True,  # every row of the mean length, since the lengths are not recorded
        "checkpointing": "full",
        "rank": int(chosen["rank"]) if chosen["method"] != "full" else None,
        "precision": {"float32": "fp32", "auto": None}.get(precision, precision),
        "sharding": {"none": "ddp"}.get(sharding, sharding) if run.gpus > 1 else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _settings(text: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A run's settings from its words (`rank 32, steps 120`) over the trainer's defaults."""
    settings = dict(defaults)
    for part in text.split(", "):
        name, _, value = part.partition(" ")
        if name in defaults and not isinstance(defaults[name], bool):
            settings[name] = type(defaults[name])(value)
    return settings
