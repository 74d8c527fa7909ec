"""Costs that the project file names itself: reviews, licences, overhead, tax."""

from dataclasses import replace

from tunecase.plan.costs.cloud import egress, storage
from tunecase.plan.costs.data import data
from tunecase.plan.costs.effort import hours_of_a_run, hours_of_release, hours_once, round_hours
from tunecase.plan.costs.people import evaluation, labour, months, people_paid
from tunecase.plan.costs.training import failed_runs, gpu, idle
from tunecase.plan.costs.work import Cost, Part, Work
from tunecase.plan.rounds import RoundPrices
from tunecase.prices import unknown_factor, working_months
from tunecase.project import CostLine
from tunecase.quantities import Draws

TAKEN_OF = (gpu, failed_runs, idle, storage, egress, labour, data, evaluation)
GROWING = ("people", "data")
ONCE, PER_ROUND, PER_MONTH = "once", "per round", "per month"


def other(work: Work) -> Cost | None:
    """Costs of the project file's own, each by the time it is paid at; None where it names none.

        once: amount   per round: amount x rounds   per month: amount x months of work
        of people: share x (people's hours + costs of kind people)
        of all: share x (every line, all amounts and the shares of people)

    What overruns is the line `unknowns`: costs of kind people and data, what is paid by the month (work that takes
    longer pays it for longer), and the shares of these. Leaves out answers and upkeep after launch, of which no share
    is taken; shares of all are not taken of one another.
    """
    if not work.project.costs:
        return None
    parts = tuple(Part(cost.name, amount, _words(cost)) for cost, amount in _amounts(work))
    total = work.summed(part.amount for part in parts)
    return Cost(total, "as the project file states them under costs", parts=parts)


def _amounts(work: Work) -> "list[tuple[CostLine, Draws]]":
    """Every cost with what it comes to: amounts first, then shares of people, then shares of all."""
    paid = [(cost, _planned(work, cost)) for cost in work.project.costs if cost.of is None]
    people = people_paid(work).amount + sum(amount for cost, amount in paid if cost.kind == "people")
    paid += [(cost, _drawn(work, cost) * people) for cost in _shares(work, "people")]
    if of_all := _shares(work, "all"):
        priced = [line.amount for cost in TAKEN_OF if (line := cost(work)).amount is not None]
        whole = sum(priced, 0.0) + sum(amount for _, amount in paid)
        paid += [(cost, _drawn(work, cost) * whole) for cost in of_all]
    return paid


def _shares(work: Work, of: str) -> list[CostLine]:
    """The costs that are a share of people's cost, or of all."""
    return [cost for cost in work.project.costs if cost.of == of]


def _planned(work: Work, cost: CostLine) -> "Draws":
    """An amount over all rounds as foreseen, shape (draws,); what is paid once is paid before any round is measured."""
    if cost.when == PER_ROUND:
        return _drawn(work, cost) * work.walk.rounds
    times = months(work) if cost.when == PER_MONTH else float(not work.begun)
    # What ships without a round is released all the same.
    done = work.walk.begun if work.walk.shipped is None else work.walk.begun | work.walk.shipped
    return _drawn(work, cost) * (done * times)


def _drawn(work: Work, cost: CostLine) -> "Draws":
    """The amount or the share of a cost, shape (draws,)."""
    return work.basis.draw("costs.amount" if cost.of is None else "costs.share", cost.amount, cost.name)


def _words(cost: CostLine) -> str:
    if cost.of is not None:
        return f"{cost.amount.text} of {'people' if cost.of == 'people' else 'every line'}"
    return f"{cost.when}{', more where the work overruns' if _grows(cost) else ''}"


def _grows(cost: CostLine) -> bool:
    return cost.kind in GROWING or cost.when == PER_MONTH


def overrunning(work: Work) -> "Draws":
    """What costs more where the work overruns, as foreseen, shape (draws,): people's hours and what grows with them.

    (people + costs of kind people) x (1 + shares of people) + other costs that grow,   all x (1 + shares of all)
    """
    growing = [cost for cost in work.project.costs if cost.of is None and _grows(cost)]
    hours = people_paid(work).amount * people_on_top(work)
    return (hours + sum(_planned(work, cost) * _overhead(work, cost) for cost in growing)) * (1 + _on_top(work))


def people_on_top(work: Work) -> "Draws | float":
    """The factor of overhead on people's cost, at least 1."""
    return 1.0 + sum(_drawn(work, cost) for cost in _shares(work, "people"))


def _overhead(work: Work, cost: CostLine) -> "Draws | float":
    """The factor of overhead on an amount."""
    return people_on_top(work) if cost.kind == "people" else 1.0


def _on_top(work: Work) -> "Draws | float":
    """The share of all that is paid on top of it, such as tax."""
    return sum(_drawn(work, cost) for cost in _shares(work, "all"))


def other_once(work: Work) -> "Draws | float":
    """What is paid with the first step, overruns included, without the shares of all and those of people's hours.

    That is what is paid once, and by the month over ramp-up and the hours before the first round.
    """
    months_before = working_months(work.basis, hours_once(work), work.walk.rounds * 0.0, ramps_up=not work.begun)
    return _paid_once(work) + _payment(work, PER_MONTH) * months_before


def other_at_once(work: Work) -> "Draws | float":
    """What is paid once where a model ships before any step, with the shares of all on it, overruns included."""
    return _paid_once(work) * (1 + _on_top(work))


def _paid_once(work: Work) -> "Draws | float":
    return 0.0 if work.begun else _payment(work, ONCE)


def other_at_release(work: Work, people: "Draws") -> "Draws":
    """A release with what is paid on top of it, given what its people cost: overhead, its months, and shares of all."""
    monthly = _payment(work, PER_MONTH) * _months_of(work, hours_of_release(work), 0.0)
    return (people * people_on_top(work) + monthly) * (1 + _on_top(work))


def _payment(work: Work, when: str) -> "Draws | float":
    """One payment of all that is paid once, by the round or by the month, overruns and overhead included."""
    return sum((_overrun(work, cost) for cost in work.project.costs if cost.when == when), 0.0)


def _months_of(work: Work, hours: "Draws", rounds: float) -> "Draws":
    """The months that some hours and the waiting of some rounds take, without ramp-up, shape (draws,)."""
    return working_months(work.basis, hours, work.walk.rounds * 0.0 + rounds, ramps_up=False)


def _overrun(work: Work, cost: CostLine) -> "Draws":
    """One payment of an amount with what it overruns and what is paid on top of people, shape (draws,)."""
    factor = unknown_factor(work.basis) if _grows(cost) else 1.0
    return _drawn(work, cost) * factor * _overhead(work, cost)


def with_other(prices: RoundPrices, work: Work) -> RoundPrices:
    """The prices of a round with the project file's own costs on them, as the board pays them.

    A month's costs are paid over the months of a round, those of a round without work on the data over its own.
    """
    if not work.project.costs:
        return prices
    overhead, on_top = people_on_top(work), _on_top(work)
    month, per_round = _payment(work, PER_MONTH), _payment(work, PER_ROUND)
    whole, short = (_months_of(work, round_hours(work, on_data=on_data), 1.0) for on_data in (True, False))
    return replace(
        prices, labour=prices.labour * overhead, short_labour=prices.short_labour * overhead,
        search_labour=prices.search_labour * overhead + month * _months_of(work, hours_of_a_run(work), 0.0),
        each_round=prices.each_round + per_round, running=month * whole, short_running=month * short,
        on_top=on_top,
    )  # fmt: skip
