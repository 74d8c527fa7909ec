"""Fits the constants of serving on published runs, each publisher counting once, with priors on every constant.

    python benchmarks/inference_fit.py [--runs FILE ...] [--further FILE] [--write]

Without --runs: ../shared/data/serving_runs.csv, and --further or serving_further.csv beside it. Prints the
error of each publisher under constants that were fitted without it; --write puts those fitted on all of them into
serving_constants.csv.
"""

import argparse
import csv
import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from serving_rows import FURTHER, SHARED, Run, read_runs

from tunecase.catalog import read_table
from tunecase.inference.bands import NINETY
from tunecase.inference.engines import engine
from tunecase.inference.setup import Rate
from tunecase.inference.steps import Constants, Work, request_seconds, step_seconds
from tunecase.inference.throughput import TAIL_SEQUENCES, rate
from tunecase.inference.work import room, work_of

TABLES = Path(__file__).parents[1] / "src" / "tunecase" / "catalog" / "tables"
CONSTANTS, BANDS = TABLES / "serving_constants.csv", TABLES / "serving_bands.csv"
# A publisher counts as so many independent runs however many it published, less where it published fewer than a
# hundred; errors beyond the scale count less.
RUNS_PER_PUBLISHER = 20.0
WHOLE_PUBLISHER_RUNS = 100
SCALE = 0.25
# Publishers differ by habits and flags: while fitting, each may be off by a factor of its own, with this deviation of
# its logarithm. The factors are thrown away.
PUBLISHERS_APART = 0.2
# A band holds three quarters of every publisher of at least so many runs, save of those for which P90 would have to be
# more than so many times P10: a band that wide says nothing.
LEAST_INSIDE, FEWEST_RUNS, WIDEST_BAND = 0.75, 15, 4.0
NAMES = tuple(f.name for f in fields(Constants))
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stack:
    """Runs as arrays: what is worked at the full batch and in a burst's tail, and the logarithm of the throughput."""

    runs: tuple[Run, ...]
    work: Work
    tail: Work
    burst_requests: Floats
    per_card: Floats
    truth: Floats
    weights: Floats

    def error(self, at: Constants) -> Floats:
        """log(measured / predicted) of each run."""
        seconds = request_seconds(self.work, at)
        end = at.burst_tail * self.tail.output_tokens * step_seconds(self.tail, at)
        with np.errstate(divide="ignore"):
            seconds = seconds + np.where(self.burst_requests > 0, end / np.maximum(self.burst_requests, 1), 0.0)
        return self.truth - np.log(self.per_card / seconds)


def stacked(runs: Sequence[Run]) -> Stack:
    """The runs that can be predicted, as arrays."""
    usable = tuple(run for run in runs if isinstance(rate(run.setup, run.load), Rate))
    works, tails = [], []
    for run in usable:
        running = engine(run.setup.engine)
        assert running is not None
        most = room(run.setup, run.load, running).most
        batch = most if run.load.concurrency is None else min(run.load.concurrency, most)
        works.append(work_of(run.setup, run.load, running, batch))
        tails.append(work_of(run.setup, run.load, running, TAIL_SEQUENCES))
    burst = [run.load.concurrency or 0.0 if run.load.kind == "burst" else 0.0 for run in usable]
    per_card = [run.load.output_tokens / run.setup.cards for run in usable]
    # The tail's steps pass every stage of a pipeline.
    stages = np.array([float(run.setup.pipeline) for run in usable])
    return Stack(
        usable,
        _columns(works),
        replace(_columns(tails), output_tokens=np.array([r.load.output_tokens for r in usable]) * stages),
        np.array(burst),
        np.array(per_card),
        np.log([run.tokens_per_s_per_card for run in usable]),
        _weights(usable),
    )


def _columns(works: Sequence[Work]) -> Work:
    return Work(**{f.name: np.array([getattr(work, f.name) for work in works]) for f in fields(Work)})


def _weights(runs: Sequence[Run]) -> Floats:
    """Each publisher counts once; within it, each model on each card with each engine by the root of its runs."""
    kinds = [(r.publisher, r.setup.model.name, r.setup.card.name, r.setup.engine, r.setup.precision) for r in runs]
    counts: dict[tuple[str, ...], int] = {}
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
    raw = np.array([counts[kind] ** -0.5 for kind in kinds])
    publishers = np.array([run.publisher for run in runs])
    for publisher in set(publishers):
        mine = publishers == publisher
        raw[mine] *= RUNS_PER_PUBLISHER * min(1.0, mine.sum() / WHOLE_PUBLISHER_RUNS) / raw[mine].sum()
    return raw


def priors() -> tuple[Floats, Floats]:
    """Logarithms of the prior medians of the constants, and the standard deviations of these logarithms."""
    rows = {row["name"].replace(" ", "_").replace("-", "_"): row for row in read_table("serving_constants")}
    medians = np.log([float(rows[name]["prior"]) - (name == "overlap") for name in NAMES])
    return medians, np.array([float(rows[name]["prior_sigma"]) for name in NAMES])


def fitted(stack: Stack, where: NDArray[np.bool_]) -> Constants:
    """The constants that fit some runs best, drawn to their priors."""
    from scipy.optimize import least_squares

    medians, sigmas = priors()
    part = part_of(stack, where)
    weights = np.sqrt(part.weights)
    publishers, whose = np.unique([run.publisher for run in part.runs], return_inverse=True)
    count = len(NAMES)

    def residuals(z: Floats) -> Floats:
        error = part.error(constants_of(medians + sigmas * z[:count])) - PUBLISHERS_APART * z[count:][whose]
        robust = np.sign(error) * np.sqrt(2 * (np.sqrt(1 + (error / SCALE) ** 2) - 1))
        return np.concatenate([weights * robust, z])

    start = np.zeros(count + len(publishers))
    found = least_squares(residuals, start, ftol=1e-5, xtol=1e-4, max_nfev=40)
    return constants_of(medians + sigmas * found.x[:count])


def part_of(stack: Stack, where: NDArray[np.bool_]) -> Stack:
    """Some of the runs of a stack."""

    def cut(work: Work) -> Work:
        return Work(**{f.name: getattr(work, f.name)[where] for f in fields(Work)})

    runs = tuple(run for run, kept in zip(stack.runs, where, strict=True) if kept)
    arrays = (stack.burst_requests, stack.per_card, stack.truth, stack.weights)
    return Stack(runs, cut(stack.work), cut(stack.tail), *(array[where] for array in arrays))


def constants_of(logarithms: Floats) -> Constants:
    """Constants from their logarithms; the power mean's exponent from that of what it has above 1."""
    values = dict(zip(NAMES, np.exp(logarithms).tolist(), strict=True))
    return Constants(**{**values, "overlap": 1 + values["overlap"]})


def left_out(stack: Stack) -> tuple[Floats, dict[str, Constants]]:
    """log(measured / predicted) of each run under constants fitted without its publisher, and those constants."""
    publishers = np.array([run.publisher for run in stack.runs])
    errors, found = np.zeros(len(publishers)), {}
    for publisher in dict.fromkeys(publishers.tolist()):
        found[publisher] = fitted(stack, publishers != publisher)
        mine = publishers == publisher
        errors[mine] = stack.error(found[publisher])[mine]
    return errors, found


def spread_of(errors: Floats, publishers: NDArray[np.str_], shift: float) -> float:
    """The standard deviation of the narrowest 80% band that holds three quarters of the runs of every publisher.

    Publishers of few runs do not count, nor those that only a band too wide to say anything would hold.
    """
    widest = float(np.log(WIDEST_BAND)) / (2 * NINETY)
    needed = [
        float(np.quantile(np.abs(errors[publishers == name] - shift), LEAST_INSIDE)) / NINETY
        for name in sorted(set(publishers.tolist()))
        if (publishers == name).sum() >= FEWEST_RUNS
    ]
    return max((need for need in needed if need <= widest), default=widest)


def shift_of(errors: Floats, weights: Floats) -> float:
    """The weighted median of log(measured / predicted)."""
    order = np.argsort(errors)
    return float(errors[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])


def relative(error: Floats) -> Floats:
    """|predicted / measured - 1| from log(measured / predicted)."""
    return np.abs(np.exp(-error) - 1)


def main() -> None:
    """Prints how well publishers left out are predicted, and writes the constants where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, nargs="+", help="tables with the columns of serving_runs.csv")
    parser.add_argument("--further", type=Path, default=FURTHER, help="runs of further publishers")
    parser.add_argument("--write", action="store_true", help="write the constants into the table")
    asked = parser.parse_args()
    paths = asked.runs or [path for path in (SHARED, asked.further) if path.is_file()]
    stack = stacked([run for path in paths for run in read_runs(path)[0]])
    errors, _ = left_out(stack)
    publishers = np.array([run.publisher for run in stack.runs])
    medians = {}
    for publisher in dict.fromkeys(publishers.tolist()):
        mine = relative(errors[publishers == publisher])
        medians[publisher] = float(np.median(mine))
        within = np.quantile(mine, 0.9)
        print(f"{publisher:22} {len(mine):5} runs, error {medians[publisher]:.3f}, 90% within {within:.3f}")
    at = fitted(stack, np.ones(len(publishers), bool))
    for name in NAMES:
        print(f"{name:20} {getattr(at, name):.4g}")
    shift = shift_of(errors, stack.weights)
    bands = {"shift": shift, "spread": spread_of(errors, publishers, shift)}
    print(bands)
    if asked.write:
        _write(at, bands, f"{len(publishers):,} published runs of {len(medians)} publishers")
    mean = round(float(np.mean(list(medians.values()))), 4)
    print(json.dumps({"median_of_publishers": mean, "runs": len(publishers), "publishers": len(medians)}))


def _write(at: Constants, bands: dict[str, float], what: str) -> None:
    values = {name.replace("_", " "): getattr(at, name) for name in NAMES}
    values["four-bit bandwidth"], values["four-bit products"] = at.four_bit_bandwidth, at.four_bit_products
    for table, known in ((CONSTANTS, values), (BANDS, bands)):
        rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
        for row in rows:
            if row["name"] in known:
                row["value"] = f"{known[row['name']]:.4g}"
                row["source"] = f"fitted by benchmarks/inference_fit.py on {what}"
                row["date"] = datetime.date.today().isoformat()
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
