"""How many rows each round trains on."""

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tunecase.forecast.sizes import adding, doubling


@law(50)
@given(rows=st.integers(1, 10_000), n_max=st.integers(1, 200_000), most=st.integers(1, 30))
def test_sizes_rise_from_the_rows_at_hand_to_the_most_that_can_be_had(rows: int, n_max: int, most: int) -> None:
    """Neither way of growing falls, starts elsewhere, or passes the limit."""
    for sizes in (doubling(rows, n_max, most), adding(rows, n_max, most)):
        assert rows == sizes[0]
        assert list(sizes) == sorted(sizes)
        assert sizes[-1] <= max(n_max, rows)
        assert len(sizes) <= most
