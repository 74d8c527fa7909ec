"""Points from profile_export_aiperf.json, and from profile_export_genai_perf.json of genai-perf before it."""

from collections.abc import Mapping
from typing import Any

from tunecase.inference.importers.draft import Draft, at, day_of, first, flags_of, latency, layout_of, number
from tunecase.records import Latency

BACKENDS = {"vllm": "vllm", "tensorrtllm": "tensorrt-llm", "tensorrt_llm": "tensorrt-llm", "trtllm": "tensorrt-llm"}


def aiperf(body: Any) -> list[Draft] | None:
    """One benchmark a file; None where the file is another tool's.

    Both tools write one object for each metric with `unit`, `avg` and percentiles, and what was asked for under
    `input_config`.
    """
    if not isinstance(at(body, "request_throughput"), Mapping) or not isinstance(at(body, "request_latency"), Mapping):
        return None
    asked = at(body, "input_config")
    failed = _average(body, "error_request_count")
    streams, rate = _load(asked)
    ended = _average(body, "request_latency", "ms")
    return [
        Draft(
            where="",
            meter="aiperf" if at(body, "start_time") or at(asked, "loadgen") else "genai-perf",
            layout=_layout(body, asked),
            streams=streams,
            request_rate=rate,
            input_tokens=_average(body, "input_sequence_length"),
            output_tokens=_average(body, "output_sequence_length"),
            requests_per_s=_average(body, "request_throughput"),
            output_tokens_per_s=_average(body, "output_token_throughput"),
            request_s=None if ended is None else ended / 1000,
            first_token_ms=_latency(body, "time_to_first_token"),
            per_token_ms=_latency(body, "inter_token_latency"),
            completed=_average(body, "request_count"),
            failed=failed if failed is not None or not at(body, "start_time") else 0.0,
            date=day_of(first(at(body, "end_time"), at(body, "start_time"))),
            unfinished="the run was cancelled" if at(body, "was_cancelled") is True else "",
            flags=flags_of(at(asked, "endpoint")) + flags_of(at(asked, "loadgen")),
        )
    ]


def _load(asked: Any) -> tuple[float | None, float | None]:
    """Requests held in flight, and requests per second, as asked for; a list of one is that one."""
    places = (at(asked, "loadgen"), at(asked, "perf_analyzer", "stimulus"), asked)
    streams = first(*(_single(at(place, "concurrency")) for place in places))
    rate = first(*(_single(at(place, "request_rate")) for place in places))
    return streams, rate


def _single(value: Any) -> float | None:
    return number(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _layout(body: Any, asked: Any) -> dict[str, str]:
    names = first(
        at(asked, "endpoint", "model_names", 0),
        at(asked, "model_names", 0),
        at(asked, "models", "items", 0, "name"),
        at(asked, "model", 0),
        at(asked, "model"),
    )
    layout = layout_of({"model": names})
    engine = BACKENDS.get(str(at(asked, "endpoint", "backend") or "").casefold().split(".")[-1])
    if engine:
        layout["engine"] = engine
    cards = _cards(body)
    if len(cards) == 1:
        layout["gpu"] = cards.pop()
    return layout


def _cards(body: Any) -> set[str]:
    """The names of the GPUs that were watched during the run."""
    endpoints = at(body, "telemetry_data", "endpoints")
    if not isinstance(endpoints, Mapping):
        return set()
    groups = [gpus for gpus in (at(endpoint, "gpus") for endpoint in endpoints.values()) if isinstance(gpus, Mapping)]
    names = {at(gpu, "gpu_name") for gpus in groups for gpu in gpus.values()}
    return {name for name in names if isinstance(name, str) and name}


def _average(body: Any, name: str, unit: str = "") -> float | None:
    value = number(at(body, name, "avg"))
    if value is None or not unit:
        return value
    return _latency(body, name).mean


def _latency(body: Any, name: str) -> Latency:
    metric = at(body, name)
    if not isinstance(metric, Mapping):
        return Latency()
    return latency({**metric, "mean": metric.get("avg")}, str(metric.get("unit") or "ms"))
