"""Points of many numbers at once, digit for digit those that slower ways give: of the normal, and of draws."""

import math
from collections.abc import Sequence

from tunecase.quantities.arrays import Draws, np

# Coefficients of AS241 above and below, for chances near a half, in the tails and far out in them.
CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip
FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def normal_points(chances: "Draws") -> "Draws":
    """The points of the standard normal below which these chances lie, digit for digit as `NormalDist.inv_cdf`'s.

    Args:
        chances: between 0 and 1, shape (n,).
    Returns: shape (n,).
    Source: Wichura's AS241, Applied Statistics 37 (1988). It needs numpy alone.

    Example:
        >>> import numpy as np
        >>> normal_points(np.array([0.025, 0.5, 0.95])).round(3).tolist()
        [-1.96, 0.0, 1.645]
    """
    off = chances - 0.5
    points = np.empty_like(off)
    near = np.abs(off) <= 0.425
    points[near] = _ratio(0.180625 - off[near] * off[near], *CENTRE, off[near])
    above = off[~near] > 0
    # The logarithm is Python's: numpy's differs from it in the last digit on some processors.
    logs = np.array(list(map(math.log, np.where(above, 1.0 - chances[~near], chances[~near]).tolist())))
    far = np.sqrt(-logs)
    sizes = np.where(far <= 5.0, _ratio(far - 1.6, *TAIL), _ratio(far - 5.0, *FAR_TAIL))
    points[~near] = np.where(above, sizes, -sizes)
    return points


def _ratio(at: "Draws", above: Sequence[float], below: Sequence[float], times: "Draws | float" = 1.0) -> "Draws":
    """One polynomial, `times` something, over another; coefficients of the highest power first, by Horner's rule."""
    top, bottom = above[0] * at, below[0] * at
    for more, less in zip(above[1:-1], below[1:-1], strict=True):
        top, bottom = (top + more) * at, (bottom + less) * at
    return (top + above[-1]) * times / (bottom + below[-1])


def points_of(values: "Draws", shares: Sequence[float]) -> "list[float]":
    """The points that these shares of some values lie below, straight between two of them, as `numpy.quantile`'s.

    Args:
        values: shape (n,), n >= 1, all of them numbers; an infinite one may give none.
        shares: between 0 and 1.

    Example:
        >>> import numpy as np
        >>> points_of(np.array([3.0, 1.0, 2.0]), (0.5, 0.75))
        [2.0, 2.5]
    """
    last = len(values) - 1
    places = [last * share for share in shares]
    lower = [min(int(place), max(last - 1, 0)) for place in places]
    held = np.partition(values, sorted({min(at + more, last) for at in lower for more in (0, 1)}))
    return [_between(held[at], held[min(at + 1, last)], place - at) for place, at in zip(places, lower, strict=True)]


def _between(low: float, high: float, part: float) -> float:
    # From the nearer end, which decides the last digit.
    return float(high - (high - low) * (1 - part) if part >= 0.5 else low + (high - low) * part)
