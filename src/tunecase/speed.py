"""How fast a GPU trains: operations per token, the share of the card's peak that runs reach, and GPU hours."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase import catalog
from tunecase.memory import Method
from tunecase.shape import Shape, Targets
from tunecase.spread import Interval

Number = Any  # a float, or an array of draws; NumPy's rules settle mixtures


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Share of the dense 16-bit peak that published runs reach, by generation and method: 10%, 50%, 90% points."""

    generation: str
    method: str
    precision: str
    p10: float
    median: float
    p90: float
    rows: int
    sources: int
    source: str
    date: str


def flops_per_token(
    shape: Shape,
    method: Method,
    sequence_tokens: Number,
    checkpointing: bool = True,
    rank: int = 16,
    targets: Targets = "all",
) -> Number:
    """Floating-point operations to train one token.

        full    6 N + 12 L q s            every weight learns: forward 2, gradients of inputs 2, of weights 2
        adapter 4 N + 6 A + 12 L q s      the frozen base needs no gradient of its weights
        checkpointing adds 2 N + 4 L q s  the forward pass runs twice

    Args:
        shape: N, active parameters in matrix products, head included, embedding table not; L layers; q query width.
        method: full, lora or qlora; qlora is counted as lora, unpacking 4-bit weights is in the efficiency.
        sequence_tokens: s, tokens of the samples as packed; a float or an array.
        checkpointing: recompute each layer in the backward pass.
        rank: rank of the A adapter parameters.
        targets: which linear layers carry adapters.
    Returns: FLOP per token, like sequence_tokens.

    Example:
        >>> from tunecase.shape import read_shape
        >>> llama = read_shape("meta-llama/Llama-2-7b-hf")
        >>> round(flops_per_token(llama, "full", 2048, checkpointing=False) / 1e9, 1)
        42.9

    Source: Kaplan et al. 2020, section 2.1; Chowdhery et al. 2022, appendix B. Leaves out norms, activations and the
    router, under 1%; counts attention in full, though causal kernels skip half (the efficiencies are fitted alike).
    """
    n, attention = shape.product_params, 4 * shape.layers * shape.query * sequence_tokens
    weights = 6 * n if method == "full" else 4 * n + 6 * _active_adapters(shape, rank, targets)
    if checkpointing:
        return weights + 2 * n + 4 * attention
    return weights + 3 * attention


def _active_adapters(shape: Shape, rank: int, targets: Targets) -> int:
    every = shape.lora_params(rank, targets)
    if not shape.experts or targets != "all":
        return every
    attention = shape.lora_params(rank, "attention")
    return attention + (every - attention) * shape.active_experts // shape.experts


@cache
def efficiencies() -> dict[tuple[str, str, str], Efficiency]:
    """Every efficiency known, by generation, method and precision."""
    rows = catalog.read_table("efficiency")
    numbers = ("p10", "median", "p90")
    return {
        (row["generation"], row["method"], row["precision"]): Efficiency(
            generation=row["generation"],
            method=row["method"],
            precision=row["precision"],
            rows=int(row["rows"]),
            sources=int(row["sources"]),
            source=row["source"],
            date=row["date"],
            **{name: float(row[name]) for name in numbers},
        )
        for row in rows
    }


def efficiency_row(gpu: catalog.Gpu, method: Method, precision: str = "16-bit") -> Efficiency:
    """The row behind `efficiency`; a generation without runs of its own falls back to all generations pooled."""
    known = efficiencies()
    return known.get((gpu.generation, method, precision)) or known[("any", method, precision)]


def share_name(gpu: catalog.Gpu, method: Method) -> str:
    """The name under which worlds draw an efficiency, so that every part of a case shares the draw."""
    return f"share of the peak reached, {efficiency_row(gpu, method).generation} {method}"


def efficiency(gpu: catalog.Gpu, method: Method, precision: str = "16-bit") -> Interval:
    """The share of a card's dense 16-bit peak that training reaches, as a 90% interval.

    Fitted on published runs with the operations of `flops_per_token`, recomputation counted where it was on; the
    interval holds the spread between rows and between sources, so it is wide where one source speaks.
    Source: tables/efficiency.csv. Leaves out links between cards, padding and tiny micro-batches: a 2 x RTX 3090 run
    over PCIe with 512 tokens per step reached a tenth of what full micro-batches reach.
    """
    row = efficiency_row(gpu, method, precision)
    low, high = (row.median * (point / row.median) ** _TO_90 for point in (row.p10, row.p90))
    return Interval(low, min(high, 1.0 if precision == "16-bit" else 2.0))  # more than the peak cannot be


_TO_90 = 1.6449 / 1.2816  # from the 10% and 90% points of a lognormal to its 5% and 95% points


def gpu_hours(flops_per_token: Number, train_tokens: Number, peak_tflops: float, efficiency: Number) -> Number:
    """GPU hours to train on a number of tokens once, summed over all GPUs.

        hours = FLOP per token x tokens / (peak x efficiency) / 3600

    Args:
        flops_per_token: from the function of that name [FLOP].
        train_tokens: over all epochs, padding counted [tokens]; zero gives zero.
        peak_tflops: the card's dense 16-bit peak [TFLOP/s].
        efficiency: share of that peak, above 0; a float or draws.
    Returns: GPU hours, like its arguments.

    Example:
        >>> gpu_hours(3.6e10, 1e8, 100.0, 0.5)
        20.0

    Leaves out start-up, evaluation and checkpoints: some minutes per run, more than half of a ten-minute run.
    """
    return flops_per_token * train_tokens / (peak_tflops * 1e12 * efficiency) / 3600


def tokens_per_s(flops_per_token: Number, peak_tflops: float, efficiency: Number) -> Number:
    """Tokens per second of one GPU: peak x efficiency / FLOP per token."""
    return peak_tflops * 1e12 * efficiency / flops_per_token


def train_hours(gpu_hours: Number, gpus: int) -> Number:
    """Wall-clock hours of a run whose GPUs share the work evenly; leaves out what more cards lose to communication."""
    return gpu_hours / gpus
