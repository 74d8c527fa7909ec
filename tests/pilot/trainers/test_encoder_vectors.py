"""Vectors are made once by model and text, and kept without the text."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.pilot.trainers import tiny_encoder
from tunecase.pilot.trainers import encoder_vectors, encoder_weights
from tunecase.pilot.trainers.encoder_vectors import Embedder, pooled, pooling_of, prefix_of
from tunecase.pilot.trainers.hidden import Kept

np = pytest.importorskip("numpy")


@dataclass
class Counting:
    """An encoder whose vector tells the length and first letter of a text, and which counts what it reads."""

    longest: int = 9
    at_once: int = 2
    read: list[str] = field(default_factory=list)

    def tokens(self, texts: Any) -> list[list[int]]:
        """One token for each letter."""
        self.read += texts
        return [[ord(letter) for letter in text[: self.longest]] for text in texts]

    def hidden(self, batch: Any) -> tuple[Any, Any]:
        """Two numbers a token, with padding."""
        longest = max(map(len, batch))
        states, mask = np.full((len(batch), longest, 2), 777.0, np.float32), np.zeros((len(batch), longest), np.float32)
        for row, tokens in enumerate(batch):
            states[row, : len(tokens)] = [(token, row + len(tokens)) for token in tokens]
            states[row, : len(tokens), 1], mask[row, : len(tokens)] = len(tokens), 1
        return states, mask


def embedder(path: Path, encoder: Counting, identity: str = "one", **more: str) -> Embedder:
    """An embedder with a file of its own."""
    return Embedder(lambda: encoder, identity, more.get("pooling", "mean"), more.get("prefix", ""), Kept(path))


def test_a_text_is_read_once(tmp_path: Path) -> None:
    """Within a call, in later calls and in a later process; another model, pooling or prefix reads it anew."""
    path, encoder = tmp_path / "vectors.sqlite", Counting()
    first = embedder(path, encoder).vectors(["abc", "zz", "abc", "a long text that is cut"])
    assert ["zz", "abc", "a long text that is cut"] == encoder.read
    assert (4, 1) == (len(first.rows), first.cut)
    again = embedder(path, encoder).vectors(["zz", "a long text that is cut"])
    assert 3 == len(encoder.read)
    assert np.array_equal(first.rows[[1, 3]], again.rows)
    assert 1 == again.cut
    for more in ({"pooling": "first"}, {"prefix": "query: "}, {"identity": "two"}):
        embedder(path, encoder, **more).vectors(["zz"])
    assert ["zz", "query: zz", "zz"] == encoder.read[3:]


def test_vectors_have_length_one_and_stand_in_order(tmp_path: Path) -> None:
    """However texts are sorted into batches by length."""
    texts = ["a" * (1 + place * 7 % 9) for place in range(70)]
    rows = embedder(tmp_path / "vectors.sqlite", Counting()).vectors(texts).rows
    assert np.allclose(1, np.linalg.norm(rows, axis=1), atol=1e-3)
    wanted = np.array([len(text) / 97 for text in texts])
    assert np.allclose(wanted, rows[:, 1] / rows[:, 0], atol=1e-3)


def test_the_file_holds_no_text(tmp_path: Path) -> None:
    """Neither as it is nor by its tokens: the key is a digest."""
    embedder(tmp_path / "vectors.sqlite", Counting()).vectors(["very secret words"])
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"secret" not in stored


def test_a_broken_file_is_made_anew(tmp_path: Path) -> None:
    """It costs the work again, once, and no error."""
    path, encoder = tmp_path / "vectors.sqlite", Counting()
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    for _ in range(2):
        embedder(path, encoder).vectors(["abc"])
    assert ["abc"] == encoder.read


def test_an_answer_is_timed_without_what_is_kept(tmp_path: Path) -> None:
    """A sample is computed anew once, although all vectors are at hand."""
    encoder = Counting()
    made = embedder(tmp_path / "vectors.sqlite", encoder)
    texts = [f"text {place}" for place in range(100)]
    made.vectors(texts)
    before = len(encoder.read)
    assert made.seconds_per_text(texts) == made.seconds_per_text(texts) > 0
    assert encoder_vectors.TIMED + 1 == len(encoder.read) - before


def test_pooling_leaves_out_padding() -> None:
    """The mean is over tokens alone; the first token is the first."""
    hidden = np.array([[[3.0, 4.0], [3.0, -4.0], [9.0, 9.0]]], np.float32)
    mask = np.array([[1, 1, 0]], np.float32)
    assert [[1.0, 0.0]] == pooled(hidden, mask, "mean").tolist()
    assert np.allclose([[0.6, 0.8]], pooled(hidden, mask, "first"))


def test_families_pool_and_prefix_as_they_were_trained(tmp_path: Path) -> None:
    """The folder's own word on pooling counts; e5 wants "query: " before each text, unless the setting says other."""

    def found(name: str) -> encoder_weights.Found:
        return encoder_weights.Found(name, tmp_path, {}, "", needs_torch=False)

    assert ("query: ", "", "q: ") == (
        prefix_of(found("intfloat/e5-small-v2"), "auto"), prefix_of(found("some/base5"), "auto"),
        prefix_of(found("intfloat/e5-small-v2"), "q: "),
    )  # fmt: skip
    assert ("mean", "first") == (pooling_of(found("intfloat/e5-small")), pooling_of(found("BAAI/bge-small-en-v1.5")))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / encoder_weights.POOLING).write_text('{"pooling_mode_cls_token": true}')
    assert "first" == pooling_of(found("intfloat/e5-small"))


def test_the_embedder_of_a_folder_is_one_per_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads a real folder, and its numbers are kept beneath the cache folder."""
    pytest.importorskip("safetensors", reason='skipped: pip install "tunecase[encoder]"')
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(encoder_vectors, "_kept", lambda: Kept(tmp_path / "vectors.sqlite"))
    folder = str(tiny_encoder.save(tmp_path / "net"))
    one = encoder_vectors.embedder(folder, "digest", 256, "auto")
    assert (2, tiny_encoder.WIDTH) == one.vectors(["red rose", "blue sea"]).rows.shape
    assert one is encoder_vectors.embedder(folder, "digest", 256, "auto")


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
