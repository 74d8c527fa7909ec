"""Our scores beside those of other tools and of rules of thumb, on the very same rows."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peers import baselines
from peers.training_peers import predictions

SIMPLE = ("llama", "mistral", "qwen2", "gemma", "phi3", "granite", "stablelm")
Figures = dict[str, float | int | None]
Told = Callable[[str], float | None]


def compared(scores: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Figures]]:
    """Figures of every tool: one GPU, dense one-GPU rows without fused kernels or loss, several GPUs, speed.

    Args:
        scores: ours, under `memory` and `time`, each with its run, its truth and what was told.
    Returns: by set of rows and tool: rows answered of how many, median and 90% point of the error in percent, and our
        own two figures on the rows that the tool answered.
    """
    memory, time = list(scores["memory"]), list(scores["time"])
    rows = {score.run.id: as_row(score.run) for score in (*memory, *time)}
    answers = predictions(list(rows.values()))
    known = {s.run.id: s.truth for s in time}
    groups = {s.run.id: s.run.publisher for s in time}
    timed = [rows[s.run.id] for s in time]
    pooled = baselines.pooled_speeds(timed, known, groups, attention=True)
    tools: dict[str, tuple[Told, Told]] = {
        name: (lambda i, of=of: of[i]["memory_gb"], lambda i, of=of: of[i]["tokens_per_s_per_gpu"])  # type: ignore[misc]
        for name, of in answers.items()
    }
    nothing: Told = lambda _: None  # noqa: E731
    tools["bytes per parameter x 1.14"] = (lambda i: baselines.rule_gb(rows[i]), nothing)
    tools["40-line sketch"] = (lambda i: baselines.sketch_gb(rows[i]), nothing)
    tools["40% of the peak, attention counted"] = (nothing, lambda i: baselines.fixed_speed(rows[i], attention=True))
    tools["pooled efficiency by method"] = (nothing, lambda i: pooled.get(i))
    told = [s for s in memory if s.run.statistic != "not stated"]
    one = [s for s in told if s.run.recipe.gpus == 1]
    sets = {
        "one GPU": (one, 0),
        "one GPU, dense, stock kernels": ([s for s in one if plain(s.run)], 0),
        "several GPUs": ([s for s in told if s.run.recipe.gpus > 1], 0),
        "kind of peak not stated": ([s for s in memory if s.run.statistic == "not stated"], 0),
        "speed": (time, 1),
    }
    found: dict[str, dict[str, Figures]] = {}
    for name, (of, which) in sets.items():
        lines = {"tunecase": figures(of, {s.run.id: s.predicted for s in of}.get)}
        lines |= {tool: figures(of, told[which]) for tool, told in tools.items()}
        found[name] = {tool: line for tool, line in lines.items() if line["answered"]}
        print(f"\n{name}: {len(of)} rows; median / 90% point of the error, and ours on the rows the tool answers")
        for tool, line in found[name].items():
            print(f"  {tool:38} {line['answered']:>4}  {line['median_ape']} / {line['p90_ape']}   "
                  f"ours {line['ours_median_ape']} / {line['ours_p90_ape']}")  # fmt: skip
    return found


def plain(run: Any) -> bool:
    """A dense model of the Llama kind with stock kernels, which every tool means to answer."""
    recipe = run.recipe
    return recipe.shape.architecture in SIMPLE and recipe.kernels == "eager" and recipe.loss in ("whole", "shifted")


def figures(scores: Sequence[Any], told: Told) -> Figures:
    """Rows answered, median and 90% point of the error, and ours on the same rows."""
    pairs = [(guess / s.truth - 1, s.error) for s in scores if (guess := told(s.run.id)) is not None]
    theirs, ours = sorted(abs(error) for error, _ in pairs), sorted(error for _, error in pairs)
    return {
        "answered": len(pairs),
        "of": len(scores),
        "median_ape": _percent(statistics.median(theirs)) if pairs else None,
        "p90_ape": _percent(_p90(theirs)) if pairs else None,
        "ours_median_ape": _percent(statistics.median(ours)) if pairs else None,
        "ours_p90_ape": _percent(_p90(ours)) if pairs else None,
    }


def _p90(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(0.9 * len(ordered)) - 1)]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def as_row(run: Any) -> dict[str, Any]:
    """A run as the plain values that every tool is given."""
    recipe = run.recipe
    shape, gpu = recipe.shape, recipe.gpu
    targets = recipe.targets if isinstance(recipe.targets, str) else "attention"
    return {
        **{
            name: getattr(shape, name) for name in ("hidden", "layers", "heads", "kv_heads", "head_dim", "ffn", "vocab")
        },
        "id": run.id,
        "params": shape.params,
        "tied": shape.tied,
        "architecture": shape.architecture or "llama",
        "experts": shape.experts,
        "active_experts": shape.active_experts,
        "method": recipe.method,
        "rank": recipe.rank,
        "targets": targets if targets in ("all", "attention", "qv") else "attention",
        "sequence_tokens": recipe.sequence_tokens,
        "micro_batch": recipe.micro_batch,
        "gpus": recipe.gpus,
        "checkpointing": recipe.checkpointing != "none",
        "flash": recipe.attention == "flash",
        "gpu": gpu.name if gpu else None,
        "gpu_gib": gpu.memory_gib if gpu else None,
        "precision": "fp8" if recipe.precision == "fp8" else "fp16" if recipe.precision == "fp16" else "bf16",
        "sharding": recipe.sharding,
        "masters": recipe.masters,
        "loss": "fused" if recipe.loss == "fused" else "whole",
        "framework": "litgpt" if recipe.framework == "litgpt" else "transformers",
    }
