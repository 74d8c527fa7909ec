"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.capacity import capacity
from tunecase.inference.engines import released
from tunecase.inference.fleet import Fleet, Rules, fleet, nightly, rules_of
from tunecase.inference.importers.traces import read_trace
from tunecase.inference.model import served
from tunecase.inference.queue import Latency, Server, first_token_met, server_of, unreachable
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.throughput import rate
from tunecase.inference.trace import Trace
from tunecase.inference.traffic import Traffic, Week, traffic_of

__all__ = [
    "Fleet", "Latency", "Load", "Rate", "Refusal", "Rules", "Served", "Server", "Setup", "Trace", "Traffic", "Week",
    "capacity", "first_token_met", "fleet", "nightly", "rate", "read_trace", "released", "rules_of", "served",
    "server_of", "traffic_of", "unreachable",
]  # fmt: skip
