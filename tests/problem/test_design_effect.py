"""Rows that hang together: the design effect and the intraclass correlation, against simulation and their own laws."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.problem.design_effect import design_effect, intraclass


@given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=30), icc=st.floats(0, 1))
def test_groups_never_make_rows_count_for_more(sizes, icc):
    """The design effect is 1 for rows on their own or strangers, at most the largest group, and rises with the ICC."""
    found = design_effect(sizes, icc)
    assert 1 <= found <= max(sizes) + 1e-9
    assert design_effect(sizes, 0) == 1 == design_effect([1] * len(sizes), icc)
    assert found <= design_effect(sizes, 1) + 1e-9


@pytest.mark.parametrize("icc", [0.0, 0.2, 0.6])
def test_likeness_of_groups_is_found_again(icc):
    """Groups drawn with a known intraclass correlation give it back within .08."""
    rng = random.Random(1)
    values, groups = [], []
    for group in range(400):
        own = rng.gauss(0, math.sqrt(icc))
        for _ in range(8):
            values.append(own + rng.gauss(0, math.sqrt(1 - icc)))
            groups.append(str(group))
    assert intraclass(values, groups) == pytest.approx(icc, abs=0.08)


def test_likeness_needs_groups_and_differences():
    """One group, groups of one row, or values that are all equal say nothing; a share outside 0 to 1 is refused."""
    assert intraclass([1, 0], ["a", "a"]) is None
    assert intraclass([1, 0], ["a", "b"]) is None
    assert intraclass([1, 1, 1], ["a", "a", "b"]) is None
    assert design_effect([], 0.5) == 1
    with pytest.raises(ValueError, match="icc"):
        design_effect([3], 1.5)


def test_the_effective_rows_are_those_that_a_simulation_shows():
    """The mean over rows of groups varies as the mean over n / D rows on their own would."""
    rng = random.Random(2)
    icc, size, count = 0.3, 10, 30
    means = []
    for _ in range(2_000):
        total = 0.0
        for _ in range(count):
            own = rng.gauss(0, math.sqrt(icc))
            total += sum(own + rng.gauss(0, math.sqrt(1 - icc)) for _ in range(size))
        means.append(total / (count * size))
    effective = count * size / design_effect([size] * count, icc)
    assert statistics.pvariance(means) == pytest.approx(1 / effective, rel=0.1)
