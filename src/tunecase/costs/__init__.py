"""The lines of the bill: each function prices one line over all rounds, in every world.

All have one signature, (Work) -> Cost, and stand in `estimate.COSTS`; the line's name is the function's.
"""

from tunecase.costs.cloud import egress, storage
from tunecase.costs.data import data
from tunecase.costs.people import evaluation, labour, months, person_hours
from tunecase.costs.serving import inference
from tunecase.costs.training import failed_runs, gpu, gpu_hours, idle, rows_trained, runs_per_round, training_jobs
from tunecase.costs.unknowns import unknowns
from tunecase.costs.work import Cost, Work

__all__ = [
    "Cost", "Work", "data", "egress", "evaluation", "failed_runs", "gpu", "gpu_hours", "idle", "inference", "labour",
    "months", "person_hours", "rows_trained", "runs_per_round", "storage", "training_jobs", "unknowns",
]  # fmt: skip
