"""What lies on a card whatever the batch: weights, masters, gradients and the optimizer's states, sharded or whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tunecase import catalog
from tunecase.compute.recipe import Number, Recipe
from tunecase.quantities import np

NF4_BYTES, NF4_DOUBLE_BYTES = 0.5 + 4 / 64, 0.5 + 1 / 64 + 4 / (64 * 256)
GPTQ_BYTES = 0.5 + (2 + 0.5) / 128  # a 16-bit scale and a 4-bit zero for each 128 weights
BUCKET_PARAMS = 5e8  # DeepSpeed's reduce_bucket_size and allgather_bucket_size
STEP_PARAMS = 1e9  # DeepSpeed's sub_group_size: stage 3 updates that many at once
ZERO = ("zero1", "zero2", "zero3")


@dataclass(frozen=True, slots=True)
class Shards:
    """The number of cards among which each kind of state is divided."""

    weights: Number
    gradients: Number
    optimizer: Number


@dataclass(frozen=True, slots=True)
class States:
    """Bytes on one card: what lies there whatever the batch, what the backward pass adds, what only the step needs.

    `accumulated` are the gradients that lie there before the backward pass: those of earlier micro-batches, or a buffer
    that is never freed; zero without either. `towers` are weights alone: what it costs to train them is in the others.
    """

    weights: Number
    masters: Number
    gradients: Number
    accumulated: Number
    optimizer: Number
    step: Number
    buckets: Number
    reference: Number
    towers: Number | None = None

    @property
    def lasting(self) -> dict[str, Number]:
        """What lies on the card whatever the batch, as named terms."""
        return {
            "weights": self.weights,
            **({} if self.towers is None else {"vision and audio towers": self.towers}),
            "32-bit masters": self.masters,
            "optimizer states": self.optimizer,
            "reference model": self.reference,
            "communication buckets": self.buckets,
        }


def shards(recipe: Recipe) -> Shards:
    """Into how many parts weights, gradients and optimizer states are cut.

    ddp and none: 1, 1, 1; zero1: 1, 1, N; zero2: 1, N, N; zero3 and fsdp: N, N, N; each times M, where
    M = tensor x pipeline parallelism and N = cards / M. Source: Rajbhandari et al. 2020, ZeRO, section 5.
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
    return 4.0 if recipe.precision == "fp32" or wide_base(recipe) else 2.0


def prepared(recipe: Recipe, framework: catalog.Framework) -> bool:
    """True where a 4-bit base is prepared by raising embedding, norms and head to 32 bit.

    Source: peft utils/other.py prepare_model_for_kbit_training, which leaves GPTQ bases as they are; sharding's mixed
    precision, and DeepSpeed's engine as a whole, cast what was raised back to 16 bit.
    """
    plain = recipe.method == "qlora" and recipe.quantiser == "nf4"
    return plain and framework.prepared and recipe.sharding in ("none", "ddp")


def wide_base(recipe: Recipe) -> bool:
    """True where frozen weights that are not in 4 bit lie on the card in 32 bit: DeepSpeed casts them to 16."""
    return recipe.method == "lora" and recipe.base == "32-bit" and recipe.sharding not in ZERO


def autocast(recipe: Recipe, framework: catalog.Framework) -> bool:
    """True where 32-bit weights are cast to 16 bit for each product: neither sharding nor an engine casts them."""
    if recipe.precision == "fp32" or recipe.sharding not in ("none", "ddp") or framework.engine != "fsdp":
        return False
    return wide_base(recipe) or (recipe.method == "full" and recipe.masters == "32-bit")


def trained_params(recipe: Recipe) -> int:
    """Parameters that learn: all, all above the frozen layers, or the adapters."""
    shape = recipe.shape
    if recipe.method != "full":
        kind = catalog.adapter(recipe.adapter)
        scales = sum(count * matrix.outputs for count, matrix in shape.adapted(recipe.targets)) if kind.vectors else 0
        return round(kind.weights * shape.lora_params(recipe.rank, recipe.targets) + kind.vectors * scales)
    frozen = min(recipe.frozen_layers, shape.layers)
    learning = shape.params - (frozen * shape.layer_params + shape.embedding_params if frozen else 0)
    return learning + (shape.tower_params if recipe.towers == "trained" else 0)


def trained_ends(recipe: Recipe) -> int:
    """Parameters of embedding and head, and of towers, that learn in full beside adapters."""
    if recipe.method == "full":
        return 0
    ends = recipe.shape.embedding_params + recipe.shape.head_params if recipe.trained_ends else 0
    return ends + (recipe.shape.tower_params if recipe.towers == "trained" else 0)


def learning_params(recipe: Recipe) -> int:
    """All parameters that learn, with embedding, head and towers where they learn beside adapters."""
    return trained_params(recipe) + trained_ends(recipe)


@dataclass(frozen=True, slots=True)
class _Trained:
    """What each trained parameter takes before it is sharded or offloaded.

    `bytes_each` is its size at the step, `gradient_bytes` its gradient's; `masters` says where a 32-bit copy lies:
    nowhere, in place of the 16-bit weights (cast for each product), or apart from them. `ends` counts the parameters of
    embedding, head and towers that learn beside adapters, with 16-bit weights and gradients of their own.
    """

    count: int
    ends: int
    bytes_each: float
    gradient_bytes: float
    masters: Literal["none", "instead", "apart"]


def _trained(recipe: Recipe, framework: catalog.Framework) -> _Trained:
    count, ends = trained_params(recipe), trained_ends(recipe)
    megatron = framework.engine == "megatron"
    apart = framework.engine in ("deepspeed", "megatron") or recipe.sharding in ZERO
    if recipe.method != "full" and not apart:
        return _Trained(count, ends, framework.adapter_bytes, framework.adapter_bytes, "none")
    if recipe.method == "full" and recipe.masters != "32-bit" and recipe.precision != "fp32":
        return _Trained(count, ends, 2.0, 4.0 if megatron else 2.0, "none")
    gradient = 4.0 if not apart or megatron else 2.0
    return _Trained(count + ends, 0, 4.0, gradient, "apart" if apart else "instead")


def states_of(recipe: Recipe) -> States:
    """Bytes on one card: the weights, and everything that comes with each trained one.

        full, 16-bit     weights 2, gradients 2, Adam 4, foreach step 2                          = 10 B / parameter
        full, 32-bit     weights 4 where the masters take their place, gradients 4, Adam 8, foreach step 4   = 20
                         or weights 2 + masters 4, gradients 2 and Adam 8 (DeepSpeed, whose step adds a 32-bit copy of
                         the gradients, 4) or gradients 4 and Adam 8 (Megatron)                              = 20, 18
        adapters         the base 2 B, 4 where it was loaded in 32 bit, or 0.516 to 0.5625 in 4 bit; each adapter
                         weight a, its gradient a, Adam 2 a, step a, with a = 4 B (PEFT) or 2 B; with DeepSpeed and
                         Megatron as full, 32-bit

    Args:
        recipe: the run; its sizes may be arrays.
    Returns: the States [bytes]; arrays where a size is an array.
    Source: torch.optim, PEFT and DeepSpeed as named in catalog/tables/frameworks.csv and catalog/tables/optimizers.csv;
    deepspeed runtime/zero/stage_1_and_2.py and stage3.py (the step's copy; stage 3 holds its gradients from the start,
    as does Megatron-LM core/distributed/param_and_grad_buffer.py).
    Leaves out buffers of under 0.1 GB (rotary tables, masks), the optimizer's step counters, and that norms and patches
    of towers stay in 16 bit where their linear layers are in 4 (about 0.01 GB).
    """
    framework, optimizer = catalog.framework(recipe.framework), catalog.optimizer(recipe.optimizer)
    part = shards(recipe)
    trained, base = _trained(recipe, framework), _base_bytes(recipe, framework)
    gradients = _gradient_bytes(recipe, trained) / part.gradients
    masters = 4.0 * trained.count if trained.masters == "apart" and recipe.offload == "none" else 0.0
    always = recipe.sharding == "zero3" or framework.engine == "megatron"
    held = (recipe.accumulation > 1) | always
    frozen_copy = recipe.refers and recipe.method == "full"
    return States(
        weights=_weight_bytes(recipe, trained, base, part.weights),
        masters=masters / part.optimizer,
        gradients=gradients,
        accumulated=_accumulated_bytes(recipe, framework, trained, gradients) * held,
        optimizer=_optimizer_bytes(recipe, trained) / part.optimizer,
        step=_step_bytes(recipe, trained, optimizer.foreach and framework.foreach, part.optimizer),
        buckets=_bucket_bytes(recipe, trained),
        reference=(base if frozen_copy else 0.0) / part.weights,
        towers=_tower_bytes(recipe) / part.weights if recipe.shape.towers else None,
    )


def _base_bytes(recipe: Recipe, framework: catalog.Framework) -> float:
    """The model as loaded: linear layers as they are stored, the rest in 16 bit, or in 32 bit where it is raised."""
    shape = recipe.shape
    head = shape.vocab * shape.hidden if recipe.method == "qlora" and framework.quantised_head else 0
    rest = max(shape.params - shape.linear_params - head, 0)
    wide = recipe.precision == "fp32" or wide_base(recipe)
    rest_bytes = 4.0 if prepared(recipe, framework) or wide else 2.0
    return linear_bytes(recipe) * (shape.linear_params + head) + rest_bytes * rest


def _tower_bytes(recipe: Recipe) -> float:
    """Towers as loaded: like the rest of the base; beside adapters, those that learn are counted with what learns.

    A 4-bit base quantises their linear layers too: transformers spares tied weights, the head and the last module
    (quantizers/base.py, get_keys_to_not_convert); files in GPTQ hold them in 16 bit.
    """
    beside = recipe.towers == "trained" and recipe.method != "full"
    if beside or recipe.towers == "left out" or recipe.offload == "all":
        return 0.0
    if recipe.method == "qlora" and recipe.quantiser == "nf4":
        return linear_bytes(recipe) * recipe.shape.tower_params
    wide = recipe.precision == "fp32" or wide_base(recipe)
    return (4.0 if wide else 2.0) * recipe.shape.tower_params


def _weight_bytes(recipe: Recipe, trained: _Trained, base: float, parts: Number) -> Number:
    """Base, adapters, and the 16-bit copies of embedding and head that learn; nothing where all is offloaded."""
    if recipe.offload == "all":
        return 0.0 * parts
    if recipe.method != "full":
        each = 2.0 if trained.masters == "apart" else trained.bytes_each
        return (base + each * trained.count + 2.0 * trained.ends) / parts
    widened = 2.0 * trained.count if trained.masters == "instead" and recipe.precision != "fp32" else 0.0
    return (base + widened) / parts


def _gradient_bytes(recipe: Recipe, trained: _Trained) -> float:
    """Every gradient, or those of one layer where each is used and dropped, or sent to the host, in the backward pass.

    DeepSpeed and FSDP with offload move each shard of gradients to the host as soon as it is reduced.
    """
    whole = trained.gradient_bytes * trained.count + 2.0 * trained.ends
    if recipe.step_in_backward or (recipe.offload != "none" and recipe.sharding in ("zero2", "zero3", "fsdp")):
        return min(whole, trained.gradient_bytes * (recipe.shape.layer_params + recipe.shape.embedding_params))
    return whole


def _step_bytes(recipe: Recipe, trained: _Trained, foreach: bool, parts: Number) -> Number:
    """What only the step needs: DeepSpeed's 32-bit copy of the gradients, or the copy of an optimizer over lists."""
    if recipe.offload != "none" or recipe.step_in_backward:
        return 0.0 * parts
    if trained.masters == "apart" and recipe.sharding in ZERO:
        share = trained.count / parts
        return 4.0 * (least(share, STEP_PARAMS) if recipe.sharding == "zero3" else share)
    return (trained.bytes_each * trained.count + 2.0 * trained.ends if foreach else 0.0) / parts


def least(size: Number, most: float) -> Number:
    """The smaller of a number or array and a number."""
    if isinstance(size, int | float):
        return min(size, most)

    return np.minimum(size, most)


def largest(sizes: "Iterable[Number]") -> Number:
    """The largest of some numbers or arrays, element by element."""
    sizes = list(sizes)
    if all(isinstance(size, int | float) for size in sizes):
        return max(sizes)

    top = sizes[0]
    for size in sizes[1:]:
        top = np.maximum(top, size)
    return top


def _accumulated_bytes(recipe: Recipe, framework: catalog.Framework, trained: _Trained, gradients: Number) -> Number:
    """Gradients of earlier micro-batches: sharded like the others, or whole in the type of the products."""
    if not framework.accumulates_whole or recipe.sharding != "fsdp":
        return gradients
    flat = 2.0 * recipe.shape.params if framework.flat_frozen and recipe.method == "lora" else 0.0
    return min(trained.gradient_bytes, 2.0) * trained.count + flat + 0.0 * gradients


def _optimizer_bytes(recipe: Recipe, trained: _Trained) -> float:
    optimizer = catalog.optimizer(recipe.optimizer)
    if recipe.offload != "none" or optimizer.paged:
        return 0.0
    each, ends_each = optimizer.state_bytes or trained.bytes_each, optimizer.state_bytes or 2.0
    return optimizer.states * (each * trained.count + ends_each * trained.ends)


def _bucket_bytes(recipe: Recipe, trained: _Trained) -> Number:
    """The buffers in which gradients and weights travel."""
    if recipe.sharding in ("zero1", "zero2"):
        return 2 * 2.0 * min(BUCKET_PARAMS, trained.count)
    if recipe.sharding == "zero3":  # the buckets that "auto" sets: h^2 and 0.9 h^2
        return 2.0 * min(1.9 * recipe.shape.hidden**2, recipe.shape.params)
    if recipe.sharding == "ddp":
        return trained.gradient_bytes * trained.count  # gradients are copied into buckets of their own type
    return 0.0
