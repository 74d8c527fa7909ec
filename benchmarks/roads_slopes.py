"""Fits how steeply errors fell after a pilot ended, by kind of learner, on all publishers of `roads_halves.csv`.

    python benchmarks/roads_slopes.py [--write]

The regression is that of `tunecase.forecast.slopes`; `--write` writes its table. Left out in turn, each publisher tells
how far the slopes of the others miss its own. The last line is a JSON object.
"""

import argparse
import csv
import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from roads_curves import NATURAL, PILOTS, TRUTH, read_rows
from roads_tasks import FRESH, TASKS

from tunecase import catalog
from tunecase.forecast.slopes import Slopes, causes
from tunecase.records import Point

KINDS = {"probe": "n-grams", "encoder": "encoder"}
AWAY = 1.5  # times the pilot's last size: nearer, noise drowns a slope
RIDGE = 0.05
LEAST = 0.002  # of an error
READ = "2026-12-03"
HALVES = Path(__file__).parent / "roads_halves.csv"
SEALED = Path(__file__).parent / "roads_sealed_halves.csv"  # of sources that nothing was fitted to or chosen on
PUBLISHERS = {task.name: task.publisher for task in (*TASKS, *FRESH)}


@dataclass(frozen=True, eq=False)
class Curve:
    """One learner on one task from one part of its rows: points as shown on half A, and what was measured after it.

    `later` holds for each size the draws as (shown on A, true on B).
    """

    task: str
    learner: str
    part: str
    items: int
    pilot: tuple[tuple[int, float], ...]
    later: Mapping[int, tuple[tuple[float, float], ...]]

    @property
    def source(self) -> str:
        """Who published the rows."""
        return PUBLISHERS[self.task]

    @cached_property
    def held(self) -> int:
        """Rows at hand."""
        return max(n for n, _ in self.pilot)

    @cached_property
    def rows(self) -> int:
        """All rows of the task."""
        return max(self.later)

    @cached_property
    def last(self) -> float:
        """The mean score shown at the rows at hand."""
        return float(np.mean([score for n, score in self.pilot if n == self.held]))

    def true(self, n: float) -> float:
        """The true score by half B, by a straight line in ln n between the sizes measured."""
        sizes = sorted(self.later)
        return float(np.interp(math.log(n), np.log(sizes), [np.mean([b for _, b in self.later[s]]) for s in sizes]))

    def shown(self, n: int) -> float:
        """What the first run near that size shows on half A, moved along its curve to n."""
        sizes = sorted(self.later)
        near = min(sizes, key=lambda size: abs(math.log(size / n)))
        means = [np.mean([a for a, _ in self.later[s]]) for s in sizes]
        moved = float(np.interp(math.log(n), np.log(sizes), means)) - float(np.mean([a for a, _ in self.later[near]]))
        return min(max(self.later[near][0][0] + moved, 0.0), 1.0)


@cache
def read_curves(path: Path = HALVES) -> tuple[Curve, ...]:
    """Every curve whose pilot has three sizes and whose truth has three draws at all rows."""
    parts: dict[tuple[str, str], dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in read_rows(path):
        parts[row["task"], row["learner"]][row["part"]].append(row)
    curves = []
    for (task, learner), by_part in parts.items():
        later: dict[int, list[tuple[float, float]]] = defaultdict(list)
        whole = max((int(row["n"]) for row in by_part.get(TRUTH, ())), default=0)
        for part in (TRUTH, NATURAL):
            for row in by_part.get(part, ()):
                if (int(row["n"]) == whole) == (part == TRUTH):
                    later[int(row["n"])].append((float(row["score_a"]), float(row["score_b"])))
        for part in PILOTS:
            pilot = tuple((int(row["n"]), float(row["score_a"])) for row in by_part.get(part, ()))
            if len({n for n, _ in pilot}) >= 3 and len(later.get(whole, ())) >= 3 and len(later) >= 5:
                kept = {n: tuple(draws) for n, draws in later.items()}
                curves.append(Curve(task, learner, part, int(by_part[part][0]["items_a"]), pilot, kept))
    return tuple(curves)


@cache
def fitted(left_out: str = "") -> dict[str, Slopes]:
    """The slopes of each kind on all publishers but one, each of them counting once."""
    rows, units, curves = [], [], 0
    for curve in read_curves():
        sizes = [n for n in sorted(curve.later) if n > AWAY * curve.held]
        if curve.source == left_out or not sizes:
            continue
        curves += 1
        points = merged(curve.pilot, curve.items)
        slope, level = causes(points)
        last = max(1 - points[-1].score, LEAST)
        for n in sizes:
            ratio = math.log(n / curve.held)
            met = (math.log(max(1 - curve.true(n), LEAST)) - math.log(last)) / ratio
            noise = 2 * (1 - last) / (last * curve.items)  # of ln e: both halves have items of their own
            rows.append((1.0, slope, level, ratio, float(curve.learner == "encoder"), met, noise))
            units.append(curve.source)
    table = np.array(rows)
    x, y, noise, ratio = table[:, :5], table[:, 5], table[:, 6], table[:, 3]
    weight = np.array([1 / units.count(name) for name in units])
    publishers = len(set(units))
    spread, run = 0.1, 0.03
    for _ in range(5):
        w = weight / (spread**2 + (noise + run**2) / ratio**2)
        w *= publishers / w.sum()
        beta = np.linalg.solve(x.T @ (w[:, None] * x) + np.diag([0.0, *[RIDGE] * 4]), x.T @ (w * y))
        left = (y - x @ beta) ** 2 - noise / ratio**2
        # The spread of slopes and of runs by weighted least squares on what is left.
        by = (weight * ratio**2)[:, None]
        design = np.stack([np.ones_like(ratio), 1 / ratio**2], -1)
        one, two = np.linalg.lstsq(design * by, left * by[:, 0], rcond=None)[0]
        spread, run = math.sqrt(max(one, 0.02**2)), math.sqrt(max(two, 0.01**2))
    at, per_slope, per_level, per_ratio, encoder = beta.tolist()
    shared = (per_slope, per_level, per_ratio, spread, run, publishers, curves, "benchmarks/roads_slopes.py", READ)
    return {kind: Slopes(kind, at + encoder * (kind == "encoder"), *shared) for kind in KINDS.values()}


def merged(pilot: Sequence[tuple[int, float]], items: int) -> tuple[Point, ...]:
    """The points of a pilot, those of one size averaged."""
    sizes = sorted({n for n, _ in pilot})
    scores = {n: [score for m, score in pilot if m == n] for n in sizes}
    return tuple(Point(n, float(np.mean(scores[n])), len(scores[n]), items) for n in sizes)


def main() -> None:
    """Prints the slopes, how far they miss publishers left out, and the JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    missed: dict[str, list[float]] = {}
    for curve in read_curves():
        sizes = np.array([n for n in sorted(curve.later) if n > AWAY * curve.held], dtype=float)
        if not len(sizes):
            continue
        points, slopes = merged(curve.pilot, curve.items), fitted(curve.source)[KINDS[curve.learner]]
        start = np.full(400, math.log(max(1 - points[-1].score, LEAST)))
        middle = np.median(slopes.ahead(points, sizes[-1:], start, np.random.default_rng(0)))
        truth = math.log(max(1 - curve.true(sizes[-1]), LEAST))
        missed.setdefault(curve.source, []).append(abs(float(middle) - truth))
    slopes = fitted()
    for one in slopes.values():
        print(one)
    if asked.write:
        columns = list(Slopes.__dataclass_fields__)
        path = str(catalog.reading.TABLES / "curve_slopes.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(columns)
            for one in slopes.values():
                cells = [getattr(one, name) for name in columns]
                out.writerow([f"{cell:.4g}" if isinstance(cell, float) else cell for cell in cells])
    print(json.dumps({"missed": {name: round(float(np.mean(v)), 3) for name, v in missed.items()},
                      "mean": round(float(np.mean([np.mean(v) for v in missed.values()])), 4)}))  # fmt: skip


if __name__ == "__main__":
    main()
