"""From a few points of a learning curve to a belief about all of it: draws of the true error at any size.

Everything is computed on an error e (1 - score, or the score itself where lower is better), in logarithms. Two
independent models are pooled draw for draw; for a bounded metric a tenth of the pool, without a clear signal a third,
is what measured curves did at that ratio; the pool is widened by what it missed on curves that it had not seen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.curve_models import AtomFit, DriftFit, fit_atoms, fit_drift
from tunecase.points import LEAST_ERROR, error_of, merge, spreads, to_error, to_score
from tunecase.records import Point
from tunecase.spread import generator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Belief", "Gate", "believe", "gate", "merge", "reach_share", "to_error", "to_score"]

LEAST_SIZES = 3
FARTHEST = 64  # times the largest size: beyond, nothing was ever checked
KNOTS = 14  # sizes at which curves are drawn jointly
SEED_SD = 0.033  # mean over 285 cells of 4 seeds, e between .07 and .9
SIGNAL_CUT = 0.15
SIGNAL_SCATTER = 0.06
BASE_SHARE, BASE_SHARE_NO_SIGNAL = 0.1, 1 / 3  # of the pool, bounded metrics only


@dataclass(frozen=True, slots=True)
class Gate:
    """Is there a signal in the pilot?

    `cut` is 1 - e_last/e_first; `standard_error` that of ln(e_first/e_last), None where no noise is known;
    `test_share` the part of its square that more test items would lower; `noise_dominates` when a cut of 15%, or the
    one seen, could not be told from nothing.
    """

    passed: bool
    cut: float
    standard_error: float | None
    test_share: float
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

    @property
    def base_share(self) -> float:
        """The share of worlds that follow the base rates."""
        if "base rate" not in self.models:
            return 0.0
        return BASE_SHARE if self.gate.passed else BASE_SHARE_NO_SIGNAL

    def paths(self, sizes: "Sequence[float] | Array", draws: int = 2000) -> "Array":
        """The true error at each size in each world; a world is one curve, and curves cross.

        The spread at each size is the calibrated one; which world lies where in it follows the ranks of curves drawn
        jointly from the models (a Schaake shuffle), so that a measurement at one size tells something, but not all,
        of another.

        Args:
            sizes: n, any order, shape (sizes,).
            draws: worlds; the same worlds for every call with as many.
        Returns: e, shape (draws, sizes); not forced to fall with n.
        Leaves out: beyond 64 times the largest size worlds keep the order they have there.
        Source: Clark et al., J. Hydrometeorology 5 (2004), for the shuffle.
        """
        import numpy as np

        at = np.asarray(sizes, dtype=float)
        ranked = self._ranked(at, draws)
        order = np.argsort(self._curves(at, draws), axis=0)
        log_errors = np.empty_like(ranked)
        np.put_along_axis(log_errors, order, ranked, axis=0)
        errors = np.maximum(np.exp(log_errors), LEAST_ERROR)
        return np.asarray(np.minimum(errors, 1.0) if self.bounded else errors)

    def _parts(self, draws: int) -> tuple[int, int, int]:
        """How many of the draws are shape atoms, drifting power laws and base rates."""
        based = round(draws * self.base_share)
        half = (draws - based + 1) // 2
        return half, draws - based - half, based

    def _ranked(self, at: "Array", draws: int) -> "Array":
        """ln e at each size on its own, rising over draws, shape (draws, sizes)."""
        import numpy as np

        rng = generator(self.seed, "curve")
        atoms, drifts, based = self._parts(draws)
        parts = [self.atoms.sample(at, atoms, rng), self.drift.sample(at, drifts, rng)]
        last = self.points[-1]
        ratio = at / last.n
        if based:
            error = error_of(last, self.direction)
            parts.append(math.log(error) + self.base.log_changes(ratio, (np.arange(based) + rng.random(based)) / based))
        ranked = np.sort(np.concatenate(parts), axis=0)
        middle = np.median(ranked, axis=0)
        beyond = np.maximum(np.log(np.maximum(ratio, 1)) / math.log(FARTHEST), 1)
        return np.asarray(middle + self.calibration.factor * beyond * (ranked - middle))

    def _curves(self, at: "Array", draws: int) -> "Array":
        """Jointly drawn ln e, for their order only: drawn at fixed sizes and read between them."""
        import numpy as np

        rng = generator(self.seed, "worlds")
        atoms, drifts, based = self._parts(draws)
        first, last = self.points[0].n, self.points[-1].n
        knots = np.geomspace(first, FARTHEST * last, KNOTS)
        parts = [self.atoms.curves(knots, atoms, rng), self.drift.curves(knots, drifts, rng)]
        if based:
            level = np.log(error_of(self.points[-1], self.direction)) + 0.01 * rng.standard_normal((based, 1))
            parts.append(level + self.base.log_changes(knots / last, rng.random(based)))
        drawn = rng.permutation(np.concatenate(parts))
        where = np.interp(np.log(at), np.log(knots), np.arange(KNOTS))
        low = np.minimum(where.astype(int), KNOTS - 2)
        part = where - low
        return np.asarray((1 - part) * drawn[:, low] + part * drawn[:, low + 1])

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
        seen = spreads(self.points)
        sd = seen[-1] if seen is not None else (SEED_SD * _shrink(paths) if self.bounded else 0.0)
        shift = rng.standard_normal((len(paths), 1)) * sd / math.sqrt(self.points[-1].draws)
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
        pool = half shape atoms, half drifting power law; bounded: of that, 10% give way to base rates, or 33%

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
    log_error = np.log([error_of(point, direction) for point in tidy])
    test, run = item_variance(tidy, direction, binomial), run_variance(tidy, direction, bounded)
    # A spread that nobody measured is a guess; the points may also be quieter than it, so both compete.
    guessed = bounded and spreads(tidy) is None
    noise = np.array([test, test + run]) if guessed else (test + run)[None]
    signal = gate(tidy, direction=direction, bounded=bounded, binomial=binomial)
    models = ("shape atoms", "drifting power law", *(("base rate",) if bounded else ()))
    kept = calibration("bounded" if bounded else "unbounded")
    words = _assumptions(tidy, bounded, binomial, kept, signal)
    fits = fit_atoms(sizes, log_error, noise), fit_drift(sizes, log_error, noise)
    return Belief(tidy, direction, bounded, binomial, signal, kept, models, words, seed, *fits, base_rates())


def gate(points: Sequence[Point], *, direction: str, bounded: bool, binomial: bool) -> Gate:
    """Is the pilot's improvement a signal? It must cut the error by 15% and stand out of the noise.

        cut = 1 - e_last/e_first >= 15%, and
        with a known test size: ln(e_first/e_last) > 2 sqrt(v_first + v_last); else: scatter around a straight line
        in logs (root mean square) < .06

    Leaves out: improvements between the ends; the thresholds are judgement, not tuned.
    """
    import numpy as np

    tidy = merge(points, direction)
    ends = np.array([error_of(tidy[0], direction), error_of(tidy[-1], direction)])
    cut, gain = float(1 - ends[1] / ends[0]), math.log(ends[0] / ends[1])
    test = item_variance(tidy, direction, binomial)[[0, -1]].sum()
    variance = float(test + run_variance(tidy, direction, bounded)[[0, -1]].sum())
    standard_error = math.sqrt(variance) if variance > 0 else None
    words = f"the error {f'fell by {cut:.0%}' if cut > 0 else 'did not fall'}"
    words += f" from {tidy[0].n:,} to {tidy[-1].n:,} examples"
    if test > 0 and standard_error:
        clear = gain > 2 * standard_error
        words += f", {gain / standard_error:.1f} times its standard error" if gain > 0 else ""
    else:
        scatter = _scatter(tidy, direction)
        clear = scatter < SIGNAL_SCATTER
        words += f", scattering {scatter:.0%} around a straight line"
    smallest = max(gain, -math.log(1 - SIGNAL_CUT))
    noisy = standard_error is not None and 2 * standard_error > smallest
    share = float(test / variance) if variance > 0 else 0.0
    return Gate(cut >= SIGNAL_CUT and clear, cut, standard_error, share, noisy, words)


def _scatter(points: Sequence[Point], direction: str) -> float:
    """Root mean square of ln e around a straight line in ln n."""
    import numpy as np

    x, y = np.log([point.n for point in points]), np.log([error_of(point, direction) for point in points])
    left = y - np.polyval(np.polyfit(x, y, 1), x)
    return float(np.sqrt(np.mean(left**2)))


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


def _shrink(error: "Array") -> "Array":
    """Seeds move a score less near its ends, as sqrt(e(1-e)), level in the middle; seen down to e = .07."""
    import numpy as np

    return np.minimum(np.sqrt(np.maximum(error * (1 - error), 1e-6)) / 0.45, 1.0)


def item_variance(points: Sequence[Point], direction: str, binomial: bool) -> "Array":
    """Variance of ln e that comes from a finite test set: (1 - e) / (m e), zero where m is unknown."""
    import numpy as np

    errors = np.array([error_of(point, direction) for point in points])
    rows = np.array([point.test_rows or np.inf for point in points])
    return np.asarray(np.maximum(1 - errors, LEAST_ERROR) / (rows * errors) * binomial)


def run_variance(points: Sequence[Point], direction: str, bounded: bool) -> "Array":
    """Variance of ln e between runs: (sd / e)^2 / runs; sd 3.3 points where a share's spread was not seen."""
    import numpy as np

    errors = np.array([error_of(point, direction) for point in points])
    seen = spreads(points)
    sd = seen if seen is not None else SEED_SD * _shrink(errors) * bounded
    return np.asarray((sd / errors) ** 2 / np.array([point.draws for point in points]))


def _assumptions(
    points: Sequence[Point], bounded: bool, binomial: bool, kept: Calibration, signal: Gate
) -> tuple[str, ...]:
    words = ["two curve models pooled half and half: shape atoms and a drifting power law"]
    if bounded:
        part = "a tenth" if signal.passed else "no clear signal in the points, so a third"
        words.append(f"{part} of the belief is what other measured curves did from there")
    sd = spreads(points)
    if sd is not None:
        words.append(f"scores differ from run to run by {_spread_words(sd[-1], bounded)} (seen in the points)")
    elif bounded:
        words.append(f"scores differ from run to run by up to {100 * SEED_SD:.1f} points (assumed)")
    if binomial and not all(point.test_rows for point in points):
        words.append("the number of test items is unknown: their noise is not counted")
    widened = (
        f"band widened {kept.factor:.2f} times" if kept.factor > 1 else "band as the models give it, never narrower"
    )
    words.append(f"{widened}, from {kept.units} independent sources of measured curves")
    return tuple(words)


def _spread_words(sd: float, bounded: bool) -> str:
    return f"{100 * sd:.1f} points" if bounded else f"{sd:.3g}"
