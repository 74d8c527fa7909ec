"""The probe learns classes from words and characters."""

from dataclasses import replace

import pytest

from tunecase.pilot.trainers import probe
from tunecase.pilot.trainers.task import Task

np = pytest.importorskip("numpy")
TEXTS = ("the red rose", "a blue sea, a sea", "Red sea!", "rose water rose", "the sea")
TESTS = ("a green rose", "the the sea", "nothing known?")

COLOURS = ("the sky is blue", "blue as the sea", "red as a rose", "a red, red wine")
TASK = Task(
    "probe", probe.MODEL, COLOURS, ("cold", "cold", "warm", "warm"), ("deep blue", "red hot"), ("cold", "warm"),
    "accuracy", 0, probe.SETTINGS,
)  # fmt: skip


def test_learns_words() -> None:
    """Words seen in training decide about new texts; the result counts and times itself."""
    result = probe.train(TASK)
    assert ("cold", "warm") == result.predictions
    assert (1.0, 2, 2) == (result.score, result.correct, result.test_rows)
    assert result.converged
    assert result.seconds > 0
    assert 0 < result.train_loss < 0.69  # below ln 2, that of a guess between two


def test_one_class_is_always_named() -> None:
    """A subset with one class gives a probe that names it, and scores what that is worth."""
    result = probe.train(replace(TASK, labels=("cold",) * 4))
    assert (("cold", "cold"), 0.5, 0.0) == (result.predictions, result.score, result.train_loss)


def test_macro_f1_and_unseen_labels() -> None:
    """A test label that training never showed counts as wrong."""
    result = probe.train(replace(TASK, metric="macro_f1", test_labels=("cold", "lukewarm")))
    assert 1 == result.correct
    assert pytest.approx(1 / 3) == result.score


def test_signs_are_features() -> None:
    """Texts without a single letter are still told apart."""
    result = probe.train(replace(TASK, texts=("?!", "?", "…", "… …"), test_texts=("??", "…")))
    assert 1.0 == result.score


def test_no_rows_are_refused() -> None:
    """A task without test rows raises with what was got."""
    with pytest.raises(ValueError, match="4 training and 0 test rows"):
        probe.train(replace(TASK, test_texts=(), test_labels=()))


def test_confidences_are_the_chances_of_the_answers() -> None:
    """One a test row, at least an even share."""
    done = probe.train(TASK)
    assert done.confidences is not None
    assert done.row_scores is not None
    assert len(done.confidences) == len(TASK.test_labels)
    assert all(1 / len(set(TASK.labels)) <= each <= 1 for each in done.confidences)


def test_ngrams_are_counted_as_scikit_learn_counts_them() -> None:
    """Every bit of the weights, in whatever order texts were read before."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    probe._grams.cache_clear()
    for texts in (TEXTS[2:], TEXTS, TEXTS[::-1]):
        union = make_union(
            TfidfVectorizer(
                ngram_range=(1, 2), token_pattern=probe.WORDS_AND_SIGNS, sublinear_tf=True, dtype=np.float32
            ),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32),
        )
        plain = union.fit_transform(texts), union.transform(TESTS)
        task = Task("probe", probe.MODEL, texts, ("a",) * len(texts), TESTS, ("a",) * 3, "accuracy", 0)
        found = probe._weights(task, [probe._grams("word", (1, 2)), probe._grams("char_wb", (3, 5))])
        for ours, theirs in zip(found, plain, strict=True):
            assert ours.shape == theirs.shape
            for part in ("data", "indices", "indptr"):
                assert np.array_equal(getattr(ours, part), getattr(theirs, part))


def test_a_text_is_split_once_and_forgotten_beyond_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later rung reads only its new rows."""
    probe._grams.cache_clear()
    grams, split = probe._grams("word", (1, 2)), []
    plain = grams.split
    grams.split = lambda text: split.append(text) or plain(text)  # type: ignore[func-returns-value]
    grams.counts(TEXTS[:2], TESTS)
    grams.counts(TEXTS, TESTS)
    assert sorted((*TEXTS, *TESTS)) == sorted(split)
    monkeypatch.setattr(probe, "MOST_KEPT", 1)
    task = Task("probe", probe.MODEL, TEXTS, ("a",) * 5, TESTS, ("a",) * 3, "accuracy", 0)
    probe._weights(task, [grams])
    assert grams is not probe._grams("word", (1, 2))
