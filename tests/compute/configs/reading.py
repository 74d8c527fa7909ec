"""Configurations written for tests, read from real files, and what every reading must keep."""

from pathlib import Path
from typing import Any

import pytest

from tunecase.compute.configs.read import read_config
from tunecase.compute.configs.settings import RunConfig
from tunecase.compute.recipe import WORDS, Recipe
from tunecase.compute.rollout_request import NAMES
from tunecase.errors import InputError

BESIDES = {"model", "epochs", "steps", "train_tokens", "trained_layers", *NAMES}
LATER = {"tensor_parallel", "pipeline_parallel", "context_parallel"}


def found(folder: Path, content: str, name: str = "run.yaml", **options: Any) -> RunConfig:
    """What a file of this content says; every value is one that a recipe takes."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    run = read_config(path, **options)
    fields = set(Recipe.__dataclass_fields__) | BESIDES | LATER
    assert set(run.values) <= fields
    for field, words in WORDS.items():
        assert field not in run.values or run.values[field] in words
    targets = run.values.get("targets", "all")
    assert targets in ("all", "attention", "qv") or isinstance(targets, tuple)
    assert set(run.stated) <= set(run.values)
    return run


def said(run: RunConfig, *names: str) -> tuple[object, ...]:
    """Values by name, None where the run has none."""
    return tuple(run.values.get(name) for name in names)


def refusal(folder: Path, content: str, name: str = "run.yaml", **options: Any) -> str:
    """The words of the refusal of a file of this content."""
    with pytest.raises(InputError) as refused:
        found(folder, content, name, **options)
    return str(refused.value)
