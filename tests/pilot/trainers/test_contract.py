"""A run's folder is written whole, and what a trainer writes into it is read with suspicion."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.pilot.trainers.outside import TASK
from tunecase.pilot.trainers import contract
from tunecase.pilot.trainers.contract import ANSWERS, METRICS, RUN, TEST, TRAIN, read_result, write_run
from tunecase.pilot.trainers.task import Result

GOOD = '{"answer": "card"}\n{"answer": "money"}\n{"answer": "money"}\n'
texts = st.text(st.characters(exclude_categories=("Cs",)))


def result(folder: Path, answers: str | bytes | None = None, metrics: str | bytes | None = None) -> Result:
    """The result of a folder with these files."""
    for name, content in ((ANSWERS, answers), (METRICS, metrics)):
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_result(folder, TASK, seconds=3.0)


def test_a_run_folder_says_all_that_a_trainer_needs(tmp_path: Path) -> None:
    """run.json names model, method and files; the rows are prompts and completions in their order."""
    task = replace(TASK, settings={"steps": 120, "rank": 8})
    path = write_run(tmp_path / "new", task, more={"options": {"template": "qwen"}})
    run = contract.read_run(path)
    assert ("some/model", "classification", "accuracy", 7) == tuple(run[k] for k in ("model", "kind", "metric", "seed"))
    assert ({"steps": 120, "rank": 8}, ["card", "money"]) == (run["settings"], run["choices"])
    assert {"template": "qwen"} == run["options"]
    assert (TASK.texts, TASK.labels) == contract.read_rows(tmp_path / "new" / TRAIN)
    assert (TASK.test_texts, TASK.test_labels) == contract.read_rows(tmp_path / "new" / TEST)
    assert {RUN, TRAIN, TEST} == set(os.listdir(tmp_path / "new"))


def test_stale_results_are_taken_away(tmp_path: Path) -> None:
    """A second try does not read what the first one left."""
    result(tmp_path, GOOD, '{"score": 1}')
    write_run(tmp_path, TASK)
    assert "neither" in read_result(tmp_path, TASK, seconds=1).failed


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
def test_rows_read_back_the_same(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Whatever characters a text holds, it comes back."""
    prompts, completions = zip(*rows, strict=True)
    write_run(tmp_path, replace(TASK, texts=prompts, labels=completions))
    assert (prompts, completions) == contract.read_rows(tmp_path / TRAIN)


def test_answers_are_scored_here(tmp_path: Path) -> None:
    """With answers the score is counted here, whatever the metrics claim."""
    found = result(tmp_path, GOOD, '{"step": 5, "score": 1.0}\n')
    assert (pytest.approx(2 / 3), 2, 3, "") == (found.score, found.correct, found.test_rows, found.failed)
    assert (("card", "money", "money"), (1.0, 1.0, 0.0)) == (found.predictions, found.row_scores)
    assert (5, 3.0, None) == (found.steps, found.seconds, found.confidences)


def test_metrics_are_gathered(tmp_path: Path) -> None:
    """The last value of each number counts, and the highest peak."""
    lines = (
        {"step": 1, "time_s": 2.0, "tokens": 100, "loss": 2.5, "peak_memory_gib": 7.5, "gpu": "H100", "gpus": 2},
        {"step": 2, "time_s": 4.0, "tokens": 200, "loss": 1.5, "peak_memory_gib": 6.0},
        {"score": 0.5, "correct": 1, "answer_s": 1.5, "converged": False, "skill_rows": 9, "skill_before": 0.4},
    )
    found = result(tmp_path, metrics="\n".join(map(json.dumps, lines)))
    assert (0.5, 1, False, 1.5) == (found.score, found.correct, found.converged, found.train_loss)
    assert (2, 200, 50.0, 7.5) == (found.steps, found.train_tokens, found.tokens_per_s, found.peak_memory_gib)
    assert ("H100", 2, 1.5, 9, 0.4) == (
        found.hardware, found.gpus, found.answer_s, found.skill_rows, found.skill_before,
    )  # fmt: skip


def test_confidences_come_with_every_row_or_not_at_all(tmp_path: Path) -> None:
    """A confidence on each row is kept; on some rows only, none is."""
    sure = "".join(json.dumps({"answer": "card", "confidence": c}) + "\n" for c in (0.5, 1, 0))
    assert (0.5, 1.0, 0.0) == result(tmp_path, sure).confidences
    assert None is result(tmp_path, sure.replace(', "confidence": 1', "")).confidences


WRONG: list[tuple[str | bytes | None, str | bytes | None, str]] = [
    (None, None, "wrote neither answers.jsonl nor a score"), (None, "", "wrote neither answers.jsonl nor a score"),
    (None, "hello\n", "metrics.jsonl line 1 is not JSON: hello"),
    (None, '{"score": 0.5}\n{"step": 1', "metrics.jsonl line 2 is not JSON"),
    (None, "[1]\n", "metrics.jsonl line 1 is list, wanted an object"),
    (None, b"\xff\xfe", "metrics.jsonl line 1 is not UTF-8"), (None, '{"score": NaN}', "score is nan"),
    (None, '{"score": 1e999}', "score is inf"), (None, '{"score": 1.5}', "score is 1.5, wanted 0 to 1"),
    (None, '{"score": -0.1}', "score is -0.1, wanted 0 to 1"),
    (None, '{"score": "good"}', "score is good, wanted a number"),
    (None, '{"score": true}', "score is True, wanted a number"),
    (None, '{"score": 0.5, "correct": 4}', "4 correct of 3 test rows"),
    (None, '{"score": 0.5, "step": 1.5}', "step is 1.5, wanted a whole number"),
    (None, '{"score": 0.5, "converged": "yes"}', "converged is 'yes', wanted true or false"),
    (GOOD, '{"loss": NaN}', "loss is nan: training diverged"),
    (GOOD, '{"loss": "nan"}', "loss is nan: training diverged"), (GOOD, "[" * 200_000, "is not JSON"),
    (GOOD + GOOD, None, "answers.jsonl has more than 3 answers for 3 test rows"),
    ('{"answer": "card"}\n', None, "answers.jsonl has 1 answer for 3 test rows"),
    (GOOD.replace('"money"', "7"), None, 'answers.jsonl line 2 has no text under "answer"'),
    (GOOD.replace("}", ', "confidence": 7}'), None, "line 1: confidence is 7, wanted 0 to 1"),
    (b"\x00\x00\x00", None, "answers.jsonl line 1 is not JSON"),
]  # fmt: skip


def test_what_cannot_be_right_fails_the_run(tmp_path: Path) -> None:
    """Garbage, impossible numbers and missing answers make a failed run with its reason and its seconds."""
    breaches = []
    for number, (answers, metrics, words) in enumerate(WRONG):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = result(folder, answers, metrics)
        as_failed = (0.0, 0, False, 3.0) == (found.score, found.correct, found.converged, found.seconds)
        if not (words in found.failed and found.failed.isprintable() and as_failed):
            breaches.append((words, found))
    assert [] == breaches


def test_control_characters_do_not_pass(tmp_path: Path) -> None:
    """Characters that steer a terminal are replaced in answers and taken out of names and reasons."""
    answers = [json.dumps({"answer": text}) for text in ("card", "\x1b[31mmoney", "two\nlines \ud800")]
    found = result(tmp_path, "\n".join(answers), json.dumps({"gpu": "H\x1b100\x07"}))
    assert ("card", "\ufffd[31mmoney", "two\nlines \ufffd") == found.predictions
    assert "H 100" == found.hardware
    assert "\x1b" not in result(tmp_path, GOOD, "\x1b[2J garbage").failed


def test_a_file_too_big_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond its limit fails the run instead of filling the memory."""
    monkeypatch.setattr(contract, "MOST_METRICS_BYTES", 2**20)
    found = result(tmp_path, GOOD, b" " * (2**20 + 1))
    assert "metrics.jsonl is bigger than 1 MiB, which no run needs" == found.failed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_does_not_hold_the_reader(tmp_path: Path) -> None:
    """What is not a plain file is not read."""
    os.mkfifo(tmp_path / METRICS)
    assert "metrics.jsonl is not a plain file" == result(tmp_path, GOOD).failed


def test_what_the_helpers_write_reads_back(tmp_path: Path) -> None:
    """Metrics and answers written by our own hand are read; a loss that is not a number is seen as such."""
    contract.append_metrics(tmp_path, {"step": 1, "loss": 0.5})
    contract.write_answers(tmp_path, ["card", "money", "card"], [0.9, 0.8, 0.7])
    found = read_result(tmp_path, TASK, seconds=1)
    assert (1.0, 0.5, (0.9, 0.8, 0.7)) == (found.score, found.train_loss, found.confidences)
    contract.append_metrics(tmp_path, {"loss": float("nan")})
    assert "diverged" in read_result(tmp_path, TASK, seconds=1).failed


def test_another_format_is_refused(tmp_path: Path) -> None:
    """A trainer does not guess at a run of another format, of none, or at no run."""
    path = tmp_path / RUN
    for content, words in ((None, "is not there"), ("{", "is not JSON"), ("[]", "list"), ('{"format": 9}', "format 9")):
        if content is not None:
            path.write_text(content)
        with pytest.raises(contract.ContractError, match=words):
            contract.read_run(path)


LEARNT: list[tuple[Any, dict[str, Any], bool]] = [
    ("classification", {"train_loss": 0.3}, False), ("classification", {"train_loss": 0.2}, True),
    ("classification", {"train_loss": 0.3, "converged": True}, True), ("classification", {"loss": 0.3}, True),
    ("generation", {"train_loss": 0.3}, True),
]  # fmt: skip


def test_labels_that_are_not_learnt_make_no_point(tmp_path: Path) -> None:
    """A trainer that gives its final loss on classes need not say more; its own word counts first."""
    converged = []
    for number, (kind, line, _) in enumerate(LEARNT):
        folder = tmp_path / str(number)
        write_run(folder, TASK)
        contract.append_metrics(folder, {"score": 0.5, **line})
        converged.append(read_result(folder, replace(TASK, kind=kind), seconds=1.0).converged)
    assert [expected for _, _, expected in LEARNT] == converged


def test_free_answers_that_no_longer_fall_are_learnt() -> None:
    """Half of the first loss gone, or a fall that has ended; a loss that still falls is not learnt."""
    still = [2.0 - 0.1 * i for i in range(10)]
    assert contract.learnt(2.0, 1.0, still)
    assert contract.learnt(2.0, 1.9, [1.9] * 10)
    assert not contract.learnt(2.0, 1.2, [*still[:8], 0.8, 0.7])
    assert not contract.learnt(2.0, 1.9, ())
