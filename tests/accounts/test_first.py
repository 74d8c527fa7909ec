"""What a first run without a target ends with: every sentence has a case in which it is true and one in which not."""

from dataclasses import replace
from typing import Any

import pytest

from tests import samples
from tests.problem_cases import project
from tunecase.accounts import Material
from tunecase.accounts.first import best_measured, first_words, propose, reachable, stopped
from tunecase.blocks import Facts
from tunecase.quantities import Interval80
from tunecase.records import Baseline, Candidate, Criterion, CurveBand, Definition, OwnCurve, Point

TRIED = Candidate("n-grams", "n-grams", "probe", "", (Point(850, 0.7), Point(1_700, 0.813)), 1_700, 0.813, 600)
SLOWER = replace(TRIED, name="all-MiniLM", kind="encoder", model="st/all-MiniLM", score=0.79)


def at(n: int, mid: float) -> CurveBand:
    """The curve at one size."""
    return CurveBand(n, Interval80(mid - 0.04, mid, mid + 0.04), Interval80(mid - 0.05, mid, mid + 0.05), None, None)


def own(*scores: float, verdict: str = "no target") -> OwnCurve:
    """The curve of the n-grams at 1,700 rows and doublings of it."""
    band = tuple(at(1_700 * 2**step, score) for step, score in enumerate(scores))
    return OwnCurve("n-grams", "", verdict, "", TRIED.points, band, band[-1].n)


def unasked(**changes: Any) -> Definition:
    """The problem before anybody has stated a target."""
    return replace(samples.definition(), verdict="fix first", target=None, ceiling=None, in_use=None, **changes)


def material(definition: Definition | None = None, *, curve: OwnCurve | None = None, **more: Any) -> Material:
    """A case without a target whose pilot has measured two ways."""
    curve = curve or own(0.81, 0.84, 0.862, 0.9)
    seen = replace(samples.forecast(), target=None, verdict="no target", candidates=(curve,), n_budget=None)
    records = {
        "audit": samples.audit(), "pilot": replace(samples.pilot(), candidates=(TRIED, SLOWER)), "forecast": seen,
        "estimate": samples.estimate(), "project": project(target=None, value=None, volume=None),
    }  # fmt: skip
    return Material(definition=definition or unasked(), **{**records, **more})


def words(case: Material) -> dict[str, str]:
    """The pairs under the answer."""
    account = first_words(case)
    (facts,) = account.short
    assert isinstance(facts, Facts)
    return dict(facts.pairs)


def answer(case: Material) -> str:
    """The answer alone."""
    account = first_words(case)
    return account.answer


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "target: 86%"),
        ({"ceiling": Interval80(0.8, 0.84, 0.88)}, "target: 84%"),
        ({"in_use": 0.9}, "target: 91%"),
        ({"in_use": 1.0}, "target: 100%"),
        ({"metric": "mae"}, "target: 0.813"),
    ],
)
def test_a_proposal_keeps_below_the_ceiling_and_above_today(changes: dict[str, Any], line: str) -> None:
    """The ceiling caps it, the score of what is in use raises it, and a score that is no share stays as measured."""
    assert propose(replace(unasked(), **changes), 0.813, at(6_800, 0.862)).line == line


def test_nothing_is_proposed_that_no_test_can_show() -> None:
    """A model that was always right on the test rows is proposed at 99%."""
    assert propose(unasked(), 1.0, None).line == "target: 99%"
    assert propose(unasked(), 1.0, None).met


def test_a_curve_that_says_too_little_is_not_read() -> None:
    """Two runs are no curve: what is reachable is not known, and no more than what was measured is proposed."""
    little = material(curve=own(0.81, 0.95, verdict="not a pilot yet"))
    assert reachable(little) is None
    assert words(little)["reachable"] == "not known: the runs so far say too little"
    assert words(little)["write"].startswith("target: 81%")


def test_a_budget_bounds_how_far_the_curve_is_read() -> None:
    """No score is called reachable with more examples than the budget can buy."""
    case = material()
    assert case.forecast is not None
    bounded = replace(case, forecast=replace(case.forecast, n_budget=3_500))
    found = reachable(bounded)
    assert found.n == 3_400


def test_what_contradicts_the_data_comes_first() -> None:
    """Random labels, or data that are not fit, are to be mended before any target is asked for."""
    rule = Criterion("S1", "signal", "fail", "stop", "0", "more", "labels look random", "read 50 rows")
    random = material(replace(unasked(criteria=(rule,)), verdict="do not start"), pilot=None, forecast=None)
    assert stopped(random) == "Not yet: the inputs do not tell the answers apart."
    assert words(random)["the fix"] == "read 50 rows"
    leaked = material(replace(unasked(criteria=(replace(rule, id="D7"),)), verdict="do not start"), pilot=None)
    commands = [account.next for case in (random, leaked) if (account := first_words(case)) is not None]
    assert commands == ["tunecase define", "tunecase audit"]
    unfit = material(audit=replace(samples.audit(), verdict="not fit"))
    assert answer(unfit) == "Not yet: the data are not fit to learn from."
    assert stopped(material()) == ""


def test_the_best_way_is_the_best_score_of_all_that_answers() -> None:
    """A baseline that gives answers counts, the commonest answer does not, and lower is better for an error."""
    searched = Baseline("nearest examples", 0.85, 600, kind="search")
    luck = Baseline("majority", 0.99, 600)
    case = material(pilot=replace(samples.pilot(), candidates=(TRIED, SLOWER), baselines=(searched, luck)))
    assert best_measured(case) == searched
    assert case.pilot is not None
    assert best_measured(replace(case, pilot=replace(case.pilot, direction="lower"))) == SLOWER
    assert best_measured(replace(case, pilot=None)) is None
