"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.advice import advise, bench_command
from tunecase.inference.capacity import capacity
from tunecase.inference.engines import released
from tunecase.inference.importers import Points, read_points
from tunecase.inference.model import served
from tunecase.inference.points import Narrowed, Seen, moved, narrowed, scored, seen_by
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.throughput import rate
from tunecase.records import MeasuredPoint

__all__ = [
    "Load", "MeasuredPoint", "Narrowed", "Points", "Rate", "Refusal", "Seen", "Served", "Setup", "advise",
    "bench_command", "capacity", "moved", "narrowed", "rate", "read_points", "released", "scored", "seen_by", "served",
]  # fmt: skip
