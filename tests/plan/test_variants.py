"""The problem posed otherwise: an easier one is likelier to be met, and is worth less by what is left out."""

import pytest

from tests.plan.test_plan import made, walked
from tunecase.plan import variants
from tunecase.plan.variants import LOWER
from tunecase.quantities import Interval80
from tunecase.records import Variant, VariantPlan

UNCHANGED = 0.8


def variant(scored: float, covered: float = 1.0, *, doubt: float = 0.001) -> Variant:
    """Merged classes, scored on the pilot's answers, which are right in 80% as the problem stands."""
    interval = Interval80(scored - doubt, scored, scored + doubt)
    return Variant("merge", f"scores {scored}", 400, 400 * scored, interval, covered, UNCHANGED)


def found(*scored: Variant, case: str = "usual") -> dict[str, VariantPlan]:
    """The variants of a case by name."""
    return {each.name: each for each in variants(walked(case), scored)}


def test_a_variant_that_changes_nothing_has_the_plans_figures() -> None:
    """The same score of the same answers: chance, worth and cost are the plan's within their errors."""
    same, plan = found(variant(UNCHANGED))["scores 0.8"], made("usual")
    assert same.worth is not None
    assert 1.0 == same.value_share
    pairs = ((same.chance, plan.chance.shown), (same.worth, plan.worth.expected),
             (same.expected_cost, plan.total.expected))  # fmt: skip
    for one, other in pairs:
        assert abs(one.value - other.value) <= 2 * max(one.error, other.error)


def test_a_merge_that_scores_higher_is_likelier_to_show_the_target() -> None:
    """Every error is smaller by as much as the pilot's own answers gain, so that the chance rises with the score."""
    scores = (0.75, 0.85)
    posed = found(*map(variant, scores))
    chances = [posed[f"scores {scored}"].chance.value for scored in scores]
    assert sorted(chances) == chances
    assert chances[0] < chances[-1]


def test_rows_out_of_scope_shrink_the_value() -> None:
    """Half of the rows in scope leave half of the value at most, and a plan worth less for the same score."""
    whole, half = (found(variant(0.82, covered))["scores 0.82"] for covered in (1.0, 0.5))
    assert pytest.approx(whole.value_share / 2) == half.value_share
    assert half.worth.value < whole.worth.value


def test_what_today_gains_shrinks_the_value() -> None:
    """Today's way is taken to gain as much: what is left to gain above it is the share of the value that remains."""
    of = walked("usual").solved
    state = of.state
    easier = found(variant(0.9))["scores 0.9"]
    left = state.error_baseline * 0.1 / (1 - UNCHANGED) - state.error_target
    assert pytest.approx(left / (state.error_baseline - state.error_target)) == easier.value_share
    assert 0 < easier.value_share < found(variant(0.82))["scores 0.82"].value_share < 1
    harder = found(variant(0.7))["scores 0.7"]
    assert 1.0 == harder.value_share


def test_a_variant_that_today_meets_is_worth_nothing() -> None:
    """Where today's way meets the target as well nothing is left to gain, and the plan is not worth its price."""
    met = found(variant(0.96))["scores 0.96"]
    assert 0.0 == met.value_share
    assert met.worth.value <= 0


def test_a_lower_target_is_likelier_and_worth_its_part_of_the_value() -> None:
    """Its value is what it gains of what the target gains; with a stated fallback every plan may end there already."""
    (lower,) = [each for each in variants(walked("harder"), ()) if each.kind == LOWER]
    plan = made("harder")
    assert lower.chance.value > plan.chance.shown.value
    assert pytest.approx((lower.score - 0.6) / (0.95 - 0.6)) == lower.value_share
    assert f"settle for {lower.score:.2f}" == lower.name
    assert [] == [each for each in variants(walked("with a fallback"), ()) if each.kind == LOWER]


def test_the_best_worth_comes_first() -> None:
    """Among all ways to pose the problem; without a value the best chance does."""
    worths = [each.worth.value for each in variants(walked("usual"), (variant(0.7), variant(0.82))) if each.worth]
    assert len(worths) >= 2
    assert sorted(worths, reverse=True) == worths
    without = variants(walked("without a value"), (variant(0.7), variant(0.82)))
    assert all(each.worth is None for each in without)
    chances = [each.chance.value for each in without]
    assert sorted(chances, reverse=True) == chances


@pytest.mark.parametrize("case", ["without a pilot", "without a target"])
def test_without_a_pilot_there_are_none(case: str) -> None:
    """Nothing was measured that could be read otherwise."""
    assert () == variants(walked(case), (variant(0.9),))


def test_a_score_in_doubt_is_met_less_surely() -> None:
    """A variant that is likely to show the target is less so where its own score may lie lower."""
    sure, unsure = (found(variant(0.88, doubt=doubt))["scores 0.88"] for doubt in (0.001, 0.06))
    assert 0.5 < unsure.chance.value < sure.chance.value
