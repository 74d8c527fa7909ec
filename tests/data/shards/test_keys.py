"""Sets of keys: sorted, without the key 0, and cut into parts by their top bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.data.shards import MemoryStore, Shard, write_shard
from tunecase.data.shards.keys import packed, part_of, set_length

ENDS = st.sampled_from([2**63, 2**63 - 1, 2**64 - 1])
KEYS = st.lists(st.integers(0, 3) | st.integers(0, 2**64 - 1) | ENDS, max_size=30)


def shard_of(sets):
    """A shard that holds sets of keys, the row of each key its place times two."""
    store = MemoryStore()
    pairs = [(np.array(keys, np.uint64), np.arange(len(keys)) * 2) for keys in sets]
    write_shard(store, "s", packed(pairs))
    return store, Shard(store, "s")


@settings(deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=4), st.sampled_from([1, 2, 8, 64, 256]), st.data())
def test_parts_together_are_the_set(sets, parts, data):
    """Each key with a text is in the one part that its top bits say, ascending, and rows ascend among equal keys."""
    _store, shard = shard_of(sets)
    place = data.draw(st.integers(0, len(sets) - 1))
    wanted = sorted((key, 2 * at) for at, key in enumerate(sets[place]) if key)
    found = []
    for part in range(parts):
        keys, rows = part_of(shard, place, part, parts)
        assert all(key * parts >> 64 == part for key in keys.tolist())
        found += zip(keys.tolist(), rows.tolist(), strict=True)
    assert wanted == found
    assert len(wanted) == set_length(shard, place)


@pytest.mark.parametrize("parts", [1, 256])
def test_an_empty_set_has_empty_parts(parts):
    """Also between others."""
    _store, shard = shard_of([[5], [], [0, 0], [7]])
    assert [0, 0] == [len(part_of(shard, place, 0, parts)[0]) for place in (1, 2)]
    assert [1, 0, 0, 1] == [set_length(shard, place) for place in range(4)]


def test_no_sets_are_no_columns_to_read():
    """A shard without rows has none."""
    store = MemoryStore()
    write_shard(store, "s", packed([]))
    assert {"keys": 0, "key_rows": 0, "key_bounds": 0} == {
        name: Shard(store, "s").length(name) for name in Shard(store, "s").columns
    }
