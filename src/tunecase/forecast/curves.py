"""From a few points of a learning curve to a belief about all of it: draws of the true error at any size.

Everything is computed on an error e (1 - score, or the score itself where lower is better), in logarithms. The
quantiles of several forecasts are averaged: shape atoms, for fine-tuned models a drifting power law, and two
corrections of these models learnt from a library of measured curves. For a fine-tuned model up to a third gives way to
what measured curves did at that ratio, whatever the pilot: the less the models know, the more. The width of the band
is learnt for fine-tunes' losses and other scores; see `widths`. At the largest size measured nothing is forecast: there
the belief is what its own test items and runs say.

What it cannot do, measured on 861 tasks of seven sources and 438 of 49 later ones, each forecast without its own
(`benchmarks/forecasting.py`; metric: scores of fine-tunes; other: all other learners):

- Averaging quantiles instead of throwing draws together cut the CRPS of metrics by 1.5% (mean over 20 publishers), the
  width learnt from the last error by 2.5% more: .153 to .147, Brier score .156 to .153, coverage .87 to .86.
- On 19 publishers sealed before a choice was made the first choice (a width by gain and signal, their lessons not
  learnt but those of 30 others) gained nothing on metrics: CRPS .170 to .172, Brier score .162 to .168, coverage .87 to
  .79. What ships was chosen after that, with all of them in sight, so their figures now (.164) flatter.
- 80% bands hold too few of the first library's metrics (.74) and of translation (.55).
- "Not achievable" below 5% was wrong 2 of 48 times on metrics (both of one publisher), naming 8% of what was not
  reached; of losses 1 of 307, naming 61%. At 10% on metrics 6% would have been wrong.
- The size needed is within a factor of two in 79% of losses, 39% of metrics and 38% of others. Do not plan on it alone.
- Library curves average several runs. From single runs the band held .67 of few-shot prompts instead of .71.
- What fits best does not continue best: a power law with a floor misses losses by 4.0 / 5.4 / 8.2 / 19.6% at 4 / 8 / 16
  / 64 times the data, a line in logs through the last three points by 3.0 / 4.2 / 6.0 / 12.2%, this belief by 2.7 /
  3.3 / 5.1 / 9.7%. Priors of the two models fitted by likelihood to the library continued worse than broad ones.
- The few numbers set by judgement saw every source. Chosen again without the source asked about, the shapes' prior
  costs .004 of CRPS on tabular learners (.166 to .170), .003 on few-shot prompts, and nothing elsewhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tunecase import catalog
from tunecase.forecast.lessons import LEAST_RATIO, Ahead, Lessons, lessons, regression
from tunecase.forecast.models import (
    LOSSES,
    SHALLOW,
    SHARES,
    STEEP,
    AtomFit,
    DriftFit,
    fit_atoms,
    fit_drift,
    odds_slopes,
)
from tunecase.forecast.noise import (
    SEED_SD,
    SIGNAL_CUT,
    Gate,
    Reading,
    common_variance,
    gate,
    item_variance,
    items_known,
    reading,
    run_variance,
    spread_at,
    spreads,
)
from tunecase.forecast.points import LEAST_ERROR, error_of, merge, to_error, to_score
from tunecase.forecast.scale import Scale
from tunecase.forecast.slopes import Slopes, slopes_of
from tunecase.forecast.widths import TESTED, Calibration, calibration, kind_of, level
from tunecase.quantities import BATCHES, Floats, Rng, batch_edges, generator, np
from tunecase.records import Point

__all__ = [
    "SEED_SD",
    "SIGNAL_CUT",
    "Belief",
    "Gate",
    "believe",
    "gate",
    "item_variance",
    "merge",
    "reach_share",
    "run_variance",
    "to_error",
    "to_score",
]

LEAST_SIZES, MOST_SIZES = 3, 30
STAYS, HALVED = 0.8, 0.5  # of the worlds, and of the untouched model's error: judgements, see `nothing_left`
FARTHEST = 64  # times the largest size: beyond, nothing was ever checked
KNOTS = 14  # sizes at which curves are drawn jointly
BASE_SHARE = 1 / 3  # of the pool at most, fine-tuned models only
BASE_DOUBT = 0.3  # 80% width of ln e per ln N at which that share is reached
BASE_RATIO = 8  # at which the doubt is read
SKETCH = 1000  # draws from each model that the learnt forecasts correct
WORSE = 2  # times as far above the middle where the points are at fault: whatever made the score fall may go on
RANKS = 1000  # quantiles of the pool at each size


@dataclass(frozen=True, slots=True)
class Sketch:
    """Where both models go: `ahead` from 1.9 times the last size, `level` and draws `measured` up to the last size.

    `part` is how far each size lies on the way from the last size to 1.9 times it.
    """

    ahead: Ahead
    level: float
    measured: "Floats"
    part: "Floats"

    def blend(self, levels: "Floats", learnt: "Floats") -> "Floats":
        """Blends what the points say of measured sizes into what was learnt of later ones, shape (levels, sizes)."""
        return np.asarray((1 - self.part) * _read(self.measured, levels) + self.part * learnt)


@dataclass(frozen=True, slots=True)
class Belief:
    """What the points let us believe about the curve; see `believe`."""

    points: tuple[Point, ...]
    scale: Scale
    gate: Gate
    calibration: Calibration
    assumptions: tuple[str, ...]
    seed: int
    atoms: AtomFit
    drift: DriftFit
    language_model: bool
    library: Lessons
    base_share: float = 0.0  # of the worlds: those that follow the base rates
    slopes: Slopes | None = None  # of the learner's kind, on which every other world goes on
    stays: float = 0.0  # the share of worlds in which more rows change nothing

    def paths(self, sizes: "Sequence[float] | Floats", draws: int = 2000) -> "Floats":
        """The true error at each size in each world; a world is one curve, and curves cross.

        The spread at each size is the calibrated one; which world lies where in it follows the ranks of curves drawn
        jointly from the models (a Schaake shuffle), so that a measurement at one size tells something, but not all,
        of another.

        Args:
            sizes: n, any order, shape (sizes,).
            draws: worlds; the same worlds for every call with as many. A thousand or more that 50 divides come as 50
                batches, one after the other, each drawn by itself and spread evenly over the belief: means differ from
                seed to seed as the batches' means say.
        Returns: e, shape (draws, sizes); not forced to fall with n.
        Leaves out: beyond 64 times the largest size worlds keep the order they have there; what the seed does not
        deal, the quantiles at each size, is itself off by .001 to .003 in a chance.
        Source: Clark et al., J. Hydrometeorology 5 (2004), for the shuffle.
        """
        at = np.append(np.asarray(sizes, dtype=float), self.points[-1].n)
        batches = _batches(draws)
        curves = self._curves(at, draws).T.reshape(len(at), batches, -1)
        levels = _spread_levels(draws, generator(self.seed, "curve"))
        ranked = _read(self._ranked(at), levels).T.reshape(curves.shape)
        log_errors = np.empty_like(ranked)
        np.put_along_axis(log_errors, np.argsort(curves, axis=2), ranked, axis=2)
        logs, later = log_errors.reshape(len(at), draws).T, np.flatnonzero(at > self.points[-1].n)
        if self.slopes is not None and len(later):
            rng = generator(self.seed, "slopes")
            logs[1::2, later] = self.slopes.ahead(self.points, at[later], logs[1::2, -1], rng)
        if self.stays and len(later):
            rng = generator(self.seed, "nothing left")
            still = np.flatnonzero(_shuffled(_spread_levels(draws, rng), rng) < self.stays)
            logs[np.ix_(still, later)] = logs[still, -1:]
        return np.asarray(np.clip(np.exp(logs[:, :-1]), LEAST_ERROR, self._most))

    def middle(self, sizes: "Sequence[float] | Floats") -> "Floats":
        """One best guess of the error at each size, the best guide to the data needed: the nearest lessons' median.

        Args:
            sizes: n, any order, shape (sizes,).
        Returns: e, shape (sizes,).
        """
        at, half = np.append(np.asarray(sizes, dtype=float), self.points[-1].n), np.array([0.5])
        sketch = self.sketch(at)
        guess = sketch.blend(half, sketch.level + self.library.nearest(sketch.ahead, half))
        return np.asarray(np.clip(np.exp(self._measured(at, guess)[0]), LEAST_ERROR, self._most))

    def _ranked(self, at: "Floats") -> "Floats":
        """Quantiles of ln e at each size on its own, shape (RANKS, sizes); the same for every seed.

        The forecasts' quantiles are averaged, not their draws thrown together: a band of draws is as wide as the
        forecasts are apart, though each of them is wide enough by itself.
        """
        rng, levels = generator(0, "curve"), (np.arange(RANKS) + 0.5) / RANKS
        at = np.append(at, self.points[-1].n)
        sketch = self.sketch(at)
        drawing = (self.atoms, self.drift) if self.drifts else (self.atoms,)
        parts = [np.sort(model.sample(at, RANKS, rng), axis=0) for model in drawing]
        learnt = (self.library.nearest, regression(self.library).quantiles)
        parts += [sketch.blend(levels, sketch.level + ahead(sketch.ahead, levels)) for ahead in learnt]
        ranked = np.mean(parts, axis=0)
        if self.base_share > 0:
            base = sketch.blend(levels, sketch.level + self.library.base(sketch.ahead, levels))
            ranked = (1 - self.base_share) * ranked + self.base_share * base
        middle = np.median(ranked, axis=0)
        ratio = at / self.points[-1].n
        beyond = np.maximum(np.log(np.maximum(ratio, 1)) / math.log(FARTHEST), 1)
        away = ranked - middle
        if self.faulty:
            away = np.where(away > 0, WORSE * away, away)
        return self._measured(at, middle + self.width * beyond * away)

    def _measured(self, at: "Floats", ranked: "Floats") -> "Floats":
        """ln e, rising over draws, moved at the largest size measured to what was measured there.

        The models know the points before it too, but not that all were scored on the same items; and the widening was
        learnt from forecasts. The move fades to nothing at 1.9 times that size, and at 1/1.9.

        Args:
            at: sizes, the largest size measured last, shape (sizes + 1,).
            ranked: ln e there, shape (draws, sizes + 1).
        Returns: shape (draws, sizes).
        """
        levels = (np.arange(len(ranked)) + 0.5) / len(ranked)
        moved = self.reading.quantiles(levels) - ranked[:, -1]
        near = 1 - np.minimum(np.abs(np.log(at[:-1] / at[-1])) / math.log(LEAST_RATIO), 1)
        return np.sort(ranked[:, :-1] + near * moved[:, None], axis=0)

    @property
    def width(self) -> float:
        """The width of the band as a share of the models' own: by kind and level, one number where items are known."""
        if self.tested:
            return TESTED
        return self.calibration.width(level(error_of(self.points[-1], self.scale.direction), self.scale))

    @property
    def reading(self) -> Reading:
        """What the measurement of the largest size says of the true error there."""
        seen = spreads(self.points, self.scale)
        return reading(self.points[-1], self.scale, None if seen is None else float(seen[-1]))

    @property
    def drifts(self) -> bool:
        """False where the drifting power law is left out, which expects too little of most learners of the library."""
        return self.language_model or self.tested

    @property
    def models(self) -> tuple[str, ...]:
        """The forecasts that are averaged."""
        drift, base = ("drifting power law",) if self.drifts else (), ("base rate",) if self.language_model else ()
        slopes = () if self.slopes is None else ("slopes of other tasks",)
        return ("shape atoms", *drift, "nearest lessons", "regression", *base, *slopes)

    @property
    def faulty(self) -> bool:
        """True where points of known test size are uninformative whatever their scatter; see `fault_of`."""
        return bool(self.gate.fault) and self.tested

    @property
    def tested(self) -> bool:
        """True for shares whose test items are known at every size."""
        return items_known(self.points, self.scale)

    @property
    def _most(self) -> float | None:
        return 1.0 if self.scale.bounded else None

    def sketch(self, at: "Floats") -> "Sketch":
        """Where both models go, in the terms of the lessons; the same for every seed."""
        rng = generator(0, "sketch")
        first, last = float(self.points[0].n), float(self.points[-1].n)
        marks = [first, last, LEAST_RATIO * last]
        grid = np.concatenate([marks, np.minimum(at, last), np.maximum(at, LEAST_RATIO * last)])
        drawn = [model.sample(grid, SKETCH, rng) for model in (self.atoms, self.drift)]
        (low_a, atoms, high_a), (low_d, drift, high_d) = (np.quantile(part, (0.1, 0.5, 0.9), axis=0) for part in drawn)
        then, level, soon = (atoms[:3] + drift[:3]) / 2
        later = slice(3 + len(at), None)
        ahead = Ahead(
            np.log(grid[later] / last),
            atoms[later] - level,
            drift[later] - level,
            (high_a - low_a)[later],
            (high_d - low_d)[later],
            np.array(math.log(last)),
            np.array((level - then) / math.log(last / first) - (soon - level) / math.log(LEAST_RATIO)),
            np.array(float(self.language_model)),
        )
        known = np.sort(np.concatenate(drawn)[:, 3 : 3 + len(at)], axis=0)
        part = np.clip(np.log(at / last) / math.log(LEAST_RATIO), 0, 1)
        return Sketch(ahead, float(level), known, part)

    def _curves(self, at: "Floats", draws: int) -> "Floats":
        """Jointly drawn ln e, for their order only: drawn at fixed sizes and read between them."""
        rng = generator(self.seed, "worlds")
        knots = np.geomspace(self.points[0].n, FARTHEST * self.points[-1].n, KNOTS)
        levels = _shuffled(_spread_levels(draws, rng), rng)
        based = levels < self.base_share
        level = 2 * (levels - self.base_share) / (1 - self.base_share)
        shaped, drifting = ~based & (level < 1), level >= 1
        drawn = np.empty((draws, KNOTS))
        drawn[shaped] = self.atoms.curves(knots, level[shaped], rng)
        drawn[drifting] = self.drift.curves(knots, level[drifting] - 1, rng)
        if based.any():
            sketch, steps = self.sketch(knots), (np.arange(SKETCH) + 0.5) / SKETCH
            learnt = _read(self.library.base(sketch.ahead, steps), levels[based] / self.base_share)
            drawn[based] = sketch.blend(rng.random(len(learnt)), sketch.level + learnt)
        where = np.interp(np.log(at), np.log(knots), np.arange(KNOTS))
        low = np.minimum(where.astype(int), KNOTS - 2)
        part = where - low
        return np.asarray((1 - part) * drawn[:, low] + part * drawn[:, low + 1])

    def next_test(self, paths: "Floats", test_rows: int | None) -> "Floats":
        """The error that the next test will print: the true error, the run's own seed noise, the test's items.

        Args:
            paths: true errors from `paths`.
            test_rows: items of that test [items]; None leaves their noise out.
        Returns: measured errors, same shape as `paths`.
        Leaves out: items that are alike (clustered tests vary more).
        """
        rng = generator(self.seed, "next test")
        sd = spread_at(self.points, self.scale, paths)
        shift = rng.standard_normal((len(paths), 1)) * sd / math.sqrt(self.points[-1].draws)
        errors = np.maximum(paths + shift, 0.0)
        if not self.scale.bounded:
            return np.asarray(errors)
        errors = np.minimum(errors, 1.0)
        if not self.scale.binomial or not test_rows:
            return np.asarray(errors)
        return np.asarray(rng.binomial(test_rows, errors) / test_rows)


def _batches(draws: int) -> int:
    """Batches of worlds as those of all named inputs, where they divide the draws; else one."""
    return BATCHES if draws % BATCHES == 0 and len(batch_edges(draws)) > BATCHES else 1


def _spread_levels(draws: int, rng: "Rng") -> "Floats":
    """Numbers between 0 and 1, one in each equal part of it, rising within each batch; shape (draws,)."""
    batches = _batches(draws)
    size = draws // batches
    return np.asarray(((np.arange(size) + rng.random((batches, size))) / size).ravel())


def _shuffled(levels: "Floats", rng: "Rng") -> "Floats":
    """The same within each batch in any order, so that a world's place says nothing."""
    return np.asarray(rng.permuted(levels.reshape(_batches(len(levels)), -1), axis=1).ravel())


def _read(quantiles: "Floats", levels: "Floats") -> "Floats":
    """Quantiles that stand at (i + 1/2) / rows, shape (rows, sizes), read at levels; shape (levels, sizes)."""
    rows = len(quantiles)
    at = np.clip(levels * rows - 0.5, 0, rows - 1)
    low = np.minimum(at.astype(np.intp), rows - 2)
    part = (at - low)[:, None]
    return np.asarray((1 - part) * quantiles[low] + part * quantiles[low + 1])


def reach_share(paths: "Floats", error_target: float) -> "Floats":
    """The share of worlds whose best error so far meets the target, by each size; never falls with n.

    Args:
        paths: errors, sizes rising, shape (draws, sizes).
        error_target: the error to reach.
    Returns: shape (sizes,), between 0 and 1.
    """
    best = np.minimum.accumulate(paths, axis=1)
    return np.asarray((best <= error_target).mean(0))


def believe(
    points: Sequence[Point],
    scale: Scale,
    *,
    seed: int = 0,
    language_model: bool = True,
    library: Lessons | None = None,
    kind: str = "",
    slopes: Slopes | None = None,
    stays: float = 0.0,
) -> Belief:
    """The belief about a learning curve from the points of a pilot.

        v_i = (1 - e_i)/(m_i e_i) + (sd/e_i)^2 / draws_i     the variance of ln e_i by measuring
        pool = mean of quantiles: shape atoms, drifting power law, nearest lessons, regression on lessons
        other learners: without the drifting power law, but where test items are known
        noise of one test set is shared between its sizes: see `common_variance`
        fine-tunes: of that, min(1, (doubt / .3)^3) / 3 gives way to base rates; a third where a share shows no
        signal, and none where it does and test items are known

    Args:
        points: at least two sizes; points of one size are averaged.
        scale: how the metric measures.
        seed: same seed, same belief.
        language_model: the points are fine-tunes; False for other learners, whose curves are flatter.
        library: the lessons of other curves; the shipped ones when left out.
        kind: of the learner, such as n-grams or encoder; every other world goes on as such learners did on public
            tasks, where items are known and the kind was measured.
        slopes: in place of the shipped ones of the kind.
        stays: the share of worlds in which more rows change nothing, see `nothing_left`.
    Returns: a Belief.
    Raises: ValueError below two sizes.
    Leaves out: of more than 30 sizes all but those spread evenly; anything but the number of examples.
    Priors differ where points tell their test items; see `models`.
    """
    tidy, bounded = _spread_evenly(merge(points, scale.direction)), scale.bounded
    if len(tidy) < 2:
        raise ValueError(f"a curve needs two sizes, got {len(tidy)}")
    sizes = np.array([float(point.n) for point in tidy])
    log_error = np.log([error_of(point, scale.direction) for point in tidy])
    test, run, common = item_variance(tidy, scale), run_variance(tidy, scale), common_variance(tidy, scale)
    # A spread that nobody measured is a guess; the points may also be quieter than it, so both compete.
    guessed = bounded and spreads(tidy, scale) is None
    noise = np.array([test, test + run]) if guessed else (test + run)[None]
    prior = SHARES if bounded else LOSSES
    drifts: tuple[float, ...] = STEEP if language_model else SHALLOW
    if items_known(tidy, scale):
        drifts = odds_slopes(math.exp(log_error[-1]))
    kept = calibration(kind_of(scale, language_model))
    fits = (
        fit_atoms(sizes, log_error, noise, prior, common=common),
        fit_drift(sizes, log_error, noise, drifts, common),
    )
    belief = Belief(
        tidy, scale, gate(tidy, scale, language_model), kept, (), seed, *fits, language_model,
        library or lessons(),
    )  # fmt: skip
    known = (slopes or slopes_of(kind)) if belief.tested and scale.direction == "higher" else None
    belief = replace(belief, base_share=_base_share(belief), slopes=known, stays=stays)
    return replace(belief, assumptions=_assumptions(belief))


def _spread_evenly(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """At most 30 points, the first, the last and those nearest to even steps of ln n: time grows with the cube."""
    if len(points) <= MOST_SIZES:
        return points
    at = np.log([point.n for point in points])
    steps = np.linspace(at[0], at[-1], MOST_SIZES)
    return tuple(points[i] for i in np.unique(np.abs(at - steps[:, None]).argmin(axis=1)))


def nothing_left(points: Sequence[Point], method: str, direction: str) -> float:
    """The share of worlds in which more rows change nothing, by the method and the score of the untouched model.

    On twelve published curves of reinforcement learning from strong models "as it is now" erred by .032 where a curve
    that goes on erred by .292. The shares are judgements: most worlds, half of that where training has halved the
    error of the untouched model (n = 0).
    """
    if method not in catalog.sampling_objectives():
        return 0.0
    seen = [(point.n, max(to_error(point.score, direction), LEAST_ERROR)) for point in points]
    base, (_, last) = [error for n, error in seen if n == 0], max(seen, default=(0, 1.0))
    return STAYS / 2 if base and last <= HALVED * min(base) else STAYS


def _base_share(belief: Belief) -> float:
    if not belief.language_model:
        return 0.0
    if belief.scale.bounded and (not belief.gate.signal or belief.faulty):
        return BASE_SHARE
    if belief.tested:
        return 0.0
    ahead = belief.sketch(np.array([float(BASE_RATIO * belief.points[-1].n)])).ahead
    doubt = float(ahead.width[0] / ahead.log_ratio[0])
    return BASE_SHARE * min(1.0, (doubt / BASE_DOUBT) ** 3)


def _assumptions(belief: Belief) -> tuple[str, ...]:
    points, bounded, kept = belief.points, belief.scale.bounded, belief.calibration
    many = belief.library.units
    fitted = "two curve models" if belief.drifts else "a curve model"
    words = [f"forecasts averaged: {fitted}, and two corrections learnt from {many} sources of curves"]
    share = belief.base_share
    if share >= 0.005:
        why = "" if belief.gate.signal or not bounded else "no clear signal in the points, so "
        words.append(f"{why}{share:.0%} of the belief is what other fine-tunes did from there, whatever the points")
    if belief.slopes is not None:
        rests = f"{belief.slopes.publishers} publishers of public tasks"
        words.append(f"half of the belief goes on from there as learners of this kind did on {rests}")
    if belief.stays:
        words.append(f"in {belief.stays:.0%} of the worlds more rows change nothing, as in most reinforcement learning")
    sd = spreads(points, belief.scale)
    if sd is not None:
        words.append(f"scores differ from run to run by {_spread_words(sd[-1], bounded)} (seen in the points)")
    elif bounded:
        words.append(f"scores differ from run to run by up to {100 * SEED_SD:.1f} points (assumed)")
    if belief.scale.binomial and not all(point.test_rows for point in points):
        words.append("the number of test items is unknown: their noise is not counted")
    width = belief.width
    made = "narrowed to" if width < 0.995 else "widened to" if width > 1.005 else "left at"
    rests = f"{kept.units} independent sources of measured curves"
    if belief.tested:
        rests = "public tasks of five publishers, whose end was measured"
    words.append(f"the models' band {made} {width:.2f} of its width, from {rests}")
    return tuple(words)


def _spread_words(sd: float, bounded: bool) -> str:
    return f"{100 * sd:.1f} points" if bounded else f"{sd:.3g}"
