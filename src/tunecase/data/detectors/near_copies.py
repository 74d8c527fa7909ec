"""Near copies: texts as hashed runs of three words, the band keys by which alike texts meet, and their true likeness.

Words are cut and hashed for thousands of texts at once, on their bytes. Near copies are found by MinHash cut into BANDS
bands of BAND_ROWS values: two texts of Jaccard similarity J meet in at least one band with chance
1 - (1 - J^4)^25, which is 99.9% at .7 and 96.9% at .6; whoever meets is then compared in truth.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from tunecase.data.detectors.meetings import meetings, repeated
from tunecase.data.text import has_unparted_words, normalise, words
from tunecase.quantities import Array, Floats, Hashes, Rows, Shingles, np

if TYPE_CHECKING:
    Sets = tuple[Shingles, Rows]  # hashes of all sets one after the other, and each one's end

SHINGLE_WORDS = 3
BANDS, BAND_ROWS = 25, 4
MINHASH_SEED = 7
# An odd base, and its inverse modulo 2^64: a word's hash is taken out of a running sum, wherever the word stands.
BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)
BETWEEN = "\x1e"
_SAME = bytes(code if code >= 128 or chr(code).isalnum() else 32 for code in range(256))
_LOWERED = bytes(ord(chr(code).lower()) if code < 128 else code for code in range(256)).translate(_SAME)
_CUT = _LOWERED[: ord(BETWEEN)] + b"\n" + _LOWERED[ord(BETWEEN) + 1 :]
# From NEAR on two texts are near copies, with fewer than SHORT_WORDS words from NEAR_IN_SHORT on.
NEAR, NEAR_IN_SHORT, SHORT_WORDS = 0.7, 0.8, 20
REACH = 16  # texts before it that a text is paired with, among those that share a key
# Runs of words in this share of the texts, and in so many, are boilerplate and tell no copy.
BOILERPLATE_SHARE, BOILERPLATE_TEXTS = 0.1, 20
MOST_KEPT_POWERS = 1 << 21
LEAST_JOINED = 1 << 16  # pairs that are worked on at once


def word_hashes(texts: Sequence[str]) -> "tuple[Hashes, Rows]":
    """The 64-bit hashes of the words of many texts, flat, and how many words each text has.

        hash = mix of the sum over a word's bytes of byte x BASE^place (modulo 2^64)

    The words are those of text.words: normalised, and single characters where the script does not part words. Equal
    words have equal hashes on every machine.
    """
    parts = [text if text.isascii() else _parted(text) for text in texts]
    whole = BETWEEN.join(parts)
    if whole.count(BETWEEN) != max(len(parts) - 1, 0):
        whole = BETWEEN.join(part.replace(BETWEEN, " ") for part in parts)
    raw = (whole + BETWEEN).encode("utf-8", "surrogatepass").translate(_CUT)
    codes = np.frombuffer(raw, np.uint8)
    inside = (codes != 32) & (codes != 10)
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if len(codes) and inside[0]:
        edges = np.concatenate([[0], edges])
    starts, ends = edges[0::2], edges[1::2]
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _powers(BASE, len(codes)), out=sums[1:])
    hashes = _mixed((sums[ends] - sums[starts]) * _powers(INVERSE, len(codes))[starts])
    borders = np.flatnonzero(codes == 10)[: len(texts)]
    counts = np.diff(np.searchsorted(starts, borders), prepend=0)
    return hashes, counts.astype(np.int64)


def _parted(text: str) -> str:
    """A text that is not ASCII, normalised, with a blank between all words."""
    normal = normalise(text)
    return " ".join(words(normal)) if has_unparted_words(normal) else normal


_POWERS: dict[int, "Hashes"] = {}


def _powers(base: int, count: int) -> "Hashes":
    """base^0, base^1, ... modulo 2^64."""
    kept = _POWERS.get(base)
    if kept is None or len(kept) < count:
        steps = np.full(max(count, MOST_KEPT_POWERS), base, np.uint64)
        steps[0] = 1
        kept = np.cumprod(steps)
        if len(kept) <= MOST_KEPT_POWERS:  # a longer table, of one long block, would stay for good
            _POWERS[base] = kept
    return kept[:count]


def _mixed(values: "Hashes") -> "Hashes":
    """Every bit of a hash in every other; never 0, which stands for no text."""
    values = (values ^ (values >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    values = (values ^ (values >> np.uint64(29))) * np.uint64(0xC2B2AE3D27D4EB4F)
    return (values ^ (values >> np.uint64(32))) | np.uint64(1)


def text_hashes(hashes: "Hashes", counts: "Rows") -> "Hashes":
    """One hash for the words of each text in their order, shape (texts,); 0 for a text without words."""
    ends = np.cumsum(counts)
    places = _positions(np.zeros(len(counts), np.int64), counts)
    longest = int(counts.max()) if len(counts) else 0
    sums = np.zeros(len(hashes) + 1, np.uint64)
    np.cumsum(hashes * _powers(BASE, longest)[places], out=sums[1:])
    found = _mixed(sums[ends] - sums[ends - counts])
    found[counts == 0] = 0
    return found


def shingle_hashes(hashes: "Hashes", counts: "Rows") -> "tuple[Shingles, Rows]":
    """The shingle sets of many texts as 32-bit hashes, flat.

    Args:
        hashes, counts: the words of the texts, as of word_hashes.
    Returns: the hashes of all texts one after the other, each text's sorted and distinct; how many each text has.
    Two different shingles of one pair of texts collide with chance 2^-32 per comparison: 0.0003% for 100-word texts.
    """
    padded = np.where(counts == 0, 0, np.maximum(counts, SHINGLE_WORDS))
    flat = hashes
    if (padded != counts).any():
        flat = np.zeros(int(padded.sum()), np.uint64)
        flat[_positions(np.cumsum(padded) - padded, counts)] = hashes
    runs = np.maximum(padded - SHINGLE_WORDS + 1, 0)
    starts = _positions(np.cumsum(padded) - padded, runs)
    owner = np.repeat(np.arange(len(counts), dtype=np.uint64) << np.uint64(32), runs)
    mixed = flat[starts] * np.uint64(0x9E3779B97F4A7C15)
    for step, factor in ((1, 0xC2B2AE3D27D4EB4F), (2, 0x165667B19E3779F9)):
        mixed = (mixed ^ (mixed >> np.uint64(29))) + flat[starts + step] * np.uint64(factor)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    ordered = owner | (mixed >> np.uint64(32))
    ordered.sort()
    distinct = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered
    kept = np.bincount((distinct >> np.uint64(32)).astype(np.int64), minlength=len(counts)).astype(np.int64)
    return distinct.astype(np.uint32), kept


def band_keys(flat: "Shingles", counts: "Rows") -> "Hashes":
    """The band keys of many shingle sets, shape (BANDS, texts); texts that share a key may be near copies."""
    from rensa import RMinHash

    spread = flat.astype(np.uint64) * np.uint64(BASE)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(spread, offsets, BANDS * BAND_ROWS, MINHASH_SEED)
    values = np.fromiter(chain.from_iterable(matrix.to_rows()), np.uint64, len(counts) * BANDS * BAND_ROWS)
    digest = values.reshape(len(counts), BANDS, BAND_ROWS)
    # The bands' keys differ from the start, so that a text has no key twice.
    keys = np.repeat(np.arange(1, BANDS + 1, dtype=np.uint64)[:, np.newaxis], len(counts), axis=1)
    for row in range(BAND_ROWS):
        keys = (keys ^ (keys >> np.uint64(31)) ^ digest[:, :, row].T) * np.uint64(BASE)
    return keys


def near_pairs(keys: "Sequence[Hashes]", reach: int) -> "Rows":
    """Candidate pairs (earlier, later) of texts that share a band's key, each once, ascending, shape (pairs, 2).

    Args:
        keys: for each band the keys of all texts; they are held in memory, see checks.near for what does not fit.
        reach: see `meetings`.
    """
    n = max(len(keys[0]), 1)  # texts in memory are too few for n x n to overflow
    codes = np.zeros(0, np.int64)
    for band in keys:
        places = repeated(band)
        found = [one * n + other for one, other in meetings(band[places], places, reach)]
        if found:
            codes = np.unique(np.concatenate([codes, *found]))
    return np.stack([codes // n, codes % n], axis=1)


def common_shingles(flat: "Shingles", texts: int) -> "Shingles":
    """The shingles that occur in a tenth of the texts, and in twenty or more, ascending: they reveal no copy."""
    shingles, often = np.unique(flat, return_counts=True)
    common: Shingles = shingles[often >= max(BOILERPLATE_TEXTS, BOILERPLATE_SHARE * texts)]
    return common


def without_shingles(flat: "Shingles", counts: "Rows", left_out: "Shingles") -> "tuple[Shingles, Rows]":
    """Shingle sets, and how many shingles each has, without some shingles, which ascend."""
    if not len(left_out):
        return flat, counts
    kept = left_out[np.minimum(np.searchsorted(left_out, flat), len(left_out) - 1)] != flat
    owner = np.repeat(np.arange(len(counts)), counts)
    return flat[kept], np.bincount(owner[kept], minlength=len(counts)).astype(np.int64)


def least_jaccard(set_sizes: "Rows") -> "Floats":
    """The similarity from which pairs are copies, by the shingles of the smaller set of each pair."""
    return np.where(set_sizes + SHINGLE_WORDS - 1 < SHORT_WORDS, NEAR_IN_SHORT, NEAR)


def groups(pairs: "Rows", chunk: int = 1 << 20) -> "tuple[Rows, Rows]":
    """The rows that pairs join, ascending, and for each the first row of its group; shapes (rows,).

    Args:
        pairs: of rows, in any order, shape (pairs, 2).
        chunk: pairs worked on at once; memory is that of a chunk and of the rows, not of all pairs.

    Example:
        >>> import numpy as np
        >>> [each.tolist() for each in groups(np.array([[7, 2], [9, 7], [5, 4]]))]
        [[2, 4, 5, 7, 9], [2, 4, 4, 2, 2]]
    """
    rows = roots = np.zeros(0, np.int64)
    for start in range(0, len(pairs), chunk):
        links = np.concatenate([np.stack([rows, roots], axis=1), pairs[start : start + chunk]])
        rows, places = np.unique(links, return_inverse=True)
        roots = rows[joined(len(rows), [places.reshape(links.shape)])]
    return rows, roots


def joined(count: int, pairs: "Sequence[Rows]") -> "Rows":
    """For each of `count` rows the first row of its group, where pairs join groups.

    Example:
        >>> import numpy as np
        >>> joined(5, [np.array([[1, 0], [3, 1]])]).tolist()
        [0, 0, 2, 0, 4]
    """
    roots: Array = np.arange(count, dtype=np.int32 if count <= np.iinfo(np.int32).max else np.int64)
    chunk = max(LEAST_JOINED, count // 4)
    for some in (links[start : start + chunk] for links in pairs for start in range(0, len(links), chunk)):
        ends: Array = some.astype(roots.dtype, copy=False)
        while len(ends := _roots_of(roots, ends)):
            high, low = ends.max(axis=1), ends.min(axis=1)
            apart = high != low
            ends, high, low = ends[apart], high[apart], low[apart]
            np.minimum.at(roots, high, low)
        _shorten(roots)
    return roots


def _shorten(roots: "Rows") -> None:
    """Lets each row lead to its root, where it led to an earlier row."""
    for start in range(0, len(roots), LEAST_JOINED):
        some = slice(start, start + LEAST_JOINED)
        roots[some] = _roots_of(roots, roots[some])


def _roots_of(roots: "Rows", rows: "Rows") -> "Rows":
    """Where one comes to from each of some rows, when each row of `roots` leads to another or to itself."""
    while ((further := roots[rows]) != rows).any():
        rows = further
    return rows


def pick_sets(flat: "Shingles", ends: "Rows", chosen: "Rows") -> "tuple[Shingles, Rows]":
    """Some of the sets that lie one after the other in `flat`, each up to its end: hashes, and how many each has."""
    counts = _set_sizes(ends, chosen)
    return flat[_positions(ends[chosen] - counts, counts)], counts


def _set_sizes(ends: "Rows", chosen: "Rows") -> "Rows":
    sizes: Rows = ends[chosen] - ends[chosen - 1] * (chosen > 0)
    return sizes


def pair_jaccard(pairs: "Rows", first: "Sets", second: "Sets | None" = None, chunk: int = 1 << 21) -> "Floats":
    """The Jaccard similarity of each pair of shingle sets, shape (pairs,).

    Args:
        pairs: indices of the sets, shape (pairs, 2): of `first`, and of `second` where there is one.
        first, second: sets as of shingle_hashes, with the end of each.
        chunk: shingles worked on at once, more where one pair has more.
    """
    similarity = np.zeros(len(pairs))
    both = (first, second or first)
    sizes = _set_sizes(first[1], pairs[:, 0]) + _set_sizes(both[1][1], pairs[:, 1])
    before = np.concatenate([[0], np.cumsum(sizes)])
    start = 0
    while start < len(pairs):
        stop = max(start + 1, int(np.searchsorted(before, before[start] + chunk, "right")) - 1)
        similarity[start:stop] = _jaccard(pairs[start:stop], both)
        start = stop
    return similarity


def _jaccard(pairs: "Rows", both: "tuple[Sets, Sets]") -> "Floats":
    owner = np.arange(len(pairs), dtype=np.uint64) << np.uint64(32)
    coded, sizes = [], []
    for at, sets in enumerate(both):
        hashes, count = pick_sets(*sets, pairs[:, at])
        coded.append(np.repeat(owner, count) | hashes)
        sizes.append(count)
    mixed = np.concatenate(coded)
    mixed.sort()
    shared = (mixed[1:][mixed[1:] == mixed[:-1]] >> np.uint64(32)).astype(np.int64)
    common = np.bincount(shared, minlength=len(pairs))
    similarity: Floats = common / np.maximum(sizes[0] + sizes[1] - common, 1)
    return similarity


def _positions(starts: "Rows", counts: "Rows") -> "Rows":
    """start, start + 1, … for each start, `count` of them, one run after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()), dtype=np.int64)
