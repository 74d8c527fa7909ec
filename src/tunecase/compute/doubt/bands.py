"""The bands of peak and speed: every way that a run may be set up, spread as strangers' runs were."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase import catalog
from tunecase.compute import memory, speed
from tunecase.compute.doubt.abroad import Abroad, shipped
from tunecase.compute.doubt.ways import ways
from tunecase.compute.memory.states import states_of
from tunecase.compute.recipe import Number, Recipe
from tunecase.quantities import np

PARTS = (0.1, 0.5, 0.9)
SURE = 0.97  # of what lasts, weights and states, lies on a card whatever else is in doubt
USUAL_CARD = "A100-80GB"
STATISTICS = ("reserved", "card", "not stated")
MEMORY_SCALES = ("lasting", "rest", *STATISTICS, "several cards", "experts", "odd layout")
MEMORY_MIDDLES = ("allocated", *STATISTICS)
TIME_SCALES = ("all", "terms", "several machines", "experts")
# Assumed, in logarithms, for a model all of whose layers are of a kind that no measured run has; less where fewer are.
# About as far as strangers' runs of other kinds lie apart, since nothing says that these lie nearer.
NEW_MEMORY, NEW_TIME = 0.25, 0.40


@dataclass(frozen=True, slots=True)
class Band:
    """P10, P50 and P90 of a number; arrays where sizes are."""

    low: Number
    mid: Number
    high: Number


def memory_scales(recipe: Recipe, statistic: str, peak_gb: Number | None = None) -> dict[str, Number]:
    """How much of each scale of memory's spread a run has: L and 1 - L, L the lasting share, and 1 for what it is.

    A layout is odd where the host helps, cards share one sample, or several cards share nothing.
    `peak_gb` is the allocated peak where it is known already.
    """
    share = sum(states_of(recipe).lasting.values()) / 1e9 / (memory.peak_gb(recipe) if peak_gb is None else peak_gb)
    plain = {name: float(name == statistic) for name in STATISTICS}
    experts = float(recipe.shape.experts > 0)
    odd = (
        recipe.offload != "none"
        or recipe.context_parallel > 1
        or (recipe.sharding == "none" and _most(recipe.gpus) > 1)
    )
    return {
        "lasting": share, "rest": 1 - share, **plain, "several cards": _more_than(recipe, 1), "experts": experts,
        "odd layout": float(odd),
    }  # fmt: skip


def time_scales(recipe: Recipe, terms_sigma: Number) -> dict[str, Number]:
    """How much of each scale of time's spread a run has; that of the terms is their own doubt."""
    machines = _more_than(recipe, recipe.joined_cards)
    return {
        "all": 1.0, "terms": terms_sigma, "several machines": machines, "experts": float(recipe.shape.experts > 0),
    }  # fmt: skip


def new_share(recipe: Recipe) -> float:
    """Share of the layers that are of a kind which no measured run has.

    Example:
        >>> from tunecase.compute.model import read_shape
        >>> new_share(Recipe(read_shape("llama-2-7b")))
        0.0
    """
    shape = recipe.shape
    return sum(count for count, mixer in shape.mixers if mixer.kind in shape.new_blocks) / shape.layers


def peak_band(
    recipe: Recipe, unsaid: Collection[str] = (), statistic: str = "allocated", abroad: Abroad | None = None
) -> Band:
    """Peak memory of one card over what was not stated and over strangers' runs [GB, 10^9 bytes].

        peak = predicted(way) x exp(middle + stack + s t),   a way drawn by its share; see `Abroad`
        but no less than 0.97 of the way's weights and states, which lie there whatever the batch

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
        peak = predicted(way.recipe)
        has = memory_scales(way.recipe, statistic, peak if statistic == "allocated" else None)
        stack, scale = _spread(abroad, way.recipe, has)
        lasting = sum(states_of(way.recipe).lasting.values()) / 1e9
        found.append(_Spread(way.share, peak * math.exp(middle + stack), scale, SURE * lasting))
    return _mixture(found, abroad.points)


def speed_band(
    recipe: Recipe,
    unsaid: Collection[str] = (),
    abroad: Abroad | None = None,
    constants: speed.Constants | None = None,
    step: speed.StepTime | None = None,
) -> Band:
    """Useful tokens per second of one card over what was not stated and over strangers' runs.

        log(speed) = log(predicted) - middle - mean over ways of (stack - log(way's speed / the run's)) + s t

    What each way changes is worked out once for plain sizes on a usual card; its spread is part of s.

    Args:
        recipe: the run with its card, unsaid fields at their defaults; sizes may be arrays.
        unsaid: names of CHOICES that nobody stated.
        abroad: what strangers' runs showed; the shipped table when left out.
        constants: rates and their doubt; the shipped ones when left out.
        step: the time of a step as the run is, where it is known already.
    Returns: the Band [tokens/s].
    Source: catalog/tables/abroad.csv and habits.csv.
    """
    abroad, step = abroad or shipped()["time"], step or speed.step_time(recipe, constants)
    middle = abroad.middles.get("all", 0.0)
    slower = [
        (share, abroad.stack(framework).middle - log, abroad.stack(framework).sigma)
        for share, log, framework in _paces(_plain(recipe), frozenset(unsaid) - {"length"})
    ]
    mean = sum(share * log for share, log, _ in slower)
    unknown = sum(share * ((log - mean) ** 2 + sigma**2) for share, log, sigma in slower)
    variance = sum((abroad.scales.get(name, 0.0) * has) ** 2 for name, has in time_scales(recipe, step.sigma).items())
    variance = variance + (NEW_TIME * new_share(recipe)) ** 2
    wide = _beyond(abroad.points) * (variance + unknown) ** 0.5
    mid = step.tokens_per_s_per_gpu * math.exp(-middle - mean)
    if isinstance(wide, int | float):
        return Band(mid * math.exp(-wide), mid, mid * math.exp(wide))

    return Band(mid * np.exp(-wide), mid, mid * np.exp(wide))


def _plain(recipe: Recipe) -> Recipe:
    """The run with plain sizes on a usual card, so that set-ups which differ in sizes share what each way changes."""
    several = _most(recipe.gpus) > 1
    return recipe.but(
        gpu=catalog.gpu(USUAL_CARD), gpus=8 if several else 1, micro_batch=1, accumulation=16, lengths=None,
        tensor_parallel=1, pipeline_parallel=1, context_parallel=1, sequence_tokens=_most(recipe.sequence_tokens),
        precision="bf16", unsaid=frozenset(),
    )  # fmt: skip


@cache
def _paces(recipe: Recipe, unsaid: frozenset[str]) -> tuple[tuple[float, float, str], ...]:
    """Every way's share, the logarithm of its speed over that of the run as it is, and its framework."""
    usual = float(speed.step_time(recipe).tokens_per_s_per_gpu) if unsaid else 1.0
    return tuple(
        (
            way.share,
            math.log(float(speed.step_time(way.recipe).tokens_per_s_per_gpu) / usual) if unsaid else 0.0,
            way.recipe.framework,
        )
        for way in ways(recipe, unsaid)
    )


def _beyond(half: tuple[float, ...]) -> float:
    """The point of Student's t above which a tenth lies."""
    place = (2 * PARTS[2] - 1) * len(half) - 0.5
    below = int(place)
    return half[below] + (place - below) * (half[below + 1] - half[below])


def _most(size: Number) -> int:
    return int(np.max(size))


def _more_than(recipe: Recipe, cards: int) -> Number:
    more = np.asarray(recipe.gpus) > cards
    return more.astype(float) if more.ndim else float(more)


def _spread(abroad: Abroad, recipe: Recipe, has: Mapping[str, Number]) -> tuple[float, Number]:
    """The middle of a run's stack, and s."""
    stack = abroad.stack(recipe.framework)
    variance = sum((scale * has.get(name, 0.0)) ** 2 for name, scale in abroad.scales.items())
    new = NEW_MEMORY * new_share(recipe) * has["rest"]  # weights and states are as sure as elsewhere
    return stack.middle, (variance + stack.sigma**2 + new**2) ** 0.5


@dataclass(frozen=True, slots=True)
class _Spread:
    """One way of a run: its share, the middle and s of its number, and the least that it can be."""

    share: float
    middle: Number
    scale: Number
    least: Number


def _mixture(found: list[_Spread], half: tuple[float, ...]) -> Band:
    """Points of a mixture of Student's t in logarithms, each way weighing its share."""
    points = np.array([-point for point in reversed(half)] + list(half))
    logs = [
        np.maximum(np.log(way.middle) + np.multiply.outer(points, way.scale), np.log(np.maximum(way.least, 1e-9)))
        for way in found
    ]
    values = np.stack(np.broadcast_arrays(*logs))  # (ways, points, ...)
    shares = np.repeat([way.share for way in found], len(points)) / len(points)
    flat = values.reshape(-1, *values.shape[2:])
    order = np.argsort(flat, axis=0, kind="stable")
    ranked, weight = np.take_along_axis(flat, order, 0), np.cumsum(shares[order], axis=0)
    centre = weight - shares[order] / 2
    return Band(*(_at(ranked, centre, part) for part in PARTS))


def _at(ranked: Any, centre: Any, part: float) -> Number:
    """The value at a part of the weight, between the two nearest points."""
    above = np.clip((centre < part).sum(axis=0), 1, len(centre) - 1)[None]
    low, high = (np.take_along_axis(ranked, above - back, 0)[0] for back in (1, 0))
    before, after = (np.take_along_axis(centre, above - back, 0)[0] for back in (1, 0))
    share = np.clip((part - before) / np.maximum(after - before, 1e-12), 0, 1)
    value = np.exp(low + share * (high - low))
    return float(value) if not np.ndim(value) else value
