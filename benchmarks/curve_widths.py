"""How wide bands must be, learnt from what pilots of known curves missed: quantile regression, publishers weighted.

A miss is how many half-widths of the models' own 80% band the truth lies from the median. Its 83% quantile is the
width: with 80% the publishers of the first library were held in too few cases, and too wide is the safe error. For
scores of fine-tuned models it depends on what the pilot shows: how far it cut the error, and whether that is a clear
signal; for all else it is one number. Few publishers say little: of n of them ln width is taken n / (n + 2) times.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from tunecase.forecast.widths import Calibration, kind_of

if TYPE_CHECKING:
    from forecasting import Task

KINDS = ("tuned loss", "tuned score", "other share", "other score")
OWN = {kind: Calibration(kind, 1.0, 0.0, 0.0, 0.0, 0.0, 0, 0, "", "") for kind in KINDS}  # the models' own width
DEPENDS = ("tuned score",)  # on the pilot
GUARDED = ("other score",)  # never below the models' own: less helped few
HOLDS = 0.83
DOUBT = 2  # publishers' worth
CLIP = 2  # standard deviations of the gain, beyond which it is held
SHRINK = 0.01  # ridge on standardised features
SOFT = 0.05  # of ln miss, over which the pinball's corner is round


def kind(task: "Task") -> str:
    """The kind of score of a task."""
    return kind_of(task.belief.scale, task.belief.language_model)


def gain(task: "Task") -> float:
    """ln(e_first / e_last) of its pilot."""
    return math.log(task.errors[0] / task.errors[-1])


def learn_widths(
    name: str, some: Sequence["Task"], misses: Sequence[float], source: str = "", date: str = ""
) -> Calibration:
    """The width of one kind of score.

    Args:
        name: the kind.
        some: tasks of that kind, each forecast without its own unit; their publisher weighs as the root of its tasks.
        misses: of each, in half-widths.
        source, date: written beside it.
    Returns: a Calibration; the models' own width where there are no tasks.
    """
    if not len(some):
        return OWN[name]
    publishers = Counter(task.curve.unit for task in some)
    weight = np.array([1 / math.sqrt(publishers[task.curve.unit]) for task in some])
    weight /= weight.sum()
    target = np.log(np.asarray(misses) + 0.001)
    gains, clear = np.array([gain(task) for task in some]), np.array([task.belief.gate.passed for task in some])
    trust = len(publishers) / (len(publishers) + DOUBT)
    low, high = gains.mean() - CLIP * gains.std(), gains.mean() + CLIP * gains.std()
    if name not in DEPENDS:
        level = trust * _quantile_line(np.ones((len(some), 1)), target, weight)[0]
        level = max(level, 0.0) if name in GUARDED else level
        return Calibration(name, math.exp(level), 0.0, 0.0, low, high, len(publishers), len(some), source, date)
    raw = np.stack([np.clip(gains, low, high), ~clear], axis=1)
    centre, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    x = np.concatenate([np.ones((len(some), 1)), (raw - centre) / spread], axis=1)
    found = trust * _quantile_line(x, target, weight)
    slopes = found[1:] / spread
    level = math.exp(found[0] - float(slopes @ centre))
    return Calibration(name, level, *slopes.tolist(), low, high, len(publishers), len(some), source, date)


def _quantile_line(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Coefficients of the quantile of y that is to hold, the first column of x free, the others shrunk a little."""
    pull = np.full(x.shape[1], SHRINK)
    pull[0] = 0

    def lost(b: np.ndarray) -> tuple[float, np.ndarray]:
        left = y - x @ b
        pinball = HOLDS * left + SOFT * np.logaddexp(0, -left / SOFT)
        slope = HOLDS - 1 / (1 + np.exp(np.clip(left / SOFT, -50, 50)))
        return float(weight @ pinball + pull @ b**2), -x.T @ (weight * slope) + 2 * pull * b

    return np.asarray(minimize(lost, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x)
