"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.fleet import Fleet, Rules, fleet, nightly, rules_of
from tunecase.inference.importers.traces import read_trace
from tunecase.inference.queue import Latency, Server, first_token_met, server_of, unreachable
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.trace import Trace
from tunecase.inference.traffic import Traffic, Week, traffic_of

__all__ = [
    "Fleet", "Latency", "Load", "Rate", "Refusal", "Rules", "Served", "Server", "Setup", "Trace", "Traffic", "Week",
    "first_token_met", "fleet", "nightly", "read_trace", "rules_of", "server_of", "traffic_of", "unreachable",
]  # fmt: skip
