"""The bands of peak and speed: every way that a run may be set up, spread as strangers' runs were."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase.compute import memory, speed
from tunecase.compute.doubt.abroad import Abroad, shipped
from tunecase.compute.doubt.ways import Way, ways
from tunecase.compute.recipe import Number, Recipe

POINTS = 25  # of Student's t for each way
PARTS = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Band:
    """P10, P50 and P90 of a number; arrays where sizes are."""

    low: Number
    mid: Number
    high: Number


def peak_band(
    recipe: Recipe, unsaid: Collection[str] = (), statistic: str = "allocated", abroad: Abroad | None = None
) -> Band:
    """Peak memory of one card over what was not stated and over strangers' runs [GB, 10^9 bytes].

        peak = predicted(way) x exp(middle + stack + scale x t),   way drawn by its share; see `Abroad`

    Args:
        recipe: the run, unsaid fields at their defaults; sizes may be arrays.
        unsaid: names of CHOICES that nobody stated.
        statistic: allocated, reserved, card (what nvidia-smi shows) or not stated.
        abroad: what strangers' runs showed; the shipped table when left out.
    Returns: the Band [GB].
    Source: catalog/tables/abroad.csv and habits.csv.
    """
    abroad = abroad or shipped()["memory"]
    predicted = {"allocated": memory.peak_gb, "card": memory.card_gb}.get(statistic, memory.reserved_gb)
    found = []
    for way in ways(recipe, unsaid):
        stack, share = abroad.stack(way.recipe.framework), memory.lasting_share(way.recipe)
        more = abroad.mores.get(statistic, 0.0)
        scale = ((abroad.lasting * share) ** 2 + (abroad.rest * (1 - share)) ** 2 + more**2 + stack.sigma**2) ** 0.5
        middle = predicted(way.recipe) * math.exp(abroad.middles.get(statistic, 0.0) + stack.middle)
        found.append((way, middle, scale))
    return _mixture(found, abroad.freedom)


def speed_band(
    recipe: Recipe,
    unsaid: Collection[str] = (),
    abroad: Abroad | None = None,
    constants: speed.Constants | None = None,
) -> Band:
    """Useful tokens per second of one card over what was not stated and over strangers' runs.

    Args:
        recipe: the run with its card, unsaid fields at their defaults; sizes may be arrays.
        unsaid: names of CHOICES that nobody stated.
        abroad: what strangers' runs showed; the shipped table when left out.
        constants: rates and their doubt; the shipped ones when left out.
    Returns: the Band [tokens/s].
    """
    abroad = abroad or shipped()["time"]
    found = []
    for way in ways(recipe, set(unsaid) - {"length"}):
        step, stack = speed.step_time(way.recipe, constants), abroad.stack(way.recipe.framework)
        scale = (step.sigma**2 + stack.sigma**2) ** 0.5
        found.append((way, step.tokens_per_s_per_gpu.mid * math.exp(-stack.middle), scale))
    return _mixture(found, abroad.freedom)


def _mixture(found: list[tuple[Way, Number, Number]], freedom: float) -> Band:
    """Points of a mixture of Student's t in logarithms, each way weighing its share."""
    import numpy as np

    points = _points(freedom)
    logs = [np.log(middle) + np.multiply.outer(points, scale) for _, middle, scale in found]
    values = np.stack(np.broadcast_arrays(*logs))  # (ways, points, ...)
    shares = np.repeat([way.share for way, _, _ in found], len(points)) / len(points)
    flat = values.reshape(-1, *values.shape[2:])
    order = np.argsort(flat, axis=0, kind="stable")
    ranked, weight = np.take_along_axis(flat, order, 0), np.cumsum(shares[order], axis=0)
    centre = weight - shares[order] / 2
    return Band(*(_at(ranked, centre, part) for part in PARTS))


def _at(ranked: Any, centre: Any, part: float) -> Number:
    """The value at a part of the weight, between the two nearest points."""
    import numpy as np

    above = np.clip((centre < part).sum(axis=0), 1, len(centre) - 1)[None]
    low, high = (np.take_along_axis(ranked, above - back, 0)[0] for back in (1, 0))
    before, after = (np.take_along_axis(centre, above - back, 0)[0] for back in (1, 0))
    share = np.clip((part - before) / np.maximum(after - before, 1e-12), 0, 1)
    value = np.exp(low + share * (high - low))
    return float(value) if not np.ndim(value) else value


@cache
def _points(freedom: float) -> Any:
    """Equally likely points of Student's t."""
    import numpy as np
    from scipy.special import ndtri, stdtrit

    parts = (np.arange(POINTS) + 0.5) / POINTS
    return ndtri(parts) if math.isinf(freedom) else stdtrit(freedom, parts)
