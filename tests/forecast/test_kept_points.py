"""Points from elsewhere that a project keeps: estimate, decide and report rest on them until a newer run."""

import importlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests import samples
from tests.command import tunecase
from tests.making import case_folder
from tunecase import flow
from tunecase.errors import InputError
from tunecase.forecast.importers.imported import Asked

TODAY = date(2026, 11, 24)
CURVE = "n,score,test_rows\n" + "".join(
    f"{n},{1 - 0.5 * (n / 60) ** -0.35 + shift:.4f},400\n" for n in (60, 120, 240) for shift in (-0.01, 0.01)
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A sound case without a pilot, and a file of points beside it."""
    (tmp_path / "points.csv").write_text(CURVE, encoding="utf-8")
    return case_folder(tmp_path, train_rows=120, test_rows=100)


def opened(path: Path) -> flow.Flow:
    """The case as a new process opens it."""
    return flow.open_case(path, today=TODAY)


def kept(path: Path) -> flow.Flow:
    """The case with the points kept."""
    case = opened(path)
    flow.keep_forecast(case, str(path.parent / "points.csv"), Asked())
    return opened(path)


@pytest.mark.slow
def test_kept_points_stand_in_for_a_pilot(project: Path) -> None:
    """Without any pilot the bill's rounds, the decision and the report come from the kept points, and say so."""
    case = kept(project)
    forecast = flow.curve(case)
    assert ("points.csv", 0.9, 3) == (forecast.source, forecast.target, len(forecast.points))
    assert "3 points of points.csv up to 240 examples" == flow.estimate(case).based_on
    decision = flow.decide(case)
    assert decision.options
    assert any("points.csv" in words for words in forecast.assumptions)
    assert forecast.next_run is not None
    flow.report(case)
    assert "points.csv" in (project.parent / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_rested_on_the_pilot_is_made_again(project: Path) -> None:
    """Bill and decision follow the points at once, to those kept and back to the pilot's."""
    case = opened(project)
    flow.pilot(case, flow.PilotSettings(draws=1, workers=1))
    flow.decide(case)
    assert "points of points.csv" in kept(project).current("estimate").based_on
    flow.forecast(opened(project), from_pilot=True)
    assert "points of points.csv" not in opened(project).current("estimate").based_on


@pytest.mark.slow
def test_a_changed_project_reads_the_kept_points_again(project: Path) -> None:
    """A new target is asked of the same points, with what was said of them; nothing falls back to the pilot."""
    before = flow.curve(kept(project))
    project.write_text(project.read_text(encoding="utf-8").replace("target: 90%", "target: 70%"), encoding="utf-8")
    after = flow.curve(opened(project))
    assert (before.points, before.source, 0.7) == (after.points, after.source, after.target)
    assert before.assumptions[:1] == after.assumptions[:1]


@pytest.mark.slow
def test_a_newer_run_takes_over(project: Path) -> None:
    """The kept points hold until a run is trained, or until the pilot is asked for by name."""
    case = kept(project)
    flow.pilot(case, flow.PilotSettings(draws=1, workers=1))
    assert "pilot" == flow.forecast(opened(project)).source
    again = kept(project)
    assert "points.csv" == flow.forecast(again).source
    flow.pilot(again, flow.PilotSettings(draws=1, workers=1))  # every run is reused, so nothing new was measured
    assert "points.csv" == flow.forecast(opened(project)).source
    assert "pilot" == flow.forecast(opened(project), from_pilot=True).source
    assert "pilot" == flow.forecast(opened(project)).source


@pytest.mark.slow
def test_the_command_line_keeps_points(project: Path) -> None:
    """`forecast points.csv --keep` writes the record; the next verbs find it."""
    words = ("forecast", "points.csv", "--keep", "--json", "--today", "2026-11-24")
    ran = tunecase(*words, cwd=project.parent)
    assert "points.csv" == ran.json["source"]
    assert "points.csv" == tunecase("forecast", "--json", "--today", "2026-11-24", cwd=project.parent).json["source"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metric", "macro_f1"), "the project's"),
        (("--target", "0.8"), "given with --keep"),
        (("--n", "x"), "--n run-a=400"),
        (("--step", "first"), "last or best"),
        (("--size-column", "rows"), "--size-column"),
    ],
)
def test_words_that_do_not_fit_are_refused(project: Path, words: tuple[str, ...], said: str) -> None:
    """Another metric, a target of its own, a size without a number: each is a mistake with its fix."""
    ran = tunecase("forecast", "points.csv", "--keep", "--json", *words, cwd=project.parent)
    assert 2 == ran.code
    assert said in json.dumps(ran.json)


def test_sizes_by_run_come_from_words() -> None:
    """`--n NAME=400` names a run, which may itself hold an equals sign."""
    asked = flow.asked_of("Accuracy", "", "", ["a=400", "lr=0.1=2,000"], "best", "")
    assert Asked("accuracy", "higher", sizes={"a": 400, "lr=0.1": 2000}, step="best") == asked
    with pytest.raises(InputError, match="x=many"):
        flow.asked_of("accuracy", "", "", ["x=many"], "last", "")


@pytest.mark.slow
def test_the_pilots_search_does_not_speak_for_kept_points(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bill, decision and comparison alike leave the pilot's search over settings out while kept points hold."""
    heard: list[Any] = []

    def listening(to: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **given: Any) -> Any:
            heard.append(words[0].tuning)
            return to(*words, **given)

        return call

    room = importlib.import_module("tunecase.plan")
    monkeypatch.setattr(room, "drawn", listening(room.drawn))
    case = kept(project)
    case.records["pilot"] = samples.pilot_of_a_model()
    assert case.records["pilot"].tuning is not None
    flow.estimate(case)
    flow.decide(case)
    flow.compare(case, flow.CompareAsked(changes=("rounds=2",)))
    assert len(heard) >= 3
    assert {None} == set(heard)
