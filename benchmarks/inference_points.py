"""What one to three measured points leave of the error of a predicted throughput, on a table of published runs.

    python benchmarks/inference_points.py [--runs FILE] [--fit]

A group is what one publisher measured of one engine, version, model, GPU, precision and layout. From every group of at
least k + 3 runs k are drawn, five times with a fixed seed, and the others are predicted; `advised` takes the k runs
that leave the least variance over the group, as `tunecase inference` advises. With --fit the sizes of the Gaussian
process are searched for each publisher on the others alone and printed, those over all of them for
catalog/tables/serving_points.csv as well. The last line is one JSON object.
"""

import argparse
import itertools
import json
import math
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from serving_rows import FURTHER, SHARED, Run, read_runs

from tunecase.inference import Load, Rate, Refusal, Setup, rate
from tunecase.inference.gaussian import Place, Sizes, covariance, sizes
from tunecase.inference.points import place_of

DRAWS, SEED = 5, 0
NINETY = 1.2816
LEAST_INSIDE, TELLING = 0.85, 300
SEARCHED = ("within", "noise", "concurrency", "lengths")
Predict = Callable[[Setup, Load], Rate | Refusal]


@dataclass(frozen=True)
class Placed:
    """A run where it stands, with log(measured / predicted) and the standard deviation that its band states."""

    publisher: str
    layout: tuple[str, ...]
    place: Place
    gap: float
    sd: float


def whatever_age(setup: Setup, load: Load) -> Rate | Refusal:
    """`rate`, where it refuses the software of 2024 on AMD cards as with that of the year after: points make up for it.

    The rows refused are the hardest; figures with them compare with those of tools that answer every row.
    """
    predicted = rate(setup, load)
    if isinstance(predicted, Refusal) and setup.card.generation.startswith("cdna"):
        return rate(replace(setup, engine_date="2025-06"), load)
    return predicted


def placed(run: Run, predict: Predict = rate) -> Placed | None:
    """A run beside its prediction; None where that refuses."""
    predicted = predict(run.setup, run.load)
    if isinstance(predicted, Refusal):
        return None
    gap = math.log(run.tokens_per_s_per_card * run.setup.cards / predicted.output_tokens_per_s)
    sd = math.log(predicted.high / predicted.low) / (2 * NINETY)
    return Placed(run.publisher, run.layout, place_of(run.load, predicted, "/".join(run.layout)), gap, sd)


def all_placed(runs: Sequence[Run], predict: Predict = rate) -> list[Placed]:
    """Every run that is predicted."""
    return [one for one in (placed(run, predict) for run in runs) if one is not None]


def grouped(runs: Sequence[Placed], least: int) -> list[list[Placed]]:
    """Runs of one publisher, set-up and layout, where there are at least so many."""
    groups: dict[tuple[str, ...], list[Placed]] = defaultdict(list)
    for run in runs:
        groups[run.layout].append(run)
    return [group for group in groups.values() if len(group) >= least]


@dataclass(frozen=True)
class Told:
    """What points told of the other runs of their group: |error| and whether the 80% band held, by publisher."""

    errors: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    inside: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    widths: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def summary(self) -> dict[str, Any]:
        """Median and p90 of the error, and the coverage, pooled and by publisher [%]."""
        pooled = [error for errors in self.errors.values() for error in errors]
        if not pooled:
            return {
                "n": 0,
                "median": None,
                "p90": None,
                "mean_of_medians": None,
                "coverage80": {},
                "p90_over_p10": None,
            }
        return {
            "n": len(pooled),
            "median": round(100 * float(np.median(pooled)), 1),
            "p90": round(100 * float(np.percentile(pooled, 90)), 1),
            "mean_of_medians": round(100 * float(np.mean([np.median(e) for e in self.errors.values()])), 1),
            "coverage80": {name: round(100 * float(np.mean(i))) for name, i in self.inside.items()},
            "p90_over_p10": round(float(np.median([w for ws in self.widths.values() for w in ws])), 2),
        }


def told(runs: Sequence[Placed], count: int, own: Mapping[str, Sizes] | None = None, advised: bool = False) -> Told:
    """What `count` points of each group tell of its other runs.

    Args:
        own: sizes by publisher; those of the table where left out.
        advised: points chosen one by one where they take most of the variance, in place of random ones.
    """
    draw = random.Random(SEED)
    result = Told()
    for group in grouped(runs, count + 3):
        at = (own or {}).get(group[0].publisher, sizes())
        for _ in range(1 if advised else DRAWS):
            chosen = chosen_by_advice(group, count, at) if advised else draw.sample(range(len(group)), count)
            rest = [run for n, run in enumerate(group) if n not in chosen]
            _predict(rest, [group[n] for n in chosen], at, result)
    return result


def _variance(group: Sequence[Placed], at: Sizes) -> float:
    return max(float(np.median([run.sd for run in group])) ** 2 - at.within**2 - at.noise**2, at.least**2)


def chosen_by_advice(group: Sequence[Placed], count: int, at: Sizes) -> list[int]:
    """The runs that leave the least variance over the group, chosen one by one without a look at what they measured."""
    places = [run.place for run in group]
    every = covariance(places, places, _variance(group, at), at)
    chosen: list[int] = []
    for _ in range(count):
        left = [_left(every, [*chosen, one], at) if one not in chosen else math.inf for one in range(len(group))]
        chosen.append(int(np.argmin(left)))
    return chosen


def _left(every: Any, chosen: Sequence[int], at: Sizes) -> float:
    among = every[np.ix_(chosen, chosen)] + at.noise**2 * np.eye(len(chosen))
    across = every[:, chosen]
    return float(np.trace(every) - np.sum(across * np.linalg.solve(among, across.T).T))


def _predict(rest: Sequence[Placed], seen: Sequence[Placed], at: Sizes, result: Told) -> None:
    """Runs from points seen: the arithmetic of `posterior` for many places at once."""
    layout = _variance([*rest, *seen], at)
    points, places = [run.place for run in seen], [run.place for run in rest]
    among = covariance(points, points, layout, at) + at.noise**2 * np.eye(len(points))
    across = covariance(places, points, layout, at)
    weights = np.linalg.solve(among, across.T)
    errors = weights.T @ np.array([run.gap for run in seen]) - np.array([run.gap for run in rest])
    sds = np.sqrt(np.maximum(layout + at.within**2 - np.sum(across * weights.T, axis=1), 0) + at.noise**2)
    name = rest[0].publisher
    result.errors[name] += [abs(float(value)) for value in np.expm1(errors)]
    result.inside[name] += [bool(value) for value in np.abs(errors) <= NINETY * sds]
    result.widths[name] += [float(value) for value in np.exp(2 * NINETY * sds)]


def elsewhere(runs: Sequence[Placed], own: Sizes | None = None) -> Told:
    """What one point in another layout of the same publisher, engine, version, model, GPU and precision tells."""
    draw = random.Random(SEED)
    result = Told()
    beside: dict[tuple[str, ...], list[list[Placed]]] = defaultdict(list)
    for group in grouped(runs, 4):
        beside[group[0].layout[:6]].append(group)
    for groups in beside.values():
        for group in groups:
            others = [run for other in groups if other is not group for run in other]
            for _ in range(DRAWS if others else 0):
                _predict(group, [draw.choice(others)], own or sizes(), result)
    return result


Losses = dict[Sizes, dict[str, tuple[float, float]]]


def losses(runs: Sequence[Placed]) -> Losses:
    """For each of a grid of sizes and each publisher: the mean error left by one and by three points, and coverage.

    Coverage is that of the one of both that holds less; 1 of publishers too small to tell.
    """
    found: Losses = {}
    publishers = {run.publisher for run in runs}
    grid = itertools.product((0.2, 0.25, 0.3), (0.05, 0.07, 0.09), (1.5, 2.0, 3.0), (2.0, 3.0, 4.0))
    for tried in grid:
        at = replace(sizes(), **dict(zip(SEARCHED, tried, strict=True)))
        tolds = [told(runs, count, dict.fromkeys(publishers, at)) for count in (1, 3)]
        found[at] = {name: _loss(tolds, name) for name in tolds[0].errors}
    return found


def _loss(tolds: Sequence[Told], name: str) -> tuple[float, float]:
    several = [one for one in tolds if one.errors.get(name)]
    error = np.mean([np.mean(np.minimum(one.errors[name], 1.0)) for one in several])
    telling = [np.mean(one.inside[name]) for one in several if len(one.inside[name]) >= TELLING]
    return float(error), float(min(telling, default=1.0))


def best(found: Losses, left_out: str = "") -> Sizes:
    """The sizes with the least error over publishers, each counting once, whose bands hold 85% on every one of them.

    The publisher left out has no say. 85% where 80% are meant, since a publisher that was not seen scatters more.
    """
    known = {at: [one for name, one in ones.items() if name != left_out] for at, ones in found.items()}
    holds = {at: ones for at, ones in known.items() if min(inside for _, inside in ones) >= LEAST_INSIDE}
    return min(holds or known, key=lambda at: float(np.mean([error for error, _ in known[at]])))


def one_point(runs: Sequence[Run]) -> dict[str, Any]:
    """The error that one measured point leaves, and the same with the runs whose prediction is refused."""
    return _points(runs, 1)


def three_points(runs: Sequence[Run]) -> dict[str, Any]:
    """The error that three measured points leave, and the same with the runs whose prediction is refused."""
    return _points(runs, 3)


def _points(runs: Sequence[Run], count: int) -> dict[str, Any]:
    answered, every = (told(all_placed(runs, predict), count) for predict in (rate, whatever_age))
    return answered.summary() | {"with_refused": every.summary()}


def measure(path: Path, fit: bool = False) -> dict[str, Any]:
    """Every figure on one table of runs."""
    read, skipped = read_runs(path)
    runs = all_placed(read)
    own = None
    if fit:
        further = all_placed(read_runs(FURTHER)[0]) if FURTHER.is_file() else []
        found = losses([*runs, *further])
        own = {name: best(found, name) for name in sorted({run.publisher for run in runs})}
        for name, at in {**own, "none": best(found)}.items():
            print(f"sizes with {name} left out: {at}")
    figures: dict[str, Any] = {"runs": len(read), "skipped": len(skipped), "predicted": len(runs)}
    every = all_placed(read, whatever_age)
    figures["predicted_with_refused"] = len(every)
    for name, count in (("one_point", 1), ("two_points", 2), ("three_points", 3)):
        figures[name] = told(runs, count, own).summary()
        figures[f"{name}_advised"] = told(runs, count, own, advised=True).summary()
        figures[f"{name}_with_refused"] = told(every, count, own).summary()
    figures["one_point_elsewhere"] = elsewhere(runs).summary()
    return figures


def main() -> None:
    """Prints the figures; the last line is JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=Path, default=SHARED, help="a table of published runs")
    parser.add_argument("--fit", action="store_true", help="search the sizes on the other publishers")
    asked = parser.parse_args()
    if not asked.runs.is_file():
        print(json.dumps({"skipped": f"{asked.runs} not found"}))
        return
    figures = measure(asked.runs, asked.fit)
    for name, figure in figures.items():
        print(f"{name:24} {figure}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
