"""Tables of measured training runs, one run per row, in words as published: read into set-ups."""

import csv
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from tunecase import catalog
from tunecase.compute.measured.rows import Row, cell, number
from tunecase.compute.measured.runs import Failed, Measured, guessed_shape
from tunecase.compute.measured.set_up import batch, parallel, setup, states_context
from tunecase.compute.measured.unsaid import is_packed, unsaid
from tunecase.compute.measured.words import card_of, framework_of, publisher, size_in, statistic, targets_of
from tunecase.compute.model.blocks import Shape
from tunecase.compute.model.names import known_name
from tunecase.compute.model.reading import from_model
from tunecase.compute.recipe import Recipe
from tunecase.errors import InputError, Problem

GB_PER_GIB = 2**30 / 1e9
METHODS = {
    "full": "full", "lora": "lora", "qlora": "qlora", "dora": "lora", "rslora": "lora", "lora+": "lora", "sft": "full",
    "dpo": "full", "pretrain": "full", "pre-training": "full", "pretraining": "full", "full fine-tuning": "full",
}  # fmt: skip

COMPLETE = ("model", "method", "gpu", "n_gpus", "seq_len", "micro_batch")
NARROW = re.compile(r"8.?bit|int8|[23].?bit|aqlm|eetq")  # bases that are no 4-bit ones
MOST_CELL = 500  # characters; what is looked for in them takes the square of their length
EXPERTS = re.compile(r"\d[bB]?-[aA]\d|\bmoe\b|\dx\d+b", re.IGNORECASE)
CUT = re.compile(r"\s*\bcut to (\d+) layers")
NEAR = 0.2  # a model of one family stands in for another whose parameters differ by no more than this share


@dataclass(frozen=True, slots=True)
class Runs:
    """What a table held: runs that could be read, and (id, reason) of those that could not.

    `complete` holds the ids of rows, read or refused, that state model, method, card, cards, length and micro-batch;
    `unknown_cards` the cards, as named, that are not in the tables.
    """

    runs: tuple[Measured, ...]
    refused: tuple[tuple[str, str], ...]
    complete: frozenset[str] = frozenset()
    unknown_cards: tuple[str, ...] = ()


def read(path: Path) -> Runs:
    """The runs of a table. Raises InputError for a file without the columns that every run needs."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(lines)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(str(path), str(error)[:200], "a CSV file in UTF-8", "check the path")) from error
    needed = {"model", "method", "n_gpus"}
    if not rows or not needed <= set(rows[0]):
        got = f"columns {', '.join(rows[0])[:200]}" if rows else "no rows"
        raise InputError(Problem(str(path), got, "one run a row, with model, method, n_gpus", "add what is missing"))
    runs, refused, named = [], [], {}
    for place, row in enumerate(unique(rows), 2):
        name = row.get("id") or f"row {place}"
        named[name] = row
        run = _too_long(row) or run_of(row, name)
        if isinstance(run, str):
            refused.append((name, run))
        else:
            runs.append(run)
    complete = frozenset(name for name, row in named.items() if all(_states(row, key) for key in COMPLETE))
    cards = [row["gpu"] for row in named.values() if _states(row, "gpu") and card_of(row["gpu"]) is None]
    return Runs(tuple(runs), tuple(refused), complete, tuple(cards))


def _too_long(row: Row) -> str:
    """Why a row is not read: a cell that no table of runs holds; empty where each is short enough."""
    longest = max(map(len, row.values()), default=0)
    return f"a cell of {longest:,} characters, where {MOST_CELL} are read" if longest > MOST_CELL else ""


def _states(row: Row, key: str) -> bool:
    """True where a cell holds something, and not that it is not stated."""
    text = cell(row, key)
    return bool(text) and not re.search(r"^not stated|not (named|printed|given)", text)


def unique(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without repeats: equal in all but id and notes."""
    kept = {tuple(value for key, value in row.items() if key not in ("id", "notes")): row for row in reversed(rows)}
    return list(reversed(kept.values()))


def run_of(row: Row, name: str) -> Measured | str:
    """One run, or why it cannot be read."""
    method, (shape, guessed) = _method(row), _shape(row)
    if method is None:
        return _why_no_method(row)
    if shape is None:
        return f"model {row['model']!r} is not known and its size is not stated (params_b)"
    if guessed and (EXPERTS.search(row["model"]) or re.search(r"\bep(\d|-)", cell(row, "sharding"))):
        return f"model {row['model']!r} has experts, and its dimensions are not known"
    gpus = int(number(row, "n_gpus") or 0)
    if not gpus and re.search(r"zero.?[23]|fsdp|full.shard", cell(row, "sharding")):
        return "the cards share the model, and how many they are (n_gpus) is not stated"
    recipe = _recipe(row, method, shape, max(gpus, 1))
    if _states(row, "gpu") and recipe.gpu is None and number(row, "peak_mem_gb_per_gpu") is None:
        return f"card {row['gpu'].strip()!r} is not in the tables"
    return _measured(row, name, recipe, guessed)


def _measured(row: Row, name: str, recipe: Recipe, guessed: bool) -> Measured:
    """The run with what was measured of it."""
    return Measured(
        id=name,
        publisher=publisher(row.get("source", "")),
        source=row.get("source", ""),
        date=row.get("date", ""),
        recipe=recipe,
        peak_gb=_peak_gb(row),
        statistic=statistic(row.get("mem_stat", "")),
        card_gb=_card_gb(row),
        tokens_per_s_per_gpu=number(row, "tokens_per_s_per_gpu"),
        failed=_failed(row),
        guessed=guessed,
        length_known=number(row, "seq_len") is not None,
        batch_known=number(row, "micro_batch") is not None,
        packed=recipe.packing,
        parallel_known=recipe.context_parallel == 1 or states_context(row),
        unsaid=unsaid(row, recipe),
    )


def _recipe(row: Row, method: str, shape: Shape, gpus: int) -> Recipe:
    """The set-up that a row states, its framework's defaults for the rest."""
    named = framework_of(f"{row.get('framework', '')} {row.get('source', '')} {row.get('notes', '').partition(';')[0]}")
    framework = catalog.framework_in(named.name, row.get("date", ""))
    recipe = Recipe(
        shape=shape,
        gpu=card_of(row.get("gpu", "")),
        gpus=gpus,
        framework=framework.name,
        method=method,  # type: ignore[arg-type]
        rank=int(number(row, "lora_rank") or 16),
        targets=targets_of(row.get("lora_targets", ""), shape),
        sequence_tokens=int(number(row, "seq_len") or 0) or _usual_length(row),
        packing=is_packed(row),
        **parallel(row, gpus, framework),
    )
    return recipe.but(**batch(row, recipe), **setup(row, recipe, framework))


def _method(row: Row) -> str | None:
    """full, lora or qlora; None for another method, and for a quantised base that is not of 4 bits."""
    text, quantised = cell(row, "method"), cell(row, "quant")
    method = METHODS.get(text)
    if method is None and (plain := re.search(r"\bq-?lora\b|\blora\b|\b(?:full|sft|pre-?train)", text)):
        method = "qlora" if plain[0].startswith("q") else "lora" if plain[0] == "lora" else "full"
    if method == "lora" and re.search(r"nf4|4.?bit|int4|gptq|awq", quantised):
        method = "qlora"
    return None if method != "full" and NARROW.search(quantised) else method


def _why_no_method(row: Row) -> str:
    if NARROW.search(cell(row, "quant")):
        return f"a base in {row['quant']!r} is not predicted, 4 bits are"
    return f"method {row['method']!r} is not full, lora or qlora"


def _shape(row: Row) -> tuple[Shape | None, bool]:
    """The model's shape, and whether only its size is known; near models of one family stand in for each other."""
    text = re.sub(r"\s+\d+-node$", "", row["model"]).strip()
    size = number(row, "params_b") or size_in(text)
    bare = re.sub(r"\(.*?\)", " ", text).strip()
    if shape := _known_shape(text, bare):
        return shape, False
    if size is None:
        return None, False
    own_dimensions = re.search(r"\d+ layers|\bdim\b", text)  # of nobody else's model
    near = None if own_dimensions else _near(bare, size, experts=EXPERTS.search(text) is not None)
    return (near, False) if near else (guessed_shape(size * 1e9), True)


def _known_shape(text: str, bare: str) -> Shape | None:
    """The shape of a model that is known by name, with fewer layers where it was cut to some."""
    cut = CUT.search(text)
    for name in (text, bare, re.sub(r"-(like|style)\b", "", bare), CUT.sub("", text)):
        model = known_name(name.strip()) or known_name(re.sub(r"[ _]+", "-", name.strip()))
        if model and not (re.search(r"\blayers\b", text) and not cut):
            return from_model(replace(model, layers=int(cut[1])) if cut else model)
    return None


def _near(name: str, size: float, experts: bool) -> Shape | None:
    """The model of the same family, dense or of experts alike, whose name begins most alike, and then whose size.

    Only models within NEAR of the size count.
    """
    wanted = name.rsplit("/", 1)[-1].casefold()
    family = re.match(r"[a-z]+", wanted)
    if family is None:
        return None
    kin = []
    for model in catalog.models():
        own, gap = model.name.rsplit("/", 1)[-1].casefold(), abs(math.log(model.params / (size * 1e9)))
        if own.startswith(family[0]) and (model.experts > 0) == experts and gap <= NEAR:
            alike = next((at for at, pair in enumerate(zip(own, wanted, strict=False)) if len(set(pair)) > 1), len(own))
            kin.append((-alike, gap, model))
    return from_model(min(kin, key=lambda each: each[:2])[2]) if kin else None


def _usual_length(row: Row) -> int:
    """A length [tokens] where none is published: the published mean, else a usual length."""
    mean = re.search(r"mean tok\w* per sample (\d+)", row.get("notes", ""))
    return int(mean[1]) if mean and int(mean[1]) else 4096 if _failed(row) else 2048


def _peak_gb(row: Row) -> float | None:
    """The peak in GB of 10^9 bytes; the unit is that of the figure, not of what it was converted from."""
    peak, unit = number(row, "peak_mem_gb_per_gpu"), cell(row, "mem_unit")
    if peak is None:
        return None
    if "gib" in unit:
        return peak * GB_PER_GIB
    return peak * 2**20 / 1e9 if unit.startswith("mib") else peak / 1e3 if unit == "mb" else peak


def _card_gb(row: Row) -> float | None:
    match = re.search(r"nvidia reserved=([\d.]+) MiB", row.get("notes", ""))
    return float(match[1]) * 2**20 / 1e9 if match else None


def _failed(row: Row) -> Failed:
    """Whether memory ran out: a row with a result ran, whatever its notes say of others."""
    said = row.get("notes", "")
    if number(row, "peak_mem_gb_per_gpu") or number(row, "tokens_per_s_per_gpu"):
        return ""
    if not re.search(r"(?<!no )(?<!without )\b(OOM|[oO]ut of memory)\b", said):
        return ""
    return "likely" if "likely" in said else "said"
