"""What a step of the rounds costs besides its rows, runs and hours: paid once, or in any round."""

from typing import TYPE_CHECKING

from tunecase.plan.costs.data import rows_at_hand
from tunecase.plan.costs.other import other_once, people_on_top
from tunecase.plan.costs.people import judging_each_round
from tunecase.plan.costs.work import Work
from tunecase.prices import ramp_up, unknown_factor

if TYPE_CHECKING:
    from tunecase.quantities import Draws


def once(work: Work) -> "Draws":
    """What any first step pays for before it: rows mended and formatted, missing test rows, ramp-up, costs paid once.

    Shape (draws,).
    """
    ramp = 0.0 if work.begun else ramp_up(work.basis).amount * unknown_factor(work.basis)
    return rows_at_hand(work) + ramp * people_on_top(work) + other_once(work)


def each_round(work: Work) -> "Draws | float":
    """What judges of answers cost in a round; nothing where that has no price. Leaves out storage and egress."""
    judging = judging_each_round(work)
    return 0.0 if judging is None or isinstance(judging, str) else judging
