"""The two curve models."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.forecast.models import ATOMS, LOSSES, SHALLOW, SHARES, STEEP, fit_atoms, fit_drift, odds_slopes, shapes

SIZES = np.array([50.0, 100.0, 200.0, 400.0])
QUIET = np.zeros((1, 4))


def test_shapes_are_the_same_each_time():
    """The fixed shapes are drawn once, start at one and never rise."""
    for prior in (SHARES, LOSSES):
        assert shapes(prior) is shapes(prior)
        logs = shapes(prior).logs(np.array([1.0, 10.0, 1e3, 1e6]))
        assert logs.shape == (ATOMS, 4)
        assert (np.diff(logs, axis=1) <= 1e-12).all()
        assert logs.max() <= 0


def both(log_error, noise=QUIET):
    """Both models, each as for shares and for losses."""
    fits = [fit_atoms(SIZES, log_error, noise, prior) for prior in (SHARES, LOSSES)]
    return fits + [fit_drift(SIZES, log_error, noise, exponents) for exponents in (STEEP, SHALLOW)]


@law(8)
@given(slope=st.floats(0.05, 0.6), level=st.floats(-1.0, 1.0))
def test_models_continue_a_power_law(slope, level):
    """An exact power law is continued within its own doubt by both models."""
    log_error = level - slope * np.log(SIZES)
    truth = level - slope * math.log(1600)
    for fit in both(log_error):
        draws = fit.sample(np.array([1600.0]), 400, np.random.default_rng(0))[:, 0]
        low, high = np.quantile(draws, (0.05, 0.95))
        assert low - 0.02 <= truth <= high + 0.02


def test_noise_widens_both_models():
    """The same points say less when each of them is known to be noisy."""
    log_error = -0.3 * np.log(SIZES)
    for quiet, noisy in zip(both(log_error), both(log_error, np.full((1, 4), 0.1)), strict=True):
        draws = [fit.sample(np.array([1600.0]), 1000, np.random.default_rng(0)) for fit in (quiet, noisy)]
        widths = [np.ptp(np.quantile(part, (0.1, 0.9))) for part in draws]
        assert widths[0] < widths[1]


def test_joint_curves_have_the_spread_of_single_sizes():
    """Curves drawn jointly over sizes spread at each size as draws of that size alone do."""
    log_error = np.array([-0.7, -0.95, -1.1, -1.35])
    at = np.array([800.0, 3200.0])
    for fit in both(log_error):
        drawn = fit.sample(at, 8000, np.random.default_rng(0))
        joint = fit.curves(at, np.random.default_rng(1).random(8000), np.random.default_rng(0))
        single, crossed = (np.quantile(part, (0.1, 0.5, 0.9), axis=0) for part in (drawn, joint))
        assert np.allclose(single, crossed, atol=0.04)


def test_a_sample_hardly_depends_on_its_luck():
    """Samples are spread evenly: quantiles of a thousand draws differ by far less than those of random ones would."""
    log_error = np.array([-0.7, -0.95, -1.1, -1.35])
    for fit in both(log_error):
        drawn = [fit.sample(np.array([3200.0]), 1_000, np.random.default_rng(seed))[:, 0] for seed in range(8)]
        middles = np.median(drawn, axis=1)
        assert np.std(middles) < 0.5 * 1.25 * np.std(drawn[0]) / math.sqrt(1_000)


def test_weights_are_shares():
    """Weights of shapes and cells sum to one, and models read any size, also below the first."""
    log_error = -0.3 * np.log(SIZES)
    for fit in both(log_error):
        assert math.isclose(1, fit.weight.sum())
        assert np.isfinite(fit.sample(np.array([5.0, 1e6]), 50, np.random.default_rng(1))).all()


@pytest.mark.parametrize("prior", [SHARES, LOSSES])
def test_atoms_are_calibrated_on_their_own_prior(prior):
    """Curves drawn from the shapes themselves fall uniformly into the ranks of their forecasts."""
    rng = np.random.default_rng(3)
    at = np.array([*SIZES, 3200.0])
    ranks = []
    for which in rng.integers(0, ATOMS, 150):
        curve = shapes(prior).logs(at, np.array([which]))[0] + 0.04 * rng.standard_normal(5)
        fit = fit_atoms(SIZES, curve[:4], QUIET, prior, roughness=(0.04,), only_true=False)
        ranks.append(float(np.mean(fit.sample(at[4:], 200, rng)[:, 0] < curve[4])))
    assert 0.72 <= np.mean([0.1 <= rank <= 0.9 for rank in ranks]) <= 0.9
    assert 0.42 <= np.mean(ranks) <= 0.58


@law(8)
@given(shift=st.floats(-1, 1), shared=st.floats(0, 0.9))
def test_a_shift_of_all_points_leaves_the_slope(shift, shared):
    """What moves all points alike, as the luck of shared items does, moves the whole curve and nothing else."""
    log_error = np.array([-0.7, -1.0, -1.2, -1.5])
    noise = np.full((1, 4), 0.02)
    common = shared * 0.02 * (1 - np.eye(4))
    for fit in (
        lambda e: fit_atoms(SIZES, e, noise, SHARES, common=common),
        lambda e: fit_drift(SIZES, e, noise, odds_slopes(0.2), common),
    ):
        here, there = (fit(e).sample(SIZES * 8, 200, np.random.default_rng(0)) for e in (log_error, log_error + shift))
        assert np.allclose(there - here, shift, atol=1e-6)


def test_shared_noise_tells_the_slope_better():
    """Points that are wrong together differ by less, so a steady fall is believed to go on more firmly."""
    log_error = -0.4 * np.log(SIZES)
    noise = np.full((1, 4), 0.04)
    widths = []
    for shared in (0.0, 0.9):
        common = shared * 0.04 * (1 - np.eye(4))
        fit = fit_drift(SIZES, log_error, noise, odds_slopes(0.1), common)
        drawn = fit.sample(SIZES[-1:] * 16, 400, np.random.default_rng(0))[:, 0]
        widths.append(np.median(drawn) - log_error[-1])
    assert widths[1] < widths[0], "the measured slope is steeper than the typical ones, and weighs more"


def test_no_common_noise_is_as_none():
    """A covariance of nothing gives what leaving it out gives."""
    log_error = np.array([-0.7, -1.0, -1.2, -1.5])
    noise = np.full((1, 4), 0.02)
    plain, zero = (fit_atoms(SIZES, log_error, noise, SHARES, common=one) for one in (None, np.zeros((4, 4))))
    drawn = [fit.sample(SIZES * 8, 300, np.random.default_rng(0)) for fit in (plain, zero)]
    assert np.allclose(*drawn, atol=1e-6)


def test_typical_slopes_of_a_hopeless_task_are_level():
    """Slopes are those of the odds: all of it where errors are few, none where every answer is wrong."""
    assert odds_slopes(1.0) == tuple(0.0 for _ in odds_slopes(1.0))
    assert min(odds_slopes(0.01)) < min(odds_slopes(0.5)) < 0
