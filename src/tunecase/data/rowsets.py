"""Sets of rows as ascending arrays: what two of them share, and what one has beyond another."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from tunecase.data.arrays import Array, Flags, Hashes, Rows


def sorted_places(keys: "Hashes") -> "Rows":
    """The places of all keys, ordered by the whole key, then the place."""
    import numpy as np

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
    import numpy as np

    bits = np.uint64(max(len(keys) - 1, 1).bit_length())
    packed = (keys >> bits) << bits
    packed |= np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    return packed, bits


def within(rows: "Array", of: "Array") -> "Flags":
    """Which of the values stand in `of`, which ascends; shape of `rows`.

    Example:
        >>> import numpy as np
        >>> within(np.array([3, 1, 7]), np.array([1, 2, 3])).tolist()
        [True, True, False]
    """
    import numpy as np

    if not len(of):
        return np.zeros(len(rows), bool)
    found: Flags = of[np.minimum(np.searchsorted(of, rows), len(of) - 1)] == rows
    return found


def union(*sets: "Rows") -> "Rows":
    """The rows of all sets, ascending, each once."""
    import numpy as np

    some = [rows for rows in sets if len(rows)]
    return np.unique(np.concatenate(some)) if some else np.zeros(0, np.int64)


def without(rows: "Rows", others: "Rows") -> "Rows":
    """The rows that the others, which ascend, do not hold; in their order."""
    return rows[~within(rows, others)]


def both(rows: "Rows", others: "Rows") -> "Rows":
    """The rows that the others, which ascend, hold too; in their order."""
    return rows[within(rows, others)]
