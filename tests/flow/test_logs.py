"""Scores that a project file takes from logs."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.command import tunecase
from tests.evals.logs import write_samples
from tests.flow.test_opened import opened
from tests.making import case_folder
from tunecase import flow
from tunecase.errors import InputError, Problem
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


def unfit(tmp_path: Path, scores: list[float], metric: str, named: str = "logs/today", **told: Any) -> Problem:
    """The one mistake for which a log is refused as the baseline of a case that counts right answers."""
    path = case_folder(tmp_path, train_rows=80, test_rows=30)
    write_samples(tmp_path / "logs" / "today", scores, metric=metric, told=told)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("problem:\n", f"problem:\n  baseline_log: {named}\n", 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        opened(path)
    (problem,) = refused.value.problems
    assert problem.where.startswith(path.name)
    return problem


def test_a_score_from_a_log_is_held_to_what_a_typed_one_is(tmp_path: Path) -> None:
    """No score of the corpus, no log-likelihood and no error rate is a share of right answers."""
    bleu = {"results": {"t": {"bleu,none": 23.4}}}
    assert "bleu of 23.4, which is no share" in unfit(tmp_path / "a", [1.0], "bleu", **bleu).got
    assert "no share of right answers" in unfit(tmp_path / "b", [-2.7, -3.1], "loglik").got
    assert "better lower" in unfit(tmp_path / "c", [0.2, 0.3], "wer").got
    assert "problem.metric is" in unfit(tmp_path / "e", [0.5, 0.7], "rouge").got
    assert "problem.target" in unfit(tmp_path / "f", [1.0, 1.0], "acc").where


def test_another_metric_is_taken_where_that_is_said(tmp_path: Path) -> None:
    """A metric that the project file names is the user's choice."""
    path = with_logs(tmp_path)
    write_samples(tmp_path / "logs" / "today", [1.0, 0.0, 1.0], metric="graded")
    text = path.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="graded, and problem"):
        opened(path)
    path.write_text(text.replace("logs/today", "{file: logs/today, metric: graded}"), encoding="utf-8")
    assert opened(path).project.problem.baseline == pytest.approx(2 / 3)


def test_a_way_scored_elsewhere_ships_nothing(tmp_path: Path) -> None:
    """Scores of other items are no scores of the test examples: they neither end the case nor size its test."""
    path = with_logs(tmp_path, own_rows=False)
    write_samples(tmp_path / "logs" / "prompted", [1.0] * 130, texts=[f"other {number}" for number in range(130)])
    case = opened(path)
    record = flow.define(case)
    ways = {way.name: way for way in record.alternatives}
    assert ("stated", 1.0) == (ways["prompt_hosted"].evidence, ways["prompt_hosted"].score)
    assert record.untrained < 1
    assert case.logs.lost(dict(record.logs)) is None
    decision = flow.decide(case)
    assert "Do not fine-tune" not in decision.instead
