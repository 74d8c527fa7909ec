"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.advice import advise, bench_command
from tunecase.inference.answers import Answers
from tunecase.inference.break_even import Outlay, break_even
from tunecase.inference.capacity import capacity
from tunecase.inference.crossings import crossings
from tunecase.inference.engines import released
from tunecase.inference.fleet import Fleet, Rules, fleet, nightly, rules_of
from tunecase.inference.ground import Ground, WayDraws, ground_of
from tunecase.inference.importers import Points, read_points
from tunecase.inference.importers.traces import read_trace
from tunecase.inference.model import served
from tunecase.inference.moves import moves
from tunecase.inference.points import Narrowed, Seen, moved, narrowed, scored, seen_by
from tunecase.inference.queue import Latency, Server, first_token_met, server_of, unreachable
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.side_by_side import weigh
from tunecase.inference.throughput import rate
from tunecase.inference.trace import Trace
from tunecase.inference.traffic import Traffic, Week, traffic_of
from tunecase.inference.ways import priced_ways

__all__ = [
    "Answers", "Fleet", "Ground", "Latency", "Load", "Narrowed", "Outlay", "Points", "Rate", "Refusal", "Rules", "Seen",
    "Served", "Server", "Setup", "Trace", "Traffic", "WayDraws", "Week", "advise", "bench_command", "break_even",
    "capacity", "crossings", "first_token_met", "fleet", "ground_of", "moved", "moves", "narrowed", "nightly",
    "priced_ways", "rate", "read_points", "read_trace", "released", "rules_of", "scored", "seen_by", "served",
    "server_of", "traffic_of", "unreachable", "weigh",
]  # fmt: skip
