"""Sets of keys: sorted, without the key 0, and cut into parts by their top bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.shards import BrokenShardError, MemoryStore, Shard, write_shard
from tunecase.data.shards.keys import KeyPart, packed, write_index

ENDS = st.sampled_from([2**63, 2**63 - 1, 2**64 - 1])
KEYS = st.lists(st.integers(0, 3) | st.integers(0, 2**64 - 1) | ENDS, max_size=30)


def shards_of(runs, *, beside):
    """A shard for each run of keys, each key in a row of its own; None where there are no keys."""
    store, shards = MemoryStore(), []
    for at, run in enumerate(runs):
        keys = np.array(run, np.uint64)
        write_shard(
            store, f"s{at}", packed("set", keys, np.arange(len(run)) * 2, keys + np.uint64(1) if beside else None)
        )
        shards.append(Shard(store, f"s{at}") if run else None)
    return store, shards


@given(st.lists(KEYS, min_size=1, max_size=4), st.sampled_from([1, 2, 8, 64, 256]), st.booleans())
def test_parts_together_are_the_set(runs, parts, beside):
    """Each key with a text is in the one part that its top bits say, ascending, and rows ascend among equal keys."""
    store, shards = shards_of(runs, beside=beside)
    write_index(store, "index", shards, "set", parts, beside=beside)
    found = [[] for _ in runs]
    for part in range(parts):
        keys = KeyPart.of(Shard(store, "index"), part)
        for at in range(len(runs)):
            records = keys.records(at, Shard(store, f"s{at}"))
            assert all(key * parts >> 64 == part for key in records["key"].tolist())
            if beside:
                assert (records["beside"] == records["key"] + np.uint64(1)).all()
            found[at] += zip(records["key"].tolist(), records["row"].tolist(), strict=True)
    assert found == [sorted((key, 2 * at) for at, key in enumerate(run) if key) for run in runs]


def test_a_key_that_a_row_has_twice_stands_once():
    """So no row meets itself where the keys of two bands are the same by chance."""
    store = MemoryStore()
    write_shard(store, "s", packed("set", np.array([7, 5, 7, 7], np.uint64), np.array([0, 0, 0, 1]), np.arange(4)))
    write_index(store, "index", [Shard(store, "s")], "set", 1, beside=True)
    records = KeyPart.of(Shard(store, "index"), 0).records(0, Shard(store, "s"))
    assert records.tolist() == [(5, 0, 1), (7, 0, 0), (7, 1, 3)]


@pytest.mark.parametrize("damage", [lambda body: body[:-1], None])
def test_a_shard_that_ends_too_early_or_is_gone_is_broken(damage):
    """It is told, not read as a set with fewer keys."""
    store, shards = shards_of([[5, 2**64 - 1]], beside=False)
    write_index(store, "index", shards, "set", 1)
    body = store.bodies.pop("s0")
    bounds_bytes = 257 * 4
    if damage:
        store.bodies["s0"] = damage(body[:-bounds_bytes])
    with pytest.raises(BrokenShardError):
        KeyPart.of(Shard(store, "index"), 0).records(0, Shard(store, "s0"))
