"""Costs that the project file names itself: reviews, licences, overhead, tax."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
    parts = tuple(_parts(work))
    total = sum((part.amount for part in parts[1:]), parts[0].amount)
    return Cost(total, "as the project file states them under costs", parts=parts)


def _parts(work: Work) -> Iterator[Part]:
    """Every cost with what it comes to: amounts first, then shares of people, then shares of all."""
    amounts = [(cost, _planned(work, cost)) for cost in work.project.costs if cost.of is None]
    yield from (Part(cost.name, amount, _words(cost)) for cost, amount in amounts)
    shares = {of: [cost for cost in work.project.costs if cost.of == of] for of in ("people", "all")}
    taken = people_paid(work).amount + sum(amount for cost, amount in amounts if cost.kind == "people")
    of_people = [(cost, _drawn(work, cost) * taken) for cost in shares["people"]]
    yield from (Part(cost.name, amount, _words(cost)) for cost, amount in of_people)
    if not shares["all"]:
        return
    priced = [line.amount for cost in TAKEN_OF if (line := cost(work)).amount is not None]
    whole = sum(priced, 0.0) + sum(amount for _, amount in (*amounts, *of_people))
    yield from (Part(cost.name, _drawn(work, cost) * whole, _words(cost)) for cost in shares["all"])


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
    on_top = _OnTop.of(work)
    hours = people_paid(work).amount * on_top.people
    return (hours + sum(_planned(work, cost) * on_top.on(cost) for cost in growing)) * (1 + on_top.all)


@dataclass(frozen=True, slots=True)
class _OnTop:
    """What is paid on top: a factor on people, at least 1, and a share of all."""

    people: "Draws | float"
    all: "Draws | float"

    @classmethod
    def of(cls, work: Work) -> "_OnTop":
        """Of a project: the shares of each kind added up."""
        shares = {
            of: sum(_drawn(work, cost) for cost in work.project.costs if cost.of == of) for of in ("people", "all")
        }
        return cls(1.0 + shares["people"], shares["all"])

    def on(self, cost: CostLine) -> "Draws | float":
        """The factor on an amount."""
        return self.people if cost.kind == "people" else 1.0


def other_once(work: Work) -> "Draws | float":
    """What is paid with the first step, overruns included, without the shares of all and those of people's hours.

    That is what is paid once, and by the month over ramp-up and the hours before the first round.
    """
    months_before = working_months(work.basis, hours_once(work), work.walk.rounds * 0.0, ramps_up=not work.begun)
    return _amounts_once(work) + _month(work) * months_before


def other_at_once(work: Work) -> "Draws | float":
    """What is paid once where a model ships before any step, with the shares of all on it, overruns included."""
    return _amounts_once(work) * (1 + _OnTop.of(work).all)


def _amounts_once(work: Work) -> "Draws | float":
    amounts = (_overrun(work, cost) for cost in work.project.costs if cost.when == ONCE and not work.begun)
    return sum(amounts, 0.0)


def other_at_release(work: Work, people: "Draws") -> "Draws":
    """A release with what is paid on top of it, given what its people cost: overhead, its months, and shares of all."""
    on_top = _OnTop.of(work)
    return (people * on_top.people + _month(work) * _months_of(work, hours_of_release(work), 0.0)) * (1 + on_top.all)


def _month(work: Work) -> "Draws | float":
    """What is paid by the month, overruns and overhead included."""
    return sum((_overrun(work, cost) for cost in work.project.costs if cost.when == PER_MONTH), 0.0)


def _months_of(work: Work, hours: "Draws", rounds: float) -> "Draws":
    """The months that some hours and the waiting of some rounds take, without ramp-up, shape (draws,)."""
    return working_months(work.basis, hours, work.walk.rounds * 0.0 + rounds, ramps_up=False)


def _overrun(work: Work, cost: CostLine) -> "Draws":
    """One payment of an amount with what it overruns and what is paid on top of people, shape (draws,)."""
    factor = unknown_factor(work.basis) if _grows(cost) else 1.0
    return _drawn(work, cost) * factor * _OnTop.of(work).on(cost)


def with_other(prices: RoundPrices, work: Work) -> RoundPrices:
    """The prices of a round with the project file's own costs on them, as the board pays them.

    A month's costs are paid over the months of a round, those of a round without work on the data over its own.
    """
    if not work.project.costs:
        return prices
    on_top, month = _OnTop.of(work), _month(work)
    per_round = sum((_overrun(work, cost) for cost in work.project.costs if cost.when == PER_ROUND), 0.0)
    whole, short = (_months_of(work, round_hours(work, on_data=on_data), 1.0) for on_data in (True, False))
    return replace(
        prices, labour=prices.labour * on_top.people, short_labour=prices.short_labour * on_top.people,
        search_labour=prices.search_labour * on_top.people + month * _months_of(work, hours_of_a_run(work), 0.0),
        each_round=prices.each_round + per_round, running=month * whole, short_running=month * short,
        on_top=on_top.all,
    )  # fmt: skip


def people_on_top(work: Work) -> "Draws | float":
    """The factor of overhead on people's cost, at least 1."""
    return _OnTop.of(work).people
