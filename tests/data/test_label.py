"""The rows to label next: new, distinct, explained, with and without labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.making import tickets
from tunecase.data.label import expected, plan


def texts(n: int, seed: int) -> list[str]:
    """Made-up texts."""
    return [row["text"] for row in tickets(n, seed)]


def test_chosen_rows_and_suggestions():
    """Rows at hand are never chosen; with labels each has a suggestion and its chance, a cold start none."""
    held, test, new = texts(40, 1), texts(10, 2), texts(30, 3)
    made = plan(held, ["a", "b"] * 20, [*held[:5], *test[:5], *new], 40, barred=test)
    assert {pick.row for pick in made.picks} == set(range(10, 40))
    assert (made.at_hand, made.probed) == (10, True)
    new = texts(30, 3)
    made = plan([], [], [*new, *[text.upper() + "!" for text in new], "", " "], 99)
    assert 30 == len({pick.row % 30 for pick in made.picks}) == len(made.picks)
    assert 32 == made.copies
    rows = tickets(80, 1)
    made = plan([row["text"] for row in rows], [row["label"] for row in rows], texts(30, 3), 5)
    assert {pick.suggested for pick in made.picks} <= {row["label"] for row in rows}
    assert all(0 < pick.chance <= 1 for pick in made.picks)
    made = plan([], [], texts(30, 3), 5)
    assert not made.probed
    assert all(pick.suggested is None and pick.chance is None and pick.why for pick in made.picks)
    assert "without enough labels" in expected(made)
    made = plan(texts(20, 1), ["a", "b"] * 10, ["", " "], 5)
    assert () == made.picks
    assert "every row of the pool is blank" in expected(made)
    with pytest.raises(ValueError, match="0 rows wanted"):
        plan([], [], ["a"], 0)
    with pytest.raises(ValueError, match="1 labels"):
        plan([], ["x"], ["a"], 1)


@given(st.lists(st.text(max_size=15), max_size=15), st.integers(1, 20), st.integers(0, 3))
def test_any_pool_is_conserved(pool, n, seed):
    """Chosen rows are distinct and of the pool, the same seed gives the same rows, and no more than asked come."""
    made = plan([], [], pool, n, seed=seed)
    rows = [pick.row for pick in made.picks]
    assert made == plan([], [], pool, n, seed=seed)
    assert len(rows) == len(set(rows)) == min(n, made.weighed)
    assert len(pool) == made.at_hand + made.copies + made.weighed
    assert all(pool[row].strip() for row in rows)
