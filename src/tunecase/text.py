"""Texts as the checks compare them: one normaliser with a version, words, shingles, and the marks of near copies.

Near copies are found by MinHash over hashed runs of three words, cut into BANDS bands of BAND_ROWS values: two texts
of Jaccard similarity J meet in at least one band with chance 1 - (1 - J^5)^25, which is 99% at .7 and 89% at .6.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NORMALISER = 1
SHINGLE_WORDS = 3
BANDS, BAND_ROWS = 25, 5
MINHASH_SEED = 7
MOST_WORDS_KEPT = 500_000  # distinct words whose hash is remembered before starting anew

_PUNCTUATION = re.compile(r"[^\w\s]|_")
_ASCII_BLANKS = {code: " " for code in range(128) if not chr(code).isalnum()}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def normalise(text: str) -> str:
    """The text as compared: NFC, case-folded, punctuation to blanks, blanks collapsed; digits and accents stay.

    Example:
        >>> normalise("  My card—has it   ARRIVED?! ")
        'my card has it arrived'
    """
    if text.isascii():
        return " ".join(text.lower().translate(_ASCII_BLANKS).split())
    return " ".join(_PUNCTUATION.sub(" ", unicodedata.normalize("NFC", text).casefold()).split())


def words(text: str) -> list[str]:
    """The words of a normalised text; characters where the script does not part words by blanks."""
    return split_words(normalise(text))


def split_words(normalised: str) -> list[str]:
    """The words of a text that is normalised already.

    Example:
        >>> split_words("pay 你好")
        ['pay', '你', '好']
    """
    if normalised.isascii() or not _CJK.search(normalised):
        return normalised.split()
    return [word for chunk in normalised.split() for word in (list(chunk) if _CJK.search(chunk) else [chunk])]


def shingles(text: str, size: int = SHINGLE_WORDS) -> frozenset[tuple[str, ...]]:
    """The set of runs of `size` words; the whole text when it is shorter; empty for a blank text."""
    parts = words(text)
    if not parts:
        return frozenset()
    if len(parts) <= size:
        return frozenset([tuple(parts)])
    return frozenset(tuple(parts[i : i + size]) for i in range(len(parts) - size + 1))


def jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Shared part of two shingle sets, 0 to 1; two empty sets share nothing."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0


class WordHashes(dict[str, int]):
    """64-bit hashes of words, the same on every machine; common words are hashed once."""

    def __missing__(self, word: str) -> int:
        from xxhash import xxh3_64_intdigest

        if len(self) >= MOST_WORDS_KEPT:
            self.clear()
        self[word] = value = xxh3_64_intdigest(word.encode("utf-8", "surrogatepass"))
        return value


def shingle_hashes(
    texts: Sequence[Sequence[str]], hashes: WordHashes
) -> "tuple[NDArray[np.uint32], NDArray[np.int64]]":
    """The shingle sets of many texts as 32-bit hashes, flat.

    Args:
        texts: the words of each text.
        hashes: hashes kept from one call to the next.
    Returns: the hashes of all texts one after the other, each text's sorted and distinct; how many each text has.
    Two different shingles of one pair of texts collide with chance 2^-32 per comparison: 0.0003% for 100-word texts.
    """
    import numpy as np

    counts = np.fromiter((len(text) for text in texts), np.int64, len(texts))
    padded = np.where(counts == 0, 0, np.maximum(counts, SHINGLE_WORDS))
    flat = np.zeros(int(padded.sum()), np.uint64)
    places = _positions(np.cumsum(padded) - padded, counts)
    flat[places] = np.fromiter(map(hashes.__getitem__, chain.from_iterable(texts)), np.uint64, len(places))
    starts = _positions(np.cumsum(padded) - padded, np.maximum(padded - SHINGLE_WORDS + 1, 0))
    owner = np.repeat(np.arange(len(texts), dtype=np.uint64), np.maximum(padded - SHINGLE_WORDS + 1, 0))
    mixed = flat[starts] * np.uint64(0x9E3779B97F4A7C15)
    for step, factor in ((1, 0xC2B2AE3D27D4EB4F), (2, 0x165667B19E3779F9)):
        mixed = (mixed ^ (mixed >> np.uint64(29))) + flat[starts + step] * np.uint64(factor)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    ordered = np.sort((owner << np.uint64(32)) | (mixed >> np.uint64(32)))
    distinct = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
    kept = np.bincount((distinct >> np.uint64(32)).astype(np.int64), minlength=len(texts)).astype(np.int64)
    return distinct.astype(np.uint32), kept


def band_keys(flat: "NDArray[np.uint32]", counts: "NDArray[np.int64]") -> "NDArray[np.uint64]":
    """The band keys of many shingle sets, shape (texts, BANDS); texts that share a key may be near copies."""
    import numpy as np
    from rensa import RMinHash

    spread = flat.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(spread, offsets, BANDS * BAND_ROWS, MINHASH_SEED)
    digest = np.array(matrix.to_rows(), np.uint64).reshape(len(counts), BANDS, BAND_ROWS)
    keys = np.zeros((len(counts), BANDS), np.uint64)
    for row in range(BAND_ROWS):
        keys = (keys ^ (keys >> np.uint64(31)) ^ digest[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
    return keys


def _positions(starts: "NDArray[np.int64]", counts: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """start, start + 1, … for each start, `count` of them, one run after the other."""
    import numpy as np

    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()), dtype=np.int64)


def near_pairs(keys: "NDArray[np.uint64]", reach: int, skip: "NDArray[np.bool_] | None" = None) -> "NDArray[np.int64]":
    """Candidate pairs (earlier, later) that share a band key, shape (pairs, 2).

    Args:
        keys: band keys, shape (texts, BANDS).
        reach: among texts that share a key, each is paired with at most this many before it.
        skip: True for texts whose pairs with one another are not wanted.
    Leaves out pairs further apart than `reach` in a crowd; every member is still paired with its neighbours.
    """
    import numpy as np

    n = len(keys)
    found = np.zeros(0, np.int64)
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        ordered = keys[order, band]
        codes = [found]
        for lag in range(1, min(reach, n - 1) + 1):
            same = np.flatnonzero(ordered[lag:] == ordered[:-lag])
            if not same.size:
                break
            one, other = order[same], order[same + lag]
            if skip is not None:
                wanted = ~(skip[one] & skip[other])
                one, other = one[wanted], other[wanted]
            codes.append(np.minimum(one, other) * n + np.maximum(one, other))
        found = np.unique(np.concatenate(codes)) if len(codes) > 1 else found
    return np.stack([found // max(n, 1), found % max(n, 1)], axis=1)


def pick_sets(
    flat: "NDArray[np.uint32]", ends: "NDArray[np.int64]", chosen: "NDArray[np.int64]"
) -> "tuple[NDArray[np.uint32], NDArray[np.int64]]":
    """Some of the sets that lie one after the other in `flat`, each up to its end: hashes, and how many each has."""
    starts = ends[chosen - 1] * (chosen > 0) if len(ends) else ends
    counts = ends[chosen] - starts
    return flat[_positions(starts, counts)], counts


def pair_jaccard(
    pairs: "NDArray[np.int64]", flat: "NDArray[np.uint32]", ends: "NDArray[np.int64]", chunk: int = 8192
) -> "NDArray[np.float64]":
    """The Jaccard similarity of each pair of shingle sets, shape (pairs,).

    Args:
        pairs: indices of the sets, shape (pairs, 2).
        flat, ends: the sets as of shingle_hashes, with the end of each in `flat`.
        chunk: pairs worked on at once.
    """
    import numpy as np

    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    sizes = ends - starts
    similarity = np.zeros(len(pairs))
    for first in range(0, len(pairs), chunk):
        part = pairs[first : first + chunk]
        coded = []
        for side in (0, 1):
            count = sizes[part[:, side]]
            owner = np.repeat(np.arange(len(part), dtype=np.uint64), count)
            coded.append((owner << np.uint64(32)) | flat[_positions(starts[part[:, side]], count)])
        both = np.sort(np.concatenate(coded))
        shared = (both[1:][both[1:] == both[:-1]] >> np.uint64(32)).astype(np.int64)
        common = np.bincount(shared, minlength=len(part))
        union = sizes[part[:, 0]] + sizes[part[:, 1]] - common
        similarity[first : first + chunk] = common / np.maximum(union, 1)
    return similarity
