"""What the rounds rest on is told in words, and rounds without a target are counted, bought and reviewed by law."""

from pathlib import Path

import numpy as np
import pytest

from tests.estimate.test_bill import PLAIN
from tests.projects import basis, written
from tunecase.plan import drawn
from tunecase.plan.known import Known


def test_assumed_rounds_buy_search_and_review(tmp_path: Path) -> None:
    """Rounds that buy double the rows, those that search pay runs besides, those that clean read labels once."""
    of = drawn(Known(basis(written(PLAIN, tmp_path)), 700))
    walk = of.walk
    assert 1 == walk.rounds.min()
    assert pytest.approx(3, abs=0.5) == walk.rounds.mean()
    assert (walk.bought % 700 == 0)[walk.bought < 5_000].all()
    later = walk.rounds == 1
    assert (
        0
        == walk.bought[later].max()
        == np.asarray(walk.search_rows)[later].max()
        == np.asarray(walk.reviewed)[later].max()
    )
    assert np.asarray(walk.search_rows).max() > 0 < np.asarray(walk.reviewed).max()
    assert (walk.rows_trained >= 700 * walk.rounds).all()
    assert walk.reached is None


def test_stated_rounds_without_a_target_are_walked_as_they_are(tmp_path: Path) -> None:
    """Each one after the first doubles the rows as far as the sources reach."""
    of = drawn(Known(basis(written(PLAIN + "rounds: 3\n", tmp_path), 50), 700))
    assert {3.0} == set(of.walk.rounds.tolist())
    assert {1_400.0} == set(of.walk.bought.tolist())
    assert {700 + 1_400 + 2_100.0} == set(of.walk.rows_trained.tolist())
    assert "the number of rounds is the project file's" in of.assumptions
