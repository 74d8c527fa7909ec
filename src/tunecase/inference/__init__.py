"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup

__all__ = ["Load", "Rate", "Refusal", "Served", "Setup"]
