"""The arithmetic of test sets against published figures and its own laws."""

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.quantities.statistics import (
    ceiling,
    ceiling_interval,
    mcnemar_p,
    paired_rows_needed,
    smallest_loss_ruled_out,
    smallest_paired_gain,
    smallest_unpaired_gain,
    unpaired_rows_needed,
    wilson,
    winners_curse,
)

TEST_SIZES = [
    (0.15, 76, 85, 64, 120),
    (0.10, 199, 155, 108, 234),
    (0.05, 906, 469, 281, 783),
    (0.03, 2_629, 1_132, 609, 2_004),
    (0.01, 24_641, 8_632, 3_923, 16_481),
]


@pytest.mark.parametrize(("gain", "unpaired", "lost_5", "lost_2", "lost_10"), TEST_SIZES)
def test_table_of_test_sizes(gain, unpaired, lost_5, lost_2, lost_10):
    """Every cell of the table of test sizes comes out, rounded up."""
    got = (unpaired_rows_needed(0.80, gain), *(paired_rows_needed(gain, lost) for lost in (0.05, 0.02, 0.10)))
    assert (unpaired, lost_5, lost_2, lost_10) == got


@pytest.mark.parametrize(
    ("rows", "points"), [(30, "32"), (50, "22"), (100, "13.4"), (200, "8.5"), (400, "5.5"), (1000, "3.2")]
)
def test_smallest_gains_seen(rows, points):
    """The smallest gains that 30 to 1,000 items show are those of the table."""
    digits = 1 if "." in points else 0
    assert points == f"{100 * smallest_paired_gain(rows):.{digits}f}"


@pytest.mark.parametrize("rows", [0, 4, 5])
def test_tiny_test_set_sees_nothing(rows):
    """A handful of items can show no gain at all."""
    assert math.inf == smallest_paired_gain(rows)


def test_mcnemar_of_few_items():
    """Four items all won prove nothing, six do, and equal models give p = 1."""
    assert (mcnemar_p(4, 0), mcnemar_p(6, 0), mcnemar_p(0, 0), mcnemar_p(3, 3)) == (0.125, 0.03125, 1.0, 1.0)
    assert mcnemar_p(5, 0) > 0.05


def test_mcnemar_against_binomial_test():
    """The exact p equals the two-sided binomial test of a fair coin."""
    from scipy.stats import binomtest

    for won, lost in [(1, 0), (7, 2), (10, 30), (600, 540)]:
        assert binomtest(won, won + lost, 0.5).pvalue == pytest.approx(mcnemar_p(won, lost))


def test_wilson_against_scipy():
    """Wilson's interval is the one scipy computes."""
    from scipy.stats import binomtest

    for correct, n, confidence in [(0, 10, 0.8), (85, 100, 0.95), (50, 50, 0.9)]:
        expected = binomtest(correct, n).proportion_ci(confidence, method="wilson")
        assert (expected.low, expected.high) == pytest.approx(wilson(correct, n, confidence))


def test_wilson_of_nothing():
    """No items say nothing."""
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("agreement", "expected"), [(0.95, 0.974), (0.90, 0.947), (0.80, 0.887), (0.70, 0.816)])
def test_ceiling_of_two_classes(agreement, expected):
    """Two classes give the ceilings of the table."""
    assert expected == round(ceiling(agreement, 2), 3)


def test_ceiling_ends():
    """Full agreement has no ceiling, chance agreement gives chance, less has no answer."""
    assert ceiling(1.0, 5) == 1.0
    assert ceiling(0.25, 4) == pytest.approx(0.25)
    assert ceiling(0.2, 4) is None


@settings(max_examples=50)
@given(error=st.floats(0, 0.5), classes=st.integers(2, 200))
def test_ceiling_inverts_agreement(error, classes):
    """The ceiling gives back the error that made the agreement."""
    error = min(error, (classes - 1) / classes)
    agreement = (1 - error) ** 2 + error**2 / (classes - 1)
    assert ceiling(agreement, classes) == pytest.approx(1 - error, abs=1e-6)


def test_ceiling_interval():
    """The interval of the ceiling holds its middle, narrows with more rows and needs double labels."""
    few, many = ceiling_interval(18, 20, 3), ceiling_interval(1800, 2000, 3)
    assert few.low < few.mid < few.high
    assert few.mid == pytest.approx(many.mid)
    assert many.high - many.low < (few.high - few.low) / 5
    assert ceiling_interval(0, 0, 3) is None
    assert ceiling_interval(20, 20, 1) is None
    assert ceiling_interval(0, 20, 2).mid == pytest.approx(0.5)


@pytest.mark.parametrize(("k", "expected"), [(1, 0.0), (2, 0.56), (4, 1.03), (8, 1.42), (16, 1.77), (32, 2.07)])
def test_winners_curse(k, expected):
    """The best of k settings looks better by the known order statistics."""
    assert expected == pytest.approx(round(winners_curse(k), 2), abs=1e-9)


def test_winners_curse_of_two_is_exact():
    """The expected larger of two normals is 1 / sqrt(pi)."""
    assert winners_curse(2) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-9)


@settings(max_examples=50)
@given(rows=st.integers(7, 20_000), lost=st.floats(0, 0.2))
def test_rows_and_gain_are_inverse(rows, lost):
    """A test set shows the gain that it is said to show, and no smaller one."""
    gain = smallest_paired_gain(rows, lost)
    if math.isfinite(gain):
        assert paired_rows_needed(gain, lost) <= rows + 1
        assert paired_rows_needed(gain * 0.98, lost) >= rows


@settings(max_examples=50)
@given(small=st.floats(0.005, 0.99), more=st.floats(0, 0.5), lost=st.floats(0, 0.3))
def test_larger_gains_need_fewer_rows(small, more, lost):
    """A larger gain never needs more items, a larger lost share never fewer."""
    large = min(1.0, small + more)
    assert paired_rows_needed(large, lost) <= paired_rows_needed(small, lost)
    assert paired_rows_needed(small, lost) <= paired_rows_needed(small, lost + 0.05)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (wilson, (5, 4)),
        (wilson, (-1, 4)),
        (wilson, (1, 4, 1.0)),
        (unpaired_rows_needed, (0.8, 0.0)),
        (unpaired_rows_needed, (0.8, 0.3)),
        (paired_rows_needed, (0.0,)),
        (paired_rows_needed, (math.nan,)),
        (paired_rows_needed, (0.1, -0.1)),
        (smallest_paired_gain, (-1,)),
        (mcnemar_p, (-1, 3)),
        (ceiling, (1.1, 2)),
        (ceiling, (0.9, 1)),
        (winners_curse, (0,)),
    ],
)
def test_impossible_numbers_are_refused(call, arguments):
    """Numbers that cannot be are refused, with what is wanted."""
    with pytest.raises(ValueError, match=r"wanted|not a share"):
        call(*arguments)


@given(base=st.floats(0.01, 0.98), rows=st.integers(20, 20_000))
def test_smallest_unpaired_gain_inverts_the_rows_needed(base, rows):
    """The gain found needs no more rows than there are, one a little smaller needs more; too few rows show none."""
    gain = smallest_unpaired_gain(base, rows)
    if math.isinf(gain):
        assert rows < unpaired_rows_needed(base, 1 - base)
        return
    assert unpaired_rows_needed(base, gain) <= rows
    assert unpaired_rows_needed(base, gain * 0.98) >= rows


def test_nothing_is_better_than_perfect():
    """No gain over a perfect base can be shown."""
    assert math.inf == smallest_unpaired_gain(1.0, 10_000)


def test_a_loss_is_ruled_out_as_often_as_promised():
    """Of 4,000 simulated tests of two equal models four in five rule out a loss of the margin."""
    rng, rows, lost = random.Random(3), 400, 0.05
    margin = smallest_loss_ruled_out(rows, lost)
    z = NormalDist().inv_cdf(0.95)
    ruled_out = 0
    for _ in range(4_000):
        draws = [rng.random() for _ in range(rows)]
        won, dropped = sum(x < lost for x in draws), sum(lost <= x < 2 * lost for x in draws)
        difference = (won - dropped) / rows
        ruled_out += (difference + margin) / math.sqrt(2 * lost / rows) > z
    assert ruled_out / 4_000 == pytest.approx(0.8, abs=0.03)


def test_no_rows_rule_out_nothing():
    """Without rows any loss is possible; more rows rule out smaller ones; odd numbers are refused."""
    assert math.inf == smallest_loss_ruled_out(0)
    assert smallest_loss_ruled_out(100) == pytest.approx(2 * smallest_loss_ruled_out(400))
    with pytest.raises(ValueError, match="rows"):
        smallest_loss_ruled_out(-1)
