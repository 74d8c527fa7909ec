"""How noisy the points of a learning curve are, and whether a pilot's improvement exceeds that noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase.forecast.points import LEAST_ERROR, error_of, merge, spreads
from tunecase.forecast.scale import Scale
from tunecase.records import Point

if TYPE_CHECKING:
    from tunecase.forecast.points import Array

SEED_SD = 0.033  # mean over 285 cells of 4 seeds, e between .07 and .9
SIGNAL_CUT = 0.15  # worth telling from noise
LEAST_CUT, LEAST_CUT_OTHER = 0.05, 0.01  # of a fine-tune, which may fall late; of another learner
SIGNAL = 2  # times the noise


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


def gate(points: Sequence[Point], scale: Scale, language_model: bool = True) -> Gate:
    """Is the pilot's improvement a signal? It must cut the error, by more than the noise.

        cut = 1 - e_last/e_first >= 5%, or 1% where the learner is no fine-tuned model, and
        with a known test size: ln(e_first/e_last) > 2 sqrt(v_first + v_last)
        else: ln(e_first/e_last) > 2 standard deviations of ln e around a straight line in ln n, k - 2 in the divisor,
        and > 2 standard errors where the draws show their spread

    Leaves out: improvements between the ends; the thresholds are judgement that has seen the library.
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
        noise = scatter if spreads(tidy) is None else max(scatter, standard_error or 0.0)
        beside = f", scattering {scatter:.0%} around a straight line" if math.isfinite(scatter) else ""
    least = LEAST_CUT if language_model else LEAST_CUT_OTHER
    return Gate(
        passed=cut >= least and gain > SIGNAL * noise,
        cut=cut,
        standard_error=standard_error,
        test_share=test / variance if variance > 0 else 0.0,
        noise_dominates=2 * math.sqrt(variance) > max(gain, -math.log(1 - SIGNAL_CUT)),
        why=_cut_words(cut, tidy) + beside,
    )


def _cut_words(cut: float, points: Sequence[Point]) -> str:
    fell = f"fell by {cut:.0%}" if cut > 0 else "did not fall"
    return f"the error {fell} from {points[0].n:,} to {points[-1].n:,} examples"


def _scatter(points: Sequence[Point], direction: str) -> float:
    """Standard deviation of ln e around a straight line in ln n; endless for two points, which any line meets."""
    import numpy as np

    if len(points) < 3:
        return math.inf
    x, y = np.log([point.n for point in points]), np.log([error_of(point, direction) for point in points])
    left = y - np.polyval(np.polyfit(x, y, 1), x)
    return float(np.sqrt(np.sum(left**2) / (len(points) - 2)))


def shrink(error: "Array") -> "Array":
    """Seeds move a score less near its ends, as sqrt(e(1-e)), level in the middle; seen down to e = .07."""
    import numpy as np

    return np.minimum(np.sqrt(np.maximum(error * (1 - error), 1e-6)) / 0.45, 1.0)


def item_variance(points: Sequence[Point], scale: Scale) -> "Array":
    """Variance of ln e that comes from a finite test set: (1 - e) / (m e), zero where m is unknown."""
    import numpy as np

    errors = np.array([error_of(point, scale.direction) for point in points])
    rows = np.array([point.test_rows or np.inf for point in points])
    return np.asarray(np.maximum(1 - errors, LEAST_ERROR) / (rows * errors) * scale.binomial)


def run_variance(points: Sequence[Point], scale: Scale) -> "Array":
    """Variance of ln e between runs: (sd / e)^2 / runs; sd 3.3 points where a share's spread was not seen."""
    import numpy as np

    errors = np.array([error_of(point, scale.direction) for point in points])
    seen = spreads(points)
    sd = seen if seen is not None else SEED_SD * shrink(errors) * scale.bounded
    return np.asarray((sd / errors) ** 2 / np.array([point.draws for point in points]))
