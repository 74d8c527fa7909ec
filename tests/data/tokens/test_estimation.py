"""Tokens of rows that were not counted follow from those that were, however the rows are cut into pieces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.tokens.estimation import LEAST_IN_STRATUM, STRATA, Z80, estimate

ROWS = st.lists(st.tuples(st.integers(1, 2000), st.booleans()), min_size=2, max_size=300)


def columns(rows):
    """Characters and tokens, which are zero where a row was not counted."""
    return np.array([size for size, _ in rows]), np.array(
        [size // 4 + size % 3 + 1 if known else 0 for size, known in rows]
    )


@given(ROWS)
def test_counted_rows_keep_their_tokens(rows):
    """What was counted stays, what was not lies inside the range, and the middle is the sum."""
    characters, tokens = columns(rows)
    found = estimate(lambda: [(characters, tokens)])
    told = found.rows(characters, tokens)
    assert (told[tokens > 0] == tokens[tokens > 0]).all()
    assert found.low <= found.middle <= found.high
    assert abs(told.sum() - found.middle) <= len(rows) / 2 + 1e-6


@given(ROWS, st.integers(0, 300))
def test_pieces_make_no_difference(rows, cut):
    """Two pieces say to the last bit what one says."""
    characters, tokens = columns(rows)
    whole = estimate(lambda: [(characters, tokens)])
    cut_up = estimate(lambda: [(characters[:cut], tokens[:cut]), (characters[cut:], tokens[cut:])])
    assert [getattr(whole, name) == getattr(cut_up, name) for name in ("low", "middle", "high", "sampled")] == [
        True
    ] * 4
    assert (whole.rows(characters, tokens) == cut_up.rows(characters, tokens)).all()


def test_the_range_is_that_of_whole_columns():
    """The range is that of Cochran's formula on whole columns, to a relative 1e-9."""
    rng = np.random.default_rng(3)
    characters = rng.integers(10, 3000, 4000)
    tokens = np.where(rng.random(4000) < 0.1, characters // 4 + rng.integers(1, 20, 4000), 0)
    found, wanted = estimate(lambda: [(characters, tokens)]), of_whole_columns(characters, tokens)
    assert (found.low, found.middle, found.high) == pytest.approx(wanted, rel=1e-9)


def of_whole_columns(characters, tokens):
    """The same with numpy over all rows at once."""
    counted = tokens > 0
    strata = min(STRATA, int(counted.sum()) // LEAST_IN_STRATUM)
    edges = np.quantile(characters[counted], np.linspace(0, 1, strata + 1)[1:-1])
    place, middle, variance, least = np.searchsorted(edges, characters), float(tokens.sum()), 0.0, 10**9
    for stratum in range(strata):
        here, known = place == stratum, (place == stratum) & counted
        ratio = tokens[known].sum() / characters[known].sum()
        middle += ratio * characters[here & ~counted].sum()
        spread = np.var(tokens[known] - ratio * characters[known], ddof=1)
        variance += here.sum() ** 2 * (1 - known.sum() / here.sum()) * spread / known.sum()
        least = min(least, int(known.sum()))
    reach = Z80 * (1 + 1 / (least - 1)) * variance**0.5
    return middle - reach, middle, middle + reach
