"""How an answer is scored against its reference: per row, and over a test set."""

from collections.abc import Mapping, Sequence
from typing import Literal

Kind = Literal["classification", "extraction", "generation"]

# metric: (kinds of task it fits, the better direction)
METRICS: Mapping[str, tuple[tuple[Kind, ...], str]] = {
    "accuracy": (("classification", "extraction", "generation"), "higher"),
    "macro_f1": (("classification",), "higher"),
}


def score(metric: str, labels: Sequence[str], predictions: Sequence[str]) -> float:
    """The score of predictions against labels, 0 to 1.

        accuracy = correct / rows
        macro_f1 = mean over classes of 2 tp / (2 tp + fp + fn), classes of labels and predictions together

    Args:
        metric: a name in METRICS.
        labels, predictions: one each per row; at least one row.
    Raises: ValueError for another metric, or without rows.

    Example:
        >>> score("accuracy", ["a", "b", "b", "b"], ["a", "b", "b", "a"])
        0.75
        >>> round(score("macro_f1", ["a", "b", "b", "b"], ["a", "b", "b", "a"]), 3)
        0.733

    Source: the definitions of scikit-learn's accuracy_score and f1_score(average="macro", zero_division=0).
    Leaves nothing out.
    """
    if metric == "macro_f1":
        _rows(labels, predictions)
        classes = sorted({*labels, *predictions})
        return sum(_f1(name, labels, predictions) for name in classes) / len(classes)
    each = row_scores(metric, labels, predictions)
    return sum(each) / len(each)


def row_scores(metric: str, labels: Sequence[str], predictions: Sequence[str]) -> tuple[float, ...]:
    """The score of each row, 0 to 1; for macro_f1, which has none per row, 1 where the answer equals the label.

    Raises: ValueError for a metric that is not in METRICS, or without rows.
    """
    _rows(labels, predictions)
    if metric not in METRICS:
        raise ValueError(f"metric {metric!r}; wanted one of {', '.join(METRICS)}")
    return tuple(float(label == guess) for label, guess in zip(labels, predictions, strict=True))


def count_correct(labels: Sequence[str], predictions: Sequence[str]) -> int:
    """How many predictions equal their label."""
    return sum(label == guess for label, guess in zip(labels, predictions, strict=True))


def _rows(labels: Sequence[str], predictions: Sequence[str]) -> None:
    if not labels or len(labels) != len(predictions):
        raise ValueError(f"{len(labels)} labels and {len(predictions)} predictions; wanted the same number, at least 1")


def _f1(name: str, labels: Sequence[str], predictions: Sequence[str]) -> float:
    both = sum(label == guess == name for label, guess in zip(labels, predictions, strict=True))
    return 2 * both / (sum(label == name for label in labels) + sum(guess == name for guess in predictions))
