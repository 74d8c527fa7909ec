"""How wide bands must be, learnt from what pilots of known curves missed: quantile regression, publishers weighted.

A miss is how many half-widths of the models' own 80% band the truth lies from the median. Its 83% quantile is the
width: with 80% the publishers of the first library were held in too few cases, and too wide is the safe error. For
scores of fine-tuned models it depends on the pilot's last error: the lower, the surer; of what else a pilot shows
(noise, gain, signal, draws, sizes, distance, the models' widths and their distance), nothing helped as many publishers
left out. Few publishers say little: of n of them ln width is taken n / (n + 2) times.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from tunecase.forecast.widths import Calibration, kind_of, level

if TYPE_CHECKING:
    from forecasting import Task

KINDS = ("tuned loss", "tuned score", "other share", "other score")
OWN = {kind: Calibration(kind, 1.0, 0.0, 0.0, 0.0, 0, 0, "", "") for kind in KINDS}  # the models' own width
DEPENDS = ("tuned score",)  # on the pilot
LEARNT = ("tuned loss", "tuned score")  # of other learners no number helped publishers left out: the models' own stands
HOLDS = 0.83
DOUBT = 2  # publishers' worth
CLIP = 2  # standard deviations of the level, beyond which it is held
SHRINK = 0.01  # ridge on the standardised level
SOFT = 0.05  # of ln miss, over which the pinball's corner is round


def kind(task: "Task") -> str:
    """The kind of score of a task."""
    return kind_of(task.belief.scale, task.belief.language_model)


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
    levels = np.array([level(task.errors[-1], task.belief.scale) for task in some])
    trust = len(publishers) / (len(publishers) + DOUBT)
    low, high = levels.mean() - CLIP * levels.std(), levels.mean() + CLIP * levels.std()
    ones, rests = np.ones(len(some)), (len(publishers), len(some), source, date)
    if name not in DEPENDS:
        found = trust * _quantile_line(ones[:, None], target, weight)[0] if name in LEARNT else 0.0
        return Calibration(name, math.exp(found), 0.0, low, high, *rests)
    spread = levels.std() + 1e-9
    x = np.stack([ones, (np.clip(levels, low, high) - levels.mean()) / spread], axis=1)
    start, slope = trust * _quantile_line(x, target, weight)
    per_level = slope / spread
    return Calibration(name, math.exp(start - per_level * levels.mean()), per_level, low, high, *rests)


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
