"""Our scores beside those of other tools and of rules of thumb on the very same rows, every publisher counting once."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peers import baselines
from peers.training_peers import predictions

SIMPLE = ("llama", "mistral", "qwen2", "gemma", "phi3", "granite", "stablelm")
Figures = dict[str, float | int | None]
Told = Callable[[str], float | None]


@dataclass(frozen=True)
class Tool:
    """What a tool tells of a run by its id: memory in GB and tokens per second of one card."""

    memory: Told
    speed: Told


def compared(memory: Sequence[Any], time: Sequence[Any]) -> dict[str, Any]:
    """Figures of every tool: memory on one card, on several, on dense one-card rows with stock kernels, and speed.

    Args:
        memory: our scores of peaks, each with its run, its truth and what was told.
        time: those of speeds.
    Returns: by set of rows and tool the figures of `figures`; `skipped` names the tools that did not run, and why.
    """
    rows = {score.run.id: as_row(score.run) for score in (*memory, *time)}
    skipped: dict[str, str] = {}
    tools = {name: _tool(of) for name, of in predictions(list(rows.values()), skipped=skipped).items()}
    tools |= _rules(rows, time)
    one = [s for s in memory if s.run.recipe.gpus == 1]
    sets: dict[str, tuple[list[Any], str]] = {
        "memory": (one, "memory"),
        "memory, dense, stock kernels": ([s for s in one if plain(s.run)], "memory"),
        "memory_multi_gpu": ([s for s in memory if s.run.recipe.gpus > 1], "memory"),
        "time": (list(time), "speed"),
    }
    found: dict[str, Any] = {"skipped": skipped}
    for name, (of, what) in sets.items():
        lines = {tool: figures(of, getattr(told, what)) for tool, told in tools.items()}
        found[name] = {tool: line for tool, line in lines.items() if line["answered"]}
        _print(name, len(of), found[name])
    return found


def _tool(answers: Mapping[str, Mapping[str, Any]]) -> Tool:
    return Tool(lambda i: answers[i]["memory_gb"], lambda i: answers[i]["tokens_per_s_per_gpu"])


def _rules(rows: Mapping[str, dict[str, Any]], time: Sequence[Any]) -> dict[str, Tool]:
    """The rules of thumb; the pooled efficiency is that of all other publishers of the same rows."""
    truths = {s.run.id: s.truth for s in time}
    groups = {s.run.id: s.run.publisher for s in time}
    timed = [rows[s.run.id] for s in time]
    pooled = baselines.pooled_speeds(timed, truths, groups, attention=True)
    nothing: Told = lambda _: None  # noqa: E731
    return {
        "bytes per parameter x 1.14": Tool(lambda i: baselines.rule_gb(rows[i]), nothing),
        "40-line sketch": Tool(lambda i: baselines.sketch_gb(rows[i]), nothing),
        "40% of the peak, attention counted": Tool(
            nothing, lambda i: baselines.fixed_speed(rows[i], attention=True)
        ),
        "pooled efficiency by method": Tool(nothing, pooled.get),
    }  # fmt: skip


def _print(name: str, rows: int, lines: Mapping[str, Figures]) -> None:
    print(f"\n{name}: {rows} rows; means over publishers of median / p90, on the rows that the tool answers")
    for tool, line in lines.items():
        print(f"  {tool:38} {line['answered']:>4} of {line['publishers']:>2} publishers  "
              f"{line['median_ape']} / {line['p90_ape']}   ours {line['ours_median_ape']} / {line['ours_p90_ape']}   "
              f"ahead of it at {line['ahead']}, behind at {line['behind']}")  # fmt: skip


def plain(run: Any) -> bool:
    """A dense model of the Llama kind with stock kernels, which every tool means to answer."""
    recipe = run.recipe
    return recipe.shape.architecture in SIMPLE and recipe.kernels == "eager" and recipe.loss in ("whole", "shifted")


def figures(scores: Sequence[Any], told: Told) -> Figures:
    """A tool's median and 90% point of the error beside ours on the rows that it answers, as means over publishers.

    `ahead` counts the publishers whose median error is smaller with our prediction, `behind` those with the tool's.
    """
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for score in scores:
        guess = told(score.run.id)
        if guess is not None:
            pairs[score.run.publisher].append((abs(guess / score.truth - 1), score.error))
    theirs, ours = ([_line(sorted(pair[at] for pair in of)) for of in pairs.values()] for at in (0, 1))
    return {
        "answered": sum(map(len, pairs.values())),
        "of": len(scores),
        "publishers": len(pairs),
        "median_ape": _mean(theirs, 0),
        "p90_ape": _mean(theirs, 1),
        "ours_median_ape": _mean(ours, 0),
        "ours_p90_ape": _mean(ours, 1),
        "ahead": sum(us[0] < them[0] for us, them in zip(ours, theirs, strict=True)),
        "behind": sum(us[0] > them[0] for us, them in zip(ours, theirs, strict=True)),
    }


def _line(ordered: Sequence[float]) -> tuple[float, float]:
    """Median and 90% point."""
    return statistics.median(ordered), ordered[min(len(ordered) - 1, math.ceil(0.9 * len(ordered)) - 1)]


def _mean(lines: Sequence[tuple[float, float]], at: int) -> float | None:
    return round(100 * statistics.mean(line[at] for line in lines), 1) if lines else None


def as_row(run: Any) -> dict[str, Any]:
    """A run as the plain values that every tool is given."""
    recipe = run.recipe
    shape, gpu = recipe.shape, recipe.gpu
    targets = recipe.targets if isinstance(recipe.targets, str) else "attention"
    sizes = ("hidden", "layers", "heads", "kv_heads", "head_dim", "ffn", "vocab", "params", "tied")
    more = ("experts", "active_experts")
    plain_fields = ("method", "rank", "sequence_tokens", "micro_batch", "gpus", "sharding", "masters", "optimizer")
    return {
        **{name: getattr(shape, name) for name in (*sizes, *more)},
        **{name: getattr(recipe, name) for name in plain_fields},
        "id": run.id,
        "architecture": shape.architecture or "llama",
        "targets": targets if targets in ("all", "attention", "qv") else "attention",
        "checkpointing": recipe.checkpointing != "none",
        "flash": recipe.attention == "flash",
        "gpu": gpu.name if gpu else None,
        "gpu_gib": gpu.memory_gib if gpu else None,
        "precision": "fp8" if recipe.precision == "fp8" else "fp16" if recipe.precision == "fp16" else "bf16",
        "loss": "fused" if recipe.loss == "fused" else "whole",
        "framework": "litgpt" if recipe.framework.startswith("litgpt") else "transformers",
    }
