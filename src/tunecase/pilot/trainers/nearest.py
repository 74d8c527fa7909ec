"""The floor: the answers of the most similar training rows, which any task has without a model.

Texts become TF-IDF weights of words and pairs of words, and of runs of 3 to 5 characters where texts are short
(sublinear term counts, unit length). A test row takes the answer that its nearest training rows give most, each counted
by its likeness. Nothing is learnt but which rows there are: what a language model can do on top this does not show.
"""

import importlib
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from tunecase.pilot.scoring import score
from tunecase.pilot.trainers.probe import WORDS_AND_SIGNS
from tunecase.pilot.trainers.task import (
    Result,
    Setting,
    Task,
    checked,
    no_weights,
    nothing_missing,
    nothing_to_fetch,
    scored,
)
from tunecase.quantities import np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MODEL = "the answers of the nearest rows (words and characters)"
METRICS, KINDS = score.METRICS, score.KINDS
BASELINES: Mapping[str, Mapping[str, Setting]] = {}
SEARCH: tuple[Mapping[str, Setting], ...] = ()
NEUTRAL = frozenset({"block_rows"})
FORMAT = 1
STAND_IN = True
HEAVY = False
PACE = "measuring.nearest"
missing, prepare, identity = nothing_missing, nothing_to_fetch, no_weights

# Tried on six public sets whose answers are no classes (2,858 to 8,500 rows), looked at while choosing: 1, 3, 5 and 10
# rows lie within .03 of one another by exact match. Characters gain .03 on questions of 40 characters, .01 or less on
# the others, and take four times as long, so they are left out of longer texts.
SETTINGS: Mapping[str, Setting] = {
    "neighbours": 3,
    "short_chars": 100,
    "most_chars": 2_000,
    "most_terms": 100,
    "block_rows": 256,
}


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The settings, which do not depend on the ladder, overridden by those chosen."""
    return {**SETTINGS, **checked(chosen, SETTINGS, "nearest")}


def train(task: Task) -> Result:
    """Answers a task's test rows from its training rows and scores that.

        answer = argmax over answers a of the sum of cos(test row, row i) over the nearest rows i that answer a

    Of answers that are level the one of the nearer row is taken, of rows as near the one that comes first. A text that
    shares nothing with any training row takes the commonest answer.

    Args:
        task: texts with their answers, of any kind.
    Returns: the Result; a confidence is the mean likeness of the rows that gave the answer, 0 to 1.
    Raises: ValueError without training or test rows, or for a metric that is not in METRICS.

    Source: scikit-learn's TfidfVectorizer; nearest neighbours (Cover and Hart 1967). Leaves out what stands beyond the
    first `most_chars` characters of a text, all but the `most_terms` heaviest terms of a long test row (the others
    stand in nearly every row, tell little and take most of the time), and likeness of meaning without common words.
    """
    if not task.texts or not task.test_texts:
        raise ValueError(f"{len(task.texts)} training and {len(task.test_texts)} test rows; wanted at least 1 of each")
    importlib.import_module("sklearn.feature_extraction.text")  # a second of imports is no training
    started = time.perf_counter()
    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    rows, asked = _weights(task, chosen)
    began = time.perf_counter()
    found = _nearest(rows, asked, min(chosen["neighbours"], len(task.texts)), chosen["block_rows"])
    commonest = _commonest(task.labels)
    answers = [_answer(near, task.labels, commonest) for near in found]
    return scored(
        task, [answer for answer, _ in answers], time.perf_counter() - started,
        answer_s=time.perf_counter() - began, confidences=tuple(sure for _, sure in answers),
    )  # fmt: skip


def _weights(task: Task, chosen: Mapping[str, Any]) -> "tuple[csr_matrix, csr_matrix]":
    """Rows of unit length, of the training and of the test texts; what all rungs read alike is told by the latter."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    most = chosen["most_chars"]
    texts, tests = ([text[:most] for text in each] for each in (task.texts, task.test_texts))
    kinds: list[dict[str, Any]] = [{"ngram_range": (1, 2), "token_pattern": WORDS_AND_SIGNS}]
    if median(map(len, tests)) <= chosen["short_chars"]:
        kinds.append({"analyzer": "char_wb", "ngram_range": (3, 5)})
    parts = []
    for kind in kinds:
        vectorizer = TfidfVectorizer(sublinear_tf=True, dtype=np.float32, **kind)
        try:
            parts.append((vectorizer.fit_transform(texts), vectorizer.transform(tests)))
        except ValueError:  # nothing but blanks
            continue
    if not parts:
        return csr_matrix((len(texts), 1)), csr_matrix((len(tests), 1))
    rows, asked = (hstack(side, format="csr") / np.float32(len(parts) ** 0.5) for side in zip(*parts, strict=True))
    return rows, _heaviest(asked, chosen["most_terms"] * len(parts))


def _heaviest(asked: "csr_matrix", most: int) -> "csr_matrix":
    """The same rows with no more than so many of their terms, the heaviest."""
    for start, end in zip(asked.indptr[:-1], asked.indptr[1:], strict=True):
        if end - start > most:
            weights = asked.data[start:end]
            weights[np.argpartition(weights, -most)[:-most]] = 0.0
    asked.eliminate_zeros()
    return asked


def _nearest(rows: "csr_matrix", asked: "csr_matrix", most: int, block: int) -> list[list[tuple[int, float]]]:
    """For each test row its nearest training rows and their likeness, nearest first; none that share nothing.

    The likeness of a block of test rows to all training rows is held at once: 256 x 20,000 numbers are 20 MB.
    """
    found: list[list[tuple[int, float]]] = []
    columns = rows.T.tocsr()
    for start in range(0, asked.shape[0], block):
        likeness = (asked[start : start + block] @ columns).toarray()
        for line in likeness:
            least = np.partition(line, -most)[-most]
            near = np.flatnonzero((line >= least) & (line > 0))
            order = near[np.argsort(-line[near], kind="stable")][:most]
            found.append([(int(at), min(1.0, float(line[at]))) for at in order])
    return found


def _commonest(labels: Sequence[str]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for label in labels:
        counts[label] += 1
    return max(counts, key=counts.__getitem__)


def _answer(near: Sequence[tuple[int, float]], labels: Sequence[str], commonest: str) -> tuple[str, float]:
    """The answer that near rows give most, and how near those are."""
    votes: dict[str, list[float]] = defaultdict(list)
    for at, likeness in near:
        votes[labels[at]].append(likeness)
    if not votes:
        return commonest, 0.0
    best = max(votes, key=lambda answer: sum(votes[answer]))
    return best, sum(votes[best]) / len(votes[best])
