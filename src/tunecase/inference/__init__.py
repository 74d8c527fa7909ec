"""What will the answers cost? Throughput, fleets and ways to serve a model, beside every other way to get answers."""

from tunecase.inference.advice import advise, bench_command
from tunecase.inference.answers import Answers
from tunecase.inference.break_even import Outlay
from tunecase.inference.capacity import capacity
from tunecase.inference.engines import released
from tunecase.inference.importers import read_points
from tunecase.inference.importers.traces import read_trace
from tunecase.inference.model import served
from tunecase.inference.points import moved, narrowed, scored
from tunecase.inference.queue import Server, server_of
from tunecase.inference.sampling import sampled
from tunecase.inference.setup import Load, Rate, Refusal, Served, Setup
from tunecase.inference.side_by_side import weigh
from tunecase.inference.throughput import rate
