"""What lies on a card whatever the batch: weights, masters, gradients and the optimizer's states, sharded or whole."""

from dataclasses import dataclass

from tunecase import catalog
from tunecase.compute.model.blocks import Shape
from tunecase.compute.recipe import Number, Recipe

NF4_BYTES, NF4_DOUBLE_BYTES = 0.5 + 4 / 64, 0.5 + 1 / 64 + 4 / (64 * 256)
GPTQ_BYTES = 0.5 + (2 + 0.5) / 128  # a 16-bit scale and a 4-bit zero for each 128 weights
BUCKET_PARAMS = 5e8  # DeepSpeed's reduce_bucket_size and allgather_bucket_size


@dataclass(frozen=True, slots=True)
class Shards:
    """Cards among which each kind of state is divided."""

    weights: Number
    gradients: Number
    optimizer: Number


@dataclass(frozen=True, slots=True)
class States:
    """Bytes on one card: what lies there all the time, what the backward pass adds, what only the step needs.

    `accumulated` are the gradients of earlier micro-batches of the same step, zero without gradient accumulation.
    """

    weights: Number
    masters: Number
    gradients: Number
    accumulated: Number
    optimizer: Number
    step: Number
    buckets: Number
    reference: Number

    @property
    def lasting(self) -> dict[str, Number]:
        """Named terms that lie under the activations."""
        return {
            "weights": self.weights,
            "32-bit masters": self.masters,
            "optimizer states": self.optimizer,
            "reference model": self.reference,
            "communication buckets": self.buckets,
        }


def shards(recipe: Recipe) -> Shards:
    """Into how many parts weights, gradients and optimizer states are cut.

    ddp and none: 1, 1, 1; zero1: 1, 1, N; zero2: 1, N, N; zero3 and fsdp: N, N, N, where N leaves out the cards that
    tensor and pipeline parallelism take. Source: Rajbhandari et al. 2020, ZeRO, section 5.
    """
    model = recipe.tensor_parallel * recipe.pipeline_parallel
    n = recipe.gpus / model
    weights = n if recipe.sharding in ("zero3", "fsdp") else 1
    gradients = n if recipe.sharding in ("zero2", "zero3", "fsdp") else 1
    optimizer = n if recipe.sharding not in ("none", "ddp") else 1
    return Shards(weights * model, gradients * model, optimizer * model)


def linear_bytes(recipe: Recipe) -> float:
    """Bytes of one frozen or trained weight of a linear layer as it is stored for the products."""
    if recipe.method == "qlora" and recipe.quantiser == "gptq":
        return GPTQ_BYTES
    if recipe.method == "qlora":
        return NF4_DOUBLE_BYTES if recipe.double_quantised else NF4_BYTES
    return 4.0 if recipe.precision == "fp32" else 2.0


def prepared(recipe: Recipe, framework: catalog.Framework) -> bool:
    """True where a 4-bit base is prepared by raising embedding, norms and head to 32 bit.

    Source: peft utils/other.py prepare_model_for_kbit_training, which leaves GPTQ bases as they are; sharding's mixed
    precision casts what was raised back to 16 bit.
    """
    plain = recipe.method == "qlora" and recipe.quantiser == "nf4"
    return plain and framework.prepared and recipe.sharding not in ("fsdp", "zero3")


def trained_params(recipe: Recipe) -> int:
    """Parameters that learn: all, all above the frozen layers, or the adapters."""
    shape = recipe.shape
    if recipe.method != "full":
        return shape.lora_params(recipe.rank, recipe.targets)
    frozen = min(recipe.frozen_layers, shape.layers)
    return shape.params - (frozen * shape.layer_params + shape.embedding_params if frozen else 0)


def learning_params(recipe: Recipe) -> int:
    """Parameters that learn, embedding and head that learn beside adapters counted."""
    ends = recipe.trained_ends and recipe.method != "full"
    return trained_params(recipe) + (recipe.shape.embedding_params + recipe.shape.head_params if ends else 0)


def states_of(recipe: Recipe) -> States:
    """Bytes of weights and of everything that goes with a trained one, on one card.

        full, 16-bit     weights 2, gradients 2, Adam 4, foreach step 2                          = 10 B / parameter
        full, 32-bit     weights 4 where the masters take their place, gradients 4, Adam 8, foreach step 4   = 20
                         or weights 2 + masters 4, gradients 2, Adam 8 (DeepSpeed), 4 (Megatron) = 16 to 18
        adapters         the base 2 B, or 0.516 to 0.5625 in 4 bit; each adapter weight a, its gradient a, Adam 2 a,
                         step a, with a = 4 B (PEFT) or 2 B

    Args:
        recipe: the run; its sizes may be arrays.
    Returns: bytes, arrays where a size is one.
    Source: torch.optim, PEFT and DeepSpeed as named in catalog/tables/frameworks.csv and catalog/tables/optimizers.csv.
    Leaves out buffers of under 0.1 GB (rotary tables, masks) and the optimizer's step counters.
    """
    shape, part = recipe.shape, shards(recipe)
    framework, optimizer = catalog.framework(recipe.framework), catalog.optimizer(recipe.optimizer)
    trained = trained_params(recipe)
    rest = shape.params - shape.linear_params
    raised = prepared(recipe, framework)
    head = shape.vocab * shape.hidden if recipe.method == "qlora" and framework.quantised_head else 0
    rest = max(rest - head, 0)
    base = (
        linear_bytes(recipe) * (shape.linear_params + head)
        + (4.0 if raised or recipe.precision == "fp32" else 2.0) * rest
    )
    apart = framework.engine in ("deepspeed", "megatron") or recipe.sharding in ("zero1", "zero2", "zero3")
    if recipe.method == "full":
        wide = 4.0 if recipe.masters == "32-bit" or recipe.precision == "fp32" else 2.0
        separate = wide == 4.0 and apart
        instead = wide == 4.0 and not apart  # the 32-bit weights are the only ones, cast for each product
        weights = (base + (2.0 * trained if instead and recipe.precision != "fp32" else 0.0)) / part.weights
        gradient = 4.0 if instead or framework.engine == "megatron" else 2.0
        masters = 4.0 * trained / part.optimizer if separate else 0.0 * part.optimizer
    else:
        wide = gradient = framework.adapter_bytes
        weights, masters = base / part.weights + wide * trained / part.weights, 0.0 * part.optimizer
    ends = shape.embedding_params + shape.head_params if recipe.trained_ends and recipe.method != "full" else 0
    weights = weights + 2.0 * ends / part.weights  # a copy of their own, in 16 bit
    elements = optimizer.states * ((optimizer.state_bytes or wide) * trained + (optimizer.state_bytes or 2.0) * ends)
    kept = 0.0 if recipe.offload != "none" or optimizer.paged else elements / part.optimizer
    foreach = optimizer.foreach and framework.foreach and not recipe.step_in_backward
    gradients = (gradient * trained + 2.0 * ends) / part.gradients
    if recipe.step_in_backward:
        gradients = gradient * min(trained, shape.layer_params + shape.embedding_params) / part.gradients
    step = (
        (wide * trained + 2.0 * ends) / part.optimizer if foreach and recipe.offload == "none" else 0.0 * part.optimizer
    )
    if recipe.offload != "none":
        masters = 0.0 * masters
    if recipe.offload == "all":
        weights = 0.0 * weights
    frozen_copy = recipe.objective == "dpo" and recipe.method == "full"
    accumulated = gradients
    if framework.accumulates_whole and recipe.sharding == "fsdp":
        flat = 2.0 * (shape.params if framework.flat_frozen and recipe.method == "lora" else 0)
        accumulated = min(gradient, 2.0) * trained + flat + 0.0 * part.gradients  # in the type of the products
    return States(
        weights=weights,
        masters=masters,
        gradients=gradients,
        accumulated=accumulated * (recipe.accumulation > 1),
        optimizer=kept + 0.0 * part.optimizer,
        step=step,
        buckets=_buckets(recipe, shape, trained, gradient),
        reference=base / part.weights if frozen_copy else 0.0 * part.weights,
    )


def _buckets(recipe: Recipe, shape: Shape, trained: int, gradient: float) -> Number:
    """Bytes of the buffers in which gradients and weights travel."""
    if recipe.sharding in ("zero1", "zero2"):
        return 2 * 2.0 * min(BUCKET_PARAMS, trained)
    if recipe.sharding == "zero3":
        return 2.0 * min(BUCKET_PARAMS, trained) + 2.0 * min(BUCKET_PARAMS, shape.params)
    if recipe.sharding == "ddp":
        return gradient * trained  # gradients are copied into buckets of their own type
    return 0.0
