"""Peak memory of a training run on each card, before it runs: named terms, phases, and a band from evidence."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

from tunecase import catalog
from tunecase.compute.memory.sampling import with_sampling
from tunecase.compute.memory.states import States, autocast, largest, least, linear_bytes, prepared, states_of
from tunecase.compute.model.blocks import Part
from tunecase.compute.recipe import Method, Number, Recipe

Verdict = Literal["fits", "tight", "does not fit"]

GB_PER_GIB = 2**30 / 1e9

CONTEXT_GB, LINKS_GB = 1.0, 1.0  # CUDA context and kernels; NCCL channels
REUSED_PARAMS = 5e8  # half of DeepSpeed's max_reuse_distance: so near to the end, the backward pass comes soon
WORKSPACE_GB = 0.018  # two cuBLAS handles of 8.5 MB
SCORE_BYTES_KEPT, SCORE_BYTES_BACKWARD = 6.0, 12.0  # eager attention, per head and pair of tokens, traced
# Features that the operations of a running state or a convolution keep, in 16 bit. Counted from the code of the fused
# kernels, in no run; what transformers computes without these keeps 3 to 10 times as much (traced on a CPU).
MIXED_BYTES = 2.0

__all__ = ["GB_PER_GIB", "Method", "Peak", "Verdict", "fit_verdict", "peak_memory", "phases", "usable_gb"]


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak allocated memory of one GPU in GB (10^9 bytes), and what it is made of."""

    mid_gb: float
    phase: str
    terms: tuple[tuple[str, float], ...]

    @property
    def dominant(self) -> str:
        """The largest term."""
        return max(self.terms, key=lambda term: term[1])[0]


def phases(recipe: Recipe) -> dict[str, dict[str, Number]]:
    """Bytes on one card in each phase of a step, as named terms; sums are compared, never added over phases.

        loading          weights + the tensor that is being quantised                         4-bit bases alone
        loss             lasting + kept + copies + (c V + d h) T + root      c and d bytes, from losses.csv
        first backward   lasting + kept + again + copies + layer T + root + units     the last layer, all inputs kept
        last backward    lasting + gradients + layer T + root + units        the model's first layer, nothing kept
        optimizer step   lasting + gradients + step

    T is the tokens of the longest micro-batch, V the vocabulary and h the hidden width; root and units are what
    sharding gathers whole, again the layer inputs that it keeps a second time; copies are the 16-bit ones that autocast
    makes of 32-bit weights. With gradient accumulation, the gradients of earlier micro-batches are there in every
    phase but loading.

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
    copies, at_work = _copies(recipe, framework)
    gradients = {"gradients": states.gradients}
    earlier = {"gradients": states.accumulated}
    loading = _loading(recipe, states)
    by_phase = ({"loading": loading} if loading else {}) | {
        "loss": _sum(lasting, earlier, kept, copies, loss, root),
        "first backward layer": _sum(lasting, earlier, kept, again, at_work, layer, root, units),
        "last backward layer": _sum(
            lasting, {"gradients": largest([states.gradients, states.accumulated])}, at_work, layer, root, units
        ),
        "optimizer step": _sum(lasting, gradients, {"optimizer's step": states.step}),
    }
    return with_sampling(by_phase, recipe, states)


def stack(recipe: Recipe) -> catalog.Stack:
    """The row of catalog/tables/stacks.csv from which a run's activations are computed."""
    framework = catalog.framework(recipe.framework)
    return catalog.stack(_stack_name(recipe, framework), recipe.method, recipe.kernels)


def _stack_name(recipe: Recipe, framework: catalog.Framework) -> str:
    """32-bit weights under autocast keep the residual stream in 32 bit, as a prepared 4-bit base does; sharding's mixed
    precision casts both to 16 bit."""
    if recipe.method == "qlora" and not prepared(recipe, framework):
        return f"{framework.stack}-unprepared"
    return f"{framework.stack}-wide" if autocast(recipe, framework) else framework.stack


def _loading(recipe: Recipe, states: States) -> dict[str, Number]:
    """The weights, and the largest tensor in 16 bit while it is quantised; experts lie there apart and joined.

    Source: transformers 5.24 core_model_loading.py: with quantisation one tensor at a time, experts of one layer
    stacked into one tensor first. Sharded bases are quantised on the host or piece by piece.
    """
    if recipe.method != "qlora" or recipe.quantiser != "nf4" or recipe.sharding in ("zero3", "fsdp"):
        return {}
    matrices = [matrix for block in recipe.shape.blocks for matrix in block.matrices]
    largest_tensor = max(matrix.weights * (2 if matrix.copies > 1 else 1) for matrix in matrices)
    return {"weights": states.weights, "tensor being quantised": 2.0 * largest_tensor / recipe.tensor_parallel}


def _copies(recipe: Recipe, framework: catalog.Framework) -> tuple[dict[str, Number], dict[str, Number]]:
    """16-bit copies of 32-bit weights under autocast: at the end of the forward pass, and in the backward pass.

    A copy of a trained weight is cached until the forward pass ends, one of a frozen weight is not; without
    checkpointing the backward pass needs them all, with it those of the layer at work. Source: traced (transformers
    5.24, torch 2.13), torch autocast_mode.cpp cached_cast.
    """
    if not autocast(recipe, framework):
        return {}, {}
    shape, trained = recipe.shape, recipe.method == "full"
    whole = 2.0 * (shape.linear_params + shape.vocab * shape.hidden * trained) / recipe.tensor_parallel
    layer = 2.0 * shape.layer_params / recipe.tensor_parallel
    dropped = recipe.checkpointing in ("full", "offloaded")
    name = "16-bit copies of weights"
    return {name: whole if trained or not dropped else 0.0}, {name: layer if dropped else whole}


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
    if recipe.checkpointing == "offloaded":  # that of the layer at work is back on the card
        return {"kept layer inputs": recipe.tokens * _scale(recipe) * 2.0 * shape.hidden}
    if recipe.checkpointing == "full":
        # sharding's mixed precision casts to 16 bit what preparation or autocast keeps in 32
        size = row.input_bytes if recipe.sharding in ("none", "ddp") else 2.0
        return {"kept layer inputs": each * size * shape.hidden}
    mixed, query = MIXED_BYTES * shape.mixed("kept"), shape.mixed("query")
    if recipe.checkpointing == "selective":
        products = (
            query + 2 * shape.mixed("key") + shape.hidden + (2 if shape.gated else 1) * shape.active_ffn + shape.hidden
        )
        return {"kept activations": each * (2 * shape.hidden + 2 * query + products + mixed)}
    text = row.kept if shape.gated else row.kept_ungated
    width = _width(text, recipe, row) + (_width(row.carried, recipe, row) if row.carried else 0.0)
    return {"kept activations": each * (width + mixed), **_scores(recipe, SCORE_BYTES_KEPT * _layers(recipe))}


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
        "q": shape.mixed("query"),
        "k": shape.mixed("key"),
        "K": shape.mixed("key") * (shape.key == shape.query),
        "f": shape.active_ffn,
        "m": shape.hidden * ("mlp" in parts),
        "g": shape.active_ffn * ("mlp" in parts),
        "a": _inputs(recipe, row, parts) if adapters else 0.0,
        "r": _ranks(recipe) if adapters else 0.0,
        "e": shape.hidden * shape.active_experts if shape.experts else 0.0,
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
    heads = recipe.shape.mixed("heads")
    return {"attention scores": each * heads * recipe.sequence_tokens * recipe.tokens * _scale(recipe)}


def _layer(recipe: Recipe, row: catalog.Stack) -> dict[str, Number]:
    """Bytes of the one layer being worked on backwards."""
    each = recipe.tokens * _scale(recipe)
    width = max(_width(moment, recipe, row) for moment in row.layer.split("|"))
    width += 2 * MIXED_BYTES * max(mixer.kept for _, mixer in recipe.shape.mixers)  # and their gradients
    unpacked = {} if row.read_off else _unpacked(recipe)  # constants read off runs include it already
    return {"layer in backward": each * width, **unpacked, **_formed(recipe), **_scores(recipe, SCORE_BYTES_BACKWARD)}


def _formed(recipe: Recipe) -> dict[str, Number]:
    """What adapters that form whole weights hold beside the layer at work.

    The largest change of a matrix in 32 bit, its sum with the weights in 16 bit, an identity in 32 bit; and of each
    adapted matrix of the layer the outputs of base and adapter. Source: peft 0.21 tuners/lora/dora.py.
    """
    if recipe.method == "full" or not catalog.adapter(recipe.adapter).weight_bytes:
        return {}
    adapted = recipe.shape.adapted(recipe.targets)
    whole = max(6.0 * m.inputs * m.outputs + 4.0 * m.inputs**2 for _, m in adapted) / recipe.tensor_parallel
    outputs = sum(count * m.active * m.outputs for count, m in adapted) / recipe.shape.layers
    return {"adapted weights": whole + 4.0 * outputs * recipe.tokens * _scale(recipe)}


def _unpacked(recipe: Recipe) -> dict[str, Number]:
    """The one 4-bit matrix that is unpacked to 16 bit while it is used."""
    if recipe.method != "qlora":
        return {}
    largest_matrix = max(m.inputs * m.outputs for block in recipe.shape.blocks for m in block.matrices)
    return {"unpacked 4-bit matrix": 2.0 * largest_matrix / recipe.tensor_parallel}


def _loss(recipe: Recipe, framework: catalog.Framework) -> dict[str, Number]:
    """Logits and their loss; a 4-bit head is unpacked to 16 bit and cast beside them."""
    stack = f"{framework.stack}-compiled" if recipe.kernels == "compiled" else framework.stack
    row = catalog.loss_memory(f"{framework.stack}-wide" if autocast(recipe, framework) else stack, recipe.loss)
    sizes = {"V": recipe.shape.vocab, "h": recipe.shape.hidden}
    parts = {letter: number * sizes[letter] * recipe.tokens for number, letter in _formula(row.bytes)}
    logits = least(parts.pop("V", 0.0), row.most_gb * 1e9 if row.most_gb else math.inf)
    terms = {"logits and loss": (logits + sum(parts.values())) / recipe.tensor_parallel}
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
    """Bytes of what sharding gathers whole, in the type of the products: the layers at work, and the root.

    The root is embedding and head; DeepSpeed gathers one of them at a time, and keeps what it meets again soon.
    """
    if recipe.sharding not in ("zero3", "fsdp"):
        return {}, {}
    shape, several = recipe.shape, recipe.gpus > 1
    ends: float = shape.embedding_params + shape.head_params
    if recipe.sharding == "zero3":
        ends = max(shape.embedding_params, min(REUSED_PARAMS, shape.params))
    root = 2.0 * ends / recipe.tensor_parallel
    each = linear_bytes(recipe.but(precision="bf16")) if recipe.method == "qlora" else 2.0
    layer = each * shape.layer_params / recipe.tensor_parallel
    return {"gathered whole": root * several}, {"gathered whole": framework.whole_units * layer * several}


def peak_gb(recipe: Recipe) -> Number:
    """Middle of the band of `peak_memory`, for arrays of sizes too [GB, 10^9 bytes]."""
    return largest([sum(terms.values()) for terms in phases(recipe).values()]) / 1e9 + WORKSPACE_GB


def peak_memory(recipe: Recipe) -> Peak:
    """Peak memory that a training run allocates on one GPU.

        peak = max over phases of the sum of its terms, see `phases`

    Args:
        recipe: the run; every size a plain number.
    Returns: the Peak [GB]; its band is worked out in doubt/bands.py.

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
    return Peak(mid, phase, tuple(sorted(terms.items(), key=lambda term: -term[1])))


USABLE_SHARE = 80.32 / 85.9  # the fullest run known on the A100-80GB


@cache
def _usable() -> dict[str, float]:
    return {row["gpu"]: float(row["usable_gb"]) for row in catalog.read_table("usable_memory")}


def usable_gb(gpu: catalog.Gpu) -> float:
    """Allocated memory in GB (10^9 bytes) that a run can reach on a card before it fails.

    Source: usable_memory.csv. On the A100-80GB it is the fullest run known, 80.32 of 85.9 GB; on other cards
    the same share of the total. Leaves out other processes on the card and allocator settings, about 2% either way.
    """
    return USABLE_SHARE * gpu.stated_gb or _usable()[gpu.name]


def fit_verdict(low_gb: float, high_gb: float, gpu: catalog.Gpu) -> Verdict:
    """fits: the whole band lies under what the card can hold; tight: that limit lies inside it; else does not fit."""
    usable = usable_gb(gpu)
    if high_gb <= usable:
        return "fits"
    return "tight" if low_gb <= usable else "does not fit"


def reserved_gb(recipe: Recipe) -> Number:
    """What the allocator holds at the middle of the band, on a card that is not nearly full [GB].

        reserved = allocated + 1.4 sqrt(largest) + 0.5 min(activations, gradients + step) + 2 gathered layers

    `largest` is the larger of the loss's and the layer's own tensors [GB], which come and go and leave holes that grow
    less than they do; activations is what the forward and backward passes add to what lasts. Blocks of activations
    serve gradients and the optimizer's step but half. Source: what cards showed or reserved beside what was allocated,
    fms-acceleration's runs under 62 GB and AnswerDotAI's: 6% off in the median, 15% or more in one of ten. Leaves out
    full cards, where the allocator gives cached blocks back, and its own settings (expandable segments, which Unsloth,
    axolotl and torchtitan switch on, hold less).
    """
    states, by_phase = states_of(recipe), phases(recipe)
    lasting = sum(states.lasting.values())
    passes = [by_phase[name] for name in ("loss", "first backward layer")]
    activations = largest([sum(terms.values()) for terms in passes]) - lasting
    coming_and_going = largest([by_phase["loss"]["logits and loss"], passes[1]["layer in backward"]])
    shared = -largest([-activations, -(states.gradients + states.step)])
    _, layer = _gathered(recipe, catalog.framework(recipe.framework))
    holes = 1.4 * (coming_and_going / 1e9) ** 0.5 + 0.5 * shared / 1e9 + 2 * sum(layer.values()) / 1e9
    return peak_gb(recipe) + holes


def card_gb(recipe: Recipe) -> Number:
    """What the card's own display (nvidia-smi) shows [GB]: reserved, 1 of context, 1 for buffers of several cards."""
    return reserved_gb(recipe) + CONTEXT_GB + LINKS_GB * (recipe.gpus > 1)
