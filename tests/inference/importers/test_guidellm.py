"""Reports of guidellm."""

from pathlib import Path
from typing import Any

import pytest

from tests.inference.importers.meters import (
    MODEL,
    STATED,
    guidellm_benchmark,
    guidellm_report,
    older_guidellm_report,
    written,
)
from tunecase.inference import read_points
from tunecase.records import Latency

SWEEP = (
    guidellm_benchmark({"type_": "synchronous"}, 0.9), guidellm_benchmark({"type_": "concurrent", "streams": 8}, 5.0),
    guidellm_benchmark({"type_": "throughput"}, 9.0), guidellm_benchmark({"type_": "poisson", "rate": 6.0}, 6.0),
)  # fmt: skip


@pytest.mark.parametrize("report", [guidellm_report(*SWEEP), older_guidellm_report(*SWEEP)])
def test_every_benchmark_of_a_sweep_is_a_point(tmp_path: Path, report: dict[str, Any]) -> None:
    """Both layouts of the report give the same points: streams where they were held up, else the mean in flight."""
    points = read_points(written(tmp_path / "report.json", report), STATED).points
    assert [point.concurrency for point in points] == [1, 8, 12.5, 12.5]
    assert [point.request_rate for point in points] == [None, None, None, 6.0]
    assert {point.model for point in points} == {MODEL}
    assert points[1].output_tokens_per_s == 5.0 * 128
    assert points[1].first_token_ms == Latency(90.0, 90.0, 150.0, 180.0)
    assert points[1].per_token_ms.mean == 11.0
    assert (points[1].completed, points[1].failed, points[1].date) == (300, 0, "2026-11-18")


def test_a_benchmark_without_answers_is_set_aside(tmp_path: Path) -> None:
    """The others of the report are read, and a note names the one that is not."""
    empty = guidellm_benchmark({"type_": "concurrent", "streams": 64}, 0.0)
    empty["metrics"]["request_totals"] = {"successful": 0, "incomplete": 64, "errored": 0, "total": 64}
    found = read_points(written(tmp_path / "report.json", guidellm_report(SWEEP[0], empty)), STATED)
    assert len(found.points) == 1
    assert any("benchmarks[1]" in note and "no request ended" in note for note in found.notes)


def test_figures_that_contradict_one_another_are_told(tmp_path: Path) -> None:
    """Where tokens per second are not requests times tokens, the latter count and a note says so."""
    odd = guidellm_benchmark({"type_": "concurrent", "streams": 8}, 5.0)
    odd["metrics"]["output_tokens_per_second"]["successful"]["mean"] = 900.0
    found = read_points(written(tmp_path / "report.json", guidellm_report(odd)), STATED)
    assert found.points[0].output_tokens_per_s == 640.0
    assert any("900" in note for note in found.notes)
