"""Who shares a key: keys that occur more than once, and pairs of rows among those that share one."""

from collections.abc import Iterator

from tunecase.data.rowsets import sorted_with_places
from tunecase.quantities import Hashes, Rows, np


def repeated(keys: "Hashes") -> "Rows":
    """The places of the keys that occur more than once, ordered by the whole key, then the place."""
    packed, bits = sorted_with_places(keys)
    alike = packed[1:] >> bits == packed[:-1] >> bits
    crowded = np.zeros(len(keys), bool)
    crowded[1:] = alike
    crowded[:-1] |= alike
    places = (packed[crowded] & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    whole = keys[places]
    if (whole[1:] < whole[:-1]).any():
        order = np.argsort(whole, kind="stable")
        places, whole = places[order], whole[order]
    again = whole[1:] == whole[:-1]
    shared = np.zeros(len(places), bool)
    shared[1:] = again
    shared[:-1] |= again
    return places[shared]


def meetings(keys: "Hashes", rows: "Rows", reach: int, chunk: int = 1 << 16) -> "Iterator[tuple[Rows, Rows]]":
    """Pairs that share a key, some at a time: the earlier row of each pair, and the later one.

    Args:
        keys: ascending, shape (keys,).
        rows: one for each key, ascending among equal keys.
        reach: among rows that share a key, each is paired with at most this many before it.
        chunk: keys worked on at once; it bounds the memory at 16 x `reach` bytes each.
    Leaves out pairs further apart than `reach` in a crowd; every member is still paired with its neighbours.
    """
    for start in range(0, len(keys), chunk):
        at = np.arange(start, min(start + chunk, len(keys)))
        for lag in range(1, reach + 1):
            at = at[: np.searchsorted(at, len(keys) - lag)]
            at = at[keys[at + lag] == keys[at]]
            if not len(at):
                break
            yield rows[at], rows[at + lag]


def distinct_pairs(pairs: "Rows") -> "Rows":
    """Pairs of rows, each once, ascending by the first row, then the second; shape (pairs, 2)."""
    if not len(pairs):
        return pairs
    pairs = pairs.astype(np.int64, copy=False)
    low = pairs.min(axis=0)
    spans = [int(span) for span in pairs.max(axis=0) - low + 1]
    if spans[0] * spans[1] <= np.iinfo(np.int64).max:  # one number for each pair sorts many times as fast as two
        codes = (pairs[:, 0] - low[0]) * spans[1] + (pairs[:, 1] - low[1])
        codes.sort()
        codes = codes[np.append(True, codes[1:] != codes[:-1])]
        return np.asarray(np.stack(np.divmod(codes, spans[1]), axis=1) + low)
    ordered = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return np.asarray(ordered[np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))])
