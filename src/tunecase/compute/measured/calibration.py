"""What the user's own measured runs teach about the next one: how far memory and time lie from their predictions."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tunecase.compute import memory, speed
from tunecase.compute.measured.runs import Measured
from tunecase.compute.recipe import Number, Recipe
from tunecase.quantities import counted

PRIOR_STATES, PRIOR_ACTIVATIONS = 0.05, 0.35  # sd of the logarithm: of what is lasting, and of the rest
MEMORY_NOISE, OTHER_MEMORY_NOISE = 0.015, 0.15  # two runs of one set-up; of set-ups that differ in framework or method
PRIOR_TIME, TIME_NOISE, OTHER_TIME_NOISE = 0.30, 0.04, 0.15
MOST_STATES, MOST_ACTIVATIONS = 0.35, 1.5  # no run corrects a part by more; what is left widens the band
MOST_LOG = math.log(2.5)  # a run farther off is taken for another unit or another set-up, and left out
LIKE_SIZE = 3.0  # models that differ in parameters by more than this factor are of another size


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrections learnt from measured runs; the empty one changes nothing.

    `states` and `activations` correct the logarithm of the two parts of the peak, with their covariance; `log_time` is
    the logarithm of measured over predicted time with its standard deviation. The noise is what runs of one set-up
    differ by. `left_out` says in words which runs taught nothing, and why.
    """

    states: float = 0.0
    activations: float = 0.0
    covariance: tuple[float, float, float] = (PRIOR_STATES**2, 0.0, PRIOR_ACTIVATIONS**2)
    memory_noise: float = MEMORY_NOISE
    log_time: float = 0.0
    log_time_sd: float = PRIOR_TIME
    memory_runs: int = 0
    time_runs: int = 0
    left_out: tuple[str, ...] = ()

    def memory_factor(self, recipe: Recipe) -> tuple[Number, Number]:
        """Factor on the middle of the predicted peak and the sd of its logarithm, arrays where sizes are.

        factor = exp(a L + b (1 - L)),   L the share of the peak that lies there whatever the batch
        """
        lasting = memory.lasting_share(recipe)
        rest = 1 - lasting
        aa, ab, bb = self.covariance
        variance = aa * lasting**2 + 2 * ab * lasting * rest + bb * rest**2 + self.memory_noise**2
        power = self.states * lasting + self.activations * rest
        if isinstance(power, int | float):
            return math.exp(power), variance**0.5
        import numpy as np

        return np.exp(power), variance**0.5

    @property
    def time_factor(self) -> float:
        """Factor on predicted time."""
        return math.exp(self.log_time)


def predicted_gb(run: Measured) -> float:
    """The middle of the prediction of what was measured: allocated, reserved, or what the card shows [GB]."""
    peak = {"allocated": memory.peak_gb, "card": memory.card_gb}.get(run.statistic, memory.reserved_gb)
    return float(peak(run.recipe))


@dataclass(frozen=True, slots=True)
class _Gap:
    """How far one run lies from its prediction, in logarithms, and whether its set-up is like the requested one."""

    lasting: float
    gap: float
    alike: bool


def learn(runs: Sequence[Measured], like: Recipe | None = None, methods: Sequence[str] = ()) -> Calibration:
    """The correction that measured runs of one set-up, or of similar ones, teach.

        log(measured / predicted peak)  = a L + b (1 - L) + noise,   a ~ N(0, 0.05), b ~ N(0, 0.35)
        log(predicted / measured speed) = c + noise,                 c ~ N(0, 0.30)

    What lies on the card whatever the batch (L) is known from the framework, so a difference is put down mostly to
    the activations; runs at two batch sizes tell the two apart. The noise is 0.015 (peak) and 0.04 (time) between runs
    of one set-up, more where the runs themselves scatter more, and 0.15 for a run of another framework or method, for
    time also on another card or of a model over three times larger or smaller.

    Args:
        runs: with a peak, a speed, or both; failed ones teach nothing here.
        like: the set-up asked about; None takes every run as alike.
        methods: the methods weighed, where the method is left open; else that of `like`.
    Returns: the Calibration, empty where nothing was measured. Runs over 2.5 times off are left out and reported.
    Source of the 0.15: published runs of one publisher, framework and method differ by 0.09 to 0.12 (one standard
    deviation, median over publishers) on one card and size, by 0.14 to 0.19 over cards or sizes.
    """
    ran = [run for run in runs if not run.failed]
    memories = [_memory_gap(run, _alike(run, like, methods)) for run in ran if run.peak_gb]
    times = [_time_gap(run, _alike(run, like, methods) and _as_fast(run, like)) for run in _timed(runs)]
    kept = [gap for gap in memories if abs(gap.gap) <= MOST_LOG]
    timed = [gap for gap in times if abs(gap.gap) <= MOST_LOG]
    lost = {"peak": len(memories) - len(kept), "speed": len(times) - len(timed)}
    why = "more than 2.5 times off the prediction: not learnt from; check unit, card and set-up"
    left_out = tuple(f"{counted(count, f'measured {what}')} {why}" for what, count in lost.items() if count)
    a, b, covariance, noise = _two_parts(kept)
    log_time, log_time_sd = _one_part(timed)
    return Calibration(
        states=a,
        activations=b,
        covariance=covariance,
        memory_noise=noise,
        log_time=log_time,
        log_time_sd=log_time_sd,
        memory_runs=len(kept),
        time_runs=len(timed),
        left_out=left_out,
    )


def _memory_gap(run: Measured, alike: bool) -> _Gap:
    return _Gap(float(memory.lasting_share(run.recipe)), math.log((run.peak_gb or 0.0) / predicted_gb(run)), alike)


def _time_gap(run: Measured, alike: bool) -> _Gap:
    predicted = float(speed.step_time(run.recipe).tokens_per_s_per_gpu)
    return _Gap(0.0, math.log(predicted / (run.tokens_per_s_per_gpu or 1)), alike)


def _alike(run: Measured, like: Recipe | None, methods: Sequence[str]) -> bool:
    """True where a run's framework and method are those asked about."""
    if like is None:
        return True
    return run.recipe.framework == like.framework and run.recipe.method in (methods or (like.method,))


def _as_fast(run: Measured, like: Recipe | None) -> bool:
    """True where a run's card and the size of its model are those asked about."""
    if like is None:
        return True
    ratio = run.recipe.shape.params / like.shape.params
    return (like.gpu is None or run.recipe.gpu == like.gpu) and 1 / LIKE_SIZE <= ratio <= LIKE_SIZE


def _two_parts(gaps: Sequence[_Gap]) -> tuple[float, float, tuple[float, float, float], float]:
    """Posterior of (a, b), its covariance, and the noise: first a constant, then at least the runs' scatter."""
    posterior, noise = (0.0, 0.0, (PRIOR_STATES**2, 0.0, PRIOR_ACTIVATIONS**2)), MEMORY_NOISE
    for _ in range(2 if gaps else 0):
        aa, ab, bb, to_a, to_b = 1 / PRIOR_STATES**2, 0.0, 1 / PRIOR_ACTIVATIONS**2, 0.0, 0.0
        for gap in gaps:
            weight = 1 / max(noise, MEMORY_NOISE if gap.alike else OTHER_MEMORY_NOISE) ** 2
            rest = 1 - gap.lasting
            aa, ab, bb = aa + weight * gap.lasting**2, ab + weight * gap.lasting * rest, bb + weight * rest**2
            to_a, to_b = to_a + weight * gap.lasting * gap.gap, to_b + weight * rest * gap.gap
        whole = aa * bb - ab * ab
        a = _within((bb * to_a - ab * to_b) / whole, MOST_STATES)
        b = _within((aa * to_b - ab * to_a) / whole, MOST_ACTIVATIONS)
        posterior = (a, b, (bb / whole, -ab / whole, aa / whole))
        noise = max(MEMORY_NOISE, _scatter([gap.gap - a * gap.lasting - b * (1 - gap.lasting) for gap in gaps]))
    return (*posterior, noise)


def _one_part(gaps: Sequence[_Gap]) -> tuple[float, float]:
    """Posterior mean of c, and the standard deviation of the next run's time."""
    middle, noise, spread = 0.0, TIME_NOISE, PRIOR_TIME
    for _ in range(2 if gaps else 0):
        weights = [1 / max(noise, TIME_NOISE if gap.alike else OTHER_TIME_NOISE) ** 2 for gap in gaps]
        precision = 1 / PRIOR_TIME**2 + sum(weights)
        middle = sum(weight * gap.gap for weight, gap in zip(weights, gaps, strict=True)) / precision
        noise = max(TIME_NOISE, _scatter([gap.gap - middle for gap in gaps]))
        spread = (1 / precision + noise**2) ** 0.5
    return middle, spread


def _within(value: float, most: float) -> float:
    return min(max(value, -most), most)


def _scatter(residuals: Sequence[float]) -> float:
    """Root mean square of what the corrections leave."""
    return math.sqrt(sum(value**2 for value in residuals) / len(residuals))


def _timed(runs: Iterable[Measured]) -> list[Measured]:
    return [run for run in runs if run.tokens_per_s_per_gpu and run.recipe.gpu and not run.failed]
