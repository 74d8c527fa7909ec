"""A promise of answering only when sure is kept on fresh rows, and is not made where the rows cannot bear it."""

import numpy as np
import pytest

from tunecase.pilot.answers import Answers
from tunecase.pilot.scoring.promise import Costs, cheapest, meets, promise, promise_of, rows_needed
from tunecase.records import Promise

HUNDRED_RIGHT = ([True] * 100, [1 - i / 200 for i in range(100)])
FIVE_WRONG = ([True] * 95 + [False] * 5, HUNDRED_RIGHT[1])


def drawn(rows: int, seed: int, slope: float = 1.0) -> tuple[list[bool], list[float]]:
    """Answers whose chance to be right is c**slope, c their confidence, drawn evenly from .5 to 1."""
    rng = np.random.default_rng(seed)
    confidences = rng.uniform(0.5, 1, rows)
    return list(rng.random(rows) < confidences**slope), list(confidences)


def true_error(threshold: float, slope: float = 1.0) -> float:
    """The share wrong of all answers of `drawn` from a threshold on."""
    sure = np.linspace(threshold, 1, 2001)
    return float(1 - (sure**slope).mean())


def test_a_promise_is_broken_by_less_than_a_tenth_of_test_sets() -> None:
    """Over 300 test sets of a model whose true error is known at each threshold."""
    cases = [(150, 0.1), (400, 0.1), (400, 0.15), (1500, 0.05)]
    for rows, error in cases:
        made = [promise(error, *drawn(rows, seed)) for seed in range(300)]
        broken = sum(each.threshold is not None and true_error(each.threshold) > error for each in made)
        assert broken <= 0.1 * 300 + 9  # ten in a hundred, and three standard errors at a third of them


def test_a_threshold_without_a_bound_would_break_it_half_of_the_time() -> None:
    """The largest share whose error on these rows is low enough is not a promise: the test can fail."""
    broken = 0
    for seed in range(100):
        right, sure = drawn(400, seed)
        order = np.argsort(sure)[::-1]
        share = np.cumsum(~np.array(right)[order]) / np.arange(1, 401)
        last = np.flatnonzero(share <= 0.1)
        broken += bool(len(last)) and true_error(float(np.array(sure)[order][last[-1]])) > 0.1
    assert broken > 30


def test_the_bound_lies_between_the_error_seen_and_the_one_promised() -> None:
    """None of the 95 answers is wrong; the bound is at most the error asked for."""
    found = promise(0.05, *FIVE_WRONG)
    assert found.coverage == 0.95
    assert found.bound == pytest.approx(1 - (0.1 / 3) ** (1 / 95))
    assert found.threshold == FIVE_WRONG[1][94]


def test_few_rows_promise_nothing() -> None:
    """67 rows without a mistake promise 5%, 66 do not, and no row never does."""
    assert promise(0.05, [True] * 67, list(np.linspace(0.5, 1, 67))).coverage == 1
    none = promise(0.05, [True] * 66, list(np.linspace(0.5, 1, 66)))
    assert (none.coverage, none.threshold, none.bound, none.rows, none.tried) == (None, None, None, 66, 0)
    assert promise(0.05, [], []).coverage is None
    assert promise(0.0, *HUNDRED_RIGHT).coverage is None


def test_one_wrong_label_among_the_surest_does_not_end_the_walk() -> None:
    """A second walk begins where two wrong answers are allowed."""
    right, sure = [True] * 400, list(np.linspace(1, 0.5, 400))
    right[0] = False
    assert promise(0.05, right, sure).coverage == 1


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
    assert promise(0.05, [True] * 200, [0.9] * 200, design=3).coverage is None
    assert promise(0.05, [True] * 201, [0.9] * 201, design=3).coverage == 1


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
    assert (found.coverage, found.net_per_answer) == (0.95, pytest.approx(95 * 2 / 100))
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
