"""The curves of what a pilot raced are kept beside the main one, and reach the plan with it."""

from dataclasses import replace

import pytest

from tests.making import case_folder
from tests.plan.ways import candidate, curve
from tunecase import flow
from tunecase.flow import open_case
from tunecase.flow.forecast import curve_holds
from tunecase.flow.known import known_of
from tunecase.flow.points import points, stand_in_factor
from tunecase.records import Pilot, PilotSettings

TUNED = {"encoder": "encoder-tuned"}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> flow.Flow:
    """A sound case with a pilot of the probe that raced an encoder beside it."""
    opened = open_case(case_folder(tmp_path_factory.mktemp("raced"), train_rows=400))
    tried: Pilot = flow.pilot(opened, PilotSettings(workers=1, sizes=(85, 170, 340), draws=1))
    own = curve(0.3)
    raced = replace(tried, candidates=(candidate(points=own), candidate("hosted", points=own[:1], name="luna")))
    opened.keep("pilot", raced)
    return opened


def test_every_candidate_has_the_curve_of_itself(case: flow.Flow) -> None:
    """The main forecast stays the stand-in's; fewer than three sizes are no pilot yet."""
    seen = flow.forecast(case)
    assert seen.stand_in
    own, one = seen.candidates
    assert ("encoder", "all-MiniLM-L6-v2") == (own.name, own.model)
    assert candidate(points=curve(0.3)).points[-1].score == pytest.approx(own.points[-1].score)
    assert own.n_max >= 800
    assert own.p_target is not None
    assert "not a pilot yet" == one.verdict


def test_what_is_raced_later_makes_the_curve_anew(case: flow.Flow) -> None:
    """The points of the main curve hold, those of a candidate do not."""
    flow.forecast(case)
    assert curve_holds(case)
    tried = case.current("pilot")
    case.records["pilot"] = replace(tried, candidates=(candidate(points=curve(0.2)),))
    assert not curve_holds(case)
    case.records["pilot"] = tried


def test_the_plan_knows_the_ways_of_the_pilot(case: flow.Flow) -> None:
    """One with a curve and one as it is."""
    flow.forecast(case)
    ways = known_of(case, 100).ways
    assert [("encoder", False), ("luna", True)] == [(way.name, way.flat) for way in ways]


@pytest.mark.parametrize(("trainer", "factor"), [("encoder", "stand_in.encoder"), ("lora", "stand_in.smaller_model")])
def test_every_encoder_stands_in_as_one(case: flow.Flow, trainer: str, factor: str) -> None:
    """A tuned encoder stands in as a frozen one does, not as a smaller language model."""
    tried = case.current("pilot")
    names = [stand_in_factor(case, replace(tried, trainer=name)) for name in {trainer, TUNED.get(trainer, trainer)}]
    assert {f"{factor}_factor"} == set(names)


def test_points_of_a_pilot_tell_how_alike_its_answers_are(case: flow.Flow) -> None:
    """Every run says which share of the test rows got the commonest answer, and so do the points of the curve."""
    tried: Pilot = case.current("pilot")
    rungs = [run for run in tried.runs if run.purpose == "ladder"]
    assert all(run.commonest_share is not None and 0 < run.commonest_share < 1 for run in rungs)
    assert {run.n: run.commonest_share for run in rungs} == {one.n: one.commonest_share for one in points(tried)}
    stuck = replace(tried, runs=tuple(replace(run, commonest_share=1.0) for run in tried.runs), candidates=())
    case.records["pilot"] = stuck
    seen = flow.forecast(case)
    case.records["pilot"] = tried
    assert seen.fault == "one answer"
    assert "same answer" in seen.reason
