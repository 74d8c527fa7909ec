"""What serving must know of a model, from its name, its config.json, or at worst the size in its name."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp, log
from pathlib import Path

from tunecase import catalog
from tunecase.compute.model import Mixer, Shape, read_shape
from tunecase.errors import InputError
from tunecase.inference.setup import Served

# Sizes and depths of common dense models [10^9 parameters, layers, hidden]: what a size alone is read as.
TYPICAL = ((0.5, 24, 1024), (1.5, 28, 1536), (3, 28, 3072), (8, 32, 4096), (14, 44, 5120), (32, 62, 5120),
           (70, 80, 8192), (180, 96, 12288), (405, 126, 16384))  # fmt: skip
TYPICAL_KV_WIDTH = 2 * 8 * 128  # keys and values of eight heads of 128
TYPICAL_EXPERTS, TYPICAL_ACTIVE_EXPERTS = 128, 8
# In a name such as 8x7B the experts share the attention: 47 of 56 billion parameters in Mixtral-8x7B.
SHARED_IN_EXPERTS = 0.835
SIZE = r"(?<![\d.a-z])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?:[-_ ]?a(\d+(?:\.\d+)?)b)?(?![a-z0-9])"
IDLE = r"[-_ ](?:99(?:\.9+)?|fp8|fp4|nvfp4|mxfp4|int8|int4|awq|gptq|bf16|fp16|kv|dynamic|quantized|w\da\d+)(?=$|[-_ ])"


@dataclass(frozen=True, slots=True)
class _Row:
    """A model of serving_models.csv: dimensions, or the model that it is `like`."""

    name: str
    aliases: tuple[str, ...]
    like: str
    params_b: float
    active_b: float
    layers: int
    hidden: int
    kv_elements: float
    kv_heads: int
    experts: int
    active_experts: int
    context: int
    pair_flop: float
    cached_pair_flop: float
    source: str
    date: str


def served(name_or_config: str, base: Path | None = None, *, online: bool = False) -> Served:
    """What serving must know of a model: counted where it can be, from a table of released models, else from its size.

    Args:
        name_or_config: a name in any common spelling, the path of a config.json, or an owner/name of the hub.
        base: folder against which a relative path is read.
        online: whether the hub may be asked for the config.json of a name that is not known here.
    Returns: the model; `guessed` says why its dimensions are not exact.
    Raises: InputError where neither the name nor the size in it is known.

    Example:
        >>> served("Meta-Llama-3.1-8B-Instruct-FP8").kv_elements
        65536.0
        >>> served("acme-corp-30b-a3b").active
        3000000000.0

    Leaves out vision towers, and that indexed attention looks at a part of the cache only: it is counted in full.
    """
    if base is None and not online:
        return _from_name(name_or_config)
    return _found(name_or_config, base, online=online)


@cache
def _from_name(name: str) -> Served:
    return _found(name, None, online=False)


def _found(name: str, base: Path | None, *, online: bool) -> Served:
    row = _released().get(_plain(name))
    if row is not None and not row.like:
        return _of_row(row)
    try:
        return served_shape(read_shape(row.like if row else name, base, online=online))
    except InputError as unknown:
        guess = _of_bare(name) or _of_size(name)
        if guess is None:
            raise unknown from None
        return guess


def _of_bare(name: str) -> Served | None:
    """The model of a name without words of quantisation or of accuracy targets, None where that is not known either."""
    bare = re.sub(IDLE, "", name.casefold())
    if bare == name.casefold() or not bare:
        return None
    guess = _found(bare, None, online=False)
    return None if guess.guessed else guess


@cache
def _released() -> dict[str, _Row]:
    rows = catalog.table("serving_models", _Row)
    return {_plain(name): row for row in rows for name in (row.name, *row.aliases)}


def _plain(name: str) -> str:
    """A name without owner, case, words of tuning and quantisation, and punctuation."""
    bare = re.sub(IDLE, "", name.rsplit("/", 1)[-1].casefold())
    bare = re.sub(r"[-_ ](?:instruct|it|chat|base|hf|thinking)(?=$|[-_ ])", "", bare)
    return re.sub(r"[\s_-]", "", bare)


def _of_row(row: _Row) -> Served:
    return Served(
        name=row.name,
        params=row.params_b * 1e9,
        active=row.active_b * 1e9,
        layers=row.layers,
        hidden=row.hidden,
        kv_elements=row.kv_elements,
        experts=row.experts,
        context=row.context,
        active_experts=row.active_experts,
        kv_heads=row.kv_heads,
        pair_flop=row.pair_flop,
        cached_pair_flop=row.cached_pair_flop,
    )


def served_shape(shape: Shape) -> Served:
    """What serving must know of a model whose dimensions are counted."""
    layers = tuple(shape.mixers())
    windows = [mixer.window for _, mixer in layers if mixer.window]
    latent = any(mixer.latent for _, mixer in layers)
    return Served(
        name=shape.name,
        params=float(shape.params),
        active=float(min(shape.product_params, shape.params)),
        layers=shape.layers,
        hidden=shape.hidden,
        kv_elements=float(sum(count * mixer.cache for count, mixer in layers if not mixer.window)),
        experts=shape.experts,
        window=max(windows, default=0),
        kv_window_elements=float(sum(count * mixer.cache for count, mixer in layers if mixer.window)),
        context=shape.context,
        active_experts=shape.active_experts,
        kv_heads=1 if latent else max(shape.kv_heads, 1),
        pair_flop=2.0 * sum(count * (mixer.query + mixer.value) for count, mixer in layers),
        cached_pair_flop=2.0 * sum(count * _meets(mixer) for count, mixer in layers),
        state_elements=float(sum(count * mixer.state for count, mixer in layers)),
    )


def _meets(mixer: Mixer) -> int:
    """Products per pair with the cache. Latent attention reads it folded: each head meets the whole vector."""
    return 2 * mixer.heads * mixer.latent if mixer.latent else mixer.query + mixer.value


def _of_size(name: str) -> Served | None:
    """A model of typical shape with the size that a name states, None where it states none."""
    stated = re.search(SIZE, name.rsplit("/", 1)[-1].casefold())
    if not stated:
        return None
    copies, size, part = (float(text) if text else 0.0 for text in stated.groups())
    if not size:
        return None
    params = size * copies * SHARED_IN_EXPERTS if copies else size
    active = part or (2 * size * SHARED_IN_EXPERTS + size * (1 - SHARED_IN_EXPERTS) if copies else size)
    layers, hidden = _typical(active if copies or not part else (active * params) ** 0.5)
    experts = int(copies) or (TYPICAL_EXPERTS if part else 0)
    return Served(
        name=name,
        params=params * 1e9,
        active=active * 1e9,
        layers=layers,
        hidden=hidden,
        kv_elements=float(layers * TYPICAL_KV_WIDTH),
        experts=experts,
        guessed=f"only the size in the name {name} is known; depth, width and cache are those usual for that size",
        active_experts=(2 if copies else TYPICAL_ACTIVE_EXPERTS) if experts else 0,
    )


def _typical(size_b: float) -> tuple[int, int]:
    """Layers and hidden width usual for a size, between the neighbours in `TYPICAL` by its logarithm."""
    clipped = min(max(size_b, TYPICAL[0][0]), TYPICAL[-1][0])
    for (small, layers, hidden), (large, more_layers, more_hidden) in pairwise(TYPICAL):
        if clipped <= large:
            part = log(clipped / small) / log(large / small)
            return round(layers + part * (more_layers - layers)), round(hidden * exp(part * log(more_hidden / hidden)))
    raise AssertionError("unreachable")
