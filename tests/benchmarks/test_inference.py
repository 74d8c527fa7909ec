"""The benchmark of serving scores any table of published runs, and ends with one JSON object."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import inference

COLUMNS = (
    "id", "source", "repo_path", "date", "engine", "model", "params_b", "precision", "gpu", "n_gpus", "tp",
    "concurrency_or_rate", "input_len", "output_len", "tokens_per_s_total", "output_tokens_per_s_per_gpu", "ttft_ms",
    "tpot_ms", "notes", "load_kind", "engine_version", "derived_output_tps_per_gpu", "parallel",
)  # fmt: skip
# Made-up runs: (card, requests in flight, output tokens per second) of a model of 8 billion parameters.
MADE_UP = (
    ("h100-sxm", 1, 120), ("h100-sxm", 16, 1_500), ("h100-sxm", 64, 4_000), ("a100-sxm-80gb", 16, 900),
    ("a100-sxm-80gb", 64, 2_400), ("L40S", 16, 500), ("L40S", 64, 1_300), ("l4", 16, 190),
)  # fmt: skip


def row(number: int, gpu: str, concurrency: int, tokens_per_s: float, **other: object) -> dict[str, object]:
    """One run as the table holds it."""
    return {
        "id": f"r{number}", "source": f"publisher-{number % 2}", "date": "2026-03", "engine": "vllm",
        "model": "llama-3.1-8b", "params_b": 8.03, "precision": "bf16", "gpu": gpu, "n_gpus": 1.0, "tp": 1.0,
        "concurrency_or_rate": float(concurrency), "input_len": 1_000.0, "output_len": 300.0,
        "output_tokens_per_s_per_gpu": tokens_per_s, "load_kind": "closed-loop", "engine_version": "0.15.1", **other,
    }  # fmt: skip


def table(path: Path, rows: list[dict[str, object]]) -> Path:
    """A table of runs with the columns of serving_runs.csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], str]:
    """The last line that the benchmark prints for a table."""

    def last_line(path: Path) -> str:
        monkeypatch.setattr(sys, "argv", ["inference.py", "--runs", str(path)])
        inference.main()
        return capsys.readouterr().out.splitlines()[-1]

    return last_line


def test_a_table_is_scored_with_the_shipped_constants(tmp_path: Path, scored: Callable[[Path], str]) -> None:
    """Every row is answered, refused or left out with a reason, and the figures are those of the rows answered."""
    rows = [row(number, *run) for number, run in enumerate(MADE_UP)]
    odd = row(90, "h100-sxm", 16, 1_000, model="mystery", params_b="")
    found = json.loads(scored(table(tmp_path / "runs.csv", [*rows, odd])))
    throughput = found["throughput"]
    assert found["constants"] == "shipped"
    assert [why for why in throughput["not_comparable"] if "mystery" in why]
    assert throughput["n"] == throughput["answered"] == len(rows)
    assert 0 < throughput["median_of_publishers"] < 1
    assert throughput["width"]["median"] <= 4
    assert found["gpu_choice"].keys() >= {"within15", "p90_regret", "groups"}


def test_a_table_without_a_usable_row_is_no_crash(tmp_path: Path, scored: Callable[[Path], str]) -> None:
    """An empty table has no figures."""
    assert json.loads(scored(table(tmp_path / "runs.csv", [])))["throughput"]["answered"] == 0


def test_an_absent_table_is_skipped_with_its_path(tmp_path: Path, scored: Callable[[Path], str]) -> None:
    """The figures need data that not everybody has."""
    assert scored(tmp_path / "absent.csv") == f"skipped: {tmp_path / 'absent.csv'} not found"
