"""Turns the logs of one stack at two depths into coefficients: bytes per token and feature, kept and at the peaks."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tracing.meter import Meter, at_end, frontier, peaks
from tracing.widths import Widths, per_token, per_weight

FEATURES = {"h", "q", "k", "f", "V", "r", "n s", "2h", "2f", "4f", "q+2k", "q+k", "2k", "2r", "3r", "s"}
PHASES = ("forward", "loss backward", "layer backward", "other layers backward")


def difference(left: dict[str, float], right: dict[str, float], times: float = 1.0) -> dict[str, float]:
    """left - times x right, name by name, zeros left out."""
    out = {name: left.get(name, 0.0) - times * right.get(name, 0.0) for name in {*left, *right}}
    return {name: round(value, 2) for name, value in sorted(out.items()) if abs(value) > 1e-6}


def coefficients(trace: Callable[[Widths], Meter], widths: Widths, step: str = "1.0") -> dict[str, Any]:
    """What a stack keeps per layer, and what lies above that at each moment that can be the peak of its phase.

    Args: trace: runs the stack at some widths; widths: those of the shallower run; step: "optimizer step.micro-batch".
    Returns: kept per layer; the floor of weights before the forward; and for each phase its moments, as the operator,
        bytes per token and feature beyond layers x kept, and bytes per weight beyond the floor. [bytes]
    """
    events = trace(widths).events
    deeper = replace(widths, layers=widths.layers + 2)
    ends = [at_end(log, f"forward {step}", at.name) for log, at in ((events, widths), (trace(deeper).events, deeper))]
    kept = difference(per_token(ends[1], deeper), per_token(ends[0], widths))
    kept = {name: round(value / 2, 3) for name, value in kept.items()}
    before = f"step {int(step.split('.')[0]) - 1}"
    floor = at_end(events, before, widths.name) if int(step.split(".")[0]) else Counter()
    out: dict[str, Any] = {"kept": kept, "peaks_mb": {k: round(v / 1e6) for k, v in peaks(events, False).items()}}
    out["end of forward"] = difference(per_token(ends[0], widths), kept, widths.layers)
    out["end of forward weights"] = per_weight(ends[0], floor, widths)
    for phase in PHASES:
        found = frontier(events, f"{phase} {step}", widths.name, FEATURES.__contains__)
        out[phase] = [
            (
                operator,
                difference(per_token(moment, widths), kept, widths.layers),
                per_weight(moment, floor, widths),
            )
            for operator, moment in found
        ]
    return out
