"""What a step costs besides its rows and runs: paid once, in any round, or where a model is put to use."""

from typing import TYPE_CHECKING

from tunecase.plan.costs.data import rows_at_hand
from tunecase.plan.costs.effort import hours_of_release, hours_once
from tunecase.plan.costs.other import other_at_once, other_at_release, other_once, people_on_top
from tunecase.plan.costs.people import judging_each_round
from tunecase.plan.costs.work import Work
from tunecase.prices import person_hour, ramp_up, unknown_factor

if TYPE_CHECKING:
    from tunecase.quantities import Draws


def once(work: Work) -> "Draws":
    """What any first step pays for before it, shape (draws,).

    Rows mended and formatted, missing test rows, ramp-up, prompts, baselines and the set-up of training, and what the
    project file's own costs take once.
    """
    ramp = 0.0 if work.begun else ramp_up(work.basis).amount
    people = (hours_once(work) * person_hour(work.basis) + ramp) * people_on_top(work)
    return rows_at_hand(work) + people * unknown_factor(work.basis) + other_once(work)


def release(work: Work) -> "Draws":
    """What it costs to put a model to use: integration, review and sign-off, shape (draws,)."""
    return other_at_release(work, hours_of_release(work) * person_hour(work.basis) * unknown_factor(work.basis))


def release_at_once(work: Work) -> "Draws":
    """What it costs to put to use what is there, before any step: a release, and what is paid once, shape (draws,)."""
    return release(work) + other_at_once(work)


def each_round(work: Work) -> "Draws | float":
    """What judges of answers cost in a round; nothing where that has no price. Leaves out storage and egress."""
    judging = judging_each_round(work)
    return 0.0 if judging is None or isinstance(judging, str) else judging
