"""What a set-up is expected to need: peak memory and speed with their doubt, corrected by runs of one's own."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tunecase import memory, speed
from tunecase.recipe import Number, Recipe
from tunecase.spread import Z80, Z90, Interval

if TYPE_CHECKING:
    from tunecase.prices import Basis
    from tunecase.spread import Draws

DOUBT = "time of a step against its prediction"


class Corrections(Protocol):
    """What runs of one's own teach: a factor on memory with its relative doubt, and one on time with its log doubt."""

    log_time_sd: float

    @property
    def time_factor(self) -> float:
        """Measured time over predicted time."""

    def memory_factor(self, recipe: Recipe) -> tuple[Number, Number]:
        """Measured peak over predicted peak, and its relative standard deviation."""


@dataclass(frozen=True, slots=True)
class Need:
    """Memory of one card in GB (10^9 bytes): P10, P50, P90; arrays where sizes are."""

    low_gb: Number
    mid_gb: Number
    high_gb: Number


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed of one card: useful tokens per second in the middle, and the standard deviation of its logarithm."""

    tokens_per_s_per_gpu: Number
    sigma: Number
    seconds_per_step: Number
    terms: tuple[tuple[str, Any], ...] = ()
    basis: str = ""


def need(recipe: Recipe, corrections: Corrections | None = None, statistic: str = "allocated") -> Need:
    """Peak memory of one card with its 80% band.

    Args:
        recipe: the run; its sizes may be arrays.
        corrections: of measured runs; None leaves the prediction as it is.
        statistic: allocated, reserved (by the allocator), or card (what nvidia-smi shows).
    Returns: the Need [GB].
    Source: memory.py. Leaves out loading and evaluation, which can peak higher.
    """
    told = {"allocated": memory.peak_gb, "reserved": memory.reserved_gb, "card": memory.card_gb}[statistic]
    mid, (low, high) = told(recipe), memory.band(recipe)
    if corrections is not None:
        factor, doubt = corrections.memory_factor(recipe)
        mid, low, high = mid * factor, _exp(-Z80 * doubt), _exp(Z80 * doubt)
    return Need(mid * low, mid, mid * high)


def _exp(power: Number) -> Number:
    if isinstance(power, int | float):
        return math.exp(power)
    import numpy as np

    return np.exp(power)


def pace(recipe: Recipe, corrections: Corrections | None = None) -> Pace:
    """Speed of one card of a run, padding taken out.

    Args:
        recipe: the run with its card; its sizes may be arrays.
        corrections: of measured runs; None leaves the prediction as it is.
    Returns: the Pace.
    Source: speed.py.
    """
    assert recipe.gpu is not None
    row = speed.efficiency_row(recipe.gpu, recipe.method)
    flops = speed.flops_per_token(
        recipe.shape, recipe.method, recipe.sequence_tokens, recipe.checkpointing != "none", recipe.rank
    )
    rate = speed.tokens_per_s(flops, recipe.gpu.peak_bf16_tflops, row.median) + 0.0 * recipe.gpus * recipe.micro_batch
    sigma = math.log(row.p90 / row.p10) / 2 / Z80
    if corrections is not None:
        rate, sigma = rate / corrections.time_factor, corrections.log_time_sd
    words = f"{row.rows} published runs of {row.sources} publishers"
    return Pace(rate, sigma, recipe.tokens * recipe.accumulation / rate, (("products", 1.0),), words)


def time_factor(sigma: Number, basis: "Basis") -> "Draws":
    """Draws of a run's time over its prediction, median 1, shape (draws,): every run of a case shares one draw.

        factor = exp(sigma z),   z ~ N(0, 1)
    """
    return basis.worlds.draw(DOUBT, Interval(math.exp(-Z90), math.exp(Z90))) ** sigma
