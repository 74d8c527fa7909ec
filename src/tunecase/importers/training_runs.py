"""Tables of measured training runs: one row a run, words as published, read into set-ups."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tunecase import catalog
from tunecase.errors import InputError, Problem
from tunecase.measured import Measured, Statistic, guessed_shape
from tunecase.recipe import Recipe
from tunecase.shape import Shape, from_model, known_name

Row = Mapping[str, str]
GB_PER_GIB = 2**30 / 1e9
METHODS = {
    "full": "full", "lora": "lora", "qlora": "qlora", "dora": "lora", "rslora": "lora", "lora+": "lora", "sft": "full",
    "dpo": "full", "pretrain": "full", "pre-training": "full", "pretraining": "full", "full fine-tuning": "full",
}  # fmt: skip

RUNS_THE_MODEL = ("unsloth", "accelerated-peft")  # patch the model itself, whoever's trainer calls it
UNPACKED = re.compile(
    r"not packed|unpacked|padding-free|packing (off|false|no\b)|no packing|padded to (the )?longest|variable.length|is the max|shorter"
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
        raise InputError(Problem(str(path), got, "one run a row, with model, method, n_gpus", "see docs/method.md"))
    runs, refused = [], []
    for number, row in enumerate(unique(rows), 2):
        name = row.get("id") or f"row {number}"
        found = run_of({key: value or "" for key, value in row.items() if key}, name)
        if isinstance(found, str):
            refused.append((name, found))
        else:
            runs.append(found)
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
        return f"method {row['method']!r} is none of full, lora, qlora"
    gpu = card_of(row.get("gpu", ""))
    shape, guessed = _shape(row)
    if guessed and re.search(r"\bEP(\d|-)", row.get("sharding", "")):
        return f"model {row['model']!r} has experts and its dimensions are not known"
    if shape is None:
        return f"model {row['model']!r} is not known and its size is not stated"
    named = framework_of(f"{row.get('framework', '')} {row.get('source', '')} {row.get('notes', '').partition(';')[0]}")
    framework = catalog.framework_in(named.name, row.get("date", ""))
    gpus = int(_number(row, "n_gpus") or 1)
    recipe = Recipe(
        shape=shape,
        gpu=gpu,
        gpus=gpus,
        framework=framework.name,
        method=method,  # type: ignore[arg-type]
        rank=int(_number(row, "lora_rank") or 16),
        targets=_targets(row.get("lora_targets", ""), shape),
        sequence_tokens=int(_number(row, "seq_len") or 0) or _usual_length(row),
        **_parallel(row, gpus, framework),
    )
    recipe = recipe.but(**_batch(row, recipe), **_setup(row, words, recipe, framework))
    peak = _number(row, "peak_mem_gb_per_gpu")
    unit = GB_PER_GIB if "gib" in row.get("mem_unit", "").casefold() else 1.0
    packed = not UNPACKED.search(words)
    return Measured(
        id=name,
        publisher=publisher(row.get("source", "")),
        source=row.get("source", ""),
        date=row.get("date", ""),
        recipe=recipe.but(packing=packed),
        peak_gb=peak * unit if peak else None,
        statistic=statistic(row.get("mem_stat", "")),
        card_gb=_card_gb(row),
        tokens_per_s_per_gpu=_number(row, "tokens_per_s_per_gpu"),
        failed=_failed(row),
        guessed=guessed,
        length_known=bool(_number(row, "seq_len")),
        batch_known=bool(_number(row, "micro_batch")),
        packed=packed,
        parallel_known=bool(re.search(r"\bCP\d|sequence_parallel", row.get("sharding", ""))) or recipe.context_parallel == 1,
    )


def publisher(source: str) -> str:
    """Who published a run: the owner before the slash, or the first word; one publisher is one unit of every split."""
    owner = re.split(r"[/ ]", source.strip(), maxsplit=1)[0]
    return {"NVIDIA-NeMo": "NVIDIA", "foundation-model-stack": "fms-acceleration", "Lightning-AI": "litgpt"}.get(owner, owner)


def statistic(words: str) -> Statistic:
    """Which peak a source reports."""
    fold = words.casefold()
    if "alloc" in fold:
        return "allocated"
    if "reserved" in fold or "as logged" in fold:
        return "reserved"
    return "card" if "smi" in fold or "nvml" in fold else "not stated"


def _number(row: Row, key: str) -> float | None:
    try:
        return float(row.get(key, "").replace(",", "")) if row.get(key, "").strip() else None
    except ValueError:
        return None


def _words(row: Row) -> str:
    """Everything said of a run, folded, in which options are looked for."""
    keys = ("framework", "method", "precision", "quant", "optimizer", "sharding", "notes")
    return " ".join(row.get(key, "") for key in keys).casefold()


def _method(row: Row) -> str | None:
    method = METHODS.get(row["method"].strip().casefold())
    if method == "lora" and re.search(r"nf4|4.?bit|int4", row.get("quant", ""), re.IGNORECASE):
        return "qlora"
    if method == "qlora" and re.search(r"8.?bit|int8|2.?bit", row.get("quant", ""), re.IGNORECASE):
        return None
    return method


def card_of(text: str) -> catalog.Gpu | None:
    """The card that a text names, however it is spelt; None where it names none that is known."""
    text = re.sub(r"\(.*?\)|^\s*\d+\s*[x×]\s*", " ", text).strip()
    for name in (text, re.sub(r"^(NVIDIA|GeForce|Tesla)\s+", "", text.strip(), flags=re.IGNORECASE)):
        try:
            return catalog.gpu(name.strip())
        except InputError:
            continue
    spelled = set(re.findall(r"[A-Z]+\d+[A-Z]*|\d+", text.upper()))
    pools = [(gpu, set(re.findall(r"[A-Z]+\d+[A-Z]*|\d+", name.upper())))
             for gpu in catalog.gpus() for name in (gpu.name, *gpu.aliases)]  # fmt: skip
    fits = [(len(words), gpu) for gpu, words in pools if words and words <= spelled]
    if fits:
        return max(fits, key=lambda pair: pair[0])[1]
    return catalog.gpu("A100-80GB") if "A100" in spelled else None


def _shape(row: Row) -> tuple[Shape | None, bool]:
    model = known_name(re.sub(r"\s+\d+-node$", "", row["model"]))
    found = from_model(model) if model else None
    if found is not None:
        return found, False
    size = _number(row, "params_b") or _size_in(row["model"])
    return (guessed_shape(size * 1e9), True) if size else (None, False)


def _size_in(name: str) -> float | None:
    """Parameters in 10^9 that a name states for a dense model: the only number before a B."""
    found = re.findall(r"(?<![\w.])(\d+(?:\.\d+)?)\s?[bB](?![\w])", name.replace("-", " "))
    return float(found[0]) if len(found) == 1 and "moe" not in name.casefold() else None


def framework_of(text: str) -> catalog.Framework:
    """The framework that a text names, the longest of its words winning; transformers where it names none."""
    fold = text.casefold()
    hits = [(len(word) + (100 if known.name in RUNS_THE_MODEL else 0), known) for known in catalog.frameworks() for word in known.words
            if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", fold)]  # fmt: skip
    return max(hits, key=lambda hit: hit[0])[1] if hits else catalog.framework("transformers")


def _targets(text: str, shape: Shape) -> str | tuple[str, ...]:
    """The adapted modules: by the model's own names where the text uses them, else by what the words mean."""
    fold, known = text.casefold(), shape.module_names()
    words = set(re.findall(r"[a-z_]+[a-z0-9_]*", fold))
    named = tuple(name for name in known if name.casefold() in words)
    if named:
        return named
    if "head" in words and "mlp" in words:
        return known
    if not fold or words & {"all", "mlp", "fc", "default"} and "qkv" not in fold:
        return "all"
    if words & {"projection", "dense", "out_proj", "wo", "output_proj", "o"}:
        return "attention"
    fused = tuple(name for name in known if name in ("c_attn", "qkv_proj", "query_key_value", "Wqkv", "W_pack"))
    three = tuple(name for name in known if name in ("q_proj", "k_proj", "v_proj"))
    return (fused or three or "qv") if "qkv" in fold or words & {"k", "key", "k_proj"} else "qv"


def _usual_length(row: Row) -> int:
    """A length where none is published: the mean one where that is, else a usual one."""
    mean = re.search(r"mean tok\w* per sample (\d+)", row.get("notes", ""))
    return int(mean[1]) if mean and int(mean[1]) else 4096 if _failed(row) else 2048


def _parallel(row: Row, gpus: int, framework: catalog.Framework) -> dict[str, object]:
    text = row.get("sharding", "")
    fold = text.casefold()
    sizes = {key: int(found[1]) for key, found in ((key, re.search(rf"\b{key}(\d+)", text)) for key in ("TP", "PP", "CP")) if found}
    stage = re.search(r"zero.?(\d)|stage.?(\d)|ds.?z(\d)", fold)
    if stage:
        sharding = f"zero{next(group for group in stage.groups() if group)}" if "zero0" not in fold else "ddp"
    elif "shard_grad_op" in fold:
        sharding = "zero2"
    elif "fsdp" in fold or "full_shard" in fold or "full shard" in fold:
        sharding = "fsdp"
    elif "ddp" in fold or "data parallel" in fold:
        sharding = "ddp"
    elif "deepspeed" in fold:
        sharding = "zero3"
    elif fold.strip() == "none":
        sharding = "none"
    elif gpus > 1:
        sharding = {"megatron": "zero1", "deepspeed": "zero3"}.get(framework.engine, "fsdp")
    else:
        sharding = "none"
    offload = "none"
    if "offload" in fold:
        offload = "optimizer" if "optim" in fold else "all"
    return {
        "sharding": "none" if gpus == 1 and sharding in ("fsdp", "ddp") else sharding,
        "tensor_parallel": sizes.get("TP", 1),
        "pipeline_parallel": sizes.get("PP", 1),
        "context_parallel": sizes.get("CP", 1) * (int(m[1]) if (m := re.search(r"sequence_parallel=(\d+)", fold)) else 1),
        "offload": offload,
    }


def _batch(row: Row, recipe: Recipe) -> dict[str, object]:
    """Micro-batch and accumulation; a blank micro-batch is taken as the whole batch of one card, at most 8."""
    model = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    ways = max(recipe.gpus // model, 1)
    micro, whole = _number(row, "micro_batch"), _number(row, "global_batch")
    if micro is None:
        micro = min(max((whole or ways) / ways, 1), 8)
    accumulation = max(round((whole or 0) / (micro * ways)), 1)
    found: dict[str, object] = {"micro_batch": micro if micro != int(micro) else int(micro), "accumulation": accumulation}
    if whole and whole < ways and model == 1:  # fewer samples than cards: cards must share a sample
        together = max(int(ways // whole), 1)
        found |= {"tensor_parallel": min(together, 4), "context_parallel": max(together // 4, 1)}
    return found


def _setup(row: Row, words: str, recipe: Recipe, framework: catalog.Framework) -> dict[str, object]:
    several = recipe.gpus > 1
    said = row.get("grad_ckpt", "").strip().casefold()
    default = framework.checkpointing_several if several else framework.checkpointing_one
    ckpt = {"true": "full", "full": "full", "yes": "full", "false": "none", "none": "none", "no": "none",
            "selective": "selective", "unsloth": "offloaded", "offloaded": "offloaded"}.get(said, default)  # fmt: skip
    if ckpt == "full" and default == "offloaded":
        ckpt = "offloaded"
    precision = _precision(row)
    if not row.get("precision", "").strip() and framework.engine == "megatron" and recipe.gpu and recipe.gpu.peak_fp8_tflops:
        precision = "fp8"
    masters = framework.masters_several if several else framework.masters_one
    if precision == "fp16" and recipe.method == "full":
        masters = "32-bit"
    if re.search(r"mp=pure|pure.?bf16|bf16-true|16-true|bfloat16 weights", words):
        masters = "16-bit"
    if "mixed" in row.get("precision", "").casefold() or "mp=default" in words:
        masters = "32-bit"
    loss = framework.loss
    if re.search(r"liger|fused[_ -]?(linear|loss|cross)", words):
        loss = "fused"
    elif "foak" in words or "fast-kernels" in words:
        loss = "shifted-inplace" if loss == "shifted" else "inplace"
    elif "chunked" in words:
        loss = "chunked"
    kernels = framework.kernels
    if "foak" in words or "fast-kernels" in words:
        kernels = "foak"
    elif re.search(r"liger|unsloth|fused kernels|\bte\b|transformer engine", words):
        kernels = "fused"
    elif re.search(r"compile", words) and not re.search(r"no compile|without compile", words):
        kernels = "compiled"
    if kernels == "compiled" and loss == framework.loss == "compiled":
        loss = "compiled"
    elif loss == "compiled":
        loss = "whole"
    flash = row.get("flash_attn", "").strip().casefold()
    return {
        "checkpointing": ckpt,
        "precision": precision,
        "masters": masters,
        "step_in_backward": _paged_alone(row, recipe, framework) or bool(re.search(r"optimi[sz]er[_ -]in[_ -]b|in.?backward|lomo", words)),
        "optimizer": _optimizer(row, framework),
        "quantiser": "gptq" if "gptq" in words else "nf4",
        "trained_ends": bool(re.search(r"modules_to_save|embeddings? and (output|head|lm_head)", words)),
        "loss": loss,
        "kernels": kernels,
        "attention": "eager" if flash in ("false", "no", "eager") else "flash",
        "double_quantised": not re.fullmatch(r"(bnb-)?nf4", row.get("quant", "").strip().casefold())
        or framework.stack != "litgpt",
    }


def _precision(row: Row) -> str:
    fold = f"{row.get('precision', '')}".casefold()
    if "fp8" in fold or "float8" in fold:
        return "fp8"
    if "fp32" in fold or "32-true" in fold or "float32" in fold:
        return "fp32"
    return "fp16" if ("fp16" in fold or "float16" in fold) and "bfloat16" not in fold else "bf16"


def _paged_alone(row: Row, recipe: Recipe, framework: catalog.Framework) -> bool:
    """torchtune's one-card recipe with a paged optimizer steps in the backward pass, by its shipped configuration."""
    paged = "paged" in row.get("optimizer", "").casefold()
    return framework.stack == "torchtune" and recipe.method == "full" and recipe.gpus == 1 and paged


def _optimizer(row: Row, framework: catalog.Framework) -> str:
    """The optimizer as named, else the framework's default of the time."""
    text = row.get("optimizer", "")
    if text.strip() and "default" not in text.casefold():
        return optimizer_of(text)
    return framework.optimizer


def optimizer_of(text: str) -> str:
    """The optimizer that a text names; AdamW where it names none."""
    fold = re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()
    paged, eight = "paged" in fold, bool(re.search(r"8 ?bit", fold))
    if "adafactor" in fold or "galore" in fold:
        return "adafactor" if "adafactor" in fold else "galore"
    if "lion" in fold:
        return "lion_8bit" if eight else "lion"
    if "sgd" in fold:
        return "sgd_momentum" if "momentum" in fold else "sgd"
    if eight:
        return "paged_adamw_8bit" if paged else "adamw_8bit"
    if paged:
        return "paged_adamw"
    return "adamw_fused" if "fused" in fold else "adamw"


def _card_gb(row: Row) -> float | None:
    found = re.search(r"nvidia reserved=([\d.]+) MiB", row.get("notes", ""))
    return float(found[1]) * 2**20 / 1e9 if found else None


def _failed(row: Row):  # type: ignore[no-untyped-def]
    notes = row.get("notes", "")
    if "OOM" not in notes and "out of memory" not in notes.casefold():
        return ""
    return "likely" if "likely" in notes else "said"

