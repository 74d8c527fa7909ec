"""What it costs to go from the rows at hand to more rows: the same steps and prices as on the board."""

from collections.abc import Callable

from tunecase.forecast import n_max_of
from tunecase.plan.costs import Work, once
from tunecase.plan.drawn import work_of
from tunecase.plan.known import Known
from tunecase.plan.levers import labelled_supply, prices_of
from tunecase.prices import supply
from tunecase.quantities import Draws, np


def cost_of_rows(facts: Known, work: Work | None = None) -> "Callable[[int], Draws] | None":
    """The cost of having so many rows in all, trained on and tested, as the board's steps of buying would have it.

        cost(n) = what comes before any step + rows(n - held) + people of one round + its runs on those rows

    Nothing is paid for the rows at hand. Shape (worlds,), infinite beyond every source.

    Args:
        facts: what is known of the project; its rows are those at hand.
        work: what its rounds are made of, where that was worked out before.
    Returns: the function of n, n >= 0; None where new rows have no price.
    """
    work = work_of(facts) if work is None else work
    prices, supply, before = prices_of(work), labelled_supply(facts.basis), once(work)
    if supply.price is None:
        return None
    first = float(facts.project.data.first_purchase)

    def cost(n: int) -> "Draws":
        if n <= facts.rows:
            return np.zeros(facts.basis.worlds.n)
        rows = facts.rows + supply.rows(first + n - facts.rows) - supply.rows(first)
        bought = supply.cost(first + n - facts.rows) - supply.cost(first)
        return np.asarray(prices.whole(before + bought + prices.people(1.0, 0.0) + prices.training(rows)))

    return cost


def most_rows(facts: Known, to_rows: "Callable[[int], Draws] | None") -> tuple[int, str]:
    """The most rows that supply and budget allow a project with a measured curve, and why, as its forecast has it.

    Args:
        facts: what is known of the project, with its forecast.
        to_rows: the cost of so many rows, from `cost_of_rows`.
    """
    assert facts.forecast is not None
    last = max((point.n for point in facts.forecast.points), default=0)
    return n_max_of(last, supply(facts.basis, as_labelled=True), facts.basis, max(facts.rows, last), to_rows)
