"""How fast a set-up trains: seconds of a step by term, useful tokens per second, and the doubt about both."""

from tunecase.compute.speed.rates import Constants
from tunecase.compute.speed.step import StepTime, doubt_name, step_time, tokens_per_card
from tunecase.compute.speed.work import useful_share
