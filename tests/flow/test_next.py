"""Rounds that were measured: kept, folded into the curve, and told with what follows from them."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder
from tunecase import flow
from tunecase.errors import InputError
from tunecase.forecast.importers.imported import Asked
from tunecase.records import Round

TODAY = date(2026, 11, 24)
CURVE = "n,score,test_rows\n" + "".join(
    f"{n},{1 - 0.5 * (n / 30) ** -0.35 + shift:.4f},400\n" for n in (30, 60, 120) for shift in (-0.01, 0.01)
)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound case whose points were measured with the model itself, walked to its decision."""
    folder = tmp_path_factory.mktemp("decided")
    (folder / "points.csv").write_text(CURVE, encoding="utf-8")
    opened = flow.open_case(case_folder(folder, train_rows=120, test_rows=100), today=TODAY)
    flow.keep_forecast(opened, str(folder / "points.csv"), Asked())
    flow.decide(opened)
    return folder


@pytest.fixture
def case(decided: Path, tmp_path: Path) -> flow.Flow:
    """A copy of that case."""
    shutil.copytree(decided, tmp_path, dirs_exist_ok=True)
    return flow.open_case(tmp_path / "tunecase.yaml", today=TODAY)


def again(case: flow.Flow) -> flow.Flow:
    """The case as a new process opens it."""
    return flow.open_case(case.path, today=TODAY)


def test_a_round_of_more_rows_is_one_more_point(case: flow.Flow) -> None:
    """The curve gains the point, bill and decision are made again, and the news are told."""
    made = flow.add_round(case, 240, "80%", ["label"])
    told = flow.next_step(case, made)
    seen = again(case).current("forecast")
    assert (240, 0.8, 100) == (seen.points[-1].n, seen.points[-1].score, seen.points[-1].test_rows)
    assert (1, "points.csv") == (seen.rounds, seen.source)
    assert "Round 1 scored 0.80 with 240 examples" in told.told[0]
    assert "4 points of points.csv up to 240 examples" == again(case).current("estimate").based_on


def test_another_method_moves_the_whole_curve(case: flow.Flow) -> None:
    """A tuned run at the same rows takes the place of the old point, and the smaller sizes move with it."""
    before = flow.curve(case)
    made = flow.add_round(case, 120, "0.80", ["tune"])
    flow.next_step(case, made)
    after = again(case).current("forecast")
    assert before is not None
    ratio = (1 - 0.80) / (1 - before.points[-1].score)
    assert [1 - ratio * (1 - point.score) for point in before.points] == pytest.approx(
        [point.score for point in after.points]
    )
    decision = again(case).current("decide")
    assert "a measured round has done it already" in {option.blocked for option in decision.options}


@pytest.mark.slow
def test_rounds_pile_up_and_the_ledger_counts_them(case: flow.Flow) -> None:
    """Two rounds are two points; entries carry the phase; a third process sees the same."""
    for n, score in ((240, "0.78"), (480, "0.83")):
        flow.next_step(case, flow.add_round(case, n, score, ["label"]))
    other = again(case)
    assert [1, 2] == [made.number for made in other.rounds()]
    assert 5 == len(other.current("forecast").points)
    phases = [entry.meta["phase"] for entry in other.ledger.entries() if entry.verb == "next"]
    assert ["iter-1", "iter-2"] == phases


@pytest.mark.slow
def test_points_kept_afresh_forget_the_rounds(case: flow.Flow) -> None:
    """Whoever keeps new points has put the rounds into them, or wants them out."""
    flow.next_step(case, flow.add_round(case, 240, "0.8", ["label"]))
    flow.keep_forecast(again(case), str(case.folder / "points.csv"), Asked())
    assert () == again(case).rounds()
    assert 3 == len(again(case).current("forecast").points)


def test_without_news_next_says_that_nothing_moved(case: flow.Flow) -> None:
    """Asked twice, the second answer has nothing that moved."""
    flow.next_step(again(case))
    assert () == flow.next_step(again(case)).moved


@pytest.mark.parametrize(
    ("n", "score", "changed", "words"),
    [
        (240, "0.8", ["label", "tune"], "one thing"),
        (240, "0.8", ["magic"], "one of label"),
        (240, "eight", ["label"], "a score such as"),
        (240, "108%", ["label"], "between 0 and 100%"),
        (240, "nan", ["label"], "a score such as"),
        (0, "0.8", ["label"], "training rows in all"),
    ],
)
def test_wrong_rounds_are_refused(case: flow.Flow, n: int, score: str, changed: list[str], words: str) -> None:
    """Two things changed at once, an unknown lever, a score that is none, no rows: nothing is kept."""
    with pytest.raises(InputError) as raised:
        flow.add_round(case, n, score, changed)
    assert any(words in problem.wanted for problem in raised.value.problems)
    assert () == again(case).rounds()


def test_mistakes_in_a_round_are_shown_together(case: flow.Flow) -> None:
    """Three mistakes, three problems."""
    with pytest.raises(InputError) as raised:
        flow.add_round(case, 0, "x", ["magic"])
    assert 3 == len(raised.value.problems)


def test_the_command_tells_in_two_sentences(case: flow.Flow) -> None:
    """`tunecase next` takes the round and says what it showed; --json prints the record; half a round is refused."""
    words = ("next", "--project", str(case.path), "--today", TODAY.isoformat())
    done = tunecase(*words, "--rows", "240", "--score", "0.8", "--changed", "label")
    assert "Round 1 scored 80% with 240 examples" in " ".join(done.out.split())
    assert "next: tunecase " in done.out
    record = tunecase(*words, "--json").json
    assert 2 == len(record["told"])
    half = tunecase(*words, "--rows", "480")
    assert 2 == half.code
    assert "--score" in half.err
    assert "--changed" in half.err


@pytest.fixture
def unnamed(case: flow.Flow) -> flow.Flow:
    """The case with a project file that names no metric: that of the kept points holds."""
    text = case.path.read_text(encoding="utf-8")
    case.path.write_text(text.replace("  metric: accuracy\n", ""), encoding="utf-8")
    opened = again(case)
    flow.keep_forecast(opened, str(case.folder / "points.csv"), Asked())
    return again(opened)


def test_the_score_is_read_in_the_metric_of_the_points(unnamed: flow.Flow) -> None:
    """Where the project file names no metric, 81 is refused by that of the points, and 81% is a round."""
    with pytest.raises(InputError, match="between 0 and 100%"):
        flow.add_round(unnamed, 800, "81", ["label"])
    assert () == again(unnamed).rounds()
    assert 0.81 == flow.add_round(unnamed, 800, "81%", ["label"]).score


def test_a_round_that_cannot_be_folded_is_not_kept(case: flow.Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forecast is worked out first; where that fails, the ledger has gained nothing."""

    def fails(*_: object, **__: object) -> None:
        raise InputError([])

    before = len(list(case.ledger.entries()))
    monkeypatch.setattr("tunecase.forecast.forecast", fails)
    with pytest.raises(InputError):
        flow.add_round(case, 240, "0.8", ["label"])
    assert before == len(list(again(case).ledger.entries()))


def test_the_same_round_again_corrects_it(case: flow.Flow) -> None:
    """The same rows and the same change once more: one round, the later score, under the earlier number."""
    for n, score in ((240, "0.7"), (480, "0.84"), (240, "0.8")):
        flow.add_round(case, n, score, ["label"])
    other = again(case)
    assert [(1, 240, 0.8), (2, 480, 0.84)] == [(made.number, made.n, made.score) for made in other.rounds()]
    assert [0.8, 0.84] == [point.score for point in other.current("forecast").points[-2:]]


def test_a_pilot_that_trains_clears_the_rounds(case: flow.Flow) -> None:
    """Rounds are those since the pilot: once a run is trained after them, they count no more."""
    flow.add_round(case, 240, "0.8", ["label"])
    flow.pilot(again(case), flow.PilotSettings(sizes=(60, 120), draws=1))
    assert () == again(case).rounds()


@pytest.mark.parametrize("way", ["label", "other_sources"])
def test_more_rows_are_more_rows(case: flow.Flow, way: str) -> None:
    """A round of new rows with no more rows than were measured before is refused, and what is wanted is said."""
    with pytest.raises(InputError) as raised:
        flow.add_round(case, 120, "0.8", [way])
    assert ["more than the 120 measured before"] == [problem.wanted for problem in raised.value.problems]
    assert () == again(case).rounds()


def test_test_rows_alone_are_half_a_round(case: flow.Flow) -> None:
    """`--test-rows` without a round is a mistake that names what is lacking."""
    done = tunecase("next", "--project", str(case.path), "--today", TODAY.isoformat(), "--test-rows", "500")
    assert 2 == done.code
    assert all(name in done.err for name in ("--rows", "--score", "--changed"))


def test_bought_rows_count_by_what_they_teach(case: flow.Flow) -> None:
    """A round of synthetic rows stands on the curve at its rows' worth in labelled ones, and the news say so."""
    source = "    - {kind: synthetic, pool: 20k, price: 0.01 USD per example}\nmodels:"
    levers = "levers: {synthetic_worth: 50%}\nbudget:"
    text = case.path.read_text(encoding="utf-8").replace("models:", source).replace("budget:", levers)
    case.path.write_text(text, encoding="utf-8")
    made = flow.add_round(again(case), 320, "0.76", ["other_sources"])
    told = flow.next_step(again(case), made)
    assert "with 320 examples, which count as 220 labelled ones" in told.told[0]
    seen = again(case).current("forecast")
    assert 220 == seen.points[-1].n
    assert any("counts as 50% of a labelled one" in words for words in seen.assumptions)


def test_a_round_with_wrong_rows_is_corrected_by_its_number(case: flow.Flow) -> None:
    """Rows or change mistyped: the round named is put in its place; a number that is none is refused."""
    flow.add_round(case, 2_400, "0.8", ["label"])
    with pytest.raises(InputError, match="one of 1"):
        flow.add_round(case, 240, "0.8", ["label"], corrects=2)
    words = ("--rows", "240", "--score", "0.8", "--changed", "label", "--corrects", "1")
    done = tunecase("next", "--project", str(case.path), "--today", TODAY.isoformat(), *words)
    assert "Round 1 scored 80% with 240 examples" in " ".join(done.out.split())
    assert [(1, 240)] == [(made.number, made.n) for made in again(case).rounds()]


def test_a_round_that_spoilt_the_curve_can_be_corrected(case: flow.Flow) -> None:
    """A score out of range that an earlier version let through is put right by the same round again."""
    case.keep("round", Round(1, 800, 81.0, 100, "label", TODAY))
    with pytest.raises(InputError):
        flow.estimate(again(case))
    flow.next_step(case, flow.add_round(again(case), 800, "81%", ["label"]))
    assert [0.81] == [made.score for made in again(case).rounds()]
    assert flow.estimate(again(case)).total.p50 > 0


def test_before_a_pilot_the_ways_to_try_are_told(tmp_path: Path) -> None:
    """Cheapest to know first, each with its command and price; once a curve was measured, none."""
    opened = flow.open_case(case_folder(tmp_path, train_rows=120, test_rows=100), today=TODAY)
    told = flow.next_step(opened)
    assert "run the pilot" == told.decision.action
    assert told.to_try[0].startswith("a head on a small encoder and nearest examples: `tunecase pilot`, 0 USD")
    assert any("`tunecase pilot --hosted gpt-6-luna`" in step for step in told.to_try)


def test_after_a_curve_nothing_is_left_to_try_first(case: flow.Flow) -> None:
    """The decision speaks for itself then."""
    assert () == flow.next_step(case).to_try
