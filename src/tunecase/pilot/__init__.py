"""Try it small: baselines and a ladder of small real runs, resumable, on this machine or a cluster."""

from tunecase.pilot.answers import RUN_KEY, Answers, keep_answers, kept_answers, write_rows
from tunecase.pilot.conduct import Journal
from tunecase.pilot.examples import Examples
from tunecase.pilot.hosting import EXAMPLES_SHOWN, PROMPTS, host_settings, refuse_unknown, with_hosts
from tunecase.pilot.ladder import usable
from tunecase.pilot.settings import Material
from tunecase.pilot.skypilot import RentedTask, skypilot_task
from tunecase.pilot.source_trial import SourceRows, try_source
from tunecase.pilot.steps import KINDS
from tunecase.pilot.trainers.watched import watch_own, watch_steps
from tunecase.pilot.trial import baselines, is_stand_in, metrics_of, no_pilot, own_trainer, pilot, prepare, settings_of

__all__ = [
    "EXAMPLES_SHOWN", "KINDS", "PROMPTS", "RUN_KEY", "Answers", "Examples", "Journal", "Material", "RentedTask",
    "SourceRows", "baselines", "host_settings", "is_stand_in", "keep_answers", "kept_answers", "metrics_of", "no_pilot",
    "own_trainer", "pilot", "prepare", "refuse_unknown", "settings_of", "skypilot_task", "try_source", "usable",
    "watch_own", "watch_steps", "with_hosts", "write_rows",
]  # fmt: skip
