"""First-order shares are those of the exact formula, and chance is taken off."""

import numpy as np
import pytest

from tunecase.sensitivity import first_order
from tunecase.spread import generator


def uniform(name: str, low: float, high: float, n: int) -> np.ndarray:
    """Uniform draws of one input."""
    return generator(0, name).uniform(low, high, n)


@pytest.mark.parametrize("n", [10_000, 20_000])
def test_shares_of_the_toy_are_exact_within_three_hundredths(n: int) -> None:
    """y = x4 (x1 x2 + x3), whose exact shares are .0096, .0043, .2393, .7034."""
    x1, x2 = uniform("x1", 20, 60, n), uniform("x2", 2, 4, n)
    x3, x4 = uniform("x3", 300, 900, n), uniform("x4", 1, 6, n)
    shares = first_order({"x1": x1, "x2": x2, "x3": x3, "x4": x4}, x4 * (x1 * x2 + x3))
    exact = {"x4": 0.7034, "x3": 0.2393, "x1": 0.0096, "x2": 0.0043}
    for name, share in exact.items():
        assert share == pytest.approx(shares[name], abs=0.03)
    assert list(shares)[:2] == ["x4", "x3"]


def test_an_input_without_influence_has_no_share_and_a_constant_is_left_out() -> None:
    """Chance alone is not shown as influence."""
    x, noise = uniform("x", 0, 1, 20_000), uniform("noise", 0, 1, 20_000)
    shares = first_order({"x": x, "noise": noise, "constant": np.ones(20_000)}, x)
    assert 0.99 < shares["x"] <= 1
    assert shares["noise"] < 0.005
    assert "constant" not in shares


def test_a_result_that_does_not_vary_has_no_drivers() -> None:
    """Nothing is shared out."""
    assert first_order({"x": uniform("x", 0, 1, 100)}, np.ones(100)) == {}
