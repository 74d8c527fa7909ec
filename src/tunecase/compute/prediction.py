"""What a set-up is expected to need: peak memory and speed with their doubt, corrected by the user's own runs."""

import math
from dataclasses import dataclass
from functools import cache

from tunecase import catalog
from tunecase.compute import memory, speed
from tunecase.compute.doubt import peak_band, speed_band
from tunecase.compute.measured.calibration import Calibration
from tunecase.compute.memory.states import states_of
from tunecase.compute.recipe import Number, Recipe, samples_per_step
from tunecase.compute.speed.rollout import RolloutStep, rollout_step
from tunecase.prices import Basis
from tunecase.quantities import Z80, Z90, Draws, Interval, np

WITHIN = {"reserved": "allocated", "card": "reserved"}  # the statistic that each contains


@dataclass(frozen=True, slots=True)
class Need:
    """Memory of one card in GB (10^9 bytes): P10, P50, P90; arrays where sizes are."""

    low_gb: Number
    mid_gb: Number
    high_gb: Number


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed of a run: useful tokens per second of one card, the sigma of its logarithm, seconds of a step by term.

    Where answers are sampled, tokens are those of prompts and answers, once, and `rollout` tells more of the step.
    """

    tokens_per_s_per_gpu: Number
    sigma: Number
    seconds_per_step: Number
    terms: tuple[tuple[str, Number], ...]
    rollout: RolloutStep | None = None


def need(recipe: Recipe, calibration: Calibration | None = None, statistic: str = "allocated") -> Need:
    """Peak memory of one card with its 80% band, over what was not stated and over strangers' runs.

    Args:
        recipe: the run; its sizes may be arrays.
        calibration: of measured runs; None leaves the prediction as it is.
        statistic: allocated, reserved (by the allocator), or card (what nvidia-smi shows).
    Returns: the Need [GB]; reserved is nowhere below allocated, nor card below reserved.
    Source: memory/peak.py, doubt/bands.py. Leaves out evaluation, which can peak higher.
    """
    return with_engine(need_of_training(recipe, calibration, statistic), recipe)


def need_of_training(recipe: Recipe, calibration: Calibration | None = None, statistic: str = "allocated") -> Need:
    """The same without an engine that samples on the training cards."""
    if calibration is not None and calibration.memory_runs:
        mid, sigma = calibration.peak(recipe, statistic)
        point = Need(mid * _exp(-Z80 * sigma), mid, mid * _exp(Z80 * sigma))
    else:
        told = peak_band(recipe, recipe.unsaid, statistic)
        point = Need(told.low, told.mid, told.high)
    if statistic not in WITHIN:
        return point
    inner = need_of_training(recipe, calibration, WITHIN[statistic])
    points = ("low_gb", "mid_gb", "high_gb")
    return Need(*(memory.largest([getattr(point, name), getattr(inner, name)]) for name in points))


def with_engine(peak: Need, recipe: Recipe) -> Need:
    """The need with an engine that samples on the training cards, whose share is set and not in doubt.

    It adds to the peak of training, or where it sleeps to what lies there while it samples.
    """
    if recipe.rollout is None:
        return peak
    points, engine = (peak.low_gb, peak.mid_gb, peak.high_gb), memory.engine_gb(recipe)
    if not recipe.rollout.engine_sleeps:
        return Need(*(point + engine for point in points))
    held = sum(memory.while_sampling(recipe, states_of(recipe)).values()) / 1e9
    return Need(*(memory.largest([point, engine - memory.largest([-held, -point])]) for point in points))


def sides_gb(recipe: Recipe, peak_gb: Number) -> tuple[Number, Number]:
    """What a training card holds at most while it trains, and while answers are sampled [GB].

    Args:
        recipe: a run that samples its answers.
        peak_gb: one point of the band of the peak without an engine.
    Returns: both; the larger is that point of `need`. What lies there while an engine samples, weights and states, is
        not in doubt but nowhere above the peak; the trainer's own `generate` is in doubt as its other phases are.
    """
    assert recipe.rollout is not None
    engine, by_phase = memory.engine_gb(recipe), memory.phases(recipe)
    sampling = sum(by_phase.pop("sampling").values()) / 1e9
    if recipe.rollout.sampler != "generate":
        awake = engine * (not recipe.rollout.engine_sleeps)
        return peak_gb + awake, engine - memory.largest([-sampling, -peak_gb])
    training = memory.largest([sum(terms.values()) for terms in by_phase.values()]) / 1e9
    scale = peak_gb / memory.peak_gb(recipe)
    return scale * (training + memory.WORKSPACE_GB), scale * (sampling + memory.WORKSPACE_GB)


def chance_over(peak: Need, usable_gb: float) -> float:
    """Chance, 0 to 1, that a peak lies above what the card can hold, from its band; plain numbers only.

        chance = 1 - Phi(ln(usable / P50) / sigma),   sigma = ln(P90 / P50) / 1.28 above P50, ln(P50 / P10) / 1.28 below

    Example:
        >>> round(chance_over(Need(8.0, 10.0, 12.5), 10.0), 2), round(chance_over(Need(8.0, 10.0, 12.5), 12.5), 2)
        (0.5, 0.1)
    """
    gap = math.log(usable_gb / float(peak.mid_gb))
    above, below = (float(peak.high_gb), float(peak.mid_gb)), (float(peak.mid_gb), float(peak.low_gb))
    sigma = math.log(above[0] / above[1] if gap > 0 else below[0] / below[1]) / Z80
    if sigma <= 0:
        return float(gap < 0)
    return 0.5 * math.erfc(gap / sigma / math.sqrt(2))


@cache
def _totals() -> dict[str, float]:
    return {row["gpu"]: float(row["total_mib"]) * 2**20 / 1e9 for row in catalog.read_table("usable_memory")}


def total_gb(card: catalog.Gpu) -> float:
    """All memory that a card's own display counts, in GB (10^9 bytes). Source: catalog/tables/usable_memory.csv."""
    return card.stated_gb or _totals()[card.name]


def _log(value: Number) -> Number:
    if isinstance(value, int | float):
        return math.log(value)

    return np.log(value)


def _exp(power: Number) -> Number:
    if isinstance(power, int | float):
        return math.exp(power)

    return np.exp(power)


def pace(recipe: Recipe, calibration: Calibration | None = None) -> Pace:
    """Speed of a run on its card, padding not counted.

    Args:
        recipe: the run with its card; its sizes may be arrays.
        calibration: of measured runs; None leaves the prediction as it is.
    Returns: the Pace.
    Source: speed/step.py.
    """
    step = speed.step_time(recipe)
    if calibration is not None and calibration.time_runs:
        factor, sigma = calibration.time_factor_of(recipe)
    else:
        told = speed_band(recipe, recipe.unsaid, step=step)
        factor, sigma = step.tokens_per_s_per_gpu / told.mid, _log(told.high / told.low) / 2 / Z80
    if recipe.rollout is not None:
        return _rollout_pace(recipe, step.tokens_per_s_per_gpu / factor, sigma)
    return Pace(
        tokens_per_s_per_gpu=step.tokens_per_s_per_gpu / factor,
        sigma=sigma,
        seconds_per_step=step.seconds_per_step * factor,
        terms=tuple((name, value * factor) for name, value in step.terms),
    )


def _rollout_pace(recipe: Recipe, trained_per_s: Number, sigma: Number) -> Pace:
    """Tokens of prompts and answers over the time of a step, for each card that trains."""
    assert recipe.rollout is not None
    tokens = samples_per_step(recipe) * recipe.rollout.texts.mean
    step = rollout_step(recipe, tokens / (trained_per_s * recipe.gpus), sigma)  # packed rows hold several answers
    return Pace(tokens / (step.seconds * recipe.gpus), step.sigma, step.seconds, step.terms, step)


def time_factor(recipe: Recipe, sigma: float, basis: "Basis") -> "Draws":
    """Draws of a run's time over its prediction, median 1, shape (draws,).

        factor = exp(sigma z),   z ~ N(0, 1)

    Every run of a case on cards of one generation with one method shares the draw, so that all are as fast or as slow.
    """
    unit = Interval(math.exp(-Z90), math.exp(Z90))
    return basis.worlds.draw(speed.doubt_name(recipe), unit) ** sigma
