"""The rounds of a project: a board of places and steps, walked by the policy that is worth the most."""

from typing import TYPE_CHECKING

from tunecase.plan.rounds.board import SURE_TO_PAY, Board, RoundPrices
from tunecase.plan.rounds.many import Tested, Walks, walk_many
from tunecase.plan.rounds.policy import (
    Halves,
    Node,
    Policy,
    best_policy,
    smooth,
    sort_worlds,
)
from tunecase.plan.rounds.walk import Walk, counted, parted, passing_count, random_rounds, rounds_of

if TYPE_CHECKING:
    from tunecase.plan.rounds.policy import Indices as Indices
    from tunecase.plan.rounds.walk import Flags as Flags
