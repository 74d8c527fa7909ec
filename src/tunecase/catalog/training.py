"""How training frameworks, optimizers, autograd stacks and losses are known to train."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

from tunecase.catalog.reading import find, table
from tunecase.errors import InputError, Problem, nearest

Sampler = Literal["colocated", "separate", "in-turn", "generate"]  # what samples answers while a model trains
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
OWN_CARDS: tuple[Sampler, ...] = ("separate", "in-turn")


@dataclass(frozen=True, slots=True)
class Framework:
    """How one framework trains: whose autograd formulas, in which precision the trained weights lie, its defaults.

    `words` find it in free text; `masters_one` and `masters_several` on one card and sharded; `adapter_bytes` of one
    adapter weight; `foreach` where the optimizer's step works on all weights at once; `whole_units` layers that are
    gathered whole at once; `accumulates_whole` where gradients stay whole on each card until the last micro-batch of a
    step, `flat_frozen` where frozen weights share one flat gradient with the adapters, `quantised_head` where a 4-bit
    base has a 4-bit head; `engine` who shards: fsdp,
    deepspeed or megatron.
    """

    name: str
    words: tuple[str, ...]
    stack: str
    prepared: bool
    masters_one: str
    masters_several: str
    adapter_bytes: float
    foreach: bool
    whole_units: float
    accumulates_whole: bool
    flat_frozen: bool
    quantised_head: bool
    checkpointing_one: str
    checkpointing_several: str
    optimizer: str
    loss: str
    kernels: str
    engine: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Optimizer:
    """What one optimizer keeps: elements per trained weight, their bytes (None: the weight's own), and where."""

    name: str
    words: tuple[str, ...]
    states: float
    state_bytes: float | None
    paged: bool
    foreach: bool
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Adapter:
    """What one kind of adapter trains and does, beside LoRA of the same rank.

    `weights` trained as a multiple of LoRA's, `vectors` per output feature of an adapted matrix; the base's products
    are done `repeats` times more, and `weight_bytes` are moved per adapted weight in each forward pass. `doubt` is what
    a reader should know of such adapters, empty where measured runs have them.
    """

    name: str
    words: tuple[str, ...]
    weights: float
    vectors: float
    repeats: float
    weight_bytes: float
    doubt: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Objective:
    """What one objective asks of a step beside the training pass itself.

    `answers` texts of one sample; `reference` forward passes of the reference model over them, `further` ones of the
    model itself. Where it `samples`, answers are drawn while it trains, `least_group` or more for a prompt; unless the
    run says otherwise `group_size` of them, each read in `updates` training passes, and `reference` says whether there
    is a reference model. `value_model`: one learns too.
    """

    name: str
    words: tuple[str, ...]
    answers: int
    reference: int
    further: int
    samples: bool
    least_group: int
    group_size: int
    updates: int
    value_model: bool
    what: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Version:
    """What a framework did until a month: its loss and optimizer, or the row that it was then; empty where as today."""

    frameworks: tuple[str, ...]
    until: str
    loss: str
    optimizer: str
    became: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Activation memory of one autograd stack, kernels and method, as formulas in bytes per token.

    Letters: h hidden, q queries, k keys, K keys where every head has its own, f MLP features that a token uses,
    a inputs of the adapters (of each, or of each distinct one, as `inputs` says), r rank x adapters, m hidden and
    g MLP features where MLP layers are adapted, e hidden x experts that a token is sent to. `kept` of every layer
    without checkpointing (`kept_ungated` for an MLP without a gate), `carried` of every layer through the next forward
    pass, `input_bytes` per feature of each layer's input with checkpointing; `layer` of the layer being worked on
    backwards, the largest of its moments (parted by |); `again_bytes` of each layer's input once more where a frozen
    base is sharded. `read_off` names the publisher whose runs a row was read off, empty where it comes from code.
    """

    stack: str
    kernels: str
    method: str
    inputs: str
    kept: str
    kept_ungated: str
    carried: str
    input_bytes: float
    layer: str
    again_bytes: float
    read_off: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class LossMemory:
    """Bytes per token of the loss, a formula of V (vocabulary) and h (hidden).

    `most_gb` is the most that the logits take where a loss cuts them into chunks of a fixed size, None without limit.
    """

    stack: str
    loss: str
    bytes: str
    most_gb: float | None
    read_off: str
    source: str
    date: str


def frameworks() -> tuple[Framework, ...]:
    """Every training framework known."""
    return table("frameworks", Framework)


def optimizers() -> tuple[Optimizer, ...]:
    """Every optimizer known."""
    return table("optimizers", Optimizer)


def adapters() -> tuple[Adapter, ...]:
    """Every kind of adapter known."""
    return table("adapters", Adapter)


@cache
def adapter(name: str) -> Adapter:
    """The kind of adapter of that name. Raises InputError with near names."""
    return find(name, adapters(), "adapter", "an adapter in the tables")


def objectives() -> tuple[Objective, ...]:
    """Every objective known."""
    return table("objectives", Objective)


def sampling_objectives() -> tuple[str, ...]:
    """Names of the objectives that sample answers while a model trains."""
    return tuple(row.name for row in objectives() if row.samples)


def versions() -> tuple[Version, ...]:
    """What frameworks did before, oldest first for each."""
    return table("versions", Version)


def stacks() -> tuple[Stack, ...]:
    """Activation memory of every autograd stack known."""
    return table("stacks", Stack)


def losses() -> tuple[LossMemory, ...]:
    """Memory of every kind of loss known."""
    return table("losses", LossMemory)


@cache
def of_any_year(name: str) -> str:
    """A framework's name without the year that told an earlier version of it apart.

    Example:
        >>> of_any_year("trl-2025"), of_any_year("llm-foundry")
        ('trl', 'llm-foundry')
    """
    return re.sub(r"-20\d\d$", "", name)


@cache
def framework(name: str) -> Framework:
    """The framework of that name. Raises InputError with near names."""
    return find(name, frameworks(), "framework", "a training framework in the tables")


@cache
def framework_in(name: str, month: str) -> Framework:
    """The framework as it was in a month (2024-09 or later text; empty means in early 2024).

    Raises: InputError for an unknown name.
    """
    current = framework(name)
    for old in versions():
        if name in old.frameworks and (month or "2024-01") < old.until:
            earlier = {field: getattr(old, field) for field in ("loss", "optimizer") if getattr(old, field)}
            return replace(framework(old.became) if old.became else current, **earlier)
    return current


@cache
def optimizer(name: str) -> Optimizer:
    """The optimizer of that name or spelling. Raises InputError with near names."""
    fold = name.casefold()
    for row in optimizers():
        if fold in (row.name, *row.words):
            return row
    wanted = "an optimizer in the tables"
    raise InputError(Problem("optimizer", repr(name), wanted, nearest(name, [item.name for item in optimizers()])))


@cache
def objective(name: str) -> Objective:
    """The objective of that name or of a tool's word for it. Raises InputError with near names."""
    by_word = {word: row for row in objectives() for word in (*row.words, row.name)}
    return by_word.get(name.casefold()) or find(name, objectives(), "objective", "an objective in the tables")


@cache
def stack(name: str, method: str, kernels: str) -> Stack:
    """The activation memory of a stack and method.

    Compiled or special kernels without a row use the row of fused kernels, others that of single operations. A stack
    without a row for the method uses that of its parent (`litgpt-2023` of litgpt), then that of transformers.
    """
    found = {(row.stack, row.method, row.kernels): row for row in stacks()}
    kinds = (kernels, "eager") if kernels == "eager" else (kernels, "fused", "eager")
    return next(found[who, method, kind] for who in _line(name) for kind in kinds if (who, method, kind) in found)


def _line(name: str) -> tuple[str, ...]:
    """A stack and those whose rows hold where it has none: `trl-wide`, trl, transformers-wide, transformers."""
    parts = name.split("-")
    own = tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return (*own, f"transformers-{parts[-1]}", "transformers")


@cache
def loss_memory(name: str, loss: str) -> LossMemory:
    """The memory of a loss in a stack; a stack without a row for it uses that of its parent or of transformers."""
    rows = {(row.stack, row.loss): row for row in losses()}
    return next(rows[who, loss] for who in _line(name) if (who, loss) in rows)
