"""One vector per text: pooled, of length one, computed once and kept by model and text."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from tunecase.engine import cache_folder
from tunecase.pilot.trainers import encoder_weights
from tunecase.pilot.trainers.hidden import Kept
from tunecase.quantities import Numbers, np

# Tokens that are computed together, padding included; a longer text is a batch of its own.
BATCH_TOKENS = 1024
# Fresh texts that are computed and kept together, so that a killed run loses seconds of work.
PORTION = 512
# Texts that are computed anew to tell how long an answer takes, where all vectors were at hand.
TIMED = 32
# Families whose vectors are the first token's, unless the folder says how it pools.
FIRST_TOKEN = ("bge", "gte-modernbert", "gte-multilingual", "snowflake")
# Families that were trained with "query: " before each text.
PREFIXED = ("e5",)


class Encoder(Protocol):
    """What turns texts into vectors.

    `longest` is the most tokens that it reads of a text, `at_once` how many batches it may compute side by side.
    """

    longest: int
    at_once: int

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of each text's tokens."""

    def hidden(self, batch: Sequence[Sequence[int]]) -> "tuple[Numbers, Numbers]":
        """The last layer's output (texts, tokens, width), and the mask (texts, tokens) of their tokens."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors of texts (texts, width), and how many of the texts lost their end."""

    rows: "Numbers"
    cut: int


@dataclass
class Embedder:
    """An encoder with the vectors that it has made: `seconds` were spent on fresh texts by this process."""

    load: Callable[[], Encoder]
    identity: str
    pooling: str
    prefix: str
    kept: Kept
    seconds: float = 0.0
    _encoder: Encoder | None = None
    _rates: dict[str, float] = field(default_factory=dict)

    @property
    def encoder(self) -> Encoder:
        """The encoder, read from disk when it is first needed: vectors that are kept do not need it."""
        if self._encoder is None:
            self._encoder = self.load()
        return self._encoder

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, from what is kept where it is.

            v = mean of h over the text's tokens (or h of the first token),   v / |v|

        Returns: 32-bit numbers, in the order of the texts, rounded to the 16 bits in which they are kept, so that
            fresh vectors and kept ones give the same answers.

        Leaves out what the rounding changes: no answer of the example or of banking77, at most .006 of a confidence.
        """
        keys = [self._key(text) for text in texts]
        found = self.kept.read(keys)
        lacking = list(dict.fromkeys(key for key in keys if not _whole(found.get(key))))
        by_key = dict(zip(keys, texts, strict=True))
        lacking.sort(key=lambda key: len(by_key[key]))  # texts of one length need little padding
        for first in range(0, len(lacking), PORTION):
            some = lacking[first : first + PORTION]
            begun = time.perf_counter()
            fresh, cut = self.computed([by_key[key] for key in some])
            self.seconds += time.perf_counter() - begun
            halves = fresh.astype(np.float16)
            made = {key: bytes([each]) + row.tobytes() for key, row, each in zip(some, halves, cut, strict=True)}
            self.kept.write(made)
            found.update(made)
        data = [found[key] for key in keys]
        rows = np.stack([np.frombuffer(each, np.float16, offset=1) for each in data]).astype(np.float32)
        return Vectors(rows, sum(each[0] for each in data))

    def computed(self, texts: Sequence[str]) -> "tuple[Numbers, list[bool]]":
        """The vectors of texts, all computed now, and which texts fill all the tokens that the encoder reads."""
        encoder = self.encoder
        tokens = encoder.tokens([self.prefix + text for text in texts])
        return vectors_of(encoder, tokens, self.pooling), [len(each) >= encoder.longest for each in tokens]

    def seconds_per_text(self, texts: Sequence[str]) -> float:
        """How long the vector of one of these texts takes where none is kept [s], measured once per process.

        Leaves out texts beyond an even sample of 32 of them; a single text takes longer than one of a batch.
        """
        sample = [texts[row * len(texts) // min(TIMED, len(texts))] for row in range(min(TIMED, len(texts)))]
        key = hashlib.blake2b("\0".join(sample).encode(errors="surrogatepass")).hexdigest()
        if key not in self._rates:
            self.encoder.tokens(sample[:1])  # reading the weights is no part of an answer
            begun = time.perf_counter()
            self.computed(sample)
            self._rates[key] = (time.perf_counter() - begun) / len(sample)
        return self._rates[key]

    def _key(self, text: str) -> bytes:
        # A digest: the text itself is kept nowhere.
        whole = json.dumps([self.identity, self.pooling, self.prefix, text]).encode()
        return hashlib.blake2b(whole, digest_size=16).digest()


def _whole(data: bytes | None) -> bool:
    return data is not None and len(data) > 1 and len(data) % 2 == 1


def vectors_of(encoder: Encoder, tokens: Sequence[Sequence[int]], pooling: str) -> "Numbers":
    """The vectors (texts, width) of texts by their tokens, in batches of about one length each."""
    from threadpoolctl import threadpool_limits

    batches: list[list[int]] = []
    for row in sorted(range(len(tokens)), key=lambda row: len(tokens[row]), reverse=True):
        if not batches or (len(batches[-1]) + 1) * len(tokens[batches[-1][0]]) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(row)
    rows: list[Any] = [None] * len(tokens)

    def made(batch: Sequence[int]) -> "Numbers":
        return pooled(*encoder.hidden([tokens[row] for row in batch]), pooling)

    # One batch a core beats all cores on one batch: its products are small, and the rest of a pass has one thread.
    with ThreadPoolExecutor(encoder.at_once) as pool, threadpool_limits(1 if encoder.at_once > 1 else None):
        for batch, vectors in zip(batches, pool.map(made, batches), strict=True):
            for row, vector in zip(batch, vectors, strict=True):
                rows[row] = vector
    return np.stack(rows)


def pooled(hidden: "Numbers", mask: "Numbers", pooling: str) -> "Numbers":
    """Vectors of length one from the last layer's output (texts, tokens, width) and the mask (texts, tokens)."""
    vectors = hidden[:, 0] if pooling == "first" else (hidden * mask[..., None]).sum(1) / mask.sum(1)[:, None]
    unit: Numbers = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return unit.astype(np.float32, copy=False)


@cache
def embedder(model: str, identity: str, most_tokens: int, prefix: str) -> Embedder:
    """The embedder of a model, one per process.

    Args:
        identity: the digest of its weights; a change makes another embedder.
        prefix: what is put before each text; "auto" for what its family wants, such as "query: " for e5.
    Raises: NoModelError, MissingExtraError, InputError as `encoder_weights.here`.
    """
    found = encoder_weights.here(model)
    return Embedder(
        lambda: _encoder(found, most_tokens), f"{identity} {most_tokens}", pooling_of(found), prefix_of(found, prefix),
        _kept(),
    )  # fmt: skip


@cache
def _kept() -> Kept:
    return Kept(cache_folder() / "embeddings" / "vectors.sqlite")


def _encoder(found: encoder_weights.Found, most_tokens: int) -> Encoder:
    if found.needs_torch:
        from tunecase.pilot.trainers.encoder_torch import TorchEncoder

        return TorchEncoder(found.folder, most_tokens)
    from tunecase.pilot.trainers.encoder_pass import NumpyEncoder

    return NumpyEncoder(found.folder, found.config, most_tokens)


def prefix_of(found: encoder_weights.Found, prefix: str) -> str:
    """What is put before each text: for "auto" what the encoder's family was trained with, else the prefix itself."""
    if prefix != "auto":
        return prefix
    return "query: " if any(word in PREFIXED for word in re.split(r"[^a-z0-9]+", _names(found))) else ""


def pooling_of(found: encoder_weights.Found) -> str:
    """How an encoder's vectors are pooled, "mean" or "first": as its folder says, else as its family does."""
    try:
        said: Mapping[str, Any] = json.loads((found.folder / encoder_weights.POOLING).read_text(encoding="utf-8"))
        return "first" if said.get("pooling_mode_cls_token") else "mean"
    except (OSError, ValueError, AttributeError):
        return "first" if any(family in _names(found) for family in FIRST_TOKEN) else "mean"


def _names(found: encoder_weights.Found) -> str:
    return f"{found.model} {found.config.get('_name_or_path', '')}".lower()
