"""Peak memory of a training step on one GPU, before it runs: named terms, three phases, and a band from evidence."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from tunecase import catalog
from tunecase.shape import Shape, Targets

Method = Literal["full", "lora", "qlora"]
Verdict = Literal["fits", "tight", "does not fit"]

GB_PER_GIB = 2**30 / 1e9
WORKSPACE_GB = 0.018  # cuBLAS, read off the same runs as the default profile


@dataclass(frozen=True, slots=True)
class Facts:
    """What one framework keeps in memory for one method: bytes per parameter, per logit and per feature.

    `states_bytes` lie under the activations and `step_bytes` are added at the optimizer's step, both per trained
    parameter and beside its weight; `layer_*` are bytes per token and feature of the layer being worked on backwards,
    `kept_*` of every layer without checkpointing (`kept_input_bytes`: of each layer's input with it); `twice` says
    that sharded adapters keep each layer's input twice in the backward pass (seen, cause unknown).
    """

    profile: str
    method: str
    weight_bytes: float
    linear_bytes: float
    states_bytes: float
    step_bytes: float
    sharded_states_bytes: float
    sharded_step_bytes: float
    adapter_input_bytes: float
    logit_bytes: float
    loss_hidden_bytes: float
    layer_h: float
    layer_q: float
    layer_k: float
    layer_f: float
    kept_input_bytes: float
    kept_h: float
    kept_q: float
    kept_k: float
    kept_f: float
    kept_f_ungated: float
    twice: bool
    source: str
    date: str


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


@cache
def facts(profile: str, method: str) -> Facts:
    """The row of tables/memory_facts.csv for a profile and a method. Raises KeyError where there is none."""
    for row in catalog.read_table("memory_facts"):
        if (row["profile"], row["method"]) == (profile, method):
            words = {"profile", "method", "source", "date"}
            numbers = {k: float(v) for k, v in row.items() if k not in words | {"twice"}}
            return Facts(**{k: row[k] for k in words}, **numbers, twice=row["twice"] == "yes")  # type: ignore[arg-type]
    raise KeyError(f"no memory facts for profile {profile!r} and method {method!r}")


@cache
def _bands() -> dict[str, tuple[float, float]]:
    rows = catalog.read_table("memory_bands")
    return {row["gpus"]: (float(row["low_factor"]), float(row["high_factor"])) for row in rows}


@cache
def _usable() -> dict[str, float]:
    return {row["gpu"]: float(row["usable_gb"]) for row in catalog.read_table("usable_memory")}


def adapter_inputs(shape: Shape, targets: Targets) -> int:
    """Features that enter the adapters of one layer, summed; each adapter keeps its own copy of its input."""
    h, q, f = shape.hidden, shape.query, shape.ffn
    mlp = (2 * h if shape.gated else h) + f
    return {"qv": 2 * h, "attention": 3 * h + q, "all": 3 * h + q + mlp * max(shape.active_experts, 1)}[targets]


def peak_memory(
    shape: Shape,
    *,
    method: Method,
    sequence_tokens: int,
    micro_batch: int,
    gpus: int = 1,
    rank: int = 16,
    checkpointing: bool = True,
    targets: Targets = "all",
    profile: str = "transformers",
) -> Peak:
    """Peak memory that the training step allocates on one GPU.

        peak = max(end of forward with the loss, first backward layer, optimizer step)
        under activations: weights + optimizer states (+ adapters); gradients of the step do not exist yet
        loss:   kept + (c V + d h) T        backward layer:  kept + (a h + b q + e k + g f) T
        kept:   2 h L T with checkpointing (4 h L T for a prepared 4-bit base), else every layer's tensors
        N GPUs: states / N, plus the root (embedding, head) and one layer gathered whole

    Args:
        shape: the model.
        method: full, lora (16-bit base, AdamW on adapters) or qlora (NF4 base with double quantisation).
        sequence_tokens: tokens of the longest sample; variable lengths peak at the longest micro-batch [tokens].
        micro_batch: samples per GPU and step.
        gpus: N, fully sharded data parallel (FSDP full shard, ZeRO-3) when above 1.
        rank: LoRA rank; full fine-tuning ignores it.
        checkpointing: keep only each layer's input and recompute the rest.
        targets: which linear layers carry adapters.
        profile: whose framework facts, a row of tables/memory_facts.csv.
    Returns: the Peak; its band is the spread seen when a source's runs are predicted with facts of another source.
    Raises: KeyError for an unknown profile.

    Example:
        >>> from tunecase.shape import read_shape
        >>> mistral = read_shape("mistralai/Mistral-7B-v0.1")
        >>> round(peak_memory(mistral, method="full", sequence_tokens=4096, micro_batch=4).mid_gb, 2)
        72.44

    Source: fms-acceleration benchmark references (structure), litgpt resource tables; see tables/memory_facts.csv.
    Leaves out loading, evaluation, the allocator's reserve (10 to 75% on the card's own display), ZeRO-1/2, tensor and
    pipeline parallelism, paged and 8-bit optimizers, and eager attention, whose s^2 scores can double a long sequence.
    """
    known = facts(profile, method)
    tokens = sequence_tokens * micro_batch
    under, step = _states(shape, known, gpus, rank, targets)
    kept = _kept(shape, known, tokens, gpus, checkpointing, targets)
    whole_root, whole_layer = _gathered(shape, known, gpus)
    head = {"logits and loss": tokens * (known.logit_bytes * shape.vocab + known.loss_hidden_bytes * shape.hidden)}
    layer = {"layer in backward": tokens * _layer(shape, known, targets)}
    again = known.twice and checkpointing and gpus > 1
    twice = {"kept layer inputs": tokens * 2.0 * shape.hidden * max(shape.layers - 2, 0)} if again else {}
    phases: dict[str, dict[str, float]] = {
        "loss": {**under, **kept, **head, **whole_root},
        "first backward layer": {**under, **_added(kept, twice), **layer, **_added(whole_root, whole_layer)},
        "optimizer step": step,
    }
    phase = max(phases, key=lambda name: sum(phases[name].values()))
    terms = {name: size / 1e9 for name, size in phases[phase].items() if size} | {"workspace": WORKSPACE_GB}
    mid = sum(terms.values())
    low, high = _bands()["one" if gpus == 1 else "several"]
    return Peak(mid * low, mid, mid * high, phase, tuple(sorted(terms.items(), key=lambda term: -term[1])))


def _states(
    shape: Shape, known: Facts, gpus: int, rank: int, targets: Targets
) -> tuple[dict[str, float], dict[str, float]]:
    """Bytes of weights and optimizer under the activations, and at the optimizer's step."""
    linear, rest = shape.linear_params, shape.params - shape.linear_params
    weights = (known.linear_bytes * linear + known.weight_bytes * rest) / gpus
    sharded = gpus > 1
    states = known.sharded_states_bytes if sharded else known.states_bytes
    step = known.sharded_step_bytes if sharded else known.step_bytes
    if known.method == "full":
        trained = shape.params / gpus
        under = {"weights": weights, "optimizer states": states * trained}
        return under, {"weights": weights, "gradients and optimizer": step * trained}
    adapters = shape.lora_params(rank, targets) / gpus
    under = {"weights": weights, "adapters and their optimizer": states * adapters}
    return under, {"weights": weights, "adapters, gradients and optimizer": step * adapters}


def _kept(
    shape: Shape, known: Facts, tokens: int, gpus: int, checkpointing: bool, targets: Targets
) -> dict[str, float]:
    if checkpointing:
        size = known.kept_input_bytes if gpus == 1 else 2.0  # the 32-bit residual was not seen when sharded
        return {"kept layer inputs": tokens * size * shape.hidden * shape.layers}
    width = known.kept_h * shape.hidden + known.kept_q * shape.query + known.kept_k * shape.key
    per_ffn = known.kept_f if shape.gated else known.kept_f_ungated
    width += per_ffn * shape.ffn * max(shape.active_experts, 1)
    width += known.adapter_input_bytes * adapter_inputs(shape, targets)
    return {"kept activations": tokens * shape.layers * width}


def _layer(shape: Shape, known: Facts, targets: Targets) -> float:
    """Bytes per token of the one layer being worked on backwards."""
    width = known.layer_h * shape.hidden + known.layer_q * shape.query + known.layer_k * shape.key
    width += known.layer_f * shape.ffn * max(shape.active_experts, 1)
    return width + known.adapter_input_bytes * adapter_inputs(shape, targets)


def _gathered(shape: Shape, known: Facts, gpus: int) -> tuple[dict[str, float], dict[str, float]]:
    """Bytes of the units that sharding gathers whole: the root (embedding and head) and one layer."""
    if gpus == 1:
        return {}, {}
    root = known.weight_bytes * (shape.embedding_params + shape.head_params)
    return {"gathered whole": root}, {"gathered whole": known.linear_bytes * shape.layer_params}


def _added(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    return {name: left.get(name, 0.0) + right.get(name, 0.0) for name in {**left, **right}}


def usable_gb(gpu: catalog.Gpu) -> float:
    """Allocated memory in GB (10^9 bytes) that a run can reach on a card before it fails.

    Source: tables/usable_memory.csv. On the A100-80GB the fullest run known, 80.32 of 85.9 GB; elsewhere the same
    share of the card's total. Leaves out other processes on the card and allocator settings, about 2% either way.
    """
    return _usable()[gpu.name]


def fit_verdict(peak: Peak, gpu: catalog.Gpu) -> Verdict:
    """fits: the top of the band lies below what the card can hold; tight: the card lies inside the band."""
    usable = usable_gb(gpu)
    if peak.high_gb <= usable:
        return "fits"
    return "tight" if peak.low_gb <= usable else "does not fit"


def reserved_gb(peak: Peak, shape: Shape, tokens: int, logits_whole: bool = True) -> float:
    """What the allocator will hold for the middle of the band, in GB, while the card is not nearly full.

        reserved = allocated + 0.10 (allocated - states) + 6.5 B x T x V

    nvidia-smi shows about 1 GB more, the CUDA context. Source: single-GPU LoRA and QLoRA runs of fms-acceleration,
    median error 1.7% of what the card showed. Leaves out full cards, where the allocator gives cached blocks back, and
    variable lengths, which cost more.
    """
    states = sum(size for name, size in peak.terms if name == "weights" or "optimizer" in name)
    return peak.mid_gb + 0.10 * (peak.mid_gb - states) + (6.5e-9 * tokens * shape.vocab if logits_whole else 0.0)
