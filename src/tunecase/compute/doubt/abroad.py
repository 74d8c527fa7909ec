"""What strangers' runs showed: how far publishers and stacks lie from the prediction, with heavy tails."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from tunecase import catalog


@dataclass(frozen=True, slots=True)
class Effect:
    """What runs of one stack showed: the middle of log(measured / predicted) and its own doubt (sigma)."""

    middle: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Abroad:
    """The spread of a new publisher's runs around the prediction, on a logarithmic scale, Student's t.

        log(measured / predicted) ~ middle(statistic) + stack + scale x t(freedom)
        scale^2 = (lasting L)^2 + (rest (1 - L))^2 + more(statistic)^2 + (stack's sigma)^2     memory
        scale^2 = between^2 + (doubt of the terms)^2 + (stack's sigma)^2                       time, log(time) likewise

    L is the share of the peak that lies there whatever the batch. `stacks` by framework; a stack that nobody measured
    has `new_stack` as its sigma. `publishers` and `runs` say what it was learnt from.
    """

    freedom: float
    lasting: float
    rest: float
    between: float
    new_stack: float
    middles: Mapping[str, float] = field(default_factory=dict)
    mores: Mapping[str, float] = field(default_factory=dict)
    stacks: Mapping[str, Effect] = field(default_factory=dict)
    publishers: int = 0
    runs: int = 0

    def stack(self, framework: str) -> Effect:
        """What is known of a framework's runs."""
        return self.stacks.get(framework, Effect(0.0, self.new_stack))


@cache
def shipped() -> dict[str, Abroad]:
    """What is learnt from every published run, by quantity: memory and time. Source: catalog/tables/abroad.csv."""
    rows = catalog.read_table("abroad")
    return {name: _of([row for row in rows if row["quantity"] == name]) for name in ("memory", "time")}


def _of(rows: list[dict[str, str]]) -> Abroad:
    plain = {row["part"]: float(row["value"]) for row in rows if not row["of"]}
    by = {
        part: {row["of"]: float(row["value"]) for row in rows if row["of"] and row["part"] == part}
        for part in ("middle", "more", "stack", "stack sigma")
    }
    return Abroad(
        freedom=plain.get("freedom", math.inf),
        lasting=plain.get("lasting", 0.0),
        rest=plain.get("rest", 0.0),
        between=plain.get("between", 0.0),
        new_stack=plain["new stack"],
        middles=by["middle"],
        mores=by["more"],
        stacks={name: Effect(value, by["stack sigma"][name]) for name, value in by["stack"].items()},
        publishers=int(rows[0]["publishers"]),
        runs=int(rows[0]["runs"]),
    )
