"""Sets of keys in a shard, each sorted, so that the part of a set that one reducer wants is one run of it.

A set is the keys of the shard's rows for one purpose: equal texts, or one band of near ones. Rows with key 0, which
have no text, are left out. Sets lie one after the other in two columns, `keys` and `key_rows`; `key_bounds` says where
the keys with each beginning (their top 8 bits) start, 257 places a set.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase.data.shards.shard import Shard

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Hashes, Rows

BEGINNINGS = 256  # a power of two: a set is cut into no more parts
_SHIFT = 56


def packed(sets: "Sequence[tuple[Hashes, Rows]]") -> "dict[str, Array]":
    """The columns that hold sets of keys.

    Args:
        sets: for each set its keys and the row of each within the shard, in any order, shape (keys,).
    """
    import numpy as np

    keys: list[Array] = []
    rows: list[Array] = []
    bounds: list[Array] = []
    before = 0
    for values, places in sets:
        kept = values != 0
        order = np.lexsort((places[kept], values[kept]))
        ordered = values[kept][order]
        keys.append(ordered)
        rows.append(places[kept][order].astype(np.uint32))
        beginnings = np.arange(BEGINNINGS, dtype=np.uint64) << np.uint64(_SHIFT)
        bounds.append(np.append(np.searchsorted(ordered, beginnings), len(ordered)) + before)
        before += len(ordered)
    return {
        "keys": np.concatenate(keys) if keys else np.zeros(0, np.uint64),
        "key_rows": np.concatenate(rows) if rows else np.zeros(0, np.uint32),
        "key_bounds": np.concatenate(bounds).astype(np.uint32) if bounds else np.zeros(0, np.uint32),
    }


def part_of(shard: Shard, place: int, part: int, parts: int) -> "tuple[Hashes, Rows]":
    """The keys of one part of a set, ascending, and the row of each within the shard, ascending among equal keys.

    Args:
        place: of the set, as it was packed.
        part, parts: the part wanted, from 0, of a power of two of at most 256; its keys are those from
            part x 2^64 / parts on.
    """
    import numpy as np

    step = BEGINNINGS // parts
    first = place * (BEGINNINGS + 1) + part * step
    bounds = shard.array("key_bounds", first, first + step + 1)
    start, stop = int(bounds[0]), int(bounds[-1])
    return shard.array("keys", start, stop), shard.array("key_rows", start, stop).astype(np.int64)


def set_length(shard: Shard, place: int) -> int:
    """How many keys a set holds."""
    first = place * (BEGINNINGS + 1)
    bounds = shard.array("key_bounds", first, first + BEGINNINGS + 1)
    return int(bounds[-1]) - int(bounds[0])
