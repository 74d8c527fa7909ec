"""Which input carries the doubt: shares of a result's variance, and how far each input moves the result's mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tunecase.quantities import Draws

BINS = 40
TAIL = 0.1


@dataclass(frozen=True, slots=True)
class Index:
    """A share of variance, 0 to 1, and its standard error."""

    value: float
    error: float


def first_order(inputs: Mapping[str, "Draws"], result: "Draws") -> dict[str, Index]:
    """The share of the variance of `result` that each input explains alone, from draws that exist already.

        S_i = Var(E[y | x_i]) / Var(y)

    with x_i cut into 40 bins of equal counts. Chance alone would give (bins - 1) / draws; that much is taken off. The
    standard error is that of a ratio of means by the delta method, with the noise of the bins' means beside it:

        error^2 = mean([2 (m - u)(y - u) - (m - u)^2 - S (y - u)^2]^2) / (Var(y)^2 draws) + 2 (bins - 1) / draws^2

    where m is the mean of y in the bin and u its mean overall.

    Args:
        inputs: draws by name, shape (draws,); constants are left out of the answer.
        result: shape (draws,).
    Returns: Index by name, largest first; empty when the result does not vary.
    Source: Saltelli et al., Global Sensitivity Analysis, 2008, chapter 1; given-data estimate: Plischke, Borgonovo and
    Smith, European Journal of Operational Research 226, 2013. Leaves out interactions: what the shares lack to 1 is
    carried jointly, or by chance that is no named input. A bin is not a point: what an input does within a fortieth of
    its draws is missed, below .01 unless the result is steep there.
    """
    import numpy as np

    variance = float(np.var(result))
    if not variance > 0:
        return {}
    draws = len(result)
    edges = np.linspace(0, draws, min(BINS, draws) + 1).astype(int)[:-1]
    counts = np.diff(np.append(edges, draws))
    off, chance = result - np.mean(result), (len(edges) - 1) / draws
    indices = {}
    for name, values in inputs.items():
        if values.max() == values.min():
            continue
        sorted_off = off[np.argsort(values, kind="stable")]
        means = np.add.reduceat(sorted_off, edges) / counts
        raw = float(np.average(means**2, weights=counts)) / variance
        m = np.repeat(means, counts)
        influence = (2 * m * sorted_off - m**2 - raw * sorted_off**2) / variance
        error = float(np.sqrt(np.mean(influence**2) / draws + 2 * (len(edges) - 1) / draws**2))
        indices[name] = Index(min(max((raw - chance) / (1 - chance), 0.0), 1.0), error)
    return dict(sorted(indices.items(), key=lambda item: (-item[1].value, item[0])))


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
    import numpy as np

    low, high = (float(point) for point in np.quantile(values, (TAIL, 1 - TAIL)))
    return Swing(low, high, float(result[values <= low].mean()), float(result[values >= high].mean()))
