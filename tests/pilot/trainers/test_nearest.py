"""The floor answers as the most similar training rows do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.pilot.scoring.score import KINDS, METRICS
from tunecase.pilot.trainers import nearest
from tunecase.pilot.trainers.task import Task

TEXTS = ("how do I reset my password", "reset a forgotten password", "where is my parcel", "my parcel is late")
LABELS = ("Use the link on the sign-in page.", "Use the link on the sign-in page.", "Track it here.", "We are sorry.")
ASKED = ("I forgot the password, how to reset", "is the parcel late")
TASK = Task("nearest", nearest.MODEL, TEXTS, LABELS, ASKED, (LABELS[0], LABELS[3]), "exact_match", 0, {}, "generation")


def test_answers_as_the_nearest_rows() -> None:
    """A test row takes the answer of the training rows most like it; the result scores and times itself."""
    result = nearest.train(TASK)
    assert (LABELS[0], LABELS[3]) == result.predictions
    assert (1.0, 2, 2) == (result.score, result.correct, result.test_rows)
    assert result.seconds > 0
    assert result.confidences is not None
    assert all(0 < sure <= 1 for sure in result.confidences)


def test_same_task_same_result() -> None:
    """A task alone decides its result, but for the time."""
    first, second = (replace(nearest.train(TASK), seconds=0, answer_s=None) for _ in range(2))
    assert first == second


def test_near_rows_that_agree_win_over_the_nearest() -> None:
    """Two rows that give one answer count more than a row that is a little nearer and gives another."""
    texts = ("red apple pie", "red apple tart", "red apple cake of plums")
    task = replace(TASK, texts=texts, labels=("b", "a", "a"), test_texts=("red apple",), test_labels=("a",))
    assert ("a",) == nearest.train(task).predictions


def test_a_level_choice_falls_to_the_first() -> None:
    """Of two rows that are equally near and differ in their answers the first decides."""
    task = replace(TASK, texts=("blue sky", "blue sky"), labels=("one", "two"), test_texts=("blue sky",),
                   test_labels=("two",))  # fmt: skip
    assert ("one",) == nearest.train(task).predictions


def test_what_is_like_nothing_takes_the_commonest_answer() -> None:
    """A text without a common word or sign takes the commonest answer, and is not sure of it."""
    result = nearest.train(replace(TASK, test_texts=("ξξξξ", "  "), test_labels=("x", "x")))
    assert (LABELS[0], LABELS[0]) == result.predictions
    assert (0.0, 0.0) == result.confidences


def test_blank_texts_are_no_error() -> None:
    """Training texts of nothing but blanks give the commonest answer."""
    assert (LABELS[0], LABELS[0]) == nearest.train(replace(TASK, texts=(" ",) * 4)).predictions


def test_blocks_change_nothing() -> None:
    """The size of the blocks in which rows are compared does not change an answer."""
    one, many = (nearest.train(replace(TASK, settings={"block_rows": rows})).predictions for rows in (1, 256))
    assert one == many


@given(st.permutations(range(len(ASKED))))
def test_the_order_of_test_rows_does_not_matter(order: list[int]) -> None:
    """A test row's answer does not depend on its place."""
    texts, labels = tuple(ASKED[i] for i in order), tuple(TASK.test_labels[i] for i in order)
    found = nearest.train(replace(TASK, test_texts=texts, test_labels=labels)).predictions
    assert found is not None
    assert dict(zip(ASKED, (LABELS[0], LABELS[3]), strict=True)) == dict(zip(texts, found, strict=True))


def test_every_kind_and_metric_is_its_own() -> None:
    """It learns every kind of task and is scored by every metric that scores answers."""
    assert (set(METRICS), set(KINDS)) == (set(nearest.METRICS), set(nearest.KINDS))


def test_no_rows_are_refused() -> None:
    """A task without test rows raises with what was got."""
    with pytest.raises(ValueError, match="0 test rows"):
        nearest.train(replace(TASK, test_texts=(), test_labels=()))
