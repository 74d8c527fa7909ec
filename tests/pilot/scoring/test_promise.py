"""A promise of answering only when sure is kept on fresh rows, and is not made where the rows cannot bear it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import bdtr

from tunecase.pilot.answers import Answers
from tunecase.pilot.scoring.promise import (
    Costs,
    _levels,
    _tested,
    cheapest,
    meets,
    promise,
    promise_of,
    rows_needed,
)
from tunecase.records import Promise

HUNDRED_RIGHT = ([True] * 100, [1 - i / 200 for i in range(100)])
FIVE_WRONG = ([True] * 95 + [False] * 5, HUNDRED_RIGHT[1])


def drawn(rows: int, seed: int, slope: float = 1.0) -> tuple[list[bool], list[float]]:
    """Answers whose chance to be right is c**slope, c their confidence, drawn evenly from .5 to 1."""
    rng = np.random.default_rng(seed)
    confidences = rng.uniform(0.5, 1, rows)
    return list(rng.random(rows) < confidences**slope), list(confidences)


# The chance to be wrong, in parts of the error allowed, by the share of answers that are surer.
SHAPES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "just too high everywhere": lambda share: np.full(len(share), 1.001),
    "rising": lambda share: 0.4 + 2 * share,
    "high among the surest": lambda share: np.where(share < 0.1, 1.8, np.where(share < 0.6, 0.2, 3.0)),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("rows", "error", "design"), [(60, 0.05, 1), (270, 0.13, 1), (270, 0.3, 3), (1000, 0.1, 1)])
def test_a_promise_is_broken_by_at_most_a_tenth_of_test_sets(shape: str, rows: int, error: float, design: int) -> None:
    """Over 300 test sets of a model whose true error is known at each threshold; groups of three answers are alike."""
    grid = (np.arange(2000) + 0.5) / 2000
    mean = np.cumsum(error * SHAPES[shape](grid)) / np.arange(1, 2001)
    rng, broken, sets = np.random.default_rng(rows), 0, 300
    for _ in range(sets):
        share = rng.random(rows // design)
        right = rng.random(len(share)) >= error * SHAPES[shape](share)
        found = _tested(error, list(right.repeat(design)), list(-share.repeat(design)), 0.9, design)
        broken += bool(found.passed) and mean[int(-found.confidences[found.passed[-1]] * 2000)] > error
    assert broken <= 0.1 * sets + 3 * math.sqrt(0.09 * sets)


def test_a_walk_begins_at_a_threshold_with_the_chance_that_is_left() -> None:
    """Where every answer is wrong just as often as allowed, a walk begins somewhere in at most a tenth of test sets.

    It does so in most of that tenth: the thresholds share their rows, and what they share is counted once.
    """
    sizes = tuple(range(20, 271, 10))
    levels = _levels(sizes, 0.13, 0.1)
    wrong = np.cumsum(np.random.default_rng(0).random((20_000, 270)) < 0.13, axis=1)
    begun = [
        bdtr(wrong[:, rows - 1], rows, 0.13) <= start + 1e-9 for rows, (start, _) in zip(sizes, levels, strict=True)
    ]
    assert 0.08 <= np.any(begun, axis=0).mean() <= 0.1 + 3 * math.sqrt(0.09 / 20_000)
    assert sum(start for start, _ in levels) > 0.1
    assert all(start <= carried <= 0.1 for start, carried in levels)


def test_a_threshold_without_a_bound_would_break_it_half_of_the_time() -> None:
    """The largest share whose error on these rows is low enough is not a promise: the test can fail."""
    broken = 0
    grid = np.linspace(0.5, 1, 2001)
    for seed in range(100):
        right, sure = drawn(400, seed)
        order = np.argsort(sure)[::-1]
        share = np.cumsum(~np.array(right)[order]) / np.arange(1, 401)
        last = np.flatnonzero(share <= 0.1)
        broken += bool(len(last)) and 1 - grid[grid >= np.array(sure)[order][last[-1]]].mean() > 0.1
    assert broken > 30


def test_the_bound_lies_between_the_error_seen_and_the_one_promised() -> None:
    """One of 96 answers is wrong; the bound is at most the error asked for, also where the level of a walk is wider."""
    found = promise(0.1, *FIVE_WRONG)
    assert found.coverage is not None
    seen = (100 * found.coverage - 95) / (100 * found.coverage)
    assert seen < (found.bound or 0) <= 0.1
    assert promise(0.13, *HUNDRED_RIGHT).bound == pytest.approx(1 - (0.1 / 3) ** (1 / 100))


def test_few_rows_promise_nothing() -> None:
    """45 rows without a mistake promise 5%, 44 do not and say how many would, and no row never does."""
    assert promise(0.05, [True] * 45, list(np.linspace(0.5, 1, 45))).coverage == 1
    none = promise(0.05, [True] * 44, list(np.linspace(0.5, 1, 44)))
    assert (none.coverage, none.threshold, none.bound, none.rows, none.tried) == (None, None, None, 44, 1)
    assert (none.next_coverage, none.next_rows) == (1.0, rows_needed(0.05, 1, 0))
    assert promise(0.05, [], []).coverage is None
    nothing = promise(0.0, *HUNDRED_RIGHT)
    assert (nothing.coverage, nothing.next_coverage, nothing.next_rows) == (None, None, None)


def test_wrong_labels_among_the_surest_end_nothing() -> None:
    """A walk begins beyond them, where the rows can bear them."""
    right, sure = [True] * 400, list(np.linspace(1, 0.5, 400))
    for at in range(4):
        right[at] = False
        assert promise(0.05, right, sure).coverage == 1


def test_what_is_next_is_a_larger_coverage_that_such_rows_are_promised() -> None:
    """Test sets of so many rows with the errors seen are likely to be promised it, and these rows do not."""
    right, sure = drawn(270, 4, 0.5)
    found = promise(0.1, right, sure)
    assert found.next_coverage is not None
    assert found.next_rows is not None
    assert found.next_coverage > (found.coverage or 0)
    assert found.next_rows > 270
    rng, times = np.random.default_rng(0), 20
    met = 0
    for _ in range(times):
        drawn_again = rng.integers(0, 270, found.next_rows)
        noise = rng.uniform(0, 1e-6, found.next_rows)  # else rows drawn twice are tied
        again = promise(0.1, [right[at] for at in drawn_again], list(np.array(sure)[drawn_again] + noise))
        met += meets(again, found.next_coverage - 0.03)
    assert met / times >= 0.6


def test_equal_confidences_are_answered_together() -> None:
    """A threshold keeps all rows that have it: the wrong ones among them count."""
    right = [True] * 150 + [False] * 50
    assert promise(0.05, right, [0.9] * 200).coverage is None
    assert promise(0.05, right, [0.9] * 150 + [0.8] * 50).coverage == 0.75


def test_only_the_order_of_confidences_counts() -> None:
    """The same promise for percentages, and for rows in any order."""
    right, sure = drawn(500, 3)
    found, squeezed = promise(0.15, right, sure), promise(0.15, right, [value**7 for value in sure])
    turned = promise(0.15, right[::-1], sure[::-1])
    assert found.coverage == squeezed.coverage == turned.coverage
    assert found.coverage is not None


def test_rows_that_hang_together_promise_less() -> None:
    """With a design effect of 3, a third of the rows stand behind the bound."""
    right, sure = drawn(600, 5, 0.5)
    alone, grouped = promise(0.1, right, sure), promise(0.1, right, sure, design=3)
    assert (grouped.coverage or 0) < alone.coverage
    assert promise(0.05, [True] * 134, [0.9] * 134, design=3).coverage is None
    assert promise(0.05, [True] * 135, [0.9] * 135, design=3).coverage == 1


def test_the_cheapest_threshold_gains_most_among_those_that_surely_do_not_lose() -> None:
    """A dear error narrows what is answered; an error as cheap as a person answers everything."""
    right, sure = drawn(1500, 7)
    dear, cheap = cheapest(right, sure, Costs(20, 2)), cheapest(right, sure, Costs(10, 2))
    assert dear.error == 0.1
    assert dear.coverage < cheap.coverage
    chosen = [ok for ok, value in zip(right, sure, strict=True) if value >= (cheap.threshold or 1)]
    assert cheap.net_per_answer == pytest.approx((2 * len(chosen) - 10 * chosen.count(False)) / 1500)
    everything = cheapest(right, sure, Costs(2, 2))
    assert (everything.coverage, everything.error) == (1.0, 1.0)


def test_where_answers_would_lose_people_give_all_of_them() -> None:
    """Half of the answers are wrong, at any confidence, and an error costs five times a person."""
    rng = np.random.default_rng(2)
    found = cheapest(list(rng.random(400) < 0.5), list(rng.random(400)), Costs(10, 2))
    assert (found.coverage, found.net_per_answer) == (None, 0.0)


def test_answers_without_confidences_or_of_another_metric_promise_nothing() -> None:
    """None, not a promise of nothing: it was not asked."""
    labels = ["a"] * 100
    sure = tuple(FIVE_WRONG[1])
    answers = Answers(("a",) * 95 + ("b",) * 5, (1.0,) * 95 + (0.0,) * 5, sure)
    found = promise_of(answers, labels, "accuracy", 0.05, Costs(20, 2))
    assert (found.coverage, found.net_per_answer) == (0.96, pytest.approx((96 * 2 - 20) / 100))
    assert promise_of(answers, labels, "macro_f1", 0.05) is None
    assert promise_of(answers, labels[1:], "accuracy", 0.05) is None
    assert promise_of(Answers(answers.predictions, answers.row_scores), labels, "accuracy", 0.05) is None
    assert promise_of(None, labels, "accuracy", 0.05) is None
    assert promise_of(answers, labels, "accuracy", None) is None


def test_a_coverage_is_met_by_a_promise_that_reaches_it() -> None:
    """No promise meets none."""
    found = Promise(0.05, 0.7, 0.8, 0.04, 400, 20)
    assert meets(found, 0.7)
    assert not meets(found, 0.71)
    assert not meets(Promise(0.05, None, None, None, 40, 0), 0.1)
    assert not meets(None, 0.1)


def test_the_rows_needed_are_promised_the_coverage_by_most_test_sets() -> None:
    """A model that is wrong in 2.5% of the surest 70% and guesses the rest, on as many rows as are asked for."""
    rows = rows_needed(0.05, 0.7, 0.025)
    assert rows is not None
    rng, met = np.random.default_rng(0), 0
    for _ in range(200):
        sure = rng.random(rows)
        right = rng.random(rows) < np.where(sure > 0.3, 0.975, 0.5)
        met += meets(promise(0.05, list(right), list(sure)), 0.67)  # a step of the walk below
    assert 0.7 <= met / 200 <= 0.95


def test_more_rows_are_needed_for_a_narrower_room() -> None:
    """The nearer the model's error is to the one allowed, and the fewer rows are answered, the more are needed."""
    near, far, few = rows_needed(0.05, 0.7, 0.04), rows_needed(0.05, 0.7, 0.01), rows_needed(0.05, 0.35, 0.01)
    assert near > 3 * far
    assert abs(few - 2 * far) <= 2
    assert abs((rows_needed(0.05, 0.70, 0.01, design=3) or 0) - 3 * far) <= 3
    assert rows_needed(0.05, 0.7, 0.05) is None
    assert rows_needed(0.0, 0.7, 0.0) is None


def test_what_is_no_share_is_refused() -> None:
    """Lengths that differ, an error of 5 for 5%, a design effect below one, a negative cost."""
    with pytest.raises(ValueError, match="2 answers and 1 confidences"):
        promise(0.05, [True, True], [0.9])
    with pytest.raises(ValueError, match="error 5"):
        promise(5, [True], [0.9])
    with pytest.raises(ValueError, match=r"design 0\.5"):
        promise(0.05, [True], [0.9], design=0.5)
    with pytest.raises(ValueError, match="wanted 0 or more"):
        cheapest([True], [0.9], Costs(-1, 2))
    with pytest.raises(ValueError, match="coverage 0"):
        rows_needed(0.05, 0, 0.01)
