"""Which input carries the doubt: shares of a result's variance, and how far each input moves the result's mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tunecase.quantities.arrays import Draws, np

BINS = 40
LEAST_A_BIN = 5  # draws
BATCHES = 20
TAIL = 0.1


@dataclass(frozen=True, slots=True)
class Index:
    """A share of variance, 0 to 1, and its standard error."""

    value: float
    error: float


def first_order(inputs: Mapping[str, "Draws"], result: "Draws") -> dict[str, Index]:
    """The share of the variance of `result` that each input explains alone, from draws that exist already.

        S_i = Var(E[y | x_i]) / Var(y)

    with x_i cut into 40 bins of equal counts, fewer below 200 draws. Chance alone would give (bins - 1) / draws; that
    much is taken off. The standard error is the jackknife's: the share is worked out anew, bins and all, without each
    of 20 contiguous batches of the draws,

        error^2 = 19 / 20 sum over batches of (S without it - their mean)^2

    so that heavy tails, where few draws carry the variance, and bins that move with the draws are in it. With fewer
    than 20 draws each is a batch of its own.

    Args:
        inputs: draws by name, independent from draw to draw, shape (draws,); constants are left out of the answer.
        result: shape (draws,).
    Returns: Index by name, largest first; empty when the result does not vary.
    Source: Saltelli et al., Global Sensitivity Analysis, 2008, chapter 1; given-data estimate: Plischke, Borgonovo and
    Smith, European Journal of Operational Research 226, 2013; the jackknife by groups: Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993, chapter 11. Leaves out interactions: what the shares lack to 1 is carried
    jointly, or by chance that is no named input. A bin is not a point: what an input does within a fortieth of its
    draws is missed, below .01 unless the result is steep there. The error of a share near zero is too large, by a
    factor of 1 to 2; below five draws neither number says anything.
    """
    if not float(np.var(result)) > 0:
        return {}
    draws = len(result)
    batches = min(BATCHES, draws)
    batch = (np.arange(draws) * batches // draws).astype(np.uint8)
    off = result - np.mean(result)
    indices = {}
    for name, values in inputs.items():
        if values.max() == values.min():
            continue
        order = np.argsort(values, kind="stable")
        ordered, own = off[order], batch[order]
        without = np.array([_explained(ordered[own != number]) for number in range(batches)])
        error = float(np.sqrt((batches - 1) * np.var(without)))
        indices[name] = Index(min(max(_explained(ordered), 0.0), 1.0), error)
    return dict(sorted(indices.items(), key=lambda item: (-item[1].value, item[0])))


def _explained(ordered: "Draws") -> float:
    """The share of variance between bins, less chance's, of results in the order of an input; zero without variance."""
    mean, variance, draws = ordered.mean(), ordered.var(), len(ordered)
    if not variance > 0:
        return 0.0
    bins = max(2, min(BINS, draws // LEAST_A_BIN))
    edges = np.linspace(0, draws, bins + 1).astype(int)
    counts = np.diff(edges)
    means = np.add.reduceat(ordered, edges[:-1]) / counts
    chance = (bins - 1) / draws
    between = float(counts @ (means - mean) ** 2) / draws
    return (between / float(variance) - chance) / (1 - chance)


class Swing(NamedTuple):
    """The ends of an input's low and high tenth, and the result's mean in each."""

    input_low: float
    input_high: float
    result_low: float
    result_high: float


def swing(values: "Draws", result: "Draws") -> Swing:
    """What the result is on average where an input is low, and where it is high: one bar of a tornado.

        result_low = mean(y where x <= P10 of x),   result_high = mean(y where x >= P90 of x)

    Args:
        values: draws of the input, shape (draws,).
        result: shape (draws,).
    Returns: the Swing, from draws that exist already.
    Source: the usual tornado moves one input with the others at their middle; this is the mean over the others.

    Example:
        >>> import numpy as np
        >>> swing(np.arange(100.0), 3 * np.arange(100.0)).result_low
        13.5
    """
    low, high = (float(point) for point in np.quantile(values, (TAIL, 1 - TAIL)))
    return Swing(low, high, float(result[values <= low].mean()), float(result[values >= high].mean()))
