"""When a plan ships and stops after its first test is what its policy does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.decide.test_decide import known, pieces, project
from tests.plan.test_plan import made, walked
from tunecase.plan import drawn
from tunecase.plan.limits import BINS, _crossing, limits_of
from tunecase.plan.rounds import passing_count


def test_the_crossing_of_a_noisy_gain_is_found() -> None:
    """A gain that rises through zero at .5, seen in 4,000 worlds with noise of a whole unit."""
    rng = np.random.default_rng(0)
    shown = rng.uniform(0, 1, 4_000)
    gain = 4 * (shown - 0.5) + rng.standard_normal(4_000)
    every = np.arange(4_000)
    assert pytest.approx(0.5, abs=0.03) == _crossing(shown, gain[None], every)
    # Of two steps the better one counts: the second is worth its price .25 earlier.
    assert pytest.approx(0.25, abs=0.03) == _crossing(shown, np.array([gain, gain + 1]), every)


def test_what_never_or_always_pays_has_no_crossing() -> None:
    """Above zero everywhere, below it everywhere, or too few worlds to say."""
    shown = np.linspace(0, 1, 4_000)
    every = np.arange(4_000)
    for gain in (shown + 1, shown - 2):
        assert _crossing(shown, gain[None], every) is None
    assert _crossing(shown, (shown - 0.5)[None], every[: BINS - 1]) is None


def test_the_plan_ships_from_the_score_whose_lower_bound_meets_the_target() -> None:
    """As a share of the test's rows; unknown where the size of the test is."""
    limits, state = made("usual").limits, walked("usual").solved.state  # type: ignore[union-attr]
    assert passing_count(0.85, state.test_rows) / state.test_rows == limits.ship_at > 0.85
    assumed = made("without a pilot").limits
    assert assumed is not None


def test_worlds_below_the_limit_stop_and_worlds_above_it_go_on(tmp_path: Path) -> None:
    """Of those that the first test does not pass, away from the limit by more than its doubt."""
    asked = project(tmp_path, value="0.12 USD per correct")
    of = drawn(known(asked, pieces(asked)[1]))
    limits = limits_of(of)
    assert of.walked.at is not None
    node = of.solved.board.nodes[0].steps[of.walked.at].to
    shown, taken = of.solved.board.nodes[node].shown, of.solved.policy.taken[node]
    open_worlds = ~of.solved.board.passed[node]
    room = 0.02 + limits.stop_at.error
    below, above = shown < limits.stop_at.value - room, shown > limits.stop_at.value + room
    stops = taken < 0
    assert stops[open_worlds & below].mean() > 0.9
    assert stops[open_worlds & above].mean() < 0.1


def test_the_most_rows_are_a_rung_of_the_ladder() -> None:
    """One of the board's sizes, beyond which fewer than one world in a hundred goes."""
    for case in ("usual", "tight", "priceless"):
        limits, of = made(case).limits, walked(case)
        assert limits.most_rows in of.solved.board.sizes
        rows = of.facts.rows + of.walk.bought
        assert (rows > limits.most_rows * 1.001).mean() < 0.01 * len(of.solved.board.sizes)
    assert made("priceless").limits.most_rows >= made("usual").limits.most_rows  # type: ignore[union-attr]


def test_a_plan_that_is_not_on_the_board_has_no_limits() -> None:
    """What ships at once is not tested again; without a target nothing says when to stop."""
    assert limits_of(walked("shipped")) is None
    assert limits_of(walked("without a target")) is None


def test_a_metric_that_falls_stops_above_its_limit(tmp_path: Path) -> None:
    """Errors are shown as scores in the metric's own direction."""
    of = project(tmp_path, value="0.12 USD per correct")
    seen = pieces(of)[1]
    lower = replace(
        seen, direction="lower", target=0.15, metric="error_rate", ceiling=None,
        points=tuple(replace(point, score=1 - point.score) for point in seen.points),
    )  # fmt: skip
    limits = limits_of(drawn(known(of, lower)))
    assert 0.15 < limits.stop_at.value < 0.5
