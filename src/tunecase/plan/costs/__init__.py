"""The lines of the bill: one function for each, from the work to its cost."""

from tunecase.plan.costs.effort import (
    ACTIVITIES,
    AS_STATED,
    MANAGEMENT,
    TRAINING,
    beside_rounds,
    effort_of,
    is_stated,
    rate_words,
    round_hours,
)
from tunecase.plan.costs.lines import COSTS, lines_of, total_of
from tunecase.plan.costs.other import with_other
from tunecase.plan.costs.people import months, people_paid
from tunecase.plan.costs.per_step import each_round, once, release, release_at_once, round_prices
from tunecase.plan.costs.serving import inference
from tunecase.plan.costs.training import gpu_hours, least_of_a_round, rows_trained, runs_per_round, training_jobs
from tunecase.plan.costs.upkeep import asks_for_retraining, upkeep, upkeep_by_rows, upkeep_of
from tunecase.plan.costs.work import Cost, Work

__all__ = [
    "ACTIVITIES", "AS_STATED", "COSTS", "MANAGEMENT", "TRAINING", "Cost", "Work", "asks_for_retraining",
    "beside_rounds", "each_round", "effort_of", "gpu_hours", "inference", "is_stated", "least_of_a_round", "lines_of",
    "months", "once", "people_paid", "rate_words", "release", "release_at_once", "round_hours", "round_prices",
    "rows_trained", "runs_per_round", "total_of", "training_jobs", "upkeep", "upkeep_by_rows", "upkeep_of",
    "with_other",
]  # fmt: skip
