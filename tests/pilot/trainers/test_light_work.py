"""What light learners share in one process gives the answers that the plain way gives."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase.pilot import steps
from tunecase.pilot.trainers import encoder_heads, encoder_pass, encoder_vectors, encoder_weights, probe
from tunecase.pilot.trainers.task import Task

np = pytest.importorskip("numpy")
TEXTS = ("the red rose", "a blue sea, a sea", "Red sea!", "rose water rose", "the sea")
TESTS = ("a green rose", "the the sea", "nothing known?")


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


def test_the_nearest_are_those_of_a_stable_sort() -> None:
    """Of level rows the first ones count, also at the edge of the nearest."""
    rng = np.random.default_rng(0)
    rows = rng.integers(-1, 2, (300, 3)).astype(np.float32)  # many level rows
    asked = rows[:150]
    near, cosines = encoder_heads._neighbours(asked, rows, 9, itself=True)
    likeness = asked @ rows.T
    likeness[np.arange(150), np.arange(150)] = -np.inf
    wanted = np.argsort(-likeness, axis=1, kind="stable")[:, :9]
    assert np.array_equal(wanted, near)
    assert np.array_equal(np.take_along_axis(likeness, wanted, axis=1), cosines)
    assert near.base is None or near.base.nbytes == near.nbytes  # no whole order is kept with them


def test_the_encoders_activation_is_gelu() -> None:
    """Within a millionth of the function in 64 bits where activations lie, and nothing or all far from it."""
    from scipy.special import erf

    x = np.linspace(-12, 12, 200_001).astype(np.float32)
    exact = x.astype(float) * (1 + erf(x.astype(float) / 2**0.5)) / 2
    assert np.abs(encoder_pass._gelu(x.copy()) - exact).max() < 2e-6
    assert np.abs(encoder_pass._gelu(x.copy()) - exact)[np.abs(x) < 5].max() < 1.1e-6


def test_weights_in_32_bits_are_the_pages_of_the_file(tmp_path: Path) -> None:
    """Nothing of them is copied, so processes share them."""
    pytest.importorskip("safetensors", reason='skipped: pip install "tunecase[encoder]"')
    folder = tiny_encoder.save(tmp_path / "net")
    found = encoder_weights.find(str(folder))
    assert found is not None
    tensors = encoder_pass.NumpyEncoder(found.folder, found.config, 16)._tensors
    assert not any(tensor.flags.owndata or tensor.flags.writeable for tensor in tensors.values())


def test_batches_are_bounded_by_their_tokens() -> None:
    """Padding counts; a text longer than that is a batch of its own."""
    sizes: list[tuple[int, int]] = []

    class Reading:
        longest, at_once = 5_000, 1

        def tokens(self, texts: Any) -> list[list[int]]:
            return []

        def hidden(self, batch: Any) -> tuple[Any, Any]:
            sizes.append((len(batch), max(map(len, batch))))
            shape = sizes[-1]
            return np.ones((*shape, 2), np.float32), np.ones(shape, np.float32)

    tokens = [[1] * length for length in (3, 2_000, 300, 300, 300, 300, 7)]
    assert (7, 2) == encoder_vectors.vectors_of(Reading(), tokens, "mean").shape
    assert [(1, 2_000), (3, 300), (3, 300)] == sizes
    assert all(rows == 1 or rows * longest <= encoder_vectors.BATCH_TOKENS for rows, longest in sizes)


def test_a_floor_that_was_measured_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline of the problem and the pilot's largest rung of n-grams are one run."""
    task = Task("probe", probe.MODEL, TEXTS, ("a", "b", "b", "a", "b"), TESTS, ("a", "b", "b"), "accuracy", 0)
    result = probe.train(task)
    monkeypatch.setitem(steps.KNOWN, probe.__name__, (task, result))
    assert steps.make((probe.__name__, task)) is result
    assert steps.make((probe.__name__, replace(task, seed=1))) is not result
