"""Sets of rows, whatever kind of numbers they are kept in."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.rowsets import both, narrow, sorted_places, union, within, without

KINDS = st.sampled_from([np.int32, np.int64])
ROWS = st.lists(st.integers(-3, 20) | st.just(2**31 - 1), max_size=30)


@given(ROWS, ROWS, KINDS, KINDS)
def test_rows_are_within_a_set_of_any_kind(rows, others, kind, other_kind):
    """Also those that the narrow kind cannot hold, which are in no set of that kind."""
    of = np.array(sorted(set(others)), other_kind)
    asked = np.array(rows, kind)
    assert within(asked, of).tolist() == [row in others for row in rows]
    assert without(asked, of).tolist() == [row for row in rows if row not in others]
    assert both(asked, of).tolist() == [row for row in rows if row in others]
    assert union(asked, of).tolist() == sorted({*rows, *others})
    assert not within(np.array([2**40, -(2**40)]), of).any()


@given(st.lists(st.integers(0, 3) | st.integers(2**64 - 3, 2**64 - 1) | st.integers(0, 2**64 - 1), max_size=40))
def test_places_are_sorted_by_the_whole_key(keys):
    """Then by the place, also where keys differ in their lowest bits alone."""
    wanted = sorted(range(len(keys)), key=lambda at: (keys[at], at))
    assert sorted_places(np.array(keys, np.uint64)).tolist() == wanted


@given(ROWS, st.integers(0, 2**33))
def test_rows_are_narrow_where_they_fit(rows, far):
    """The same numbers in either case."""
    rows = np.array(rows, np.int64) + far
    assert narrow(rows).tolist() == rows.tolist()
    assert (narrow(rows).dtype == np.int32) == (rows.max(initial=0) < 2**31)
