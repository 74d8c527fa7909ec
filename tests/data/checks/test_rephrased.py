"""Rephrased leaks: found where they were planted, none where rows are merely of one kind."""

import json
from pathlib import Path

import pytest

from tunecase.data.checks import rephrased
from tunecase.data.checks.defect import NotChecked
from tunecase.data.checks.evidence import Asked, Evidence
from tunecase.data.checks.scan import read_split
from tunecase.data.reading.detection import detect

TEXTS = Path(__file__).parents[3] / ".." / "shared" / "data" / "text"


def evidence(folder, train, test, fast=False):
    """The Evidence of two files of questions and answers."""
    splits = []
    for name, rows in (("train", train), ("test", test)):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows), encoding="utf-8")
        splits.append(read_split(path, detect(path)))
    return Evidence(*splits, Asked(2048, fast=fast))


def gsm8k():
    """Training rows, test rows and rewrites of the test rows."""
    if not TEXTS.is_dir():
        pytest.skip("shared/data/text is not here: rephrased leaks were not measured")
    read = [(TEXTS / "gsm8k" / f"{name}.jsonl").read_text(encoding="utf-8") for name in ("train", "test")]
    files = [[(r["question"], r["answer"]) for r in map(json.loads, text.splitlines())] for text in read]
    lines = (TEXTS / "decontamination" / "rephrase" / "rephrase_gsm8k.jsonl").read_text(encoding="utf-8").splitlines()
    parts = [json.loads(line)["text"].split("\nAnswer:") for line in lines]
    return *files, [(question.removeprefix("Question:"), answer.strip()) for question, answer in parts]


def test_planted_rewrites_are_found(tmp_path):
    """Nine in ten rewrites among clean rows are found, with the pair they belong to."""
    train, test, rewrites = gsm8k()
    defect = rephrased.leak_rephrased(evidence(tmp_path, train[:400] + rewrites[:60], test[:160]))
    right = {row for row, other in defect.pairs.tolist() if other == row + 400}
    assert 0.9 * 60 <= len(right)
    assert len({other for _, other in defect.pairs.tolist() if other < 400}) <= 4


def test_too_few_rows_and_fast_audits_abstain(tmp_path):
    """Where it was not looked it says so; translations are never looked at."""
    rows = [(f"question {at}", "yes") for at in range(10)]
    found = evidence(tmp_path, rows, rows)
    assert isinstance(rephrased.leak_rephrased(found), NotChecked)
    assert isinstance(rephrased.leak_rephrased(evidence(tmp_path, rows, rows, fast=True)), NotChecked)
    assert "translated" in rephrased.leak_translated(found).what


@pytest.mark.slow
def test_questions_of_one_kind_are_no_leak(tmp_path):
    """Clean rows of one kind give no finding."""
    train, test, _ = gsm8k()
    assert None is rephrased.leak_rephrased(evidence(tmp_path, train[:2000], test[:600]))
