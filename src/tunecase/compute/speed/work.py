"""What one training step asks of a card: operations, bytes moved, kernels launched, bytes sent to other cards."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.compute.lengths import Lengths
from tunecase.compute.memory.states import linear_bytes
from tunecase.compute.model.blocks import Shape
from tunecase.compute.recipe import Number, Recipe
from tunecase.compute.speed import links
from tunecase.quantities import np

# Bytes read and written per token and feature by the small operations of one layer's forward pass, counted from the
# operations themselves: two norms, two residual sums, rotary positions of q and k, the gate or the activation.
# "eager" runs a norm as seven kernels in 32 bit, "native" as one, "fused" also joins positions, gate and sums.
MOVED = {  # (per h, per q + k, per f)
    "eager": (84.0, 20.0, 10.0),
    "native": (24.0, 12.0, 6.0),
    "fused": (16.0, 4.0, 6.0),
}
KERNELS = {"eager": 45.0, "native": 28.0, "fused": 18.0}  # launched by one layer's forward pass
ADAPTER_KERNELS, UNPACK_KERNELS = 6.0, 6.0  # per adapted and per 4-bit matrix, per pass
SHARDED_KERNELS, EXPERT_KERNELS = 170.0, 12.0  # gathering one layer, and one expert of an eager mixture, per pass
ADAPTER_BYTES = {  # per input and output feature of an adapted matrix: cast to 32 bit and dropout; product, scale, sum
    "eager": (10.0, 8.0),
    "native": (4.0, 8.0),
    "fused": (2.0, 4.0),
}
SCORE_BYTES = 20.0  # per score of eager attention: written, scaled, masked, softmax in 32 bit, cast, read
LOSS_BYTES = {  # per logit, forward and backward
    "shifted": 44.0,
    "whole": 36.0,
    "shifted-inplace": 20.0,
    "inplace": 12.0,
    "chunked": 28.0,
    "compiled": 16.0,
    "fused": 8.0,
}
COMPILED_LOSS = 16.0  # at most, where a compiler joins the casts and the softmax
# Operations per token and number of a running state, which is decayed, added to and read: counted from the recurrences
# of Mamba-2 (5 to 6) and of the gated delta rule (7 to 8); chunks add products. In no measured run.
STATE_FLOPS = 8.0
AGAIN = {"none": (0.0, 0.0), "selective": (0.5, 1.0), "full": (1.0, 1.0), "offloaded": (1.0, 1.0)}
VIRTUAL_STAGES = 3.0  # interleaving of a pipeline's stages: 1 to 12 in published runs


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one card, per micro-batch; `step_*` once per optimizer step. Numbers or arrays."""

    product_flops: Number
    attention_flops: Number
    moved_bytes: Number
    adapter_bytes: Number
    weight_bytes: Number
    unpacked_bytes: Number
    loss_bytes: Number
    kernels: Number
    shared_bytes: Number
    gathered_bytes: Number
    step_reduced_bytes: Number
    step_optimizer_bytes: Number
    host_bytes: Number
    step_host_bytes: Number
    micro_batches: Number
    pipeline_fill: Number


@dataclass(frozen=True, slots=True)
class Passes:
    """How often things are done, in units of one forward pass: products, small operations, weight gradients."""

    products: float
    small: float
    weights: float


def passes(recipe: Recipe) -> Passes:
    """Forward 1, gradient of the inputs 1, of the weights 1 where they learn; small operations 1 and 2.

    Checkpointing repeats what it dropped. Frozen blocks at the bottom have only a forward pass. A reference model
    adds the forward passes that objectives.csv names.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> passes(Recipe(read_shape("llama-2-7b"), method="full", checkpointing="none"))
        Passes(products=3.0, small=3.0, weights=1.0)
    """
    again, small_again = AGAIN[recipe.checkpointing]
    if recipe.checkpointing == "selective" and recipe.framework in _habits():
        again = float(_habits()[recipe.framework]["selective"])
        small_again = 2 * again
    full = recipe.method == "full"
    learning = 1 - recipe.frozen_layers / recipe.shape.layers if full else 1.0
    weights = learning if full else 0.0
    forward = 1 + recipe.further_passes
    return Passes(forward + learning * (1 + again) + weights, forward + learning * (2 + small_again), weights)


def flops_per_token(recipe: Recipe) -> Number:
    """Floating-point operations that the hardware executes to train one token.

        full     (6 + 2 a) N + attention                  forward 2, gradients of inputs 2, of weights 2
        adapters (4 + 2 a) N + (6 + 2 a) A + attention    the frozen base needs no gradient of its weights
        attention  (4 + 10 + 4 a') L q s / 2              flash: forward 4, backward 10 (it forms the scores again),
                                                          halved since a causal kernel skips what lies ahead
                   (4 + 8 + 4 a') L q s                   eager: nothing skipped
                   of each layer its own width and window, and none of one that keeps a running state: 8 x its numbers
        a = 1 with full checkpointing, 1/2 with selective (every second product), 0 without; a' = 1 with full only

    Args:
        recipe: the run; its `sequence_tokens` may be an array.
    Returns: FLOP per computed token; an array where `sequence_tokens` is one.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> plain = Recipe(read_shape("meta-llama/Llama-2-7b-hf"), method="full", checkpointing="none")
        >>> round(flops_per_token(plain) / 1e9, 1)
        41.5

    Source: Kaplan et al. 2020, section 2.1; Chowdhery et al. 2022, appendix B; Dao 2023 (five products backward).
    Leaves out norms, activations and the router, under 1% of the operations (their bytes are in `work`). Model FLOP
    utilisation follows another convention: attention in full, no recomputation.
    """
    return _product_flops(recipe) + _attention_flops(recipe)


def _product_flops(recipe: Recipe) -> Number:
    done = passes(recipe).products
    flops = 2 * done * recipe.shape.product_params
    if recipe.method != "full":
        flops = flops + 2 * (done + 1) * recipe.shape.active_lora_params(recipe.rank, recipe.targets)
        if repeats := catalog.adapter(recipe.adapter).repeats:
            adapted = recipe.shape.adapted(recipe.targets)
            flops = flops + 2 * done * repeats * sum(count * m.active_weights for count, m in adapted)
    return flops


def _attention_flops(recipe: Recipe) -> Number:
    shape, flash = recipe.shape, recipe.attention == "flash"
    recomputed = 1.0 if recipe.checkpointing in ("full", "offloaded") else 0.0
    learning = 1 - recipe.frozen_layers / shape.layers if recipe.method == "full" else 1.0
    forward = 4 * (1 + recipe.further_passes)
    width = forward + learning * ((10 if flash else 8) + 4 * recomputed)
    flops: Number = 0.0
    for span, query in _spans(shape).items():
        flops = flops + width * query * attended_tokens(recipe, span) * (0.5 if flash else 1.0)
    chosen = sum(count * mixer.index for count, mixer in shape.mixers)
    if chosen:  # what chooses the tokens to attend to looks at all of them
        flops = flops + width / 2 * chosen * attended_tokens(recipe, 0) * 0.5
    often = forward / 4 + learning * (2 + recomputed)
    return flops + often * STATE_FLOPS * sum(count * mixer.state for count, mixer in shape.mixers)


def _spans(shape: Shape) -> dict[int, int]:
    """Width of the queries over all layers that look back so many tokens, by these; 0 is all tokens."""
    spans: dict[int, int] = {}
    for count, mixer in shape.mixers:
        if mixer.query:
            span = min(filter(None, (mixer.window, mixer.most)), default=0)
            spans[span] = spans.get(span, 0) + count * mixer.query
    return spans


def attended_tokens(recipe: Recipe, span: int) -> Number:
    """Tokens of the row that one computed token looks at, before the causal half is skipped.

    Without a histogram, every sample is `sequence_tokens` long. With one, a packed sample sees itself alone,
    E[t^2] / E[t]; a padded one sees the longest of the samples held at once, E[max^2] / E[max]. A layer that looks back
    `span` tokens (0: all) is limited by it with flash attention.
    """
    if recipe.lengths is None:
        tokens = recipe.sequence_tokens
    elif recipe.packing:
        tokens = _over_lengths(recipe, lambda lengths, _: _self_weighted(lengths))
    else:
        tokens = _over_lengths(recipe, lambda lengths, held: lengths.longest_seen(held))
    # a span counts twice, since the causal half of a full row is skipped later on
    return np.minimum(tokens, 2 * span) if span and recipe.attention == "flash" else tokens


def _self_weighted(lengths: Lengths) -> float:
    return sum(t * t * c for t, c in zip(lengths.tokens, lengths.counts, strict=True)) / (lengths.mean * lengths.total)


def _over_lengths(recipe: Recipe, value: Callable[[Lengths, int], float]) -> Number:
    """A function of the cut lengths and of how many samples are held at once, for each choice of sizes."""
    lengths = recipe.lengths
    assert lengths is not None
    samples = recipe.micro_batch * data_parallel(recipe)
    cached: dict[tuple[int, int], float] = {}

    def cut_value(longest: float, held: float) -> float:
        key = int(longest), max(1, round(float(held)))
        if key not in cached:
            cached[key] = value(lengths.cut(key[0]), key[1])
        return cached[key]

    return np.vectorize(cut_value, otypes=[float])(recipe.sequence_tokens, samples)[()]


def computed_tokens(recipe: Recipe) -> Number:
    """Tokens that the slowest card computes in one micro-batch, padding counted.

    Packed, or without a histogram: every row is `sequence_tokens` long. Padded: the longest of all samples that the
    cards hold at once sets the pace, E[max of micro_batch x cards] for each of micro_batch rows.
    """
    if recipe.packing or recipe.lengths is None:
        return recipe.tokens
    longest = _over_lengths(recipe, lambda lengths, held: lengths.expected_longest(held))
    return recipe.tokens * longest / recipe.sequence_tokens


def useful_share(recipe: Recipe) -> Number:
    """phi: real tokens / tokens computed, 0 < phi <= 1.

        packed 1,   padded  mean length / E[longest of micro_batch x cards]

    Args:
        recipe: its `lengths` are cut at `sequence_tokens`; without them nothing is padding.
    Returns: phi; an array where the recipe has arrays.

    Example:
        >>> from tunecase.compute import lengths
        >>> from tunecase.compute.model import read_shape
        >>> short = lengths.of([100, 300], [1, 1])
        >>> run = Recipe(read_shape("llama-2-7b"), micro_batch=2, packing=False, lengths=short)
        >>> float(useful_share(run)), useful_share(run.but(packing=True))
        (0.8, 1.0)

    Leaves out batches grouped by length (phi nearer 1), and packed rows that end in padding.
    """
    if recipe.packing or recipe.lengths is None:
        return 1.0
    return _over_lengths(recipe, lambda lengths, held: lengths.mean / lengths.expected_longest(held))


def data_parallel(recipe: Recipe) -> Number:
    """Cards that work on different samples: all cards / cards that share one sample."""
    together = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    return np.maximum(recipe.gpus / together, 1)


@cache
def _habits() -> dict[str, dict[str, str]]:
    """What frameworks do where nothing is fused, by name. Source: catalog/tables/step_frameworks.csv."""
    return {row["framework"]: row for row in catalog.read_table("step_frameworks")}


def attention_quality(recipe: Recipe) -> float:
    """Speed of a framework's attention kernel relative to FlashAttention-2 on the same card."""
    row = _habits().get(recipe.framework)
    if row is None or recipe.attention != "flash":
        return 1.0
    late = recipe.gpu is not None and recipe.gpu.generation in ("hopper", "blackwell")
    return float(row["attention_hopper" if late else "attention"])


def small_operations(recipe: Recipe) -> str:
    """How norms, positions and gates are done: eager, native (a norm is one kernel) or fused.

    A LayerNorm, which models without a gate have, is one kernel everywhere.
    """
    if recipe.kernels != "eager":
        return "fused"
    row = _habits().get(recipe.framework)
    return "native" if not recipe.shape.gated else row["norms"] if row else "eager"


def work(recipe: Recipe) -> Work:
    """The work of one card in one step, by kind.

    Args:
        recipe: the run; its sizes may be arrays.
    Returns: the Work: operations [FLOP], traffic [bytes], kernels [count].

    Source: counted from the operations of a transformer block; NF4 from Dettmers et al. 2023; ZeRO traffic from
    Rajbhandari et al. 2020, section 7. Leaves out evaluation, checkpoints, data loading, hybrid sharding, and the
    exchange of tokens between experts on different cards.
    """
    shape, computed = recipe.shape, computed_tokens(recipe)
    pieces = recipe.tensor_parallel * recipe.pipeline_parallel  # cards that divide a token's work among them
    tokens, done, how = computed / pieces, passes(recipe), small_operations(recipe)
    per_h, per_qk, per_f = MOVED[how]
    gate = 1.0 if shape.gated else 0.5
    met = shape.mixed("query") + shape.mixed("key") + shape.mixed("kept")
    width = per_h * shape.hidden + per_qk * met + per_f * gate * shape.active_ffn
    if recipe.attention == "eager":
        width = width + SCORE_BYTES * shape.mixed("heads") * attended_tokens(recipe, 0)
    wide = 2.0 if recipe.precision == "fp32" else 1.0
    loss = LOSS_BYTES[recipe.loss]
    if recipe.kernels == "compiled":
        loss = min(loss, COMPILED_LOSS)
    adapters, unpacked = _adapters(recipe, how), 0.0
    if recipe.method == "qlora":
        unpacked = done.products * (linear_bytes(recipe) + 2) * shape.linear_params / pieces
    return Work(
        product_flops=tokens * _product_flops(recipe),
        attention_flops=tokens * _attention_flops(recipe) / attention_quality(recipe),
        moved_bytes=tokens * shape.layers * done.small * width * wide,
        adapter_bytes=tokens * adapters,
        weight_bytes=wide * done.products * 2.0 * (shape.linear_params + shape.vocab * shape.hidden) / pieces
        + _formed_bytes(recipe) / pieces,
        unpacked_bytes=unpacked,
        loss_bytes=tokens * loss * shape.vocab,
        kernels=_kernels(recipe, how) / recipe.pipeline_parallel,
        shared_bytes=links.shared_bytes(recipe, computed, done.products - done.weights),
        gathered_bytes=wide * links.gathered_bytes(recipe),
        step_reduced_bytes=links.reduced_bytes(recipe),
        step_optimizer_bytes=links.optimizer_bytes(recipe),
        host_bytes=links.host_bytes(recipe, computed),
        step_host_bytes=links.step_host_bytes(recipe),
        micro_batches=recipe.accumulation,
        pipeline_fill=(recipe.pipeline_parallel - 1) / VIRTUAL_STAGES,
    )


def _formed_bytes(recipe: Recipe) -> float:
    """Bytes that adapters which form whole weights move for a micro-batch, once in each forward pass."""
    each = catalog.adapter(recipe.adapter).weight_bytes if recipe.method != "full" else 0.0
    forward = passes(recipe).products - 1
    return each and each * forward * sum(count * m.weights for count, m in recipe.shape.adapted(recipe.targets))


def _adapters(recipe: Recipe, how: str) -> float:
    """Bytes per token that adapters move beside the base."""
    if recipe.method == "full":
        return 0.0
    features = recipe.shape.active_lora_params(1, recipe.targets)  # inputs and outputs of adapted matrices
    return passes(recipe).small * sum(ADAPTER_BYTES[how]) / 2 * features


def _kernels(recipe: Recipe, how: str) -> float:
    """Kernels launched for one micro-batch by a card that holds every layer."""
    shape, done = recipe.shape, passes(recipe)
    count = KERNELS[how] * shape.layers * done.small
    if recipe.sharding in links.SHARDED:
        count += SHARDED_KERNELS * shape.layers * (done.products - done.weights)
    if shape.experts and how == "eager":
        count += EXPERT_KERNELS * shape.experts * shape.layers * done.small
    if recipe.method != "full":
        adapted = sum(n * m.active for n, m in shape.adapted(recipe.targets))
        count += ADAPTER_KERNELS * adapted * done.small * (0.5 if how == "fused" else 1.0)
    if recipe.method == "qlora":
        count += UNPACK_KERNELS * sum(n * m.active for n, m in shape.adapted("all")) * done.products
    return count
