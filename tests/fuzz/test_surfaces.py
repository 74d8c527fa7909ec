"""What strangers hand over is read, or refused whole; nothing else is raised or written, and nothing hangs."""

from importlib import import_module
from typing import Any

import pytest

from tests.fuzz.holding import hold
from tests.fuzz.surface import Surface, attempt

FILES = ("agents", "configs", "data", "importers", "ledger", "models", "project", "replies", "tokens")
QUICK = 2


@pytest.fixture(scope="module")
def surfaces() -> Any:
    """All surfaces, loaded where they are tried: their inputs take a while to make."""
    return import_module("tests.fuzz.surfaces")


def of_file(surfaces: Any, file: str) -> tuple[Surface, ...]:
    """The surfaces of one file."""
    assert {f"tests.fuzz.surfaces.{name}" for name in FILES} == {module.__name__ for module in surfaces.FILES}
    return tuple(getattr(surfaces, file).SURFACES)


@pytest.mark.parametrize("file", FILES)
def test_a_few_inputs(surfaces: Any, file: str) -> None:
    """Sound inputs are read, so that they reach what lies behind the door; a few changed ones are read or refused."""
    # Those that start a process, and those with a small budget, take a tenth of a second and more each time.
    for surface in of_file(surfaces, file):
        if not surface.starts and surface.examples > 60:
            assert [""] * 3 == [attempt(surface, tree) for tree in (surface.seeds[:3] * 3)[:3]], surface
            hold(surface, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_many_inputs(surfaces: Any, file: str) -> None:
    """Each surface reads its sound inputs, and stands a quarter of the changed ones that its budget holds."""
    for surface in of_file(surfaces, file):
        assert {} == {number: said for number, tree in enumerate(surface.seeds) if (said := attempt(surface, tree))}
        hold(surface, surface.examples // 4)
