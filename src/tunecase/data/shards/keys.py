"""Sets of keys in a shard, each sorted, so that the part of a set that one reducer wants is one run of it.

A set is the keys of the shard's rows for one purpose: equal texts, or near ones, where a row has a key in each band.
Rows with key 0, which have no text, are left out. `NAME keys` holds a record for each key (key, row, and a value beside
them in some sets), ascending; `NAME bounds` says where the keys with each beginning (their top 8 bits) start, 257
places. An index says the same of all shards of a file, so that a reducer asks each shard once, for its own run alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tunecase.data.rowsets import sorted_places
from tunecase.data.shards.shard import BrokenShardError, Shard, write_shard
from tunecase.data.shards.store import Store
from tunecase.quantities import Array, Hashes, Rows, np

BEGINNINGS = 256  # a power of two: a set is cut into no more parts
_SHIFT = 56
_FIELDS = (("key", "<u8"), ("row", "<u4"), ("beside", "<u8"))


def packed(name: str, keys: "Hashes", rows: "Rows", beside: "Hashes | None" = None) -> "dict[str, Array]":
    """The columns that hold a set of keys; a key that a row has twice stands once.

    Args:
        keys: in any order, shape (keys,).
        rows: the row of each within the shard, ascending.
        beside: a value for each key, read with it.
    """
    kept = np.flatnonzero(keys)
    order = kept[sorted_places(keys[kept])]
    keys, rows = keys[order], rows[order]
    if len(keys):
        order = order[(new := np.append(True, (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])))]
        keys, rows = keys[new], rows[new]
    records = np.zeros(len(keys), np.dtype(list(_FIELDS[: 2 + (beside is not None)])))
    records["key"], records["row"] = keys, rows
    if beside is not None:
        records["beside"] = beside[order]
    beginnings = np.arange(BEGINNINGS, dtype=np.uint64) << np.uint64(_SHIFT)
    bounds = np.append(np.searchsorted(keys, beginnings), len(keys)).astype(np.uint32)
    return {f"{name} keys": records.view(np.uint8), f"{name} bounds": bounds}


def write_index(
    store: Store, name: str, shards: "Iterable[Shard | None]", key_set: str, parts: int, *, beside: bool = False
) -> None:
    """Writes where each part of a set lies in each shard.

    Args:
        shards: None for one without rows.
        key_set: the name by which it was packed; `beside` is True where that was done with values beside the keys.
        parts: a power of two of at most 256; the keys of a part are those from part x 2^64 / parts on.
    """
    begins, bounds = [], [np.zeros((0, parts + 1), np.uint32)]
    for shard in shards:
        begins.append(0 if shard is None else shard.begin(f"{key_set} keys"))
        none = np.zeros(parts + 1, np.uint32)
        own = none if shard is None else shard.array(f"{key_set} bounds")[:: BEGINNINGS // parts]
        bounds.append(own[np.newaxis])
    by_part: Array = np.concatenate(bounds).T.ravel()
    write_shard(store, name, {"begins": np.array(begins, np.int64), "bounds": by_part}, {"beside": beside})


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One part of a set in many shards.

    Args:
        begins: where the records of each shard begin [bytes].
        starts, stops: the records of the part in each shard; all three of shape (shards,).
        beside: whether there is a value beside each key.
    """

    begins: "Rows"
    starts: "Array"
    stops: "Array"
    beside: bool

    @classmethod
    def of(cls, index: Shard, part: int) -> "KeyPart":
        """As the index says."""
        count = index.length("begins")
        starts, stops = index.array("bounds", part * count, (part + 2) * count).reshape(2, count)
        return cls(index.array("begins"), starts, stops, index.facts["beside"])

    @property
    def record(self) -> "np.dtype[Any]":
        """The fields of a record: `key`, `row` and, where packed so, `beside`."""
        return np.dtype(list(_FIELDS[: 2 + self.beside]))

    def records(self, at: int, shard: Shard) -> "Any":
        """Those of the `at`-th shard, ascending by key, then row.

        Raises: BrokenShardError where the shard ends before them.
        """
        dtype = self.record
        start, stop = int(self.starts[at]), int(self.stops[at])
        if start == stop:
            return np.zeros(0, dtype)
        size = (stop - start) * dtype.itemsize
        try:
            raw = shard.store.get(shard.name, int(self.begins[at]) + start * dtype.itemsize, size)
        except FileNotFoundError:
            raise BrokenShardError(shard.store.place, shard.name) from None
        if len(raw) != size:
            raise BrokenShardError(shard.store.place, shard.name)
        return np.frombuffer(raw, dtype)
