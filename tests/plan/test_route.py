"""What the rounds rest on is told in words, and rounds without a target are counted, bought and reviewed by law."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.decide.test_decide import POINTS, known, pieces, project
from tests.estimate.test_bill import PLAIN
from tests.plan.test_plan import asked, walked
from tests.projects import basis, written
from tunecase.plan import drawn
from tunecase.plan.known import Known
from tunecase.plan.route import based_on


def test_a_route_says_what_it_rests_on(tmp_path: Path) -> None:
    """A pilot, points from elsewhere, a pilot that is no curve, none, or no target to walk to."""
    of = asked("usual")
    seen = pieces(of)[1]
    assert "pilot of 5 points up to 800 examples" == based_on(known(of, seen))
    assert "5 points of elsewhere up to 800 examples" == based_on(known(of, replace(seen, source="elsewhere")))  # type: ignore[arg-type]
    assert "no usable pilot" == based_on(known(of, pieces(of, points=POINTS[:1])[1]))
    assert "no pilot" == based_on(known(of, None))
    assert "no target" == based_on(known(asked("without a target"), None))
    bare = project(tmp_path, target="", value="")
    assert "pilot of 5 points up to 800 examples" == based_on(known(bare, seen))


def test_the_policy_is_told_with_what_it_takes_for_granted() -> None:
    """The curve and its end, the size of the test, the budget at 80%, and what is chosen without."""
    words = " ".join(walked("usual").assumptions)
    assert "each world follows one curve of the forecast, from 800 rows up to 20,800" in words
    assert "a test of 600 rows" in words
    assert "unless what is left of the budget pays for it with a chance of 80%" in words
    assert "storage and egress are in the bill alone" in words
    assert "budget" not in " ".join(walked("without a budget").assumptions)
    assert "without a value of the target rounds go on" in " ".join(walked("without a value").assumptions)


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
