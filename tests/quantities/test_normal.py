"""Points of the normal distribution agree with those of the standard library and of scipy."""

from statistics import NormalDist

import numpy as np
from scipy.special import ndtri

from tunecase.quantities.normal import normal_points


def test_points_are_those_of_the_standard_library() -> None:
    """In the middle, in both tails and far out in them."""
    parts = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 999), 10.0 ** -np.arange(7, 13), 1 - 10.0 ** -np.arange(7, 13)])
    exact = [NormalDist().inv_cdf(part) for part in parts.tolist()]
    np.testing.assert_allclose(normal_points(parts), exact, rtol=1e-14, atol=1e-15)


def test_points_are_those_of_scipy() -> None:
    """A short answer and a long one draw the same numbers to the fifteenth digit."""
    parts = np.random.default_rng(0).random(10_000).clip(1e-12, 1 - 1e-12)
    np.testing.assert_allclose(normal_points(parts), ndtri(parts), rtol=2e-14, atol=2e-15)
