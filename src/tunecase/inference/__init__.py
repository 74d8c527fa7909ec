"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.capacity import capacity
from tunecase.inference.engines import released
from tunecase.inference.model import served
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.throughput import rate

__all__ = ["Load", "Rate", "Refusal", "Served", "Setup", "capacity", "rate", "released", "served"]
