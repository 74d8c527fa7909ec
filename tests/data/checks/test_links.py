"""Links to first rows, and pairs that are made of them when they are asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data import rowsets
from tunecase.data.checks.links import LinkedPairs, Links


def links_of(first_of, kind=np.int64):
    """Links of some rows."""
    rows = sorted(first_of)
    return Links(np.array(rows, kind), np.array([first_of[row] for row in rows], kind))


@given(
    st.dictionaries(st.integers(1, 30), st.integers(0, 30)),
    st.lists(st.integers(0, 30)),
    st.sampled_from([np.int32, np.int64]),
    st.integers(1, 9),
)
def test_links_give_the_first_row_of_each(first_of, asked, kind, chunk):
    """A row that repeats none is its own first, whatever the kind of numbers and however many are looked up at once."""
    links, rows = links_of(first_of, kind), np.array(asked, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rowsets, "CHUNK_ROWS", chunk)
        assert [first_of.get(row, row) for row in asked] == links.of(rows).tolist()
        assert [row in first_of for row in asked] == links.again(rows).tolist()
    assert rows.tolist() == asked


@given(st.dictionaries(st.integers(1, 30), st.integers(0, 30)), st.integers(0, 9))
def test_linked_pairs_are_as_an_array_of_them(first_of, some):
    """Whole, in part and as plain numbers."""
    links = links_of(first_of)
    pairs, wanted = LinkedPairs(links.rows, links), [[row, first_of[row]] for row in sorted(first_of)]
    assert len(pairs) == len(wanted)
    assert pairs.tolist() == np.asarray(pairs).tolist() == wanted
    assert pairs[:some].tolist() == wanted[:some]
