"""What one card does at a load: bytes it reads, products it computes, sums it sends, and how many requests fit."""

from dataclasses import dataclass

from tunecase.catalog import Gpu
from tunecase.inference.engines import Engine, engine
from tunecase.inference.setup import Load, Served, Setup
from tunecase.inference.steps import Work

GIB = 2**30
# Bytes of one weight; 4-bit weights keep a scale for each small group, and some layers in 16 bit.
WEIGHT_BYTES = {"fp32": 4.0, "bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0, "int4": 0.57, "fp4": 0.57}
EIGHT_BIT, FOUR_BIT = ("fp8", "int8"), ("int4", "fp4")
# Checkpoints in these floats come with scales for a cache of 8 bits; those in whole numbers do not.
FLOATS = ("fp8", "fp4")
CACHE_BYTES = {**WEIGHT_BYTES, "fp4": 0.5, "int4": 0.5}
# Engines keep running states in 32 bit (vLLM's mamba_ssm_cache_dtype of the models that state one).
STATE_BYTES = 4.0
# What an engine uses of a card's memory, and what it takes beside weights and cache: a share, at most so much.
USABLE_SHARE, BESIDE_SHARE, BESIDE_GIB = 0.92, 0.04, 2.0
LARGE_GIB = 70.0
SCARCE_SHARE = 0.2
# Tokens of input that one step takes together.
INPUT_CHUNK_TOKENS = 8192.0
# Overheads are those of releases of this month; older ones are slower.
NEWEST = 2026 + 3 / 12
# Cards without 8-bit floats that compute 8-bit whole numbers at twice the 16-bit rate, of which products reach less.
WHOLE_NUMBER_UNITS, WHOLE_NUMBER_GAIN = ("ampere", "turing"), 1.6


@dataclass(frozen=True, slots=True)
class Room:
    """How many requests fit: in the memory left for the cache, and in the engine's batch.

    `scarce` where so little memory is left for the cache that a little more or less of it changes the batch much.
    """

    in_memory: float
    batch_cap: float
    scarce: bool

    @property
    def most(self) -> float:
        """The smaller of the two, at least one."""
        return max(1.0, min(self.in_memory, self.batch_cap))


def cache_bytes(setup: Setup, tokens: float) -> float:
    """Bytes that a sequence of so many tokens keeps: its cache, and a running state in 32 bit whatever its length."""
    model = setup.model
    elements = model.kv_elements * tokens + model.kv_window_elements * min(tokens, model.window or tokens)
    return elements * _number_bytes(setup) + STATE_BYTES * model.state_elements


def _number_bytes(setup: Setup) -> float:
    return CACHE_BYTES[setup.kv_precision or _kept_in(setup)]


def _kept_in(setup: Setup) -> str:
    """What an engine keeps the cache in unless it is told: 8 bit where TensorRT-LLM has weights in narrow floats."""
    compiled = engine(setup.engine)
    narrow = setup.precision in FLOATS and setup.card.peak_fp8_tflops > 0
    return "fp8" if compiled is not None and compiled.name == "tensorrt-llm" and narrow else "fp16"


def free_bytes(setup: Setup) -> float:
    """Bytes left for the cache on all cards of a replica; negative where the weights do not fit."""
    memory = setup.card.memory_gib
    have = (memory * USABLE_SHARE - min(BESIDE_GIB, BESIDE_SHARE * memory)) * GIB * setup.cards
    return have - setup.model.params * WEIGHT_BYTES[setup.precision]


def room(setup: Setup, load: Load, engine: Engine) -> Room:
    """How many requests of a load fit into one replica: n hold n times their own and n / alike inputs, at least one.

    A beginning that is cached for other reasons counts for each request. Source: engines size their cache by what the
    weights leave; 92% of memory less 4% (at most 2 GiB) is assumed. Leaves out that layers with a window share too.
    """
    # A cache that cannot be split over all cards is held more than once.
    copies = setup.tensor / min(setup.tensor, setup.model.kv_heads)
    shared = setup.model.kv_elements * load.input_tokens * (load.alike > 1) * copies * _number_bytes(setup)
    own = cache_bytes(setup, load.input_tokens + load.output_tokens / 2) * copies - shared
    cap = engine.batch_cap if large(setup.card) else engine.batch_cap_small
    left = max(free_bytes(setup), 0.0)
    scarce = left < SCARCE_SHARE * setup.card.memory_gib * GIB * setup.cards
    in_memory = min(left / (own + shared / load.alike), max(left - shared, 0.0) / own)
    return Room(in_memory, float(cap * setup.pipeline), scarce)


def large(card: Gpu) -> bool:
    """Whether engines take a card for one that runs large batches: at least 70 GiB, and newer than Ampere."""
    return card.memory_gib >= LARGE_GIB and card.generation != "ampere"


def rate_tflops(card: Gpu, precision: str) -> float:
    """The best large product of a card in the precision in which it computes [TFLOP/s]."""
    if precision == "fp32":
        return card.product_tflops / 2
    if precision in FOUR_BIT and not _widened(card, precision):
        return card.product_fp4_tflops
    if precision in EIGHT_BIT and card.product_fp8_tflops:
        return card.product_fp8_tflops
    if precision == "int8" and card.generation in WHOLE_NUMBER_UNITS:
        return WHOLE_NUMBER_GAIN * card.product_tflops
    return card.product_tflops


def _widened(card: Gpu, precision: str) -> bool:
    """Whether 4-bit weights are widened before a product: whole numbers, and floats on cards without a 4-bit rate."""
    return precision in FOUR_BIT and not (precision == "fp4" and card.product_fp4_tflops > 0)


def touched(model: Served, tokens: float) -> float:
    """Parameters that a step over so many tokens reads: all experts that any of them is sent to."""
    if not model.experts or not model.active_experts:
        return model.active
    share = model.active_experts / model.experts
    untouched: float = (1 - share) ** max(tokens - 1, 0.0)
    return model.active + (model.params - model.active) * (1 - untouched)


def _pair_flop(model: Served) -> float:
    return model.pair_flop or 4.0 * model.layers * model.hidden


def _cached_pair_flop(model: Served) -> float:
    return model.cached_pair_flop or _pair_flop(model)


def _pairs(model: Served, tokens: float, context: float) -> float:
    """Pairs that so many tokens make with a context before them, fewer in layers whose window ends."""
    windowed = model.kv_window_elements / (model.kv_elements + model.kv_window_elements) if model.window else 0.0
    return tokens * ((1 - windowed) * context + windowed * min(context, model.window))


def _input_pairs(model: Served, load: Load) -> float:
    """Pairs of a request's fresh input: with the cached beginning, and among themselves."""
    cached = load.input_tokens * load.cached_share
    fresh = load.input_tokens - cached
    return _pairs(model, fresh, cached + fresh / 2)


def years_old(engine_date: str) -> float:
    """Years from a release to the newest that was measured, 0 for newer ones and for none stated."""
    if not engine_date:
        return 0.0
    year, _, rest = engine_date.partition("-")
    month = rest.partition("-")[0]
    return max(0.0, NEWEST - (int(year) + (int(month) if month else 6) / 12))


def work_of(setup: Setup, load: Load, engine: Engine, in_flight: float) -> Work:
    """What one card of one stage does with so many requests in flight."""
    model, card = setup.model, setup.card
    cards, stages = setup.cards, setup.pipeline
    width = WEIGHT_BYTES[setup.precision]
    at_once = max(in_flight / stages, 1.0)  # a stage works on at least one request, if not all the time
    fresh = load.input_tokens * (1 - load.cached_share)
    merged = max(1.0, min(in_flight, INPUT_CHUNK_TOKENS / max(fresh, 1.0)))
    context = load.input_tokens + load.output_tokens / 2
    split = min(setup.tensor, model.kv_heads)
    traffic = 2 * 2 * model.layers / stages * model.hidden * 2 * (setup.tensor - 1) / setup.tensor / 1e9
    return Work(
        weights_gb=touched(model, at_once) * width / cards / 1e9,
        cache_gb=at_once * cache_bytes(setup, context) / (split * stages) / 1e9,
        step_tflop=2 * model.active * at_once / cards / 1e12,
        step_attention_tflop=_pairs(model, 1.0, context) * at_once * _cached_pair_flop(model) / cards / 1e12,
        input_weights_gb=touched(model, merged * fresh) * width / cards / 1e9,
        input_tflop=2 * model.active * fresh / cards / 1e12,
        input_attention_tflop=_input_pairs(model, load) * _pair_flop(model) / cards / 1e12,
        bandwidth_gb_per_s=card.bandwidth_tb_per_s * 1e3,
        tflops=rate_tflops(card, setup.precision),
        attention_tflops=card.product_tflops,
        layers=model.layers / stages,
        sequences=in_flight / stages,
        merged_inputs=merged,
        output_tokens=load.output_tokens,
        sums=float(setup.tensor > 1),
        step_sum_gb=traffic * at_once,
        input_sum_gb=traffic * fresh,
        link_gb_per_s=card.link_gb_per_s,
        python=float(engine.overheads == "python"),
        age_years=years_old(setup.engine_date),
        four_bit=float(setup.precision in FOUR_BIT),
        weight_only=float(_widened(card, setup.precision)),
        experts=float(model.experts > 0),
        amd=float(card.generation.startswith("cdna")),
    )
