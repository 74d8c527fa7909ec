"""Scores the forecast on measured learning curves it was not fitted to, beside simpler forecasts.

    python benchmarks/forecasting.py [--curves FILE] [--write-tables]

Each curve is cut at 1/4, 1/8, 1/16 and 1/64 of its largest size; the forecast sees at most five sizes up to there and
is judged at the largest. Whatever is learnt (widening, base rates) is learnt without the unit it is judged on.
The last line is one JSON object.
"""

import argparse
import csv
import json
import math
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from tunecase.curve_models import fit_atoms  # noqa: E402
from tunecase.curves import BaseRates, Belief, believe  # noqa: E402
from tunecase.points import LEAST_ERROR  # noqa: E402
from tunecase.records import Point  # noqa: E402

CURVES = ROOT / ".." / "shared" / "data" / "learning_curves.csv"
RATIOS = (4, 8, 16, 64)
GROUPS = {"loss": "llm_loss", "metric": "llm_metric", "other": "other"}
CUTS = (0.1, 0.2, 0.3, 0.5)
DRAWS = 300
LEVELS = (5, 15, 25, 35, 45, 50, 55, 65, 75, 85, 95)
PUBLISHED = {  # the design's own figures for the same protocol, per cent, by group and ratio
    "last value": ((17, 25, 34, 49), (33, 42, 50), (23, 32, 41, 46)),
    "local power law": ((3.0, 4.2, 6.0, 12.2), (25.7, 24.4, 40.5), (17.3, 25.3, 34.4, 53.4)),
    "power law": ((3.9, 5.3, 8.0, 18.8), (27.8, 29.3, 44.5), (14.3, 20.7, 27.6, 34.6)),
    "shape atoms, plain": ((3.4, 4.0, 6.7, 12.6), (29.9, 26.7, 35.7), (16.2, 21.4, 32.0, 47.3)),
}


@dataclass(frozen=True)
class Curve:
    """One measured curve: seeds averaged per size, as errors."""

    name: str
    unit: str
    group: str
    direction: str
    bounded: bool
    sizes: np.ndarray
    errors: np.ndarray
    runs: np.ndarray
    spreads: np.ndarray


@dataclass(frozen=True)
class Task:
    """The first sizes of a curve, to be continued to its largest."""

    curve: Curve
    ratio: int
    kept: tuple[int, ...]

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
        """The belief at its native width; test sizes are unknown, so no score counts as binomial."""
        c = self.curve
        points = [
            Point(
                int(c.sizes[i]),
                1 - c.errors[i] if c.direction == "higher" else c.errors[i],
                int(c.runs[i]),
                None,
                None if math.isnan(c.spreads[i]) else float(c.spreads[i]),
            )
            for i in self.kept
        ]
        belief = believe(points, direction=c.direction, bounded=c.bounded, binomial=False)
        return replace(belief, calibration=replace(belief.calibration, factor=1.0))


def read_curves(path: Path) -> list[Curve]:
    """The curves of the table in its order."""
    rows = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["curve_id"]].append(row)
    return [_curve(name, group) for name, group in rows.items()]


def _curve(name: str, rows: Sequence[dict[str, str]]) -> Curve:
    first = rows[0]
    percent = first["direction"] == "higher" and max(float(row["score"]) for row in rows) > 1.5
    scores, runs = defaultdict(list), defaultdict(int)
    for row in rows:
        n, score = int(float(row["n_train"])), float(row["score"]) / (100 if percent else 1)
        if n:
            scores[n].append(1 - score if first["direction"] == "higher" else score)
            counted = re.fullmatch(r"mean(\d+)", row["seed"])
            runs[n] += int(counted.group(1)) if counted else 1
    sizes = sorted(scores)
    unit, group = _unit(first)
    return Curve(
        name,
        unit,
        group,
        first["direction"],
        not (group == "loss" or unit == "nmt" or first["metric"] == "mae"),
        np.array(sizes, dtype=float),
        np.array([max(float(np.mean(scores[n])), LEAST_ERROR) for n in sizes]),
        np.array([runs[n] for n in sizes]),
        np.array([np.std(scores[n], ddof=1) if len(scores[n]) > 1 else np.nan for n in sizes]),
    )


def _unit(row: dict[str, str]) -> tuple[str, str]:
    if row["source"].startswith("linhaowei1"):
        return row["task"], "loss"
    words = {"pet": "pet", "gptchem": "gptchem", "setfit": "setfit", "google": "nmt", "lcdb": "lcdb"}
    unit = next((name for word, name in words.items() if word in row["source"]), row["source"])
    return unit, "metric" if row["domain"] == "llm_finetune" else "other"


def tasks(curves: Iterable[Curve]) -> list[Task]:
    """Every curve cut at every ratio that leaves three sizes."""
    found = []
    for curve in curves:
        for ratio in RATIOS:
            kept: list[int] = []
            for i in reversed(range(len(curve.sizes))):
                n = curve.sizes[i]
                near = kept and n > curve.sizes[kept[-1]] / 1.7
                if n <= curve.sizes[-1] / ratio and not near and len(kept) < 5:
                    kept.append(i)
            if len(kept) >= 3:
                found.append(Task(curve, ratio, tuple(reversed(kept))))
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
    fit = fit_atoms(task.sizes, np.log(task.errors), noise, roughness=(0.02,), only_true=False)
    return fit.sample(at, DRAWS, np.random.default_rng(0))


def noisy_atoms(task: Task, at: np.ndarray) -> np.ndarray:
    """Shape atoms as shipped."""
    return _floored(task.belief.atoms.sample(at, DRAWS, np.random.default_rng(0)))


def drifting(task: Task, at: np.ndarray) -> np.ndarray:
    """The drifting power law as shipped."""
    return _floored(task.belief.drift.sample(at, DRAWS, np.random.default_rng(0)))


def native_pool(task: Task, at: np.ndarray) -> np.ndarray:
    """Both models, half and half, at native width and without base rates."""
    return np.log(replace(task.belief, models=task.belief.models[:2]).paths(at, DRAWS))


def _floored(log_errors: np.ndarray) -> np.ndarray:
    return np.maximum(log_errors, math.log(LEAST_ERROR))


class Pool:
    """The shipped belief, its widening and base rates learnt without the unit it is asked about."""

    def __init__(self, all_tasks: Sequence[Task]) -> None:
        self.tasks = all_tasks
        self.bases: dict[frozenset[str], BaseRates] = {}
        self.factors: dict[tuple[str, bool], float] = {}

    def base(self, *without: str) -> BaseRates:
        """Base rates from the LLM metric curves of all other units."""
        key = frozenset(without)
        if key not in self.bases:
            self.bases[key] = learn_base_rates([t for t in self.tasks if t.curve.unit not in without])
        return self.bases[key]

    def factor(self, without: str, bounded: bool) -> float:
        """The widening learnt from the misses of all other units of that kind, each forecast without its own unit."""
        key = without, bounded
        if key not in self.factors:
            others = [t for t in self.tasks if t.curve.unit != without and t.curve.bounded == bounded]
            misses = [miss(t, self.native(t, self.base(without, t.curve.unit))) for t in others]
            self.factors[key] = learn_factor(others, misses)
        return self.factors[key]

    @staticmethod
    def native(task: Task, base: BaseRates) -> np.ndarray:
        """Draws of ln e at the largest size before widening."""
        return np.log(replace(task.belief, base=base).paths(task.curve.sizes[-1:], DRAWS))[:, 0]

    def __call__(self, task: Task, at: np.ndarray) -> np.ndarray:
        """Draws of ln e at the sizes asked for."""
        unit = task.curve.unit
        factor = max(1.0, self.factor(unit, task.curve.bounded))
        wide = replace(task.belief.calibration, factor=factor)
        return np.log(replace(task.belief, base=self.base(unit), calibration=wide).paths(at, DRAWS))


def miss(task: Task, draws: np.ndarray) -> float:
    """How many half-widths of the 80% band the truth lies from the median."""
    low, middle, high = np.quantile(draws, (0.1, 0.5, 0.9))
    half = high - middle if task.truth > middle else middle - low
    return abs(task.truth - middle) / (half + 0.001)


def learn_factor(some: Sequence[Task], misses: Sequence[float]) -> float:
    """The 80% quantile of misses, a task weighing 1 / sqrt(tasks of its unit)."""
    weight = _unit_weights(some)
    order = np.argsort(misses)
    at = np.searchsorted(np.cumsum(weight[order]), 0.8 * weight.sum())
    return float(np.asarray(misses)[order][min(at, len(order) - 1)])


def learn_base_rates(some: Sequence[Task]) -> BaseRates:
    """Quantiles of ln e(N)/e(last) by ratio over LLM metric curves; ratios with fewer than ten tasks are left out."""
    ratios, rows = [0.0], [[0.0] * len(LEVELS)]
    for ratio in RATIOS:
        chosen = [t for t in some if t.ratio == ratio and t.curve.group == "metric"]
        if len(chosen) >= 10:
            change = np.array([t.truth - t.last for t in chosen])
            ratios.append(math.log(ratio))
            rows.append(list(_weighted_quantiles(change, _unit_weights(chosen), np.array(LEVELS) / 100)))
    return BaseRates(np.array(ratios), np.array(LEVELS) / 100, np.array(rows))


def _unit_weights(some: Sequence[Task]) -> np.ndarray:
    counts = defaultdict(int)
    for task in some:
        counts[task.curve.unit] += 1
    return np.array([1 / math.sqrt(counts[task.curve.unit]) for task in some])


def _weighted_quantiles(values: np.ndarray, weight: np.ndarray, levels: np.ndarray) -> np.ndarray:
    order = np.argsort(values)
    middle = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    return np.interp(levels, middle, values[order])


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
    """|ln(n_hat / n_true)| for reaching the curve's end level; None where the question does not arise."""
    fit = isotonic(task.curve.errors)
    target = fit[-1]
    n_true = task.curve.sizes[np.argmax(fit <= target)]
    last = task.sizes[-1]
    if n_true <= 1.01 * last or target >= 0.98 * task.errors.min():
        return None
    at = last * np.exp(np.linspace(0, math.log(1e4), 400))
    reached = np.median(forecast(task, at), axis=0) <= math.log(target)
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


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--curves", type=Path, default=CURVES)
    parser.add_argument("--write-tables", action="store_true", help="learn the shipped tables from all units")
    given = parser.parse_args()
    if not given.curves.exists():
        print("skipped: ../shared/data/learning_curves.csv not found")
        return
    all_tasks = tasks(read_curves(given.curves))
    pool = Pool(all_tasks)
    if given.write_tables:
        write_tables(pool)
        return
    forecasts = {
        "last value": last_value,
        "local power law": local_power,
        "power law": power_law,
        "shape atoms, plain": plain_atoms,
        "shape atoms": noisy_atoms,
        "drifting power law": drifting,
        "pool, native": native_pool,
        "POOL (ours)": pool,
    }
    scores = {name: score(forecast, all_tasks) for name, forecast in forecasts.items()}
    needed = {name: [data_needed(forecast, task) for task in all_tasks] for name, forecast in forecasts.items()}
    print_groups(all_tasks, scores, needed)
    print_units(all_tasks, scores["POOL (ours)"])
    verdicts = judge_verdicts(all_tasks, scores["POOL (ours)"])
    print_verdicts(verdicts)
    print(json.dumps(figures(all_tasks, scores["POOL (ours)"], needed["POOL (ours)"], verdicts)))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else math.nan


def print_groups(some: Sequence[Task], scores: dict, needed: dict) -> None:
    """One table per group, and how close the known forecasts come to the published figures."""
    for index, (group, title) in enumerate(GROUPS.items()):
        chosen = [i for i, task in enumerate(some) if task.curve.group == group]
        print(f"\n{title}: {len(chosen)} tasks; mean |ln error| x 100 at 4/8/16/64 times the data")
        for name, rows in scores.items():
            cells = [100 * _mean(rows[i]["error"] for i in chosen if some[i].ratio == ratio) for ratio in RATIOS]
            rest = [_mean(rows[i][key] for i in chosen) for key in ("covered", "width", "crps", "brier")]
            within = _mean(needed[name][i] <= math.log(2) for i in chosen if needed[name][i] is not None)
            line = "/".join(f"{cell:5.1f}" for cell in cells)
            print(
                f"  {name:20}{line}  cover {rest[0]:.2f}  width {rest[1]:.2f}  crps {rest[2]:.3f}"
                f"  brier {rest[3]:.3f}  within 2x {within:.2f}"
            )
            if name in PUBLISHED:
                off = max(abs(a - b) for a, b in zip(cells, PUBLISHED[name][index], strict=False))
                print(f"  {'':20}largest distance from the published cells {off:.1f}")


def print_units(some: Sequence[Task], rows: Sequence[dict]) -> None:
    """Coverage of each source alone."""
    print("\n80% band of POOL by source")
    for unit, (covered, count) in by_source(some, rows).items():
        print(f"  {unit:20}{covered:.2f} of {count}")


def by_source(some: Sequence[Task], rows: Sequence[dict]) -> dict[str, tuple[float, int]]:
    """Coverage and tasks of each source."""
    found: dict[str, list[float]] = defaultdict(list)
    for task, row in zip(some, rows, strict=True):
        found[task.source].append(row["covered"])
    return {unit: (_mean(covered), len(covered)) for unit, covered in found.items()}


def judge_verdicts(some: Sequence[Task], rows: Sequence[dict]) -> dict[str, tuple[int, int, int]]:
    """(wrong, issued, events that did not happen) of "not achievable" by group."""
    found = {}
    for group in GROUPS:
        wrong = issued = absent = 0
        for task, row in zip(some, rows, strict=True):
            if task.curve.group != group:
                continue
            for chance, happened in zip(row["chances"], row["happened"], strict=True):
                said = task.belief.gate.passed and chance < 0.05
                issued, wrong, absent = issued + said, wrong + (said and happened), absent + (not happened)
        found[group] = int(wrong), int(issued), int(absent)
    return found


def print_verdicts(verdicts: dict[str, tuple[int, int, int]]) -> None:
    """How often "not achievable" was wrong, and how many unreached targets it named."""
    print('\n"not achievable within n_max" (gate passed and chance < 5%)')
    for group, (wrong, issued, absent) in verdicts.items():
        print(f"  {group:8}wrong {wrong} of {issued}, recall {(issued - wrong) / absent:.2f}")


def figures(some: Sequence[Task], rows: Sequence[dict], needed: Sequence[float | None], verdicts: dict) -> dict:
    """The figures of the last line."""
    found: dict = {}
    for group, title in GROUPS.items():
        chosen = [i for i, task in enumerate(some) if task.curve.group == group]
        ratios = {
            str(r): round(_mean(rows[i]["error"] for i in chosen if some[i].ratio == r), 4)
            for r in RATIOS
            if any(some[i].ratio == r for i in chosen)
        }
        known = [needed[i] for i in chosen if needed[i] is not None]
        found[title] = {
            "mean_abs_log_error": ratios,
            "crps": round(_mean(rows[i]["crps"] for i in chosen), 4),
            "coverage80": round(_mean(rows[i]["covered"] for i in chosen), 3),
            "width": round(_mean(rows[i]["width"] for i in chosen), 3),
            "brier": round(_mean(rows[i]["brier"] for i in chosen), 4),
            "within2x": round(_mean(gap <= math.log(2) for gap in known), 3),
            "n": len(chosen),
        }
    wrong, issued, absent = (sum(v[i] for v in verdicts.values()) for i in range(3))
    found["not_achievable"] = {
        "wrong": round(wrong / max(issued, 1), 4),
        "recall": round((issued - wrong) / absent, 3),
        "verdicts": issued,
    }
    found["by_source"] = {unit: round(cover, 3) for unit, (cover, _) in by_source(some, rows).items()}
    found["seconds_per_forecast"] = round(seconds_per_forecast(some[:: len(some) // 20]), 4)
    return found


def seconds_per_forecast(some: Sequence[Task]) -> float:
    """Median wall time of one belief and its paths at sixteen sizes."""
    times = []
    for task in some:
        points, curve = task.belief.points, task.curve
        begun = time.perf_counter()
        belief = believe(points, direction=curve.direction, bounded=curve.bounded, binomial=False)
        belief.paths(np.geomspace(points[0].n, 64 * points[-1].n, 16))
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def write_tables(pool: Pool) -> None:
    """Learn the two shipped tables from all units."""
    source = (
        "benchmarks/forecasting.py on learning_curves.csv (TevenLeScao/pet, huggingface/setfit, kjappelbaum/gptchem"
    )
    today = time.strftime("%Y-%m-%d")
    factors = []
    for kind, bounded in (("bounded", True), ("unbounded", False)):
        used = [task for task in pool.tasks if task.curve.bounded == bounded]
        more = "lcdb 0.1.0" if bounded else "Fine-tuning-Scaling-Law, revisiting_neural_scaling_laws"
        units = len({task.source for task in used})
        factors.append([kind, round(pool.factor("", bounded), 3), units, len(used), f"{source}, {more})", today])
    base = learn_base_rates(pool.tasks)
    rates = []
    for log_ratio, row in zip(base.log_ratios[1:], base.quantiles[1:], strict=True):
        ratio = round(math.exp(log_ratio))
        used = [task for task in pool.tasks if task.curve.group == "metric" and task.ratio == ratio]
        units = len({task.curve.unit for task in used})
        rates.append([ratio, *(round(float(v), 4) for v in row), len(used), units, source + ")", today])
    levels = [f"p{level:02}" for level in LEVELS]
    _write("curve_calibration", ["kind", "factor", "units", "tasks", "source", "date"], factors)
    _write("curve_base_rates", ["ratio", *levels, "tasks", "units", "source", "date"], rates)


def _write(name: str, header: list[str], rows: list[list]) -> None:
    path = ROOT / "src" / "tunecase" / "tables" / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


if __name__ == "__main__":
    main()
