"""The bands of peak and speed: every way that a run may be set up, spread as strangers' runs were."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase.compute import memory, speed
from tunecase.compute.doubt.abroad import Abroad, shipped
from tunecase.compute.doubt.ways import Way, ways
from tunecase.compute.recipe import Number, Recipe

POINTS = 25  # of Student's t for each way
PARTS = (0.1, 0.5, 0.9)
FIRST_YEAR, LAST_YEAR = 2023.0, 2026.0  # of the runs learnt from; a trend is not carried on beyond them
STATISTICS = ("reserved", "card", "not stated")
MEMORY_SCALES = ("lasting", "rest", *STATISTICS, "several cards", "experts")
MEMORY_MIDDLES = ("allocated", *STATISTICS)
TIME_SCALES = ("all", "terms", "several machines", "experts")
TIME_MIDDLES = ("all", "year")


@dataclass(frozen=True, slots=True)
class Band:
    """P10, P50 and P90 of a number; arrays where sizes are."""

    low: Number
    mid: Number
    high: Number


def memory_scales(recipe: Recipe, statistic: str) -> dict[str, Number]:
    """How much of each scale of memory's spread a run has: L and 1 - L, L the lasting share, and 1 for what it is."""
    share = memory.lasting_share(recipe)
    plain = {name: float(name == statistic) for name in STATISTICS}
    experts = float(recipe.shape.experts > 0)
    return {"lasting": share, "rest": 1 - share, **plain, "several cards": _more_than(recipe, 1), "experts": experts}


def time_scales(recipe: Recipe, terms_sigma: Number) -> dict[str, Number]:
    """How much of each scale of time's spread a run has; that of the terms is their own doubt."""
    machines = _more_than(recipe, recipe.gpus_per_node)
    return {
        "all": 1.0, "terms": terms_sigma, "several machines": machines, "experts": float(recipe.shape.experts > 0),
    }  # fmt: skip


def years_in(year: float) -> float:
    """How far a year lies within those of the runs learnt from, from 0 at the first; later ones count as the last."""
    return min(max(year, FIRST_YEAR), LAST_YEAR) - FIRST_YEAR


def peak_band(
    recipe: Recipe, unsaid: Collection[str] = (), statistic: str = "allocated", abroad: Abroad | None = None
) -> Band:
    """Peak memory of one card over what was not stated and over strangers' runs [GB, 10^9 bytes].

        peak = predicted(way) x exp(middle + stack + s t),   a way drawn by its share; see `Abroad`

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
    middle = abroad.middles.get(statistic, 0.0)
    found = []
    for way in ways(recipe, unsaid):
        stack, scale = _spread(abroad, way.recipe, memory_scales(way.recipe, statistic))
        found.append((way, predicted(way.recipe) * math.exp(middle + stack), scale))
    return _mixture(found, abroad.freedom)


def speed_band(
    recipe: Recipe,
    unsaid: Collection[str] = (),
    abroad: Abroad | None = None,
    constants: speed.Constants | None = None,
    year: float = LAST_YEAR,
) -> Band:
    """Useful tokens per second of one card over what was not stated and over strangers' runs.

    Args:
        recipe: the run with its card, unsaid fields at their defaults; sizes may be arrays.
        unsaid: names of CHOICES that nobody stated.
        abroad: what strangers' runs showed; the shipped table when left out.
        constants: rates and their doubt; the shipped ones when left out.
        year: of the software, as in 2025.5.
    Returns: the Band [tokens/s].
    Source: catalog/tables/abroad.csv and habits.csv.
    """
    abroad = abroad or shipped()["time"]
    middle = abroad.middles.get("all", 0.0) + abroad.middles.get("year", 0.0) * years_in(year)
    found = []
    for way in ways(recipe, set(unsaid) - {"length"}):
        step = speed.step_time(way.recipe, constants)
        stack, scale = _spread(abroad, way.recipe, time_scales(way.recipe, step.sigma))
        found.append((way, step.tokens_per_s_per_gpu.mid * math.exp(-middle - stack), scale))
    return _mixture(found, abroad.freedom)


def _more_than(recipe: Recipe, cards: int) -> Number:
    import numpy as np

    more = np.asarray(recipe.gpus) > cards
    return more.astype(float) if more.ndim else float(more)


def _spread(abroad: Abroad, recipe: Recipe, has: Mapping[str, Number]) -> tuple[float, Number]:
    """The middle of a run's stack, and s."""
    stack = abroad.stack(recipe.framework)
    variance = sum((scale * has.get(name, 0.0)) ** 2 for name, scale in abroad.scales.items())
    return stack.middle, (variance + stack.sigma**2) ** 0.5


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
    from scipy.special import stdtrit

    return stdtrit(freedom, (np.arange(POINTS) + 0.5) / POINTS)
