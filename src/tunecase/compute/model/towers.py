"""Towers: what reads images or sound beside a language model, counted by rows of catalog/tables/towers.csv.

A row counts one kind of tower, or one kind of projector into the language model, in the symbols of `families`:
`layer` are the parameters of one of its L layers, `other` those outside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from tunecase import catalog
from tunecase.compute.model.blocks import Tower
from tunecase.compute.model.families import Architecture, Symbols
from tunecase.compute.model.settings import Settings

Kind = Literal["vision", "audio"]


@dataclass(frozen=True, slots=True)
class Uncounted(Tower):
    """A tower that the file states and the table cannot count: its parameters are unknown, not zero."""

    name: str = ""


def towers_stated(settings: Mapping[str, Any]) -> tuple[Tower, ...]:
    """The towers that a row of models.csv states: `vision_tower` and `audio_tower` are parameters, or the kind of one
    whose size was not read."""
    stated = ((kind, settings.get(f"{kind}_tower")) for kind in get_args(Kind))
    return tuple(
        Tower(kind, size) if isinstance(size, int) else Uncounted(kind, 0, size) for kind, size in stated if size
    )


def towers_of(config: Mapping[str, Any]) -> tuple[Tower, ...]:
    """The towers of a model with images or sound: params = L * layer + other + projector into the language model.

    Args:
        config: a config.json as read, with its text_config.
    Returns: a Tower for each part that the file states; an Uncounted one where no row counts its kind.

    Example:
        >>> vision = {"model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304,
        ...     "num_hidden_layers": 27, "image_size": 896, "patch_size": 14, "vision_use_head": False}
        >>> towers_of({"model_type": "gemma3", "vision_config": vision, "text_config": {"hidden_size": 2560}})
        (Tower(kind='vision', params=419816304),)

    Source: the parameters that transformers 5.24.0 gives the same file beside its language model, to the unit
        (tests/compute/model/test_towers.py).
    Leaves out generators of images and speech.
    """
    towers = (_tower(kind, config) for kind in get_args(Kind))
    return tuple(tower for tower in towers if tower is not None)


def _tower(kind: Kind, config: Mapping[str, Any]) -> Tower | None:
    inside = config.get(f"{kind}_config")
    if not isinstance(inside, Mapping):
        return None
    whole = str(config.get("model_type"))
    name = str(inside.get("model_type") or whole)
    # Some classes read every vision_config as their own kind, whatever name it bears.
    tower = _rows().get((kind, whole)) or _rows().get((kind, name))
    projector = _rows().get((f"{kind} projector", whole))
    if tower is None or projector is None:
        return Uncounted(kind, 0, name)
    lists = {key: value for key, value in inside.items() if isinstance(value, list)}
    lengths = {f"{key}_count": len(value) for key, value in lists.items()}
    sides = {key: value[0] for key, value in lists.items() if value and value.count(value[0]) == len(value)}
    params = [_params(tower, {**inside, **sides, **lengths}), _params(projector, config)]
    return Uncounted(kind, 0, name) if None in params else Tower(kind, sum(filter(None, params)))


def _params(row: Architecture, config: Mapping[str, Any]) -> int | None:
    """What a row counts; None where the file contradicts it."""
    read = Settings(config, "")
    at = Symbols(row, read)
    total = (at["L"] * at.total(row.mlp) if row.mlp else 0) + at.total(row.other)
    return None if read.problems else total


@cache
def _rows() -> dict[tuple[str, str], Architecture]:
    return {(row["part"], kind): _row(row) for row in catalog.read_table("towers") for kind in row["kinds"].split(";")}


def _row(row: dict[str, str]) -> Architecture:
    sizes, flags = (dict(pair.split("=", 1) for pair in row[key].split(";") if pair) for key in ("sizes", "flags"))
    settings = {key: value == "yes" for key, value in flags.items()}
    return Architecture(row["kinds"], sizes, settings, "", row["layer"], "", "", "", "", "", row["other"])
