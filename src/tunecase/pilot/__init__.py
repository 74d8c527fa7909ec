"""Try it small: baselines and a ladder of small real runs, resumable, on this machine or a cluster."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.pilot.answers import RUN_KEY, Answers, keep_answers, kept_answers, write_rows
    from tunecase.pilot.conduct import Journal
    from tunecase.pilot.examples import Examples
    from tunecase.pilot.hosting import EXAMPLES_SHOWN, PROMPTS, host_settings, refuse_unknown, with_hosts
    from tunecase.pilot.ladder import usable
    from tunecase.pilot.settings import Material
    from tunecase.pilot.skypilot import RentedTask, skypilot_task
    from tunecase.pilot.source_trial import SourceRows, try_source
    from tunecase.pilot.steps import KINDS
    from tunecase.pilot.trainers.encoder_weights import encoder_here
    from tunecase.pilot.trainers.watched import watch_own, watch_steps
    from tunecase.pilot.trial import (
        baselines, is_stand_in, lacking_here, metrics_of, no_pilot, own_trainer, pilot, prepare, settings_of,
    )  # fmt: skip

loads_late(__name__)
