"""Measured runs nearest to a set-up: what others saw on like cards, beside what would have been predicted for them."""

import math
from collections.abc import Iterable
from typing import Literal

from tunecase import catalog
from tunecase.compute.doubt import peak_band, speed_band
from tunecase.compute.measured.runs import Measured, published
from tunecase.compute.memory.peak import GB_PER_GIB
from tunecase.compute.recipe import Recipe
from tunecase.quantities import Interval80
from tunecase.records import Compared

MOST, MOST_OF_ONE = 6, 2


def nearest_runs(recipe: Recipe, most: int = MOST) -> tuple[Compared, ...]:
    """The published runs nearest to a set-up, half of them for memory and half for speed.

        distance = 2 (stack differs) + 2 (method differs) + 1 (generation differs) + 1/2 (card differs)
                   + 1 (one has experts, the other none)
                   + |ln size ratio| + 1/2 |ln tokens of a micro-batch ratio| + 1/2 |ln cards ratio|
                   + 1/2 (checkpointing differs) + 1/2 (sharding differs)

    Args:
        recipe: the run with its card, every size a plain number.
        most: how many; at most two of one publisher's set-ups that differ in numbers alone.
    Returns: each with its prediction, nearest first, memory before speed.
    Source: catalog/tables/training_runs.csv. Leaves out runs whose micro-batch or length was not published.
    """
    ranked = sorted(filter(_has_sizes, published()), key=lambda run: distance(recipe, run.recipe))
    half = most // 2
    peaks = [compared(run, "memory") for run in _spread(run for run in ranked if run.peak_gb)[: most - half]]
    rates = [run for run in ranked if run.tokens_per_s_per_gpu and run.recipe.gpu]
    return (*peaks, *(compared(run, "speed") for run in _spread(rates)[:half]))


def _has_sizes(run: Measured) -> bool:
    """Whether a run ended, and its model, length and micro-batch were published."""
    return not run.failed and not run.guessed and run.length_known and run.batch_known


def _spread(ranked: Iterable[Measured]) -> list[Measured]:
    """Runs of which no two read alike, and no more than two are of one publisher, model and method."""
    kept: list[Measured] = []
    seen: dict[tuple[str, ...], int] = {}
    for run in ranked:
        key, words = (run.publisher, run.recipe.shape.name, run.recipe.method), setup_words(run.recipe)
        if seen.get(key, 0) < MOST_OF_ONE and (words,) not in seen:
            seen[key], seen[words,] = seen.get(key, 0) + 1, 1
            kept.append(run)
        if len(kept) >= MOST:
            break
    return kept


def distance(ours: Recipe, other: Recipe) -> float:
    """How unlike two set-ups are; see `nearest_runs`."""
    stacks = [catalog.framework(recipe.framework).stack for recipe in (ours, other)]
    cards = [recipe.gpu for recipe in (ours, other)]
    generations = [card.generation if card else "" for card in cards]
    ratios = [
        (ours.shape.params, other.shape.params, 1.0), (ours.tokens, other.tokens, 0.5), (ours.gpus, other.gpus, 0.5),
    ]  # fmt: skip
    return (
        2.0 * (stacks[0] != stacks[1])
        + 2.0 * (ours.method != other.method)
        + 1.0 * (generations[0] != generations[1])
        + 0.5 * (cards[0] != cards[1])
        + 1.0 * (bool(ours.shape.experts) != bool(other.shape.experts))
        + 0.5 * (ours.checkpointing != other.checkpointing)
        + 0.5 * (ours.sharding != other.sharding)
        + sum(weight * abs(math.log(max(one, 1) / max(two, 1))) for one, two, weight in ratios)
    )


def setup_words(recipe: Recipe) -> str:
    """A set-up on one line: model, method, sizes, cards."""
    model, card = recipe.shape.name.split("/")[-1], recipe.gpu.name if recipe.gpu else "unnamed card"
    where = f"{recipe.gpus} x {card}"
    sharding = f", {recipe.sharding}" if recipe.sharding != "none" else ""
    batch = f"{recipe.micro_batch:g} x {recipe.sequence_tokens:,}"
    return f"{model} {recipe.method}, {batch} tokens, {where}{sharding}, {recipe.framework}"


def compared(run: Measured, what: Literal["memory", "speed"]) -> Compared:
    """A measured run beside its prediction: GiB of the statistic measured, or tokens per second of one card."""
    recipe = run.recipe
    if what == "memory":
        assert run.peak_gb
        told = peak_band(recipe, run.unsaid, run.statistic)
        predicted = Interval80(*(point / GB_PER_GIB for point in (told.low, told.mid, told.high)))
        unit, seen = f"GiB {run.statistic}", run.peak_gb / GB_PER_GIB
    else:
        assert run.tokens_per_s_per_gpu
        rate = speed_band(recipe, run.unsaid)
        unit, seen = "tokens/s per GPU", run.tokens_per_s_per_gpu
        predicted = Interval80(*(float(point) for point in (rate.low, rate.mid, rate.high)))
    return Compared(run.id, setup_words(recipe), what, unit, predicted, seen, run.source, run.date)
