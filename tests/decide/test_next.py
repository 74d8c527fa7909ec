"""What now: two sentences and a table, from the records before and after a round."""

from dataclasses import replace
from datetime import date
from typing import Any

from tests import samples
from tunecase.decide.next import changes, next_step
from tunecase.quantities import Interval80, Sampled
from tunecase.records import Change, CurveBand, Next, Round

ROUND = Round(1, 1_200, 0.86, 300, "label", date(2026, 11, 24))


def records(**decision: Any) -> dict[str, Any]:
    """The records of the made-up project, its decision changed as given."""
    return {
        "forecast": samples.forecast(),
        "estimate": samples.estimate(),
        "decide": replace(samples.decision(), **decision),
    }


def moved_to(chance: float) -> dict[str, Any]:
    """The same records when the plan has another chance."""
    made = samples.plan()
    assert made.chance is not None
    return records(plan=replace(made, chance=replace(made.chance, shown=Sampled(chance))))


def said(before: dict[str, Any], now: dict[str, Any], made: Round | None = ROUND) -> Next:
    """What is said of the round."""
    return next_step(before, now, made, "2026-11-20")


def test_the_first_sentence_says_what_the_round_showed_and_how_the_chance_moved() -> None:
    """Score, rows, and the chance before and now, in one sentence."""
    told = said(records(), moved_to(0.88)).told[0]
    assert "Round 1 scored 0.86 with 1,200 examples" in told
    assert "the chance to reach 0.90 by the plan went from 60% to 90%" in told
    assert told.endswith(".")
    assert ". " not in told


def test_a_score_outside_what_was_expected_is_called_so() -> None:
    """The interval of the next test at that size is read from the forecast before the round."""
    band = (
        CurveBand(1_000, Interval80(0.8, 0.82, 0.84), Interval80(0.78, 0.82, 0.85), None, None),
        CurveBand(2_000, Interval80(0.82, 0.85, 0.87), Interval80(0.80, 0.85, 0.88), None, None),
    )
    before = records()
    before["forecast"] = replace(before["forecast"], band=band, stand_in=False)
    low, high = (said(before, records(), replace(ROUND, score=score)) for score in (0.70, 0.83))
    assert "outside what was expected" in low.told[0]
    assert "as expected" in high.told[0]
    assert 0.78 < high.expected.low < 0.80


def test_another_method_has_no_expected_score() -> None:
    """The curve so far says nothing of a method that was not on it."""
    rounds = (replace(ROUND, changed="tune"), replace(ROUND, changed="bigger_model"))
    assert [None, None] == [said(records(), records(), made).expected for made in rounds]


def test_what_moved_is_a_table_and_what_did_not_is_left_out() -> None:
    """Only answers whose words differ are rows."""
    assert () == said(records(), records()).moved
    bill = replace(samples.estimate(), plan=moved_to(0.5)["decide"].plan)
    moved = said(records(), {**moved_to(0.5), "estimate": bill}).moved
    assert (Change("chance to reach the target within the budget", "60%", "50%"),) == moved


def test_without_a_past_there_is_nothing_to_compare() -> None:
    """A first decision says the chance as it is."""
    told = next_step({}, records(), None, "")
    assert "went from" not in told.told[0]
    assert () == told.moved


def test_what_moved_stands_side_by_side() -> None:
    """Each answer that differs is named once, with its words before and now."""
    before = samples.records()
    now = {**before, "pilot": replace(before["pilot"], model="a small model")}
    assert (Change("piloted", before["pilot"].model, "a small model"),) == changes(before, now)
    forecast = replace(before["forecast"], p_target=0.5, needed=None)
    assert ["chance of the target in the forecast"] == [
        c.name for c in changes(before, {**before, "forecast": forecast})
    ]


def test_nothing_changed_says_nothing() -> None:
    """The same records, or none before, give no change."""
    records = samples.records()
    assert () == changes(records, records)
    assert () == changes({}, records)
