"""What strangers hand over is read, or refused whole; nothing else is raised or written, and nothing hangs."""

import pytest

from tests.fuzz.holding import hold
from tests.fuzz.surface import Surface, attempt
from tests.fuzz.surfaces import ALL

QUICK = 3
LIGHT = [surface for surface in ALL if surface.examples > 60]  # the others take a tenth of a second and more each time


@pytest.mark.parametrize("surface", ALL, ids=str)
def test_sound_inputs_are_read(surface: Surface) -> None:
    """Before fuzzing changes them, the inputs are read: they reach what lies behind the door."""
    assert {} == {number: said for number, tree in enumerate(surface.seeds) if (said := attempt(surface, tree))}


@pytest.mark.parametrize("surface", LIGHT, ids=str)
def test_a_few_changed_inputs(surface: Surface) -> None:
    """Each surface stands a few changed inputs."""
    hold(surface, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("surface", ALL, ids=str)
def test_many_changed_inputs(surface: Surface) -> None:
    """Each surface stands as many changed inputs as its budget holds."""
    hold(surface)
