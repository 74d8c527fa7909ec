"""One quick question: does this training run fit on this GPU, how long does it take and what does it cost?

Memory is the peak over the phases of a step (memory.py), time is operations over the share of the card's peak that
published runs reach (speed.py), the price is hours times the price of a GPU hour, each with its date (prices.py).
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_args

from tunecase import catalog, memory, prices, speed
from tunecase.errors import InputError, Problem
from tunecase.memory import GB_PER_GIB, Method
from tunecase.prices import Basis
from tunecase.records import Fit, Interval80
from tunecase.remedies import Plan, remedies
from tunecase.shape import read_shape
from tunecase.spread import Const, band
from tunecase.units import UnitError, Wanted, read_quantity

if TYPE_CHECKING:
    from tunecase.spread import Draws

T = TypeVar("T")
TIERS = ("marketplace", "neocloud", "hyperscaler")
MOST_GPUS = 4096

NOT_COUNTED = (
    "loading the model and evaluation, which can peak higher than a training step",
    "the allocator's reserve: nvidia-smi shows about 1.1 to 1.5 times the allocated memory",
    "start-up, evaluation and checkpoint time: some minutes a run, most of a very short one",
    "disk for checkpoints, network egress and failed runs",
    "micro-batches under a few thousand tokens, which leave the card idle: up to several times slower",
    "links between cards: without NVLink, sharding over several cards can be several times slower",
)


def fit(
    model: str,
    *,
    method: str = "lora",
    sequence_tokens: int = 2048,
    micro_batch: int = 1,
    gpu: str = "A100-80GB",
    gpus: int = 1,
    train_tokens: float | None = None,
    rank: int = 16,
    checkpointing: bool = True,
    basis: Basis,
    base: Path | None = None,
) -> Fit:
    """Memory, speed and, for a number of tokens, time and price of one training run.

    Args:
        model: a name of the tables, or the path of a config.json.
        method: full, lora or qlora.
        sequence_tokens: tokens of the longest sample.
        micro_batch: samples per GPU and step; gradient accumulation does not change the peak.
        gpu: a name of the tables.
        gpus: how many, fully sharded when more than one.
        train_tokens: tokens to train on over all epochs, padding counted; None leaves time and price out.
        rank: rank of the adapters on all linear layers.
        checkpointing: gradient checkpointing.
        basis: price tier, date and draws.
        base: folder for a relative path of the model.
    Returns: the Fit; intervals are 80%, tokens per second are of all GPUs together.
    Raises: InputError with every mistake found.

    Leaves out what `Fit.not_counted` lists. On publishers it has not seen, memory on one GPU is off by 7% (median) and
    18% (one run in ten), on several by 22% and 36%, speed by 21% and 34%: `benchmarks/training.py`, whose docstring
    says where these figures flatter. The 80% band of memory on several GPUs held only a third of such runs.
    """
    plan = _checked(model, method, sequence_tokens, micro_batch, gpu, gpus, train_tokens, rank, checkpointing, base)
    peak, verdict = plan.peak, plan.verdict
    price = prices.gpu_hour(plan.gpu.name, basis)
    hours, usd = _time_and_price(plan, train_tokens, price, basis) if verdict != "does not fit" else (None, None)
    return Fit(
        model=plan.shape.name,
        method=plan.method,
        gpu=plan.gpu.name,
        gpu_count=plan.gpus,
        verdict=verdict,
        memory_gib=Interval80(*(gb / GB_PER_GIB for gb in (peak.low_gb, peak.mid_gb, peak.high_gb))),
        usable_gib=memory.usable_gb(plan.gpu) / GB_PER_GIB,
        memory_terms=tuple((name, gb / GB_PER_GIB) for name, gb in peak.terms),
        dominant=f"{peak.dominant} ({peak.phase})",
        train_tokens=train_tokens,
        tokens_per_s=_speed(plan),
        hours=hours,
        usd_per_gpu_hour=_interval(price.draws / basis.base_per_usd) if price else None,
        usd=usd,
        price_dates=price.dates if price else (),
        remedies=() if verdict == "fits" else remedies(plan, basis),
        assumptions=(*_assumptions(plan), *_price_words(plan, price, train_tokens)),
        not_counted=NOT_COUNTED,
    )


def fit_text(model: str, asked: Mapping[str, str | None], *, basis: Basis, base: Path | None = None) -> Fit:
    """`fit` from words as typed, `5M` or `2k` included; what cannot be read is refused with everything else.

    Args:
        model: as in `fit`.
        asked: words by the name of fit's argument; None and absent leave the default.
        basis: price tier, date and draws.
        base: folder for a relative path of the model.
    Returns: the Fit.
    Raises: InputError with every mistake found.
    """
    words = {name: text for name, text in asked.items() if text is not None}
    given = {name: text if name in ("method", "gpu") else _number(text) for name, text in words.items()}
    return fit(model, **given, basis=basis, base=base)  # type: ignore[arg-type]


def _number(text: str) -> int | float | str:
    """The number that the text states, whole where it is; the text itself where it states none."""
    try:
        spread = read_quantity(text, Wanted("", zero_ok=True)).spread
    except UnitError:
        return text
    if not isinstance(spread, Const):
        return text
    return int(spread.value) if spread.value == int(spread.value) else spread.value


def _time_and_price(
    plan: Plan, train_tokens: float | None, price: prices.GpuHour | None, basis: Basis
) -> tuple[Interval80 | None, Interval80 | None]:
    """Wall-clock hours and US dollars, None where the tokens or the price are not known."""
    if train_tokens is None:
        return None, None
    share = basis.worlds.draw(speed.share_name(plan.gpu, plan.method), speed.efficiency(plan.gpu, plan.method))
    used = speed.gpu_hours(plan.flops_per_token, train_tokens, plan.gpu.peak_bf16_tflops, share)
    usd = _interval(used * price.draws / basis.base_per_usd) if price else None
    return _interval(speed.train_hours(used, plan.gpus)), usd


def _speed(plan: Plan) -> Interval80:
    row = speed.efficiency_row(plan.gpu, plan.method)
    rates = [
        speed.tokens_per_s(plan.flops_per_token, plan.gpu.peak_bf16_tflops, share) * plan.gpus
        for share in (row.p10, row.median, min(row.p90, 1.0))
    ]
    return Interval80(*rates)


def _interval(draws: "Draws") -> Interval80:
    points = band(draws)
    return Interval80(points.p10, points.p50, points.p90)


def _assumptions(plan: Plan) -> list[str]:
    shape, row = plan.shape, speed.efficiency_row(plan.gpu, plan.method)
    where = f"{plan.gpu.generation} cards" if row.generation == plan.gpu.generation else "all cards (none of its kind)"
    notes = [
        "stock Transformers and PEFT with AdamW and flash attention; a fused loss needs less, eager attention more",
        f"speed from {row.rows} published runs of {row.sources} publisher{'s' if row.sources != 1 else ''} "
        f"on {where}, up to {row.date}",
        "every micro-batch is as long as the longest sample; tokens per second are of all GPUs together",
    ]
    if plan.method != "full":
        adapters = shape.lora_params(plan.rank)
        notes.append(f"adapters of rank {plan.rank} on all linear layers: {adapters:,} parameters, states in 32 bit")
    if plan.method == "qlora":
        notes.append("4-bit NF4 weights with double quantisation in linear layers; embedding and head stay 16-bit")
    if plan.method == "full":
        states = (
            "32-bit masters, 20 bytes" if plan.gpus > 1 or not plan.gpu.bf16 else "16-bit weights and states, 10 bytes"
        )
        notes.append(f"{states} per parameter at the optimizer's step; other recipes take 10 to 20")
    if not plan.checkpointing:
        notes.append("no checkpointing: what each layer keeps is counted from the source, not measured for this stack")
    if plan.gpus > 1:
        notes.append(
            "on several GPUs two of three published runs lay outside such a band, mostly above it (docs/log.md)"
        )
        notes.append("fully sharded (FSDP full shard or ZeRO-3); speed grows in step with the number of GPUs")
    if plan.gpus > 8:
        notes.append("more than one machine: the network between them is taken to keep up")
    if not plan.gpu.bf16:
        notes.append(f"the {plan.gpu.name} has no bf16: fp16 with loss scaling is taken, and the card's fp16 peak")
    if not shape.context:
        notes.append("the config does not state the longest context, so the sequence was not checked against it")
    if shape.experts:
        notes.append(f"{shape.active_experts} of {shape.experts} experts per token; speed comes from dense runs")
    if shape.architecture == "gemma2":
        notes.append("soft-capped attention is counted as flash attention; where it runs eager, memory is higher")
    return notes


def _price_words(plan: Plan, price: prices.GpuHour | None, train_tokens: float | None) -> list[str]:
    """What was taken for the price, and why time and price are missing where they are."""
    notes = []
    if price is None:
        notes.append(f"no price of one {plan.gpu.name} hour in the tier asked for: the run is unpriced")
    else:
        dates = " to ".join(dict.fromkeys((price.dates[0], price.dates[-1])))
        count = f"{len(price.providers)} provider{'s' if len(price.providers) != 1 else ''}"
        stale = f", {price.stale} of {len(price.providers)} older than 180 days" if price.stale else ""
        notes.append(f"price of one {plan.gpu.name} hour: {price.tier}, {count}, dated {dates}{stale}")
    tiers = _tiers(plan.gpu)
    if tiers:
        notes.append(f"by tier, USD per {plan.gpu.name} hour: {'; '.join(tiers)}")
    if plan.verdict == "does not fit":
        notes.append("no time and no price: as asked, it does not fit")
    elif train_tokens is None:
        notes.append("no number of training tokens was given, so there is no time and no price")
    return notes


def _tiers(gpu: catalog.Gpu) -> list[str]:
    """Lowest and highest price of each tier that has one, current prices where there are any."""
    tiers = []
    for tier in TIERS:
        rows = [p for p in catalog.gpu_prices() if (p.gpu, p.tier) == (gpu.name, tier)]
        found = [p.usd_per_gpu_hour for p in ([p for p in rows if not p.stale] or rows)]
        if found:
            tiers.append(f"{tier} {min(found):.2f} to {max(found):.2f}")
    return tiers


def _checked(
    model: str,
    method: str,
    sequence_tokens: int,
    micro_batch: int,
    gpu: str,
    gpus: int,
    train_tokens: float | None,
    rank: int,
    checkpointing: bool,
    base: Path | None,
) -> Plan:
    """The plan, or InputError with every problem at once."""
    problems: list[Problem] = []
    shape, card = _found(lambda: read_shape(model, base), problems), _found(lambda: catalog.gpu(gpu), problems)
    known = get_args(Method)
    if method not in known:
        problems.append(Problem("method", repr(method), "full, lora or qlora", "use lora if in doubt"))
    sizes = {"sequence_tokens": sequence_tokens, "micro_batch": micro_batch, "gpus": gpus, "rank": rank}
    for name, value in sizes.items():
        if not _is_whole(value):
            problems.append(Problem(name, repr(value), "a whole number, at least 1", f"use {name} 1 or more"))
    if _is_whole(gpus) and gpus > MOST_GPUS:
        problems.append(Problem("gpus", repr(gpus), f"at most {MOST_GPUS}", "use fewer GPUs"))
    if shape and shape.context and _is_whole(sequence_tokens) and sequence_tokens > shape.context:
        wanted = f"at most {shape.context}, the longest context of {shape.name}"
        problems.append(Problem("sequence_tokens", repr(sequence_tokens), wanted, "cut the samples or pick a model"))
    if shape and method in ("lora", "qlora") and _is_whole(rank) and rank > shape.hidden:
        problems.append(Problem("rank", repr(rank), f"at most {shape.hidden}, the model's width", "16 is common"))
    if train_tokens is not None and not _is_positive(train_tokens):
        problems.append(Problem("train_tokens", repr(train_tokens), "a number above 0", "rows x epochs x tokens"))
    if problems or shape is None or card is None:
        raise InputError(problems)
    return Plan(shape, method, sequence_tokens, micro_batch, card, gpus, rank, checkpointing)  # type: ignore[arg-type]


def _found(read: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return read()
    except InputError as error:
        problems.extend(error.problems)
        return None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
