"""Words of published runs: cards, frameworks, optimizers and statistics however they are spelt."""

import re
from collections.abc import Sequence
from functools import cache

from tunecase import catalog
from tunecase.compute.measured.runs import Statistic
from tunecase.compute.model.blocks import AdapterTargets, Shape
from tunecase.compute.recipe import Precision
from tunecase.errors import InputError

RUNS_THE_MODEL = ("unsloth", "accelerated-peft")  # these patch the model itself, whichever trainer calls it
OWNERS = {"NVIDIA-NeMo": "NVIDIA", "foundation-model-stack": "fms-acceleration", "Lightning-AI": "litgpt"}
OPTIMIZERS = (  # the words that a text must hold; the first row that fits wins
    (("adafactor",), "adafactor"), (("galore",), "galore"), (("lion", "8bit"), "lion_8bit"), (("lion",), "lion"),
    (("sgd", "momentum"), "sgd_momentum"), (("sgd",), "sgd"), (("8bit", "paged"), "paged_adamw_8bit"),
    (("8bit",), "adamw_8bit"), (("paged",), "paged_adamw"), (("fused",), "adamw_fused"), ((), "adamw"),
)  # fmt: skip
OPTIMIZER_WORDS = {word for needed, _ in OPTIMIZERS for word in needed}
STATISTICS: tuple[tuple[Statistic, str], ...] = (  # the first that fits
    ("card", r"^(?!.*(torch|max_mem)).*(smi\b|nvml|nvtop|nvitop|gpustat|gputil|system metrics|wandb|dashboard)"),
    ("allocated", r"allocated|allocation|\balloc\b|max_?alloc|active"),
    ("reserved", r"reserved|accelerator_memory_max|cached|as logged"),
    ("card", r"smi\b|nvml|device_mem"),
)
WORD = re.compile(r"[A-Z]+\d+[A-Z]*|\d+")


def publisher(source: str) -> str:
    """Who published a run: the owner before the slash, or the first word; one publisher is one unit of every split."""
    owner = re.split(r"[/ ]", source.strip(), maxsplit=1)[0]
    return OWNERS.get(owner, owner)


def statistic(words: str) -> Statistic:
    """Which peak a source reports."""
    fold = words.casefold()
    if not fold.strip() or fold.startswith("not stated"):
        return "not stated"
    for found, pattern in STATISTICS:
        if re.search(pattern, fold):
            return found
    return "not stated"


def card_of(text: str) -> catalog.Gpu | None:
    """The card that a text names, however it is spelt; None where it names none that is known."""
    text = re.sub(r"\(.*?\)|^\s*\d+\s*[x×]\s*", " ", text).strip()
    for name in (text, re.sub(r"^(NVIDIA|GeForce|Tesla)\s+", "", text.strip(), flags=re.IGNORECASE)):
        try:
            return catalog.gpu(name.strip())
        except InputError:
            continue
    spelled = set(WORD.findall(text.upper()))
    fits = [(len(words), gpu) for gpu, words in _cards() if words and words <= spelled]
    if fits:
        return max(fits, key=lambda pair: pair[0])[1]
    return catalog.gpu("A100-80GB") if "A100" in spelled else None


@cache
def _cards() -> tuple[tuple[catalog.Gpu, frozenset[str]], ...]:
    names = [(gpu, name) for gpu in catalog.gpus() for name in (gpu.name, *gpu.aliases)]
    return tuple((gpu, frozenset(WORD.findall(name.upper()))) for gpu, name in names)


def size_in(name: str) -> float | None:
    """Parameters in 10^9 that a name states for a dense model: the only number before a B."""
    found = re.findall(r"(?<![\w.])(\d+(?:\.\d+)?)\s?[bB](?![\w])", name.replace("-", " "))
    return float(found[0]) if len(found) == 1 and "moe" not in name.casefold() else None


@cache
def framework_of(text: str) -> catalog.Framework:
    """The framework that a text names, the longest of its words winning; transformers where it names none."""
    fold = re.sub(r"pytorch[ -]lightning", "pytorch", text.casefold())  # a trainer, not litgpt's owner
    hits = [
        (framework.name in RUNS_THE_MODEL, len(word), framework)
        for framework in catalog.frameworks()
        for word in framework.words
        if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", fold)
    ]
    return max(hits, key=lambda hit: hit[:2])[-1] if hits else catalog.framework("transformers")


def names_a_framework(text: str) -> bool:
    """True where a text names a framework that is known."""
    fold = re.sub(r"pytorch[ -]lightning", "pytorch", text.casefold())
    return any(
        re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", fold)
        for framework in catalog.frameworks()
        for word in framework.words
    )


def targets_of(text: str, shape: Shape) -> AdapterTargets:
    """The adapted modules: by the model's own names where the text uses them, else by what the words mean."""
    fold, modules = text.casefold(), shape.module_names()
    words = set(re.findall(r"[a-z_]+[a-z0-9_]*", fold))
    named = tuple(name for name in modules if name.casefold() in words)
    if named:
        return named
    if {"head", "mlp"} <= words:
        return modules
    every = {"all", "linear", "mlp", "fc", "default", "gate", "up", "down", "gate_proj", "up_proj", "w1", "w2", "fc1"}
    if not fold or (words & every and "qkv" not in fold and "peft default" not in fold):
        return "all"
    if words & {"projection", "dense", "out_proj", "wo", "output_proj", "o"}:
        return "attention"
    return _query_key_value(modules) if "qkv" in fold or words & {"k", "key", "k_proj"} else "qv"


def _query_key_value(modules: Sequence[str]) -> AdapterTargets:
    """Query, key and value by the model's names: fused, apart, or the word for query and value."""
    fused = tuple(name for name in modules if name in ("c_attn", "qkv_proj", "query_key_value", "Wqkv", "W_pack"))
    return fused or tuple(name for name in modules if name in ("q_proj", "k_proj", "v_proj")) or "qv"


def precision_of(text: str) -> Precision:
    """The precision of the products that a text names; bf16 where it names none."""
    fold = text.casefold()
    if "fp8" in fold or "float8" in fold:
        return "fp8"
    if re.search(r"fp32|32-true|float32", fold) and not re.search(r"bf16|bfloat16|fp16|\bfloat16|amp|mixed", fold):
        return "fp32"
    return "fp16" if ("fp16" in fold or "float16" in fold) and "bfloat16" not in fold else "bf16"


def optimizer_of(text: str) -> str:
    """The optimizer that a text names; AdamW where it names none."""
    fold = re.sub(r"[^a-z0-9]+", " ", text.casefold()).strip()
    words = {word for word in OPTIMIZER_WORDS if word in fold} | ({"8bit"} if re.search(r"8 ?bit", fold) else set())
    return next(name for needed, name in OPTIMIZERS if words >= set(needed))
