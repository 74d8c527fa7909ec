"""What fit found: one training run, its rivals, what was left out, and runs that others measured."""

from dataclasses import dataclass
from typing import Literal

from tunecase.quantities import Interval80
from tunecase.records.tabular import Tabular

Fitting = Literal["fits", "tight", "does not fit"]


@dataclass(frozen=True, slots=True)
class Placed:
    """One way to run: cards, sizes, memory of one card, speed of all, time and price; None where not known.

    GiB is 2^30 bytes; `accumulation` micro-batches of one card make an optimizer step; `mark` is what it is best at;
    `samples_per_step` over all cards; `chance_over` that the peak lies above the card; `price_basis` is the tier of the
    price with its providers and dates.
    """

    gpu: str
    gpu_count: int
    method: str
    micro_batch: int
    accumulation: int
    sharding: str
    checkpointing: str
    verdict: Fitting
    memory_gib: Interval80
    usable_gib: float
    tokens_per_s: Interval80 | None
    hours: Interval80 | None
    usd: Interval80 | None
    usd_per_mtok: Interval80 | None
    mark: str = ""
    samples_per_step: int = 0
    chance_over: float = 0.0
    price_basis: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Choices rejected for one reason, and the one that came nearest, in words."""

    reason: str
    count: int
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A prediction with its 80% band beside what was measured; `what` is memory or speed, `unit` of all numbers."""

    id: str
    setup: str
    what: Literal["memory", "speed"]
    unit: str
    predicted: Interval80
    measured: float
    source: str
    date: str

    @property
    def inside(self) -> bool:
        """True where the band holds what was measured.

        Example:
            >>> pair = Compared("a", "8B, LoRA", "memory", "GiB", Interval80(18, 20, 24), 21.5, "own", "2026-11-01")
            >>> pair.inside
            True
        """
        return self.predicted.low <= self.measured <= self.predicted.high

    @property
    def error(self) -> float:
        """Predicted over measured, less 1.

        Example:
            >>> pair = Compared("a", "8B, LoRA", "memory", "GiB", Interval80(18, 20, 24), 21.5, "own", "2026-11-01")
            >>> round(pair.error, 3)
            -0.07
        """
        return self.predicted.mid / self.measured - 1


@dataclass(frozen=True, slots=True)
class Scored(Tabular):
    """Predictions kept beside measurements: `pairs` before anything was learnt from them."""

    pairs: tuple[Compared, ...]

    @property
    def inside(self) -> int:
        """Pairs whose band held what was measured.

        Example:
            >>> pair = Compared("a", "8B, LoRA", "memory", "GiB", Interval80(18, 20, 24), 21.5, "own", "2026-11-01")
            >>> Scored((pair,)).inside
            1
        """
        return sum(pair.inside for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a step: its name, bytes on a card in GiB in the middle, and the terms they are made of."""

    name: str
    gib: float
    terms: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A choice of the set-up that nobody stated, stated in one way, and what that would do to the band of the peak.

    `as_taken` is true of the way that the set-up holds; `option` is what to type; `memory_gib` is the band of the peak
    once it is said, `share` the part of the band's width, in logarithms, that it takes with it.
    """

    choice: str
    as_taken: bool
    option: str
    memory_gib: Interval80
    share: float


@dataclass(frozen=True, slots=True)
class Proof:
    """How far predictions lay from runs of publishers, each counting once, of memory and time left out in turn.

    `median` and `p90` are errors, 0.1 for 10%; `inside` the share of runs in their 80% band; `what` memory, time or
    sampled step, whose runs were not left out.
    """

    what: str
    median: float
    p90: float
    inside: float
    publishers: int


@dataclass(frozen=True, slots=True)
class Rolled:
    """One step of a run that samples the answers it learns from.

    `answers` of a step with `tokens` of prompts and answers in the mean; `training_gib` and `sampling_gib` are the
    middle of the peak of a training card in either phase. Of the step, `trainer_idle` and `sampler_idle` are the shares
    in which the cards of either side wait, 0 where all cards do both; in the share `drain` sampling waits for the
    longest answer. `engine` is how sampling is set up, in words; `refused` why it cannot be.
    """

    answers: int
    tokens: float
    training_cards: int
    sampling_cards: int
    training_gib: float
    sampling_gib: float
    trainer_idle: float
    sampler_idle: float
    drain: float
    engine: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Fit(Tabular):
    """Does a training run fit, on what, how long does it take, what does it cost? GB is 10^9 bytes, GiB 2^30.

    `placed` is the run as asked, or the cheapest of the choices left open; `memory_gib` allocated by the framework,
    `reserved_gib` by its allocator, `card_gib` what nvidia-smi will show. `step_s` and `tokens_per_s` are None where of
    the card only the memory is known. `front` holds choices that nothing beats in both price and time; `setup` every
    field of the set-up as taken. Speeds count useful tokens of all cards together.
    `card_full` is true where P90 of what the card would show reaches its total, `total_gib`, at which it is then cut,
    unless the run does not fit; `batch_assumed` where nobody said how many samples make a step.
    `assumptions` are what the user can say otherwise, `background` what every answer of this kind rests on.
    `sizes` are the model's in words; `spot_basis` tells where the spot price comes from.
    `unsaid` are choices that nobody stated, the one that widens the band most first; `proofs` what bands are worth;
    `rollout` tells of the step of a run that samples its answers, of which `time_terms` are the parts.
    """

    model: str
    params: int
    method: str
    gpu: str
    gpu_count: int
    verdict: Fitting
    placed: Placed
    memory_gib: Interval80
    reserved_gib: Interval80
    card_gib: Interval80
    usable_gib: float
    memory_terms: tuple[tuple[str, float], ...]
    dominant: str
    turning: tuple[str, ...]
    train_tokens: float | None
    useful_share: float
    step_s: Interval80 | None
    time_terms: tuple[tuple[str, float], ...]
    tokens_per_s: Interval80 | None
    hours: Interval80 | None
    usd_per_gpu_hour: Interval80 | None
    usd: Interval80 | None
    tier: str
    price_dates: tuple[str, ...]
    spot_usd: Interval80 | None
    spot_hours: Interval80 | None
    cheapest: Placed | None
    fastest: Placed | None
    in_time: Placed | None
    deadline_hours: float | None
    by_method: tuple[Placed, ...]
    front: tuple[Placed, ...]
    searched: int
    rejected: tuple[LeftOut, ...]
    remedies: tuple[str, ...]
    setup: tuple[tuple[str, str], ...]
    assumptions: tuple[str, ...]
    not_counted: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    formulas: tuple[str, ...] = ()
    evidence: tuple[Compared, ...] = ()
    compared: tuple[Compared, ...] = ()
    total_gib: float = 0.0
    card_full: bool = False
    batch_assumed: bool = False
    background: tuple[str, ...] = ()
    sizes: str = ""
    spot_basis: str = ""
    unsaid: tuple[Unsaid, ...] = ()
    proofs: tuple[Proof, ...] = ()
    rollout: Rolled | None = None

    @property
    def late(self) -> bool:
        """True where a deadline was given and nothing meets it in nine of ten worlds.

        Example:
            >>> fit.late
            False
        """
        return self.deadline_hours is not None and self.in_time is None

    @property
    def ok(self) -> bool:
        """True unless it does not fit, more likely does not than does, or nothing ends before the deadline.

        Example:
            >>> fit.verdict, fit.ok
            ('fits', True)
        """
        return self.verdict != "does not fit" and self.placed.chance_over <= 0.5 and not self.late
