"""What reads an encoder's vectors: a logistic regression, one for classes in order, or the nearest training rows."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tunecase.quantities import Numbers, np

HEADS = ("auto", "logistic", "ordinal", "nearest")
FOLDS = 3  # with fewer rows of a class, nothing tells which head fits better
NEIGHBOURS = (3, 5, 9, 17, 33)
# How quickly a neighbour's vote fades with its cosine: by a factor e for each .05.
FADING = 0.05
AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head that has learnt: the chances of each class (rows, classes) for vectors (rows, width).

    `train_loss` is the mean log loss on the training rows [nats], None where nothing was fitted to them.
    """

    classes: tuple[str, ...]
    chances: "Callable[[Numbers], Numbers]"
    name: str
    train_loss: float | None = None
    converged: bool = True


def fit(head: str, rows: "Numbers", labels: Sequence[str], penalty: float, passes: int) -> Fitted:
    """The head of that name, learnt from vectors and their labels.

    Args:
        head: a name in HEADS; "auto" is the logistic one, or the ordinal one where the labels are whole numbers in a
            row, at least three, and it fits better by cross-validation.
        rows: (rows, width), each of length one.
        penalty: the inverse of the penalty on the weights; larger fits closer.
        passes: the most passes of the solver.
    """
    names = sorted(set(labels))
    if len(names) == 1:
        return Fitted((names[0],), lambda asked: np.ones((len(asked), 1)), "one class", 0.0)
    if head == "nearest":
        return nearest(rows, labels)
    learn = {"logistic": logistic, "ordinal": ordinal}
    if head == "auto":
        head = _better(rows, labels, penalty, passes) if in_a_row(labels) else "logistic"
    return learn[head](rows, labels, penalty, passes)


def logistic(rows: "Numbers", labels: Sequence[str], penalty: float, passes: int) -> Fitted:
    """One multinomial logistic regression on the vectors.

        P(class | v) = softmax(W v + b),   minimise C * sum of log losses + |W|^2 / 2

    Source: scikit-learn's LogisticRegression (L-BFGS).
    Leaves out a penalty chosen by size: C = 30 was within .01 of the best of 1, 3, 10, 30 and 100 on the example (42 to
    712 rows) and on banking77 (10 classes with 20 to 1,436 rows, 77 with 300 to 10,003), three to five draws each.
    """
    model = _regression(penalty, passes)
    _quietly(model, rows, labels)
    classes = tuple(str(name) for name in model.classes_)
    return Fitted(
        classes, model.predict_proba, "logistic", log_loss(model.predict_proba(rows), classes, labels), _done(model)
    )


def ordinal(rows: "Numbers", labels: Sequence[str], penalty: float, passes: int) -> Fitted:
    """One logistic regression for each step between classes in order.

        P(class = j) = P(class > j - 1) - P(class > j),   negative differences set to 0

    Args:
        labels: whole numbers.
    Source: Frank and Hall 2001, A Simple Approach to Ordinal Classification.
    """
    classes = tuple(sorted(set(labels), key=int))
    places = np.array([classes.index(label) for label in labels])
    models = [_regression(penalty, passes) for _ in classes[1:]]
    for step, model in enumerate(models):
        _quietly(model, rows, places > step)

    def chances(asked: "Numbers") -> "Numbers":
        above = np.stack([model.predict_proba(asked)[:, 1] for model in models], axis=1)
        edges = np.hstack([np.ones((len(asked), 1)), above, np.zeros((len(asked), 1))])
        parts = np.maximum(edges[:, :-1] - edges[:, 1:], 1e-9)
        whole: Numbers = parts / parts.sum(1, keepdims=True)
        return whole

    loss = log_loss(chances(rows), classes, labels)
    return Fitted(classes, chances, "ordinal", loss, all(map(_done, models)))


def nearest(rows: "Numbers", labels: Sequence[str]) -> Fitted:
    """A vote of the training rows whose vectors are nearest: retrieval, without any training.

        P(class | v) = sum of exp(cosine / .05) over its rows among the k nearest, as a share of all k

    k is the one of 3, 5, 9, 17 and 33 that answers most training rows rightly when each is left out of the vote on
    itself.

    Leaves out k = 1, whose answers would all be sure of themselves: the fading vote of three is nearly the same.
    """
    classes = tuple(sorted(set(labels)))
    places = np.array([classes.index(label) for label in labels])
    most = min(max(NEIGHBOURS), len(rows) - 1)
    near, cosines = _neighbours(rows, rows, most, itself=True)
    tried = [k for k in NEIGHBOURS if k <= most] or [most]
    right = {k: int((_votes(near, cosines, k, places, len(classes)).argmax(1) == places).sum()) for k in tried}
    best = max(tried, key=lambda k: (right[k], -k))

    def chances(asked: "Numbers") -> "Numbers":
        return _votes(*_neighbours(asked, rows, best, itself=False), best, places, len(classes))

    return Fitted(classes, chances, f"nearest {best}")


def in_a_row(labels: Sequence[str]) -> bool:
    """Whether the labels are at least three whole numbers without a gap, such as 1 to 5.

    Example:
        >>> in_a_row(["3", "1", "2", "2"]), in_a_row(["1", "2"]), in_a_row(["1", "2", "4"])
        (True, False, False)
    """
    names = set(labels)
    if not all(name.removeprefix("-").isdecimal() and name.isascii() for name in names):
        return False
    numbers = sorted(map(int, names))
    return len(numbers) >= 3 and numbers == list(range(numbers[0], numbers[0] + len(names)))


def _better(rows: "Numbers", labels: Sequence[str], penalty: float, passes: int) -> str:
    """Which of the two heads answers more training rows rightly in cross-validation; the logistic one when level."""
    from sklearn.model_selection import StratifiedKFold

    wanted = np.array(labels)
    if min(np.unique(wanted, return_counts=True)[1]) < FOLDS:
        return "logistic"
    right = {"logistic": 0, "ordinal": 0}
    for there, held in StratifiedKFold(FOLDS).split(rows, wanted):
        for name, learn in (("logistic", logistic), ("ordinal", ordinal)):
            found = learn(rows[there], list(wanted[there]), penalty, passes)
            right[name] += int((np.array(found.classes)[found.chances(rows[held]).argmax(1)] == wanted[held]).sum())
    return "ordinal" if right["ordinal"] > right["logistic"] else "logistic"


def _regression(penalty: float, passes: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=penalty, max_iter=passes)


def _quietly(model: Any, rows: "Numbers", labels: Any) -> None:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `converged` says it
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # as on the smallest rungs
        model.fit(rows.astype("float64"), labels)  # in 32 bits, where the solver ends hangs on a last digit


def _done(model: Any) -> bool:
    return bool(max(model.n_iter_) < model.max_iter)


def log_loss(chances: "Numbers", classes: Sequence[str], labels: Sequence[str]) -> float:
    """The mean log loss of the labels under these chances (rows, classes) [nats]."""
    columns = {name: column for column, name in enumerate(classes)}
    right = chances[np.arange(len(labels)), [columns[label] for label in labels]]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def _neighbours(asked: "Numbers", rows: "Numbers", most: int, *, itself: bool) -> "tuple[Any, Any]":
    """The nearest rows of each vector asked for, nearest first, and their cosines; `itself` leaves out the same row."""
    near, cosines = [], []
    for first in range(0, len(asked), AT_ONCE):
        likeness = asked[first : first + AT_ONCE] @ rows.T
        if itself:
            likeness[np.arange(len(likeness)), np.arange(first, first + len(likeness))] = -np.inf
        some = np.sort(np.argpartition(likeness, -most, axis=1)[:, -most:], axis=1)
        found = np.take_along_axis(likeness, some, axis=1)
        # Of rows level with the last of the nearest, the first ones count.
        level = (likeness >= found.min(1, keepdims=True)).sum(1) > most
        some[level] = np.sort(np.argsort(-likeness[level], axis=1, kind="stable")[:, :most], axis=1)
        found = np.take_along_axis(likeness, some, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        near.append(np.take_along_axis(some, order, axis=1))
        cosines.append(np.take_along_axis(found, order, axis=1))
    return np.vstack(near), np.vstack(cosines)


def _votes(near: Any, cosines: Any, k: int, places: Any, classes: int) -> "Numbers":
    """The share of each class in the weighted vote of the k nearest (rows, classes)."""
    weights = np.exp((cosines[:, :k] - cosines[:, :1]) / FADING)
    votes = np.zeros((len(near), classes))
    np.add.at(votes, (np.arange(len(near))[:, None], places[near[:, :k]]), weights)
    whole: Numbers = votes / votes.sum(1, keepdims=True)
    return whole
