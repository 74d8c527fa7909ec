"""The dimensions of a language model, from its name or its config.json, counted to the parameter."""

from tunecase.compute.model.blocks import Mixer, Shape
from tunecase.compute.model.names import known_name
from tunecase.compute.model.reading import read_shape
