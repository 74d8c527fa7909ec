"""What one to three measured points leave of the error of a predicted throughput, on a table of published runs.

    python benchmarks/inference_points.py [--runs FILE] [--fit]

A group is what one publisher measured of one engine, version, model, GPU, precision and layout. From every group of at
least k + 3 runs k are drawn, five times with a fixed seed, and the others are predicted; `advised` takes the k runs
that the package's own advice would measure. The sizes of the Gaussian process are searched on the other publishers
alone (`--fit` prints them, and those over all publishers for catalog/tables/serving_points.csv). The last line is one
JSON object.
"""

import argparse
import csv
import itertools
import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tunecase import catalog
from tunecase.errors import InputError
from tunecase.inference import Load, Refusal, Setup, rate, served
from tunecase.inference.engines import released
from tunecase.inference.gaussian import Place, Sizes, covariance, sizes
from tunecase.inference.points import place_of

RUNS = Path(__file__).parents[2] / "shared/data/serving_runs.csv"
DRAWS, SEED = 5, 0
NINETY = 1.2816
LEAST_INSIDE = 0.82
CARDS = {"a100-sxm-40gb": "A100-40GB", "a100-sxm-80gb": "A100-80GB", "mi250": "MI250"}
# Input and output lengths that MLPerf does not publish; the first three are those of its data sets, the rest assumed.
MLPERF = {"llama-2-70b": (294, 294), "mixtral-8x7b": (290, 145), "gpt-j-6b": (924, 73)}
PUBLISHERS = {"inferencex-dump": "aiconfigurator", "nvidia-aic-gap-runs": "aiconfigurator"}
PUBLISHERS |= {"trtllm-docs-v0.17": "nvidia", "trtllm-docs-v0.6.1": "nvidia", "nvidia-nim-docs": "nvidia"}


@dataclass(frozen=True)
class Run:
    """A published run: its replica and load, and log(measured / predicted) output tokens per second of a card."""

    publisher: str
    group: tuple[str, ...]
    place: Place
    gap: float
    sd: float


def number(text: str) -> float | None:
    """A finite number, None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table of runs, exact repeats left out."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return list({tuple(v for k, v in row.items() if k not in ("id", "notes")): row for row in rows}.values())


def run_of(row: Mapping[str, str]) -> Run | None:
    """One row with its prediction; None where it has no throughput, or nothing can be predicted for it."""
    cards = number(row["n_gpus"])
    measured = number(row["output_tokens_per_s_per_gpu"]) or number(row["derived_output_tps_per_gpu"])
    if not cards or not measured or measured <= 0 or row["load_kind"] == "hosted-api":
        return None
    try:
        setup, load = _replica(row, cards)
    except InputError:
        return None
    predicted = rate(setup, load)
    if isinstance(predicted, Refusal):
        return None
    publisher = PUBLISHERS.get(row["source"], row["source"])
    version = row["engine_version"].replace("nan", "")
    group = (publisher, row["engine"], version, row["model"], row["gpu"], row["precision"])
    group += (row["n_gpus"], row["tp"], row["parallel"])
    gap = math.log(measured / (predicted.output_tokens_per_s / setup.cards))
    sd = math.log(predicted.high / predicted.low) / (2 * NINETY)
    return Run(publisher, group, place_of(load, predicted, "/".join(group)), gap, sd)


def _replica(row: Mapping[str, str], cards: float) -> tuple[Setup, Load]:
    tensor = int(number(row["tp"]) or cards)
    pipeline = int(found[1]) if (found := re.search(r"\bpp(\d+)", row["parallel"])) else 1
    tensor = min(tensor, int(cards))
    replicas = max(1.0, cards / (tensor * pipeline))
    model = served(row["model"])
    kind, concurrency = _kind(row)
    lengths = MLPERF.get(row["model"], (300, 200))
    version = row["engine_version"].replace("nan", "")
    date = released(row["engine"], version) or row["date"][:7]
    card = catalog.gpu(CARDS.get(row["gpu"], row["gpu"].removesuffix("-sxm")))
    setup = Setup(model, card, row["precision"] or "fp16", tensor, pipeline, row["engine"], date)
    load = Load(
        number(row["input_len"]) or lengths[0],
        number(row["output_len"]) or lengths[1],
        None if concurrency is None else max(1.0, concurrency / replicas),
        kind,
    )
    return setup, load


def _kind(row: Mapping[str, str]) -> tuple[Any, float | None]:
    """The kind of load and its concurrency; a static batch of equal requests stays whole to its end."""
    words = row["concurrency_or_rate"].strip()
    if peak := re.search(r"peak (\d+)", words):
        return "burst", float(peak[1])
    concurrency = number(words)
    return ("steady" if concurrency else "offline"), concurrency


def grouped(runs: Sequence[Run], least: int) -> list[list[Run]]:
    """Runs of one publisher, set-up and layout, where there are at least so many."""
    groups: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.group].append(run)
    return [group for group in groups.values() if len(group) >= least]


@dataclass(frozen=True)
class Told:
    """What points told of the other runs of their group: |error| and whether the 80% band held, by publisher."""

    errors: dict[str, list[float]]
    inside: dict[str, list[bool]]
    widths: dict[str, list[float]]

    def summary(self) -> dict[str, Any]:
        """Median and p90 of the error, and the coverage, pooled and by publisher [%]."""
        pooled = [error for errors in self.errors.values() for error in errors]
        return {
            "n": len(pooled),
            "median": round(100 * float(np.median(pooled)), 1),
            "p90": round(100 * float(np.percentile(pooled, 90)), 1),
            "mean_of_medians": round(100 * float(np.mean([np.median(e) for e in self.errors.values()])), 1),
            "coverage80": {name: round(100 * float(np.mean(i))) for name, i in self.inside.items()},
            "p90_over_p10": round(float(np.median([w for ws in self.widths.values() for w in ws])), 2),
        }


def told(runs: Sequence[Run], count: int, own: Mapping[str, Sizes] | None = None, advised: bool = False) -> Told:
    """What `count` points of each group tell of its other runs.

    Args:
        own: sizes by publisher; those of the table where left out.
        advised: points chosen one by one where they take most of the variance, in place of random ones.
    """
    draw = random.Random(SEED)
    result = Told(defaultdict(list), defaultdict(list), defaultdict(list))
    for group in grouped(runs, count + 3):
        at = (own or {}).get(group[0].publisher, sizes())
        for _ in range(1 if advised else DRAWS):
            chosen = chosen_by_advice(group, count, at) if advised else draw.sample(range(len(group)), count)
            rest = [run for n, run in enumerate(group) if n not in chosen]
            _predict(rest, [group[n] for n in chosen], at, result)
    return result


def _variance(group: Sequence[Run], at: Sizes) -> float:
    return max(float(np.median([run.sd for run in group])) ** 2 - at.within**2 - at.noise**2, at.least**2)


def chosen_by_advice(group: Sequence[Run], count: int, at: Sizes) -> list[int]:
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


def _predict(rest: Sequence[Run], seen: Sequence[Run], at: Sizes, result: Told) -> None:
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


def elsewhere(runs: Sequence[Run], own: Sizes | None = None) -> Told:
    """What one point in another layout of the same publisher, engine, version, model, GPU and precision tells."""
    draw = random.Random(SEED)
    result = Told(defaultdict(list), defaultdict(list), defaultdict(list))
    beside: dict[tuple[str, ...], list[list[Run]]] = defaultdict(list)
    for group in grouped(runs, 4):
        beside[group[0].group[:6]].append(group)
    for groups in beside.values():
        for group in groups:
            others = [run for other in groups if other is not group for run in other]
            for _ in range(DRAWS if others else 0):
                _predict(group, [draw.choice(others)], own or sizes(), result)
    return result


Losses = dict[Sizes, dict[str, tuple[float, float]]]


def losses(runs: Sequence[Run]) -> Losses:
    """For each of a grid of sizes and each publisher: the mean error left by one and by three points, and coverage."""
    found: Losses = {}
    publishers = {run.publisher for run in runs}
    grid = itertools.product((0.15, 0.2, 0.3, 0.4), (0.05, 0.07, 0.09), (1.5, 2.0, 3.0), (2.0, 3.0, 4.0))
    for within, noise, concurrency, lengths in grid:
        at = replace(sizes(), within=within, noise=noise, concurrency=concurrency, lengths=lengths)
        tolds = [told(runs, count, dict.fromkeys(publishers, at)) for count in (1, 3)]
        found[at] = {
            name: (
                float(np.mean([np.mean(np.minimum(one.errors[name], 1.0)) for one in tolds])),
                float(min(np.mean(one.inside[name]) for one in tolds)),
            )
            for name in tolds[0].errors
        }
    return found


def best(found: Losses, left_out: str = "") -> Sizes:
    """The sizes with the least error over publishers, each counting once, whose bands hold 82% on every one of them."""
    known = {at: [at_one for name, at_one in ones.items() if name != left_out] for at, ones in found.items()}
    holds = {at: ones for at, ones in known.items() if min(inside for _, inside in ones) >= LEAST_INSIDE}
    return min(holds or known, key=lambda at: float(np.mean([error for error, _ in known[at]])))


def one_point(runs: Sequence[Run]) -> dict[str, Any]:
    """The error that one measured point leaves."""
    return told(runs, 1).summary()


def three_points(runs: Sequence[Run]) -> dict[str, Any]:
    """The error that three measured points leave."""
    return told(runs, 3).summary()


def measure(path: Path, fit: bool = False) -> dict[str, Any]:
    """Every figure on one table of runs."""
    rows = read_rows(path)
    runs = [run for run in map(run_of, rows) if run is not None]
    publishers = sorted({run.publisher for run in runs})
    own = None
    if fit:
        found = losses(runs)
        own = {name: best(found, name) for name in publishers}
        for name, at in {**own, "none": best(found)}.items():
            print(f"sizes with {name} left out: {at}")
    figures: dict[str, Any] = {"rows": len(rows), "runs": len(runs)}
    for name, count in (("one_point", 1), ("two_points", 2), ("three_points", 3)):
        figures[name] = told(runs, count, own).summary()
        figures[f"{name}_advised"] = told(runs, count, own, advised=True).summary()
    figures["one_point_elsewhere"] = elsewhere(runs).summary()
    return figures


def main() -> None:
    """Prints the figures; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=RUNS, help="a table of published runs")
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
