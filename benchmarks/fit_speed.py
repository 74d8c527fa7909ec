"""Fits the constants of step time to published runs and compares forms of the model, every publisher held out in turn.

    python benchmarks/fit_speed.py [--runs FILE] [--more FILE ...]

Forms: `pooled` is operations over a share of the card's peak, by method and precision, each effect shrunk by its count
of publishers; `ridge` and `kernel` regress the logarithm of that share on a dozen physical features; `priors` is the
roofline with the constants of data sheets and kernels' papers, no run seen; `learnt` is the shipped form, the roofline
with constants learnt around those priors; `learnt + kernel` adds a kernel regression on what is left. Without FILE the
shipped table is read; training.py writes the learnt values. The last line is one JSON object.

What flatters: the priors stand on data sheets, papers and code, but those of attention, launches, links and consumer
cards were chosen after runs of these publishers had been looked at, so that `priors` is no blind forecast and `learnt`
not wholly one. On publishers gathered afterwards (`--runs`, fitted on the shipped table alone) the error was 14%
(median) and 43% (one run in ten) where the source says what it measured.
"""

# ruff: noqa: E402 - the package is found beside this script
import argparse
import collections
import json
import math
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

import speed_lessons

from tunecase.compute import speed
from tunecase.compute.measured import runs as measured
from tunecase.compute.measured import table
from tunecase.compute.measured.runs import Measured
from tunecase.compute.speed import rates
from tunecase.compute.speed.work import flops_per_token

Predict = Callable[[Sequence[Measured]], "np.ndarray"]  # runs to logarithms of seconds per step
Learn = Callable[[Sequence[Measured]], Predict]


def log_times(runs: Sequence[Measured]) -> "np.ndarray":
    """Logarithm of the measured seconds of a step."""
    return np.array([math.log(float(speed.tokens_per_card(r.recipe)) / (r.tokens_per_s_per_gpu or 1)) for r in runs])


def log_ideal(runs: Sequence[Measured]) -> "np.ndarray":
    """Logarithm of the seconds of a step at the card's dense 16-bit peak."""
    ideal = []
    for run in runs:
        gpu = run.recipe.gpu
        assert gpu is not None
        flops = flops_per_token(run.recipe) * speed.tokens_per_card(run.recipe)
        ideal.append(math.log(float(flops) / (gpu.peak_bf16_tflops * 1e12)))
    return np.array(ideal)


def pooled(runs: Sequence[Measured]) -> Predict:
    """A share of the peak by method and precision: mean of publishers' medians, shrunk by one publisher's weight."""
    logs: dict[tuple[str, bool], dict[str, list[float]]] = collections.defaultdict(
        lambda: collections.defaultdict(list)
    )
    for run, lost in zip(runs, log_times(runs) - log_ideal(runs), strict=True):
        logs[_kind(run)][run.publisher].append(float(lost))
    medians = {kind: [statistics.median(v) for v in of.values()] for kind, of in logs.items()}
    overall = statistics.mean(m for of in medians.values() for m in of)
    shrunk = {kind: (sum(of) + overall) / (len(of) + 1) for kind, of in medians.items()}
    return lambda others: log_ideal(others) + np.array([shrunk.get(_kind(run), overall) for run in others])


def _kind(run: Measured) -> tuple[str, bool]:
    return run.recipe.method, rates.uses_eight_bit(run.recipe)


def features(runs: Sequence[Measured]) -> "np.ndarray":
    """A dozen physical features of each run."""
    rows = []
    for run in runs:
        r, gpu = run.recipe, run.recipe.gpu
        assert gpu is not None
        flags = [r.method != "full", r.method == "qlora", rates.uses_eight_bit(r), r.kernels != "eager"]
        flags += [r.checkpointing == "none", r.sharding in ("fsdp", "zero3"), gpu.interconnect == "pcie"]
        flags += [gpu.generation == name for name in ("ada", "hopper", "blackwell")]
        sizes = [float(r.tokens), r.shape.hidden, float(r.sequence_tokens), float(r.gpus), r.shape.layers]
        rows.append([*map(float, flags), *(math.log(size) for size in sizes)])
    return np.array(rows)


def _weights(runs: Sequence[Measured]) -> "np.ndarray":
    count = collections.Counter(run.publisher for run in runs)
    return np.array([min(1.0, 40 / count[run.publisher]) for run in runs])


def ridge(runs: Sequence[Measured], penalty: float = 10.0) -> Predict:
    """Ridge regression of the logarithm of the share of the peak; large publishers count as forty rows."""
    x, y, w = features(runs), log_times(runs) - log_ideal(runs), _weights(runs)
    middle, scale, centre = x.mean(0), x.std(0) + 1e-9, np.average(y, weights=w)
    z = (x - middle) / scale
    slopes = np.linalg.solve(z.T @ (z * w[:, None]) + penalty * np.eye(z.shape[1]), z.T @ (w * (y - centre)))
    return lambda others: log_ideal(others) + centre + (features(others) - middle) / scale @ slopes


def kernel(runs: Sequence[Measured], base: Learn | None = None, noise: float = 0.5, reach: float = 4.0) -> Predict:
    """Gaussian-process regression on the features, around the pooled share or around another form."""
    start = base(runs) if base else None
    x, w = features(runs), _weights(runs)
    y = log_times(runs) - (start(runs) if start else log_ideal(runs))
    middle, scale, centre = x.mean(0), x.std(0) + 1e-9, 0.0 if start else float(np.average(y, weights=w))
    z = (x - middle) / scale

    def alike(a: "np.ndarray", b: "np.ndarray") -> "np.ndarray":
        return np.exp(-((a[:, None] - b[None]) ** 2).sum(2) / (2 * reach**2))

    weights = np.linalg.solve(alike(z, z) + np.diag(noise / w), y - centre)

    def predict(others: Sequence[Measured]) -> "np.ndarray":
        ideal = start(others) if start else log_ideal(others)
        return ideal + centre + alike((features(others) - middle) / scale, z) @ weights

    return predict


def priors(runs: Sequence[Measured]) -> Predict:
    """The roofline with its priors."""
    values = {name: prior for name, (prior, _) in speed_lessons.priors().items()}
    return _roofline(rates.Constants(values, rates.shipped().spreads))


def learnt(runs: Sequence[Measured]) -> Predict:
    """The roofline with constants learnt around its priors."""
    return _roofline(speed_lessons.most_probable(runs))


def _roofline(constants: rates.Constants) -> Predict:
    return lambda others: np.array(
        [math.log(float(speed.step_time(run.recipe, constants).seconds_per_step)) for run in others]
    )


FORMS: dict[str, Learn] = {
    "pooled": pooled,
    "ridge": ridge,
    "kernel": kernel,
    "priors": priors,
    "learnt": learnt,
    "learnt + kernel": lambda runs: kernel(runs, base=learnt),
}


def held_out(runs: Sequence[Measured], form: Learn) -> "np.ndarray":
    """Predicted over measured tokens per second, minus 1, of every run, its publisher left out."""
    errors = np.zeros(len(runs))
    for name in sorted({run.publisher for run in runs}):
        mine = [at for at, run in enumerate(runs) if run.publisher == name]
        told = form([run for run in runs if run.publisher != name])([runs[at] for at in mine])
        errors[mine] = np.exp(log_times([runs[at] for at in mine]) - told) - 1
    return errors


def summed_up(runs: Sequence[Measured], errors: "np.ndarray") -> dict[str, float | int]:
    """Median, 90% point and mean of publishers' medians of the absolute error, in percent."""
    size = np.sort(np.abs(errors))
    by = collections.defaultdict(list)
    for run, error in zip(runs, errors, strict=True):
        by[run.publisher].append(abs(error))
    return {
        "n": len(size),
        "median_ape": round(100 * float(np.median(size)), 1),
        "p90_ape": round(100 * float(size[math.ceil(0.9 * len(size)) - 1]), 1),
        "signed_median": round(100 * float(np.median(errors)), 1),
        "mean_of_source_medians": round(100 * statistics.mean(statistics.median(of) for of in by.values()), 1),
    }


def main() -> None:
    """Reads the options, prints the comparison and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    read = list(table.read(options.runs).runs if options.runs else measured.published())
    read += [run for path in options.more for run in table.read(path).runs]
    runs = speed_lessons.timed_runs(read)
    compared = {}
    for name, form in FORMS.items():
        errors = held_out(runs, form)
        compared[name] = summed_up(runs, errors)
        print(f"{name:16} {compared[name]}")
    print(json.dumps({"time": compared, "publishers": len({run.publisher for run in runs})}))


if __name__ == "__main__":
    main()
