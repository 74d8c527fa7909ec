"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.capacity import capacity
from tunecase.inference.crossings import crossings
from tunecase.inference.engines import released
from tunecase.inference.ground import Ground, WayDraws, ground_of
from tunecase.inference.model import served
from tunecase.inference.moves import moves
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.throughput import rate
from tunecase.inference.ways import priced_ways

__all__ = [
    "Ground", "Load", "Rate", "Refusal", "Served", "Setup", "WayDraws", "capacity", "crossings", "ground_of", "moves",
    "priced_ways", "rate", "released", "served",
]  # fmt: skip
