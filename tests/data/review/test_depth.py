"""How far to read a queue, and what the reviews say."""

from dataclasses import astuple

import numpy as np
import pytest

from tunecase.data.review.depth import Review, plan_depth, wrong_unread
from tunecase.quantities.interval import Interval80

SCORES = np.concatenate([np.full(60, 0.98), np.full(440, 0.02)])
WRONG = Interval80(40, 55, 70)


def test_the_plan_and_rows_outside_the_ranking():
    """Whole batches, as long as one row in ten may be wrong; without a control others are not counted."""
    depth = plan_depth(SCORES, WRONG)
    assert 100 == depth.rows
    assert depth.errors.low <= depth.errors.mid <= depth.errors.high <= depth.rows
    assert wrong_unread([Review(row, row < 55) for row in range(100)], SCORES, wrong=WRONG).low <= 3
    assert 0 == plan_depth(np.zeros(0)).rows
    read = [Review(row, False) for row in range(500)]
    controls = [Review(None, at < 10) for at in range(100)]
    assert (0, 0, 0) == astuple(wrong_unread(read, SCORES, outside=1100))
    left = wrong_unread([*read, *controls], SCORES, outside=1100)
    assert 100 == pytest.approx(left.mid, abs=8)
    assert left.low < 100 < left.high
    with pytest.raises(ValueError, match="outside"):
        wrong_unread([Review(500, False)], SCORES)


def test_the_band_of_what_is_left_holds_the_truth_in_most_replays():
    """Twenty made-up queues read halfway, with controls outside: the 80% band holds 14 times or more."""
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        logits = np.sort(rng.normal(-0.5, 2, 200))[::-1]
        scores = 1 / (1 + np.exp(-logits))
        wrong = rng.random(200) < 1 / (1 + np.exp(-(0.8 * logits + rng.normal(0, 0.7))))
        outside = rng.random(800) < 0.03
        reviews = [Review(row, bool(wrong[row])) for row in range(100)]
        reviews += [Review(None, bool(bad)) for bad in outside[:30]]
        left = wrong_unread(reviews, scores, outside=800, seed=seed)
        held += left.low <= wrong[100:].sum() + outside[30:].sum() <= left.high
    assert held >= 14
