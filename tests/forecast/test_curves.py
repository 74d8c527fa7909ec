"""The belief about a learning curve."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from tests.laws import law
from tunecase.forecast.curves import Belief, believe, nothing_left
from tunecase.forecast.models import ODDS_SLOPES
from tunecase.forecast.scale import Scale
from tunecase.forecast.widths import TESTED, Calibration, calibration
from tunecase.quantities import batch_error
from tunecase.records import Point

SHARE = {"scale": Scale("higher", bounded=True, binomial=True)}
SIZES = (20, 40, 80, 160)


def points(scores, test_rows=300, draws=1):
    """Points of doubling sizes."""
    return [Point(20 * 2**i, score, draws, test_rows) for i, score in enumerate(scores)]


def rising(slope=0.35, start=0.5, rows=300):
    """A clean curve of four points."""
    return points([1 - start * (n / 20) ** -slope for n in SIZES], rows)


curves = st.lists(st.floats(0.05, 0.98), min_size=3, max_size=5)


@law(10)
@given(scores=curves, seed=st.integers(0, 5))
def test_the_same_seed_gives_the_same_answer(scores, seed):
    """One seed, one answer; a world is the same curve in every call."""
    first, second = (believe(points(scores), **SHARE, seed=seed) for _ in range(2))
    paths = first.paths([500, 1000], 200)
    assert (paths == second.paths([500, 1000], 200)).all()
    assert np.allclose(paths[:, 1], first.paths([1000], 200)[:, 0])
    assert np.allclose(paths[:, 0], first.paths([60, 500, 9000], 200)[:, 1])
    tests = first.next_test(paths, 100)
    assert (tests == first.next_test(paths, 100)).all()


@law(10)
@given(scores=curves)
def test_errors_stay_in_range(scores):
    """True errors and printed ones of a share lie between half a point (zero) and one."""
    belief = believe(points(scores), **SHARE)
    paths = belief.paths([100, 1e5, 1e7], 200)
    tests = belief.next_test(paths, 50)
    assert 0.005 <= paths.min() <= paths.max() <= 1
    assert 0 <= tests.min() <= tests.max() <= 1
    assert np.allclose(tests * 50, np.round(tests * 50))


def rank_correlation(paths):
    """Spearman's correlation between sizes."""
    return np.corrcoef(np.argsort(np.argsort(paths, axis=0), axis=0).T)


@pytest.mark.parametrize("scores", [(0.5, 0.61, 0.69, 0.76), (0.6, 0.6, 0.62, 0.6), (0.6, 0.52, 0.7, 0.71)])
def test_a_measurement_at_one_size_tells_something_of_another(scores):
    """Worlds cross: sizes close to each other agree more than distant ones, and none settles another."""
    like = rank_correlation(believe(points(scores), **SHARE).paths([320, 640, 1280, 5120], 2000))
    assert 0.99 > like[0, 1] > like[0, 2] > like[0, 3] > 0.2
    assert like[2, 3] > like[0, 3]


@pytest.mark.parametrize("draws", [500, 2_000])
def test_joint_worlds_have_the_calibrated_spread(draws):
    """Giving worlds their order leaves the quantiles at each size as they were, in every batch too."""
    belief = believe(rising(), **SHARE)
    at = np.array([200.0, 640.0, 5000.0])
    ranked = np.clip(np.exp(belief._ranked(at)), 0.005, 1)
    paths = belief.paths(at, draws)
    ends = np.array([0.1, 0.5, 0.9])
    assert np.allclose(np.quantile(paths, ends, axis=0), np.quantile(ranked, ends, axis=0), rtol=0.02)
    for batch in np.split(paths, 20 if draws == 2_000 else 1):
        assert np.allclose(np.quantile(batch, ends, axis=0), np.quantile(ranked, ends, axis=0), rtol=0.12)


def test_means_of_batches_tell_the_error_of_drawing():
    """Another seed moves a chance by about what the batches of worlds say, and by far less than random worlds."""
    at, target = np.geomspace(160, 2_000, 6), 0.15
    chances, told = [], []
    for seed in range(12):
        reached = believe(rising(), **SHARE, seed=seed).paths(at, 4_000).min(axis=1) <= target
        chances.append(reached.mean())
        told.append(batch_error(reached, np.mean))
    moved, random = np.std(chances, ddof=1), math.sqrt(chances[0] * (1 - chances[0]) / 4_000)
    assert 0.5 < moved / np.mean(told) < 1.8
    assert moved < 0.4 * random


def test_a_worlds_place_says_nothing():
    """Worlds come in any order within their batch: neighbours are no more alike than others."""
    paths = believe(rising(), **SHARE).paths([640.0], 4_000)[:, 0]
    assert abs(np.corrcoef(paths[:-1], paths[1:])[0, 1]) < 0.06
    assert abs(np.corrcoef(paths, np.arange(4_000) % 200)[0, 1]) < 0.06


def test_at_the_largest_size_the_belief_is_the_measurement():
    """There its items and runs alone count; the band is the reading's, and the guess its middle."""
    for rows, draws, sd in ((100, 1, None), (700, 3, 0.01), (5_000, 2, None), (None, 1, None)):
        seen = [Point(p.n, p.score, draws, rows, sd) for p in rising()]
        belief = believe(seen, **SHARE)
        levels = np.array([0.1, 0.5, 0.9])
        wanted = np.exp(belief.reading.quantiles(levels))
        assert np.allclose(np.quantile(belief.paths([160.0], 2_000)[:, 0], levels), wanted, rtol=0.01)
        assert belief.middle([160])[0] == pytest.approx(wanted[1], rel=1e-3)
        assert belief.paths([160.0, 170.0], 2_000).mean(axis=0) == pytest.approx([1 - seen[-1].score] * 2, rel=0.08)


def width(belief: Belief, n=2000) -> float:
    """The 80% band of ln e at n."""
    return float(np.ptp(np.quantile(np.log(belief.paths([n])[:, 0]), (0.1, 0.9))))


@pytest.mark.parametrize("slope", [0.25, 0.35, 0.5])
def test_more_test_items_never_widen_the_band(slope):
    """The same scores from more test items are believed at least as firmly."""
    widths = [width(believe(rising(slope, rows=rows), **SHARE)) for rows in (100, 300, 1000, 10_000)]
    assert all(wider >= 0.97 * narrower for wider, narrower in itertools.pairwise(widths))
    assert widths[0] > widths[-1]


def test_more_draws_narrow_the_band():
    """The same means over more runs are believed more firmly."""
    few, many = (believe([Point(p.n, p.score, d, 2000, 0.03) for p in rising()], **SHARE) for d in (1, 16))
    assert width(few) > width(many)


def test_the_next_test_is_wider_than_the_truth():
    """What the next test prints varies by its items on top of the truth; without a size only runs differ."""
    belief = believe([Point(p.n, p.score, 4, 300, 0.001) for p in rising()], **SHARE)
    paths = belief.paths([640])
    wide, narrow = (np.ptp(np.quantile(belief.next_test(paths, rows), (0.1, 0.9))) for rows in (50, None))
    assert wide > narrow >= 0.98 * np.ptp(np.quantile(paths, (0.1, 0.9)))


def test_beyond_64_times_the_band_is_wider_still():
    """Past 64 times the largest size the band grows by more than the models say."""
    belief = believe(rising(), **SHARE)
    near, far = width(belief, 64 * 160), width(belief, 64 * 64 * 160)
    assert far > 1.3 * near


def test_a_flat_pilot_fails_the_gate():
    """A curve that does not fall shows no signal, and base rates weigh as much as they may."""
    belief = believe(points([0.6, 0.6, 0.6]), **SHARE)
    assert not belief.gate.passed
    assert "did not fall" in belief.gate.why
    assert belief.base_share == pytest.approx(1 / 3)
    assert any("no clear signal" in words for words in belief.assumptions)


def test_a_clean_pilot_passes_the_gate():
    """A cut of half the error, many standard errors large, is a signal, and base rates weigh less."""
    belief = believe(rising(), **SHARE)
    assert belief.gate.passed
    assert belief.models == ("shape atoms", "drifting power law", "nearest lessons", "regression", "base rate")
    assert belief.gate.standard_error > 0
    assert belief.base_share == 0, "their test items are known"
    rough, precise = (believe([Point(p.n, p.score, 16, None, sd) for p in rising()], **SHARE) for sd in (0.05, 0.003))
    assert rough.gate.passed
    assert 0 < precise.base_share < rough.base_share <= 1 / 3


def test_other_learners_follow_no_base_rate():
    """Base rates are those of fine-tuned models; curves of other learners are expected to fall less."""
    curve = [Point(p.n, p.score) for p in rising()]
    tuned, other = (believe(curve, **SHARE, language_model=language) for language in (True, False))
    assert other.base_share == 0
    assert "base rate" not in other.models
    assert "drifting power law" not in other.models
    assert np.median(tuned.paths([5000])) < np.median(other.paths([5000]))


def test_the_best_guess_lies_within_the_band():
    """One number for each size, within the 80% band, and the error itself at the last size."""
    belief = believe(rising(rows=100_000), **SHARE)
    at = [160, 640, 5000]
    low, high = np.quantile(belief.paths(at), (0.1, 0.9), axis=0)
    guess = belief.middle(at)
    assert ((low <= guess) & (guess <= high)).all()
    assert guess[0] == pytest.approx(1 - rising()[-1].score, rel=0.05)


def test_losses_need_no_bound():
    """A loss above one is believed on its own scale, hardly by base rates and without a binomial."""
    belief = believe([Point(n, 9.0, 1, 50) for n in SIZES], Scale("lower", bounded=False, binomial=False))
    paths = belief.paths([320])
    assert 7 < np.median(paths) < 10
    assert (paths == belief.next_test(paths, 50)).all()
    assert belief.base_share < 0.05


@pytest.mark.parametrize("language", [True, False])
def test_the_unit_of_a_loss_does_not_matter(language):
    """A loss in other units is the same belief in those units."""
    loss = {"scale": Scale("lower", bounded=False, binomial=False), "language_model": language}
    ours, theirs = (believe([Point(n, f * 3 * n**-0.2) for n in SIZES], **loss) for f in (1, 7.3))
    at = [200, 1000, 9000]
    assert np.allclose(7.3 * ours.paths(at, 300), theirs.paths(at, 300), rtol=1e-6)


def test_an_error_rate_is_one_minus_an_accuracy():
    """The same errors are believed alike, whichever way they are written."""
    rates = [Point(p.n, 1 - p.score, 1, 300) for p in rising()]
    same = believe(rates, Scale("lower", bounded=True, binomial=True))
    assert np.allclose(believe(rising(), **SHARE).paths([640, 5000], 300), same.paths([640, 5000], 300))


def test_one_size_is_no_curve():
    """A single size raises, as a line through one point has any slope."""
    with pytest.raises(ValueError, match="two sizes"):
        believe([Point(10, 0.5), Point(10, 0.6)], **SHARE)


def test_the_width_is_the_learnt_one_where_test_items_are_unknown():
    """Without test sizes a band is as wide as was learnt of its kind; with them one number stands."""
    unknown, known = believe(rising(rows=None), **SHARE), believe(rising(), **SHARE)
    assert known.width == TESTED
    assert unknown.width == calibration("tuned score").width(math.log(0.5 / (8**0.35 - 0.5))) != 1
    native = replace(unknown, calibration=Calibration("tuned score", 1.0, 0.0, 0.0, 0.0, 0, 0, "", ""))
    assert width(unknown) == pytest.approx(unknown.width * width(native), rel=0.02)


def test_two_lora_draws_hold_their_later_outcomes():
    """Two real LoRA pilots on 300 test items, cut at 80 and 160 examples, hold 8 of 10 later scores or more."""
    sizes = [10 * 2**i for i in range(7)]
    draws = [[0.6, 0.64, 0.69, 0.783, 0.877, 0.88, 0.913], [0.557, 0.69, 0.763, 0.85, 0.877, 0.897, 0.91]]
    held = 0
    for scores in draws:
        for cut in (4, 5):
            seen = [Point(n, score, 1, 300) for n, score in zip(sizes[:cut], scores, strict=False)]
            belief = believe(seen, **SHARE)
            printed = belief.next_test(belief.paths(sizes[cut:]), 300)
            low, high = np.quantile(1 - printed, (0.1, 0.9), axis=0)
            held += int(np.sum((low <= scores[cut:]) & (scores[cut:] <= high)))
    assert 8 <= held <= 10


@law(6)
@given(scores=curves)
def test_what_only_pilots_tell_changes_no_other_curve(scores):
    """Without test items no fault, no shared item and no share of answers touches a belief."""
    plain = [Point(20 * 2**i, score) for i, score in enumerate(scores)]
    answered = [Point(p.n, p.score, commonest_share=1.0) for p in plain]
    first, second = (believe(curve, **SHARE) for curve in (plain, answered))
    assert second.gate.fault == "one answer"
    assert not second.faulty
    assert not first.tested
    assert (first.paths([1_000], 200) == second.paths([1_000], 200)).all()


def test_a_fault_widens_the_bad_side():
    """Where tested scores fall beyond their noise the curve may go on falling; the middle stays."""
    belief = believe([Point(p.n, p.score, 3, 1_000, 0.01) for p in points([0.6, 0.75, 0.74, 0.62])], **SHARE)
    assert belief.gate.fault == "falls"
    assert belief.base_share == pytest.approx(1 / 3)
    usual = replace(belief, gate=replace(belief.gate, fault=""))
    (low, mid, high), (low_0, mid_0, high_0) = (
        np.quantile(one.paths([2_000]), (0.1, 0.5, 0.9)) for one in (belief, usual)
    )
    assert high > 1.1 * high_0
    assert mid == pytest.approx(mid_0, rel=0.02)
    assert low == pytest.approx(low_0, rel=0.02)


@pytest.mark.slow
def test_bands_hold_where_sizes_share_their_items():
    """Curves of typical slopes, each size scored on the same 200 items by two runs, lie in the 80% band as often."""
    rng, held, width = np.random.default_rng(3), 0, []
    for i in range(70):
        start, slope = rng.uniform(0.25, 0.7), rng.choice(ODDS_SLOPES)
        at = np.array([20, 40, 80, 160, 640])
        odds = start / (1 - start) * (at / 20.0) ** slope
        errors = odds / (1 + odds)
        hard = rng.standard_normal(200)
        luck = ndtr(math.sqrt(0.7) * hard + math.sqrt(0.3) * rng.standard_normal((4, 2, 200)))
        right = (luck >= errors[:4, None, None]).mean(2)
        curve = [Point(int(n), float(score), 1, 200) for n, two in zip(at, right, strict=False) for score in two]
        low, high = np.quantile(believe(curve, **SHARE, seed=i, language_model=False).paths([640], 400), (0.1, 0.9))
        held += low <= errors[4] <= high
        width.append(high - low)
    assert 0.7 * 70 <= held <= 0.95 * 70, held
    assert np.mean(width) < 0.2


def test_of_many_sizes_those_spread_evenly_are_heard():
    """An imported log of 400 sizes is believed in no time, as 30 of its sizes, the first and the last among them."""
    many = [Point(20 + 10 * i, 1 - 0.5 * (20 + 10 * i) ** -0.2, 1, 500) for i in range(400)]
    heard = believe(many, **SHARE).points
    assert (many[0].n, many[-1].n) == (heard[0].n, heard[-1].n)
    assert 20 <= len(heard) <= 30


@pytest.mark.parametrize(
    ("method", "base", "share"), [("grpo", None, 0.8), ("grpo", 0.5, 0.8), ("grpo", 0.2, 0.4), ("sft", 0.5, 0.0)]
)
def test_reinforcement_learning_often_has_nothing_left_to_gain(method: str, base: float | None, share: float) -> None:
    """Less often where it has halved the error of the untouched model already; other methods go on."""
    points = [Point(100, 0.6), Point(200, 0.65), Point(400, 0.68), *([] if base is None else [Point(0, base)])]
    assert share == nothing_left(points, method, "higher")
    belief = believe(points, Scale("higher", bounded=True, binomial=True), stays=share)
    paths = belief.paths([400, 3_200], 2_000)
    assert share == pytest.approx(float(np.isclose(paths[:, 0], paths[:, 1]).mean()), abs=0.01)
