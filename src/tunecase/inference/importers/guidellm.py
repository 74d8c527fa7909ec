"""Points from a report of guidellm: several benchmarks in one file, in the layouts of 2025 and 2026."""

from collections.abc import Mapping
from typing import Any

from tunecase.inference.importers.draft import Draft, at, day_of, first, flags_of, latency, layout_of, number
from tunecase.records import Latency

METER = "guidellm"


def guidellm(body: Any) -> list[Draft] | None:
    """Every benchmark of a report; None where the file is another tool's.

    Numbers are those of successful requests. A token's time is the inter-token latency, which leaves the first token
    out; guidellm's own time per output token counts it in.
    """
    benchmarks = at(body, "benchmarks")
    if not isinstance(benchmarks, list) or not benchmarks:
        return None
    if not all(isinstance(at(one, "metrics"), Mapping) for one in benchmarks):
        return None
    return [_draft(body, one, f"benchmarks[{n}]") for n, one in enumerate(benchmarks)]


def _draft(report: Any, body: Any, where: str) -> Draft:
    strategy = first(at(body, "config", "strategy"), at(body, "args", "strategy"), at(body, "scheduler", "strategy"))
    how = str(first(at(strategy, "type_"), at(strategy, "kind"), ""))
    streams = 1.0 if how == "synchronous" else number(at(strategy, "streams"))
    counts = _counts(body)
    ended = first(at(body, "end_time"), at(body, "run_stats", "end_time"))
    seconds = _value(body, "request_latency")
    return Draft(
        where=where,
        meter=METER,
        layout=_layout(report, body),
        streams=streams,
        concurrency=_value(body, "request_concurrency"),
        request_rate=number(at(strategy, "rate")),
        input_tokens=_value(body, "prompt_token_count"),
        output_tokens=_value(body, "output_token_count"),
        requests_per_s=_value(body, "requests_per_second"),
        output_tokens_per_s=_value(body, "output_tokens_per_second"),
        request_s=seconds,
        first_token_ms=_latency(body, "time_to_first_token_ms"),
        per_token_ms=_latency(body, "inter_token_latency_ms"),
        completed=number(at(counts, "successful")),
        failed=number(at(counts, "errored")),
        date=day_of(ended),
        flags=flags_of(strategy, ("type_", "streams", "rate")) + ((("strategy", how),) if how else ()),
    )


def _counts(body: Any) -> Any:
    """How many requests ended in which way."""
    return first(
        at(body, "metrics", "request_totals"),
        at(body, "request_totals"),
        at(body, "run_stats", "requests_made"),
        at(body, "scheduler_metrics", "requests_made"),
    )


def _layout(report: Any, body: Any) -> dict[str, str]:
    beside = [at(body, "extras"), at(report, "extras"), at(body, "config", "environment"), at(body, "worker")]
    backends = [at(body, "config", "backend"), at(body, "benchmarker", "backend"), at(report, "args")]
    layout = layout_of(*beside, *backends, at(report, "config", "backend"))
    model = first(at(body, "worker", "backend_model"), at(body, "worker", "model"))
    if "model" not in layout and isinstance(model, str):
        layout["model"] = model
    return layout


def _successful(body: Any, name: str) -> Any:
    return first(at(body, "metrics", name, "successful"), at(body, "metrics", name))


def _value(body: Any, name: str) -> float | None:
    return number(at(_successful(body, name), "mean"))


def _latency(body: Any, name: str) -> Latency:
    summary = _successful(body, name)
    percentiles = {key: at(summary, "percentiles", key) for key in ("p50", "p95", "p99")}
    percentiles["p50"] = first(percentiles["p50"], at(summary, "median"))
    return latency({"mean": at(summary, "mean"), **percentiles})
