"""Groups of repeated rows."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tunecase.checks.clusters import joined


@settings(deadline=None)
@given(st.integers(1, 30), st.data())
def test_joined_rows_share_a_first_row(count, data):
    """Paired rows share a group; its name is its first row; unpaired rows stand alone."""
    place = st.integers(0, count - 1)
    pairs = np.array(data.draw(st.lists(st.tuples(place, place), max_size=20)), np.int64).reshape(-1, 2)
    root = joined(count, [pairs])
    assert (root[pairs[:, 0]] == root[pairs[:, 1]]).all()
    assert (root <= np.arange(count)).all()
    assert (root[root] == root).all()
    alone = np.setdiff1d(np.arange(count), pairs)
    assert (root[alone] == alone).all()
