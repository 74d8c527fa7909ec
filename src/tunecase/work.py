"""What one training step asks of a card: operations, bytes moved, kernels launched, bytes sent to other cards."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.lengths import Lengths
from tunecase.recipe import Number, Recipe

# Bytes read and written per token and feature by the small operations of one layer's forward pass, counted from the
# operations themselves: two norms, two residual sums, rotary positions of q and k, the gate or the activation.
# "eager" runs a norm as seven kernels in 32 bit, "native" as one, "fused" also joins positions, gate and sums.
MOVED = {  # (per h, per q + k, per f)
    "eager": (84.0, 20.0, 10.0),
    "native": (24.0, 12.0, 6.0),
    "fused": (16.0, 4.0, 6.0),
}
KERNELS = {"eager": 45.0, "native": 28.0, "fused": 18.0}  # launched by one layer's forward pass
ADAPTER_KERNELS, UNPACK_KERNELS = 6.0, 6.0  # per adapted and per 4-bit matrix
SHARDED_KERNELS, EXPERT_KERNELS = 100.0, 12.0  # gathering one layer, and one expert of an eager mixture, per pass
ADAPTER_BYTES = {  # per input and per output feature of an adapted matrix: cast to 32 bit and dropout; product, scale, sum
    "eager": (10.0, 8.0),
    "native": (4.0, 8.0),
    "fused": (2.0, 4.0),
}
SCORE_BYTES = 20.0  # per score of eager attention: written, scaled, masked, softmax in 32 bit, cast, read
LOSS_BYTES = {"shifted": 44.0, "whole": 36.0, "shifted-inplace": 20.0, "inplace": 12.0, "chunked": 28.0, "fused": 8.0}  # per logit, forward and backward
NF4_BYTES = 0.516  # double quantisation: 0.5 + 1/64 + 4/(64 x 256)
AGAIN = {"none": (0.0, 0.0), "selective": (0.5, 1.0), "full": (1.0, 1.0), "offloaded": (1.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Work:
    """The work of one card; the first block per micro-batch, `step_*` once per optimizer step, numbers or arrays."""

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


def passes(recipe: Recipe) -> tuple[float, float, float]:
    """How often each forward product and each small operation is done, and 1 where weights have gradients.

    Returns: (products, small operations) in units of one forward pass, backward counted, and the weight-gradient share.

    Forward 1, gradient of the inputs 1, of the weights 1 where they learn; small operations 1 and 2; recomputation
    adds what checkpointing drops. A frozen block at the bottom has a forward pass alone.
    """
    again, small_again = AGAIN[recipe.checkpointing]
    learning = 1 - recipe.frozen_layers / recipe.shape.layers if recipe.method == "full" else 1.0
    weights = learning if recipe.method == "full" else 0.0
    products = 1 + learning * (1 + again) + weights
    small = 1 + learning * (2 + small_again)
    reference = 1 if recipe.objective == "dpo" else 0  # a reference model reads the same pairs once, forward
    return products + reference, small + reference, weights


def flops_per_token(recipe: Recipe) -> Number:
    """Floating-point operations to train one token, as hardware does them.

        full     (6 + 2 a) N + attention         forward 2, gradients of inputs 2, of weights 2
        adapters (4 + 2 a) N + (6 + 2 a) A + attention     the frozen base needs no gradient of its weights
        attention  (4 + 10 + 4 a') L q s / 2     flash: forward 4, backward 10 (it forms the scores again), halved since
                                                 a causal kernel skips what lies ahead; eager does all of 4 + 8 + 4 a'
        a = 1 with full checkpointing, 1/2 with selective (every second product), 0 without; a' = 1 with full only

    Args:
        recipe: the run; its `sequence_tokens` may be an array.
    Returns: FLOP per computed token, like `sequence_tokens`.

    Example:
        >>> from tunecase.recipe import Recipe
        >>> from tunecase.shape import read_shape
        >>> plain = Recipe(read_shape("meta-llama/Llama-2-7b-hf"), method="full", checkpointing="none")
        >>> round(flops_per_token(plain.but(sequence_tokens=2048)) / 1e9, 1)
        43.4

    Source: Kaplan et al. 2020, section 2.1; Chowdhery et al. 2022, appendix B; Dao 2023 (five products backward).
    Leaves out norms, activations and the router, under 1% of the operations (their bytes are in `work`); a model FLOP
    utilisation that counts full attention and no recomputation is another convention.
    """
    return _product_flops(recipe) + _attention_flops(recipe)


def _product_flops(recipe: Recipe) -> Number:
    products, _, _ = passes(recipe)
    flops = 2 * products * recipe.shape.product_params
    if recipe.method != "full":
        flops = flops + 2 * (products + 1) * recipe.shape.active_lora_params(recipe.rank, recipe.targets)
    return flops


def _attention_flops(recipe: Recipe) -> Number:
    shape, recomputed = recipe.shape, 1.0 if recipe.checkpointing in ("full", "offloaded") else 0.0
    learning = 1 - recipe.frozen_layers / shape.layers if recipe.method == "full" else 1.0
    backward = 10 if recipe.attention == "flash" else 8
    forward = 8 if recipe.objective == "dpo" else 4
    width = forward + learning * (backward + 4 * recomputed)
    return width * shape.layers * shape.query * attended_tokens(recipe) * (0.5 if recipe.attention == "flash" else 1.0)


def attended_tokens(recipe: Recipe) -> Number:
    """Tokens of the row that one computed token looks at, before the causal half is skipped.

    Every sample `sequence_tokens` long without a histogram; packed with one, each sample sees itself alone,
    E[t^2] / E[t]; padded, the longest of the micro-batch.
    """
    if recipe.lengths is None:
        return recipe.sequence_tokens
    if recipe.packing:
        return _over_lengths(recipe, lambda lengths, _: _self_weighted(lengths))
    return recipe.sequence_tokens * computed_tokens(recipe) / recipe.tokens


def _self_weighted(lengths: Lengths) -> float:
    return sum(t * t * c for t, c in zip(lengths.tokens, lengths.counts, strict=True)) / (lengths.mean * lengths.total)


def _over_lengths(recipe: Recipe, value: Callable[[Lengths, float], float]) -> Number:
    """A value of the lengths cut at the longest sample and of the samples held at once, for each choice of sizes."""
    import numpy as np

    lengths = recipe.lengths
    assert lengths is not None
    samples = recipe.micro_batch * data_parallel(recipe)
    each = np.vectorize(lambda longest, held: value(lengths.cut(int(longest)), float(held)), otypes=[float])
    return each(recipe.sequence_tokens, samples)[()]


def computed_tokens(recipe: Recipe) -> Number:
    """Tokens that one card computes in one micro-batch of the slowest card, padding counted.

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
    Returns: phi, like the recipe's arrays.

    Example:
        >>> from tunecase import lengths
        >>> from tunecase.recipe import Recipe
        >>> from tunecase.shape import read_shape
        >>> short = lengths.of([100, 300], [1, 1])
        >>> run = Recipe(read_shape("llama-2-7b"), micro_batch=2, packing=False, lengths=short)
        >>> useful_share(run), useful_share(run.but(packing=True))
        (0.8, 1.0)

    Leaves out batches grouped by length (phi nearer 1), and the quadratic part of attention.
    """
    if recipe.packing or recipe.lengths is None:
        return 1.0
    return _over_lengths(recipe, lambda lengths, held: lengths.mean / lengths.expected_longest(held))


def data_parallel(recipe: Recipe) -> Number:
    """Cards that work on different samples: all over those that share one."""
    import numpy as np

    together = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    return np.maximum(recipe.gpus / together, 1)


@cache
def _habits() -> dict[str, dict[str, str]]:
    """What frameworks do where nothing is fused, by name. Source: tables/step_frameworks.csv."""
    return {row["framework"]: row for row in catalog.read_table("step_frameworks")}


def attention_quality(recipe: Recipe) -> float:
    """Speed of a framework's attention kernel against FlashAttention-2 on the same card."""
    row = _habits().get(recipe.framework)
    if row is None or recipe.attention != "flash":
        return 1.0
    late = recipe.gpu is not None and recipe.gpu.generation in ("hopper", "blackwell")
    return float(row["attention_hopper" if late else "attention"])


def level(recipe: Recipe) -> str:
    """How the small operations of a run are done: eager, native or fused.

    A LayerNorm, as models without a gate have, is one kernel everywhere.
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
    Rajbhandari et al. 2020, section 7. Leaves out evaluation, checkpoints, data loading and hybrid sharding.
    """
    shape, tokens = recipe.shape, computed_tokens(recipe)
    tensor, pipe = recipe.tensor_parallel, recipe.pipeline_parallel
    products, small, weights = passes(recipe)
    small_ops = level(recipe)
    local = tokens / tensor / pipe  # a token's work is divided over the cards that share it
    per_h, per_qk, per_f = MOVED[small_ops]
    width = per_h * shape.hidden + per_qk * (shape.query + shape.key) + per_f * (1.0 if shape.gated else 0.5) * shape.active_ffn
    moved = local * shape.layers * small * width
    if recipe.attention == "eager":
        moved = moved + local * shape.layers * small * SCORE_BYTES * shape.heads * recipe.sequence_tokens
    resident = 2.0 * (shape.linear_params + shape.vocab * shape.hidden) / tensor / pipe
    count = KERNELS[small_ops] * shape.layers / pipe * small
    if recipe.sharding in ("fsdp", "zero3"):
        count = count + SHARDED_KERNELS * shape.layers / pipe * (products - weights)
    if shape.experts and small_ops == "eager":
        count = count + EXPERT_KERNELS * shape.experts * shape.layers / pipe * small
    adapters, unpacked = 0.0, 0.0
    if recipe.method != "full":
        per_token = shape.active_lora_params(1, recipe.targets)  # inputs and outputs, summed over adapted matrices
        adapters = local * small * sum(ADAPTER_BYTES[small_ops]) / 2 * per_token
        matrices = sum(n * m.active for n, m in shape.adapted(recipe.targets))
        count = count + ADAPTER_KERNELS * matrices / pipe * small * (0.5 if small_ops == "fused" else 1.0)
    if recipe.method == "qlora":
        unpacked = products * (NF4_BYTES + 2) * shape.linear_params / tensor / pipe
        count = count + UNPACK_KERNELS * sum(n * m.active for n, m in shape.adapted("all")) / pipe * products
    return Work(
        product_flops=local * _product_flops(recipe),
        attention_flops=local * _attention_flops(recipe) / attention_quality(recipe),
        moved_bytes=moved,
        adapter_bytes=adapters,
        weight_bytes=resident * products,
        unpacked_bytes=unpacked,
        loss_bytes=local * LOSS_BYTES[recipe.loss] * shape.vocab,
        kernels=count,
        shared_bytes=_shared(recipe, tokens),
        gathered_bytes=_gathered(recipe),
        step_reduced_bytes=_reduced(recipe),
        step_optimizer_bytes=_optimizer(recipe),
        host_bytes=_host(recipe),
        step_host_bytes=_step_host(recipe),
        micro_batches=recipe.accumulation,
        pipeline_fill=(pipe - 1) / VIRTUAL_STAGES,
    )


VIRTUAL_STAGES = 3.0  # interleaving of a pipeline's stages: 1 to 12 in published runs


def trained_params(recipe: Recipe) -> Number:
    """Parameters that learn, on all cards together."""
    shape = recipe.shape
    if recipe.method != "full":
        return shape.lora_params(recipe.rank, recipe.targets)
    return shape.params * (1 - recipe.frozen_layers / shape.layers)


def _away(ways: Number) -> Number:
    """Share of a ring's data that comes from other cards: (n - 1) / n."""
    return (ways - 1) / ways


def _sharers(recipe: Recipe) -> Number:
    """Cards over which states are sharded: every card that does not hold another piece of the model."""
    import numpy as np

    return np.maximum(recipe.gpus / recipe.tensor_parallel / recipe.pipeline_parallel, 1)


def _shared(recipe: Recipe, tokens: Number) -> Number:
    """Bytes that tensor parallelism (two sums a pass) and context parallelism (keys and values) send per micro-batch."""
    shape = recipe.shape
    products, _, weights = passes(recipe)
    layers, forward_like = shape.layers / recipe.pipeline_parallel, products - weights
    tensor = 2 * 2 * 2 * _away(recipe.tensor_parallel) * shape.hidden * forward_like * tokens * layers
    context = 2 * 2 * shape.key * (recipe.context_parallel - 1) * forward_like * tokens * layers
    return tensor + context / recipe.tensor_parallel


def _gathered(recipe: Recipe) -> Number:
    """Bytes of sharded weights that a card receives, and of gradients it sends, per micro-batch."""
    if recipe.sharding not in ("fsdp", "zero3"):
        return 0.0
    shape, away = recipe.shape, _away(_sharers(recipe))
    rest = shape.params - shape.linear_params
    weight = NF4_BYTES if recipe.method == "qlora" else 2.0
    weights = (weight * shape.linear_params + 2.0 * rest) / recipe.tensor_parallel / recipe.pipeline_parallel
    gradients = 2.0 * trained_params(recipe) / recipe.tensor_parallel / recipe.pipeline_parallel
    return away * (2 * weights + gradients)


def _reduced(recipe: Recipe) -> Number:
    """Bytes of gradients (and of updated weights) exchanged once per step where weights are not sharded."""
    if recipe.sharding in ("fsdp", "zero3", "none"):
        return 0.0
    return 4.0 * _away(_sharers(recipe)) * trained_params(recipe) / recipe.tensor_parallel / recipe.pipeline_parallel


def _optimizer(recipe: Recipe) -> Number:
    """Bytes that clipping and the optimizer move on one card."""
    per_weight = 40.0 if recipe.masters == "32-bit" or recipe.method != "full" else 24.0
    ways = _sharers(recipe) if recipe.sharding not in ("none", "ddp") else 1
    return per_weight * trained_params(recipe) / ways / recipe.tensor_parallel / recipe.pipeline_parallel


def _host(recipe: Recipe) -> Number:
    """Bytes that come from the host's memory per micro-batch: offloaded weights, offloaded layer inputs."""
    size = 0.0
    if recipe.offload == "all":
        weight = NF4_BYTES if recipe.method == "qlora" else 2.0
        ways = _sharers(recipe) if recipe.sharding not in ("none", "ddp") else 1
        size = size + 2 * weight * recipe.shape.params / ways
    if recipe.checkpointing == "offloaded":
        size = size + 2 * 2.0 * recipe.shape.hidden * recipe.shape.layers * computed_tokens(recipe)
    return size


def _step_host(recipe: Recipe) -> Number:
    """Bytes to and from the host once per step: gradients down, weights up, and the update in the host's memory."""
    if recipe.offload == "none":
        return 0.0
    ways = _sharers(recipe) if recipe.sharding not in ("none", "ddp") else 1
    return 32.0 * trained_params(recipe) / ways
