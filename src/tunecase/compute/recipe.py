"""How one training run is set up: model, method, framework, sizes, cards; numbers may be arrays of choices."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from tunecase import catalog
from tunecase.compute.lengths import Lengths
from tunecase.compute.model.blocks import AdapterTargets, Shape
from tunecase.compute.rollout import Rollout

Number = Any  # a number, or a NumPy array of choices; NumPy's rules settle mixtures
Method = Literal["full", "lora", "qlora"]
Precision = Literal["bf16", "fp16", "fp32", "fp8"]
Attention = Literal["flash", "eager"]
Loss = Literal["shifted", "whole", "shifted-inplace", "inplace", "compiled", "chunked", "fused"]
Kernels = Literal["eager", "fused", "foak", "compiled"]
Sharding = Literal["none", "ddp", "zero1", "zero2", "zero3", "fsdp"]
Offload = Literal["none", "optimizer", "all"]
Towers = Literal["frozen", "trained", "left out"]
Checkpointing = Literal["none", "selective", "full", "offloaded"]

WORDS = {
    "method": get_args(Method),
    "adapter": tuple(row.name for row in catalog.adapters()),
    "objective": tuple(row.name for row in catalog.objectives()),
    "precision": get_args(Precision),
    "attention": get_args(Attention),
    "loss": get_args(Loss),
    "kernels": get_args(Kernels),
    "sharding": get_args(Sharding),
    "offload": get_args(Offload),
    "checkpointing": get_args(Checkpointing),
    "towers": get_args(Towers),
    "sampler": catalog.SAMPLERS,
    "base": ("16-bit", "32-bit"),
    "masters": ("16-bit", "32-bit"),
}
USUAL_MACHINE = 8  # cards of a machine that nobody described
WIDTHS = {"bf16": "16-bit", "fp16": "16-bit", "bfloat16": "16-bit", "fp32": "32-bit", "float32": "32-bit"}
SPELLINGS = {
    "adapter": {word: row.name for row in catalog.adapters() for word in row.words},
    "objective": {word: row.name for row in catalog.objectives() for word in row.words},
    "attention": {"sdpa": "flash", "flash_attention_2": "flash", "flash-attention-2": "flash", "fa2": "flash"},
    "loss": {
        "liger": "fused", "fused_linear_cross_entropy": "fused", "cut_cross_entropy": "fused", "cce": "fused",
        "chunked_nll": "chunked", "chunked_cross_entropy": "chunked", "nll": "whole",
    },
    "base": WIDTHS,
    "masters": WIDTHS,
    "precision": {"bfloat16": "bf16", "float16": "fp16", "float32": "fp32"},
    "checkpointing": {
        "true": "full", "false": "none", "unsloth": "offloaded", "offload": "offloaded", "offload_disk": "offloaded",
    },
}  # fmt: skip

CHOICES = {  # each choice that a run may leave unsaid, and the fields of Recipe that it settles
    "framework": ("framework",),
    "checkpointing": ("checkpointing",),
    "optimizer": ("optimizer",),
    "kernels": ("loss", "kernels"),
    "attention": ("attention",),
    "masters": ("masters",),
    "base": ("base",),
    "length": ("sequence_tokens",),
}


def spelt(name: str, value: Any) -> Any:
    """tunecase's word for a field's value, whatever its case and whichever library it comes from.

    Example:
        >>> spelt("method", "LoRA"), spelt("attention", "sdpa"), spelt("loss", "odd")
        ('lora', 'flash', 'odd')
    """
    if not isinstance(value, str):
        return value
    small = value.casefold()
    return small if small in WORDS[name] else SPELLINGS.get(name, {}).get(small, value)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run as asked for; the sizes (`gpus`, `micro_batch`, `sequence_tokens`) may be NumPy arrays.

    Args:
        shape: the model.
        gpu: the card, None where only the memory of some card is asked for.
        gpus: N, cards that train.
        gpus_per_node: cards of one machine, 0 where nobody stated it, see `joined_cards`.
        framework: a name of catalog/tables/frameworks.csv.
        method: full, lora or qlora.
        objective: a name of catalog/tables/objectives.csv.
        adapter: a name of catalog/tables/adapters.csv.
        rank, targets: of the adapters.
        frozen_layers: blocks at the bottom that do not learn, the embedding with them; full fine-tuning only.
        precision: of the products.
        masters: "16-bit", or "32-bit" where trained weights are kept in 32 bit beside or instead of the 16-bit ones.
        optimizer: a name of catalog/tables/optimizers.csv.
        step_in_backward: each gradient is used and dropped as soon as it is there, so that never all are held at once.
        attention: flash never stores the scores, eager does.
        loss: whole logits, shifted where they are copied once more, inplace where their gradient takes their place,
            compiled where only the 16-bit ones are held, chunked where they are worked out in parts, or fused (cut
            cross-entropy too), which never holds them.
        kernels: norms, rotary positions, gates and adapters as single operations, fused, or compiled.
        checkpointing: full keeps only each layer's input, selective also attention and every second product, offloaded
            keeps the inputs in the host's memory.
        sequence_tokens: s, tokens of the longest sample after cutting, or of a packed one.
        micro_batch: samples on one card at once.
        accumulation: micro-batches per optimizer step on one card.
        packing: short samples share a row, so that nothing is padding.
        lengths: the samples' lengths [tokens], None where every sample is sequence_tokens long.
        sharding: none and ddp copy everything to each card.
        tensor_parallel, pipeline_parallel, context_parallel: cards that share one product, one stack of layers, one
            sample.
        offload: "optimizer" keeps its states in the host's memory, "all" the weights as well.
        double_quantised: the 4-bit scales are themselves quantised.
        quantiser: how the 4-bit base was made; nothing of a GPTQ base is raised to 32 bit.
        trained_ends: embedding and head learn in full beside the adapters (PEFT's modules_to_save).
        base: how a frozen base that is not in 4 bit lies on the card: 32-bit where it was loaded so.
        towers: what reads images or sound is on the card and frozen, learns in full, or is not loaded.
        rollout: how answers are sampled; None where the objective samples none.
        unsaid: names of CHOICES that nobody stated, for which the fields here hold usual values.
    """

    shape: Shape
    gpu: catalog.Gpu | None = None
    gpus: Number = 1
    gpus_per_node: int = 0
    framework: str = "transformers"
    method: Method = "lora"
    objective: str = "sft"
    adapter: str = "lora"
    rank: int = 16
    targets: AdapterTargets = "all"
    frozen_layers: int = 0
    precision: Precision = "bf16"
    masters: Literal["16-bit", "32-bit"] = "16-bit"
    optimizer: str = "adamw"
    step_in_backward: bool = False
    attention: Attention = "flash"
    loss: Loss = "whole"
    kernels: Kernels = "eager"
    checkpointing: Checkpointing = "full"
    sequence_tokens: Number = 2048
    micro_batch: Number = 1
    accumulation: Number = 1
    packing: bool = True
    lengths: Lengths | None = None
    sharding: Sharding = "none"
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    context_parallel: int = 1
    offload: Offload = "none"
    double_quantised: bool = True
    quantiser: Literal["nf4", "gptq"] = "nf4"
    trained_ends: bool = False
    base: Literal["16-bit", "32-bit"] = "16-bit"
    towers: Towers = "frozen"
    rollout: Rollout | None = None
    unsaid: frozenset[str] = frozenset()

    @property
    def goal(self) -> catalog.Objective:
        """What the objective asks of a step."""
        return catalog.objective(self.objective)

    @property
    def cards(self) -> Number:
        """All cards: those that train, and those that sample and do nothing else."""
        return self.gpus + (self.rollout.own_cards if self.rollout else 0)

    @property
    def refers(self) -> bool:
        """Whether a frozen reference model judges the trained texts."""
        return self.rollout.reference if self.rollout else self.goal.reference > 0

    @property
    def further_passes(self) -> int:
        """Forward passes over the trained texts beside the training pass; sampled answers are judged before it."""
        return 0 if self.goal.samples else self.goal.reference + self.goal.further

    @property
    def tokens(self) -> Number:
        """T, tokens of the longest micro-batch of one card, padding and both answers of a pair counted."""
        return self.goal.answers * self.sequence_tokens * self.micro_batch / self.context_parallel

    @property
    def joined_cards(self) -> int:
        """Cards that reach one another without a network: those of a machine, or of a rack that NVLink joins."""
        machine = self.gpus_per_node or USUAL_MACHINE
        rack = self.gpu.domain_cards if self.gpu is not None else 0
        return rack if rack > max(machine, USUAL_MACHINE) else machine

    def but(self, **changes: Any) -> "Recipe":
        """The same run with some changes."""
        return replace(self, **changes)


def machines_of(gpu: catalog.Gpu, cards: int) -> int:
    """Machines of some cards that nobody described; a rack whose cards NVLink joins is one.

    Example:
        >>> machines_of(catalog.gpu("H100"), 12), machines_of(catalog.gpu("GB200"), 72)
        (2, 1)
    """
    return -(-cards // max(USUAL_MACHINE, gpu.domain_cards))


def samples_per_step(recipe: Recipe) -> Number:
    """Samples of one optimizer step over all cards: micro-batch x accumulation x cards that hold different samples,
    or the answers that are sampled for it."""
    if recipe.rollout is not None:
        return recipe.rollout.answers
    together = recipe.tensor_parallel * recipe.pipeline_parallel * recipe.context_parallel
    return recipe.gpus // together * recipe.micro_batch * recipe.accumulation
