"""Points from `vllm bench serve --save-result`, and from the benchmark_serving.py before it."""

from collections.abc import Mapping
from typing import Any

from tunecase.inference.importers.draft import Draft, day_of, flags_of, latency, layout_of, number
from tunecase.records import Latency

METER = "vllm bench serve"
# Where the backend names the engine; "openai" and "openai-chat" are spoken by all of them.
ENGINES = {"vllm": "vllm", "sglang": "sglang", "tensorrt-llm": "tensorrt-llm", "lmdeploy": "lmdeploy", "tgi": "tgi"}
READ = {
    "date", "model_id", "model", "num_prompts", "request_rate", "max_concurrency", "duration", "completed", "failed",
    "total_input_tokens", "total_output_tokens", "request_throughput", "output_throughput", "total_token_throughput",
}  # fmt: skip


def vllm_bench(body: Any) -> list[Draft] | None:
    """One benchmark a file, or several that were appended; None where the file is another tool's.

    The keys are those of result JSON as written since 2024: `request_throughput`, `total_input_tokens`, `mean_ttft_ms`
    and so on; words given with `--metadata KEY=VALUE` stand beside them.
    """
    bodies = body if isinstance(body, list) else [body]
    if not bodies or not all(isinstance(b, Mapping) and "request_throughput" in b and "completed" in b for b in bodies):
        return None
    return [_draft(one, f"run {n + 1}" if len(bodies) > 1 else "") for n, one in enumerate(bodies)]


def _draft(body: Mapping[str, Any], where: str) -> Draft:
    completed, prompts = number(body.get("completed")), number(body.get("num_prompts"))
    streams, rate = number(body.get("max_concurrency")), number(body.get("request_rate"))
    failed = number(body.get("failed"))
    if failed is None and prompts is not None and completed is not None:
        failed = max(prompts - completed, 0.0)
    measures = {name: value for name, value in body.items() if name.endswith("_ms")}
    request_ms = number(body.get("mean_e2el_ms"))
    all_at_once = streams is None and rate is None
    return Draft(
        where=where,
        meter=METER,
        layout=_layout(body),
        kind="burst" if all_at_once else "steady",
        streams=completed if all_at_once else streams,
        request_rate=rate,
        input_tokens=_mean(body, "total_input_tokens", completed),
        output_tokens=_mean(body, "total_output_tokens", completed),
        requests_per_s=number(body.get("request_throughput")),
        output_tokens_per_s=number(body.get("output_throughput")),
        request_s=None if request_ms is None else request_ms / 1000,
        first_token_ms=_latency(body, "ttft"),
        per_token_ms=_latency(body, "tpot"),
        completed=completed,
        failed=failed,
        seconds=number(body.get("duration")),
        date=day_of(body.get("date")),
        flags=flags_of(body, (*READ, *measures)),
    )


def _layout(body: Mapping[str, Any]) -> dict[str, str]:
    layout = layout_of(body)
    backend = str(body.get("backend") or body.get("endpoint_type") or "").casefold()
    if "engine" not in layout and backend in ENGINES:
        layout["engine"] = ENGINES[backend]
    return layout


def _mean(body: Mapping[str, Any], name: str, completed: float | None) -> float | None:
    total = number(body.get(name))
    return total / completed if total is not None and completed else None


def _latency(body: Mapping[str, Any], name: str) -> Latency:
    keys = {"mean": f"mean_{name}_ms", "p50": f"median_{name}_ms", "p95": f"p95_{name}_ms", "p99": f"p99_{name}_ms"}
    return latency({short: body.get(key) for short, key in keys.items()})
