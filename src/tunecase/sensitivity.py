"""Says which input carries the doubt: first-order shares of a result's variance, from draws that exist already."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tunecase.spread import Draws

BINS = 40


def first_order(inputs: Mapping[str, "Draws"], result: "Draws", bins: int = BINS) -> dict[str, float]:
    """The share of the variance of `result` that each input explains alone.

        S_i = Var(E[y | x_i]) / Var(y)

    with x_i cut into `bins` equal counts. Chance alone would give (bins - 1) / draws; that much is taken off.

    Args:
        inputs: draws by name, shape (draws,); constants are left out of the answer.
        result: shape (draws,).
    Returns: share by name, largest first, 0 to 1; empty when the result does not vary.
    Source: Saltelli et al., Global Sensitivity Analysis, 2008, chapter 1. Leaves out interactions: what the shares
    lack to 1 is carried jointly, or by chance that is no named input.
    """
    import numpy as np

    variance = float(np.var(result))
    if not variance > 0:
        return {}
    edges = np.linspace(0, len(result), min(bins, len(result)) + 1).astype(int)[:-1]
    counts = np.diff(np.append(edges, len(result)))
    mean, chance = float(np.mean(result)), (len(edges) - 1) / len(result)
    shares = {}
    for name, draws in inputs.items():
        if draws.max() == draws.min():
            continue
        means = np.add.reduceat(result[np.argsort(draws, kind="stable")], edges) / counts
        raw = float(np.average((means - mean) ** 2, weights=counts)) / variance
        shares[name] = min(max((raw - chance) / (1 - chance), 0.0), 1.0)
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
