"""Reads tables of published serving measurements: each row as a set-up, a load and a throughput, or why it is not used.

The columns are those of ../shared/data/serving_runs.csv. What a row leaves out is assumed here, and only here.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tunecase import catalog
from tunecase.catalog import Gpu
from tunecase.errors import InputError
from tunecase.inference import Load, Served, Setup, released, served
from tunecase.inference.engines import engines

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "serving_runs.csv"
# Runs of further publishers, where somebody has gathered them: none are shipped.
FURTHER = SHARED.with_name("serving_further.csv")
# Sources that share a file, a house or a method are one publisher.
SISTERS = {
    "inferencex-dump": "closed-loop file",
    "nvidia-aic-gap-runs": "closed-loop file",
    "anl-llm-inference-bench": "ANL",
    "trtllm-docs-v0.17": "NVIDIA documents",
    "trtllm-docs-v0.6.1": "NVIDIA documents",
    "nvidia-nim-docs": "NVIDIA documents",
    "mlperf-inference-v4.1": "MLPerf",
    "vllm-recipes": "vLLM project",
    "vllm-blog": "vLLM project",
    "vllm-pr": "vLLM project",
}
# MLPerf states no input lengths: means of its data sets as commonly quoted (assumptions), by a word of the model.
MLPERF_INPUTS = {"llama-2-70b": 294.0, "llama2-70b": 294.0, "mixtral-8x7b": 290.0, "gpt-j": 924.0, "gptj": 924.0}
ASSUMED_INPUT_TOKENS = 512.0
ASSUMED_PRECISION = "fp16"
# Precisions of weights by words of a cell or of a model's name, in the order in which they are looked for.
PRECISIONS = (
    (r"w4a8|qoq", "w4a8"),
    (r"fp4", "fp4"),
    (r"awq|marlin|gptq(?!.*(?:8bit|int8))|int4|w4a16|\b4[- ]?bit|nf4|\bq4", "int4"),
    (r"fp8", "fp8"),
    (r"w8a8|w8a16|int8|\b8[- ]?bit", "int8"),
    (r"bf16|bfloat16", "bf16"),
    (r"fp16|float16|half|\b16[- ]?bit|^full$", "fp16"),
    (r"fp32|float32", "fp32"),
)
OPEN_LOAD = r"req\w*/s|\brps\b|\bqps\b"
MACHINE_CARDS = 8
# The words of a GPU's name that say nothing.
IDLE_GPU = (
    r"\b(?:nvidia|amd|instinct|geforce|tesla|gpus?|tensor core|generation|server edition)\b"
    r"|\b\d+ ?x ?(?=[a-z])|(?<=\w)[ -]?x\d{1,2}$|\(.*?\)"
)
# How many cards the name of a GPU counts, before it or after it.
COUNTED = r"^\D{0,2}(\d+) ?x(?= ?\D)|[ -]?x(\d{1,2})$"
# Programs for one user at a time; others that are not known are read as servers that run from Python.
SINGLE_USER = r"llama|gguf|transformers|exllama|ctranslate|mlx"


@dataclass(frozen=True)
class Run:
    """One published measurement that can be predicted: output tokens per second and card, of `replicas` replicas."""

    id: str
    publisher: str
    source: str
    setup: Setup
    load: Load
    replicas: float
    tokens_per_s_per_card: float
    measured: bool
    layout: tuple[str, ...]
    assumed: tuple[str, ...] = field(default=())

    @property
    def dense_at_work(self) -> bool:
        """Whether it is of the population that people fine-tune: dense, at most 80B, at least 16 requests in flight."""
        busy = self.load.concurrency is None or self.load.concurrency >= 16
        return self.setup.model.experts == 0 and self.setup.model.params <= 80.5e9 and busy


@dataclass(frozen=True)
class Skipped:
    """A row that holds no throughput that can be compared, and why."""

    id: str
    publisher: str
    why: str


def read_runs(path: Path) -> tuple[list[Run], list[Skipped]]:
    """The runs of a table and the rows that are not used, exact repeats among them."""
    runs: list[Run] = []
    skipped: list[Skipped] = []
    seen: set[tuple[str, ...]] = set()
    for number, row in enumerate(_rows(path), start=2):
        content = tuple(text for name, text in row.items() if name not in ("id", "notes"))
        name = row.get("id") or f"line {number}"
        publisher = publisher_of(row.get("source", ""))
        if content in seen:
            skipped.append(Skipped(name, publisher, "an exact repeat"))
            continue
        seen.add(content)
        run = read_row(row, name)
        (runs if isinstance(run, Run) else skipped).append(run)  # type: ignore[arg-type]
    return runs, skipped


def publisher_of(source: str) -> str:
    """The publisher of a source: sisters are one, any other is its own."""
    return SISTERS.get(source.strip(), source.strip() or "no source")


def read_row(row: dict[str, str], name: str) -> Run | Skipped:
    """One row as a run, or why it is not used."""
    publisher = publisher_of(row.get("source", ""))
    try:
        return _run(row, name, publisher)
    except InputError as unknown:
        problem = unknown.problems[0]
        return Skipped(name, publisher, f"unknown {problem.where}: {problem.got}")
    except _LeftOutError as reason:
        return Skipped(name, publisher, str(reason))


class _LeftOutError(Exception):
    """A row lacks what a comparison needs."""


def _run(row: dict[str, str], name: str, publisher: str) -> Run:
    if _text(row, "engine") in ("hosted-api", "hosted api"):
        raise _LeftOutError("a hosted API on unknown hardware")
    if not row.get("source", "").startswith("mlperf") and _is_open(row):
        raise _LeftOutError("an open load: its throughput is the rate at which requests were sent")
    if row.get("source", "").startswith("mlperf") and _text(row, "model").startswith(("gpt-j", "gptj")):
        raise _LeftOutError("searched with four beams for each request")
    cards = _number(row, "n_gpus") or _cards_of_layout(row) or _counted(row)
    if not cards or cards < 1:
        raise _LeftOutError("the number of cards is not stated")
    if not _number(row, "output_len"):
        raise _LeftOutError("the output length is not stated")
    card, model = card_of(_text(row, "gpu")), _model(row)
    assumed: list[str] = []
    precision = _precision(row, card, assumed)
    output = _number(row, "output_len") or 0.0
    tensor, pipeline, all_cards = _layout(row, int(cards), model, card, precision)
    replicas = max(1.0, all_cards / (tensor * pipeline))
    concurrency, kind = _concurrency(row)
    load = Load(
        input_tokens=_input_tokens(row, assumed),
        output_tokens=output,
        concurrency=None if concurrency is None else max(1.0, concurrency / replicas),
        kind=kind,
        cached_share=0.0,
    )
    setup = Setup(
        model=model,
        card=card,
        precision=precision,
        tensor=tensor,
        pipeline=pipeline,
        engine=_engine(row),
        engine_date=date_of(row),
        kv_precision="fp8" if re.search(r"fp8[- ]kv|kv[- _](?:cache[- _](?:dtype )?)?fp8", _text(row, "notes")) else "",
        adapters=int("unmerged" in _text(row, "notes")),
    )
    truth, measured = _truth(row, load, concurrency, cards)
    if concurrency is not None and concurrency < replicas:
        truth *= replicas / concurrency  # the other replicas had nothing to do
    layout = tuple(
        _text(row, key) for key in ("engine", "engine_version", "model", "gpu", "precision", "n_gpus", "tp", "parallel")
    )
    return Run(
        name, publisher, row.get("source", ""), setup, load, replicas, truth * cards / all_cards, measured,
        (publisher, *layout), tuple(assumed),
    )  # fmt: skip


def _is_open(row: dict[str, str]) -> bool:
    return "rate" in _text(row, "load_kind") or bool(re.search(OPEN_LOAD, _text(row, "concurrency_or_rate")))


def _rows(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {str(key): (text or "").strip() for key, text in row.items() if isinstance(text, str) or text is None}


def _text(row: dict[str, str], key: str) -> str:
    text = row.get(key, "").strip()
    return "" if text.casefold() in ("nan", "none", "n/a", "unknown", "-") else text.casefold()


def _number(row: dict[str, str], key: str) -> float | None:
    found = re.search(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", _text(row, key).replace(",", ""))
    return float(found[0]) if found else None


@cache
def card_of(name: str) -> Gpu:
    """The card that a name in any spelling means. Raises InputError with near names."""
    words = re.sub(r"(?<=\d)g\b", "gb", re.sub(IDLE_GPU, " ", re.sub(r"[\s_-]+", " ", name.casefold())))
    bare = " ".join(words.split())
    memory = " ".join(re.findall(r"\b\d+ ?gi?b\b", bare))
    form = " ".join(re.findall(r"\b(?:pcie|nvl)\b", bare))
    plain = " ".join(re.sub(r"\b(?:\d+ ?gi?b|pcie|nvl|sxm\d?|oam|hgx|dgx|hbm\w*)\b", " ", bare).split())
    for text in (name, bare, f"{plain} {form} {memory}", f"{plain} {form}", f"{plain} {memory}", plain):
        try:
            return catalog.gpu({"a100": "A100-80GB", "v100": "V100-16GB"}.get(text.strip(), text.strip()))
        except InputError:
            continue
    return catalog.gpu(name)


def _model(row: dict[str, str]) -> Served:
    name = row.get("model", "").strip()
    try:
        return served(name)
    except InputError:
        size = _number(row, "params_b")
        if not size:
            raise
        return served(f"{name}-{size:g}b")


def _precision(row: dict[str, str], card: Gpu, assumed: list[str]) -> str:
    stated, model = _text(row, "precision"), _text(row, "model")
    found = next((word for text in (stated, model) for way, word in PRECISIONS if re.search(way, text)), "")
    if found or stated not in ("", "auto", "default"):
        return found or stated
    assumed.append("precision")
    if row.get("source", "").startswith("mlperf") and card.peak_fp8_tflops:
        return "fp4" if card.generation == "blackwell" else "fp8"
    return ASSUMED_PRECISION


def _input_tokens(row: dict[str, str], assumed: list[str]) -> float:
    stated = _number(row, "input_len")
    if stated is not None:
        return stated
    assumed.append("input length")
    model = _text(row, "model")
    return next((tokens for word, tokens in MLPERF_INPUTS.items() if word in model), ASSUMED_INPUT_TOKENS)


def _cards_of_layout(row: dict[str, str]) -> float | None:
    """Cards by the tensor and pipeline degree, None where attention is split by data as well."""
    parallel = _text(row, "parallel")
    stages = re.search(r"\bpp(\d+)", parallel)
    if re.search(r"adp(?!1\b)\d", parallel):
        return None
    tensor = _number(row, "tp")
    return tensor * int(stages[1]) if tensor and stages else tensor


def _counted(row: dict[str, str]) -> float | None:
    """Cards as the name of the GPU counts them, None where attention is split by data as well."""
    found = re.search(COUNTED, _text(row, "gpu"))
    return float(found[1] or found[2]) if found and "adp" not in _text(row, "parallel") else None


def _layout(row: dict[str, str], cards: int, model: Served, card: Gpu, precision: str) -> tuple[int, int, float]:
    """Tensor and pipeline degree, and the cards that worked."""
    parallel = _text(row, "parallel")
    stages = re.search(r"\bpp(\d+)", parallel)
    pipeline = int(stages[1]) if stages else 1
    stated = _number(row, "tp")
    split = re.search(r"moetp(\d+)\S* ep(\d+)", parallel)
    # This file multiplies both degrees where experts were split as well; the names of its rows hold the cards.
    squared = split is not None and split[1] == split[2] and stated == cards == int(split[1]) ** 2 > 1
    if split and squared and row.get("source") == "inferencex-dump":
        return int(split[1]), pipeline, float(split[1])
    if stated:
        # Beyond one machine it is no tensor parallelism but several replicas, or nodes for inputs and for outputs.
        return max(1, min(int(stated), cards, MACHINE_CARDS)), pipeline, float(cards)
    if row.get("source", "").startswith("mlperf"):
        return _fewest(cards, model, card, precision), pipeline, float(cards)
    return max(1, min(cards // pipeline, MACHINE_CARDS)), pipeline, float(cards)


def _fewest(cards: int, model: Served, card: Gpu, precision: str) -> int:
    """The fewest cards of a replica that hold a model, a power of two."""
    width = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0}.get(precision, 0.57)
    tensor = 1
    while tensor < cards and model.params * width > 0.8 * card.memory_gib * 2**30 * tensor:
        tensor *= 2
    return min(tensor, cards)


def _concurrency(row: dict[str, str]) -> tuple[float | None, str]:
    """Requests in flight, None where capacity alone limits them, and the kind of load."""
    text, kind = _text(row, "concurrency_or_rate"), _text(row, "load_kind")
    finite = re.search(r"inf\w* *\(\D*(\d[\d,]*)", text)
    if finite:
        # Synthetic requests are of one length and end together; real ones thin out.
        alike = all((_number(row, key) or 0.5).is_integer() for key in ("input_len", "output_len"))
        return float(finite[1].replace(",", "")), "steady" if alike else "burst"
    if not text or "inf" in text or "offline" in text or "max" in text:
        return None, "offline"
    if re.search(OPEN_LOAD, text):
        return None, "steady"
    count = _number(row, "concurrency_or_rate")
    return (count or None), "burst" if "burst" in kind else "steady"


def _engine(row: dict[str, str]) -> str:
    name = _text(row, "engine")
    if name in ("", "other"):
        return "lmdeploy" if "turbomind" in _text(row, "engine_version") + _text(row, "notes") else "other"
    known = [(a, e.name) for e in engines() for a in (e.name, *e.aliases) if name.startswith(a.casefold())]
    inside = [(e.name, e.name) for e in engines() if e.name in name.replace("trtllm", "tensorrt-llm")]
    unknown = name if re.search(SINGLE_USER, name) else "other"
    return max(known or inside, key=lambda pair: len(pair[0]), default=("", unknown))[1]


def date_of(row: dict[str, str]) -> str:
    """The month of the engine: of its version where that is known, else of the measurement; empty where neither is."""
    version = _text(row, "engine_version") or _text(row, "engine")
    number = re.search(r"\d+\.\d+(?:\.\d+)*", "" if "tensorrt 9" in version or "tensorrt 10" in version else version)
    month = released(_engine(row), number[0]) if number else ""
    stated = re.match(r"(20\d\d)(?:-(\d\d))?", _text(row, "date"))
    return month or (f"{stated[1]}-{stated[2] or '06'}" if stated else "")


def _truth(row: dict[str, str], load: Load, concurrency: float | None, cards: float) -> tuple[float, bool]:
    """Output tokens per second and card, and whether they were measured rather than derived."""
    measured = _number(row, "output_tokens_per_s_per_gpu")
    total = _number(row, "tokens_per_s_total")
    if not measured and total and _number(row, "input_len") is not None:
        measured = total * load.output_tokens / (load.input_tokens + load.output_tokens) / cards
    if measured:
        return measured, True
    derived = _number(row, "derived_output_tps_per_gpu")
    first, each = _number(row, "ttft_ms"), _number(row, "tpot_ms")
    if not derived and first and each and concurrency:
        seconds = (first + each * (load.output_tokens - 1)) / 1000
        derived = concurrency * load.output_tokens / seconds / cards
    if derived:
        return derived, False
    raise _LeftOutError("no throughput is stated")
