"""Points of the normal distribution for short answers, which need not wait until scipy has been loaded."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Draws = NDArray[np.float64]

MIDDLE, FAR = 0.425, 5.0  # up to these lie the middle, in |p - 1/2|, and the near tail, in sqrt(-ln p)
# Of each region numerator and denominator, highest power first; Wichura (1988), AS 241, PPND16.
POLYNOMIALS = (
    (
        (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
         1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.387132872796366608),
        (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
         5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
    ),
    (
        (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
         3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734),
        (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
         6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1.0),
    ),
    (
        (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
         2.96560571828504891230e-1, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720),
        (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
         7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
         5.99832206555887937690e-1, 1.0),
    ),
)  # fmt: skip


def normal_points(parts: "Draws") -> "Draws":
    """The points of the standard normal below which parts of it lie, to 1e-15 of `scipy.special.ndtri`.

        x = q A(r) / B(r) in the middle, sign(q) C(r) / D(r) in the tails;   q = p - 1/2

    Args:
        parts: p, above 0 and below 1, shape (n,).
    Returns: the points, shape (n,).

    Example:
        >>> import numpy as np
        >>> normal_points(np.array([0.5, 0.9, 1e-12])).round(4).tolist()
        [0.0, 1.2816, -7.0345]

    Source: Wichura, Applied Statistics 37 (1988), algorithm AS 241.
    """
    import numpy as np

    q = parts - 0.5
    tail = np.sqrt(-np.log(np.minimum(parts, 1 - parts)))
    middle = np.abs(q) <= MIDDLE
    far = ~middle & (tail > FAR)
    points = np.empty_like(q)
    regions = ((middle, 0.180625 - q * q, q), (~middle & ~far, tail - 1.6, np.sign(q)), (far, tail - FAR, np.sign(q)))
    for (at, r, factor), (above, below) in zip(regions, POLYNOMIALS, strict=True):
        if at.any():
            points[at] = factor[at] * _polynomial(above, r[at]) / _polynomial(below, r[at])
    return points


def _polynomial(coefficients: tuple[float, ...], x: "Draws") -> "Draws":
    """Its value by Horner's rule."""
    total = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        total *= x
        total += coefficient
    return total
