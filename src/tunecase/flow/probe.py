"""A few steps of the real training on this machine's card, as measured runs that correct the answer."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.engine import gpus
from tunecase.errors import InputError, Problem

if TYPE_CHECKING:
    from tunecase.compute import Recipe
    from tunecase.compute.measured import Measured

STEPS = 3  # after those that warm up
LIMIT_S = 1_800.0  # a large model loads for minutes


def probe(
    recipe: "Recipe", model: str, command: Sequence[str], today: date, limit_s: float = LIMIT_S
) -> "tuple[tuple[Measured, ...], tuple[str, ...]]":
    """Trains for a few steps and says what those after the warm-up measured.

    Args:
        recipe: the set-up asked about, every size a plain number.
        model: its name or folder, for the pilot's own trainer.
        command: what trains, run in this folder and ended after these steps; empty: the pilot's trainer "trl" on
            made-up rows of the length asked about.
        today: the date, for the record.
        limit_s: the longest it may take, with loading [s].
    Returns: the runs and notes on them.
    Raises: InputError without a card, where no step was seen, where other than the cards asked about trained, or where
        no command is given and that trainer cannot run the set-up; MissingExtraError where it lacks a package.
    """
    from tunecase.compute import as_own_trainer, probed
    from tunecase.pilot import watch_own, watch_steps

    if not gpus():
        fix = "run it on the machine that will train, or leave --probe out"
        raise InputError(Problem("probe", "no NVIDIA card on this machine", "a card to measure on", fix))
    if command:
        return probed(watch_steps(command, STEPS, limit_s), recipe, today.isoformat())
    own, settings = as_own_trainer(recipe)
    lines = watch_own(_weights(model, recipe.shape.name), settings, STEPS, limit_s)
    return probed(lines, own, today.isoformat(), recipe)


def _weights(model: str, known: str) -> str:
    """The folder of a model that was given as a path, or the name under which the hub has it."""
    path = Path(model)
    if path.is_dir():
        return model
    return str(path.parent) if path.is_file() else known
