"""Finds the model that a name in any common spelling means, and never guesses between two shapes."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from tunecase import catalog

# Words that name a packing, a tuning or an owner, not other dimensions.
IDLE = frozenset(
    "hf chat instruct instruction it base gptq awq gguf ggml bnb exl hqq aqlm marlin dynamic unsloth meta model sft "
    "dpo orpo lora qlora quantized quant precision qat pretrained pt mt the".split()
)
# How far a name is stripped.
DEPTHS = 3
BITS = r"\b(?:int|fp|bf|nf|w)\d+(?:a\d+)?\b|\b\d+[ _-]?bits?\b|\bg?128g?\b"
TOKENS = r"\d+x\d+(?:\.\d+)?[bm]?(?![a-z])|a?\d+(?:\.\d+)?[bmk](?![a-z0-9])|\d+(?:\.\d+)*|[a-z]+"
SIZE = r"(?:e|a)?(?<!\d)(\d+(?:\.\d+)?)([bmt])(?![a-z0-9])"
BARE_SIZE = re.compile(r"\d[\s_-]+\d+(?:\.\d+)?\s*$")  # a version, and a size without its letter
MILLIONS = {"m": 1, "b": 1e3, "t": 1e6}
NAMED = 3  # near names in one answer
SIZES_APART = 1.5  # farther apart than this factor, one model says little of another
CONFIG = "give its config.json: `tunecase fit path/to/config.json` (it is on the model's page, under Files)"
UNDERSCORED = r"(?<=\d)[_p](?=\d+(?:\b|[_-]))(?!\d+[bm])"


def known_name(text: str) -> catalog.Model | None:
    """The model of the tables that a name means, when exactly one shape answers to it.

    The name is tried as it stands, then without its owner, then without words that do not change dimensions (`-hf`,
    `-Instruct`, `-bnb-4bit`, `-GPTQ`), then without a version (`v0.1`) and a date.

    Args:
        text: a name, such as "unsloth/llama-3-8b-bnb-4bit".
    Returns: the model; None where no shape answers, or where several do.

    Example:
        >>> known_name("TheBloke/Llama-2-70B-GPTQ").name
        'meta-llama/Llama-2-70b-hf'
        >>> known_name("llama-9b") is None
        True
    """
    key = text.strip().casefold()
    if key in _exact():
        return _exact()[key]
    for depth in range(DEPTHS):
        models = _by_words(depth).get(_words(key, depth))
        if models is not None:
            return _same_shape(models)
    return None


def near_names(text: str) -> str:
    """The models nearest to an unknown name, of its family and about its size, as words for an error's fix.

    Args:
        text: a name that no model answers to.
    Returns: near names, or that there are none; and always how to hand over the model's config.json.

    Example:
        >>> near_names("Qwen3-VL-9B").partition(" Or")[0]
        'did you mean Qwen/Qwen3-VL-8B-Instruct or Qwen/Qwen2.5-VL-7B-Instruct?'
        >>> near_names("nova-7b").partition(";")[0]
        'no model of this family is in the tables'
    """
    named = _parts(text)
    if not named.size and BARE_SIZE.search(text):
        named = _parts(f"{text.strip()}b")
    if named.size and (mistyped := get_close_matches(text.strip().casefold(), list(_exact()), 1, 0.9)):
        near = _exact()[mistyped[0]].name
        if _parts(near).size == named.size:
            return f"did you mean {near}? Or {CONFIG}"
    kin = {model: parts for model in catalog.models() if (parts := _parts(model.name)).family == named.family}
    if not kin:
        return f"no model of this family is in the tables; {CONFIG}"
    apart = {model: named.apart(parts) for model, parts in kin.items()}
    like = [model for model in kin if apart[model][2] <= SIZES_APART] or list(kin)
    line = min(apart[model][0] for model in like)
    shapes: dict[tuple[int, int], str] = {}
    for model in sorted((model for model in like if apart[model][0] == line), key=apart.__getitem__):
        shapes.setdefault((model.params, model.hidden), model.name)
    names, sure = " or ".join([*shapes.values()][:NAMED]), named.size or len(shapes) == 1
    return f"did you mean {names}? Or {CONFIG}" if sure else f"of its family there are {names}; or {CONFIG}"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a name states: its family, other words (coder, vl), version and millions of parameters; 0: not stated."""

    family: str
    words: frozenset[str]
    version: float
    size: float

    def apart(self, other: "_Parts") -> tuple[int, float, float]:
        """Words that the other lacks, difference of versions (newer first without one), and ratio of sizes."""
        ratio = max(self.size, other.size) / max(min(self.size, other.size), 1.0) if self.size else 1.0
        versions = abs(self.version - other.version) if self.version else -other.version
        return len(self.words - other.words), versions, ratio


@cache
def _parts(name: str) -> _Parts:
    text = name.rsplit("/", 1)[-1].casefold()
    sizes = [float(number) * MILLIONS[unit] for number, unit in re.findall(SIZE, text)]
    found = [word for word in re.findall(r"[a-z]+|\d+(?:\.\d+)?", re.sub(SIZE, " ", text)) if word not in IDLE]
    words = [word for word in found if word.isalpha() and len(word) > 1] or [""]
    version = next((float(word) for word in found if not word.isalpha()), 0.0)
    return _Parts(words[0], frozenset(words[1:]), version, max(sizes, default=0.0))


@cache
def _exact() -> dict[str, catalog.Model]:
    return {name.casefold(): model for model in catalog.models() for name in (model.name, *model.aliases)}


@cache
def _by_words(depth: int) -> dict[tuple[str, ...], tuple[catalog.Model, ...]]:
    """The models that share what is left of a name at one depth of stripping."""
    index: dict[tuple[str, ...], tuple[catalog.Model, ...]] = {}
    for name, model in _exact().items():
        words = _words(name, depth)
        if model not in index.get(words, ()):
            index[words] = (*index.get(words, ()), model)
    return index


def _words(name: str, depth: int) -> tuple[str, ...]:
    """The words of a name: 0 without its owner, 1 without idle words, 2 without version and date as well."""
    text = re.sub(UNDERSCORED, ".", name.rsplit("/", 1)[-1])
    if not depth:
        return tuple(_merged(re.findall(TOKENS, text)))
    words = re.findall(TOKENS, re.sub(BITS, " ", text.replace("_", "-")))
    words = [word for word in words if word not in IDLE]
    # "llama-v2-7b" is Llama 2; in "mistral-7b-v0.1" the number behind the v is a release of the same model.
    words = [word for i, word in enumerate(words) if word != "v" or "." in "".join(words[i + 1 : i + 2])]
    return tuple(_merged(words if depth == 1 else _without_release(words)))


def _without_release(words: list[str]) -> list[str]:
    """The words without a version behind a v, and without dates."""
    versions = {i for i, word in enumerate(words[:-1]) if word == "v"}
    dropped = versions | {i + 1 for i in versions}
    return [w for i, w in enumerate(words) if i not in dropped and not (w.isdecimal() and len(w) >= 4)]


def _merged(words: list[str]) -> list[str]:
    """Neighbouring words without digits as one: Tiny-Llama is TinyLlama."""
    merged: list[str] = []
    for word in words:
        if merged and merged[-1].isalpha() and word.isalpha():
            merged[-1] += word
        else:
            merged.append(word)
    return merged


def _same_shape(models: tuple[catalog.Model, ...]) -> catalog.Model | None:
    """The model with the longest context where all have one shape, else None."""
    kinds = {(m.architecture, m.params, m.layers, m.hidden, m.ffn, m.kv_heads, m.vocab) for m in models}
    return max(models, key=lambda model: model.context) if len(kinds) == 1 else None
