"""Scores are the field's, per row and over a test set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from tunecase.scoring import count_correct, score

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(LABELS)
def test_scores_are_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    """Accuracy and macro F1 agree with scikit-learn's definitions."""
    labels, guesses = [label for label, _ in pairs], [guess for _, guess in pairs]
    assert pytest.approx(accuracy_score(labels, guesses)) == score("accuracy", labels, guesses)
    expected = f1_score(labels, guesses, average="macro", zero_division=0)
    assert pytest.approx(expected) == score("macro_f1", labels, guesses)
    assert pytest.approx(count_correct(labels, guesses) / len(labels)) == score("accuracy", labels, guesses)


def test_what_cannot_be_scored_is_refused() -> None:
    """Another metric, no rows, or unequal lengths raise with what was got."""
    with pytest.raises(ValueError, match="metric 'bleu'"):
        score("bleu", ["a"], ["a"])
    with pytest.raises(ValueError, match="0 labels"):
        score("accuracy", [], [])
    with pytest.raises(ValueError, match="2 labels and 1 predictions"):
        score("accuracy", ["a", "b"], ["a"])
