"""What one run of one's own teaches of the next: every run of a set-up takes its turn as the one that was measured.

    python benchmarks/own_runs.py [--runs FILE ...]

A set-up is one page's runs that differ in nothing but the size of the batch and the length of the samples; `stacks`
scores runs of one page, model, method and cards that may differ in options too. Each publisher is predicted with a
prior (compute/measured/calibration.py) that the others teach, by the likelihood of each run given one other. Errors are
the median and the 90% point over all pairs, each publisher weighing alike. `factor` is the plain rule of three,
`before` the prediction without a run. `prior` is what all publishers teach: the values of MEMORY and TIME. FILE adds
the runs of a table. The last line is one JSON object.

What flatters: runs of one page share their errors more than a stranger's next run may. Set-ups that a page measured
once are not scored.
"""

import argparse
import collections
import dataclasses
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import memory_lessons
import numpy as np
import speed_lessons
from scipy.optimize import minimize
from scipy.stats import t as student

from tunecase.compute.measured import calibration
from tunecase.compute.measured.calibration import MOST_LOG, Gap, Prior
from tunecase.compute.measured.runs import Measured, published
from tunecase.compute.measured.table import read

SIZES = ("micro_batch", "sequence_tokens", "accumulation", "lengths")
STACK = ("framework", "method", "gpus", "loss", "kernels", "sharding")
USUAL_SD, USUAL_NOISE = 0.2, 0.04  # to which few publishers are drawn
BOUNDS = (-6.0, 1.5)


def set_up(run: Measured) -> tuple[object, ...]:
    """All that a run states but its sizes."""
    names = [field.name for field in dataclasses.fields(run.recipe) if field.name not in (*SIZES, "gpu", "shape")]
    return _named(run, names)


def stack(run: Measured) -> tuple[object, ...]:
    """The page, model, method, framework and cards of a run."""
    return _named(run, STACK)


def _named(run: Measured, names: Iterable[str]) -> tuple[object, ...]:
    gpu = run.recipe.gpu.name if run.recipe.gpu else ""
    shape = run.recipe.shape  # of a guessed one the parameters tell
    return (
        run.source,
        run.statistic,
        gpu,
        shape.name,
        shape.params,
        *(str(getattr(run.recipe, name)) for name in names),
    )


@dataclass(frozen=True)
class Pairs:
    """Pairs of runs of one set-up, as arrays: publisher, shares and gap of the measured run and of the other."""

    publishers: Any
    measured: Any
    other: Any
    apart: Any
    gap: Any
    truth: Any

    @classmethod
    def of(
        cls, runs: Sequence[Measured], gap_of: Callable[[Measured], Gap], key: Callable[[Measured], object]
    ) -> "Pairs":
        """Every run of each set-up with every other."""
        alike: dict[object, list[tuple[str, Gap]]] = collections.defaultdict(list)
        for run in runs:
            alike[key(run)].append((run.publisher, gap_of(run)))
        pairs = [(name, a, b) for of in alike.values() for name, a in of for _, b in of if a is not b]
        return cls(
            np.array([name for name, _, _ in pairs]),
            np.array([a.shares for _, a, _ in pairs]),
            np.array([b.shares for _, _, b in pairs]),
            np.array([abs(a.log_tokens - b.log_tokens) for _, a, b in pairs]),
            np.array([a.gap for _, a, _ in pairs]),
            np.array([b.gap for _, _, b in pairs]),
        )

    def names(self) -> list[str]:
        """The publishers."""
        return sorted(set(self.publishers.tolist()))


def predicted(prior: Prior, pairs: Pairs) -> tuple[Any, Any]:
    """Mean and scale of the other run's gap after one was measured, as `Learnt.at` gives them."""
    means, variances, weights = zip(*(_one_kind(kind, pairs, share) for share, kind in prior.kinds()), strict=True)
    shares = np.array(weights) / sum(weights)
    mean = (shares * means).sum(0)
    variance = (shares * (np.array(variances) + (np.array(means) - mean) ** 2)).sum(0)
    return mean, np.sqrt(variance)


def _one_kind(prior: Prior, pairs: Pairs, share: float) -> tuple[Any, Any, Any]:
    """Mean and variance under one kind of set-up, and how much the measured runs speak for it."""
    parts = np.array(prior.parts) ** 2
    fixed = prior.local**2 + prior.noise**2
    own = (pairs.measured**2 * parts).sum(1) + fixed
    others = (pairs.other**2 * parts).sum(1) + fixed
    both = (pairs.measured * pairs.other * parts).sum(1) + prior.local**2 * np.exp(-pairs.apart / prior.reach)
    kept = np.abs(pairs.gap) <= MOST_LOG
    wide = (prior.freedom + pairs.gap**2 / own) / (prior.freedom + 1)
    mean, variance = both / own * pairs.gap, (others - both**2 / own) * wide
    weight = share * student.pdf(pairs.gap / np.sqrt(own), prior.freedom) / np.sqrt(own)
    return np.where(kept, mean, 0.0), np.where(kept, variance, others), weight


def learn(pairs: Pairs, names: Iterable[str], start: Prior) -> Prior:
    """The prior under which each run is likeliest once another was measured, each of the publishers weighing alike."""
    weights = np.zeros(len(pairs.gap))
    for name in names:
        here = pairs.publishers == name
        weights[here] = 1 / here.sum()
    count = len(start.parts)

    def loss(logs: Any) -> float:
        prior = _prior(logs, count)
        mean, scale = predicted(prior, pairs)
        densities = student.logpdf((pairs.truth - mean) / scale, prior.freedom + 1) - np.log(scale)
        usual = ((logs[:count] - math.log(USUAL_SD)) ** 2).sum() + (logs[count + 3] - math.log(USUAL_NOISE)) ** 2
        return float(0.02 * usual - (weights * densities).sum())

    first = np.log([*start.parts, start.strange, start.local, start.reach, start.noise, start.freedom - 2])
    bounds = [BOUNDS] * (count + 2) + [(-1.5, 2.5), (-4.5, -1.0), (-1.0, 4.0)]
    return _prior(minimize(loss, first, method="L-BFGS-B", bounds=bounds).x, count)


def _prior(logs: Any, count: int) -> Prior:
    strange, local, reach, noise, freedom = (float(value) for value in np.exp(logs[count:]))
    return Prior(tuple(float(sd) for sd in np.exp(logs[:count])), strange, local, reach, noise, 2 + freedom)


def figures(pairs: Pairs, start: Prior) -> dict[str, Any]:
    """Errors on publishers left out, before a run, with the rule of three, and with what the others teach."""
    mean, inside = np.zeros(len(pairs.gap)), np.zeros(len(pairs.gap))
    for name in pairs.names():
        prior, here = learn(pairs, [other for other in pairs.names() if other != name], start), pairs.publishers == name
        told, scale = predicted(prior, pairs)
        mean[here] = told[here]
        inside[here] = (np.abs(pairs.truth - told) <= student.ppf(0.9, prior.freedom + 1) * scale)[here]
    everyone = learn(pairs, pairs.names(), start)
    return {
        "pairs": len(pairs.gap),
        "publishers": len(pairs.names()),
        "before": _errors(pairs, 0 * mean),
        "factor": _errors(pairs, pairs.gap),
        "after": _errors(pairs, mean) | {"coverage80": round(float(np.average(inside, weights=_weights(pairs))), 2)},
        "by_publisher": {name: _of_publisher(pairs, mean, name) for name in pairs.names()},
        "prior": dataclasses.asdict(everyone),
    }


def _weights(pairs: Pairs) -> Any:
    counts = collections.Counter(pairs.publishers.tolist())
    return np.array([1 / counts[name] for name in pairs.publishers.tolist()])


def _errors(pairs: Pairs, mean: Any) -> dict[str, float]:
    """Median and 90% point of |predicted / measured - 1| in per cent, each publisher weighing alike."""
    errors, weights = np.abs(np.exp(mean - pairs.truth) - 1), _weights(pairs)
    order = np.argsort(errors)
    seen = np.cumsum(weights[order]) / weights.sum()
    median, p90 = (100 * float(errors[order][np.searchsorted(seen, part - 1e-9)]) for part in (0.5, 0.9))
    return {"median_ape": round(median, 1), "p90_ape": round(p90, 1)}


def _of_publisher(pairs: Pairs, mean: Any, name: str) -> dict[str, float]:
    here = pairs.publishers == name
    errors = 100 * np.abs(np.exp(mean - pairs.truth) - 1)[here]
    median, p90 = np.quantile(errors, (0.5, 0.9))
    return {"pairs": int(here.sum()), "median_ape": round(float(median), 1), "p90_ape": round(float(p90), 1)}


def main() -> None:
    """Reads the options, prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="*", default=[], help="further tables of runs")
    runs = list(published())
    for path in parser.parse_args().runs:
        runs += read(path).runs
    peaks = memory_lessons.memory_runs(runs)
    timed = speed_lessons.timed_runs(runs)
    found: dict[str, Any] = {}
    for what, of, gap_of, prior in (
        ("memory", peaks, calibration.memory_gap, calibration.MEMORY),
        ("time", timed, calibration.time_gap, calibration.TIME),
    ):
        for name, key in (("set-ups", set_up), ("stacks", stack)):
            found[f"{what}, {name}"] = figures(Pairs.of(of, gap_of, key), prior)
            print(what, name, json.dumps(found[f"{what}, {name}"], indent=1))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
