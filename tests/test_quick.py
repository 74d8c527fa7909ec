"""Questions without a project: the same answers as the terminal gives, and mistakes told by name."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import tunecase
from tests import walked
from tests.making import tickets, write_jsonl
from tunecase.errors import InputError

TODAY = date(2026, 11, 24)


def test_a_training_run_without_a_project() -> None:
    """`tunecase.training_run` answers as the command does; words that it does not know are named, all of them."""
    found = tunecase.training_run("llama-3.1-8b", "A100-80GB", 1, tokens="5M", method="lora", micro_batch=2)
    assert ("fits", 2, 5e6) == (found.verdict, found.placed.micro_batch, found.train_tokens)
    with pytest.raises(InputError) as caught:
        tunecase.training_run("llama-3.1-8b", "A100-80GB", metod="lora", ranks=3)
    assert {"metod", "ranks"} == {problem.where for problem in caught.value.problems}
    assert "method" in caught.value.problems[0].fix


def test_a_training_run_says_how_much_once() -> None:
    """Tokens have one name; names of modules and counts of cards may be a list, and None is not said."""
    with pytest.raises(InputError) as caught:
        tunecase.training_run("llama-3.1-8b", tokens="5M", train_tokens="9M")  # type: ignore[call-arg]
    assert ["train_tokens"] == [problem.where for problem in caught.value.problems]
    words: dict[str, Any] = {"tokens": "5M", "method": "lora", "targets": ["q_proj"], "spot": None, "rank": None}
    found = tunecase.training_run("llama-3.1-8b", ["A100-80GB"], [1, 2], **words)  # type: ignore[arg-type]
    assert found == tunecase.training_run("llama-3.1-8b", "A100-80GB", "1,2", **(words | {"targets": "q_proj"}))


LOADED: dict[str, Any] = {"volume": "200k per month", "input": 600, "output": 60, "gpu": "L4"}


def test_answers_have_a_price_without_a_case() -> None:
    """Options by name as on the command line; what is missing, and a name that is none, are told."""
    record = tunecase.answer_costs("llama-3.1-8b", today=TODAY, **LOADED)
    assert record.ok
    assert record == tunecase.answer_costs("llama-3.1-8b", today=TODAY, **(LOADED | {"gpu": ["L4"]}))
    empty: dict[str, Any] = {"measured": None, "against": (), "trace": "", "hours": None}
    assert record == tunecase.answer_costs("llama-3.1-8b", today=TODAY, **LOADED, **empty)
    assert record == tunecase.answer_costs("llama-3.1-8b", today=TODAY, **LOADED, measured="", against=[])
    with pytest.raises(InputError) as missing:
        tunecase.answer_costs("llama-3.1-8b", volume="200k per month")
    assert ["--input", "--output"] == [problem.where for problem in missing.value.problems]
    with pytest.raises(InputError) as unknown:
        tunecase.answer_costs("llama-3.1-8b", **LOADED, first_tokens="1 s")
    (problem,) = unknown.value.problems
    assert "first_tokens" == problem.where
    assert problem.fix.startswith("did you mean first_token")


def test_the_price_book_is_narrowed_by_name() -> None:
    """Prices of one card; an option that is none is told with the near one."""
    found = tunecase.price_book(gpu="H100", terms="spot", today=TODAY)
    assert {("H100", "spot")} == {(row.item, row.terms) for row in found.rows}
    with pytest.raises(InputError) as wrong:
        tunecase.price_book(gpus="H100")
    assert ("gpus", "did you mean gpu?") == (wrong.value.problems[0].where, wrong.value.problems[0].fix)
    with pytest.raises(InputError, match="--gpu"):
        tunecase.price_book(gpu=1)  # type: ignore[arg-type]


def test_a_file_is_audited_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that repeat a test row are found; nothing is written beside the data."""
    monkeypatch.chdir(tmp_path)
    rows = tickets(60, 1)
    write_jsonl(tmp_path / "train.jsonl", rows)
    write_jsonl(tmp_path / "test.jsonl", rows[:10])
    found = tunecase.audit_file("train.jsonl", "test.jsonl", fast=True, today=TODAY)
    assert found.finding("leak_exact") is not None
    assert {"train.jsonl", "test.jsonl"} == {path.name for path in tmp_path.iterdir()}


def test_points_are_forecast_without_a_project(tmp_path: Path) -> None:
    """Points of a file lead to a verdict on the target; a target that is none is told."""
    path = tmp_path / "points.csv"
    path.write_text("n,score\n100,0.60\n200,0.68\n400,0.74\n800,0.79\n", encoding="utf-8")
    found = tunecase.forecast_points(path, target=0.85, n_max=5000)
    assert (0.85, 5000, 4) == (found.target, found.n_max, len(found.points))
    with pytest.raises(InputError, match="--target"):
        tunecase.forecast_points(path, target="much")


def test_earlier_cases_are_scored(tmp_path: Path) -> None:
    """A folder without a case is told; one with a case is scored."""
    with pytest.raises(InputError):
        tunecase.scorecard()
    walked.path_of("decided", tmp_path)
    assert 1 == tunecase.scorecard(tmp_path).cases
