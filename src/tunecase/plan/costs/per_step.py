"""What a step costs besides its rows and runs: paid once, in any round, or where a model is put to use."""

from tunecase.compute import paid_besides
from tunecase.plan.costs.data import rows_at_hand
from tunecase.plan.costs.effort import hours_of_a_run, hours_of_release, hours_once, round_hours
from tunecase.plan.costs.other import other_at_once, other_at_release, other_once, people_on_top
from tunecase.plan.costs.people import judging_each_round
from tunecase.plan.costs.training import least_of_a_round, successful_runs
from tunecase.plan.costs.work import Work
from tunecase.plan.rounds import RoundPrices
from tunecase.prices import person_hour, ramp_up, unknown_factor
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


def round_prices(work: Work, hour: "Draws") -> RoundPrices:
    """What a round is made of, in the worlds of the bill: its people at the price of an hour, its runs, its judges.

    Args:
        work: what a round is made of.
        hour: price of an hour of people's work, shape (draws,).
    """
    price = work.run_price(1)
    return RoundPrices(
        labour=round_hours(work, on_data=True) * hour,
        short_labour=round_hours(work, on_data=False) * hour,
        search_labour=hours_of_a_run(work) * hour,
        run_per_row=0.0 if price is None else price,
        runs=successful_runs(work),
        besides=paid_besides(work.basis),
        each_round=_judges(work),
        least=least_of_a_round(work),
    )


def _judges(work: Work) -> "Draws | float":
    """What judges of answers cost in a round; nothing where that has no price. Leaves out storage and egress."""
    judging = judging_each_round(work)
    return 0.0 if judging is None or isinstance(judging, str) else judging
