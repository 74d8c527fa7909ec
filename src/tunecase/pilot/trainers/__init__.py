"""What a run of the pilot trains with: one file for each trainer, named in TRAINERS of pilot/trial.py."""

from tunecase.pilot.trainers import machine
from tunecase.pilot.trainers.task import Result, Setting
