"""What the cards of a run send each other and fetch from the host, in bytes of one card."""

from tunecase.compute.memory.states import learning_params, linear_bytes
from tunecase.compute.recipe import Number, Recipe
from tunecase.quantities import np

SHARDED = ("fsdp", "zero3")


def _away(ways: Number) -> Number:
    """Share of a ring's data that comes from other cards: (n - 1) / n."""
    return (ways - 1) / ways


def _sharers(recipe: Recipe) -> Number:
    """Cards over which states are sharded: every card that does not hold another piece of the model."""
    return np.maximum(recipe.gpus / recipe.tensor_parallel / recipe.pipeline_parallel, 1)


def _owners(recipe: Recipe) -> Number:
    """Cards that share the optimizer's work, tensor and pipeline parallelism counted."""
    ways = 1 if recipe.sharding in ("none", "ddp") else _sharers(recipe)
    return ways * recipe.tensor_parallel * recipe.pipeline_parallel


def shared_bytes(recipe: Recipe, tokens: Number, passes: float) -> Number:
    """Bytes that a card exchanges inside a micro-batch because it shares products or samples with others.

        tensor   2 sums per layer and pass, a ring sends each twice: 2 x 2 x 2 B x (t - 1) / t x h
        context  keys and values of the other cards:                2 B x (k + v) x (c - 1) / t, of a mean layer

    Args:
        recipe: the run; tensor parallel t, context parallel c.
        tokens: of one card's micro-batch.
        passes: how often every layer is passed: forward, recomputed, gradients of the inputs.
    Returns: bytes per micro-batch.
    """
    shape = recipe.shape
    often = passes * tokens * shape.layers / recipe.pipeline_parallel
    tensor = 8 * _away(recipe.tensor_parallel) * shape.hidden
    context = 2 * (shape.mixed("key") + shape.mixed("value")) * (recipe.context_parallel - 1) / recipe.tensor_parallel
    return often * (tensor + context)


def _weight_bytes(recipe: Recipe) -> float:
    """Bytes of the weights as they are sent, of the piece that one card works with."""
    shape = recipe.shape
    linear = linear_bytes(recipe) if recipe.method == "qlora" else 2.0
    whole = linear * shape.linear_params + 2.0 * (shape.params - shape.linear_params)
    return whole / recipe.tensor_parallel / recipe.pipeline_parallel


def gathered_bytes(recipe: Recipe) -> Number:
    """Bytes of sharded weights that a card receives, forward and backward, and of gradients it sends, per micro-batch.

    (n - 1) / n x (2 x weights + gradients),   frozen weights have no gradient, 4-bit ones are sent in 4 bit
    """
    if recipe.sharding not in SHARDED:
        return 0.0
    gradients = 2.0 * learning_params(recipe) / recipe.tensor_parallel / recipe.pipeline_parallel
    return _away(_sharers(recipe)) * (2 * _weight_bytes(recipe) + gradients)


def reduced_bytes(recipe: Recipe) -> Number:
    """Bytes of gradients (and of updated weights) exchanged once per step where weights are not sharded."""
    if recipe.sharding in (*SHARDED, "none"):
        return 0.0
    return 4.0 * _away(_sharers(recipe)) * learning_params(recipe) / recipe.tensor_parallel / recipe.pipeline_parallel


def optimizer_bytes(recipe: Recipe) -> Number:
    """Bytes that clipping and the optimizer move on one card; none where the host does it, offloaded."""
    if recipe.offload != "none":
        return 0.0
    per_weight = 40.0 if recipe.masters == "32-bit" or recipe.method != "full" else 24.0
    return per_weight * learning_params(recipe) / _owners(recipe)


def host_bytes(recipe: Recipe, tokens: Number) -> Number:
    """Bytes that come from the host's memory per micro-batch: offloaded weights, offloaded layer inputs."""
    size: Number = 0.0
    if recipe.offload == "all":
        size = size + 2 * _weight_bytes(recipe) / (1 if recipe.sharding in ("none", "ddp") else _sharers(recipe))
    if recipe.checkpointing == "offloaded":
        size = size + 4.0 * recipe.shape.hidden * recipe.shape.layers * tokens
    return size


def step_host_bytes(recipe: Recipe) -> Number:
    """Bytes to and from the host once per step: gradients down, weights up, and the update in the host's memory."""
    return 0.0 if recipe.offload == "none" else 32.0 * learning_params(recipe) / _owners(recipe)
