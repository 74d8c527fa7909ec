"""Peak memory of a training run on each card, before it runs: named terms, phases, and a band from evidence."""

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from tunecase import catalog
from tunecase.compute.memory.states import linear_bytes, prepared, states_of
from tunecase.compute.model.blocks import Part
from tunecase.compute.recipe import Method, Number, Recipe
from tunecase.quantities import Z80

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["fits", "tight", "does not fit"]

GB_PER_GIB = 2**30 / 1e9

CONTEXT_GB, LINKS_GB = 1.0, 1.0  # CUDA context and kernels; NCCL channels
WHOLE_LOGITS = ("whole", "shifted", "inplace", "shifted-inplace")
WORKSPACE_GB = 0.018  # two cuBLAS handles of 8.5 MB
SCORE_BYTES_KEPT, SCORE_BYTES_BACKWARD = 6.0, 12.0  # eager attention, per head and pair of tokens, traced

__all__ = ["GB_PER_GIB", "Method", "Peak", "Verdict", "fit_verdict", "peak_memory", "phases", "usable_gb"]


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak allocated memory of one GPU in GB (10^9 bytes) with its 80% band, and what it is made of."""

    low_gb: float
    mid_gb: float
    high_gb: float
    phase: str
    terms: tuple[tuple[str, float], ...]

    @property
    def dominant(self) -> str:
        """The largest term."""
        return max(self.terms, key=lambda term: term[1])[0]


def phases(recipe: Recipe) -> dict[str, dict[str, Number]]:
    """Bytes on one card in each phase of a step, as named terms; sums are compared, never added over phases.

        loss             lasting + kept + (c V + d h) T + root               c and d bytes, from losses.csv
        first backward   lasting + kept + again + layer T + root + units     the model's last layer, all inputs kept
        last backward    lasting + gradients + layer T + root + units        the model's first layer, nothing kept
        optimizer step   lasting + gradients + step

    T is the tokens of the longest micro-batch, V the vocabulary and h the hidden width; root and units are what
    sharding gathers whole, again the layer inputs that it keeps a second time. With gradient accumulation, the
    gradients of earlier micro-batches are there in every phase.

    Args:
        recipe: the run; its sizes may be arrays.
    Returns: terms in bytes by phase.
    """
    states = states_of(recipe)
    lasting = states.lasting
    framework = catalog.framework(recipe.framework)
    row = stack(recipe)
    kept, loss, layer = _kept(recipe, row), _loss(recipe, framework), _layer(recipe, row)
    root, units, again = *_gathered(recipe, framework), _again(recipe, row)
    gradients = {"gradients": states.gradients}
    earlier = {"gradients": states.accumulated}
    return {
        "loss": _sum(lasting, earlier, kept, loss, root),
        "first backward layer": _sum(lasting, earlier, kept, again, layer, root, units),
        "last backward layer": _sum(
            lasting, {"gradients": largest([states.gradients, states.accumulated])}, layer, root, units
        ),
        "optimizer step": _sum(lasting, gradients, {"optimizer's step": states.step}),
    }


def stack(recipe: Recipe) -> catalog.Stack:
    """The row of catalog/tables/stacks.csv from which a run's activations are computed."""
    framework = catalog.framework(recipe.framework)
    return catalog.stack(_stack_name(recipe, framework), recipe.method, recipe.kernels)


def _stack_name(recipe: Recipe, framework: catalog.Framework) -> str:
    """32-bit weights under autocast keep the residual stream in 32 bit, as a prepared 4-bit base does; sharding's mixed
    precision casts both to 16 bit."""
    if recipe.method == "qlora" and framework.prepared and not prepared(recipe, framework):
        return f"{framework.stack}-unprepared"
    own_weights = recipe.method == "full" and recipe.masters == "32-bit" and recipe.sharding in ("none", "ddp")
    return f"{framework.stack}-wide" if own_weights and framework.engine == "fsdp" else framework.stack


def _sum(*parts: dict[str, Number]) -> dict[str, Number]:
    total: dict[str, Number] = {}
    for part in parts:
        for name, size in part.items():
            total[name] = total.get(name, 0.0) + size
    return total


def _scale(recipe: Recipe) -> float:
    """Activations of 32-bit training are twice as wide; tensor parallelism cuts them."""
    return (2.0 if recipe.precision == "fp32" else 1.0) / recipe.tensor_parallel


def _layers(recipe: Recipe) -> float:
    """Layers whose activations one card keeps: those that learn or lie above one that does."""
    frozen = recipe.frozen_layers if recipe.method == "full" else 0
    return max(recipe.shape.layers - frozen, 0) / recipe.pipeline_parallel


def _kept(recipe: Recipe, row: catalog.Stack) -> dict[str, Number]:
    """Bytes that the forward pass keeps for the backward pass."""
    shape, each = recipe.shape, recipe.tokens * _layers(recipe) * _scale(recipe)
    if recipe.checkpointing == "offloaded":
        return {"kept layer inputs": 0.0 * each}
    if recipe.checkpointing == "full":
        # sharding's mixed precision casts to 16 bit what preparation or autocast keeps in 32
        size = row.input_bytes if recipe.sharding in ("none", "ddp", "zero1", "zero2") else 2.0
        return {"kept layer inputs": each * size * shape.hidden}
    if recipe.checkpointing == "selective":
        products = (
            shape.query + 2 * shape.key + shape.hidden + (2 if shape.gated else 1) * shape.active_ffn + shape.hidden
        )
        return {"kept activations": each * (2 * shape.hidden + 2 * shape.query + products)}
    text = row.kept if shape.gated else row.kept_ungated
    width = _width(text, recipe, row) + (_width(row.carried, recipe, row) if row.carried else 0.0)
    return {"kept activations": each * width, **_scores(recipe, SCORE_BYTES_KEPT * _layers(recipe))}


@cache
def _formula(text: str) -> tuple[tuple[float, str], ...]:
    """`12f+18h` as its coefficients and letters."""
    return tuple((float(term[:-1]), term[-1]) for term in text.split("+"))


def _width(text: str, recipe: Recipe, row: catalog.Stack) -> float:
    """Bytes per token that a formula of the stack gives for a model."""
    shape = recipe.shape
    adapters = recipe.method != "full"
    parts = {matrix.part for _, matrix in shape.adapted(recipe.targets)} if adapters else set()
    letters = {
        "h": shape.hidden,
        "q": shape.query,
        "k": shape.key,
        "K": shape.key * (shape.key == shape.query),
        "f": shape.active_ffn,
        "m": shape.hidden * ("mlp" in parts),
        "g": shape.active_ffn * ("mlp" in parts),
        "a": _inputs(recipe, row, parts) if adapters else 0.0,
        "r": _ranks(recipe) if adapters else 0.0,
    }
    return sum(number * letters[letter] for number, letter in _formula(text))


def _inputs(recipe: Recipe, row: catalog.Stack, parts: set[Part]) -> float:
    """Input features that the adapters of a mean layer keep: once per adapter, or once per distinct input."""
    if row.inputs == "each":
        return recipe.shape.adapter_inputs(recipe.targets)
    mlp = recipe.shape.hidden + recipe.shape.active_ffn
    return recipe.shape.hidden * ("attention" in parts) + mlp * ("mlp" in parts)


def _ranks(recipe: Recipe) -> float:
    """Rank x adapters that a token meets in a mean layer."""
    met = sum(count * matrix.active for count, matrix in recipe.shape.adapted(recipe.targets))
    return recipe.rank * met / recipe.shape.layers


def _scores(recipe: Recipe, each: float) -> dict[str, Number]:
    """Eager attention's scores: bytes x heads x s per token."""
    if recipe.attention != "eager":
        return {}
    return {"attention scores": each * recipe.shape.heads * recipe.sequence_tokens * recipe.tokens * _scale(recipe)}


def _layer(recipe: Recipe, row: catalog.Stack) -> dict[str, Number]:
    """Bytes of the one layer being worked on backwards."""
    each = recipe.tokens * _scale(recipe)
    width = max(_width(moment, recipe, row) for moment in row.layer.split("|"))
    unpacked = {} if row.read_off else _unpacked(recipe)  # constants read off runs include it already
    return {"layer in backward": each * width, **unpacked, **_scores(recipe, SCORE_BYTES_BACKWARD)}


def _unpacked(recipe: Recipe) -> dict[str, Number]:
    """The one 4-bit matrix that is unpacked to 16 bit while it is used."""
    if recipe.method != "qlora":
        return {}
    largest_matrix = max(m.inputs * m.outputs for block in recipe.shape.blocks for m in block.matrices)
    return {"unpacked 4-bit matrix": 2.0 * largest_matrix / recipe.tensor_parallel}


def _loss(recipe: Recipe, framework: catalog.Framework) -> dict[str, Number]:
    """Logits and their loss; a 4-bit head is unpacked to 16 bit and cast beside them."""
    row = catalog.loss_memory(_stack_name(recipe, framework), recipe.loss)
    letters = {"V": recipe.shape.vocab, "h": recipe.shape.hidden}
    width = sum(number * letters[letter] for number, letter in _formula(row.bytes))
    terms = {"logits and loss": recipe.tokens * width / recipe.tensor_parallel}
    if recipe.method == "qlora" and framework.quantised_head:
        terms["unpacked 4-bit matrix"] = 4.0 * recipe.shape.vocab * recipe.shape.hidden
    return terms


def _again(recipe: Recipe, row: catalog.Stack) -> dict[str, Number]:
    """Sharded frozen layers keep each layer's input a second time in the backward pass."""
    if recipe.checkpointing != "full" or recipe.sharding != "fsdp":
        return {}
    several = recipe.gpus > 1
    return {
        "kept layer inputs": recipe.tokens * several * row.again_bytes * recipe.shape.hidden * (_layers(recipe) - 2)
    }


def _gathered(recipe: Recipe, framework: catalog.Framework) -> tuple[dict[str, Number], dict[str, Number]]:
    """Bytes of what sharding gathers whole: the root (embedding and head), and the layers at work."""
    if recipe.sharding not in ("zero3", "fsdp"):
        return {}, {}
    shape, several = recipe.shape, recipe.gpus > 1
    root = 2.0 * (shape.embedding_params + shape.head_params) / recipe.tensor_parallel
    layer = linear_bytes(recipe.but(precision="bf16")) * shape.layer_params / recipe.tensor_parallel
    return {"gathered whole": root * several}, {"gathered whole": framework.whole_units * layer * several}


def peak_gb(recipe: Recipe) -> Number:
    """Middle of the band of `peak_memory`, for arrays of sizes too [GB, 10^9 bytes]."""
    return largest([sum(terms.values()) for terms in phases(recipe).values()]) / 1e9 + WORKSPACE_GB


def largest(sizes: "Iterable[Number]") -> Number:
    """The largest of some numbers or arrays, element by element."""
    sizes = list(sizes)
    if all(isinstance(size, int | float) for size in sizes):
        return max(sizes)
    import numpy as np

    top = sizes[0]
    for size in sizes[1:]:
        top = np.maximum(top, size)
    return top


def peak_memory(recipe: Recipe) -> Peak:
    """Peak memory that a training run allocates on one GPU.

        peak = max over phases of the sum of its terms, see `phases`

    Args:
        recipe: the run; every size a plain number.
    Returns: the Peak [GB]; its band is the spread of errors on runs of publishers that were not learnt from.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> mistral = read_shape("mistralai/Mistral-7B-v0.1")
        >>> round(peak_memory(Recipe(mistral, method="full", sequence_tokens=4096, micro_batch=4)).mid_gb, 2)
        72.44

    With checkpointing and up to some 8,192 tokens a step, qlora <= lora <= full for models of 7B and more; without it,
    the adapters' copies of their inputs can make LoRA's activations larger than those of full fine-tuning.
    Leaves out loading and evaluation, which can peak higher; the allocator's reserve (see `reserved_gb`); and paged or
    offloaded states, which take as much memory on the host.
    """
    by_phase = phases(recipe)
    phase = max(by_phase, key=lambda name: sum(by_phase[name].values()))
    terms = {name: size / 1e9 for name, size in by_phase[phase].items() if size} | {"workspace": WORKSPACE_GB}
    mid = sum(terms.values())
    low, high = band(recipe)
    return Peak(mid * low, mid, mid * high, phase, tuple(sorted(terms.items(), key=lambda term: -term[1])))


@cache
def _usable() -> dict[str, float]:
    return {row["gpu"]: float(row["usable_gb"]) for row in catalog.read_table("usable_memory")}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Relative standard deviations: of what lies on a card whatever the batch, of the rest, and of each statistic."""

    lasting: float
    rest: float
    reserved: float
    card: float


@cache
def doubt() -> Doubt:
    """The doubt of catalog/tables/memory_doubt.csv, learnt from publishers whose runs set none of the constants."""
    rows = {row["part"]: float(row["relative_sd"]) for row in catalog.read_table("memory_doubt")}
    return Doubt(rows["lasting"], rows["rest"], rows["reserved"], rows["card"])


def lasting_share(recipe: Recipe) -> Number:
    """L, the share of the peak that lies there whatever the batch: weights, masters and optimizer states."""
    return sum(states_of(recipe).lasting.values()) / 1e9 / peak_gb(recipe)


def relative_sd(recipe: Recipe, sd: Doubt | None = None, statistic: str = "allocated") -> Number:
    """Relative standard deviation of a predicted peak; an array where sizes are arrays.

        sd^2 = (sd_lasting L)^2 + (sd_rest (1 - L))^2 + sd_statistic^2

    Weights and states follow from the framework's documentation; activations, which depend on kernels and versions,
    carry most of the doubt, so a band is narrow where states rule and wide where the batch does.
    """
    sd = sd or doubt()
    share = lasting_share(recipe)
    more = {"allocated": 0.0, "reserved": sd.reserved, "not stated": sd.reserved, "card": sd.card}[statistic]
    return ((sd.lasting * share) ** 2 + (sd.rest * (1 - share)) ** 2 + more**2) ** 0.5


def band(recipe: Recipe, sd: Doubt | None = None, statistic: str = "allocated") -> tuple[Number, Number]:
    """Factors on the middle between which 80% of unseen publishers' runs lie: exp(-1.28 sd), exp(1.28 sd)."""
    wide = Z80 * relative_sd(recipe, sd, statistic)
    if isinstance(wide, int | float):
        return math.exp(-wide), math.exp(wide)
    import numpy as np

    return np.exp(-wide), np.exp(wide)


def usable_gb(gpu: catalog.Gpu) -> float:
    """Allocated memory in GB (10^9 bytes) that a run can reach on a card before it fails.

    Source: usable_memory.csv. On the A100-80GB it is the fullest run known, 80.32 of 85.9 GB; on other cards
    the same share of the total. Leaves out other processes on the card and allocator settings, about 2% either way.
    """
    return _usable()[gpu.name]


def fit_verdict(peak: Peak, gpu: catalog.Gpu) -> Verdict:
    """fits: the whole band lies under what the card can hold; tight: that limit lies inside it; else does not fit."""
    usable = usable_gb(gpu)
    if peak.high_gb <= usable:
        return "fits"
    return "tight" if peak.low_gb <= usable else "does not fit"


def reserved_gb(recipe: Recipe) -> Number:
    """What the allocator holds at the middle of the band, on a card that is not nearly full [GB].

        reserved = allocated + 0.15 (allocated - lasting) + 2.5 B x T V + one gathered layer

    T V counts only where the logits are whole. Source: fms-acceleration's runs under 62 GB, on one card and on several,
    what the card showed beside what was allocated: 5% off in the median, 17% or more in one of ten. Leaves out full
    cards, where the allocator gives cached blocks back, and its own settings (expandable segments hold less).
    """
    lasting = sum(states_of(recipe).lasting.values()) / 1e9
    logits = 2.5e-9 * recipe.tokens * recipe.shape.vocab * (recipe.loss in WHOLE_LOGITS)
    _, layer = _gathered(recipe, catalog.framework(recipe.framework))
    mid = peak_gb(recipe)
    return mid + 0.15 * (mid - lasting) + logits + sum(layer.values()) / 1e9


def card_gb(recipe: Recipe) -> Number:
    """What the card's own display (nvidia-smi) shows [GB]: reserved, 1 of context, 1 for buffers of several cards."""
    return reserved_gb(recipe) + CONTEXT_GB + LINKS_GB * (recipe.gpus > 1)
