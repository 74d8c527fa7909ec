"""What measured runs of one's own teach about the next one: how far memory and time lie from what was worked out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tunecase import memory, speed
from tunecase.measured import Measured
from tunecase.memory.states import states_of
from tunecase.recipe import Number, Recipe

PRIOR_STATES, PRIOR_ACTIVATIONS = 0.05, 0.35  # relative doubt about what lies there always, and about the rest
MEMORY_NOISE = 0.015  # two runs of one set-up
PRIOR_TIME, TIME_NOISE = 0.30, 0.04
Z80 = memory.Z80
ASSUMED_DOUBT = memory.Doubt(lasting=0.03, rest=0.15, reserved=0.06, card=0.08)


@dataclass(frozen=True, slots=True)
class Pair:
    """One prediction beside what was measured, in the unit named, with the 80% band that was told."""

    id: str
    what: str
    low: float
    mid: float
    high: float
    actual: float

    @property
    def inside(self) -> bool:
        """True where the band held the measured value."""
        return self.low <= self.actual <= self.high

    @property
    def error(self) -> float:
        """|predicted / measured - 1|."""
        return abs(self.mid / self.actual - 1)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections learnt from measured runs; the empty one changes nothing.

    `states` and `activations` are relative corrections of the two parts of the peak with their covariance; `log_time`
    is the logarithm of measured over predicted time with its standard deviation.
    """

    states: float = 0.0
    activations: float = 0.0
    covariance: tuple[float, float, float] = (PRIOR_STATES**2, 0.0, PRIOR_ACTIVATIONS**2)
    log_time: float = 0.0
    log_time_sd: float = PRIOR_TIME
    memory_runs: int = 0
    time_runs: int = 0

    def memory_factor(self, recipe: Recipe) -> tuple[Number, Number]:
        """Factor on the middle of the predicted peak and its relative standard deviation, arrays where sizes are.

        factor = 1 + a L + b (1 - L),   L the share of the peak that lies there whatever the batch
        """
        lasting = _lasting_share(recipe)
        rest = 1 - lasting
        aa, ab, bb = self.covariance
        variance = aa * lasting**2 + 2 * ab * lasting * rest + bb * rest**2 + MEMORY_NOISE**2
        return 1 + self.states * lasting + self.activations * rest, variance**0.5

    @property
    def time_factor(self) -> float:
        """Factor on predicted time."""
        return math.exp(self.log_time)


def _lasting_share(recipe: Recipe) -> Number:
    return sum(states_of(recipe).lasting.values()) / 1e9 / memory.peak_gb(recipe)


def predicted_gb(run: Measured, blind: bool = False) -> float:
    """The middle of the prediction of what was measured: allocated, reserved, or what the card shows [GB].

    Args:
        run: with a statistic.
        blind: leave out constants that were read off the run's own publisher; fused kernels stand in for them.
    """
    recipe = run.recipe
    if blind and memory.stack(recipe).read_off == run.publisher:
        recipe = recipe.but(kernels="fused")
    told = {"allocated": memory.peak_gb, "card": memory.card_gb}.get(run.statistic, memory.reserved_gb)
    return float(told(recipe))


def learn(runs: Sequence[Measured]) -> Calibration:
    """The correction that measured runs of one set-up, or of similar ones, teach.

        measured / predicted - 1 = a L + b (1 - L) + noise,   a ~ N(0, 0.05), b ~ N(0, 0.35)
        log(predicted speed / measured speed) = c + noise,    c ~ N(0, 0.30)

    What lies on the card whatever the batch (L) is known from the framework, so that a difference is laid mostly to
    the activations; runs at two batches tell the two apart.

    Args:
        runs: with a peak, a speed, or both; failed ones teach nothing here.
    Returns: the Calibration, empty where nothing was measured.
    Leaves out that a run on another card says less about time than one on the same.
    """
    if not any(run.peak_gb or run.tokens_per_s_per_gpu for run in runs if not run.failed):
        return Calibration()
    aa, ab, bb = 1 / PRIOR_STATES**2, 0.0, 1 / PRIOR_ACTIVATIONS**2  # the precision of a and b
    to_a = to_b = 0.0
    memories = [run for run in runs if run.peak_gb and not run.failed]
    for run in memories:
        assert run.peak_gb
        gap = run.peak_gb / predicted_gb(run) - 1
        lasting = float(_lasting_share(run.recipe))
        weight = 1 / MEMORY_NOISE**2
        aa, ab, bb = aa + weight * lasting**2, ab + weight * lasting * (1 - lasting), bb + weight * (1 - lasting) ** 2
        to_a, to_b = to_a + weight * lasting * gap, to_b + weight * (1 - lasting) * gap
    whole = aa * bb - ab * ab
    covariance = (bb / whole, -ab / whole, aa / whole)
    logs = [math.log(_speed(run) / run.tokens_per_s_per_gpu) for run in _timed(runs) if run.tokens_per_s_per_gpu]
    precision = 1 / PRIOR_TIME**2 + len(logs) / TIME_NOISE**2
    return Calibration(
        states=covariance[0] * to_a + covariance[1] * to_b,
        activations=covariance[1] * to_a + covariance[2] * to_b,
        covariance=covariance,
        log_time=sum(logs) / TIME_NOISE**2 / precision,
        log_time_sd=precision**-0.5,
        memory_runs=len(memories),
        time_runs=len(logs),
    )


def _timed(runs: Iterable[Measured]) -> list[Measured]:
    return [run for run in runs if run.tokens_per_s_per_gpu and run.recipe.gpu and not run.failed]


def _speed(run: Measured) -> float:
    return float(speed.step_time(run.recipe).tokens_per_s_per_gpu.mid)


def learn_doubt(runs: Sequence[Measured]) -> memory.Doubt:
    """How far peaks lie from what was worked out, so that 80% of a new publisher's runs lie inside the band.

        rest      the 80% point of |log(measured / predicted)| / 1.28 / (1 - L) over allocated peaks
        reserved  what must be added for 80% of the reserved ones

    Args:
        runs: of publishers whose runs set none of the constants; every publisher weighs alike.
    Returns: the Doubt; about allocated peaks the mean of what was found, counted once a publisher, and the assumed one.
    Leaves out that the doubt about weights and states (3%) and about the card's display are assumed.
    """
    assumed = ASSUMED_DOUBT
    heard = len({run.publisher for run in runs if run.statistic == "allocated"})
    found = _share_point(_points(runs, "allocated", assumed), 0.8)
    wide = (heard * found + assumed.rest) / (heard + 1)
    known = memory.Doubt(assumed.lasting, wide, 0.0, assumed.card)
    more = _share_point(_points(runs, "reserved", known, extra=True), 0.8)
    return memory.Doubt(known.lasting, known.rest, max(more, assumed.reserved), max(more, assumed.card))


def _points(
    runs: Sequence[Measured], statistic: str, known: memory.Doubt, extra: bool = False
) -> list[tuple[float, float]]:
    """(standard deviation that would put a run on the edge of its band, weight) of the runs of one statistic."""
    found: dict[str, list[float]] = {}
    for run in runs:
        if run.statistic != statistic or not run.peak_gb:
            continue
        share = float(memory.lasting_share(run.recipe))
        gap = abs(math.log(run.peak_gb / predicted_gb(run, blind=True))) / Z80
        rest = gap**2 - (known.lasting * share) ** 2 - ((known.rest * (1 - share)) ** 2 if extra else 0.0)
        found.setdefault(run.publisher, []).append(max(rest, 0.0) ** 0.5 / (1.0 if extra else max(1 - share, 0.05)))
    return [(value, 1 / len(values)) for values in found.values() for value in values]


def _share_point(pairs: Sequence[tuple[float, float]], share: float) -> float:
    """The weighted point below which a share of the values lies, 0 where there is none."""
    total, seen = sum(weight for _, weight in pairs), 0.0
    for value, weight in sorted(pairs):
        seen += weight
        if seen >= share * total:
            return value
    return 0.0
