"""How fast one replica answers at a load, or why that cannot be said."""

from dataclasses import dataclass, fields, replace
from functools import cache

from tunecase import catalog
from tunecase.inference.bands import band
from tunecase.inference.engines import Engine, engine, engines
from tunecase.inference.setup import Load, Rate, Refusal, Setup
from tunecase.inference.steps import Constants, input_seconds, request_seconds, step_seconds
from tunecase.inference.work import WEIGHT_BYTES, free_bytes, room, work_of

# Sequences in flight at the end of a burst.
TAIL_SEQUENCES = 1.0
# Before this month the same model ran on AMD cards at 0.5 (ANL) to 1.4 times (MLPerf) what is predicted.
ROCM_SETTLED = "2025"
WITHOUT_8_BIT = ("volta", "turing")


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds of a replica at a batch: a request's input, a decode step, and a request's share of the replica."""

    input_s: float
    step_s: float
    request_s: float


@cache
def constants() -> Constants:
    """The constants of serving_constants.csv, fitted on published runs."""
    values = {row["name"].replace(" ", "_").replace("-", "_"): float(row["value"]) for row in _rows()}
    return Constants(**{f.name: values[f.name] for f in fields(Constants)})


def _rows() -> list[dict[str, str]]:
    return catalog.read_table("serving_constants")


def rate(setup: Setup, load: Load, at: Constants | None = None) -> Rate | Refusal:
    """How fast one replica answers at a load.

        requests/s = 1 / (t_input + output x t_step / batch),    batch = min(concurrency, memory, engine's cap)

    Args:
        setup: the replica.
        load: lengths [tokens], concurrency [requests in flight], kind.
        at: constants in place of those of the table.
    Returns: medians with the 80% band, or the reason why nothing can be said.

    Source: `steps`; serving_constants.csv.
    Leaves out the queue before a replica, cold starts, and speculative decoding.
    """
    refusal = _refusal(setup, load)
    running = engine(setup.engine)
    if refusal or running is None:
        return refusal or _unknown_engine(setup)
    most = room(setup, load, running)
    batch = most.most if load.concurrency is None else min(load.concurrency, most.most)
    times = _times(setup, load, running, batch, at or constants())
    requests = 1 / times.request_s
    if load.kind == "burst" and load.concurrency is not None:
        requests = _burst(setup, load, running, batch, times, at or constants())
    left = _left_by_adapters() if setup.adapters else 1.0
    sure = band(setup, load)
    return Rate(
        requests_per_s=requests * left,
        output_tokens_per_s=requests * left * load.output_tokens,
        in_flight=batch,
        most_in_flight=most.most,
        prefill_s=times.input_s / left,
        step_s=times.step_s / left,
        low=sure.low,
        high=sure.high,
        bound_by=_bound_by(setup, load, running, batch, times),
        widened=sure.widened,
    )


def _times(setup: Setup, load: Load, running: Engine, batch: float, at: Constants) -> _Times:
    work = work_of(setup, load, running, batch)
    step = step_seconds(work, at)
    alone = replace(work, merged_inputs=1.0)
    return _Times(input_seconds(alone, at) * setup.pipeline, step * setup.pipeline, request_seconds(work, at))


def _burst(setup: Setup, load: Load, running: Engine, batch: float, times: _Times, at: Constants) -> float:
    """Requests per second over a whole burst, its thinning end included."""
    count = load.concurrency or batch
    tail = _times(setup, load, running, TAIL_SEQUENCES, at)
    return count / (count * times.request_s + at.burst_tail * load.output_tokens * tail.step_s)


@cache
def _left_by_adapters() -> float:
    return float(catalog.read_table("serving_adapters")[0]["value"])


def _bound_by(setup: Setup, load: Load, running: Engine, batch: float, times: _Times) -> str:
    """What a faster replica would need: the largest part of a request's time."""
    del times
    free = replace_constants(layer_python=0.0, layer_compiled=0.0, sequence_python=0.0, sequence_compiled=0.0, hop=0.0)
    whole, bare = _times(setup, load, running, batch, constants()), _times(setup, load, running, batch, free)
    work = work_of(setup, load, running, batch)
    at = constants()
    reading = (work.weights_gb + work.cache_gb) / (work.bandwidth_gb_per_s * at.bandwidth) * load.output_tokens
    computing = work.step_tflop / (work.tflops * at.decode_products) * load.output_tokens
    parts = {
        "the input's products": input_seconds(work, at) * work.sequences,
        "memory bandwidth": reading,
        "products": computing,
        "overheads of the engine": (whole.request_s - bare.request_s) * work.sequences,
    }
    return max(parts, key=lambda name: parts[name])


def replace_constants(**changed: float) -> Constants:
    """The constants of the table with some of them changed."""
    return replace(constants(), **changed)


def _unknown_engine(setup: Setup) -> Refusal:
    names = ", ".join(e.name for e in engines())
    return Refusal(f"the engine {setup.engine!r} is not known", f"one of {names}, or other, which widens the band")


def _refusal(setup: Setup, load: Load) -> Refusal | None:
    return (
        _load_refusal(setup, load)
        or _precision_refusal(setup)
        or _software_refusal(setup)
        or _memory_refusal(setup, load)
    )


def _load_refusal(setup: Setup, load: Load) -> Refusal | None:
    if not (load.input_tokens >= 0 and load.output_tokens > 0 and 0 <= load.cached_share < 1):
        return Refusal("the lengths are not positive, or the cached share is not below 1", "state tokens in and out")
    if load.concurrency is not None and not load.concurrency > 0:
        return Refusal(f"{load.concurrency:g} requests in flight is no load", "one request or more")
    if setup.tensor < 1 or setup.pipeline < 1:
        return Refusal("a replica has at least one card", "tensor and pipeline of 1 or more")
    context, tokens = setup.model.context, load.input_tokens + load.output_tokens
    if context and tokens > context:
        reason = f"{tokens:,.0f} tokens of input and output exceed the context of {context:,} tokens"
        return Refusal(reason, "shorter requests, or a model with a longer context")
    return None


def _precision_refusal(setup: Setup) -> Refusal | None:
    card, precision = setup.card, setup.precision
    if precision not in WEIGHT_BYTES:
        return Refusal(f"the precision {precision!r} is not known", f"one of {', '.join(WEIGHT_BYTES)}")
    if precision == "bf16" and not card.bf16:
        return Refusal(f"{card.name} has no bf16", "fp16")
    if precision in ("fp8", "fp4") and card.generation in WITHOUT_8_BIT:
        return Refusal(f"no engine runs {precision} weights on {card.name}", "fp16, int8 or int4")
    return None


def _software_refusal(setup: Setup) -> Refusal | None:
    if not (setup.card.generation.startswith("cdna") and "" < setup.engine_date < ROCM_SETTLED):
        return None
    reason = (
        f"software of {setup.engine_date[:7]} ran on AMD cards at half to one and a half times the speed predicted, "
        "by release and flags"
    )
    return Refusal(reason, "a release of 2025 or later, or a measured point")


def _memory_refusal(setup: Setup, load: Load) -> Refusal | None:
    from tunecase.inference.work import GIB, cache_bytes

    need = cache_bytes(setup, load.input_tokens + load.output_tokens)
    if free_bytes(setup) >= need:
        return None
    weights = setup.model.params * WEIGHT_BYTES[setup.precision] / GIB
    have = setup.card.memory_gib * setup.cards
    reason = (
        f"{setup.model.name} needs {weights:,.1f} GiB for its weights in {setup.precision} and {need / GIB:,.2f} GiB "
        f"for one request; {setup.cards} x {setup.card.name} have {have:,.0f} GiB, not all of it usable"
    )
    return Refusal(reason, "more cards a replica, a card with more memory, or weights in fewer bits")
