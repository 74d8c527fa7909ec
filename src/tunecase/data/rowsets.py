"""Sets of rows as ascending arrays: what two of them share, and what one has beyond another."""

from collections.abc import Iterator

from tunecase.quantities import Array, Flags, Hashes, Rows, np

CHUNK_ROWS = 1 << 16  # looked up at once


def sorted_places(keys: "Hashes") -> "Rows":
    """The places of all keys, ordered by the whole key, then the place."""
    packed, bits = sorted_with_places(keys)
    packed &= (np.uint64(1) << bits) - np.uint64(1)
    places = packed.astype(np.int64)
    whole = keys[places]
    return places[np.argsort(whole, kind="stable")] if (whole[1:] < whole[:-1]).any() else places


def sorted_with_places(keys: "Hashes") -> "tuple[Hashes, np.uint64]":
    """Keys, ascending, the lowest bits of each in favour of its place, and how many bits these are.

    One array of numbers is several times as fast to sort as an index. Keys that differ in the lowest bits alone are
    still to be put right.
    """
    bits = np.uint64(max(len(keys) - 1, 1).bit_length())
    packed = (keys >> bits) << bits
    packed |= np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    return packed, bits


def narrow(rows: "Array") -> "Array":
    """Row numbers in half the bytes where they are small; other values as they are."""
    small = rows.dtype == np.int64 and (not rows.size or rows.max() <= np.iinfo(np.int32).max)
    return rows.astype(np.int32) if small else rows


def matches(rows: "Array", of: "Array") -> "Iterator[tuple[Rows, Rows]]":
    """The places of the values that stand in `of`, which ascends, and where they stand there; some at a time."""
    for start in range(0, len(rows) if len(of) else 0, CHUNK_ROWS):
        some = rows[start : start + CHUNK_ROWS]
        near = np.flatnonzero((some >= of[0]) & (some <= of[-1]))
        wanted = some[near].astype(of.dtype)  # searched in another kind, `of` would be copied each time
        places = np.searchsorted(of, wanted)
        there = np.flatnonzero(of[places] == wanted)
        yield start + near[there], places[there]


def within(rows: "Array", of: "Array") -> "Flags":
    """Which of the values stand in `of`, which ascends; shape of `rows`.

    Example:
        >>> import numpy as np
        >>> within(np.array([3, 1, 7]), np.array([1, 2, 3])).tolist()
        [True, True, False]
    """
    found = np.zeros(len(rows), bool)
    for places, _ in matches(rows, of):
        found[places] = True
    return found


def union(*sets: "Rows") -> "Rows":
    """The rows of all sets, ascending, each once."""
    some = [rows for rows in sets if len(rows)]
    if not some:
        return np.zeros(0, np.int64)
    together = np.concatenate(some)
    together.sort()
    new = np.append(True, together[1:] != together[:-1])
    return together if new.all() else together[new]


def without(rows: "Rows", others: "Rows") -> "Rows":
    """The rows that the others, which ascend, do not hold; in their order."""
    return rows[~within(rows, others)]


def both(rows: "Rows", others: "Rows") -> "Rows":
    """The rows that the others, which ascend, hold too; in their order."""
    return rows[within(rows, others)]
