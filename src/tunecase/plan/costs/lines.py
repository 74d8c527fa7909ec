"""All lines of the bill: from the work to every cost, and their sum."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from tunecase.plan.costs.cloud import egress, storage
from tunecase.plan.costs.data import data
from tunecase.plan.costs.other import other
from tunecase.plan.costs.people import evaluation, labour
from tunecase.plan.costs.serving import inference
from tunecase.plan.costs.training import failed_runs, gpu, idle
from tunecase.plan.costs.unknowns import unknowns
from tunecase.plan.costs.upkeep import upkeep
from tunecase.plan.costs.work import Cost, Work
from tunecase.plan.rounds.walk import Walk
from tunecase.quantities import Draws, np

COSTS: tuple[Callable[[Work], Cost | None], ...] = (
    gpu,
    failed_runs,
    idle,
    storage,
    egress,
    labour,
    data,
    evaluation,
    other,
    inference,
    upkeep,
    unknowns,
)


def lines_of(work: Work, walk: Walk) -> dict[str, Cost]:
    """Every line of a walk, by name; a line that a project has no use for is left out."""
    walked = replace(work, walk=walk)
    return {cost.__name__: line for cost in COSTS if (line := cost(walked)) is not None}


def total_of(lines: Mapping[str, Cost], without: Collection[str] = ()) -> "Draws":
    """The sum of the lines that count and have a price, shape (draws,)."""
    counted = [cost.amount for name, cost in lines.items() if cost.included and name not in without]
    priced = [amount for amount in counted if amount is not None]
    return np.asarray(np.sum(priced, axis=0)) if priced else np.zeros(0)
