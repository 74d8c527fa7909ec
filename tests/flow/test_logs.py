"""Scores that a project file takes from logs."""

import json
import shutil
from pathlib import Path

import pytest

from tests.command import tunecase
from tests.evals.logs import write_samples
from tests.flow.test_opened import opened
from tests.making import case_folder
from tunecase import flow
from tunecase.errors import InputError
from tunecase.records import Definition


def texts_of(path: Path) -> list[str]:
    """The inputs of the case's test rows."""
    rows = [json.loads(line) for line in (path.parent / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows]


def with_logs(tmp_path: Path, *, own_rows: bool = True) -> Path:
    """A case whose baseline and prompted model are logs of 120 items or more; its project file."""
    path = case_folder(tmp_path, train_rows=80, test_rows=130)
    texts = texts_of(path) if own_rows else [f"other {number}" for number in range(130)]
    today, prompted = ([float(number % every != 0) for number in range(len(texts))] for every in (3, 4))
    write_samples(tmp_path / "logs" / "today", today, texts=texts, model="today")
    write_samples(tmp_path / "logs" / "prompted", prompted, texts=texts, model="prompted")
    text = path.read_text(encoding="utf-8")
    text = text.replace("problem:\n", "problem:\n  baseline_log: logs/today\n", 1)
    text += "\nalternatives:\n  prompt_hosted: {score_log: {file: logs/prompted, metric: acc}}\n"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Definition]:
    """A case with logs whose problem was judged: its project file and the record."""
    path = with_logs(tmp_path_factory.mktemp("defined"))
    return path, flow.define(opened(path))


def test_a_log_fills_its_score(defined: tuple[Path, Definition]) -> None:
    """What is in use and the prompted model score what their logs say, and the log stands beside it with n and date."""
    _, record = defined
    logs = dict(record.logs)
    log = logs["problem.baseline"]
    assert (130, "test", "2026-11-20") == (log.items, log.on, log.date)
    assert record.in_use == pytest.approx(log.score)
    measured = next(rule for rule in record.criteria if rule.id == "P3")
    assert "logs/today: 130 items, the test rows, 2026-11-20" in measured.got
    ways = {way.name: way for way in record.alternatives}
    assert ("measured", "measured") == (ways["today"].evidence, ways["prompt_hosted"].evidence)
    assert ways["prompt_hosted"].interval == logs["alternatives.prompt_hosted.score"].interval


def test_two_logs_measure_the_share_of_items_lost(defined: tuple[Path, Definition]) -> None:
    """The power of the test set rests on the measured share in place of the assumed one."""
    power = next(rule for rule in defined[1].criteria if rule.id == "P7")
    assert "of items lost, measured on 130 items of logs/today and logs/prompted" in power.reason


def test_items_that_are_not_the_test_rows_are_elsewhere(tmp_path: Path) -> None:
    """A log of other items is said to be one."""
    case = opened(with_logs(tmp_path, own_rows=False))
    assert "elsewhere" == case.logs.told(case.table("test"))["problem.baseline"].on


def test_another_log_makes_the_answer_anew(defined: tuple[Path, Definition], tmp_path: Path) -> None:
    """A record that rests on a log no longer holds when the log has changed, even to the same score."""
    path = Path(shutil.copytree(defined[0].parent, tmp_path / "copy")) / defined[0].name
    assert opened(path).current("define") == defined[1]
    texts = texts_of(path)
    write_samples(path.parent / "logs" / "today", [float(n % 3 != 1) for n in range(len(texts))], texts=texts)
    assert opened(path).current("define") is None


def test_a_log_that_cannot_be_read_is_told_at_its_field(tmp_path: Path) -> None:
    """With the field, and what is wrong with the log."""
    path = with_logs(tmp_path)
    place = next((tmp_path / "logs" / "today").glob("samples_*"))
    place.write_text(place.read_text()[:-30], encoding="utf-8")
    with pytest.raises(InputError) as refused:
        opened(path)
    (problem,) = refused.value.problems
    assert problem.where.startswith(f"{path.name}: problem.baseline_log: ")
    assert "a line that is cut off" == problem.got


def test_a_log_and_a_score_beside_it_are_refused(tmp_path: Path) -> None:
    """One of the two; so is a log that is not there, and one outside the folder."""
    path = with_logs(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  baseline_log:", "  baseline: 70%\n  baseline_log:"), encoding="utf-8")
    assert "delete one of the two" in tunecase("define", "-p", path).err.casefold()
    path.write_text(text.replace("baseline_log: logs/today", "baseline_log: logs/none.eval"), encoding="utf-8")
    assert "which does not exist" in tunecase("define", "-p", path).err
    path.write_text(text.replace("baseline_log: logs/today", "baseline_log: ../x.eval"), encoding="utf-8")
    assert "a path inside" in tunecase("define", "-p", path).err


def test_a_case_without_logs_rests_on_what_it_rested_on(tmp_path: Path) -> None:
    """The new fields are no part of the key of a project file that leaves them out."""
    path = case_folder(tmp_path)
    assert "baseline_log" not in repr(opened(path).project)
    assert "evaluation logs" not in opened(path).grounds("define").parts()["settings"]


def test_the_bill_and_the_decision_name_the_logs(defined: tuple[Path, Definition]) -> None:
    """As what the scores are measured by, with items and day."""
    path, _ = defined
    for verb in ("estimate", "decide"):
        out = " ".join(tunecase(verb, "-p", path, "--full").out.split())
        assert "Scores from logs, measured" in out
        assert "logs/today" in out
