"""Result files as the meters write them: small, made up, with the keys that each documents."""

import json
from pathlib import Path
from typing import Any

MODEL = "meta-llama/Llama-3.1-8B-Instruct"
STATED = {"gpu": "H100", "tensor": "1", "precision": "bf16", "engine": "vllm"}


def vllm_result(**changed: Any) -> dict[str, Any]:
    """What `vllm bench serve --save-result` writes for 160 requests, 16 at once, of 1,000 tokens in and 200 out."""
    return {
        "date": "20261120-101500",
        "endpoint_type": "openai",
        "backend": "openai",
        "label": None,
        "model_id": MODEL,
        "tokenizer_id": MODEL,
        "num_prompts": 160,
        "request_rate": "inf",
        "burstiness": 1.0,
        "max_concurrency": 16,
        "duration": 20.0,
        "completed": 160,
        "failed": 0,
        "total_input_tokens": 160_000,
        "total_output_tokens": 32_000,
        "request_throughput": 8.0,
        "output_throughput": 1600.0,
        "total_token_throughput": 9600.0,
        "mean_ttft_ms": 120.0,
        "median_ttft_ms": 110.0,
        "p95_ttft_ms": 180.0,
        "p99_ttft_ms": 240.0,
        "mean_tpot_ms": 9.4,
        "median_tpot_ms": 9.3,
        "p99_tpot_ms": 12.0,
        "mean_e2el_ms": 1990.0,
    } | changed


def summary(mean: float, p95: float | None = None) -> dict[str, Any]:
    """One metric of guidellm, of successful requests."""
    percentiles = {"p50": mean, "p95": p95 or mean, "p99": 2 * mean}
    return {"successful": {"mean": mean, "median": mean, "count": 100, "percentiles": percentiles}}


def guidellm_benchmark(strategy: dict[str, Any], requests_per_s: float, **changed: Any) -> dict[str, Any]:
    """One benchmark of guidellm, without what its layouts differ in."""
    return {
        "type_": "generative_benchmark",
        "start_time": 1_795_000_000.0,
        "end_time": 1_795_000_060.0,
        "strategy": strategy,
        "metrics": {
            "request_totals": {"successful": 300, "incomplete": 10, "errored": 0, "total": 310},
            "requests_per_second": summary(requests_per_s),
            "request_concurrency": summary(12.5),
            "request_latency": summary(1.5),
            "prompt_token_count": summary(512.0),
            "output_token_count": summary(128.0),
            "time_to_first_token_ms": summary(90.0, 150.0),
            "time_per_output_token_ms": summary(11.7),
            "inter_token_latency_ms": summary(11.0, 13.0),
            "output_tokens_per_second": summary(128.0 * requests_per_s),
        },
    } | changed


def guidellm_report(*benchmarks: dict[str, Any]) -> dict[str, Any]:
    """A report of 2026: what was asked for lies under `config`."""
    moved = [
        {key: value for key, value in one.items() if key != "strategy"}
        | {"config": {"strategy": one["strategy"], "backend": {"kind": "openai_http", "model": MODEL}}}
        for one in benchmarks
    ]
    return {"metadata": {"version": 2, "guidellm_version": "0.7.0"}, "config": {}, "benchmarks": moved}


def older_guidellm_report(*benchmarks: dict[str, Any]) -> dict[str, Any]:
    """A report of 2025: what was asked for lies under `args`, and counts under `run_stats`."""
    moved = []
    for one in benchmarks:
        metrics = {key: value for key, value in one["metrics"].items() if key != "request_totals"}
        moved.append(
            {"type_": "generative_benchmark", "metrics": metrics, "end_time": one["end_time"]}
            | {"args": {"strategy": one["strategy"]}, "worker": {"backend_model": MODEL, "backend_type": "openai_http"}}
            | {"run_stats": {"requests_made": one["metrics"]["request_totals"], "end_time": one["end_time"]}}
        )
    return {"benchmarks": moved}


def metric(unit: str, avg: float, **percentiles: float) -> dict[str, Any]:
    """One metric of genai-perf and aiperf."""
    return {"unit": unit, "avg": avg} | percentiles


def aiperf_result(**changed: Any) -> dict[str, Any]:
    """What aiperf writes into profile_export_aiperf.json."""
    return {
        "request_throughput": metric("requests/sec", 4.0),
        "request_latency": metric("ms", 2000.0, p50=1990.0),
        "request_count": metric("requests", 80.0),
        "time_to_first_token": metric("ms", 100.0, p50=95.0, p95=140.0, p99=200.0),
        "inter_token_latency": metric("ms", 15.0, p50=14.0, p95=18.0, p99=20.0),
        "output_token_throughput": metric("tokens/sec", 512.0),
        "output_sequence_length": metric("tokens", 128.0),
        "input_sequence_length": metric("tokens", 512.0),
        "input_config": {"endpoint": {"model_names": [MODEL], "type": "chat"}, "loadgen": {"concurrency": 8}},
        "was_cancelled": False,
        "error_summary": [],
        "start_time": "2026-11-21T08:00:00",
        "end_time": "2026-11-21T08:00:20",
    } | changed


def genai_perf_result(**changed: Any) -> dict[str, Any]:
    """What genai-perf wrote into profile_export_genai_perf.json."""
    body = {key: value for key, value in aiperf_result().items() if key not in ("start_time", "end_time")}
    asked = {
        "model_names": [MODEL],
        "endpoint": {"backend": "tensorrtllm", "url": "localhost:8001"},
        "perf_analyzer": {"stimulus": {"concurrency": 8}},
    }
    return body | {"input_config": asked} | changed


def written(path: Path, body: Any) -> Path:
    """A file with a body as JSON."""
    path.write_text(json.dumps(body), encoding="utf-8")
    return path
