"""Who shares a key: keys that occur again, and pairs within reach."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.detectors import meetings

KEYS = st.lists(st.integers(1, 6) | st.integers(2**63, 2**63 + 4), max_size=40)


@given(KEYS)
def test_repeated_keys_are_ordered_by_key_then_place(keys):
    """Keys that occur once are left out."""
    wanted = sorted((key, at) for at, key in enumerate(keys) if keys.count(key) > 1)
    assert [at for _, at in wanted] == meetings.repeated(np.array(keys, np.uint64)).tolist()


@given(KEYS, st.integers(1, 4), st.integers(1, 9))
def test_rows_meet_those_within_reach_before_them(keys, reach, chunk):
    """The same pairs however many keys are worked on at once: the earlier row first."""
    keys = np.array(keys, np.uint64)
    rows = meetings.repeated(keys)
    found = [
        pair
        for one, other in meetings.meetings(keys[rows], rows, reach, chunk)
        for pair in zip(one.tolist(), other.tolist(), strict=True)
    ]
    wanted = set()
    for key in set(keys.tolist()):
        alike = np.flatnonzero(keys == key).tolist()
        wanted |= {(alike[i], alike[j]) for j in range(len(alike)) for i in range(max(j - reach, 0), j)}
    assert wanted == set(found)
    assert len(wanted) == len(found)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), st.sampled_from([1, 10**9, 10**15]))
def test_distinct_pairs_are_those_of_the_set(pairs, scale):
    """Each pair once, ascending, also where rows are too many for one number to hold a pair."""
    found = meetings.distinct_pairs(np.array(pairs, np.int64).reshape(-1, 2) * scale)
    assert sorted({(one * scale, other * scale) for one, other in pairs}) == list(map(tuple, found.tolist()))
