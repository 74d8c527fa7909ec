"""The rounds of a project: its first steps, priced and valued in every world, and what a walk of rounds amounts to."""

from tunecase.plan.rounds.board import SURE_TO_PAY, Board, RoundPrices, Step
from tunecase.plan.rounds.walk import Walk, counted, parted, random_rounds, rounds_of
