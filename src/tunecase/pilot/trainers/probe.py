"""The probe: logistic regression on word and character n-grams, a second's work that every fine-tune has to beat.

Texts become TF-IDF weights of words and pairs of words and of runs of 3 to 5 characters within words (sublinear term
counts, unit length); one multinomial logistic regression tells the classes apart. No pretrained knowledge enters: what
the curve shows is in the training rows alone.
"""

import importlib
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from tunecase.pilot.scoring.score import Kind
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
from tunecase.quantities import Array, Numbers, np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MODEL = "the probe (n-gram logistic regression)"
METRICS: Mapping[str, str] = {"accuracy": "higher", "macro_f1": "higher"}
KINDS: tuple[Kind, ...] = ("classification",)
BASELINES: Mapping[str, Mapping[str, Setting]] = {}
SEARCH: tuple[Mapping[str, Setting], ...] = ()
NEUTRAL = frozenset[str]()
FORMAT = 1
STAND_IN = True
HEAVY = False
PACE = "measuring.n_grams"
missing, prepare, identity = nothing_missing, nothing_to_fetch, no_weights

TIMED = 64  # test texts that are read anew to tell how long an answer takes
MOST_KEPT = 10_000_000  # n-grams of texts that one run leaves to the next, 8 bytes each
DISTINCT = 12  # of them take as much memory as the letters of a new one, with its number
# Signs count as words, so that only a blank text is without features.
WORDS_AND_SIGNS = r"\w+|[^\w\s]"
# Measured on the support-ticket example (663 rows, 10 classes) and on banking77 (10,003 rows, 77 classes), one core:
# words alone .47 and .895, with characters .50 and .917 at two to three times the time. The inverse penalty moves
# accuracy by less than .01 from 3 to 30; a looser tolerance halves the time and moves it by less than .003.
SETTINGS: Mapping[str, Setting] = {
    "word_ngrams": 2,
    "least_chars": 3,
    "most_chars": 5,
    "inverse_penalty": 5.0,
    "tolerance": 0.01,
    "most_passes": 200,
}


def settings(top_rows: int, chosen: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """The probe's settings, which do not depend on the ladder, overridden by those chosen."""
    return {**SETTINGS, **checked(chosen, SETTINGS, "probe")}


def train(task: Task) -> Result:
    """Trains the probe on a task's rows and scores it on the task's test rows.

        P(class | text) = softmax(W x + b),   minimise C * sum of log losses + |W|^2 / 2

    Args:
        task: texts and labels as classes; a subset with only one class gives a probe that always names it.
    Returns: the Result; `train_loss` is the mean log loss on the training rows [nats]; `converged` is False when the
        solver used up its passes.
    Raises: ValueError without training or test rows, or for a metric that is not in METRICS.

    Source: scikit-learn's TfidfVectorizer and LogisticRegression (SAGA; Defazio et al. 2014). Leaves out tuning of the
    penalty per size: at most .01 of accuracy on the two data sets above.
    """
    if not task.texts or not task.test_texts:
        raise ValueError(f"{len(task.texts)} training and {len(task.test_texts)} test rows; wanted at least 1 of each")
    _load()
    started = time.perf_counter()
    if len(set(task.labels)) == 1:
        predictions, learnt = [task.labels[0]] * len(task.test_labels), {"train_loss": 0.0, "converged": True}
    else:
        predictions, learnt = _fit(task)
    return scored(task, predictions, time.perf_counter() - started, **learnt)


def _load() -> None:
    # Otherwise a process's first run would count a second of imports as training.
    importlib.import_module("sklearn.feature_extraction.text")
    importlib.import_module("sklearn.linear_model")


def _fit(task: Task) -> tuple[list[str], dict[str, Any]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    kinds = [
        _grams("word", (1, chosen["word_ngrams"])), _grams("char_wb", (chosen["least_chars"], chosen["most_chars"])),
    ]  # fmt: skip
    model = LogisticRegression(
        C=chosen["inverse_penalty"],
        tol=chosen["tolerance"],
        max_iter=chosen["most_passes"],
        solver="saga",
        random_state=task.seed,
    )
    rows, tests = _weights(task, kinds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `converged` says it
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # as on the smallest rungs
        model.fit(rows, task.labels)
    loss = float(log_loss(task.labels, model.predict_proba(rows), labels=model.classes_))
    began = time.perf_counter()
    chances = model.predict_proba(tests)
    predictions = [str(label) for label in model.classes_[chances.argmax(axis=1)]]
    sample = task.test_texts[:: -(-len(task.test_texts) // TIMED)]  # read anew, since these were read before
    answer_s = time.perf_counter() - began
    began = time.perf_counter()
    for text in sample:
        for grams in kinds:
            grams.made(text)
    answer_s += (time.perf_counter() - began) * len(task.test_texts) / len(sample)
    learnt = {"answer_s": answer_s, "confidences": tuple(chances.max(axis=1).tolist())}
    return predictions, {**learnt, "train_loss": loss, "converged": bool(max(model.n_iter_) < chosen["most_passes"])}


def _weights(task: Task, kinds: "Sequence[_Grams]") -> "list[csr_matrix]":
    """The TF-IDF weights of the training rows, and those of the test rows in the same columns."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfTransformer

    parts = []
    for grams in kinds:
        rows, tests = grams.counts(task.texts, task.test_texts)
        scale = TfidfTransformer(sublinear_tf=True).fit(rows)
        parts.append((scale.transform(rows), scale.transform(tests)))
    if sum(grams.kept + DISTINCT * len(grams.numbers) for grams in kinds) > MOST_KEPT:
        _grams.cache_clear()
    return [hstack(part).tocsr() for part in zip(*parts, strict=True)]


@dataclass(slots=True)
class _Grams:
    """The n-grams of texts by number, each text read once; `kept` counts the different ones of all texts."""

    split: Callable[[str], list[str]]
    numbers: dict[str, int] = field(default_factory=dict)
    read: "dict[str, tuple[Array, Numbers]]" = field(default_factory=dict)
    kept: int = 0

    def counts(self, texts: Sequence[str], tests: Sequence[str]) -> "tuple[csr_matrix, csr_matrix]":
        """How often each n-gram of the texts stands in each of them and in each test text, as CountVectorizer says it.

        Columns are in the order of the letters; within a row of the texts, n-grams are in that of their first text.
        """
        rows, asked = ([self._of(text) for text in some] for some in (texts, tests))
        used, firsts = np.unique(np.concatenate([numbers for numbers, _ in rows]), return_index=True)
        names, used = list(self.numbers), used[np.argsort(firsts)]
        turns, places = (np.full(len(names), -1, np.int32) for _ in range(2))
        turns[used] = np.arange(len(used))
        places[sorted(used.tolist(), key=names.__getitem__)] = turns[used]
        trained = _matrix(rows, turns, len(used))
        trained.indices = places[used][trained.indices]
        return trained, _matrix(asked, places, len(used))

    def _of(self, text: str) -> "tuple[Array, Numbers]":
        if text not in self.read:
            self.read[text] = self.made(text)
            self.kept += len(self.read[text][0])
        return self.read[text]

    def made(self, text: str) -> "tuple[Array, Numbers]":
        """The numbers of a text's different n-grams, and how often it has each."""
        times = Counter(self.split(text))
        numbers = [self.numbers.setdefault(name, len(self.numbers)) for name in times]
        return np.array(numbers, np.int32), np.array(list(times.values()), np.float32)


def _matrix(read: "Sequence[tuple[Array, Numbers]]", places: Any, width: int) -> "csr_matrix":
    """The counts of n-grams that have a place, one row for each text."""
    from scipy.sparse import csr_matrix

    where, times = (
        places[np.concatenate([numbers for numbers, _ in read])],
        np.concatenate([count for _, count in read]),
    )
    rows, known = np.repeat(np.arange(len(read)), [len(numbers) for numbers, _ in read]), where >= 0
    starts = np.append(0, np.bincount(rows[known], minlength=len(read)).cumsum())
    found = csr_matrix((times[known], where[known], starts), (len(read), width))
    found.sort_indices()
    return found


@cache
def _grams(analyzer: str, lengths: tuple[int, int]) -> _Grams:
    from sklearn.feature_extraction.text import CountVectorizer

    return _Grams(
        CountVectorizer(analyzer=analyzer, ngram_range=lengths, token_pattern=WORDS_AND_SIGNS).build_analyzer()
    )
