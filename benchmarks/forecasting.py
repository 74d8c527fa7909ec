"""Scores the forecast on measured learning curves it was not fitted to, beside simpler forecasts.

    python benchmarks/forecasting.py [--curves FILE] [--sealed] [--ours] [--write-tables [--add FILE ...]]

Each curve is cut at 1/4, 1/8, 1/16 and 1/64 of its largest size; the forecast sees at most five sizes up to there and
is judged at the largest. Whatever is learnt (lessons, base rates, widening) is learnt from the shipped library without
the unit judged, so a forecast never saw a curve of the source it is asked about. FILE brings curves of its own, with
the columns curve_id, source, domain, task, model, metric, direction, n_train, score, seed. `--sealed` scores those
publishers that were set aside before choices were made, with nothing learnt from any of them. They were opened once;
some choices (the pilot's last error as what the width depends on, whose curves are lessons) were made after that.
The last line is one JSON object.
"""

import argparse
import csv
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from curve_files import PACKED, Curve, pilot, read_curves, shipped_curves, with_added
from curve_widths import KINDS, kind, learn_widths
from forecasting_figures import (
    RATIOS,
    figures,
    judge_verdicts,
    print_groups,
    print_publishers,
    print_units,
    print_verdicts,
    rounded,
)

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from tunecase.forecast.curves import Belief, Sketch  # noqa: E402
from tunecase.forecast.lessons import LEAST_RATIO, Ahead, Lessons, lessons, read_lessons, regression  # noqa: E402
from tunecase.forecast.models import Prior, fit_atoms  # noqa: E402
from tunecase.forecast.points import LEAST_ERROR  # noqa: E402
from tunecase.forecast.widths import Calibration  # noqa: E402

CUTS = (0.1, 0.2, 0.3, 0.5)
DRAWS = 300
PLAIN = Prior(0.2, 1.2, 0.45, 3e6)  # the published one
READ = "2026-11-29"  # the day on which the tables were drawn from the library
# Whose curves are lessons. All others teach widths only: with their lessons too, publishers left out fared worse
# (CRPS of losses by 3.8%, of fine-tunes' other scores by 2.1%).
TEACH = ("flan", "wmt19", "pet", "gptchem", "setfit", "nmt", "lcdb")
MOST_LESSONS, FARTHEST_LESSON = 10, 300  # of a curve; times the largest size


@dataclass(frozen=True)
class Task:
    """The first sizes of a curve, to be continued to its largest."""

    curve: Curve
    ratio: int
    kept: tuple[int, ...]
    without: frozenset[str] = frozenset()  # units that teach nothing, beside its own

    @property
    def sizes(self) -> np.ndarray:
        """The sizes the forecast sees."""
        return self.curve.sizes[list(self.kept)]

    @property
    def errors(self) -> np.ndarray:
        """Their errors."""
        return self.curve.errors[list(self.kept)]

    @property
    def truth(self) -> float:
        """ln e at the largest size."""
        return math.log(self.curve.errors[-1])

    @property
    def last(self) -> float:
        """ln e at the last size seen."""
        return math.log(self.errors[-1])

    @property
    def source(self) -> str:
        """The unit, errors in a unit of their own apart."""
        mae = self.curve.unit == "gptchem" and not self.curve.bounded
        return f"{self.curve.unit} (MAE)" if mae else self.curve.unit

    @cached_property
    def belief(self) -> Belief:
        """The belief at its native width, learnt without the unit."""
        return self.curve.belief(self.kept, lessons_without(self.without | {self.curve.unit}))

    @cached_property
    def sketches(self) -> dict[int, Sketch]:
        """Where the models go, by the number of sizes asked for."""
        return {}

    def sketch(self, at: np.ndarray) -> Sketch:
        """Where the models go, drawn once for one size and once for many."""
        if len(at) not in self.sketches:
            self.sketches[len(at)] = self.belief.sketch(at)
        return self.sketches[len(at)]


@cache
def lessons_without(units: frozenset[str]) -> Lessons:
    """The shipped lessons of all other units."""
    return lessons().without(units)


def tasks(curves: Iterable[Curve], without: frozenset[str] = frozenset()) -> list[Task]:
    """Every curve cut at every ratio that leaves three sizes; nothing is learnt from the units in `without`."""
    found = []
    for curve in curves:
        for ratio in RATIOS:
            kept = pilot(curve.sizes, curve.sizes[-1] / ratio) if len(curve.sizes) else ()
            if len(kept) >= 3:
                found.append(Task(curve, ratio, kept, without))
    return found


def last_value(task: Task, at: np.ndarray) -> np.ndarray:
    """Nothing changes."""
    return np.full((1, len(at)), task.last)


def local_power(task: Task, at: np.ndarray) -> np.ndarray:
    """A straight line in logs through the last three points, never rising."""
    x, y = np.log(task.sizes[-3:]), np.log(task.errors[-3:])
    slope = min(float(np.polyfit(x, y, 1)[0]), 0.0)
    return (y.mean() + slope * (np.log(at) - x.mean()))[None]


def power_law(task: Task, at: np.ndarray) -> np.ndarray:
    """a + b n^-c, least squares in logs over a grid of c, a and b not negative."""
    n, e = task.sizes, task.errors
    c = np.exp(np.linspace(math.log(0.02), math.log(3), 80))[:, None]
    x = n**-c
    centred = x - x.mean(1, keepdims=True)
    b = np.maximum((centred * (e - e.mean())).sum(1) / (centred**2).sum(1), 0)
    a = e.mean() - b * x.mean(1)
    b = np.where(a < 0, (x * e).sum(1) / (x**2).sum(1), b)
    a = np.maximum(a, 0)
    loss = ((np.log(a[:, None] + b[:, None] * x) - np.log(e)) ** 2).sum(1)
    i = int(loss.argmin())
    return np.log(np.maximum(a[i] + b[i] * at ** -c[i, 0], LEAST_ERROR))[None]


def plain_atoms(task: Task, at: np.ndarray) -> np.ndarray:
    """Shape atoms with one constant scatter of 2% and nothing known about noise."""
    noise = np.zeros((1, len(task.sizes)))
    fit = fit_atoms(task.sizes, np.log(task.errors), noise, PLAIN, roughness=(0.02,), only_true=False)
    return fit.sample(at, DRAWS, np.random.default_rng(0))


def noisy_atoms(task: Task, at: np.ndarray) -> np.ndarray:
    """Shape atoms as shipped."""
    return _floored(task.belief.atoms.sample(at, DRAWS, np.random.default_rng(0)))


def drifting(task: Task, at: np.ndarray) -> np.ndarray:
    """The drifting power law as shipped."""
    return _floored(task.belief.drift.sample(at, DRAWS, np.random.default_rng(0)))


def nearest(task: Task, at: np.ndarray) -> np.ndarray:
    """What the lessons most alike say."""
    return _learnt(task, at, task.belief.library.nearest)


def regressed(task: Task, at: np.ndarray) -> np.ndarray:
    """What the regression over all lessons says."""
    return _learnt(task, at, regression(task.belief.library).quantiles)


def base_rate(task: Task, at: np.ndarray) -> np.ndarray:
    """What fine-tunes did at that ratio, whatever the pilot."""
    return _learnt(task, at, task.belief.library.base)


def _learnt(task: Task, at: np.ndarray, forecast: Callable[[Ahead, np.ndarray], np.ndarray]) -> np.ndarray:
    sketch = task.sketch(at)
    levels = (np.arange(DRAWS) + 0.5) / DRAWS if len(at) == 1 else np.array([0.5])
    return _floored(sketch.blend(levels, sketch.level + forecast(sketch.ahead, levels)))


def _floored(log_errors: np.ndarray) -> np.ndarray:
    return np.maximum(log_errors, math.log(LEAST_ERROR))


class Pool:
    """The shipped belief, its width learnt without the unit it is asked about."""

    def __init__(self, known: Sequence[Task]) -> None:
        self.known = known
        self.learnt: dict[tuple[str, str], Calibration] = {}

    @cached_property
    def misses(self) -> list[float]:
        """How far each known task was missed, forecast without its own unit, in half-widths of the models' own band."""
        return [miss(task, np.log(task.belief.paths(task.curve.sizes[-1:], DRAWS))[:, 0]) for task in self.known]

    def calibration(self, without: str, name: str, source: str = "", date: str = "") -> Calibration:
        """The width learnt from the misses of all other units of that kind."""
        key = without, name
        if key not in self.learnt:
            used = [i for i, task in enumerate(self.known) if task.curve.unit != without and kind(task) == name]
            some, misses = [self.known[i] for i in used], [self.misses[i] for i in used]
            self.learnt[key] = learn_widths(name, some, misses, source, date)
        return self.learnt[key]

    def belief(self, task: Task) -> Belief:
        """The belief at the width learnt from others."""
        return replace(task.belief, calibration=self.calibration(task.curve.unit, kind(task)))

    def __call__(self, task: Task, at: np.ndarray) -> np.ndarray:
        """Draws of ln e at the sizes asked for."""
        return np.log(self.belief(task).paths(at, DRAWS))


def miss(task: Task, draws: np.ndarray) -> float:
    """How many half-widths of the 80% band the truth lies from the median."""
    low, middle, high = np.quantile(draws, (0.1, 0.5, 0.9))
    half = high - middle if task.truth > middle else middle - low
    return abs(task.truth - middle) / (half + 0.001)


def crps(draws: np.ndarray, truth: float) -> float:
    """Continuous ranked probability score of a sample."""
    ranked, n = np.sort(draws), len(draws)
    return float(np.abs(ranked - truth).mean() - ((2 * np.arange(1, n + 1) - n - 1) * ranked).sum() / n**2)


def score(forecast: Callable[[Task, np.ndarray], np.ndarray], some: Sequence[Task]) -> list[dict[str, float]]:
    """One row of scores per task."""
    rows = []
    for task in some:
        draws = forecast(task, task.curve.sizes[-1:])[:, 0]
        low, middle, high = np.quantile(draws, (0.1, 0.5, 0.9))
        chances = [float(np.mean(draws <= task.last + math.log(1 - cut))) for cut in CUTS]
        happened = [task.truth <= task.last + math.log(1 - cut) for cut in CUTS]
        rows.append(
            {
                "error": abs(middle - task.truth),
                "covered": low <= task.truth <= high,
                "width": high - low,
                "crps": crps(draws, task.truth),
                "brier": float(np.mean([(p - o) ** 2 for p, o in zip(chances, happened, strict=True)])),
                "chances": chances,
                "happened": happened,
            }
        )
    return rows


def data_needed(forecast: Callable[[Task, np.ndarray], np.ndarray], task: Task) -> float | None:
    """|ln(n_hat / n_true)| for reaching the curve's end level; None where the question does not arise.

    n_hat is the first of 400 sizes at which the median forecast meets it; of our belief, its own best guess.
    """
    fit = isotonic(task.curve.errors)
    target = fit[-1]
    n_true = task.curve.sizes[np.argmax(fit <= target)]
    last = task.sizes[-1]
    if n_true <= 1.01 * last or target >= 0.98 * task.errors.min():
        return None
    at = last * np.exp(np.linspace(0, math.log(1e4), 400))
    named = nearest if isinstance(forecast, Pool) else forecast  # as `Belief.middle` does
    middle = np.median(named(task, at), axis=0)
    reached = middle <= math.log(target)
    n_hat = at[np.argmax(reached)] if reached.any() else 1e4 * last
    return abs(math.log(n_hat / n_true))


def isotonic(errors: np.ndarray) -> np.ndarray:
    """The closest curve that never rises."""
    blocks: list[list[float]] = []
    for error in errors:
        blocks.append([float(error), 1])
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            (b, m), (a, k) = blocks.pop(), blocks.pop()
            blocks.append([(a * k + b * m) / (k + m), k + m])
    return np.concatenate([np.full(int(count), value) for value, count in blocks])


PEERS = {
    "last value": last_value,
    "local power law": local_power,
    "power law": power_law,
    "shape atoms, plain": plain_atoms,
    "shape atoms": noisy_atoms,
    "drifting power law": drifting,
    "nearest lessons": nearest,
    "regression": regressed,
    "base rate": base_rate,
}
OURS = "POOL (ours)"


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curves", type=Path, help="score these curves; the shipped library when left out")
    parser.add_argument("--ours", action="store_true", help="leave out the simpler, slower forecasts")
    parser.add_argument(
        "--sealed", action="store_true", help="score the publishers set aside, none of them learnt from"
    )
    parser.add_argument("--write-tables", action="store_true", help="write the shipped tables from the shipped curves")
    parser.add_argument("--add", type=Path, nargs="*", default=[], help="with those of these files")
    given = parser.parse_args()
    if given.curves and not given.curves.exists():
        print(f"skipped: {given.curves} not found")
    elif given.write_tables:
        write_tables(with_added(shipped_curves(), given.add))
    else:
        print(json.dumps(run_on(given.curves, peers=not given.ours, sealed=given.sealed)))


def run_on(path: Path | None, *, peers: bool = True, widened: bool = True, sealed: bool = False) -> dict:
    """Score the curves of a file, or of the shipped library; print the tables and return the figures.

    Args:
        path: a file of curves; None is the shipped library.
        peers: the simpler forecasts too.
        widened: learn the width of our band from the shipped library first, which takes seconds.
        sealed: score the sealed publishers of the shipped library, and learn from no sealed one.
    """
    shipped = shipped_curves()
    aside = frozenset(curve.unit for curve in shipped if curve.sealed) if sealed else frozenset()
    known = tasks([curve for curve in shipped if curve.unit not in aside], aside)
    if path:
        asked = tasks(read_curves(path), aside)
    else:
        asked = tasks([curve for curve in shipped if curve.sealed], aside) if sealed else known
    forecasts = {**(PEERS if peers else {}), OURS: Pool(known if widened else [])}
    scores = {name: score(forecast, asked) for name, forecast in forecasts.items()}
    needed: dict[str, list[float | None]] = {name: [] for name in forecasts}
    for task in asked:
        for name, forecast in forecasts.items():
            needed[name].append(data_needed(forecast, task))
        task.sketches.clear()
    print_groups(asked, scores, needed)
    print_units(asked, scores[OURS])
    verdicts = judge_verdicts(asked, scores[OURS])
    print_verdicts(verdicts)
    found = figures(asked, scores[OURS], needed[OURS], verdicts)
    print_publishers(found["by_publisher"])
    return found | {"seconds_per_forecast": rounded(seconds_per_forecast(asked[:: max(len(asked) // 20, 1)]))}


def seconds_per_forecast(some: Sequence[Task]) -> float:
    """Median wall time of one belief and its paths at sixteen sizes."""
    times = []
    for task in some:
        begun = time.perf_counter()
        belief = task.curve.belief(task.kept, lessons())
        belief.paths(np.geomspace(task.sizes[0], 64 * task.sizes[-1], 16))
        times.append(time.perf_counter() - begun)
    return float(np.median(times)) if times else math.nan


def write_tables(curves: Sequence[Curve]) -> None:
    """The shipped tables: the library of curves, the lessons drawn from it, the widening learnt from both."""
    header = ["curve", "source", "unit", "group", "domain", "task", "model", "metric", "direction", "bounded"]
    header += [*PACKED, "licence", "sealed", "date"]
    rows = [{"curve": c.name, "sealed": "no", **c.facts} for c in curves]
    _write("curve_library", header, [[row[key] for key in header] for row in rows])
    columns = ["curve", "unit", "language_model", "bounded", "last", "n"]
    columns += ["atoms", "drift", "atoms_width", "drift_width", "bend", "truth", "source", "date"]
    taught = [row for curve in curves if curve.unit in TEACH for row in lesson_rows(curve)]
    _write("curve_lessons", columns, taught)
    lessons.cache_clear()
    lessons_without.cache_clear()
    pool = Pool(tasks(curves))
    learnt = [pool.calibration("", name, "curve_library.csv", READ) for name in KINDS]
    columns = [field.name for field in fields(Calibration)]
    cells = [[getattr(row, name) for name in columns] for row in learnt]
    _write("curve_calibration", columns, [[f"{x:.4g}" if isinstance(x, float) else x for x in row] for row in cells])


def lesson_rows(curve: Curve) -> list[list]:
    """At most ten lessons of a curve, spread evenly over its pilots and later sizes."""
    pairs = [
        (kept, later)
        for end in range(2, len(curve.sizes) - 1)
        if len(kept := pilot(curve.sizes, curve.sizes[end])) >= 3
        for later in range(end + 1, len(curve.sizes))
        if LEAST_RATIO <= curve.sizes[later] / curve.sizes[end] <= FARTHEST_LESSON
    ]
    chosen = np.unique(np.linspace(0, len(pairs) - 1, min(len(pairs), MOST_LESSONS)).round().astype(int))
    rows = []
    for kept, later in (pairs[i] for i in chosen):
        sketch = curve.belief(kept, read_lessons([])).sketch(curve.sizes[[later]])
        ahead = sketch.ahead
        models = [part[0] for part in (ahead.atoms, ahead.drift, ahead.atoms_width, ahead.drift_width)] + [ahead.bend]
        truth = math.log(curve.errors[later]) - sketch.level
        kind = [int(curve.group != "other"), int(curve.bounded)]
        sizes = [int(curve.sizes[kept[-1]]), int(curve.sizes[later])]
        rows.append(
            [
                curve.name,
                curve.unit,
                *kind,
                *sizes,
                *(f"{x:.4g}" for x in (*models, truth)),
                "curve_library.csv",
                curve.facts["date"],
            ]
        )
    return rows


def _write(name: str, header: list[str], rows: list[list]) -> None:
    path = ROOT / "src" / "tunecase" / "catalog" / "tables" / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    main()
