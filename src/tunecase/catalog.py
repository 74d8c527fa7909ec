"""What is known: GPUs, models, prices, wages, metrics and defaults, read from tables/ with source and date."""

import csv
import datetime
import hashlib
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from tunecase.errors import InputError, Problem, nearest

STALE_AFTER_DAYS = 180
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU: memory, dense 16-bit and 8-bit peaks, bandwidth of its memory and of its links.

    `product_*` is what the best large matrix product sustains, measured or assumed; 8-bit figures are 0 where the card
    has none.
    Links in GB/s of one direction and one card: `link` to another card of the machine, `host` to the host's memory,
    `node` this card's part of the network between machines, a default that the user's cluster may well differ from.
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
    product_measured: bool
    link_gb_per_s: float
    host_gb_per_s: float
    node_gb_per_s: float
    interconnect: str
    bf16: bool
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class GpuPrice:
    """The lowest on-demand price of one GPU at one provider, on one date."""

    gpu: str
    provider: str
    tier: str
    usd_per_gpu_hour: float
    spot_usd_per_gpu_hour: float | None
    stale: bool
    source: str
    date: str

    def is_stale(self, today: datetime.date) -> bool:
        """True when the price is marked old, or older than 180 days."""
        return self.stale or (today - _as_date(self.date)).days > STALE_AFTER_DAYS


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
    g MLP features where MLP layers are adapted. `kept` of every layer without checkpointing (`kept_ungated` for an MLP
    without a gate), `carried` of every layer through the next forward pass, `input_bytes` per feature of each layer's
    input with checkpointing; `layer` of the layer being worked on backwards, the largest of its moments (parted by |);
    `again_bytes` of each layer's input once more where a frozen base is sharded. `read_off` names the publisher whose
    runs a row was read off, empty where it comes from code.
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
    """Bytes per token of the loss, a formula of V (vocabulary) and h (hidden)."""

    stack: str
    loss: str
    bytes: str
    read_off: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Wage:
    """What an hour of a role costs the employer."""

    role: str
    low: float
    likely: float
    high: float
    unit: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class LabelPrice:
    """A sourced price for a label, a synthetic example or a scraped page."""

    preset: str
    kind: str
    low: float | None
    likely: float | None
    high: float | None
    unit: str
    source: str
    date: str


@dataclass(frozen=True, slots=True)
class Hosted:
    """A hosted fine-tuning price."""

    provider: str
    model: str
    train_usd_per_mtok: float | None
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
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


@dataclass(frozen=True, slots=True)
class CheckAccuracy:
    """How often one data check is right, measured on data whose defects are known; shares from 0 to 1."""

    check: str
    precision: float | None
    recall: float | None
    measured_on: str
    source: str
    date: str


def _as_date(text: str) -> datetime.date:
    year, month, day = [*(int(part) for part in text.split("-")), 1, 1][:3]
    return datetime.date(year, month, day)


def _cell(text: str, kind: Any) -> Any:
    kind = str(kind)
    if "tuple" in kind:
        return tuple(part.strip() for part in text.split(";") if part.strip())
    if "bool" in kind:
        return text == "yes"
    if text == "":
        return None if "None" in kind else ("" if "str" in kind else 0)
    return int(text) if "int" in kind else float(text) if "float" in kind else text


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one shipped table as text."""
    text = (files("tunecase") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _table(name: str, kind: type[T]) -> tuple[T, ...]:
    columns = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    return tuple(kind(**{k: _cell(row[k], t) for k, t in columns.items()}) for row in read_table(name))


def gpus() -> tuple[Gpu, ...]:
    """Every GPU known."""
    return _table("gpus", Gpu)


def models() -> tuple[Model, ...]:
    """Every model known."""
    return _table("models", Model)


def gpu_prices() -> tuple[GpuPrice, ...]:
    """Every GPU price known, stale ones marked."""
    return _table("gpu_prices", GpuPrice)


def frameworks() -> tuple[Framework, ...]:
    """Every training framework known."""
    return _table("frameworks", Framework)


def optimizers() -> tuple[Optimizer, ...]:
    """Every optimizer known."""
    return _table("optimizers", Optimizer)


def versions() -> tuple[Version, ...]:
    """What frameworks did before, oldest first for each."""
    return _table("versions", Version)


def stacks() -> tuple[Stack, ...]:
    """Activation memory of every autograd stack known."""
    return _table("stacks", Stack)


def losses() -> tuple[LossMemory, ...]:
    """Memory of every kind of loss known."""
    return _table("losses", LossMemory)


def wages() -> tuple[Wage, ...]:
    """Every wage known."""
    return _table("wages", Wage)


def label_prices() -> tuple[LabelPrice, ...]:
    """Every price of a label, a synthetic example or a page known."""
    return _table("labels", LabelPrice)


def hosted() -> tuple[Hosted, ...]:
    """Every hosted fine-tuning price known."""
    return _table("hosted", Hosted)


def metrics() -> tuple[Metric, ...]:
    """Every metric known."""
    return _table("metrics", Metric)


def defaults() -> tuple[Default, ...]:
    """Every documented default."""
    return _table("defaults", Default)


def checks() -> tuple[CheckAccuracy, ...]:
    """How often each data check was right where the defects are known."""
    return _table("checks", CheckAccuracy)


def gpu(name: str) -> Gpu:
    """The GPU of that name or alias. Raises InputError with near names."""
    return _find(name, gpus(), "gpu", "a GPU in the tables")


def can(card: Gpu, precision: str) -> bool:
    """Whether a card has units for a precision: bf16 from Ampere on, fp8 where its 8-bit peak is known.

    Example:
        >>> can(gpu("H100"), "fp8"), can(gpu("A100-80GB"), "fp8"), can(gpu("T4"), "bf16")
        (True, False, False)
    """
    return {"bf16": card.bf16, "fp8": card.peak_fp8_tflops > 0}.get(precision, True)


def model(name: str) -> Model:
    """The model of that name or alias. Raises InputError with near names."""
    return _find(name, models(), "model", "a model in the tables, or the path of its config.json")


def metric(name: str) -> Metric:
    """The metric of that name. Raises InputError with near names."""
    return _find(name, metrics(), "metric", "a metric in the tables")


@cache
def framework(name: str) -> Framework:
    """The framework of that name. Raises InputError with near names."""
    return _find(name, frameworks(), "framework", "a training framework in the tables")


@cache
def framework_in(name: str, month: str) -> Framework:
    """The framework as it was in a month (2024-09 or later text; empty means in early 2024).

    Raises: InputError for an unknown name.
    """
    known = framework(name)
    for old in versions():
        if name in old.frameworks and (month or "2024-01") < old.until:
            told = {field: getattr(old, field) for field in ("loss", "optimizer") if getattr(old, field)}
            return replace(framework(old.became) if old.became else known, **told)
    return known


@cache
def optimizer(name: str) -> Optimizer:
    """The optimizer of that name or spelling. Raises InputError with near names."""
    fold = name.casefold()
    for known in optimizers():
        if fold in (known.name, *known.words):
            return known
    wanted = "an optimizer in the tables"
    raise InputError(Problem("optimizer", repr(name), wanted, nearest(name, [item.name for item in optimizers()])))


@cache
def stack(name: str, method: str, kernels: str) -> Stack:
    """The activation memory of a stack and method.

    Kernels without a row of their own count as fused where they are compiled or special, else as single operations; a
    stack without a row for the method has that of its elder (`litgpt-2023` of litgpt), then that of transformers.
    """
    found = {(row.stack, row.method, row.kernels): row for row in stacks()}
    kinds = (kernels, "eager") if kernels == "eager" else (kernels, "fused", "eager")
    names = (name, name.split("-")[0], "transformers")
    return next(found[who, method, kind] for who in names for kind in kinds if (who, method, kind) in found)


@cache
def loss_memory(name: str, loss: str) -> LossMemory:
    """The memory of a loss in a stack; a stack without a row for it has that of transformers."""
    found = {(row.stack, row.loss): row for row in losses()}
    return found.get((name, loss)) or found["transformers", loss]


def wage(role: str) -> Wage | None:
    """The wage of a role, if the tables hold one."""
    return next((wage for wage in wages() if wage.role == role.casefold().strip()), None)


def default(field: str) -> Default:
    """The documented default of one field of the project file."""
    return next(item for item in defaults() if item.field == field)


def names() -> dict[str, list[str]]:
    """All names that a project file may use, by kind."""
    return {
        "gpu": [n for item in gpus() for n in (item.name, *item.aliases)],
        "model": [n for item in models() for n in (item.name, *item.aliases)],
        "metric": [item.name for item in metrics()],
        "lower metric": [item.name for item in metrics() if item.direction == "lower"],
    }


@cache
def price_book() -> str:
    """SHA-256 over the tables of prices, wages and defaults, so that a report can name what it used."""
    digest = hashlib.sha256()
    for name in ("gpu_prices", "labels", "wages", "defaults"):
        digest.update((files("tunecase") / "tables" / f"{name}.csv").read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _find(name: str, items: tuple[T, ...], where: str, wanted: str) -> T:
    fold = name.casefold()
    known = {n.casefold(): item for item in items for n in (*getattr(item, "aliases", ()), item.name)}  # type: ignore[attr-defined]
    if fold in known:
        return known[fold]
    raise InputError(Problem(where, repr(name), wanted, nearest(name, [item.name for item in items])))  # type: ignore[attr-defined]
