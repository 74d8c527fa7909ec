"""What published runs teach about memory: how far publishers and stacks lie from what was worked out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import lessons

from tunecase import catalog
from tunecase.compute import memory
from tunecase.compute.doubt import Abroad, ways
from tunecase.compute.doubt.bands import MEMORY_MIDDLES, MEMORY_SCALES, memory_scales
from tunecase.compute.measured.calibration import predicted_gb
from tunecase.compute.measured.runs import Measured

PRIORS = lessons.Priors(
    scales={
        "lasting": 0.03, "rest": 0.15, "reserved": 0.08, "card": 0.08, "not stated": 0.12, "several cards": 0.08,
        "experts": 0.10, "odd layout": 0.20,
    },
    middles=dict.fromkeys(MEMORY_MIDDLES, 0.08),
    stack=0.12,
)  # fmt: skip


def memory_runs(runs: Iterable[Measured]) -> list[Measured]:
    """Runs whose peak can be scored: it ran, and its model, length and micro-batch are known."""
    return [
        run for run in runs if run.peak_gb and run.length_known and run.batch_known and not (run.guessed or run.failed)
    ]


def blind(run: Measured) -> Measured:
    """The run without constants read off its own publisher: fused kernels stand in for those."""
    read_off = memory.stack(run.recipe).read_off == run.publisher
    return replace(run, recipe=run.recipe.but(kernels="fused")) if read_off else run


def learn_abroad(runs: Sequence[Measured]) -> Abroad:
    """How far a new publisher's peaks lie from what is worked out; see `lessons.learn`.

    Args:
        runs: with a peak that can be scored.
    Returns: the Abroad; the priors alone where there is no run.
    """
    if not runs:
        return Abroad(lessons.half_of_t(4.0), PRIORS.scales, new_stack=PRIORS.stack)
    table = side_by_side(runs)
    return lessons.abroad_of(*lessons.learn(table, PRIORS), table, PRIORS)


def side_by_side(runs: Sequence[Measured]) -> lessons.Table:
    """Every run in every way that it may be set up."""
    found = [_each_way(blind(run)) for run in runs]
    design = [[float(name == run.statistic) for name in MEMORY_MIDDLES] for run in runs]
    return lessons.table_of([run.publisher for run in runs], found, design)


def _each_way(run: Measured) -> list[lessons.OneWay]:
    kept = []
    for way in ways(run.recipe, run.unsaid):
        has = memory_scales(way.recipe, run.statistic)
        gap = math.log((run.peak_gb or 1.0) / predicted_gb(replace(run, recipe=way.recipe)))
        stack = catalog.of_any_year(way.recipe.framework)
        kept.append(lessons.OneWay(gap, way.share, tuple(float(has[name]) for name in MEMORY_SCALES), stack))
    return kept
