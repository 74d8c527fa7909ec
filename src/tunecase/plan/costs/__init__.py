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
from tunecase.plan.costs.lines import lines_of, total_of
from tunecase.plan.costs.other import with_other
from tunecase.plan.costs.people import months, people_paid
from tunecase.plan.costs.per_step import once, release, release_at_once, round_prices
from tunecase.plan.costs.serving import inference
from tunecase.plan.costs.training import gpu_hours, rows_trained, runs_per_round, training_jobs
from tunecase.plan.costs.upkeep import asks_for_retraining, upkeep, upkeep_by_rows, upkeep_of
from tunecase.plan.costs.work import Cost, Work
