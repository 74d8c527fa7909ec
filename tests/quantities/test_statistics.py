"""The arithmetic of test sets against published figures and its own laws."""

import math
from bisect import bisect_left
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.quantities.statistics import (
    agreement_of_two,
    ceiling,
    ceiling_interval,
    ceiling_range,
    mcnemar_p,
    paired_change,
    paired_rows_needed,
    smallest_loss_ruled_out,
    smallest_paired_gain,
    smallest_unpaired_gain,
    unpaired_change,
    unpaired_rows_needed,
    wilson,
    winners_curse,
)

TEST_SIZES = [
    (0.15, 76, 92, 68, 129), (0.10, 199, 168, 114, 249), (0.05, 906, 498, 303, 817), (0.03, 2_629, 1_185, 645, 2_064),
    (0.01, 24_641, 8_813, 4_086, 16_672),
]  # fmt: skip


def test_rows_needed_follow_table_and_formula():
    """The table of test sizes, Fleiss with scipy's quantiles, other powers and levels, and no jump at large samples."""
    got = [
        (gain, unpaired_rows_needed(0.80, gain), *(paired_rows_needed(gain, lost) for lost in (0.05, 0.02, 0.10)))
        for gain, *_ in TEST_SIZES
    ]
    assert TEST_SIZES == got
    from scipy.special import ndtri

    for base, gain, power, alpha in [(0.3, 0.1, 0.9, 0.01), (0.0, 0.2, 0.5, 0.1), (0.6, 0.4, 0.8, 0.2)]:
        z_alpha, z_power, new, mean = ndtri(1 - alpha / 2), ndtri(power), base + gain, base + gain / 2
        apart = z_alpha * (2 * mean * (1 - mean)) ** 0.5 + z_power * (base * (1 - base) + new * (1 - new)) ** 0.5
        assert math.ceil((apart / gain) ** 2) == unpaired_rows_needed(base, gain, power, alpha)
    for gain, lost, power, alpha in [(0.1, 0.02, 0.9, 0.01), (0.2, 0.05, 0.5, 0.2)]:
        rows = paired_rows_needed(gain, lost, power, alpha)
        assert exact_power(rows, gain, lost, alpha) >= power > exact_power(math.floor(0.94 * rows), gain, lost, alpha)
    gains = (0.0135, 0.013, 0.0125, 0.012, 0.0115)
    rows = [paired_rows_needed(gain, 0.2) for gain in gains]
    scaled = [n * gain**2 / (0.4 + gain) for n, gain in zip(rows, gains, strict=True)]
    assert scaled == pytest.approx([scaled[0]] * len(scaled), rel=0.01)
    assert rows == sorted(rows)


def exact_power(rows, gain, lost, alpha=0.05):
    """The chance that `mcnemar_p` of one draw of so many items lies below alpha with more items won than lost."""
    from scipy.stats import binom

    differing = np.arange(rows + 1)
    chance = binom.pmf(differing, rows, 2 * lost + gain)
    near = [d for d in differing.tolist() if chance[d] > 1e-12]
    most_lost = {d: bisect_left(range(d // 2), alpha, key=lambda k, d=d: mcnemar_p(d - k, k)) - 1 for d in near}
    return sum(chance[d] * binom.cdf(most_lost[d], d, lost / (2 * lost + gain)) for d in near)


@pytest.mark.parametrize("lost", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_the_exact_test_has_the_power_promised(lost):
    """At the rows needed McNemar's exact test sees the gain four times in five, with 5% fewer rows not."""
    for gain in (0.3, 0.2, 0.1) if lost < 0.1 else (0.3, 0.15):
        rows = paired_rows_needed(gain, lost)
        assert exact_power(rows, gain, lost) >= 0.8
        assert exact_power(math.floor(0.95 * rows), gain, lost) < 0.8


@pytest.mark.parametrize(("gain", "lost"), [(0.05, 0.05), (0.03, 0.02), (0.02, 0.1), (0.01, 0.05)])
def test_large_test_sets_see_the_gain_in_simulation(gain, lost):
    """Of 40,000 simulated tests at the rows needed four in five are significant by scipy's binomial tail."""
    from scipy.special import bdtr

    rows = paired_rows_needed(gain, lost)
    won, dropped, _ = np.random.default_rng(5).multinomial(rows, (lost + gain, lost, 1 - 2 * lost - gain), 40_000).T
    seen = (won > dropped) & (2 * bdtr(dropped, won + dropped, 0.5) < 0.05)
    assert seen.mean() == pytest.approx(0.8, abs=0.008)


def test_fewest_rows_and_smallest_gains():
    """Rows needed lie beyond all weak places; the fewest are McNemar's; gains of 30 to 1,000 items are the table's."""
    for gain, lost in [(0.5, 0.25), (0.4, 0.3), (0.3, 0.35)]:
        rows = paired_rows_needed(gain, lost)
        assert min(exact_power(rows + more, gain, lost) for more in range(15)) >= 0.8
    for alpha in (0.2, 0.125, 0.1, 0.05, 0.01, 0.001):
        fewest = next(k for k in range(1, 30) if mcnemar_p(k, 0) < alpha)
        assert fewest == paired_rows_needed(1.0, 0.0, alpha=alpha)
    got = [round(100 * smallest_paired_gain(rows), 1) for rows in (30, 50, 100, 200, 400, 1000)]
    assert [33.8, 23.0, 14.2, 8.9, 5.7, 3.3] == got
    assert [math.inf] * 3 == [smallest_paired_gain(rows) for rows in (0, 4, 5)]
    assert 0.5 < smallest_paired_gain(6) < 1
    assert math.inf == smallest_unpaired_gain(1.0, 10_000)


def test_mcnemar_against_the_binomial_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice scipy's tail, at most 1; beyond the bound of exact sums the same to nine digits."""
    from scipy.special import bdtr

    for won, lost in [(1, 0), (7, 2), (10, 30), (600, 540)]:
        assert min(1.0, 2 * bdtr(min(won, lost), won + lost, 0.5)) == pytest.approx(mcnemar_p(won, lost))
    assert (mcnemar_p(4, 0), mcnemar_p(6, 0), mcnemar_p(0, 0), mcnemar_p(3, 3)) == (0.125, 0.03125, 1.0, 1.0)
    exact = mcnemar_p(510, 480)
    monkeypatch.setattr("tunecase.quantities.statistics.MOST_EXACT_ITEMS", 100)
    assert mcnemar_p(510, 480) == pytest.approx(exact, rel=1e-9)
    assert 0.29 < mcnemar_p(42_000, 42_300) < 0.31


def test_wilsons_ends():
    """Each lies z of its own standard errors from the share seen; what rounding adds to a count is forgiven."""
    for correct, n, confidence in [(0, 10, 0.8), (85, 100, 0.95), (50, 50, 0.9), (3, 7, 0.5)]:
        low, high = wilson(correct, n, confidence)
        z, seen = NormalDist().inv_cdf(0.5 + confidence / 2), correct / n
        for end, side in ((low, 1), (high, -1)):
            assert end in (0, 1) or (seen - end) / math.sqrt(end * (1 - end) / n) == pytest.approx(side * z)
    assert (0, 1) == (wilson(0, 10)[0], wilson(50, 50)[1])
    assert (0.799, 0.890) == tuple(round(end, 3) for end in wilson(85, 100))
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10 + 1e-9, 10) == pytest.approx(wilson(10, 10))
    assert wilson(-1e-9, 10) == pytest.approx(wilson(0, 10))
    for correct in (10 + 1e-6, -1e-6):
        with pytest.raises(ValueError, match="not a share"):
            wilson(correct, 10)


def test_ceilings_and_their_intervals():
    """The table's for two classes; ends are those of the agreement; doubt about mistakes spans both assumptions."""
    assert [0.974, 0.947, 0.887, 0.816] == [round(ceiling(agreement, 2), 3) for agreement in (0.95, 0.90, 0.80, 0.70)]
    assert (1.0, None, None) == (ceiling(1.0, 5), ceiling(0.0, 2), ceiling(0.2, 4))
    assert ceiling(0.25, 4) == pytest.approx(0.25)
    few, many = ceiling_interval(18, 20, 3), ceiling_interval(1800, 2000, 3)
    assert few.low < few.mid < few.high
    assert few.mid == pytest.approx(many.mid)
    assert many.high - many.low < (few.high - few.low) / 5
    assert ceiling_interval(0, 0, 3) is None
    assert ceiling_interval(20, 20, 1) is None
    assert ceiling_interval(0, 20, 2).mid == pytest.approx(0.5)
    for agreed, rows, classes, confidence in [(80, 100, 2, 0.8), (70, 100, 5, 0.95), (11, 20, 2, 0.9)]:
        low, high = wilson(agreed, rows, confidence)
        expected = [ceiling(max(a, 1 / classes), classes) for a in (low, agreed / rows, high)]
        interval = ceiling_interval(agreed, rows, classes, confidence)
        assert expected == [interval.low, interval.mid, interval.high]
    chance = ceiling_interval(2, 100, 5)
    assert [0.2, 0.2, 0.2] == pytest.approx([chance.low, chance.mid, chance.high])
    even, alike, both = ceiling_interval(90, 100, 10), ceiling_interval(90, 100, 2), ceiling_range(90, 100, 10)
    assert (alike.low, even.high) == (both.low, both.high)
    assert both.low < even.low
    assert both.mid == pytest.approx((even.mid + alike.mid) / 2)
    assert ceiling_range(0, 0, 10) is None
    assert ceiling_range(9, 10, 1) is None
    # Below one half two classes cannot disagree more often than by chance, while ten can: the lower end is theirs.
    few = ceiling_range(20, 100, 10)
    assert few.low == ceiling_interval(20, 100, 10).low < 0.5


@given(error=st.floats(0, 0.5), classes=st.integers(2, 200))
def test_ceiling_inverts_agreement(error, classes):
    """The ceiling gives back the error that made the agreement."""
    error = min(error, (classes - 1) / classes)
    agreement = (1 - error) ** 2 + error**2 / (classes - 1)
    assert ceiling(agreement, classes) == pytest.approx(1 - error, abs=1e-6)


def test_agreement_of_two_is_a_share_and_kappa():
    """The textbook table of 20, 5, 10 and 15 pairs gives a share of .7 and a kappa of .4, and ends that follow Wilson.

    Source: Cohen, Educational and Psychological Measurement 20 (1960), the formula; the table is the usual example.
    """
    pairs = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    both = agreement_of_two(pairs)
    low, high = wilson(35, 50)
    assert (50, low, 0.7, high) == (both.rows, both.share.low, both.share.mid, both.share.high)
    assert [(low - 0.5) / 0.5, 0.4, (high - 0.5) / 0.5] == pytest.approx(
        [both.kappa.low, both.kappa.mid, both.kappa.high]
    )
    assert agreement_of_two([("a", "a")] * 5).kappa is None
    assert agreement_of_two([("a", "b")] * 5).kappa.mid == 0


@given(rows=st.integers(7, 20_000), lost=st.floats(0, 0.2))
def test_rows_and_gain_are_inverse(rows, lost):
    """A test set shows the gain that it is said to show, and no smaller one."""
    gain = smallest_paired_gain(rows, lost)
    if math.isfinite(gain):
        assert paired_rows_needed(gain, lost) <= rows
        assert paired_rows_needed(gain * 0.98, lost) >= rows


@given(small=st.floats(0.005, 0.99), more=st.floats(0, 0.5), lost=st.floats(0, 0.3))
def test_larger_gains_need_fewer_rows(small, more, lost):
    """A larger gain never needs more items, a larger lost share never fewer, where the gain leaves room for it."""
    large = min(1.0, small + more)
    assert paired_rows_needed(large, lost) <= paired_rows_needed(small, lost)
    if 2 * (lost + 0.05) + small <= 1:
        assert paired_rows_needed(small, lost) <= paired_rows_needed(small, lost + 0.05)


def test_impossible_numbers_are_refused_and_extremes_taken():
    """What is wanted is said; a base of nothing and a perfect score have answers, best of k looks better."""
    for call, *arguments in IMPOSSIBLE:
        with pytest.raises(ValueError, match=r"wanted|not a share"):
            pytest.fail(f"{call.__name__}{tuple(arguments)} gives {call(*arguments)}")
    assert 0 < unpaired_rows_needed(0.0, 1.0) < unpaired_rows_needed(0.5, 0.5) < math.inf
    assert unpaired_rows_needed(0.7, 0.3) == unpaired_rows_needed(0.0, 0.3)
    assert paired_rows_needed(0.5, 0.0) < paired_rows_needed(0.5, 1.0) == paired_rows_needed(0.5, 0.25)
    assert 0 == smallest_loss_ruled_out(100, 0.0) < smallest_loss_ruled_out(100, 0.5)
    assert [0.0, 0.56, 1.03, 1.42, 1.77, 2.07] == [abs(round(winners_curse(k), 2)) for k in (1, 2, 4, 8, 16, 32)]


@given(base=st.floats(0.01, 0.98), rows=st.integers(20, 20_000))
def test_smallest_unpaired_gain_inverts_the_rows_needed(base, rows):
    """The gain found needs no more rows than there are, one a little smaller needs more; too few rows show none."""
    gain = smallest_unpaired_gain(base, rows)
    if math.isinf(gain):
        assert rows < unpaired_rows_needed(base, 1 - base)
        return
    assert unpaired_rows_needed(base, gain) <= rows
    assert unpaired_rows_needed(base, gain * 0.98) >= rows


def test_losses_are_ruled_out_as_often_as_promised() -> None:
    """Four of five simulated tests do, and the same items know it better; the smallest unpaired gain uses every row."""
    rows, lost, power, alpha = 400, 0.05, 0.8, 0.05
    margin = smallest_loss_ruled_out(rows, lost, power, alpha)
    won, dropped, _ = np.random.default_rng(3).multinomial(rows, (lost, lost, 1 - 2 * lost), 20_000).T
    z = ((won - dropped) / rows + margin) / math.sqrt(2 * lost / rows)
    assert (z > NormalDist().inv_cdf(1 - alpha)).mean() == pytest.approx(power, abs=0.015)
    assert math.inf == smallest_loss_ruled_out(0)
    assert smallest_loss_ruled_out(100) == pytest.approx(2 * smallest_loss_ruled_out(400))
    paired, unpaired = paired_change(4, 1, 40), unpaired_change(0.5, 0.575, 40)
    assert unpaired[0] < paired[0] < 0.075 < paired[1] < unpaired[1]
    assert (-1.0, 1.0) == paired_change(0, 0, 0)
    for base, rows in ((0.8, 906), (0.3, 100), (0.6, 5_000)):
        gain = smallest_unpaired_gain(base, rows)
        assert unpaired_rows_needed(base, gain) <= rows < unpaired_rows_needed(base, gain * (1 - 1e-6))
    fewest = unpaired_rows_needed(0.8, 0.2)
    assert smallest_unpaired_gain(0.8, fewest) <= 0.2
    assert math.inf == smallest_unpaired_gain(0.8, fewest - 1)


IMPOSSIBLE = [
    (wilson, 5, 4), (wilson, -1, 4), (wilson, 0, -1), (wilson, 1, 4, 0.0), (wilson, 1, 4, 1.0),
    (unpaired_rows_needed, 0.8, 0.0), (unpaired_rows_needed, 0.8, 0.3), (unpaired_rows_needed, -0.1, 0.3),
    (paired_rows_needed, 0.0), (paired_rows_needed, 1.1), (paired_rows_needed, math.nan),
    (paired_rows_needed, 0.1, -0.1), (paired_rows_needed, 0.1, 1.1), (paired_rows_needed, 0.1, 0.05, 1.0),
    (paired_rows_needed, 0.1, 0.05, 0.8, 0.0), (smallest_paired_gain, -1), (smallest_loss_ruled_out, -1),
    (smallest_loss_ruled_out, 100, -0.1), (smallest_loss_ruled_out, 100, 0.6), (mcnemar_p, -1, 3), (mcnemar_p, 3, -1),
    (ceiling, 1.1, 2), (ceiling, -0.1, 2), (ceiling, 0.9, 1), (winners_curse, 0),
]  # fmt: skip
