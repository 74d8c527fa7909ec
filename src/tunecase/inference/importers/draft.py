"""What one benchmark of a load generator's file says, before the words that complete it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tunecase.records import Latency

# What a file, its metadata or the user states of a replica, and how files spell it.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "model": ("model_id", "model"),
    "gpu": ("gpu", "gpu_type", "gpu_name", "accelerator", "hardware"),
    "tensor": ("tensor", "tensor_parallel", "tensor_parallel_size", "tp", "tp_size"),
    "pipeline": ("pipeline", "pipeline_parallel", "pipeline_parallel_size", "pp", "pp_size"),
    "replicas": ("replicas", "data_parallel_size", "dp"),
    "precision": ("precision", "quantization", "dtype"),
    "kv_precision": ("kv_precision", "kv_cache_dtype"),
    "engine": ("engine", "serving_engine"),
    "engine_version": ("engine_version", "vllm_version"),
    "adapters": ("adapters", "max_loras"),
    "cached_share": ("cached_share", "prefix_cache_hit_rate"),
}
PER_MS = {"ns": 1e6, "us": 1e3, "µs": 1e3, "ms": 1.0, "s": 1e-3, "sec": 1e-3, "seconds": 1e-3}
MOST_FLAGS, MOST_CHARACTERS, MOST_NUMBER = 40, 200, 1e15


@dataclass(frozen=True, slots=True)
class Draft:
    """One benchmark as its file states it, over all replicas; None where the file does not say.

    `layout` holds what the file states under the names of SPELLINGS. `request_s` is the mean time of a whole request,
    `concurrency` the mean number in flight where the meter reports it, `streams` the number that it held up.
    `seconds` is how long the run took. `unfinished` says why the run does not count, empty where it ended well.
    """

    where: str
    meter: str
    layout: Mapping[str, str]
    kind: Literal["steady", "burst"] = "steady"
    streams: float | None = None
    concurrency: float | None = None
    request_rate: float | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    requests_per_s: float | None = None
    output_tokens_per_s: float | None = None
    request_s: float | None = None
    first_token_ms: Latency = field(default_factory=Latency)
    per_token_ms: Latency = field(default_factory=Latency)
    completed: float | None = None
    failed: float | None = None
    seconds: float | None = None
    date: str = ""
    unfinished: str = ""
    flags: tuple[tuple[str, str], ...] = ()


def number(value: Any) -> float | None:
    """A number, also one written as text; None for anything else, and for what no meter measures."""
    if value is None or isinstance(value, bool):
        return None
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return read if abs(read) <= MOST_NUMBER else None


def at(body: Any, *keys: str | int) -> Any:
    """What lies in nested objects and lists under these keys; None where one is missing."""
    for key in keys:
        if isinstance(body, Mapping) and isinstance(key, str):
            body = body.get(key)
        elif isinstance(body, list) and isinstance(key, int) and len(body) > key:
            body = body[key]
        else:
            return None
    return body


def first(*values: Any) -> Any:
    """The first value that is there."""
    return next((value for value in values if value is not None), None)


def layout_of(*bodies: Any) -> dict[str, str]:
    """What objects state of the replica, under the names of SPELLINGS; earlier objects and spellings win."""
    found: dict[str, str] = {}
    for name, spellings in SPELLINGS.items():
        values = (at(body, spelling) for body in bodies for spelling in spellings)
        word = next((word for word in map(_word, values) if word), "")
        if word:
            found[name] = word
    return found


def _word(value: Any) -> str:
    """A text or a number as a word; empty for anything else, and for what says nothing."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    word = f"{value:g}" if isinstance(value, float) else str(value).strip()
    return "" if word.casefold() in ("", "auto", "none", "null", "nan") else word[:MOST_CHARACTERS]


def flags_of(body: Any, leave: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """Further settings of an object as words, by name; nested ones and those in `leave` are left out."""
    if not isinstance(body, Mapping):
        return ()
    words = ((str(name)[:MOST_CHARACTERS], _word(value)) for name, value in body.items() if name not in leave)
    return tuple(sorted((name, word) for name, word in words if word))[:MOST_FLAGS]


def day_of(value: Any) -> str:
    """The day of a time stamp: ISO, 20261127-101500 or seconds since 1970; empty where it is none."""
    seconds = number(value)
    if seconds is not None and 1e9 < seconds < 1e10:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    found = re.match(r"(20\d\d)-?(\d\d)-?(\d\d)(?!\d)", str(value or ""))
    return "-".join(found.groups()) if found else ""


def latency(values: Mapping[str, Any], unit: str = "ms") -> Latency:
    """A latency from its mean, p50, p95 and p99 in a unit of time."""
    per_ms = PER_MS.get(unit.casefold().strip(), 0.0)
    if not per_ms:
        return Latency()
    read = {name: number(values.get(name)) for name in ("mean", "p50", "p95", "p99")}
    return Latency(**{name: value / per_ms for name, value in read.items() if value is not None and value >= 0})


def objects(text: str) -> Iterator[Any]:
    """The JSON values that stand one behind another in a text. Raises ValueError where one cannot be read."""
    import json

    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        place = next((n for n in range(place, len(text)) if not text[n].isspace()), len(text))
        if place < len(text):
            value, place = decoder.raw_decode(text, place)
            yield value
