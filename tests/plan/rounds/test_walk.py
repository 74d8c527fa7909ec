"""Rounds are counted, drawn and parted by laws that a reader can redo, and a walk says what was begun and shipped."""

from dataclasses import replace

import numpy as np
import pytest

from tunecase.plan.rounds.walk import Walk, counted, parted, random_rounds, rounds_of
from tunecase.quantities.spread import Beta, Worlds


def test_random_rounds_have_the_mean_of_their_law() -> None:
    """With q ~ Beta(2, 2) the mean is 3 before the cut."""
    worlds = Worlds(0, 200_000)
    rounds = random_rounds(worlds.draw("q", Beta(2, 2)), worlds.draw("luck", Beta(1, 1)), most=10_000)
    assert pytest.approx(rounds.mean(), abs=0.1) == 3.0
    assert pytest.approx((rounds == 1).mean(), abs=0.01) == 0.5
    assert (random_rounds(worlds.drawn["q"], worlds.drawn["luck"], most=12) <= 12).all()


def test_counted_rounds_beyond_the_last_size_buy_nothing_more() -> None:
    """They train on the last size again."""
    out = counted(np.array([1.0, 2.4, 5.0]), (100, 200, 300))
    assert out.rounds.tolist() == [1, 2, 5]
    assert out.bought.tolist() == [0, 100, 200]
    assert out.rows_trained.tolist() == [100, 300, 1_200]


def test_parts_of_a_count_follow_the_binomial_law() -> None:
    """Each of 6 things is of the kind with the chance .3: mean 1.8, variance 1.26, never more than 6."""
    luck = Worlds(0, 20_000).draw("luck", Beta(1, 1))
    parts = parted(np.full(20_000, 6.0), np.full(20_000, 0.3), luck)
    assert pytest.approx((1.8, 1.26), abs=0.02) == (parts.mean(), parts.var())
    assert (0, 6) == (parts.min(), parts.max())
    assert not parted(np.zeros(9), np.full(9, 0.5), np.linspace(0, 1, 9)).any()


def test_every_world_goes_the_rounds_that_are_asked_for() -> None:
    """Three rounds along four sizes train on 100 + 200 + 400 rows and buy 300."""
    walk = rounds_of((100, 200, 400, 800), 3, 2)
    assert ([3, 3], [300, 300], [700, 700]) == (walk.rounds.tolist(), walk.bought.tolist(), walk.rows_trained.tolist())


def test_a_walk_is_begun_where_anything_is_paid_and_ships_where_a_test_allows_it() -> None:
    """A round, a row bought, a review or a test row begins it; what reaches the target ships unless told otherwise."""
    none = np.zeros(4)
    walk = Walk(np.array([1.0, 0, 0, 0]), np.array([0, 1.0, 0, 0]), none, data_paid=np.array([0, 0, 5.0, 0]))
    assert [True, True, True, False] == walk.begun.tolist()
    assert walk.shipped is None
    reached, settled = np.array([True, False, False, False]), np.array([False, True, False, False])
    shown = Walk(none, none, none, reached=reached, settled=settled)
    assert shown.shipped is reached
    ships = reached | settled
    assert replace(shown, ships=ships).shipped is ships
