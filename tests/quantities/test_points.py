"""Points of many numbers at once are those of the slower ways, digit for digit."""

from statistics import NormalDist

import numpy as np
import pytest

from tunecase.quantities import points_of
from tunecase.quantities.points import normal_points


def test_points_of_the_normal_are_pythons_to_the_last_digit() -> None:
    """Near the middle, in the tails and far out in them, on both sides; none for none."""
    rng = np.random.default_rng(0)
    far = 10.0 ** -rng.uniform(0, 12, 5_000)
    chances = np.clip(np.concatenate([rng.random(20_000), far, 1 - far, [0.075, 0.5, 0.925]]), 1e-12, 1 - 1e-12)
    assert list(map(NormalDist().inv_cdf, chances.tolist())) == normal_points(chances).tolist()
    assert [] == normal_points(np.array([])).tolist()


@pytest.mark.parametrize("count", [1, 2, 3, 11, 2_000])
def test_points_of_draws_are_numpys_to_the_last_digit(count: int) -> None:
    """One share or several, at the ends and between, of draws with and without ties."""
    rng = np.random.default_rng(count)
    for draws in (rng.lognormal(5, 2, count), np.round(rng.normal(0, 3, count))):
        for shares in ((0.8,), (0.1, 0.5, 0.8, 0.9), (0.0, 1.0), tuple(rng.random(5).tolist())):
            assert np.quantile(draws, shares).tolist() == points_of(draws, shares)
