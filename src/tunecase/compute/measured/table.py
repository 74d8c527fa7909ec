"""Tables of measured training runs, one run per row, in words as published: read into set-ups."""

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunecase import catalog
from tunecase.compute.measured.runs import Failed, Measured, guessed_shape
from tunecase.compute.measured.words import (
    card_of,
    framework_of,
    names_a_framework,
    optimizer_of,
    precision_of,
    publisher,
    size_in,
    statistic,
    targets_of,
)
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.names import known_name
from tunecase.compute.model.reading import from_model
from tunecase.compute.recipe import Kernels, Loss, Precision, Recipe, Sharding
from tunecase.errors import InputError, Problem

Row = Mapping[str, str]
GB_PER_GIB = 2**30 / 1e9
METHODS = {
    "full": "full", "lora": "lora", "qlora": "qlora", "dora": "lora", "rslora": "lora", "lora+": "lora", "sft": "full",
    "dpo": "full", "pretrain": "full", "pre-training": "full", "pretraining": "full", "full fine-tuning": "full",
}  # fmt: skip

UNPACKED = re.compile(
    r"not packed|unpacked|padding-free|packing (off|false|no\b)|no packing|padded to (the )?longest|variable.length"
    r"|is the max|shorter"
)
KERNEL_WORDS = re.compile(r"liger|fused|foak|fast-kernels|chunked|compile|cut.cross|unsloth|no kernels|stock")
MASTER_WORDS = re.compile(r"mixed|pure|master|mp=|amp|bf16-true|16-true|autocast|fp32 (weights|param)|float32")
BASE_WORDS = re.compile(
    r"(base|model|weights?|loaded)[^;]{0,20}(bf16|bfloat16|fp16|float16|fp32|float32)|torch_dtype|bf16-true|load_in"
)
FULL_ROWS = re.compile(
    r"packed|packing|full.context|full.length|synthetic|dummy|random tokens|pre-?training|fixed length|padded to max"
)
CHECKPOINTING = {
    "true": "full", "full": "full", "yes": "full", "false": "none", "none": "none", "no": "none",
    "selective": "selective", "unsloth": "offloaded", "offloaded": "offloaded",
}  # fmt: skip
SHARDING_WORDS: tuple[tuple[tuple[str, ...], Sharding], ...] = (
    (("shard_grad_op",), "zero2"),
    (("fsdp", "full_shard", "full shard"), "fsdp"),
    (("ddp", "data parallel"), "ddp"),
    (("deepspeed",), "zero3"),
)


@dataclass(frozen=True, slots=True)
class Runs:
    """What a table held: runs that could be read, and (id, reason) of those that could not."""

    runs: tuple[Measured, ...]
    refused: tuple[tuple[str, str], ...]


def read(path: Path) -> Runs:
    """The runs of a table. Raises InputError for a file without the columns that every run needs."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(str(path), str(error)[:200], "a CSV file in UTF-8", "check the path")) from error
    needed = {"model", "method", "n_gpus"}
    if not rows or not needed <= set(rows[0]):
        got = f"columns {', '.join(rows[0])[:200]}" if rows else "no rows"
        raise InputError(Problem(str(path), got, "one run a row, with model, method, n_gpus", "add what is missing"))
    runs, refused = [], []
    for number, row in enumerate(unique(rows), 2):
        name = row.get("id") or f"row {number}"
        run = run_of({key: value or "" for key, value in row.items() if key}, name)
        if isinstance(run, str):
            refused.append((name, run))
        else:
            runs.append(run)
    return Runs(tuple(runs), tuple(refused))


def unique(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without repeats: equal in all but id and notes."""
    kept = {tuple(value for key, value in row.items() if key not in ("id", "notes")): row for row in reversed(rows)}
    return list(reversed(kept.values()))


def run_of(row: Row, name: str) -> Measured | str:
    """One run, or why it cannot be read."""
    words = _words(row)
    method = _method(row)
    if method is None:
        return f"method {row['method']!r} is not full, lora or qlora"
    shape, guessed = _shape(row)
    if guessed and re.search(r"\bEP(\d|-)", row.get("sharding", "")):
        return f"model {row['model']!r} has experts, and its dimensions are not known"
    if shape is None:
        return f"model {row['model']!r} is not known and its size is not stated (params_b)"
    named = framework_of(f"{row.get('framework', '')} {row.get('source', '')} {row.get('notes', '').partition(';')[0]}")
    framework = catalog.framework_in(named.name, row.get("date", ""))
    gpus = int(_number(row, "n_gpus") or 1)
    recipe = Recipe(
        shape=shape,
        gpu=card_of(row.get("gpu", "")),
        gpus=gpus,
        framework=framework.name,
        method=method,  # type: ignore[arg-type]
        rank=int(_number(row, "lora_rank") or 16),
        targets=targets_of(row.get("lora_targets", ""), shape),
        sequence_tokens=int(_number(row, "seq_len") or 0) or _usual_length(row),
        **_parallel(row, gpus, framework),
    )
    recipe = recipe.but(**_batch(row, recipe), **_setup(row, words, recipe, framework))
    packed = not UNPACKED.search(words)
    return Measured(
        id=name,
        publisher=publisher(row.get("source", "")),
        source=row.get("source", ""),
        date=row.get("date", ""),
        recipe=recipe.but(packing=packed),
        peak_gb=_peak_gb(row),
        statistic=statistic(row.get("mem_stat", "")),
        card_gb=_card_gb(row),
        tokens_per_s_per_gpu=_number(row, "tokens_per_s_per_gpu"),
        failed=_failed(row),
        guessed=guessed,
        length_known=bool(_number(row, "seq_len")),
        batch_known=bool(_number(row, "micro_batch")),
        packed=packed,
        parallel_known=recipe.context_parallel == 1
        or bool(re.search(r"\bCP\d|sequence_parallel", row.get("sharding", ""))),
        unsaid=_unsaid(row, words, recipe, packed),
    )


def _unsaid(row: Row, words: str, recipe: Recipe, packed: bool) -> frozenset[str]:
    """The choices of compute/doubt/ways.py that a row does not state."""
    stated = {
        "framework": names_a_framework(f"{row.get('framework', '')} {row.get('source', '')}"),
        "checkpointing": bool(row.get("grad_ckpt", "").strip()),
        "optimizer": bool(row.get("optimizer", "").strip()) and "default" not in row["optimizer"].casefold(),
        "kernels": bool(KERNEL_WORDS.search(words)),
        "attention": bool(row.get("flash_attn", "").strip()) or bool(re.search(r"sdpa|flash|eager attention", words)),
        "masters": recipe.method != "full" or bool(MASTER_WORDS.search(words)),
        "base": recipe.method != "lora" or bool(BASE_WORDS.search(words)),
        "length": packed and bool(FULL_ROWS.search(words)),
    }
    return frozenset(name for name, said in stated.items() if not said)


def _number(row: Row, key: str) -> float | None:
    """A cell as a number above zero; None where it is blank or none."""
    try:
        value = float(row.get(key, "").replace(",", ""))
    except ValueError:
        return None
    return value if 0 < value < math.inf else None


def _words(row: Row) -> str:
    """All that a row says of a run, in lower case, to look for options in."""
    keys = ("framework", "method", "precision", "quant", "optimizer", "sharding", "notes")
    return " ".join(row.get(key, "") for key in keys).casefold()


def _method(row: Row) -> str | None:
    method = METHODS.get(row["method"].strip().casefold())
    if method == "lora" and re.search(r"nf4|4.?bit|int4", row.get("quant", ""), re.IGNORECASE):
        return "qlora"
    if method == "qlora" and re.search(r"8.?bit|int8|2.?bit", row.get("quant", ""), re.IGNORECASE):
        return None
    return method


def _shape(row: Row) -> tuple[Shape | None, bool]:
    model = known_name(re.sub(r"\s+\d+-node$", "", row["model"]))
    shape = from_model(model) if model else None
    if shape is not None:
        return shape, False
    size = _number(row, "params_b") or size_in(row["model"])
    return (guessed_shape(size * 1e9), True) if size else (None, False)


def _usual_length(row: Row) -> int:
    """A length [tokens] where none is published: the published mean, else a usual length."""
    mean = re.search(r"mean tok\w* per sample (\d+)", row.get("notes", ""))
    return int(mean[1]) if mean and int(mean[1]) else 4096 if _failed(row) else 2048


def _parallel(row: Row, gpus: int, framework: catalog.Framework) -> dict[str, Any]:
    """How the cards share the work."""
    text = row.get("sharding", "")
    matches = {key: re.search(rf"\b{key}(\d+)", text) for key in ("TP", "PP", "CP")}
    sizes = {key: max(int(match[1]), 1) for key, match in matches.items() if match}
    sequence = re.search(r"sequence_parallel=(\d+)", text.casefold())
    sharding = _sharding(text.casefold(), gpus, framework)
    offload = "none"
    if "offload" in text.casefold():
        offload = "optimizer" if "optim" in text.casefold() else "all"
    return {
        "sharding": "none" if gpus == 1 and sharding in ("fsdp", "ddp") else sharding,
        "tensor_parallel": sizes.get("TP", 1),
        "pipeline_parallel": sizes.get("PP", 1),
        "context_parallel": sizes.get("CP", 1) * max(int(sequence[1]) if sequence else 1, 1),
        "offload": offload,
    }


def _sharding(fold: str, gpus: int, framework: catalog.Framework) -> Sharding:
    stage = re.search(r"(?:zero|stage|ds).?z?(\d)", fold)
    if stage:
        stages: dict[str, Sharding] = {"1": "zero1", "2": "zero2", "3": "zero3"}
        return stages.get(stage[1], "ddp")
    for words, sharding in SHARDING_WORDS:
        if any(word in fold for word in words):
            return sharding
    if fold.strip() == "none" or gpus == 1:
        return "none"
    usual: dict[str, Sharding] = {"megatron": "zero1", "deepspeed": "zero3"}
    return usual.get(framework.engine, "fsdp")


def _batch(row: Row, recipe: Recipe) -> dict[str, Any]:
    """Micro-batch and accumulation; a blank micro-batch is taken as the whole batch of one card, at most 8."""
    model = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    ways = max(recipe.gpus // model, 1)
    micro, whole = _number(row, "micro_batch"), _number(row, "global_batch")
    if micro is None:
        micro = min(max((whole or ways) / ways, 1), 8)
    accumulation = max(round((whole or 0) / (micro * ways)), 1)
    sizes = {"micro_batch": micro if micro != int(micro) else int(micro), "accumulation": accumulation}
    if whole and whole < ways and model == 1:  # fewer samples than cards: cards must share a sample
        together = max(int(ways // whole), 1)
        sizes |= {"tensor_parallel": min(together, 4), "context_parallel": max(together // 4, 1)}
    return sizes


def _setup(row: Row, words: str, recipe: Recipe, framework: catalog.Framework) -> dict[str, Any]:
    """What a run says of itself, and the framework's own defaults for the rest."""
    default = framework.checkpointing_several if recipe.gpus > 1 else framework.checkpointing_one
    ckpt = CHECKPOINTING.get(row.get("grad_ckpt", "").strip().casefold(), default)
    precision = _precision(row, recipe, framework)
    kernels = _kernels(words, framework)
    plain_nf4 = re.fullmatch(r"(bnb-)?nf4", row.get("quant", "").strip().casefold()) is not None
    return {
        "checkpointing": "offloaded" if ckpt == "full" and default == "offloaded" else ckpt,
        "precision": precision,
        "masters": _masters(row, words, recipe, framework, precision),
        "step_in_backward": _steps_in_backward(row, words, recipe, framework),
        "optimizer": _optimizer(row, framework),
        "quantiser": "gptq" if "gptq" in words else "nf4",
        "trained_ends": bool(re.search(r"modules_to_save|embeddings? and (output|head|lm_head)", words)),
        "loss": _loss(words, framework, kernels),
        "kernels": kernels,
        "attention": "eager" if row.get("flash_attn", "").strip().casefold() in ("false", "no", "eager") else "flash",
        "double_quantised": not (plain_nf4 and framework.stack.startswith("litgpt")),
    }


def _precision(row: Row, recipe: Recipe, framework: catalog.Framework) -> Precision:
    """As named; Megatron's default is 8 bit on cards that have it."""
    text = row.get("precision", "").strip()
    eight_bit_card = recipe.gpu is not None and recipe.gpu.peak_fp8_tflops > 0
    return "fp8" if not text and framework.engine == "megatron" and eight_bit_card else precision_of(text)


def _masters(row: Row, words: str, recipe: Recipe, framework: catalog.Framework, precision: str) -> str:
    if "mixed" in row.get("precision", "").casefold() or "mp=default" in words:
        return "32-bit"
    if re.search(r"mp=pure|pure.?bf16|bf16-true|16-true|bfloat16 weights", words):
        return "16-bit"
    if precision == "fp16" and recipe.method == "full":
        return "32-bit"
    return framework.masters_several if recipe.gpus > 1 else framework.masters_one


def _loss(words: str, framework: catalog.Framework, kernels: Kernels) -> Loss:
    """The loss that the words of a run name, else the framework's; compiled only with compiled kernels."""
    loss: Loss = framework.loss  # type: ignore[assignment]
    if re.search(r"liger|fused[_ -]?(linear|loss|cross)", words):
        return "fused"
    if kernels == "foak":
        return "shifted-inplace" if loss == "shifted" else "inplace"
    if "chunked" in words:
        return "chunked"
    return "whole" if loss == "compiled" and kernels != "compiled" else loss


def _kernels(words: str, framework: catalog.Framework) -> Kernels:
    """The kernels that the words of a run name, else the framework's."""
    if "foak" in words or "fast-kernels" in words:
        return "foak"
    if re.search(r"liger|unsloth|fused kernels|\bte\b|transformer engine", words):
        return "fused"
    if "compile" in words and not re.search(r"no compile|without compile", words):
        return "compiled"
    return framework.kernels  # type: ignore[return-value]


def _steps_in_backward(row: Row, words: str, recipe: Recipe, framework: catalog.Framework) -> bool:
    """True where the row says so, and for torchtune's one-card recipe with a paged optimizer, as shipped."""
    paged = "paged" in row.get("optimizer", "").casefold()
    usual = framework.name == "torchtune" and recipe.method == "full" and recipe.gpus == 1 and paged
    return usual or bool(re.search(r"optimi[sz]er[_ -]in[_ -]b|in.?backward|lomo", words))


def _optimizer(row: Row, framework: catalog.Framework) -> str:
    """The optimizer as named, else the framework's default at the time."""
    text = row.get("optimizer", "")
    if text.strip() and "default" not in text.casefold():
        return optimizer_of(text)
    return framework.optimizer


def _peak_gb(row: Row) -> float | None:
    peak, in_gib = _number(row, "peak_mem_gb_per_gpu"), "gib" in row.get("mem_unit", "").casefold()
    return peak * (GB_PER_GIB if in_gib else 1.0) if peak else None


def _card_gb(row: Row) -> float | None:
    match = re.search(r"nvidia reserved=([\d.]+) MiB", row.get("notes", ""))
    return float(match[1]) * 2**20 / 1e9 if match else None


def _failed(row: Row) -> Failed:
    notes = row.get("notes", "")
    if "OOM" not in notes and "out of memory" not in notes.casefold():
        return ""
    return "likely" if "likely" in notes else "said"
