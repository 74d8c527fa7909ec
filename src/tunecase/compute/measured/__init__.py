"""Runs that somebody measured: the shipped table, a user's own, and what they teach the predictions."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.compute.measured.own_run import measured_run
    from tunecase.compute.measured.own_table import read_runs
    from tunecase.compute.measured.runs import Measured
    from tunecase.compute.measured.words import card_of

loads_late(__name__)
