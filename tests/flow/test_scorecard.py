"""Cases that the product's own verbs walked to their end are scored, exported, and read by the next bill."""

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.making import case_folder
from tunecase import Case, flow
from tunecase.errors import InputError
from tunecase.flow import BooksAsked, ScorecardAsked, open_case
from tunecase.flow.opened import now
from tunecase.forecast.importers.imported import Asked
from tunecase.records import ChanceMet, Spending

TODAY = date(2026, 11, 24)
CURVE = "n,score,test_rows\n" + "".join(
    f"{n},{1 - 0.5 * (n / 30) ** -0.35 + shift:.4f},400\n" for n in (30, 60, 120) for shift in (-0.01, 0.01)
)


def opened(path: Path) -> flow.Flow:
    """The case as a new process finds it."""
    return open_case(path, today=TODAY)


def work(path: Path, share_of_plan: float) -> None:
    """Books people's hours, so many times those planned, at the planned price."""
    labour = next(line for line in flow.books(opened(path)).lines if line.name == "labour")
    assert labour.planned is not None
    assert labour.planned_quantity is not None
    hours, amount = (Decimal(f"{share_of_plan * point.p50:.2f}") for point in (labour.planned_quantity, labour.planned))
    flow.spend(
        opened(path),
        Spending(now().date(), "labour", amount, "USD", amount, "by Ines of Acme", hours, "hour", provider="Ines"),
    )


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a case that was decided on measured points."""
    folder = tmp_path_factory.mktemp("decided")
    (folder / "points.csv").write_text(CURVE, encoding="utf-8")
    case = opened(case_folder(folder, train_rows=120, test_rows=100))
    flow.keep_forecast(case, str(folder / "points.csv"), Asked())
    flow.decide(case)
    return folder


@pytest.fixture(scope="module")
def walked(decided: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two cases that were begun alike and went their own ways: 1.5 times the hours, one round in one."""
    folder = tmp_path_factory.mktemp("walked") / "cases"
    first, second = (Path(shutil.copytree(decided, folder / name)) / "tunecase.yaml" for name in ("first", "second"))
    work(first, 1.5)
    case = opened(first)
    flow.next_step(case, flow.add_round(case, 240, "80%", ["label"]))
    work(second, 1.5)
    for path in (first, second):
        flow.books(opened(path), BooksAsked(close="all"))
    return folder


@pytest.fixture
def cases(walked: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return Path(shutil.copytree(walked, tmp_path / "cases"))


def test_a_walked_case_says_what_it_was_told_and_what_came(cases: Path) -> None:
    """Both are finished, one after a round; its hours 1.5 times those of the default rates."""
    record = flow.scorecard(ScorecardAsked([cases]))
    assert (2, 2, 0) == (record.cases, record.finished, record.copies)
    assert (2, 2) == (record.lines.of, record.totals.of)
    assert (1, 1) == (record.scores.of, record.rounds.of)
    tried = next(case for case in record.scored if case.scores)
    assert (ChanceMet(0.0, came=False), "stop") == (tried.chance, tried.ended)
    assert 0 <= tried.followed <= tried.advised <= 2
    assert ["labour"] == [line.name for line in tried.hours]
    assert [1.5] == [pytest.approx(case.hours_ratio, rel=0.01) for case in record.scored if case.scores]
    assert [()] == [case.hours for case in record.scored if not case.scores]  # rounds were told, and none was made
    assert 1 < record.next_case.hours_factor < 1.5
    assert 1 == record.next_case.hours_cases


def test_exports_merge_to_the_scorecard_of_the_folders(cases: Path, tmp_path: Path) -> None:
    """One of each case, one of both and the folder: all the same, and no word of the cases in any of them."""
    for number, name in enumerate(("first", "second")):
        out = tmp_path / f"{number}.json"
        assert 0 == tunecase("scorecard", cases / name, "--export", out).code
        text = out.read_text(encoding="utf-8")
        assert all(word not in text for word in ("Ines", "Acme", "colours", "Llama", "first", str(tmp_path)))
    folders = flow.scorecard(ScorecardAsked([cases]))
    parts = [tmp_path / "1.json", tmp_path / "0.json"]
    assert folders == flow.scorecard(ScorecardAsked(parts))
    mixed = flow.scorecard(ScorecardAsked([*parts, cases]))
    assert (folders.scored, 2) == (mixed.scored, mixed.copies)


def test_the_next_bill_leans_on_them_and_says_so(cases: Path, decided: Path, tmp_path: Path) -> None:
    """Default hours grow by the shrunken factor, the reserve knows both cases; hours of its own are left alone."""
    plain = Path(shutil.copytree(decided, tmp_path / "next")) / "tunecase.yaml"
    (plain.parent / "ledger.jsonl").unlink()
    text = plain.read_text(encoding="utf-8")
    plain.write_text(text + "past: [../cases]\n", encoding="utf-8")
    case = opened(plain)
    basis, bill = case.basis(10), flow.estimate(case)
    factor = flow.scorecard(ScorecardAsked((), plain)).next_case.hours_factor
    assert (factor, 1, 2) == (bill.hours_factor, basis.hours_cases, basis.past_cases)
    assert [1.5 / factor] * 2 == pytest.approx(list(basis.overruns), rel=0.01)
    plain.write_text(text + "past: [../cases]\neffort: {review: 3 h}\n", encoding="utf-8")
    stated = opened(plain).basis(10)
    assert (1.0, 0) == (stated.hours_factor, stated.hours_cases)
    assert [1.5, 1.5] == pytest.approx(list(stated.overruns), rel=0.01)


def test_without_earlier_cases_nothing_changes(decided: Path) -> None:
    """No factor, no overruns."""
    case = opened(decided / "tunecase.yaml")
    basis, bill = case.basis(10), case.current("estimate")
    assert ((), 0, 1.0, 0) == (basis.overruns, basis.past_cases, basis.hours_factor, basis.hours_cases)
    assert 1.0 == bill.hours_factor


def test_what_cannot_be_scored_is_told_at_once(cases: Path, decided: Path, tmp_path: Path) -> None:
    """Every place and the project file; nothing to score is a question of its own."""
    (tmp_path / "nothing").mkdir()
    (tmp_path / "odd.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        flow.scorecard(
            ScorecardAsked([tmp_path / "nothing", tmp_path / "odd.json", tmp_path / "gone"], decided / "tunecase.yaml")
        )
    told = [problem.got for problem in caught.value.problems]
    assert 4 == len(told)
    assert "no earlier case" in told
    with pytest.raises(InputError, match="no folder and no project file"):
        flow.scorecard(ScorecardAsked())


def test_the_python_face_scores_what_the_project_names(cases: Path, decided: Path, tmp_path: Path) -> None:
    """And further folders beside it."""
    path = Path(shutil.copytree(decided, tmp_path / "next")) / "tunecase.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "past: [../cases/first]\n", encoding="utf-8")
    assert 1 == Case(path).scorecard().cases
    assert 2 == Case(path).scorecard(cases).cases


def test_an_export_replaces_no_other_file(cases: Path, tmp_path: Path) -> None:
    """Its own it does; a ledger that is read never."""
    out = tmp_path / "mine.json"
    assert 0 == tunecase("scorecard", cases, "--export", out).code
    assert 0 == tunecase("scorecard", cases, "--export", out).code
    out.write_text("{}", encoding="utf-8")
    assert 2 == tunecase("scorecard", cases, "--export", out).code
    ledger = cases / "first" / "ledger.jsonl"
    assert 2 == tunecase("scorecard", cases, "--export", ledger, "--force").code
