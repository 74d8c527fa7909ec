"""The probe: logistic regression on word and character n-grams, a second's work that every fine-tune has to beat.

Texts become TF-IDF weights of words and pairs of words and of runs of 3 to 5 characters within words (sublinear term
counts, unit length); one multinomial logistic regression tells the classes apart. No pretrained knowledge enters: what
the curve shows is in the training rows alone.
"""

import importlib
import time
import warnings
from collections.abc import Mapping
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

if TYPE_CHECKING:
    from sklearn.pipeline import FeatureUnion

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
    importlib.import_module("sklearn.pipeline")


def _fit(task: Task) -> tuple[list[str], dict[str, Any]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    chosen: dict[str, Any] = {**SETTINGS, **task.settings}
    features = _features(chosen)
    model = LogisticRegression(
        C=chosen["inverse_penalty"],
        tol=chosen["tolerance"],
        max_iter=chosen["most_passes"],
        solver="saga",
        random_state=task.seed,
    )
    rows = features.fit_transform(task.texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `converged` says it
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)  # as on the smallest rungs
        model.fit(rows, task.labels)
    loss = float(log_loss(task.labels, model.predict_proba(rows), labels=model.classes_))
    began = time.perf_counter()
    chances = model.predict_proba(features.transform(task.test_texts))
    predictions = [str(label) for label in model.classes_[chances.argmax(axis=1)]]
    learnt = {"answer_s": time.perf_counter() - began, "confidences": tuple(chances.max(axis=1).tolist())}
    return predictions, {**learnt, "train_loss": loss, "converged": bool(max(model.n_iter_) < chosen["most_passes"])}


def _features(chosen: Mapping[str, Any]) -> "FeatureUnion":
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    words = TfidfVectorizer(
        ngram_range=(1, chosen["word_ngrams"]), token_pattern=WORDS_AND_SIGNS, sublinear_tf=True, dtype=np.float32
    )
    chars = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(chosen["least_chars"], chosen["most_chars"]),
        sublinear_tf=True,
        dtype=np.float32,
    )
    return make_union(words, chars)
