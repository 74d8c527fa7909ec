"""Runs that somebody measured: the set-up beside the peak memory and the speed that were seen; the shipped ones too."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from tunecase import catalog
from tunecase.compute.model.blocks import Block, Matrix, Shape
from tunecase.compute.model.reading import read_shape
from tunecase.compute.recipe import Recipe

Statistic = Literal["allocated", "reserved", "card", "not stated"]
Failed = Literal["", "said", "likely"]

PLAIN = (
    "framework", "method", "precision", "masters", "optimizer", "attention", "loss", "kernels", "checkpointing",
    "sharding",
    "offload", "quantiser", "base", "objective",
)  # fmt: skip
WHOLE = (
    "gpus", "rank", "sequence_tokens", "accumulation", "tensor_parallel", "pipeline_parallel", "context_parallel",
)  # fmt: skip
COLUMNS = (
    "id", "publisher", "model", "params", "gpu", *PLAIN, "targets", *WHOLE, "micro_batch", "double_quantised",
    "step_in_backward", "trained_ends", "packed", "length_known", "batch_known", "parallel_known",
    "unsaid", "peak_gb", "statistic", "card_gb",
    "tokens_per_s_per_gpu", "failed", "published", "source", "date",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """One measured run.

    `peak_gb` is in GB (10^9 bytes) and of the `statistic` named; `card_gb` what the card's own display showed beside
    it. `failed` is empty for a run that ran; "said" or "likely" that it ran out of memory. `guessed` says that
    only the number of parameters is known of the model, so that its memory cannot be predicted. `length_known` and
    `batch_known` say whether the longest sample and the micro-batch were published, `packed` whether every row is full,
    `parallel_known` whether the cards that share one sample are published or follow from the batch; `unsaid` names the
    choices (compute/doubt/ways.py) that the source does not state, for which the recipe holds usual ones.
    """

    id: str
    publisher: str
    source: str
    date: str
    recipe: Recipe
    peak_gb: float | None = None
    statistic: Statistic = "not stated"
    card_gb: float | None = None
    tokens_per_s_per_gpu: float | None = None
    failed: Failed = ""
    guessed: bool = False
    length_known: bool = True
    batch_known: bool = True
    packed: bool = True
    parallel_known: bool = True
    unsaid: frozenset[str] = frozenset()


@cache
def published() -> tuple[Measured, ...]:
    """The measured runs of catalog/tables/training_runs.csv."""
    return tuple(_from_row(row) for row in catalog.read_table("training_runs"))


def guessed_shape(params: float) -> Shape:
    """A dense shape with about that many parameters, h = 128 L and f = 4 h: enough for speed, not for memory."""
    layers = max(1, round((params / (12 * 128**2)) ** (1 / 3)))
    hidden = max(128, 128 * round((params / (12 * layers)) ** 0.5 / 128))
    attention = tuple(Matrix(name, "attention", hidden, hidden) for name in ("q_proj", "k_proj", "v_proj", "o_proj"))
    mlp = (Matrix("up_proj", "mlp", hidden, 4 * hidden), Matrix("down_proj", "mlp", 4 * hidden, hidden))
    return Shape(
        name="guessed", architecture="", hidden=hidden, ffn=4 * hidden, heads=max(hidden // 128, 1),
        kv_heads=max(hidden // 128, 1), head_dim=128, value=hidden, vocab=0, embedding=hidden, tied=False, gated=False,
        experts=0, active_experts=0, context=0, sliding_window=0, softcap=False,
        blocks=(Block(layers, (*attention, *mlp), 0),), other_params=0,
    )  # fmt: skip


@cache
def _shape(model: str, params: str) -> Shape:
    return read_shape(model) if model else guessed_shape(float(params))


def _from_row(row: Mapping[str, str]) -> Measured:
    options: dict[str, Any] = {name: row[name] for name in PLAIN} | {name: int(row[name]) for name in WHOLE}
    targets = tuple(row["targets"].split()) if " " in row["targets"] else row["targets"]
    recipe = Recipe(
        shape=_shape(row["model"], row["params"]),
        gpu=catalog.gpu(row["gpu"]) if row["gpu"] else None,
        targets=targets,
        micro_batch=float(row["micro_batch"]) if "." in row["micro_batch"] else int(row["micro_batch"]),
        double_quantised=row["double_quantised"] == "yes",
        step_in_backward=row["step_in_backward"] == "yes",
        trained_ends=row["trained_ends"] == "yes",
        packing=row["packed"] == "yes",
        **options,
    )
    number = {key: float(row[key]) if row[key] else None for key in ("peak_gb", "card_gb", "tokens_per_s_per_gpu")}
    return Measured(
        id=row["id"],
        publisher=row["publisher"],
        source=row["source"],
        date=row["published"],
        recipe=recipe,
        statistic=row["statistic"],  # type: ignore[arg-type]
        failed=row["failed"],  # type: ignore[arg-type]
        guessed=not row["model"],
        length_known=row["length_known"] == "yes",
        batch_known=row["batch_known"] == "yes",
        packed=row["packed"] == "yes",
        parallel_known=row["parallel_known"] == "yes",
        unsaid=frozenset(row["unsaid"].split()),
        **number,
    )
