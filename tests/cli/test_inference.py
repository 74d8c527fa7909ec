"""The command inference: an answer without a project, one with it, and what it says where it cannot answer."""

from pathlib import Path

import pytest

from tests.command import tunecase

ASKED = ("inference", "meta-llama/Llama-3.1-8B", "--today", "2026-11-24", "--gpu", "H100")
LOAD = ("--volume", "200k per month", "--input", "600", "--output", "60")
CASE = """\
name: served
data: {rows: 200}
problem: {metric: accuracy, volume: 200k per month}
models: [meta-llama/Llama-3.1-8B]
serving: {gpus: [H100], gpu_count: 1, precision: bf16, engine: vllm, traffic: {input: 600, output: 60}}
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A project file that plans without data."""
    path = tmp_path / "tunecase.yaml"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_it_answers_without_a_project(tmp_path: Path) -> None:
    """The answer first, in 80 columns but for the command to copy, and at most 14 lines; nothing is written."""
    ran = tunecase(*ASKED, *LOAD, cwd=tmp_path)
    assert 0 == ran.code, ran.err
    lines = ran.out.strip().splitlines()
    assert "USD a month to serve Llama-3.1-8B: " in lines[0]
    assert len(lines) <= 14
    assert all(len(line) <= 80 for line in lines if not line.startswith("next: "))
    assert [] == list(tmp_path.iterdir())
    assert ran.out == tunecase(*ASKED, *LOAD, cwd=tmp_path).out


def test_no_way_that_meets_the_objectives_is_a_no() -> None:
    """Code 1 where the objective may be reached by one request, though not by the median replica; 2 where it cannot."""
    slow, never = (tunecase(*ASKED, *LOAD, "--gpus", "1", "--per-token", text) for text in ("4.5 ms", "0.01 ms"))
    assert (1, 2) == (slow.code, never.code), (slow.out, never.out)
    assert "No way to serve the tuned model has a price and meets the objectives" in " ".join(slow.out.split())
    assert "too slow" in slow.out
    assert "--per-token" in never.err


def test_the_nearest_project_is_taken_where_no_model_is_named(case: Path) -> None:
    """Its record is kept; with a model named it is left aside unless asked for."""
    assert 0 == tunecase("inference", "--today", "2026-11-24", cwd=case.parent).code
    assert '"verb":"inference"' in (case.parent / "ledger.jsonl").read_text(encoding="utf-8")
    ran = tunecase("inference", "qwen3-8b", cwd=case.parent)
    assert (2, True) == (ran.code, "--volume" in ran.err)
    other = tunecase("inference", "qwen3-8b", "--project", case, "--today", "2026-11-24")
    assert (0, True) == (other.code, "Qwen3-8B" in other.out), other.err
