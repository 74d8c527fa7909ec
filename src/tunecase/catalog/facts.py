"""GPUs, models, metrics and defaults of fields, each with source and date."""

from dataclasses import dataclass
from functools import cache

from tunecase.catalog.other_models import decision_models, encoders, hosted_names
from tunecase.catalog.reading import find, table
from tunecase.catalog.stand_ins import stand_ins
from tunecase.catalog.training import objectives

UNNAMED = "card of your own"  # one of which only the memory is known


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU: memory, dense 16-, 8- and 4-bit peaks, bandwidth of its memory and of its links.

    `product_*` is what the best large matrix product sustains, measured or assumed; 8- and 4-bit figures are 0 where
    the card has no such units.
    Links in GB/s of one direction and one card: `link` to another of the `domain_cards` cards that a switch, a bridge
    or a mesh joins (of a mesh the link of one pair), `host` to the host's memory and to cards beyond the domain, `node`
    this card's part of the network between machines, a default that the user's cluster may well differ from.
    `training_runs` counts the rows of training_runs.csv on it; where there is none, its time rests on other cards.
    `stated_gb` is a memory that its owner stated [GB], 0 for that of the tables; a card of which nothing else is known
    is not `timed`: its rates are those of another.
    """

    name: str
    generation: str
    aliases: tuple[str, ...]
    memory_gib: float
    peak_bf16_tflops: float
    product_tflops: float
    bandwidth_tb_per_s: float
    peak_fp8_tflops: float
    product_fp8_tflops: float
    peak_fp4_tflops: float
    product_fp4_tflops: float
    product_measured: bool
    link_gb_per_s: float
    domain_cards: int
    host_gb_per_s: float
    node_gb_per_s: float
    interconnect: str
    bf16: bool
    training_runs: int
    source: str
    date: str
    stated_gb: float = 0.0
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Model:
    """The dimensions of a released model; `settings` are further fields of its config.json, as key=value."""

    name: str
    architecture: str
    aliases: tuple[str, ...]
    params: int
    layers: int
    hidden: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    tied: bool
    experts: int
    active_experts: int
    context: int
    settings: tuple[str, ...]
    licence: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A score: which way is better, and whether it is a share of right items, with a binomial's noise."""

    name: str
    tasks: tuple[str, ...]
    direction: str
    bounded: bool
    binomial: bool
    words: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Default:
    """What a field is taken to be when the project file leaves it out; `value` is text that units.py reads."""

    field: str
    value: str
    why: str
    source: str
    date: str


def gpus() -> tuple[Gpu, ...]:
    """Every GPU known."""
    return table("gpus", Gpu)


@cache
def measured_generations() -> frozenset[str]:
    """The generations of cards with a measured training run."""
    return frozenset(card.generation for card in gpus() if card.training_runs)


def models() -> tuple[Model, ...]:
    """Every model known."""
    return table("models", Model)


def metrics() -> tuple[Metric, ...]:
    """Every metric known."""
    return table("metrics", Metric)


def defaults() -> tuple[Default, ...]:
    """Every documented default."""
    return table("defaults", Default)


def gpu(name: str) -> Gpu:
    """The GPU of that name or alias. Raises InputError with near names."""
    return find(name, gpus(), "gpu", "a GPU in the tables")


def can(card: Gpu, precision: str) -> bool:
    """Whether a card has units for a precision: bf16 as gpus.csv says, fp8 where its 8-bit peak is known.

    Example:
        >>> can(gpu("H100"), "fp8"), can(gpu("A100-80GB"), "fp8"), can(gpu("T4"), "bf16")
        (True, False, False)
    """
    return {"bf16": card.bf16, "fp8": card.peak_fp8_tflops > 0}.get(precision, True)


def model(name: str) -> Model:
    """The model of that name or alias. Raises InputError with near names."""
    return find(name, models(), "model", "a model in the tables, or the path of its config.json")


def metric(name: str) -> Metric:
    """The metric of that name. Raises InputError with near names."""
    return find(name, metrics(), "metric", "a metric in the tables")


def default(field: str) -> Default:
    """The documented default of one field of the project file, or a factor that was learnt from pairs of models."""
    for row in stand_ins():
        if row.field == field:
            why = f"error of a causal model as a share of that of its stand-in ({row.kind_from}) at the same rows"
            return Default(field, row.value, why, row.evidence, row.date)
    return next(item for item in defaults() if item.field == field)


def names() -> dict[str, list[str]]:
    """All names that a project file may use, by kind."""
    return {
        "gpu": [n for item in gpus() for n in (item.name, *item.aliases)],
        "model": [
            *(n for item in models() for n in (item.name, *item.aliases)),
            *(n for item in encoders() for n in (item.name, *item.aliases)),
            *(n for item in decision_models() for n in (item.name, *item.aliases)),
            *sorted(hosted_names()),
        ],
        "metric": [item.name for item in metrics()],
        "objective": [item.name for item in objectives()],
        "lower metric": [item.name for item in metrics() if item.direction == "lower"],
    }
