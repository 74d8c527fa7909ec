"""What serves a model and what arrives: the set-up of one replica, its load, and how fast it answers."""

from dataclasses import dataclass, field
from typing import Literal

from tunecase.catalog import Gpu

LoadKind = Literal["steady", "burst", "offline"]


@dataclass(frozen=True, slots=True)
class Served:
    """A model as serving sees it: what a token reads, and what it leaves behind in the cache.

    `params` are all parameters, `active` those that one token meets, `kv_elements` the numbers that one token of a
    sequence keeps in the cache over all layers, `kv_window_elements` those of layers whose window ends after `window`
    tokens (0 without such layers), `experts` 0 for a dense model, of which one token meets `active_experts`. A cache
    can be split over at most `kv_heads` cards (1 for latent attention). Attention takes `pair_flop` over all layers for
    each pair of tokens of the input, `cached_pair_flop` for each of the cache (both 0: from the hidden width).
    `guessed` is why the dimensions are not exact, empty where they are counted. `state_elements` are the numbers that a
    sequence keeps over all layers whatever its length (linear attention, state spaces, convolutions).
    """

    name: str
    params: float
    active: float
    layers: int
    hidden: int
    kv_elements: float
    experts: int = 0
    window: int = 0
    kv_window_elements: float = 0.0
    context: int = 0
    guessed: str = ""
    active_experts: int = 0
    kv_heads: int = 8
    pair_flop: float = 0.0
    cached_pair_flop: float = 0.0
    state_elements: float = 0.0


@dataclass(frozen=True, slots=True)
class Setup:
    """One replica: a model on `tensor` x `pipeline` cards with an engine.

    `precision` is that of the weights (fp32, bf16, fp16, fp8, int8, int4, fp4), `kv_precision` that of the cache ("" as
    the engine keeps it). `engine_date` is the day or month of the engine's release ("" means today's).
    `adapters` counts LoRA adapters that are served beside the weights; 0 where there is none or it is merged.
    """

    model: Served
    card: Gpu
    precision: str = "bf16"
    tensor: int = 1
    pipeline: int = 1
    engine: str = "vllm"
    engine_date: str = ""
    kv_precision: str = ""
    adapters: int = 0

    @property
    def cards(self) -> int:
        """Cards of one replica."""
        return self.tensor * self.pipeline


@dataclass(frozen=True, slots=True)
class Load:
    """What arrives at one replica: lengths in tokens (means), the share of the input that is cached, and how it comes.

    `concurrency` is the number of requests in flight; None: as many as fit. A `steady` load keeps it up, an `offline`
    one has everything at hand, a `burst` of that many requests comes at once and thins out as it drains. So many as
    `alike` have the same input, whose cache lies in memory once for all of them.
    """

    input_tokens: float
    output_tokens: float
    concurrency: float | None = None
    kind: LoadKind = "steady"
    cached_share: float = 0.0
    alike: int = 1


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast one replica answers at a load: medians, and the 80% band as factors on the throughput.

    `output_tokens_per_s` is of the whole replica. `in_flight` is the batch that ran, `most_in_flight` what memory and
    engine allow. `prefill_s` is the time of one request's input alone, `step_s` that of one output token of every
    request in flight. `widened` says why the band is wider than for what was measured, in words.
    """

    requests_per_s: float
    output_tokens_per_s: float
    in_flight: float
    most_in_flight: float
    prefill_s: float
    step_s: float
    low: float
    high: float
    bound_by: str
    widened: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a replica cannot be predicted, or cannot serve, and what would help."""

    reason: str
    fix: str
