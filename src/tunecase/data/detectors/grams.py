"""Texts as weights of n-grams and as directions: what every check that learns from texts begins with."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

from tunecase.quantities import Floats, np

WORDS_AND_SIGNS = re.compile(r"\w+|[^\w\s]")
WORDS = re.compile(r"\b[^\W\d_]{2,}\b")
SPARE_DIRECTIONS = 10
_BLANKS = re.compile(r"\s\s+")


def bags(texts: Iterable[Iterable[str]]) -> tuple[Any, list[str]]:
    """How often each text holds each of its parts, sparse, shape (texts, parts), and the parts."""
    from scipy.sparse import csr_matrix

    place: dict[str, int] = {}
    ends, at = [0], list[int]()
    for parts in texts:
        at.extend([place.setdefault(part, len(place)) for part in parts])
        ends.append(len(at))
    counts = csr_matrix((np.ones(len(at), np.float32), at, ends), (len(ends) - 1, len(place)))
    counts.sum_duplicates()
    return counts, list(place)


def words_and_pairs(texts: Sequence[str]) -> Any:
    """Counts of words and signs in small letters, and of two in a row, sparse, shape (texts, n-grams)."""
    split = [WORDS_AND_SIGNS.findall(text.lower()) for text in texts]
    return bags(chain(words, map(" ".join, pairwise(words))) for words in split)[0]


def runs_in_words(texts: Sequence[str], least: int, most: int) -> Any:
    """Counts of runs of so many characters within words and the blanks around them, sparse, shape (texts, runs)."""

    def runs(word: str) -> list[str]:
        padded = f" {word} "
        sizes = range(least, min(most, len(padded)) + 1) or (len(padded),)
        return [padded[at : at + size] for size in sizes for at in range(len(padded) - size + 1)]

    words, names = bags(text.lower().split() for text in texts)
    return words @ bags(map(runs, names))[0]


def runs(texts: Sequence[str]) -> Any:
    """Counts of runs of two and three characters, capitals apart, sparse, shape (texts, runs)."""
    from scipy.sparse import csr_matrix

    plain = [_BLANKS.sub(" ", text) for text in texts]
    signs = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    row = np.repeat(np.arange(len(plain)), list(map(len, plain)))
    two, pair = (signs[:-1] << 21) + signs[1:], np.flatnonzero(row[:-1] == row[1:])
    three, triple = ((signs[:-2] + 1) << 42) + two[1:], np.flatnonzero(row[:-2] == row[2:])
    names, at = np.unique(np.concatenate([two[pair], three[triple]]), return_inverse=True)
    rows = row[np.concatenate([pair, triple])]
    return csr_matrix((np.ones(len(at), np.float32), (rows, at)), (len(plain), len(names)))


def tfidf(counts: Any, least: int = 1, most: int | None = None, fitted: int | None = None) -> Any:
    """TF-IDF weights of counts, rows of unit length, sparse.

        (1 + ln count) (1 + ln((1 + texts) / (1 + texts with it)))

    Args:
        least: texts that hold an n-gram, below which it is left out.
        most: n-grams that are kept, the commonest.
        fitted: texts from the first on by which n-grams are weighed and chosen; None for all.
    """
    from scipy.sparse import diags

    known = counts[:fitted]
    within = np.bincount(known.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(within >= least)
    if most is not None and len(kept) > most:
        often = np.asarray(known.sum(axis=0)).ravel()[kept]
        kept = np.sort(kept[np.argsort(-often, kind="stable")[:most]])
    weights = counts[:, kept]
    rarity = 1 + np.log((1 + known.shape[0]) / (1 + within[kept]))
    weights.data = ((1 + np.log(weights.data)) * rarity[weights.indices]).astype(np.float32)
    length = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
    return diags((1 / np.maximum(length, 1e-12)).astype(np.float32)) @ weights


def directions(weights: Any, size: int, rounds: int, seed: int) -> "Floats":
    """The rows of a sparse matrix along its first singular directions, shape (rows, at most `size`).

    Source: randomized range finder with power iteration, Halko, Martinsson and Tropp, SIAM Review 53 (2011), with the
    basis kept on the side of the rows, which are fewer than the n-grams.
    """
    rows = weights.shape[0]
    turned = weights.T.tocsr()
    found = np.random.RandomState(seed).normal(size=(rows, size + SPARE_DIRECTIONS)).astype(np.float32)
    for _ in range(rounds):
        found = np.linalg.qr(weights @ (turned @ found))[0]
    across = turned @ found
    length, basis = np.linalg.eigh((across.T @ across).astype(np.float64))
    kept = length > length[-1] * 1e-9
    along = (weights @ across) @ (basis[:, kept] / np.sqrt(length[kept]))
    turn = np.linalg.eigh(along.T @ along)[1][:, ::-1]
    return np.asarray(along @ turn[:, :size])
