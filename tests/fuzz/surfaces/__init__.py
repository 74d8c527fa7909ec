"""Every surface that strangers' input comes in through: one file for each kind, named in ALL."""

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces import data, project

ALL: tuple[Surface, ...] = (*project.SURFACES, *data.SURFACES)
BY_NAME = {surface.name: surface for surface in ALL}
