"""From which score on a plan puts a model to use after its test, and what its step trains on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.decide.test_decide import known, pieces, project
from tests.plan.test_plan import made, walked
from tunecase.plan import drawn
from tunecase.plan.drawn import from_state
from tunecase.plan.limits import limits_of


@pytest.mark.parametrize("case", ["usual", "tight", "with a fallback", "without a pilot"])
def test_a_model_is_put_to_use_just_from_the_limit_on(case: str) -> None:
    """As a share of the test's rows that are right, in every world; below it rows are bought on or nothing follows."""
    board, at, limits = walked(case).solved.board, walked(case).walked.at, made(case).limits
    assert ((board.steps[at].shown >= limits.ship_at - 1e-12) == board.ships[at]).all()


def test_where_no_score_would_do_none_is_told() -> None:
    """A target that no world meets: whatever the test shows, nothing is put to use."""
    hopeless = from_state(walked("usual"), replace(walked("usual").solved.state, error_target=0.001))
    assert limits_of(hopeless).ship_at is None
    assert not hopeless.walk.ships.any()


def test_the_most_rows_are_those_that_the_step_trains_on() -> None:
    """A rung of the ladder, no lower where the target is worth more."""
    for case in ("usual", "tight", "priceless"):
        limits, of = made(case).limits, walked(case)
        assert limits.most_rows in of.solved.board.sizes
        assert {float(limits.most_rows)} == set((of.facts.rows + of.walked.first_walk.bought).tolist())
    assert made("priceless").limits.most_rows >= made("usual").limits.most_rows


def test_a_plan_that_is_not_on_the_board_has_no_limits() -> None:
    """What ships at once is not tested again; without a target nothing says what to show."""
    assert limits_of(walked("shipped")) is None
    assert limits_of(walked("without a target")) is None


def test_a_metric_that_falls_is_put_to_use_below_its_limit(tmp_path: Path) -> None:
    """What such a test shows is the error itself, in the metric's own direction."""
    of = project(tmp_path)
    seen = pieces(of)[1]
    lower = replace(
        seen, direction="lower", target=0.15, metric="error_rate", ceiling=None,
        points=tuple(replace(point, score=1 - point.score) for point in seen.points),
    )  # fmt: skip
    bill = drawn(known(of, lower))
    at, board = limits_of(bill).ship_at, bill.solved.board
    assert 0.1 < at < 0.2
    assert np.array_equal(-board.steps[bill.walked.at].shown <= at + 1e-12, board.ships[bill.walked.at])
