"""The boundary between a pilot and what trains: a task goes in, a result comes out, both plain and picklable.

A trainer is one file here and one name in pilot.TRAINERS. It is a module with four names (see Trainer). `train`
depends on its task alone, so that a run can happen in another process, on another machine, or be taken from the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Setting = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Task:
    """One run to make: train on these texts and labels, score on the test set."""

    trainer: str
    model: str
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    test_texts: tuple[str, ...]
    test_labels: tuple[str, ...]
    metric: str
    seed: int
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found; `correct` of `test_rows` answers equal their label, `train_loss` is per training row [nats]."""

    score: float
    correct: int
    test_rows: int
    seconds: float
    predictions: tuple[str, ...] | None = None
    train_loss: float | None = None
    converged: bool = True
    failed: str = ""


class Trainer(Protocol):
    """What a trainer's module holds."""

    MODEL: str
    """The model's name, as the record shows it."""

    METRICS: Mapping[str, str]
    """Metrics it can score, each with the direction that is better."""

    SETTINGS: Mapping[str, Setting]
    """Its settings; they are part of a run's key, so a change makes new runs."""

    NEEDS_CLASSES: bool
    """True when it can only tell classes apart."""

    STAND_IN: bool
    """True when nobody would ship it as the fine-tune: it shows the data's curve, not the model's."""

    def train(self, task: Task) -> Result:
        """Trains on the task's rows and scores on its test rows."""


def score(metric: str, labels: Sequence[str], predictions: Sequence[str]) -> float:
    """The score of predictions against labels, 0 to 1.

        accuracy = correct / rows
        macro_f1 = mean over classes of 2 tp / (2 tp + fp + fn), classes of labels and predictions together

    Args:
        metric: "accuracy" or "macro_f1".
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
    if not labels or len(labels) != len(predictions):
        raise ValueError(f"{len(labels)} labels and {len(predictions)} predictions; wanted the same number, at least 1")
    if metric == "accuracy":
        return count_correct(labels, predictions) / len(labels)
    if metric == "macro_f1":
        classes = sorted({*labels, *predictions})
        return sum(_f1(name, labels, predictions) for name in classes) / len(classes)
    raise ValueError(f"metric {metric!r}; wanted accuracy or macro_f1")


def count_correct(labels: Sequence[str], predictions: Sequence[str]) -> int:
    """How many predictions equal their label."""
    return sum(label == guess for label, guess in zip(labels, predictions, strict=True))


def _f1(name: str, labels: Sequence[str], predictions: Sequence[str]) -> float:
    both = sum(label == guess == name for label, guess in zip(labels, predictions, strict=True))
    return 2 * both / (sum(label == name for label in labels) + sum(guess == name for guess in predictions))
