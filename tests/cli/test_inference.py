"""The command inference: an answer without a project, one with it, and what it says where it cannot answer."""

from pathlib import Path

import pytest

from tests.command import tunecase
from tests.inference.importers.meters import vllm_result, written

ASKED = ("inference", "meta-llama/Llama-3.1-8B", "--today", "2026-11-24", "--gpu", "H100")
LOAD = ("--volume", "200k per month", "--input", "600", "--output", "60")
RAN = ("--gpus", "1", "--precision", "bf16", "--engine", "vllm")
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


def test_the_record_as_json() -> None:
    """The figures of the print, with the source of each default and the command of each load to measure."""
    record = tunecase(*ASKED, *LOAD, "--json").json
    assert "meta-llama/Llama-3.1-8B" == record["model"]
    assert record["per_month"]["p50"] > 0
    assert all(used["source"] for used in record["defaults"])
    assert all(point["command"] for point in record["points"])


def test_what_is_missing_or_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Each with got, wanted and fix, and code 2."""
    ran = tunecase("inference", "--engine", "vlm", "--price", "3 EUR per hour", cwd=tmp_path)
    assert 2 == ran.code
    for where in ("MODEL", "--volume", "--input", "--output", "--engine", "--price"):
        assert f"\n{where}: " in f"\n{ran.err}", where
    assert ran.err.count("; wanted ") == 6
    assert "" == ran.out


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


def test_measured_loads_are_told_before_and_after(case: Path) -> None:
    """One line on how the prediction did; the same file again says that nothing is added."""
    load = written(case.parent / "load.json", vllm_result())
    words = ("inference", "--project", case, "--today", "2026-11-24", "--measured", load)
    first, again = (" ".join(tunecase(*words).out.split()) for _ in range(2))
    assert "answers a second; before that, " in first
    assert "Measured on 1 x H100, 16 in flight: 1,600 output tokens a second; predicted" in first
    assert "Measured on" not in again
    assert "on file already: nothing is added" in again
    none = tunecase(*ASKED, *LOAD, *RAN, "--measured", case.parent / "none.json")
    assert (2, True) == (none.code, "none.json" in none.err)
