"""The rounds of a project: its first steps, priced and valued in every world, and what a walk of rounds amounts to."""

from typing import TYPE_CHECKING

from tunecase.plan.rounds.board import SURE_TO_PAY, Board, RoundPrices, Step
from tunecase.plan.rounds.walk import Walk, counted, parted, random_rounds, rounds_of

if TYPE_CHECKING:
    from tunecase.plan.rounds.board import Flags as Flags
    from tunecase.plan.rounds.board import Indices as Indices
