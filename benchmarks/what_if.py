"""How near is the what-if panel to a fresh plan? Points between the nodes of its grid, each planned anew.

    python benchmarks/what_if.py CASE [--points 50] [--seconds 6] [--seed 7] [--show]

CASE is the folder of a case after `tunecase run`. Points are drawn evenly in the positions of the sliders (value and
label price by their logarithm); at each the project is opened with that budget and target, its curve is drawn and its
plan solved anew in as many worlds as the product uses. Worth is compared with the larger of its size and the release,
where both advise a step. The last line is one JSON object.
"""

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase import flow
from tunecase.blocks import FIELDS, Axis, Grid, WayCells
from tunecase.decide import grid, inputs_of
from tunecase.flow import Flow
from tunecase.flow.forecast import extrapolate
from tunecase.flow.known import drawn_of, known_of
from tunecase.plan import drawn, plan
from tunecase.prices import PRICE, Basis
from tunecase.quantities import AlteredWorlds
from tunecase.records import Plan

WORTH, CHANCE = 0.03, 0.03  # of the larger of worth and release; of 1


def fresh(home: Flow, at: Mapping[str, float], labels: Sequence[str]) -> Plan:
    """The plan of the case at a point, from its pilot on; nothing is kept."""
    scales = {"problem.value": at["value"], **dict.fromkeys(labels, at["label"])}
    changes = {"problem.target": f"{at['target']:.12g}", "budget": f"{at['budget']:.12g} {home.project.currency}"}
    opened = flow.open_case(home.path, home.seed, home.today, changes)
    opened.writes = False
    for verb in ("audit", "pilot", "define"):
        opened.records[verb] = home.current(verb)
    whole = Flow.basis

    def altered(self: Flow, draws: int | None = None) -> Basis:
        basis = whole(self, draws)
        return replace(basis, worlds=AlteredWorlds(basis.worlds, scales))

    with patch.object(Flow, "basis", altered):
        extrapolate(opened)
        return plan(drawn(known_of(opened)))


def between(nodes: Sequence[float], at: float) -> list[tuple[int, float]]:
    """The nodes on both sides with their weights."""
    if len(nodes) == 1:
        return [(0, 1.0)]
    low = max(min(sum(node <= at for node in nodes) - 1, len(nodes) - 2), 0)
    part = min(max((at - nodes[low]) / (nodes[low + 1] - nodes[low]), 0.0), 1.0)
    return [(low, 1 - part), (low + 1, part)]


def read(axes: Sequence[Axis], way: WayCells, at: Mapping[str, float]) -> dict[str, float]:
    """The fields of a way at a point, as the page's script reads them, and its least budget."""
    corners = [(0, 1.0)]
    for axis in axes:
        ends = between(axis.nodes, at[axis.key])
        corners = [(place * len(axis.nodes) + end, weight * part) for place, weight in corners for end, part in ends]
    told = {name: sum(w * way.cells[p][number] for p, w in corners) for number, name in enumerate(FIELDS)}
    if any(way.cells[place][FIELDS.index("now")] <= 0 for place, weight in corners if weight > 0):
        told["now"] = 0.0
    least = sum(part * way.least_budgets[end] for end, part in between(axes[0].nodes, at["label"]))
    return {**told, "least": least, "chance": told["ship_reaches"] + told["go_reaches"]}


def judged(made: Grid, at: Mapping[str, float]) -> tuple[str, dict[str, float]]:
    """What the panel advises at a point, and the plan that it shows."""
    plans = [read(made.axes, way, at) for way in made.ways]
    paid = [one for one in plans if at["budget"] >= one["least"]]
    best = max(paid or plans, key=lambda one: one["worth"])
    now = max(plans, key=lambda one: one["now"])
    if now["now"] > 0 and (not paid or now["now"] >= best["worth"]):
        return "ready", now
    return ("step" if paid and best["worth"] > 0 else "stop"), best


def advice_of(made: Plan) -> str:
    """The same of a fresh plan."""
    if not made.advised:
        return "stop"
    return "ready" if made.lever in ("ship", "when_sure", "redefine") else "step"


def points(made: Grid, count: int, seed: int) -> Iterator[dict[str, float]]:
    """Points within the ranges of the sliders."""
    luck = random.Random(seed)
    for _ in range(count):
        at = {}
        for axis in made.axes:
            low, high = axis.nodes[0], axis.nodes[-1]
            if axis.key in ("value", "label"):
                at[axis.key] = low * (high / low) ** luck.random()
            else:
                at[axis.key] = low + (high - low) * luck.random()
        yield {**at, "target": round(at["target"], 3), "budget": float(round(at["budget"], -2))}


def main() -> None:
    """Compares the grid of one case with fresh plans."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--points", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = flow.open_case(Path(copytree(asked.case, Path(folder) / "case")) / "tunecase.yaml")
        flow.decide(home)
        measure(home, asked)


def measure(home: Flow, asked: argparse.Namespace) -> None:
    """Makes the grid, then looks at its points."""
    walked = drawn_of(home)
    filed = plan(walked)
    began, used = time.perf_counter(), time.process_time()
    made = grid(walked, filed, seconds_max=asked.seconds)
    took, cpu = time.perf_counter() - began, time.process_time() - used
    if made is None:
        sys.exit("the case has no grid: no curve was measured")
    labels = list(inputs_of(walked.work.basis, lambda name: name.endswith(PRICE)).drawn_as.values())
    worths, chances, agreed = [], [], []
    for at in points(made, asked.points, asked.seed):
        advice, told = judged(made, at)
        anew = fresh(home, at, labels)
        agreed.append(advice == advice_of(anew))
        if advice == "step" == advice_of(anew) and anew.chance is not None:
            chances.append(abs(told["chance"] - anew.chance.shown.value))
            if anew.worth is not None:
                size = max(abs(anew.worth.expected.value), anew.release.p80.value)
                worths.append(abs(told["worth"] - anew.worth.expected.value) / size)
        if asked.show:
            print(
                {key: f"{value:.4g}" for key, value in at.items()}, advice, advice_of(anew), chances[-1:], worths[-1:]
            )
    print(json.dumps(summary(made, worths, chances, agreed) | {"seconds": round(took, 2), "cpu_s": round(cpu, 2)}))


def summary(made: Grid, worths: list[float], chances: list[float], agreed: list[bool]) -> dict[str, object]:
    """Shares within the bounds, and errors, of points at which both advise a step."""
    near = [worth <= WORTH and chance <= CHANCE for worth, chance in zip(worths or chances, chances, strict=True)]
    return {
        "points": len(agreed), "advice_agrees": sum(agreed) / len(agreed), "steps": len(chances),
        "within": statistics.mean(near) if near else math.nan,
        "worth_median": statistics.median(worths) if worths else None, "worth_worst": max(worths, default=None),
        "chance_median": statistics.median(chances) if chances else None, "chance_worst": max(chances, default=None),
        "solved": made.solved, "complete": made.complete,
    }  # fmt: skip


if __name__ == "__main__":
    main()
