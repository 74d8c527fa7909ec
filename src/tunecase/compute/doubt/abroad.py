"""What strangers' runs showed: how far publishers and stacks lie from the prediction, with heavy tails."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from tunecase import catalog

SAMPLED_STEP = "sampled step"


@dataclass(frozen=True, slots=True)
class Effect:
    """What runs of one stack showed: the middle of log(measured / predicted), and the doubt about it (sigma)."""

    middle: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Abroad:
    """The spread of a new publisher's runs around the prediction, on a logarithmic scale.

        log(measured / predicted) = middles that the run has + stack + s t,   t of Student
        s^2 = sum over scales of (scale x how much of it the run has)^2 + (stack's sigma)^2

    `points` are equally likely points of t above 0, its other half mirrors them. What a run has of each scale and
    middle is said in compute/doubt/bands.py. `stacks` are by framework; one that nobody measured has the middle 0 and
    the sigma `new_stack`. `publishers` and `runs` say what it was learnt from, `scores` (median, p90, inside) how it
    did on publishers that were left out in turn.
    """

    points: tuple[float, ...]
    scales: Mapping[str, float]
    middles: Mapping[str, float] = field(default_factory=dict)
    stacks: Mapping[str, Effect] = field(default_factory=dict)
    new_stack: float = 0.0
    publishers: int = 0
    runs: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)

    def stack(self, framework: str) -> Effect:
        """What is known of a framework's runs."""
        return self.stacks.get(catalog.of_any_year(framework), Effect(0.0, self.new_stack))


@cache
def shipped() -> dict[str, Abroad]:
    """What is learnt from every published run, by quantity: memory, time, and the scores of steps that sample answers.

    Source: catalog/tables/abroad.csv.
    """
    rows = catalog.read_table("abroad")
    names = ("memory", "time", SAMPLED_STEP)
    return {name: _of([row for row in rows if row["quantity"] == name]) for name in names}


def _of(rows: list[dict[str, str]]) -> Abroad:
    new = next((row for row in rows if row["part"] == "new stack"), {"value": "0"})
    return Abroad(
        points=tuple(float(row["value"]) for row in rows if row["part"] == "point"),
        scales={row["of"]: float(row["value"]) for row in rows if row["part"] == "scale"},
        middles={row["of"]: float(row["value"]) for row in rows if row["part"] == "middle"},
        stacks={row["of"]: Effect(float(row["value"]), float(row["sigma"])) for row in rows if row["part"] == "stack"},
        new_stack=float(new["value"]),
        publishers=int(rows[0]["publishers"]),
        runs=int(rows[0]["runs"]),
        scores={row["of"]: float(row["value"]) for row in rows if row["part"] == "score"},
    )
