"""Rounds that were measured: kept, folded into the curve, and told with what follows from them."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import walked
from tests.command import tunecase
from tunecase import flow
from tunecase.errors import InputError
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Round

TODAY = walked.TODAY


@pytest.fixture
def case(tmp_path: Path) -> flow.Flow:
    """A case that was walked to its decision."""
    return walked.opened("decided", tmp_path)


@pytest.fixture
def after(tmp_path: Path) -> flow.Flow:
    """A case in which a round of 240 rows was measured."""
    return walked.opened("running", tmp_path)


def again(case: flow.Flow) -> flow.Flow:
    """The case as a new process opens it."""
    return flow.open_case(case.path, today=TODAY)


def test_a_round_of_more_rows_is_one_more_point(after: flow.Flow) -> None:
    """The curve gains the point, bill and decision are made again, and the news are told."""
    seen, told = after.current("forecast"), after.current("next")
    assert (240, 0.83, 100) == (seen.points[-1].n, seen.points[-1].score, seen.points[-1].test_rows)
    assert (1, "pilot", 1) == (seen.rounds, seen.source, told.round.number)
    assert (240, 0.83, "label") == (told.round.n, told.round.score, told.round.changed)
    assert told.decision == after.current("decide")
    assert "iter-1" == after.ledger.latest("record", "next").meta["phase"]


def test_another_method_moves_the_whole_curve(case: flow.Flow) -> None:
    """A tuned run at the same rows takes the place of the old point, and the smaller sizes move with it."""
    before = flow.curve(case)
    flow.add_round(case, 120, "0.80", ["tune"])
    after = again(case).current("forecast")
    ratio = (1 - 0.80) / (1 - before.points[-1].score)
    assert [1 - ratio * (1 - point.score) for point in before.points] == pytest.approx(
        [point.score for point in after.points]
    )


@pytest.mark.slow
def test_rounds_pile_up_and_the_ledger_counts_them(case: flow.Flow) -> None:
    """Two rounds are two points; entries carry the phase; a third process sees the same."""
    for n, score in ((240, "0.78"), (480, "0.83")):
        flow.next_step(case, flow.add_round(case, n, score, ["label"]))
    other = again(case)
    assert [1, 2] == [made.number for made in other.rounds()]
    assert len(walked.records("decided")["forecast"].points) + 2 == len(other.current("forecast").points)
    phases = [entry.meta["phase"] for entry in other.ledger.entries() if entry.verb == "next"]
    assert ["iter-1", "iter-2"] == phases


@pytest.mark.slow
def test_points_kept_afresh_forget_the_rounds(case: flow.Flow) -> None:
    """Whoever keeps new points has put the rounds into them, or wants them out."""
    flow.next_step(case, flow.add_round(case, 240, "0.8", ["label"]))
    (case.folder / "points.csv").write_text("n,score\n30,0.5\n60,0.6\n120,0.7\n", encoding="utf-8")
    flow.keep_forecast(again(case), str(case.folder / "points.csv"), Asked())
    assert () == again(case).rounds()
    assert 3 == len(again(case).current("forecast").points)


def test_without_news_next_says_that_nothing_moved(case: flow.Flow) -> None:
    """Asked twice, the second answer has nothing that moved."""
    flow.next_step(again(case))
    assert () == flow.next_step(again(case)).moved


def test_wrong_rounds_are_refused(case: flow.Flow) -> None:
    """Two changes at once, an unknown lever, no score, no rows or no more of them: all are told, nothing is kept."""
    more = "more than the 120 measured before"
    for n, score, changed, wanted in (
        (240, "0.8", ["label", "tune"], ["one thing"]),
        (240, "108%", ["label"], ["between 0 and 100%"]),
        (240, "nan", ["label"], ["a score such as"]),
        (0, "x", ["magic"], ["one of label", "training rows in all", "a score such as"]),
        (120, "0.8", ["label"], [more]),
        (120, "0.8", ["other_sources"], [more]),
    ):
        with pytest.raises(InputError) as raised:
            flow.add_round(case, n, score, changed)
        assert len(wanted) == len(raised.value.problems)
        assert all(words in problem.wanted for words, problem in zip(wanted, raised.value.problems, strict=True))
    assert () == again(case).rounds()


def test_the_command_takes_whole_rounds(after: flow.Flow) -> None:
    """`tunecase next --json` prints the record; half a round is refused with what is lacking."""
    words = ("next", "--project", str(after.path), "--today", TODAY.isoformat())
    assert 1 == tunecase(*words, "--json").json["round"]["number"]
    for half, lacking in ((("--rows", "480"), ("--score", "--changed")), (("--test-rows", "500"), ("--rows",))):
        done = tunecase(*words, *half)
        assert 2 == done.code
        assert all(name in done.err for name in lacking)


def test_the_score_is_read_in_the_metric_of_the_points(case: flow.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the project file names no metric, 81 is refused by that of the points, and 81% is a round."""
    text = case.path.read_text(encoding="utf-8")
    case.path.write_text(text.replace("  metric: accuracy\n", ""), encoding="utf-8")
    kept = replace(walked.records("decided")["forecast"], source="points.csv")
    again(case).keep("forecast", kept)
    monkeypatch.setattr("tunecase.flow.next.forecast", lambda case: kept)
    with pytest.raises(InputError, match="between 0 and 100%"):
        flow.add_round(again(case), 800, "81", ["label"])
    assert 0.81 == flow.add_round(again(case), 800, "81%", ["label"]).score


def test_a_round_that_cannot_be_folded_is_not_kept(case: flow.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forecast is worked out first; where that fails, the ledger has gained nothing."""

    def fails(*_: object, **__: object) -> None:
        raise InputError([])

    before = len(list(case.ledger.entries()))
    monkeypatch.setattr("tunecase.forecast.forecast", fails)
    with pytest.raises(InputError):
        flow.add_round(case, 240, "0.8", ["label"])
    assert before == len(list(again(case).ledger.entries()))


def test_the_same_round_again_corrects_it(after: flow.Flow) -> None:
    """The same rows and the same change once more: one round, the later score, under the earlier number."""
    for n, score in ((480, "0.84"), (240, "0.8")):
        flow.add_round(again(after), n, score, ["label"])
    other = again(after)
    assert [(1, 240, 0.8), (2, 480, 0.84)] == [(made.number, made.n, made.score) for made in other.rounds()]
    assert [0.8, 0.84] == [point.score for point in other.current("forecast").points[-2:]]


def test_a_pilot_that_trains_clears_the_rounds(after: flow.Flow) -> None:
    """Rounds are those since the pilot: once a run is trained after them, they count no more."""
    run = after.current("pilot").runs[0]
    after.ledger.append("run", run, recorded_at=walked.FIRST, verb="pilot")
    assert () == again(after).rounds()


def test_bought_rows_count_by_what_they_teach(case: flow.Flow) -> None:
    """A round of synthetic rows stands on the curve at its rows' worth in labelled ones."""
    source = "    - {kind: synthetic, pool: 20k, price: 0.01 USD per example}\nmodels:"
    levers = "levers: {synthetic_worth: 50%, "
    text = case.path.read_text(encoding="utf-8").replace("models:", source).replace("levers: {", levers)
    case.path.write_text(text, encoding="utf-8")
    walked.keep_anew(again(case), "audit", "define")
    made = flow.add_round(again(case), 320, "0.76", ["other_sources"])
    assert (320, 220) == (made.n, again(case).current("forecast").points[-1].n)


def test_a_round_with_wrong_rows_is_corrected_by_its_number(after: flow.Flow) -> None:
    """Rows or change mistyped: the round named is put in its place; a number that is none is refused."""
    with pytest.raises(InputError, match="one of 1"):
        flow.add_round(after, 300, "0.8", ["label"], corrects=2)
    flow.add_round(after, 300, "0.8", ["label"], corrects=1)
    assert [(1, 300)] == [(made.number, made.n) for made in again(after).rounds()]


def test_a_round_that_spoilt_the_curve_can_be_corrected(case: flow.Flow) -> None:
    """A score out of range that an earlier version let through is put right by the same round again."""
    case.keep("round", Round(1, 800, 81.0, 100, "label", TODAY))
    with pytest.raises(InputError):
        flow.estimate(again(case))
    flow.add_round(again(case), 800, "81%", ["label"])
    assert [0.81] == [made.score for made in again(case).rounds()]


def test_before_a_pilot_the_ways_to_try_are_told(tmp_path: Path) -> None:
    """Cheapest to know first, each with its command and price."""
    told = flow.next_step(walked.opened("decided", tmp_path, entries=4))
    assert "run the pilot" == told.decision.action
    commands = [look.command for look in told.decision.looks]
    assert "tunecase pilot --hosted gpt-6-luna" == commands[0]
    assert "tunecase pilot" in commands
