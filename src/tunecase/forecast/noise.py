"""How noisy the points of a learning curve are, and whether a pilot's improvement exceeds that noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tunecase.forecast.points import LEAST_ERROR, error_of, merge, to_error
from tunecase.forecast.scale import Scale
from tunecase.quantities import Z80, Floats, np, wilson
from tunecase.records import Point

SEED_SD = 0.033  # mean over 285 cells of 4 seeds, e between .07 and .9
UNSEEN_SHARE = 0.5  # of that variance where test items are known: as in the belief, runs may differ so or not at all
UNSEEN_SCATTER = 0.02  # of ln e between runs of an unbounded score, where no spread was seen
SPREAD_FALL = 0.25  # power of n with which scatter falls, beyond its fall with the error
SPREAD_PRIOR_RUNS = 3  # how many runs' worth the other sizes count against a size's own
LEAST_SD = 0.01  # of ln e; no run measures a curve more exactly than a curve is smooth
SIGNAL_CUT = 0.15  # worth telling from noise
LEAST_CUT, LEAST_CUT_OTHER = 0.05, 0.01  # of a fine-tune, which may fall late; of another learner
SIGNAL = 2  # times the noise
SIGNAL_OF_SLOPE = 2.5  # as it is a second look at the same points
SMOOTH = 0.04  # how far a real curve strays from a straight line, in ln e
KAPPA = 0.5  # of the most that two sizes' errors on the same items can vary together
FALL = 2.5  # times the noise, as the best of several sizes is the luckiest; level curves pass it once in fifty
ONE_ANSWER = 0.995  # of the test rows

Fault = Literal["", "one answer", "falls"]


@dataclass(frozen=True, slots=True)
class Gate:
    """Is there a signal in the pilot?

    `signal` is True where the error fell by more than the noise; `cut` is 1 - e_last/e_first; `standard_error` that of
    ln(e_first/e_last), None where no noise is known; `test_share` the part of its square that more test items would
    lower; `noise_dominates` when a cut of 15%, or the one seen, could not be told from nothing. `fault` is what makes
    the points uninformative whatever the signal: see `fault_of`.
    """

    signal: bool
    cut: float
    standard_error: float | None
    test_share: float
    noise_dominates: bool
    why: str
    fault: Fault = ""

    @property
    def passed(self) -> bool:
        """True where the points are a basis for a verdict."""
        return self.signal and not self.fault


def gate(points: Sequence[Point], scale: Scale, language_model: bool = True) -> Gate:
    """Is the pilot's improvement a signal? It must cut the error, by more than the noise.

        cut = 1 - e_last/e_first >= 5%, or 1% where the learner is no fine-tuned model, and
        with a known test size: ln(e_first/e_last) > 2 sqrt(v_first + v_last), or the slope of ln e against ln n over
        all sizes, each weighed by 1 / (v + .04^2), is below 0 by more than 2.5 of its standard errors
        else: ln(e_first/e_last) > 2 standard deviations of ln e around a straight line in ln n, k - 2 in the divisor,
        and > 2 standard errors where the draws show their spread

    Leaves out: that sizes share their test items, which makes a slope surer than told; the thresholds are judgement
    that has seen the library.
    """
    tidy = merge(points, scale.direction)
    first, last = error_of(tidy[0], scale.direction), error_of(tidy[-1], scale.direction)
    cut, gain = float(1 - last / first), math.log(first / last)
    # A share that counts no right answers still varies with its items, about as a count of them would.
    counting = replace(scale, binomial=scale.binomial or scale.bounded)
    test = float(item_variance(tidy, counting)[[0, -1]].sum())
    variance = test + float(run_variance(tidy, scale)[[0, -1]].sum())
    standard_error = math.sqrt(variance) if variance > 0 else None
    if test > 0 and standard_error:
        noise = standard_error
        beside = f", {gain / standard_error:.1f} times its standard error" if gain > 0 else ""
    else:
        scatter = _scatter(tidy, scale.direction)
        # Few sizes lie on a line by luck; where the draws show their own spread, it must be beaten too.
        noise = scatter if spreads(tidy, scale) is None else max(scatter, standard_error or 0.0)
        beside = f", scattering {scatter:.0%} around a straight line" if math.isfinite(scatter) else ""
    least = LEAST_CUT if language_model else LEAST_CUT_OTHER
    fault, wrong = fault_of(tidy, scale)
    return Gate(
        signal=cut >= least and (gain > SIGNAL * noise or _falls_throughout(tidy, counting)),
        cut=cut,
        standard_error=standard_error,
        test_share=test / variance if variance > 0 else 0.0,
        noise_dominates=2 * math.sqrt(variance) > max(gain, -math.log(1 - SIGNAL_CUT)),
        why=wrong or _cut_words(cut, tidy) + beside,
        fault=fault,
    )


def _falls_throughout(points: Sequence[Point], scale: Scale) -> bool:
    """Whether all sizes together show that the error falls, where the first size alone is too noisy to tell."""
    if len(points) < 3 or not items_known(points, scale):
        return False
    x, y = np.log([point.n for point in points]), np.log([error_of(point, scale.direction) for point in points])
    weight = 1 / (item_variance(points, scale) + run_variance(points, scale) + SMOOTH**2)
    centred = x - weight @ x / weight.sum()
    known = float(weight @ centred**2)
    return float((weight * centred) @ y) / known < -SIGNAL_OF_SLOPE / math.sqrt(known)


def fault_of(points: Sequence[Point], scale: Scale) -> tuple[Fault, str]:
    """What makes points uninformative whatever their scatter, and where it was seen in words; empty where nothing does.

    "one answer": at the largest size, or at all sizes but one, every test row got the same answer (99.5% of them). Such
    a score is that answer's share of the test rows and says nothing of training, also where one class has most rows.
    "falls": the largest size is worse than the best one before it, ln(e_last/e_best) > 2.5 sqrt(v_best + v_last).

    Args:
        points: at least two, one per size, rising in n; v are their variances by items and runs, 2% of an unbounded
            error where no spread was seen.
        scale: how the metric measures.
    Leaves out: answers that were not kept; that all sizes answer the same items, which makes a fall surer than told.
    """
    same = [point.n for point in points if (point.commonest_share or 0) >= ONE_ANSWER]
    if same and (same[-1] == points[-1].n or len(same) >= max(len(points) - 1, 2)):
        return "one answer", f"every test row got the same answer at {_listed(same)} examples"
    errors = [error_of(point, scale.direction) for point in points]
    best = int(np.argmin(errors[:-1]))
    counting = replace(scale, binomial=scale.binomial or scale.bounded)
    variance = item_variance(points, counting) + run_variance(points, scale)
    if not scale.bounded:
        variance = np.maximum(variance, LEAST_SD**2 if spreads(points, scale) is not None else UNSEEN_SCATTER**2)
    if math.log(errors[-1] / errors[best]) <= FALL * math.sqrt(float(variance[best] + variance[-1])):
        return "", ""
    words = (f"{100 * p.score:.1f}%" if scale.bounded else f"{p.score:.3g}" for p in (points[best], points[-1]))
    seen = " and ".join(f"{word} at {p.n:,}" for word, p in zip(words, (points[best], points[-1]), strict=True))
    return "falls", f"the score gets worse as examples are added, beyond its noise: {seen}"


def _listed(sizes: Sequence[int]) -> str:
    words = [f"{n:,}" for n in sizes]
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _cut_words(cut: float, points: Sequence[Point]) -> str:
    fell = f"fell by {cut:.0%}" if cut > 0 else "did not fall"
    return f"the error {fell} from {points[0].n:,} to {points[-1].n:,} examples"


def _scatter(points: Sequence[Point], direction: str) -> float:
    """Standard deviation of ln e around a straight line in ln n; endless for two points, which any line meets."""
    if len(points) < 3:
        return math.inf
    x, y = np.log([point.n for point in points]), np.log([error_of(point, direction) for point in points])
    left = y - np.polyval(np.polyfit(x, y, 1), x)
    return float(np.sqrt(np.sum(left**2) / (len(points) - 2)))


def shrink(error: "Floats") -> "Floats":
    """Seeds move a score less near its ends, as sqrt(e(1-e)), level in the middle; seen down to e = .07."""
    return np.minimum(np.sqrt(np.maximum(error * (1 - error), 1e-6)) / 0.45, 1.0)


def items_known(points: Sequence[Point], scale: Scale) -> bool:
    """True for shares whose test items are known at every size: a pilot's, and no curve of the library."""
    return scale.bounded and all(point.test_rows for point in points)


def item_variance(points: Sequence[Point], scale: Scale) -> "Floats":
    """Variance of ln e that comes from a finite test set: (1 - e) / (m e), zero where m is unknown."""
    errors = np.array([error_of(point, scale.direction) for point in points])
    return variance_of_items(errors, np.array([point.test_rows or np.inf for point in points]), scale)


def variance_of_items(errors: "Floats", rows: "Floats | float", scale: Scale) -> "Floats":
    """`item_variance` of errors, no less than 0.005, measured on so many items each, endless where unknown."""
    return np.asarray(np.maximum(1 - errors, LEAST_ERROR) / (rows * errors) * scale.binomial)


def common_variance(points: Sequence[Point], scale: Scale) -> "Floats | None":
    """Covariance of ln e between sizes that answer the same items, nothing on its diagonal; None without such sizes.

        kappa min(t_i, t_j),   t = (1 - e) / (m e),  where both have m items

    An item that a small run gets right is seldom missed by a larger one, so the two errors lie in each other:
    the most that they can vary together is e_less (1 - e_more) / m, and measured ladders have about kappa of it.
    """
    rows = np.array([point.test_rows or 0 for point in points])
    alone = item_variance(points, scale)
    if not rows.all() or not alone.all():
        return None
    shared = KAPPA * np.minimum(alone[:, None], alone) * (rows[:, None] == rows)
    return np.asarray(shared * (1 - np.eye(len(points))))


def run_variance(points: Sequence[Point], scale: Scale) -> "Floats":
    """Variance of ln e between runs: (sd / e)^2 / runs; sd 3.3 points where a share's spread was not seen."""
    errors = np.array([error_of(point, scale.direction) for point in points])
    seen = spreads(points, scale)
    sd = seen if seen is not None else SEED_SD * shrink(errors) * scale.bounded
    return np.asarray((sd / errors) ** 2 / np.array([point.draws for point in points]))


def spreads(points: Sequence[Point], scale: Scale) -> "Floats | None":
    """The standard deviation of the score from run to run at each point, or None when no point has seen any.

    A few runs say little about their own spread: each is drawn towards what the others say of it. Spreads fall with the
    error, so they are compared in units of what is usual at theirs.

        sd_i^2 = (r_i own_i^2 + 3 u_i^2 mean) / (r_i + 3),  r_i = runs - 1
        mean = sum r_j (own_j / u_j)^2 / sum r_j;  u = `shrink` of a share, e of any other score

    Where the test items of a share are known, u is also in proportion to n^(-1/4), as ladders of n-grams, of encoders
    and of nearest rows had it, and a size learns from itself and larger ones only, the last two from each other: wild
    runs of few rows say nothing of many. Elsewhere the number of examples is left out: of prompts scatter did not fall.
    """
    runs = np.array([max(point.draws - 1, 1) if point.sd is not None else 0 for point in points])
    if not runs.any():
        return None
    usual = _usual(np.array([error_of(point, scale.direction) for point in points]), scale)
    heard = np.ones((len(points), len(points)), dtype=bool)
    if items_known(points, scale):
        usual = usual * np.array([point.n for point in points], dtype=float) ** -SPREAD_FALL
        at = np.arange(len(points))
        heard = (at >= np.minimum(at[:, None], len(points) - 2)) & (runs > 0)
        heard |= ~heard.any(axis=1, keepdims=True)
    own = (np.array([point.sd or 0.0 for point in points]) / usual) ** 2
    mean = heard @ (runs * own) / (heard @ runs)
    return np.asarray(usual * np.sqrt((runs * own + SPREAD_PRIOR_RUNS * mean) / (runs + SPREAD_PRIOR_RUNS)))


def spread_at(points: Sequence[Point], scale: Scale, errors: "Floats", near: int = -1) -> "Floats":
    """The standard deviation of the score from run to run where the error is another than at the point `near`.

    Args:
        points: what was measured, one per size.
        scale: how the metric measures.
        errors: true errors, any shape.
        near: index of the point whose spread is taken, in proportion to what is usual at either error.
    Returns: in the score's unit, the shape of `errors`; 3.3 points, less near a share's ends, where none was seen.
    """
    seen = spreads(points, scale)
    if seen is None:
        return np.asarray(SEED_SD * shrink(errors) * scale.bounded)
    here = _usual(np.array(error_of(points[near], scale.direction)), scale)
    return np.asarray(seen[near] / here * _usual(np.maximum(errors, LEAST_ERROR), scale))


def _usual(errors: "Floats", scale: Scale) -> "Floats":
    return shrink(errors) if scale.bounded else errors


@dataclass(frozen=True, slots=True)
class Reading:
    """What the measurement of one size alone says of the true error there.

    `error` is the measured one. A share has `items`: as many test items, each right or wrong by itself, would leave
    the same doubt. Any other score has `deviation`, the standard deviation of ln e.
    """

    error: float
    items: float | None
    deviation: float

    @property
    def highest(self) -> float:
        """The upper end of the error's 80% interval: Wilson's of a share."""
        if self.items is None:
            return self.error * math.exp(Z80 * self.deviation)
        return wilson(self.error * self.items, self.items)[1]

    def chance(self, error: float) -> float:
        """The chance that the true error is no more than this one."""
        from scipy.special import betainc, ndtr

        if self.items is None:
            return float(ndtr(math.log(max(error, LEAST_ERROR) / max(self.error, LEAST_ERROR)) / self.deviation))
        wrong, right = self.error * self.items + 0.5, (1 - self.error) * self.items + 0.5
        return float(betainc(wrong, right, min(max(error, 0.0), 1.0)))

    def quantiles(self, levels: "Floats") -> "Floats":
        """Quantiles of ln e, shape (levels,): a share's error is Beta(e m + 1/2, (1 - e) m + 1/2), m items."""
        from scipy.special import betaincinv, ndtr, ndtri

        if self.items is None:
            return np.asarray(math.log(max(self.error, LEAST_ERROR)) + self.deviation * ndtri(levels))
        marks = ndtr(np.linspace(-4.5, 4.5, 181))
        wrong, right = self.error * self.items + 0.5, (1 - self.error) * self.items + 0.5
        ends = np.maximum(betaincinv(wrong, right, marks), 1e-9)
        return np.asarray(np.interp(levels, marks, np.log(ends)))


def as_tested(point: Point, scale: Scale, spread: float | None = None) -> Reading:
    """What a test says of a model that it tested, the one that would be shipped: its items count alone.

    Of several runs of one size that is the one that tested best; their mean is what is held against a target, and the
    best is seldom worse. Where no items are counted, the spread between runs has to stand for them; see `reading`.
    """
    return reading(point, scale, 0.0 if scale.binomial and point.test_rows else spread)


def reading(point: Point, scale: Scale, spread: float | None = None) -> Reading:
    """What the measurement of one size says of the true error there.

        variance = e (1 - e) / m + sd^2 / runs;  of a share, items = e (1 - e) / variance

    Args:
        point: the size's mean score.
        scale: how the metric measures.
        spread: standard deviation of the score from run to run, as `spreads` gives it; the point's own when left out.
    Where no spread was seen, runs are taken to differ by 3.3 points of a share, with half of that variance where the
    test items are known (they may also be alike), or by 2% of an unbounded error.
    """
    error, floored = to_error(point.score, scale.direction), error_of(point, scale.direction)
    sd = point.sd if spread is None else spread
    if not scale.bounded:
        relative = UNSEEN_SCATTER if sd is None else sd / floored
        return Reading(error, None, max(relative / math.sqrt(point.draws), LEAST_SD))
    known = bool(scale.binomial and point.test_rows)
    if sd is None:
        sd = SEED_SD * float(shrink(np.array(floored))) * math.sqrt(UNSEEN_SHARE if known else 1)
    alike = max(floored * (1 - floored), LEAST_ERROR * (1 - LEAST_ERROR))
    items = alike / point.test_rows if known and point.test_rows else 0.0
    variance = max(items + sd**2 / point.draws, (LEAST_SD * floored) ** 2)
    return Reading(error, alike / variance, math.sqrt(variance) / floored)
