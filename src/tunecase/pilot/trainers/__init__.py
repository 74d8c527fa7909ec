"""What a run of the pilot trains with: one file for each trainer, named in `pilot.TRAINERS`."""

from tunecase.pilot.trainers import machine
from tunecase.pilot.trainers.task import Result, Setting
from tunecase.pilot.trainers.trl import SETTINGS

__all__ = ["SETTINGS", "Result", "Setting", "machine"]
