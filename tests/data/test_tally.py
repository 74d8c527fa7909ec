"""Counts of whole numbers tell quantiles, medians and bins as the whole column would."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.tally import Tally, weighted_median

NUMBERS = st.lists(st.integers(0, 500), min_size=1, max_size=200)


@given(NUMBERS, st.integers(0, 200), st.floats(0, 1))
def test_quantiles_are_those_of_the_column(numbers, cut, share):
    """To the last bit, whatever the pieces, of the numbers and of their parts."""
    column = np.array(numbers)
    tally = Tally([column[:cut], column[cut:]])
    assert tally.quantiles([share, 0.5, 1.0]).tolist() == np.quantile(column, [share, 0.5, 1.0]).tolist()
    parts = tally.quantiles([share, 0.95], lambda values: values / 4.06)
    assert parts.tolist() == np.quantile(column / 4.06, [share, 0.95]).tolist()


@given(NUMBERS)
def test_medians_are_those_of_the_column(numbers):
    """Of the numbers, and of how far their logarithms lie from the middle."""
    column = np.array(numbers)
    tally = Tally([column])
    assert tally.median() == np.median(column)
    logs, middle = np.log1p(tally.values), np.median(np.log1p(column))
    assert weighted_median(np.abs(logs - middle), tally.counts) == np.median(np.abs(np.log1p(column) - middle))


def test_sums_and_bins_count_every_number():
    """Bins run from the first that holds a number to the last; nothing has no bins and no median."""
    tally = Tally([np.array([0, 3, 3]), np.array([9])])
    assert (tally.total, tally.sum, tally.sum_beyond(2)) == (4, 15, 9)
    assert tally.count_where(lambda values: values > 2) == 3
    assert tally.bins((0, 1, 2, 4, 8, 16)) == ((0, 1), (1, 0), (2, 2), (4, 0), (8, 1))
    assert Tally().bins((0, 1)) == ()
    assert (Tally().median(), Tally().quantiles([0.5]).tolist()) == (0.0, [0.0])
