"""Why a replica cannot be predicted, or cannot serve, and what would help."""

from collections.abc import Callable

from tunecase.inference.engines import engine, engines
from tunecase.inference.setup import Load, Refusal, Setup
from tunecase.inference.work import GIB, WEIGHT_BYTES, cache_bytes, free_bytes

WITHOUT_8_BIT = ("volta", "turing")
# Before this year the same models ran on AMD cards at 0.5 (ANL) to 1.4 times (MLPerf) what is predicted.
ROCM_SETTLED = "2025"


def refused(setup: Setup, load: Load) -> Refusal | None:
    """The first reason why a set-up at a load gets no prediction, None where there is none."""
    return next((refusal for reason in REASONS if (refusal := reason(setup, load)) is not None), None)


def _engine(setup: Setup, load: Load) -> Refusal | None:
    if engine(setup.engine) is not None:
        return None
    names = ", ".join(known.name for known in engines())
    return Refusal(f"the engine {setup.engine!r} is not known", f"name one of {names}, or other, which widens the band")


def _lengths(setup: Setup, load: Load) -> Refusal | None:
    if load.input_tokens >= 0 and load.output_tokens > 0 and 0 <= load.cached_share <= 1:
        return None
    got = f"{load.input_tokens:g} tokens in, {load.output_tokens:g} out, {load.cached_share:g} of the input cached"
    return Refusal(f"{got} is no load", "state at least one token out, and a cached share from 0 to 1")


def _counts(setup: Setup, load: Load) -> Refusal | None:
    if load.concurrency is not None and not load.concurrency > 0:
        return Refusal(f"{load.concurrency:g} requests in flight are no load", "state one request or more")
    if setup.tensor < 1 or setup.pipeline < 1 or setup.adapters < 0:
        got = f"tensor {setup.tensor}, pipeline {setup.pipeline}, adapters {setup.adapters}"
        return Refusal(f"{got} is no replica", "state tensor and pipeline of 1 or more, and adapters of 0 or more")
    return None


def _context(setup: Setup, load: Load) -> Refusal | None:
    context, tokens = setup.model.context, load.input_tokens + load.output_tokens
    if not context or tokens <= context:
        return None
    reason = f"{tokens:,.0f} tokens of input and output exceed the context of {context:,} tokens of {setup.model.name}"
    return Refusal(reason, "shorten the requests, or name a model with a longer context")


def _precision(setup: Setup, load: Load) -> Refusal | None:
    card, precision = setup.card, setup.precision
    unknown = [word for word in (precision, setup.kv_precision) if word and word not in WEIGHT_BYTES]
    if unknown or not precision:
        return Refusal(f"the precision {''.join(unknown[:1])!r} is not known", f"name one of {', '.join(WEIGHT_BYTES)}")
    if precision == "bf16" and not card.bf16:
        return Refusal(f"{card.name} does not compute in bf16", "serve in fp16")
    if precision in ("fp8", "fp4") and card.generation in WITHOUT_8_BIT:
        return Refusal(f"no engine runs {precision} weights on {card.name}", "serve in fp16, int8 or int4")
    return None


def _software(setup: Setup, load: Load) -> Refusal | None:
    if not (setup.card.generation.startswith("cdna") and "" < setup.engine_date < ROCM_SETTLED):
        return None
    reason = (
        f"with software of {setup.engine_date[:7]} the same models ran on AMD cards at 0.5 to 1.4 times the speed that "
        "is predicted, by release and flags"
    )
    return Refusal(reason, "use a release of 2025 or later, or measure a load")


def _memory(setup: Setup, load: Load) -> Refusal | None:
    need = cache_bytes(setup, load.input_tokens + load.output_tokens)
    if free_bytes(setup) >= need:
        return None
    weights = setup.model.params * WEIGHT_BYTES[setup.precision] / GIB
    have = setup.card.memory_gib * setup.cards
    reason = (
        f"{setup.model.name} needs {weights:,.1f} GiB for its weights in {setup.precision} and {need / GIB:,.2f} GiB "
        f"for one request; of the {have:,.0f} GiB of {setup.cards} x {setup.card.name} not all can be used"
    )
    return Refusal(reason, "use more cards a replica, a card with more memory, or weights in fewer bits")


REASONS: tuple[Callable[[Setup, Load], Refusal | None], ...] = (
    _engine, _lengths, _counts, _context, _precision, _software, _memory,
)  # fmt: skip
