"""Result files of vLLM's own benchmark."""

import json
from pathlib import Path

import pytest

from tests.inference.importers.meters import MODEL, STATED, vllm_result, written
from tunecase.errors import InputError
from tunecase.inference import read_points
from tunecase.records import Latency


def test_a_result_becomes_a_point(tmp_path: Path) -> None:
    """Every figure of a result file is read in its unit."""
    (point,) = read_points(written(tmp_path / "run.json", vllm_result()), STATED).points
    assert (point.model, point.card, point.tensor, point.precision, point.engine) == (MODEL, "H100", 1, "bf16", "vllm")
    assert (point.concurrency, point.kind, point.request_rate) == (16, "steady", None)
    assert (point.input_tokens, point.output_tokens) == (1000, 200)
    assert (point.requests_per_s, point.output_tokens_per_s) == (8.0, 1600.0)
    assert point.first_token_ms == Latency(120.0, 110.0, 180.0, 240.0)
    assert point.per_token_ms == Latency(9.4, 9.3, None, 12.0)
    assert (point.completed, point.failed, point.date, point.meter) == (160, 0, "2026-11-20", "vllm bench serve")
    assert len(point.digest) == 64
    assert ("burstiness", "1") in point.flags


def test_the_older_script_does_not_count_failures(tmp_path: Path) -> None:
    """Where failures are not stated, they are what is missing of the prompts, and the backend names the engine."""
    older = vllm_result(backend="vllm", num_prompts=165, endpoint_type=None)
    del older["failed"]
    stated = {name: word for name, word in STATED.items() if name != "engine"}
    (point,) = read_points(written(tmp_path / "run.json", older), stated).points
    assert (point.failed, point.engine) == (5, "vllm")


def test_metadata_states_the_layout(tmp_path: Path) -> None:
    """What was given with --metadata needs no further words."""
    body = vllm_result(gpu="NVIDIA H200", tensor_parallel_size="2", quantization="fp8", engine="sglang")
    (point,) = read_points(written(tmp_path / "run.json", body)).points
    assert (point.card, point.tensor, point.precision, point.engine) == ("H200", 2, "fp8", "sglang")


def test_all_requests_at_once_are_a_burst(tmp_path: Path) -> None:
    """Without a rate and a limit, every request is in flight from the start."""
    (point,) = read_points(written(tmp_path / "run.json", vllm_result(max_concurrency=None)), STATED).points
    assert (point.kind, point.concurrency) == ("burst", 160)


def test_a_rate_is_turned_into_requests_in_flight(tmp_path: Path) -> None:
    """Requests that come at a rate are as many at once as Little's law says."""
    body = vllm_result(request_rate=8.0, max_concurrency=None)
    (point,) = read_points(written(tmp_path / "run.json", body), STATED).points
    assert point.concurrency == pytest.approx(8.0 * 1.99)
    assert (point.kind, point.request_rate) == ("steady", 8.0)


def test_results_that_were_appended_are_all_read(tmp_path: Path) -> None:
    """A file with several results one behind another holds several points."""
    bodies = [
        vllm_result(max_concurrency=n, duration=160 / n, request_throughput=float(n), output_throughput=200.0 * n)
        for n in (4, 8)
    ]
    path = tmp_path / "runs.json"
    path.write_text("\n".join(json.dumps(body) for body in bodies), encoding="utf-8")
    assert [point.concurrency for point in read_points(path, STATED).points] == [4, 8]


def test_figures_that_cannot_be_are_refused(tmp_path: Path) -> None:
    """A result that contradicts itself, or says more than the card computes, teaches nothing."""
    cases = [
        ({"duration": -1.0}, "the run took -1 s"), ({"duration": 60.0}, "160 requests in 60 s are not 8 a second"),
        ({"output_throughput": 288.0}, "8 requests/s of 200 tokens are not 288 tokens/s"),
        ({"duration": 0.5, "request_throughput": 320.0, "output_throughput": 64_000.0}, "TFLOP/s, where 1 x H100"),
    ]  # fmt: skip
    for changed, got in cases:
        with pytest.raises(InputError) as refused:
            read_points(written(tmp_path / "run.json", vllm_result(**changed)), STATED)
        assert got in refused.value.problems[0].got
