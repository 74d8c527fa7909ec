"""The lines of the bill: one function for each, from the work to its cost."""

from tunecase.plan.costs.cloud import egress, storage
from tunecase.plan.costs.data import data
from tunecase.plan.costs.people import evaluation, labour, months
from tunecase.plan.costs.serving import inference
from tunecase.plan.costs.training import failed_runs, gpu, gpu_hours, idle, rows_trained, runs_per_round, training_jobs
from tunecase.plan.costs.unknowns import unknowns
from tunecase.plan.costs.work import Cost, Work

__all__ = [
    "Cost", "Work", "data", "egress", "evaluation", "failed_runs", "gpu", "gpu_hours", "idle", "inference", "labour",
    "months", "rows_trained", "runs_per_round", "storage", "training_jobs", "unknowns",
]  # fmt: skip
