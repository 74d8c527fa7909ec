"""Noise of measured points, and the gate of signal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.forecast.noise import (
    common_variance,
    gate,
    item_variance,
    reading,
    run_variance,
    shrink,
    spread_at,
    spreads,
)
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


@law(15)
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
    for _ in range(120):
        seen = [
            Point(50 * 2**k, float(np.clip(0.6 + rng.normal(0, 0.03) + rng.normal(0, 0.028), 0, 1)), 1, 300)
            for k in range(sizes)
            for _ in range(2)
        ]
        passed += gate(seen, Scale("higher", bounded=True, binomial=binomial)).passed
    assert passed <= 10


def test_items_and_runs_add_what_they_should():
    """A share's items give (1 - e)/(m e); runs give (sd/e)^2 over their number; the unknown gives nothing."""
    half = [Point(10, 0.5, 4, 100, 0.05), Point(20, 0.5, 1)]
    assert item_variance(half, Scale("higher", bounded=True, binomial=True)).tolist() == pytest.approx([0.01, 0.0])
    assert item_variance(half, Scale("higher", bounded=True, binomial=False)).tolist() == [0, 0]
    assert run_variance(half[:1], Scale("higher", bounded=True, binomial=True))[0] == pytest.approx(
        (0.05 / 0.5) ** 2 / 4
    )
    assert np.all(run_variance([Point(10, 3.0)], Scale("lower", bounded=False, binomial=False)) == 0)


def test_spreads_are_drawn_together():
    """A spread seen in two runs lies between its own and the pooled one; unseen stays unknown."""
    assert spreads([Point(1, 0.5), Point(2, 0.5)], **SHARE) is None
    found = spreads([Point(1, 0.5, 2, None, 0.08), Point(2, 0.6, 2, None, 0.02), Point(4, 0.7)], **SHARE)
    pooled = ((0.08**2 + 0.02**2) / 2) ** 0.5
    assert found[2] == pytest.approx(pooled)
    assert 0.02 < found[1] < pooled < found[0] < 0.08


def test_wild_small_runs_do_not_widen_a_quiet_large_one():
    """Scatter falls with the error: runs of 22 rows that differ by 6 points leave those of 699 rows quiet."""
    seen = [Point(22, 0.55, 3, 700, 0.06), Point(88, 0.82, 3, 700, 0.03), Point(699, 0.969, 3, 700, 0.004)]
    found = spreads(seen, **SHARE)
    assert 0.004 < found[2] < 0.015 < 0.02 < found[1] < found[0]
    assert reading(seen[2], **SHARE, spread=found[2]).highest < 0.05


@law(20)
@given(factor=st.floats(0.1, 10), sds=st.lists(st.floats(0.001, 0.2), min_size=2, max_size=4))
def test_spreads_of_a_loss_keep_its_unit(factor, sds):
    """Spreads of a loss in another unit are the same spreads in that unit."""
    loss = Scale("lower", bounded=False, binomial=False)
    ours, theirs = (
        [Point(10 * 2**i, f * (3 - i / 4), 3, None, f * sd) for i, sd in enumerate(sds)] for f in (1, factor)
    )
    assert np.allclose(factor * spreads(ours, loss), spreads(theirs, loss))


def test_the_spread_at_another_error_is_in_proportion():
    """Worlds better than the measured point scatter less; at the point's own error it is the point's own spread."""
    seen = [Point(10, 0.5, 3, 700, 0.06), Point(40, 0.8, 3, 700, 0.02)]
    at = spread_at(seen, errors=np.array([0.02, 0.2, 0.5]), **SHARE)
    assert at[1] == pytest.approx(spreads(seen, **SHARE)[1])
    assert at[0] < at[1] < at[2]
    unseen = spread_at([Point(10, 0.5), Point(40, 0.8)], errors=np.array([0.02, 0.5]), **SHARE)
    assert unseen.tolist() == pytest.approx([0.033 * shrink(np.array(0.02)), 0.033])


@law(40)
@given(
    wrong=st.integers(0, 60), rows=st.sampled_from([60, 200, 700, 5_000]), draws=st.integers(1, 5),
    spread=st.sampled_from([None, 0.0, 0.005, 0.03]),
)  # fmt: skip
def test_nine_readings_in_ten_lie_below_the_highest(wrong, rows, draws, spread):
    """The upper end of a reading is its 90% quantile, near enough, and no reading is surer than its test items."""
    seen = reading(Point(100, 1 - wrong / rows, draws, rows, spread), **SHARE)
    levels = np.linspace(0.0005, 0.9995, 2_000)
    below = float((np.exp(seen.quantiles(levels)) <= seen.highest + 1e-12).mean())
    assert 0.88 <= below <= 1
    assert seen.items <= rows * 1.001
    if seen.error > 0.02 and seen.items > 100:
        assert below <= 0.92


def test_a_reading_says_what_it_rests_on():
    """Unseen spread: 3.3 points of a share, half of their variance beside known test items, 2% of a loss."""
    share, loss = SHARE["scale"], Scale("lower", bounded=False, binomial=False)
    assert reading(Point(10, 0.5, 1, 300), share).items == pytest.approx(0.25 / (0.25 / 300 + 0.033**2 / 2))
    assert reading(Point(10, 0.5, 1, 300), share, spread=0.0).items == pytest.approx(300)
    assert reading(Point(10, 0.5, 4), share).items == pytest.approx(0.25 * 4 / 0.033**2)
    assert reading(Point(10, 2.0, 4), loss).deviation == pytest.approx(0.01)
    assert reading(Point(10, 2.0, 4, None, 0.4), loss).highest == pytest.approx(2 * np.exp(1.2816 * 0.1), rel=1e-4)


def answered(scores, shares, rows=300):
    """Points of doubling sizes whose commonest answer has these shares."""
    pairs = enumerate(zip(scores, shares, strict=True))
    return [Point(20 * 2**i, score, 1, rows, None, share) for i, (score, share) in pairs]


def test_one_answer_for_all_rows_is_no_signal():
    """Whatever the scores do, one answer at the largest size, or at all sizes but one, says nothing of training."""
    rising = (0.5, 0.6, 0.7, 0.8)
    for shares in ((1, 1, 1, 1), (0.3, 0.3, 0.3, 1), (1, 1, 1, 0.3)):
        found = gate(answered(rising, shares), **SHARE)
        assert found.signal, "their scores alone are one"
        assert found.fault == "one answer"
        assert not found.passed
        assert "same answer" in found.why
    assert gate(answered(rising, (1, 1, 0.5, 0.3)), **SHARE).passed, "it began to tell answers apart"
    assert gate(answered(rising, (None,) * 4), **SHARE).passed, "older records kept no such share"


def test_a_one_sided_task_is_no_fault_where_answers_differ():
    """Classes of 92% and 8% give a commonest answer of about 92%; only where it is all of them is nothing learnt."""
    scores, shares = (0.92, 0.94, 0.96, 0.975), (0.97, 0.95, 0.93, 0.92)
    assert gate(answered(scores, shares, 3_000), **SHARE).passed
    stuck = gate(answered((0.92,) * 4, (1.0,) * 4, 3_000), **SHARE)
    assert stuck.fault == "one answer"


def test_a_score_that_falls_beyond_its_noise_is_a_fault():
    """Ten points down on 1,000 items is one, on 40 items it is luck; a loss and a gain at the end are judged alike."""
    scores = (0.7, 0.8, 0.78, 0.7)
    found = gate(points(scores, 1_000, draws=3), **SHARE)
    assert found.fault == "falls"
    assert "80.0% at 40 and 70.0% at 160" in found.why
    assert not gate(points(scores, 40), **SHARE).fault
    loss = {"scale": Scale("lower", bounded=False, binomial=False)}
    assert gate([Point(20, 3.0), Point(40, 2.0), Point(80, 2.4)], **loss).fault == "falls"
    assert not gate([Point(20, 3.0), Point(40, 2.0), Point(80, 2.05)], **loss).fault


def test_level_curves_seldom_seem_to_fall():
    """Noise of runs and of 300 items makes a level curve fall at most once in forty."""
    rng = np.random.default_rng(1)
    fell = 0
    for _ in range(400):
        noise = rng.normal(0, 0.033, 5) + rng.normal(0, 0.028, 5)
        fell += gate(points(np.clip(0.6 + noise, 0, 1)), **SHARE).fault == "falls"
    assert fell <= 10


@law(25)
@given(wild=st.floats(0, 0.3), wilder=st.floats(0, 0.3), seen=st.lists(st.floats(0, 0.05), min_size=2, max_size=4))
def test_a_wilder_smallest_size_never_blurs_the_largest(wild, wilder, seen):
    """The spread at the largest size does not rise with that of the smallest, where test items are known."""
    low, high = sorted((wild, wilder))

    def last(first):
        sds = (first, *seen)
        curve = [Point(20 * 2**i, 0.5 + 0.05 * i, 3, 300, sd) for i, sd in enumerate(sds)]
        spread = float(spreads(curve, **SHARE)[-1])
        return reading(curve[-1], **SHARE, spread=spread).deviation

    assert last(high) <= last(low) + 1e-12


def test_sizes_share_the_items_that_they_answer():
    """The covariance is half the smaller item variance where tests are alike, a covariance, and nothing elsewhere."""
    seen = [Point(10, 0.5, 1, 100), Point(20, 0.8, 1, 100), Point(40, 0.9, 1, 300)]
    found = common_variance(seen, **SHARE)
    alone = item_variance(seen, **SHARE)
    assert found[0, 1] == pytest.approx(0.5 * alone[0])
    assert found[0, 2] == found[1, 2] == 0
    assert np.linalg.eigvalsh(np.diag(alone) + found).min() > 0
    assert common_variance([*seen, Point(80, 0.9)], **SHARE) is None
    assert common_variance(seen, Scale("higher", bounded=True, binomial=False)) is None
