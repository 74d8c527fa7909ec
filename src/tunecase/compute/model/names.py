"""Finds the model that a name in any common spelling means, and never guesses between two shapes."""

import re
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
