"""What published runs teach about memory: how far their peaks lie from what was worked out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tunecase.compute import memory
from tunecase.compute.measured.calibration import predicted_gb
from tunecase.compute.measured.runs import Measured
from tunecase.quantities import Z80

ASSUMED_DOUBT = memory.Doubt(lasting=0.03, rest=0.15, reserved=0.06, card=0.08)


def memory_runs(runs: Iterable[Measured], several: bool) -> list[Measured]:
    """Runs whose peak can be scored: length and micro-batch are known, every row is full, nothing lies on the host.

    Runs on several cards that shared nothing are neither: one of the cards worked, or each on its own.
    """
    kept = []
    for run in runs:
        recipe = run.recipe
        odd = recipe.offload != "none" or recipe.context_parallel > 1 or not run.packed or run.guessed or run.failed
        odd = odd or (recipe.gpus > 1) != (recipe.sharding != "none")
        if run.peak_gb and run.length_known and run.batch_known and not odd and several == (recipe.gpus > 1):
            kept.append(run)
    return kept


def blind_gb(run: Measured) -> float:
    """The middle of the predicted peak [GB] without constants read off the run's own publisher.

    Fused kernels stand in for those constants.
    """
    read_off = memory.stack(run.recipe).read_off == run.publisher
    return predicted_gb(replace(run, recipe=run.recipe.but(kernels="fused")) if read_off else run)


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
        gap = abs(math.log(run.peak_gb / blind_gb(run))) / Z80
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
