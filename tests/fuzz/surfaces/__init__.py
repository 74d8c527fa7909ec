"""Every surface that strangers' input comes in through: one file for each kind, named in ALL."""

from tests.fuzz.surface import Surface
from tests.fuzz.surfaces import agents, configs, data, importers, ledger, models, project, replies, tokens

FILES = (project, data, configs, importers, models, ledger, tokens, replies, agents)
ALL: tuple[Surface, ...] = tuple(surface for file in FILES for surface in file.SURFACES)
BY_NAME = {surface.name: surface for surface in ALL}
