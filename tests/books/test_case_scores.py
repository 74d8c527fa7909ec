"""A case tells what it was told and what came: by the plan of record, before the first round, once for each round."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.books.test_books import plan
from tests.books.test_earlier_projects import DAY, START, charge
from tunecase.books.case_scores import case_scores
from tunecase.ledger.book import Ledger
from tunecase.quantities.interval import Interval80
from tunecase.quantities.spread import Band
from tunecase.records import ActivityHours, CaseScored, Closing, Decision, Next, Round, Run, Spending

ALL = Closing(("gpu", "labour", "unknowns"), DAY)
TOLD = samples.plan()
TARGET = TOLD.target or 0.0
HOURS = Band(50, 100, 130, 160)
EFFORT = (ActivityHours("data work", 100.0, 1.0, "rows", "6 to 24 h per round", stated=False),)


def case(folder: Path, *steps: Any) -> CaseScored:
    """What a ledger of these records, charges and runs says, a day apart."""
    kept = Ledger(folder / "ledger.jsonl")
    for number, step in enumerate(steps):
        kind: Any = "spend" if isinstance(step, Spending) else "run" if isinstance(step, Run) else "record"
        kept.append(kind, step, recorded_at=START + timedelta(days=number), verb="pilot" if kind == "run" else "")
    return case_scores(list(kept.entries()))


def bill(**changes: Any) -> Any:
    """A bill with a chance, a target, hours and a number of rounds."""
    lines = plan().lines
    labour = replace(lines[1], quantity=HOURS, unit="hour")
    given = {"lines": (lines[0], labour), "plan": TOLD, "rounds": Band(1, 2, 3, 4), "effort": EFFORT}
    return plan(**{**given, **changes})


def a_round(number: int, score: float, n: int = 900, changed: Any = "label") -> Round:
    """One measured round."""
    return Round(number, n, score, 300, changed, DAY)


def worked(hours: str, amount: str = "7000", category: str = "labour") -> Spending:
    """A charge for hours."""
    return Spending(DAY, category, Decimal(amount), "USD", Decimal(amount), "", Decimal(hours), "h")


def advised(lever: str) -> Decision:
    """A decision for a step."""
    return replace(samples.decision(), advice=lever)


def told_next(made: Round, low: float, high: float) -> Next:
    """What `next` said of a round."""
    return replace(samples.news(), round=made, expected=Interval80(low, (low + high) / 2, high))


def test_finished_and_open_cases(tmp_path):
    """Total, rounds and hours against the plan; an open case is held by its closed lines alone."""
    scored = case(tmp_path, bill(), a_round(1, 0.1), a_round(2, 0.2), a_round(3, 0.3), worked("180", "9000"), ALL)
    assert scored.finished
    assert scored.total.actual == pytest.approx(9_000 / 7_746)
    assert (1.5, 0.5, 2.0) == (scored.rounds.actual, scored.rounds.planned.p10, scored.rounds.planned.p90)
    assert [("labour", 9_000 / 7_000)] == [(line.name, line.actual) for line in scored.lines]
    (hours,) = scored.hours
    assert (100.0, 150.0, 180.0) == (hours.told, hours.told_for_rounds, hours.booked)
    assert scored.default_rates
    assert 1.2 == pytest.approx(scored.hours_ratio)
    (tmp_path := tmp_path / "second").mkdir()
    scored = case(tmp_path, bill(), a_round(1, TARGET), worked("120"), Closing(("labour",), DAY))
    assert (False, None, None, None) == (scored.finished, scored.total, scored.chance, scored.rounds)
    assert ("go on", 1, 1) == (scored.ended, len(scored.lines), len(scored.hours))
    scored = case(tmp_path / "b", bill(), worked("90"), ALL)
    assert (True, None, None, "stop") == (scored.finished, scored.chance, scored.rounds, scored.ended)
    scored = case(tmp_path / "c", bill(rounds=Band(0, 0, 0, 0)), a_round(1, TARGET), worked("90"), ALL)
    assert (None, None, "ship") == (scored.chance, scored.rounds, scored.ended)
    scored = case(tmp_path / "d", bill(plan=None), advised("label"), a_round(1, 0.9), worked("90"), ALL)
    assert (True, 1, 1, None) == (scored.finished, scored.advised, scored.followed, scored.ended)
    scored = case(tmp_path / "e", charge("90"))
    assert (False, (), None, 1) == (scored.finished, scored.lines, scored.total, scored.entries)


@pytest.mark.parametrize(
    ("score", "paid", "came", "ended"),
    [(TARGET, "9000", True, "ship"), (TARGET - 0.01, "9000", False, "stop"), (TARGET, "16000", False, "ship")],
)
def test_a_chance_is_that_of_before_the_first_round(tmp_path, score, paid, came, ended):
    """It came where a round shows the target within the budget; a later bill, whoever knows more, tells nothing."""
    later = replace(TOLD, chance=replace(TOLD.chance, shown=replace(TOLD.chance.shown, value=0.999)))
    scored = case(tmp_path, bill(), a_round(1, score), bill(plan=later), worked("90", paid), ALL)
    assert (TOLD.chance.shown.value, came, ended) == (scored.chance.chance, scored.chance.came, scored.ended)


def test_corrected_rounds_are_held_once(tmp_path):
    """By what `next` told of a round first; afterwards its own score is part of what `next` knows."""
    first, right, second = a_round(1, 0.9), a_round(1, 0.8), a_round(2, 0.95)
    news = [told_next(first, 0.85, 0.95), right, told_next(right, 0.85, 0.95), second]
    scored = case(tmp_path, bill(), first, *news, replace(samples.news(), round=second, expected=None))
    assert [(0.8, False)] == [(one.measured, one.inside) for one in scored.scores]
    run = samples.pilot().runs[0]
    first, again = a_round(1, 0.2), a_round(1, 0.3)
    scored = case(tmp_path / "b", bill(), run, first, told_next(first, 0, 1), run, run, again, told_next(again, 0, 1))
    assert [0.2, 0.3] == [one.measured for one in scored.scores]
    (tmp_path := tmp_path / "second").mkdir()
    typo, right = a_round(1, 0.6), a_round(1, 0.84)
    scored = case(tmp_path / "a", bill(), typo, told_next(typo, 0.76, 0.86), right, told_next(right, 0.54, 0.66))
    assert [(0.84, True)] == [(one.measured, one.inside) for one in scored.scores]
    unforeseen = replace(samples.news(), round=right, expected=None)
    twice = case(tmp_path / "b", bill(), right, unforeseen, right, told_next(right, 0.79, 0.88))
    assert () == twice.scores


def test_rows_needed_are_held_where_rounds_added_rows_alone(tmp_path):
    """Told by the last forecast before the first round, made by the round that first shows the target."""
    seen = samples.forecast()
    rounds = [a_round(1, TARGET - 0.1, 700), a_round(2, TARGET, 1_500), a_round(3, TARGET, 3_000)]
    scored = case(tmp_path / "a", bill(), seen, *rounds)
    assert (seen.needed.p50, 1_500) == (scored.rows.p50, scored.rows.made)
    assert case(tmp_path / "d", bill(), replace(seen, stand_in=True), *rounds).rows is None
    tuned = replace(rounds[0], changed="bigger_model")
    assert case(tmp_path / "b", bill(), seen, tuned, *rounds[1:]).rows is None
    assert case(tmp_path / "c", bill(), seen, rounds[0]).rows is None


def test_advice_is_taken_or_left_step_by_step(tmp_path):
    """A round that does what the decision before it says takes it; so does ending where it says so."""
    steps = [bill(), advised("label"), a_round(1, 0.1), advised("clean"), a_round(2, 0.2), advised("stop")]
    scored = case(tmp_path / "a", *steps, worked("90"), ALL)
    assert (3, 2) == (scored.advised, scored.followed)
    went_on = case(tmp_path / "b", bill(), advised("label"), a_round(1, 0.1), advised("label"), worked("90"), ALL)
    assert (2, 1, "stop") == (went_on.advised, went_on.followed, went_on.ended)


@pytest.mark.parametrize("lever", ["look", "when_sure", "pilot"])
def test_advice_that_is_no_round_is_neither_followed_nor_not(tmp_path, lever):
    """Whether a round or the end comes after it, it does not count; going on against `stop` is not following."""
    scored = case(tmp_path / "a", bill(), advised(lever), a_round(1, 0.1), advised(lever), worked("90"), ALL)
    assert (0, 0) == (scored.advised, scored.followed)
    against = case(tmp_path / "b", bill(), advised("stop"), a_round(1, 0.1), advised(lever), worked("90"), ALL)
    assert (1, 0) == (against.advised, against.followed)


def test_cases_that_say_nothing(tmp_path):
    """One that stopped at once, records of another version, stated hours, plans after the charges: each says less."""
    stopped = case(tmp_path / "a", bill(), advised("stop"), worked("10"), ALL)
    assert (True, (), None) == (stopped.finished, stopped.hours, stopped.hours_ratio)
    none_planned = case(tmp_path / "b", bill(rounds=Band(0, 0, 1, 2)), a_round(1, 0.1), worked("10"), ALL)
    assert () == none_planned.hours
    neither = case(tmp_path / "c", bill(rounds=Band(0, 0, 0, 0)), worked("150"), ALL)
    assert 1.5 == neither.hours_ratio
    (tmp_path := tmp_path / "second").mkdir()
    kept = Ledger(tmp_path / "ledger.jsonl")
    kept.append("record", {"lines": "of another version"}, recorded_at=START, verb="estimate")
    kept.append("record", {"number": "one"}, recorded_at=START, verb="round")
    kept.append("record", {"advice": "label"}, recorded_at=START, verb="decide")
    kept.append("spend", worked("90"), recorded_at=START)
    assert (2, None) == (case_scores(list(kept.entries())).unread, case_scores(list(kept.entries())).chance)
    assert 0 == case(tmp_path / "whole", bill(), a_round(1, 0.1), worked("90"), ALL).unread
    (tmp_path := tmp_path / "third").mkdir()
    made = [a_round(1, 0.1), a_round(2, 0.2)]
    partly = case(tmp_path / "a", bill(), *made, worked("90"), charge("10"), ALL)
    assert ((), None) == (partly.hours, partly.hours_ratio)
    effort = tuple(replace(each, stated=True) for each in EFFORT)
    stated = case(tmp_path / "b", bill(effort=effort), *made, worked("90"), ALL)
    assert (1, None) == (len(stated.hours), stated.hours_ratio)
    (tmp_path := tmp_path / "fourth").mkdir()
    scored = case(tmp_path, worked("90"), bill(), a_round(1, 0.1), ALL)
    assert ((), None, ()) == (scored.lines, scored.total, scored.hours)
    lines = bill().lines
    free = replace(lines[0], amount=Band(0, 0, 0, 0))
    (line,) = case(tmp_path / "b", bill(lines=(free, lines[1])), charge("61.25", lines[0].name), ALL).lines
    assert (1.0, 0.0, False) == (line.actual, line.planned.p90, line.inside)


@pytest.mark.parametrize(("holds_answers", "came"), [(False, True), (True, False)])
def test_answers_served_count_in_the_budget_only_where_the_bill_holds_them(tmp_path, holds_answers, came):
    """As they do in the total: what is paid after launch does not undo a target that was reached."""
    lines = bill().lines
    held = (*lines, replace(lines[1], name="inference", quantity=None)) if holds_answers else lines
    served = replace(charge("50000", "inference"), on=DAY + timedelta(days=5))
    closing = Closing(("gpu", "labour", "unknowns", "inference"), DAY)
    scored = case(tmp_path, bill(lines=held), a_round(1, TARGET), worked("90", "9000"), served, closing)
    assert (came, holds_answers) == (scored.chance.came, scored.total.actual > 2)


def test_rounds_of_a_plan_tell_its_hours(tmp_path):
    """Set-up does not grow with rounds, rounds from before a plan do not count, a rate that leaned on the past does."""
    half = (replace(EFFORT[0], hours=50.0), replace(EFFORT[0], name="training set-up", hours=50.0))
    scored = case(tmp_path, bill(effort=half), a_round(1, 0.1), worked("90"), ALL)
    assert [75.0] == [each.told_for_rounds for each in scored.hours]
    later = replace(worked("90"), on=DAY + timedelta(days=9))
    steps = [bill(rounds=Band(1, 3, 4, 5)), a_round(1, 0.1), bill(), later, a_round(2, 0.2), ALL]
    scored = case(tmp_path / "b", *steps)
    assert 2 / 3 == pytest.approx(scored.rounds.actual)
    assert [50.0] == [each.told_for_rounds for each in scored.hours]
    scored = case(tmp_path / "c", bill(hours_factor=1.3), a_round(1, 0.1), a_round(2, 0.2), worked("100"), ALL)
    assert 1.3 == pytest.approx(scored.hours_ratio)
