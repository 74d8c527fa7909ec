"""Rules of thumb for the memory and speed of a training run: what a tool must beat to be worth its trouble.

Runs are those of training_peers.py; `framework` (litgpt, else as transformers) and `loss` (fused, else whole) are read
where they are given. Memory is in GB of 10^9 bytes on one card, speed in tokens per second of one card.
"""

import math
import statistics
from collections import defaultdict

from tunecase import catalog

RULE_BYTES = {"full": 8.0, "lora": 2.0, "qlora": 0.5}  # per parameter
RULE_MARGIN = 1.14
NF4_BYTES = 0.516  # per weight, scales quantised as well
ADAPTER_BYTES = 16.0  # weight, gradient and two states of AdamW, all in 32 bit
LOGIT_BYTES = {"transformers": 14.0, "litgpt": 8.0}  # per token and vocabulary entry
FIXED_MFU = 0.40


def rule_gb(row: dict) -> float:
    """Bytes per parameter by method, 14% on top; shared out where the states are."""
    return RULE_BYTES[row["method"]] * RULE_MARGIN * row["params"] / _shares(row) / 1e9


def sketch_gb(row: dict) -> float:
    """States, what is kept for the way back, one layer or the logits; states / N and what is gathered on several cards.

    The facts (bytes of a logit, 32-bit adapters, checkpoints of 2 h a layer, tensors kept by one without, inputs
    kept twice where a frozen base is sharded) are set by hand, with published runs in view: on those it is not blind.
    """
    h, layers, tokens = row["hidden"], row["layers"], row["sequence_tokens"] * row["micro_batch"]
    query, key, ffn = row["heads"] * row["head_dim"], row["kv_heads"] * row["head_dim"], row["ffn"]
    weight = NF4_BYTES if row["method"] == "qlora" else 2.0
    root = row["vocab"] * h * (1 if row["tied"] else 2)
    linear = row["params"] - root
    wide = ffn * max(1, row.get("active_experts") or 1)
    twice = 2.0 if row["method"] != "full" and _shares(row) > 1 else 1.0
    kept = 2.0 * tokens * h * layers * twice
    layer = 2.0 * tokens * (8 * h + 3 * query + 4 * key + 6 * wide)
    if not row["checkpointing"]:
        kept, layer = 2.0 * tokens * layers * (5 * h + 2 * query + 4 * key + 4 * wide), 0.0
    logit = 0.0 if row.get("loss") == "fused" else LOGIT_BYTES.get(row.get("framework", ""), 14.0)
    last = max(logit * tokens * row["vocab"], layer)
    states = weight * linear + 2.0 * root
    step = ADAPTER_BYTES * _adapters(row)
    if row["method"] == "full":
        states, step = 6.0 * row["params"], 4.0 * row["params"]
        if row.get("masters") == "32-bit":
            states, step = 2 * states, 2 * step
    gathered = 2.0 * root + weight * linear / layers if _shares(row) > 1 else 0.0
    states, step = states / _shares(row), step / _shares(row)
    return (states + max(step, kept + last + gathered)) / 1e9


def fixed_speed(row: dict, attention: bool = False) -> float | None:
    """40% of the dense 16-bit peak over 6 or 4 operations per parameter, None where the card is unknown."""
    peak = _peak(row)
    return None if peak is None else FIXED_MFU * peak / _operations(row, attention)


def pooled_speeds(
    rows: list[dict], measured: dict[str, float], groups: dict[str, str], attention: bool = False
) -> dict[str, float | None]:
    """Speeds at the mean efficiency of the method over all other groups, every group's median weighing alike."""
    reached: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if peak := _peak(row):
            share = measured[row["id"]] * _operations(row, attention) / peak
            reached[row["method"]][groups[row["id"]]].append(math.log(share))
    found: dict[str, float | None] = {}
    for row in rows:
        own, peak = groups[row["id"]], _peak(row)
        alike = _medians(reached[row["method"]], own)
        alike = alike or [middle for method in list(reached) for middle in _medians(reached[method], own)]
        usable = peak is not None and alike
        share = math.exp(statistics.mean(alike)) if usable else 0.0
        found[row["id"]] = share * peak / _operations(row, attention) if peak is not None and usable else None
    return found


def _medians(of_groups: dict[str, list[float]], without: str) -> list[float]:
    return [statistics.median(logs) for group, logs in of_groups.items() if group != without]


def _shares(row: dict) -> int:
    return row["gpus"] if row["sharding"] in ("zero3", "fsdp") else 1


def _adapters(row: dict) -> float:
    """Parameters of the adapters: r (in + out)."""
    h, query, key = row["hidden"], row["heads"] * row["head_dim"], row["kv_heads"] * row["head_dim"]
    each = 2 * h + query + key
    if row["targets"] != "qv":
        each *= 2
    if row["targets"] == "all":
        each += 3 * (h + row["ffn"]) * max(1, row.get("experts") or 1)
    return row["layers"] * row["rank"] * each


def _operations(row: dict, attention: bool) -> float:
    """Per token: 6 P, or 4 P where the base is frozen; 12 L h s for the attention where asked."""
    scores = 12.0 * row["layers"] * row["hidden"] * row["sequence_tokens"] if attention else 0.0
    return (6.0 if row["method"] == "full" else 4.0) * row["params"] + scores


def _peak(row: dict) -> float | None:
    return catalog.gpu(row["gpu"]).peak_bf16_tflops * 1e12 if row["gpu"] else None
