"""What the answers cost after launch: the tuned model's replicas, beside every other way to get the answers."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Band, Interval80
from tunecase.records.estimate import DefaultUsed
from tunecase.records.tabular import Tabular

Kind = Literal["on demand", "reserved", "spot", "owned", "endpoint", "adapter", "batch", "plain cores", "hosted"]
Objective = Literal["met", "not met", "unsure", "not asked"]


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast one replica answers at the lengths asked about, with 80% bands.

    `setup` says in words what runs: cards, precision, engine. `answers_per_s` is the most that one replica gives within
    the objective, `output_tokens_per_s` the same in tokens, at `in_flight` requests. `first_token_s` is the time of the
    input alone, before any queue; `per_token_s` the time of each further token. `measured` counts the points that
    narrowed it, `before` is `answers_per_s` without them, None where there are none. `cards` are those of the replica.
    """

    setup: str
    answers_per_s: Interval80
    output_tokens_per_s: Interval80
    in_flight: float
    first_token_s: Interval80
    per_token_s: Interval80
    bound_by: str
    measured: int = 0
    before: Interval80 | None = None
    widened: tuple[str, ...] = ()
    cards: int = 1


@dataclass(frozen=True, slots=True)
class InferenceWay:
    """One way to get the answers, in the base currency.

    `tuned` is False of a model that is prompted, whose score is another. `rank` is None where it has no price or does
    not meet the objective. Bands are over the worlds of the plan. `per_mtok_in`, `per_mtok_out` and `per_mtok_cached`
    are prices of a million tokens; of a replica, the month's bill over the tokens served, input and output alike in
    time. `replicas` are the most that are rented at once, spare included; `busy` is the share of what is paid that
    works. `expected` is the mean of the month over the worlds, by which ways are ranked. `missing` names what it has
    no price for, `basis` the price's source and date.
    """

    name: str
    kind: Kind
    model: str
    tuned: bool
    rank: int | None
    per_month: Band | None
    per_1k: Band | None
    per_mtok_in: Band | None = None
    per_mtok_out: Band | None = None
    per_mtok_cached: Band | None = None
    replicas: Band | None = None
    busy: Band | None = None
    objective: Objective = "not asked"
    missing: str = ""
    basis: str = ""
    notes: tuple[str, ...] = ()
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """The volume from which one way costs less than another: answers a month, P10, P50 and P90.

    An end is None where it lies beyond what was looked at: `dearer` never, or always, costs more there.
    """

    cheaper: str
    dearer: str
    low: float | None
    mid: float | None
    high: float | None
    words: str


@dataclass(frozen=True, slots=True)
class LoadPoint:
    """A load that is worth measuring, what it would tell, and the words of a load generator that measures it."""

    concurrency: int
    input_tokens: int
    output_tokens: int
    why: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """A latency over the requests of a run [ms]; None where the meter did not report it."""

    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """What a load generator measured of one replica at one load.

    `card` is the GPU's name in the tables, `tensor` x `pipeline` of them make the replica. `concurrency` is the number
    of requests in flight per replica: as held by the generator, or by Little's law where requests came at a rate.
    Lengths are means in tokens. `completed` and `failed` count requests; `failed` is None where it was not reported.
    `flags` are further settings that the file states. `digest` is the SHA-256 of the file.
    """

    model: str
    card: str
    tensor: int
    pipeline: int
    precision: str
    engine: str
    concurrency: float
    input_tokens: float
    output_tokens: float
    requests_per_s: float
    output_tokens_per_s: float
    kind: Literal["steady", "burst", "offline"] = "steady"
    engine_version: str = ""
    kv_precision: str = ""
    adapters: int = 0
    request_rate: float | None = None
    max_concurrency: float | None = None
    first_token_ms: Latency = Latency()
    per_token_ms: Latency = Latency()
    cached_share: float = 0.0
    completed: int = 0
    failed: int | None = None
    meter: str = ""
    date: str = ""
    digest: str = ""
    flags: tuple[tuple[str, str], ...] = ()

    @property
    def cards(self) -> int:
        """Cards of one replica.

        Example:
            >>> point = MeasuredPoint("Qwen/Qwen3-8B", "L4", 1, 1, "bf16", "vllm", 16, 512, 128, 2.1, 270.0)
            >>> point.cards
            1
        """
        return self.tensor * self.pipeline


@dataclass(frozen=True, slots=True)
class MeasuredLoad:
    """A measured point beside the output tokens per second of one replica that were predicted before it was known."""

    point: MeasuredPoint
    predicted: Interval80

    @property
    def inside(self) -> bool:
        """True where the band holds what was measured.

        Example:
            >>> point = MeasuredPoint("Qwen/Qwen3-8B", "L4", 1, 1, "bf16", "vllm", 16, 512, 128, 2.1, 270.0)
            >>> MeasuredLoad(point, Interval80(180, 250, 340)).inside
            True
        """
        return self.predicted.low <= self.point.output_tokens_per_s <= self.predicted.high

    @property
    def error(self) -> float:
        """Predicted over measured, less 1.

        Example:
            >>> point = MeasuredPoint("Qwen/Qwen3-8B", "L4", 1, 1, "bf16", "vllm", 16, 512, 128, 2.1, 270.0)
            >>> round(MeasuredLoad(point, Interval80(180, 250, 340)).error, 3)
            -0.074
        """
        return self.predicted.mid / self.point.output_tokens_per_s - 1


@dataclass(frozen=True, slots=True)
class MeasuredLoads(Tabular):
    """Measured points with the predictions that stood when they came; `notes` say what was set aside, and why."""

    loads: tuple[MeasuredLoad, ...]
    notes: tuple[str, ...] = ()

    @property
    def inside(self) -> int:
        """Points whose band held what was measured.

        Example:
            >>> point = MeasuredPoint("Qwen/Qwen3-8B", "L4", 1, 1, "bf16", "vllm", 16, 512, 128, 2.1, 270.0)
            >>> MeasuredLoads((MeasuredLoad(point, Interval80(180, 250, 340)),)).inside
            1
        """
        return sum(load.inside for load in self.loads)


@dataclass(frozen=True, slots=True)
class Inference(Tabular):
    """What the answers cost after launch, over all ways, in the base currency.

    `answers_per_month` and `months` are of the traffic as drawn; `per_month` and `per_1k` are those of the cheapest
    way that serves the tuned model, which the bill counts, None without one. `stated` is True where the project file
    gives the price of 1,000 answers, which the bill and both of these then take. `moves` are (input, share of the
    variance of the month's bill). `loads` are measured loads that came with the question, None without any.
    `break_even` are the volumes from which the tuned model pays for the project by what its answers save against
    another way; empty where none is named.
    """

    model: str
    traffic: str
    answers_per_month: Band
    months: Band
    throughput: Throughput | None
    ways: tuple[InferenceWay, ...]
    crossings: tuple[Crossing, ...]
    per_month: Band | None
    per_1k: Band | None
    today_per_1k: Band | None
    stated: bool
    currency: str
    points: tuple[LoadPoint, ...] = ()
    moves: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    defaults: tuple[DefaultUsed, ...] = ()
    input_tokens: float | None = None
    output_tokens: float | None = None
    loads: MeasuredLoads | None = None
    break_even: tuple[Crossing, ...] = ()

    @property
    def cheapest(self) -> InferenceWay | None:
        """The cheapest way that serves the tuned model and meets the objective, None without one.

        Example:
            >>> inference.cheapest.tuned
            True
        """
        return next((way for way in self.ways if way.rank is not None and way.tuned), None)

    @property
    def ok(self) -> bool:
        """False where no way that serves the tuned model has a price.

        Example:
            >>> inference.ok
            True
        """
        return self.per_1k is not None
