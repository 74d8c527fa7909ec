"""How far to read a queue, and what the reviews say."""

from dataclasses import astuple

import numpy as np
import pytest

from tunecase.data.review.depth import Review, plan_queue, read_reviews
from tunecase.quantities.interval import Interval80

SCORES = np.concatenate([np.full(60, 0.98), np.full(440, 0.02)])
WRONG = Interval80(40, 55, 70)


def replay(queue, wrong, seconds=60.0):
    """Reviews of a queue by somebody who knows."""
    pairs = zip(queue.order, queue.control, strict=True)
    return [Review(row, "a", "b" if row in wrong else "a", seconds, control) for row, control in pairs]


def test_plan_reads_each_row_once_and_holds_random_rows():
    """About a tenth of the queue stands there by chance."""
    queue = plan_queue(SCORES, 500, 0, WRONG)
    assert len(set(queue.order)) == len(queue.order)
    assert 0.05 <= sum(queue.control) / len(queue.order) <= 0.2
    assert queue.found.low <= queue.found.mid <= queue.found.high <= queue.depth


def test_nothing_to_read_is_a_plan():
    """An empty ranking has an empty queue."""
    assert 0 == plan_queue(np.zeros(0), 0).depth


def test_reviews_say_what_is_left_and_what_a_label_takes():
    """With all wrong labels found few are left, and the next batch is not worth it."""
    found = read_reviews(replay(plan_queue(SCORES, 500, 0, WRONG), set(range(55))), SCORES, wrong=WRONG)
    assert found.remaining.low <= 3
    assert not found.worth_it
    assert (1.0, 1.0, 1.0) == (found.minutes.low, found.minutes.mid, found.minutes.high)


def test_few_timed_reviews_give_no_minutes():
    """Below twenty the default stays."""
    assert None is read_reviews([Review(0, "a", "b", 30.0)], SCORES).minutes


def test_value_decides_where_it_is_known():
    """The same yield is worth reading for a dear error and not for a cheap one."""
    reviews = replay(plan_queue(SCORES, 500, 0, WRONG), set(range(55)))[:20]
    dear, cheap = (
        read_reviews(reviews, SCORES, wrong=WRONG, value_per_error=value, price_per_review=1.0) for value in (100, 0.1)
    )
    assert (True, False) == (dear.worth_it, cheap.worth_it)


def test_a_row_outside_the_ranking_is_refused():
    """A place that the ranking does not hold is a mistake."""
    with pytest.raises(ValueError, match="outside"):
        read_reviews([Review(500, "a", "a")], SCORES)


def test_controls_come_from_beyond_the_depth():
    """They speak for rows outside the queue, so none of them lies in it."""
    queue = plan_queue(SCORES, 500, 0, WRONG)
    drawn = [row for row, control in zip(queue.order, queue.control, strict=True) if control]
    assert drawn
    assert min(drawn) >= queue.depth


def test_rows_outside_the_ranking_count_by_the_controls():
    """Without a control they are not counted; with controls, all but those read, at the controls' rate."""
    read = [Review(row, "a", "a") for row in range(500)]
    controls = [Review(None, "a", "b" if at < 10 else "a", control=True) for at in range(100)]
    assert (0, 0, 0) == tuple(astuple(read_reviews(read, SCORES, outside=1100).remaining))
    found = read_reviews([*read, *controls], SCORES, outside=1100)
    assert 100 == pytest.approx(found.remaining.mid, abs=8)
    assert found.remaining.low < 100 < found.remaining.high
    assert 0.1 == found.rate.mid


def test_the_band_of_what_is_left_holds_the_truth_in_most_replays():
    """Twenty made-up queues read halfway, with controls outside: the 80% band holds 14 times or more."""
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        logits = np.sort(rng.normal(-0.5, 2, 200))[::-1]
        scores = 1 / (1 + np.exp(-logits))
        wrong = rng.random(200) < 1 / (1 + np.exp(-(0.8 * logits + rng.normal(0, 0.7))))
        outside = rng.random(800) < 0.03
        reviews = [Review(row, "a", "b" if wrong[row] else "a") for row in range(100)]
        reviews += [Review(None, "a", "b" if bad else "a", control=True) for bad in outside[:30]]
        left = read_reviews(reviews, scores, outside=800, seed=seed).remaining
        held += left.low <= wrong[100:].sum() + outside[30:].sum() <= left.high
    assert held >= 14
