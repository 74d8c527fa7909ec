"""What is at stake: the most examples that can be had and bought, and the run worth making next."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tunecase import catalog
from tunecase.forecast.curves import FARTHEST, Belief
from tunecase.forecast.experiments import Candidate, next_run
from tunecase.forecast.points import to_error
from tunecase.forecast.sizes import doubling
from tunecase.prices import Basis, Supply, target_value
from tunecase.project import Project
from tunecase.records import Definition, Estimate, Needed, NextRun, Pilot

if TYPE_CHECKING:
    from tunecase.quantities import Draws

MOST_EXAMPLES = 1e12
MOST_ROUNDS = 8
LEAST_PRICE = 0.01  # so that what costs nothing is told apart from what has no price
FACTORS = (2, 4)  # how much larger than the largest size a run is thought of
MOST_DRAWS = 3


@dataclass(frozen=True, slots=True)
class Stakes:
    """What reaching the target is worth and what going on costs, in the base currency; None where it is not known.

    `value` has shape (worlds,), `round_cost` is that of one round without its rows, `run_cost` that of one training
    run of n rows.
    """

    value: "Draws | None" = None
    round_cost: float | None = None
    run_cost: Callable[[int], float] | None = None


def stakes(
    project: Project, basis: Basis, definition: Definition, estimate: Estimate | None, pilot: Pilot | None, rows: int
) -> Stakes:
    """The stakes of a project: its value of the target, the bill's price of a round, and the price of a run.

    A run costs per row what the pilot's runs of its largest size cost; without such, the bill's price of a run at the
    rows at hand.
    """
    bill_run = estimate.run_price.mean if estimate is not None and estimate.run_price is not None else None
    per_row = _paid_per_row(pilot, basis)
    if per_row is None and bill_run is not None:
        per_row = bill_run / max(rows, 1)
    return Stakes(
        target_value(project, basis, definition),
        None if estimate is None else estimate.round_price.mean,
        None if per_row is None else lambda n: per_row * n,
    )


def _paid_per_row(pilot: Pilot | None, basis: Basis) -> float | None:
    """What the pilot's runs of the largest size cost per row, in the base currency; None where one has no price."""
    runs = [run for run in pilot.runs if not run.failed] if pilot is not None else []
    largest = [run for run in runs if run.n == max(run.n for run in runs)]
    paid = [run.usd for run in largest if run.usd is not None]
    if not paid or len(paid) < len(largest):
        return None
    return sum(paid) / len(paid) / largest[0].n * basis.base_per_usd


def n_max_of(last: int, supply: Supply | None, basis: Basis | None, held: int = 0) -> tuple[int, str]:
    """The most examples in all that the supply and the budget allow, at most 64 times the largest size, and why.

    The budget buys as many as keep the median cost of the examples beyond those held (at least the largest size) in it.
    """
    held = max(held, last)
    most, why = FARTHEST * last, f"{FARTHEST} times the largest size measured, beyond which nothing was ever checked"
    if supply is not None and supply.limit is not None and held + supply.limit < most:
        most, why = int(held + supply.limit), "what the named sources can give"
    bought = n_budget_of(held, supply, basis)
    if bought is None or bought >= most:
        return most, why
    assert basis is not None
    assert basis.project is not None
    assert basis.project.budget is not None
    return bought, f"what the budget of {basis.project.budget.spread.median:,.0f} {basis.currency} can buy"


def n_budget_of(held: int, supply: Supply | None, basis: Basis | None) -> int | None:
    """The most examples in all that the whole budget buys at the median price; None without a budget or a price.

    None also where examples cost nothing and have no end. Leaves out what was spent already and everything but rows.
    """
    import numpy as np

    budget = basis.project.budget.spread.median if basis and basis.project and basis.project.budget else None
    if budget is None or supply is None or supply.price is None:
        return None
    top = held + int(MOST_EXAMPLES if supply.limit is None else supply.limit)
    if float(np.median(supply.cost(top - held))) <= budget:
        return top if supply.limit is not None else None
    low, high = held, top
    while high - low > 1:
        middle = (low + high) // 2
        affordable = float(np.median(supply.cost(middle - held))) <= budget
        low, high = (middle, high) if affordable else (low, middle)
    return low


def best_run(
    belief: Belief,
    *,
    target: float | None,
    n_max: int,
    needed: Needed | None,
    held: int,
    supply: Supply | None,
    stakes: Stakes,
    stand_in_factor: str | None,
    currency: str,
) -> NextRun | None:
    """The run to make next, of more draws of the largest size, all rows at hand, and twice and four times the largest.

    Where the points carry no clear signal only larger sizes compete. The size that matters is that at which half of
    the worlds reach the target, else n_max.

    Args:
        target: the score to reach; None asks which run tells the most about n_max.
        held: rows that are there and cost nothing.
        stand_in_factor: the default by which a stand-in's error is turned into the model's, by its median.
    Returns: the NextRun, its price with the rows to buy for it; None where nothing more can be had.
    Leaves out that rows bought for a run are there afterwards (its worth is then too low), that a plan may end after
    any round (too high), and the doubt of the stand-in's factor.
    """
    last = belief.points[-1]
    candidates = list(_candidates(belief, n_max, held, supply, stakes))
    if not candidates:
        return None
    priced = [one for one in candidates if one.price is not None]
    prices = {(one.n, one.draws): one.price for one in candidates}
    usual = needed.p50 if needed and needed.p50 else n_max
    far = min(max(usual, last.n), n_max)
    sizes = doubling(held, max(n_max, held), MOST_ROUNDS)
    cost = _cost_of_going(sizes, held, supply, stakes)
    aim = None if target is None else to_error(target, belief.direction)
    if aim is not None and stand_in_factor is not None:
        aim = aim / _median_of(stand_in_factor)
    found = next_run(
        belief, [replace(one, price=max(one.price or 0.0, LEAST_PRICE)) for one in priced] or candidates, far=far,
        test_rows=last.test_rows, error_target=aim, sizes=sizes,
        value_of_world=None if cost is None else stakes.value, cost_of_size=() if cost is None else cost,
        currency=currency, stand_in=stand_in_factor is not None,
    )  # fmt: skip
    return None if found is None else replace(found, price=prices[(found.n, found.draws)])


def _candidates(belief: Belief, n_max: int, held: int, supply: Supply | None, stakes: Stakes) -> Iterator[Candidate]:
    last = belief.points[-1]
    usual = min(last.draws, MOST_DRAWS)
    same = {last.n} if belief.gate.passed else set()
    beyond = {n for n in (held, *(factor * last.n for factor in FACTORS)) if last.n < n <= n_max}
    for n in sorted(same | beyond):
        for draws in sorted({1, usual} if stakes.run_cost else {usual}):
            price = _price(n, draws, held, supply, stakes)
            if price is None or math.isfinite(price):
                yield Candidate(n, draws, price)


def _price(n: int, draws: int, held: int, supply: Supply | None, stakes: Stakes) -> float | None:
    """The mean price of the rows beyond those at hand and of the runs; infinite beyond every source."""
    if stakes.run_cost is None or (n > held and (supply is None or supply.price is None)):
        return None
    rows = float(supply.cost(n - held).mean()) if n > held and supply is not None else 0.0
    return rows + draws * stakes.run_cost(n)


def _cost_of_going(sizes: tuple[int, ...], held: int, supply: Supply | None, stakes: Stakes) -> "Draws | None":
    """What going to each size costs, shape (worlds, sizes); None where value, round or rows have no price."""
    import numpy as np

    if stakes.value is None or stakes.round_cost is None:
        return None
    if len(sizes) > 1 and (supply is None or supply.price is None):
        return None
    worlds = np.zeros(len(stakes.value))
    rows = [supply.cost(size - held) + worlds if supply is not None and size > held else worlds for size in sizes]
    return np.column_stack(rows) + stakes.round_cost * np.arange(1, len(sizes) + 1)


def _median_of(default: str) -> float:
    from tunecase.quantities import Wanted, read_quantity

    return float(read_quantity(catalog.default(default).value, Wanted()).spread.median)
