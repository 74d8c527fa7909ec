"""From a few points of a learning curve to a belief about all of it: draws of the true error at any size.

Everything is computed on an error e (1 - score, or the score itself where lower is better), in logarithms. Two
independent models are pooled draw for draw; without a clear signal in a bounded metric, a third of the pool is what
measured curves did at that ratio; the pool is widened by what it missed on curves that it had not seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.curve_models import AtomFit, DriftFit, fit_atoms, fit_drift
from tunecase.records import Point
from tunecase.spread import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEAST_ERROR = 0.005  # below this, logarithms of errors are mostly noise
LEAST_SIZES = 3
FARTHEST = 64  # times the largest size: beyond, nothing was ever checked
SEED_SD = 0.033  # mean over 285 cells of 4 seeds, e between .07 and .9
SIGNAL_CUT = 0.15
SIGNAL_SCATTER = 0.06
BASE_SHARE = 1 / 3


def to_error(score: float, direction: str) -> float:
    """The error of a score: 1 - score where higher is better, else the score.

    Example:
        >>> to_error(0.75, "higher"), to_error(2.5, "lower")
        (0.25, 2.5)
    """
    return 1 - score if direction == "higher" else score


def to_score(error: float, direction: str) -> float:
    """The score of an error, the inverse of `to_error`."""
    return 1 - error if direction == "higher" else error


@dataclass(frozen=True, slots=True)
class Gate:
    """Is there a signal in the pilot? `cut` is 1 - e_last/e_first; `standard_error` that of ln(e_first/e_last)."""

    passed: bool
    cut: float
    standard_error: float | None
    noise_dominates: bool
    why: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """How much wider than native the pool's bands are drawn for one kind of metric, and what that rests on."""

    kind: str
    factor: float
    units: int
    tasks: int
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class BaseRates:
    """What measured LLM curves did: quantiles of ln e(N)/e(last) by ratio N/last; no change at ratio 1."""

    log_ratios: "Array"
    levels: "Array"
    quantiles: "Array"

    def log_changes(self, ratio: "Array", u: "Array") -> "Array":
        """ln e(N)/e(last) at levels u, shape (u, ratios); beyond the last ratio nothing more changes."""
        import numpy as np

        at = np.log(np.maximum(ratio, 1.0))
        by_level = np.array([np.interp(at, self.log_ratios, column) for column in self.quantiles.T])
        return np.array([np.interp(u, self.levels, column) for column in by_level.T]).T


@dataclass(frozen=True, slots=True)
class Belief:
    """What the points let us believe about the curve; see `believe`."""

    points: tuple[Point, ...]
    direction: str
    bounded: bool
    binomial: bool
    gate: Gate
    calibration: Calibration
    models: tuple[str, ...]
    assumptions: tuple[str, ...]
    seed: int
    atoms: AtomFit
    drift: DriftFit
    base: BaseRates

    def paths(self, sizes: "Sequence[float] | Array", draws: int = 2000) -> "Array":
        """The true error at each size in each world, coherent over sizes by matching quantiles.

        Args:
            sizes: n, any order, shape (sizes,).
            draws: worlds.
        Returns: e, shape (draws, sizes); not forced to fall with n.
        Leaves out: worlds whose order changes with n (a world that is bad at one size is bad at all).
        """
        import numpy as np

        at = np.asarray(sizes, dtype=float)
        rng = generator(self.seed, "curve")
        based = round(draws * BASE_SHARE) if "base rate" in self.models else 0
        half = (draws - based + 1) // 2
        parts = [self.atoms.sample(at, half, rng), self.drift.sample(at, draws - based - half, rng)]
        last = self.points[-1]
        ratio = at / last.n
        if based:
            error = _error(last, self.direction)
            parts.append(math.log(error) + self.base.log_changes(ratio, (np.arange(based) + rng.random(based)) / based))
        ranked = np.sort(np.concatenate(parts), axis=0)
        middle = np.median(ranked, axis=0)
        beyond = np.maximum(np.log(np.maximum(ratio, 1)) / math.log(FARTHEST), 1)
        ranked = middle + self.calibration.factor * beyond * (ranked - middle)
        errors = np.maximum(np.exp(ranked[rng.permutation(draws)]), LEAST_ERROR)
        return np.asarray(np.minimum(errors, 1.0) if self.bounded else errors)

    def next_test(self, paths: "Array", test_rows: int | None) -> "Array":
        """The error that the next test will print: the true error, the run's own seed noise, the test's items.

        Args:
            paths: true errors from `paths`.
            test_rows: items of that test [items]; None leaves their noise out.
        Returns: measured errors, same shape as `paths`.
        Leaves out: items that are alike (clustered tests vary more).
        """
        import numpy as np

        rng = generator(self.seed, "next test")
        last = self.points[-1]
        sd = last.sd if last.sd is not None else (SEED_SD * _shrink(paths) if self.bounded else 0.0)
        shift = rng.standard_normal((len(paths), 1)) * sd / math.sqrt(last.draws)
        errors = np.maximum(paths + shift, 0.0)
        if not self.bounded:
            return np.asarray(errors)
        errors = np.minimum(errors, 1.0)
        if not self.binomial or not test_rows:
            return np.asarray(errors)
        return np.asarray(rng.binomial(test_rows, errors) / test_rows)


def reach_share(paths: "Array", error_target: float) -> "Array":
    """The share of worlds whose best error so far meets the target, by each size; never falls with n.

    Args:
        paths: errors, sizes rising, shape (draws, sizes).
        error_target: the error to reach.
    Returns: shape (sizes,), between 0 and 1.
    """
    import numpy as np

    best = np.minimum.accumulate(paths, axis=1)
    return np.asarray((best <= error_target).mean(0))


def believe(points: Sequence[Point], *, direction: str, bounded: bool, binomial: bool, seed: int = 0) -> Belief:
    """The belief about a learning curve from the points of a pilot.

        v_i = (1 - e_i)/(m_i e_i) + (sd/e_i)^2 / draws_i     the variance of ln e_i by measuring
        pool = half shape atoms, half drifting power law; no signal: a third base rate (bounded metrics only)

    Args:
        points: at least two sizes; points of one size are averaged.
        direction: "higher" or "lower" is better.
        bounded: the score is a share between 0 and 1.
        binomial: the score counts right items, so that m items give it a binomial's noise.
        seed: same seed, same belief.
    Returns: a Belief.
    Raises: ValueError below two sizes.
    Leaves out: the common error of points that share one test set, and anything but the number of examples.
    """
    import numpy as np

    tidy = merge(points, direction)
    if len(tidy) < 2:
        raise ValueError(f"a curve needs two sizes, got {len(tidy)}")
    sizes = np.array([float(point.n) for point in tidy])
    log_error = np.log([_error(point, direction) for point in tidy])
    noise = _noise(tidy, direction, bounded, binomial)
    signal = gate(tidy, direction=direction, bounded=bounded, binomial=binomial)
    models = ("shape atoms", "drifting power law")
    if bounded and not signal.passed:
        models = (*models, "base rate")
    kept = calibration("bounded" if bounded else "unbounded")
    words = _assumptions(tidy, bounded, binomial, kept, models)
    fits = fit_atoms(sizes, log_error, noise), fit_drift(sizes, log_error, noise)
    return Belief(tidy, direction, bounded, binomial, signal, kept, models, words, seed, *fits, base_rates())


def merge(points: Sequence[Point], direction: str) -> tuple[Point, ...]:
    """One point per size, rising in n: scores averaged over draws, sizes of 0 left out, percent made shares.

    Points of one size that hold one run each also give the spread from run to run, pooled over all sizes
    (root mean square), unless the caller states it.
    """
    import numpy as np

    used = [point for point in points if point.n > 0]
    scale = 100 if direction == "higher" and any(point.score > 1.5 for point in used) else 1
    groups = {n: [point for point in used if point.n == n] for n in sorted({point.n for point in used})}
    spreads = [float(np.var([p.score for p in g], ddof=1)) for g in groups.values() if len(g) > 1]
    seen = math.sqrt(sum(spreads) / len(spreads)) / scale if spreads else None
    merged = []
    for n, group in groups.items():
        runs = sum(point.draws for point in group)
        score = sum(point.score * point.draws for point in group) / runs / scale
        stated = [point.sd / scale for point in group if point.sd is not None]
        rows = [point.test_rows for point in group if point.test_rows]
        sd = max(stated) if stated else seen
        merged.append(Point(n, score, runs, min(rows) if rows else None, sd))
    known = [point.sd for point in merged if point.sd is not None]
    pooled = math.sqrt(sum(sd**2 for sd in known) / len(known)) if known else None
    return tuple(replace(point, sd=pooled) for point in merged)


def gate(points: Sequence[Point], *, direction: str, bounded: bool, binomial: bool) -> Gate:
    """Is the pilot's improvement a signal? It must cut the error by 15% and stand out of the noise.

        cut = 1 - e_last/e_first >= 15%, and
        with a known test size: ln(e_first/e_last) > 2 sqrt(v_first + v_last); else: scatter around a straight line
        in logs (root mean square) < .06

    Leaves out: improvements between the ends; the thresholds are judgement, not tuned.
    """
    import numpy as np

    tidy = merge(points, direction)
    errors = np.array([_error(point, direction) for point in tidy])
    cut = float(1 - errors[-1] / errors[0])
    variance = _noise(tidy, direction, bounded, binomial)[-1]
    measured = binomial and all(point.test_rows for point in (tidy[0], tidy[-1]))
    standard_error = math.sqrt(variance[0] + variance[-1]) if measured or variance.any() else None
    words = f"the error fell by {cut:.0%} from {tidy[0].n:,} to {tidy[-1].n:,} examples"
    if cut <= 0:
        words = f"the error did not fall from {tidy[0].n:,} to {tidy[-1].n:,} examples"
    gain = math.log(errors[0] / errors[-1])
    if measured and standard_error is not None:
        noisy = gain <= 2 * standard_error
        words += f", {gain / standard_error:.1f} times its standard error" if gain > 0 else ""
    else:
        x, y = np.log([point.n for point in tidy]), np.log(errors)
        slope = np.polyfit(x, y, 1)
        scatter = float(np.sqrt(np.mean((y - np.polyval(slope, x)) ** 2)))
        noisy = scatter >= SIGNAL_SCATTER
        words += f", scattering {scatter:.0%} around a straight line"
    return Gate(cut >= SIGNAL_CUT and not noisy, cut, standard_error, noisy, words)


@cache
def calibration(kind: str) -> Calibration:
    """The widening learnt for "bounded" or "unbounded" metrics, at least 1."""
    row = next(row for row in catalog.read_table("curve_calibration") if row["kind"] == kind)
    factor = max(1.0, float(row["factor"]))
    return Calibration(kind, factor, int(row["units"]), int(row["tasks"]), row["source"], row["date"])


@cache
def base_rates() -> BaseRates:
    """The shipped base rates."""
    import numpy as np

    rows = catalog.read_table("curve_base_rates")
    levels = [key for key in rows[0] if key[1:].isdigit()]
    ratios = np.array([0.0, *(math.log(float(row["ratio"])) for row in rows)])
    values = np.array([[0.0] * len(levels), *([float(row[level]) for level in levels] for row in rows)])
    return BaseRates(ratios, np.array([int(level[1:]) / 100 for level in levels]), values)


def _error(point: Point, direction: str) -> float:
    return max(to_error(point.score, direction), LEAST_ERROR)


def _shrink(error: "Array") -> "Array":
    """Seeds move a score less near its ends, as sqrt(e(1-e)), level in the middle; seen down to e = .07."""
    import numpy as np

    return np.minimum(np.sqrt(np.maximum(error * (1 - error), 1e-6)) / 0.45, 1.0)


def _noise(points: Sequence[Point], direction: str, bounded: bool, binomial: bool) -> "Array":
    """Variance of ln e by measuring, one row per hypothesis, the largest last.

    A spread that nobody measured is a guess: the points may also be quieter than it, so both compete.
    """
    import numpy as np

    errors = np.array([_error(point, direction) for point in points])
    runs = np.array([point.draws for point in points])
    rows = np.array([point.test_rows or np.inf for point in points])
    test = np.maximum(1 - errors, LEAST_ERROR) / (rows * errors) if binomial else np.zeros(len(points))
    sd = points[0].sd
    if sd is not None:
        return np.asarray(test + (sd / errors) ** 2 / runs)[None]
    if not bounded:
        return np.asarray(test)[None]
    return np.array([test, test + (SEED_SD * _shrink(errors) / errors) ** 2 / runs])


def _assumptions(
    points: Sequence[Point], bounded: bool, binomial: bool, kept: Calibration, models: Sequence[str]
) -> tuple[str, ...]:
    words = [f"{' and '.join(models[:2])} pooled half and half"]
    if "base rate" in models:
        words.append("no clear signal in the points: a third of the belief is what other measured curves did")
    sd = points[0].sd
    if sd is not None:
        words.append(f"scores differ from run to run by {_spread_words(sd, bounded)} (seen in the points)")
    elif bounded:
        words.append(f"scores differ from run to run by up to {100 * SEED_SD:.1f} points (assumed; one draw per size)")
    if binomial and not all(point.test_rows for point in points):
        words.append("the number of test items is unknown: their noise is not counted")
    widened = f"band widened {kept.factor:.2f} times" if kept.factor > 1 else "band as the models give it, never narrower"
    words.append(f"{widened}, from {kept.units} independent sources of measured curves")
    return tuple(words)


def _spread_words(sd: float, bounded: bool) -> str:
    return f"{100 * sd:.1f} points" if bounded else f"{sd:.3g}"
