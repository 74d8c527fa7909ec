"""Noise of measured points, and the gate of signal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.forecast.noise import gate, item_variance, run_variance
from tunecase.forecast.scale import Scale
from tunecase.records import Point

SHARE = {"scale": Scale("higher", bounded=True, binomial=True)}
SIZES = (20, 40, 80, 160)


def points(scores, test_rows=300, draws=1):
    """Points of doubling sizes."""
    return [Point(20 * 2**i, score, draws, test_rows) for i, score in enumerate(scores)]


def test_a_large_cut_within_noise_fails_the_gate():
    """A cut of a quarter on 20 test items is noise, and noise is named."""
    found = gate(points([0.5, 0.55, 0.62], test_rows=20), **SHARE)
    assert not found.passed
    assert found.noise_dominates
    assert found.test_share > 0.5


def test_without_a_test_size_scatter_decides():
    """Where noise is unknown, scatter around a straight line stands in for it; two points show none."""
    loss = {"scale": Scale("lower", bounded=False, binomial=False)}
    smooth = gate([Point(n, 3 * n**-0.2) for n in SIZES], **loss)
    rough = gate([Point(n, 3 * n**-0.05 * f) for n, f in zip(SIZES, (1, 1.2, 0.8, 1), strict=True)], **loss)
    assert smooth.passed
    assert smooth.standard_error is None
    assert not rough.passed
    assert not gate([Point(20, 3.0), Point(40, 2.0)], **loss).passed


def test_a_small_cut_is_a_signal_of_other_learners_only():
    """A smooth cut of 3% rules out late falls of a classical learner, not of a fine-tune."""
    small = [Point(n, 0.5 * n**-0.015) for n in SIZES]
    rate = {"scale": Scale("lower", bounded=True, binomial=False)}
    assert not gate(small, **rate).passed
    assert gate(small, **rate, language_model=False).passed


@settings(max_examples=15, deadline=None)
@given(level=st.floats(0.05, 0.95), rows=st.sampled_from([None, 50, 5000]), language=st.booleans())
def test_a_flat_pilot_never_passes(level, rows, language):
    """No improvement is no signal, of any learner and however large the test."""
    assert not gate(points([level] * 4, rows), **SHARE, language_model=language).passed


@pytest.mark.parametrize("binomial", [True, False])
@pytest.mark.parametrize("sizes", [3, 5])
def test_noise_seldom_passes_for_signal(binomial, sizes):
    """Level curves seen with the noise of runs and of 300 items pass the gate at most once in twelve."""
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(240):
        seen = [
            Point(50 * 2**k, float(np.clip(0.6 + rng.normal(0, 0.03) + rng.normal(0, 0.028), 0, 1)), 1, 300)
            for k in range(sizes)
            for _ in range(2)
        ]
        passed += gate(seen, Scale("higher", bounded=True, binomial=binomial)).passed
    assert passed <= 20


def test_items_and_runs_add_what_they_should():
    """A share's items give (1 - e)/(m e); runs give (sd/e)^2 over their number; the unknown gives nothing."""
    half = [Point(10, 0.5, 4, 100, 0.05), Point(20, 0.5, 1)]
    assert item_variance(half, Scale("higher", bounded=True, binomial=True)).tolist() == pytest.approx([0.01, 0.0])
    assert item_variance(half, Scale("higher", bounded=True, binomial=False)).tolist() == [0, 0]
    assert run_variance(half[:1], Scale("higher", bounded=True, binomial=True))[0] == pytest.approx(
        (0.05 / 0.5) ** 2 / 4
    )
    assert np.all(run_variance([Point(10, 3.0)], Scale("lower", bounded=False, binomial=False)) == 0)
