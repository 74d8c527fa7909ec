"""What each row adds to a metric's sums, and the score of what rows add up to: one row of METRIC_SUMS per metric."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tunecase.data import words
from tunecase.errors import MissingExtraError
from tunecase.pilot.scoring.calls import compare_calls
from tunecase.pilot.scoring.character_grams import gram_counts
from tunecase.pilot.scoring.code import passes_of
from tunecase.pilot.scoring.fields import field_counts, read_json, same_text
from tunecase.pilot.scoring.final import accepted, behind_trace, final_answer, marked, same_free_answer
from tunecase.quantities import Floats, np

if TYPE_CHECKING:
    from rouge_score.rouge_scorer import RougeScorer


CHRF_BETA = 2
EXTRA = "metrics"  # the optional part that brings rouge-score


@dataclass(frozen=True, slots=True)
class MetricSums:
    """How one metric adds up.

    `adds` gives what each row adds, shape (rows, sums), from labels, predictions and all classes; `total` gives one
    score per line of sums. `is_mean` is True when the score is the mean of the rows' scores. `needs` is the module of
    an optional part.
    """

    adds: "Callable[[Sequence[str], Sequence[str], Sequence[str]], Floats]"
    total: "Callable[[Floats], Floats]"
    is_mean: bool = False
    needs: str = ""


def metric_sums(metric: str) -> MetricSums:
    """How a metric adds up.

    Raises: ValueError for a metric not in METRIC_SUMS; MissingExtraError when its library is not installed.
    """
    if metric not in METRIC_SUMS:
        raise ValueError(f"metric {metric!r}; wanted one of {', '.join(METRIC_SUMS)}")
    sums = METRIC_SUMS[metric]
    if sums.needs and importlib.util.find_spec(sums.needs) is None:
        raise MissingExtraError(f"The metric {metric}", EXTRA)
    return sums


def _equal(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    return _ones([label == guess for label, guess in zip(labels, predictions, strict=True)])


def _matches(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    rows = zip(labels, predictions, strict=True)
    return _ones(
        [any(_same(behind_trace(one), behind_trace(guess)) for one in accepted(label)) for label, guess in rows]
    )


def _same(label: str, guess: str) -> bool:
    """Whether an answer means what is wanted: field by field, by the final answer that is marked, or as a text."""
    if label == guess:
        return True
    if (final := marked(label)) is not None:
        given = final_answer(guess) or guess.strip()
        return same_text(final, given) or same_free_answer(final, given)
    if read_json(label) is None:
        return same_text(label, guess) or same_free_answer(label, guess)
    right, fields, wanted = field_counts(label, guess)
    return right == fields == wanted and read_json(guess) is not None


def _calls(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    rows = zip(labels, predictions, strict=True)
    return _ones([compare_calls(behind_trace(label), behind_trace(guess)).whole for label, guess in rows])


def _passes(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    return _ones(passes_of(labels, predictions))


def _texts(each: Sequence[str]) -> list[str]:
    return [behind_trace(text) for text in each]


def _fields(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    counts = [field_counts(*each) for each in zip(_texts(labels), _texts(predictions), strict=True)]
    return np.array([[2.0 * right, given + wanted] for right, given, wanted in counts])


def _grams(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    """Per order of n-gram: how many the answer has, how many the label has, how many they share."""
    rows = zip(_texts(labels), _texts(predictions), strict=True)
    return np.array([gram_counts(label, guess) for label, guess in rows], np.float64)


def _subsequences(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    return _ones([_rouge_l(*each) for each in zip(_texts(labels), _texts(predictions), strict=True)])


@lru_cache(maxsize=20_000)
def _rouge_l(label: str, guess: str) -> float:
    """Kept, since score, interval and comparison each need it: 14 ms for two texts of 400 words."""
    return float(_scorer().score(label, guess)["rougeL"].fmeasure)


@lru_cache(maxsize=1)
def _scorer() -> "RougeScorer":
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], tokenizer=_Words())


class _Words:
    """rouge-score's own tokenizer drops every letter but a to z."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def _classes(labels: Sequence[str], predictions: Sequence[str], classes: Sequence[str]) -> "Floats":
    """Per class two columns: right rows twice, and rows labelled plus rows answered."""
    place = {name: number for number, name in enumerate(classes)}
    wanted = np.array([place[label] for label in labels])
    given = np.array([place[guess] for guess in predictions])
    rows = np.arange(len(labels))
    right, both = np.zeros((2, len(labels), len(classes)))
    right[rows, wanted] = 2.0 * (wanted == given)
    np.add.at(both, (rows, wanted), 1.0)
    np.add.at(both, (rows, given), 1.0)
    return np.hstack([right, both])


def _ones(scores: Sequence[float]) -> "Floats":
    """One sum for the scores, one that counts the rows."""
    return np.column_stack([np.asarray(scores, np.float64), np.ones(len(scores))])


def _ratio(sums: "Floats") -> "Floats":
    """First sum over the second; nothing wanted and nothing given is right."""
    return np.divide(sums[:, 0], sums[:, 1], out=np.ones(len(sums)), where=sums[:, 1] > 0)


def _mean_f1(sums: "Floats") -> "Floats":
    right, both = np.split(sums, 2, axis=1)
    each = np.divide(right, both, out=np.zeros_like(both), where=both > 0)
    mean: Floats = each.sum(axis=1) / (both > 0).sum(axis=1)
    return mean


def _chrf(sums: "Floats") -> "Floats":
    """F of mean precision and mean recall over the orders that both sides have."""
    given, wanted, shared = sums[:, 0::3], sums[:, 1::3], sums[:, 2::3]
    used = (given > 0) & (wanted > 0)
    orders = np.maximum(used.sum(axis=1), 1)
    precision = np.divide(shared, given, out=np.zeros_like(shared), where=used).sum(axis=1) / orders
    recall = np.divide(shared, wanted, out=np.zeros_like(shared), where=used).sum(axis=1) / orders
    below = CHRF_BETA**2 * precision + recall
    score: Floats = np.divide((1 + CHRF_BETA**2) * precision * recall, below, out=np.zeros(len(sums)), where=below > 0)
    return score


METRIC_SUMS: Mapping[str, MetricSums] = {
    "accuracy": MetricSums(_equal, _ratio, is_mean=True),
    "macro_f1": MetricSums(_classes, _mean_f1),
    "exact_match": MetricSums(_matches, _ratio, is_mean=True),
    "field_f1": MetricSums(_fields, _ratio),
    "tool_calls": MetricSums(_calls, _ratio, is_mean=True),
    "pass_at_1": MetricSums(_passes, _ratio, is_mean=True),
    "chrf": MetricSums(_grams, _chrf),
    "rouge_l": MetricSums(_subsequences, _ratio, is_mean=True, needs="rouge_score"),
}
