"""Result files of aiperf, and of genai-perf before it."""

from pathlib import Path

import pytest

from tests.inference.importers.meters import MODEL, STATED, aiperf_result, genai_perf_result, metric, written
from tunecase.errors import InputError
from tunecase.inference import read_points
from tunecase.records import Latency


def test_aiperf_becomes_a_point(tmp_path: Path) -> None:
    """Every figure of aiperf's export is read in its unit."""
    (point,) = read_points(written(tmp_path / "profile_export_aiperf.json", aiperf_result()), STATED).points
    assert (point.model, point.concurrency, point.kind, point.meter) == (MODEL, 8, "steady", "aiperf")
    assert (point.requests_per_s, point.output_tokens_per_s) == (4.0, 512.0)
    assert point.first_token_ms == Latency(100.0, 95.0, 140.0, 200.0)
    assert point.per_token_ms == Latency(15.0, 14.0, 18.0, 20.0)
    assert (point.completed, point.failed, point.date) == (80, 0, "2026-11-21")


def test_genai_perf_becomes_a_point(tmp_path: Path) -> None:
    """Its older export differs in what was asked for, names the engine and states no failures and no date."""
    cases = [8, [8], "8"]
    for concurrency in cases:
        body = genai_perf_result()
        body["input_config"]["perf_analyzer"]["stimulus"]["concurrency"] = concurrency
        stated = {name: word for name, word in STATED.items() if name != "engine"}
        (point,) = read_points(written(tmp_path / "profile_export_genai_perf.json", body), stated).points
        assert (point.concurrency, point.engine, point.meter) == (8, "tensorrt-llm", "genai-perf")
        assert (point.failed, point.date) == (None, "")


def test_units_are_those_that_the_file_states(tmp_path: Path) -> None:
    """A time in nanoseconds is the same time."""
    body = aiperf_result(time_to_first_token=metric("ns", 100e6, p99=200e6))
    (point,) = read_points(written(tmp_path / "run.json", body), STATED).points
    assert point.first_token_ms == Latency(mean=100.0, p99=200.0)


def test_the_card_is_taken_from_telemetry(tmp_path: Path) -> None:
    """Where GPUs of one name were watched, that is the card."""
    gpus = {"0": {"gpu_name": "NVIDIA H100 80GB HBM3"}, "1": {"gpu_name": "NVIDIA H100 80GB HBM3"}}
    body = aiperf_result(telemetry_data={"endpoints": {"localhost:9400": {"gpus": gpus}}})
    stated = {name: word for name, word in STATED.items() if name != "gpu"}
    (point,) = read_points(written(tmp_path / "run.json", body), stated).points
    assert point.card == "H100"


def test_a_cancelled_run_is_refused(tmp_path: Path) -> None:
    """A run that was cancelled is no point."""
    with pytest.raises(InputError, match="the run was cancelled"):
        read_points(written(tmp_path / "run.json", aiperf_result(was_cancelled=True)), STATED)
