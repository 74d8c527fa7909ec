"""The product and simple rules on roads whose score is shown on one half of the test items and true on the other."""

import numpy as np
import pytest
import roads_policies
import roads_slopes
import roads_texts
import roads_walks
from roads_answers import Ask, Road, opened, points_of
from roads_rivals import RIVALS

from tunecase.flow.known import known_of
from tunecase.plan.costs import once
from tunecase.plan.drawn import work_of
from tunecase.prices import more_than_today, value_or_saving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def curve() -> roads_slopes.Curve:
    """A curve of short messages."""
    return next(curve for curve in roads_slopes.read_curves() if curve.task == "sst2")


def test_no_text_stands_in_training_and_in_the_test() -> None:
    """No text stands in training and in the test."""
    rows = [(f"text {n % 40}", "a") for n in range(200)] + [(" ", "a")]
    train, test = roads_texts.split((rows,))
    assert len(train) == 160
    assert not {text for text, _ in train} & {text for text, _ in test}


def test_rows_without_a_test_part_keep_a_fifth_for_it() -> None:
    """Rows without a test part keep a fifth for it."""
    train, test = roads_texts.split(([(f"text {n}", "a") for n in range(100)],))
    assert (len(train), len(test)) == (80, 20)


@pytest.mark.parametrize("miss", [0.0, 1.0, None])
def test_a_road_is_worth_no_more_than_the_best_in_hindsight(curve: roads_slopes.Curve, miss: float | None) -> None:
    """Neither the product's nor a rule's; the product is walked again to the same end."""
    walked = roads_walks.halved(curve)
    for game in list(roads_policies.games([curve], [miss]))[:2]:
        walk = roads_walks.walk(game, walked, "c0")
        ((_, ends),) = roads_policies.played([walk], [game])
        assert all(end.worth <= game.oracle + game.value * 1e-3 for end in ends.values())
        assert set(ends) == {roads_policies.OURS, *RIVALS}
        assert roads_walks.walk(game, walked, "c0") == walk


def test_half_a_is_shown_and_half_b_is_true(curve: roads_slopes.Curve) -> None:
    """Half A is shown and half B is true."""
    walked = roads_walks.halved(curve)
    for n, pairs in curve.later.items():
        assert walked.draws(n) == pytest.approx([a for a, _ in pairs])
        assert walked.true(n) == pytest.approx(np.mean([b for _, b in pairs])) == pytest.approx(curve.true(n))
    assert (walked.last, walked.rows, walked.held) == pytest.approx((curve.last, curve.rows, curve.held))


def test_the_product_is_told_what_the_road_pays(curve: roads_slopes.Curve) -> None:
    """V is the worth of the target, which counts from the pilot's score; a miss costs its stated share of it."""
    walked = roads_walks.halved(curve)
    flow = opened(Ask(walked, walked.last + 0.02, 20_000, 0.1, walked.held, points_of(walked), miss=0.25))
    facts = known_of(flow)
    value = value_or_saving(facts.project, facts.basis, facts.definition)
    assert value is not None
    assert float(value.mean()) == pytest.approx(20_000, rel=1e-3)
    assert np.mean(more_than_today(facts.project, facts.basis, facts.definition)) == pytest.approx(0, abs=1)
    assert np.mean(once(work_of(facts))) == 0
    assert facts.project.problem.miss_cost.spread.median == pytest.approx(0.25)


def test_a_larger_test_has_fresh_items_beside_those_at_hand(curve: roads_slopes.Curve) -> None:
    """Its score is a mean by items of what was shown and of a draw by the truth, the same each time."""
    walked = roads_walks.halved(curve)
    ends = []
    for _ in range(2):
        road = Road(walked, Ask(walked, 0.9, 20_000, 0.1, walked.held, points_of(walked)))
        road._enlarge()
        ends.append(road.ask.points[-1])
    assert ends[0] == ends[1]
    fresh = (4 * ends[0].score - walked.last) / 3
    assert ends[0].test_rows == 4 * walked.test_rows
    assert abs(fresh - walked.true(walked.held)) < 4 * (0.25 / (3 * walked.test_rows)) ** 0.5
    assert [point.n for point in road.ask.points].count(walked.held) == 1
