"""The dimensions of a language model and what can be counted from them: parameters, products, adapters."""

from tunecase.shape.blocks import AdapterTargets, Block, Matrix, Shape, Targets
from tunecase.shape.families import Architecture, architectures
from tunecase.shape.names import known_name
from tunecase.shape.reading import from_model, read_shape

__all__ = [
    "AdapterTargets",
    "Architecture",
    "Block",
    "Matrix",
    "Shape",
    "Targets",
    "architectures",
    "from_model",
    "known_name",
    "read_shape",
]
