"""Lengths of samples: the mean, the longest of a micro-batch, padding."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.compute import lengths

histograms = st.lists(st.integers(1, 5000), min_size=1, max_size=50).map(lengths.of)


@given(histograms, st.integers(1, 32))
def test_the_longest_of_a_batch_lies_between_mean_and_maximum(found, samples):
    """The expected longest of a micro-batch is at least the mean and at most the longest sample."""
    longest = found.expected_longest(samples)
    assert found.mean - 1e-6 <= longest <= found.longest + 1e-6


@given(histograms, st.integers(1, 16))
def test_larger_micro_batches_pad_more(found, samples):
    """The useful share of a padded batch never rises with its size."""
    assert found.useful_share(samples * 2) <= found.useful_share(samples) + 1e-9
    assert found.useful_share(1) == pytest.approx(1.0)


def test_two_lengths_pad_a_fifth():
    """Half the samples 100 and half 300 tokens long: pairs are padded to 250 on average, 200 are real."""
    assert 0.8 == pytest.approx(lengths.of([100, 300]).useful_share(2))


def test_cutting_shortens_the_tail():
    """Samples cut at a limit are all at most that long, and none is lost."""
    found = lengths.of([10, 20, 900], [5, 3, 2]).cut(100)
    assert (100, 10) == (found.longest, found.total)


def test_no_sample_is_refused():
    """A histogram without a single token is no histogram."""
    with pytest.raises(ValueError, match="no sample"):
        lengths.of([0, 0])
