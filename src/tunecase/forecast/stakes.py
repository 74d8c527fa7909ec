"""What is at stake: the most examples that can be had and bought, and the run worth making next."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tunecase import catalog
from tunecase.forecast.curves import FARTHEST, Belief
from tunecase.forecast.experiments import Candidate, Payoff, next_run
from tunecase.forecast.points import to_error
from tunecase.forecast.sizes import doubling
from tunecase.prices import Basis, Supply, target_value
from tunecase.project import Project
from tunecase.quantities import Draws, np
from tunecase.records import Definition, Needed, NextRun, Pilot

MOST_EXAMPLES = 1e12
MOST_ROUNDS = 8
LEAST_PRICE = 0.01  # so that what costs nothing is told apart from what has no price
FACTORS = (2, 4)  # how much larger than the largest size a run is thought of
MOST_DRAWS = 3


@dataclass(frozen=True, slots=True)
class Stakes:
    """What reaching the target is worth and what going on costs, in the base currency; None where it is not known.

    `value` has shape (worlds,). `to_rows` is the cost of having n rows in all, trained on and tested, people's hours
    included, shape (worlds,); `run_cost` that of one training run of n rows.
    """

    value: "Draws | None" = None
    to_rows: "Callable[[int], Draws] | None" = None
    run_cost: Callable[[int], float] | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What lies ahead of a curve: the score wanted, the rows that can be had, their price, and what is at stake.

    Args:
        target: the score wanted, in the metric's unit; None asks for the curve only.
        ceiling: the best score the labels allow, where known.
        n_max: the most examples that can be had in all; None: 64 times the largest size, the supply, the budget.
        n_max_why: what sets n_max, in words.
        rows: usable rows at hand, which cost nothing; the largest size measured where it is larger.
        supply: where more examples come from, and their price.
        basis: the project's budget and currency.
        stakes: what reaching the target is worth and what going on costs; without them no run has a price or worth.
    """

    target: float | None = None
    ceiling: float | None = None
    n_max: int | None = None
    n_max_why: str = ""
    rows: int = 0
    supply: Supply | None = None
    basis: Basis | None = None
    stakes: Stakes = Stakes()

    @property
    def currency(self) -> str:
        """The project's currency, US dollars without a project."""
        return self.basis.currency if self.basis else "USD"

    def from_size(self, last: int) -> "Prospect":
        """The same seen from the largest size measured: rows and n_max are at least that."""
        rows, n_max, why = max(last, self.rows), self.n_max, self.n_max_why
        if n_max is None:
            n_max, why = n_max_of(last, self.supply, self.basis, rows, self.stakes.to_rows)
        return replace(self, rows=rows, n_max=max(n_max, last), n_max_why=why)


def stakes(
    project: Project,
    basis: Basis,
    definition: Definition,
    *,
    to_rows: "Callable[[int], Draws] | None" = None,
    pilot: Pilot | None = None,
    bill_run: float | None = None,
    rows: int = 0,
) -> Stakes:
    """The stakes of a project: its value of the target, the cost of more rows, and the price of a run.

    A run costs per row what the pilot's runs of its largest size cost; without such, the bill's price of a run at the
    rows at hand.
    """
    per_row = _paid_per_row(pilot, basis)
    if per_row is None and bill_run is not None:
        per_row = bill_run / max(rows, 1)
    return Stakes(target_value(project, basis, definition), to_rows, None if per_row is None else lambda n: per_row * n)


def _paid_per_row(pilot: Pilot | None, basis: Basis) -> float | None:
    """What the pilot's runs of the largest size cost per row, in the base currency; None where one has no price."""
    runs = [run for run in pilot.runs if not run.failed] if pilot is not None else []
    most = max((run.n for run in runs), default=0)
    paid = [run.usd for run in runs if run.n == most]
    if not paid or None in paid:
        return None
    return sum(usd or 0.0 for usd in paid) / len(paid) / most * basis.base_per_usd


def n_max_of(
    last: int, supply: Supply | None, basis: Basis | None, held: int = 0,
    to_rows: "Callable[[int], Draws] | None" = None,
) -> tuple[int, str]:  # fmt: skip
    """The most examples in all that the supply and the budget allow, at most 64 times the largest size, and why.

    The budget buys as many as keep the median cost of the examples beyond those held (at least the largest size) in it,
    with the rounds that train on them where `to_rows` says what those cost.
    """
    held = max(held, last)
    most, why = FARTHEST * last, f"{FARTHEST} times the largest size measured, beyond which nothing was ever checked"
    if supply is not None and supply.limit is not None and held + supply.limit < most:
        most, why = int(held + supply.limit), "what the named sources can give"
    bought = n_budget_of(held, supply, basis, to_rows)
    if bought is None or bought >= most:
        return most, why
    assert basis is not None
    assert basis.project is not None
    assert basis.project.budget is not None
    rounds = "" if to_rows is None else ", the rounds on them included"
    return bought, f"what the budget of {basis.project.budget.spread.median:,.0f} {basis.currency} can buy{rounds}"


def n_budget_of(
    held: int, supply: Supply | None, basis: Basis | None, to_rows: "Callable[[int], Draws] | None" = None
) -> int | None:
    """The most examples in all that the whole budget buys at the median price; None without a budget or a price.

    None also where examples cost nothing and have no end. Leaves out what was spent already and, without `to_rows`,
    everything but rows.
    """
    project = basis.project if basis is not None else None
    if project is None or project.budget is None or supply is None or supply.price is None:
        return None
    budget, limit, cost = project.budget.spread.median, supply.limit, supply.cost

    def affordable(n: int) -> bool:
        return float(np.median(cost(n - held) if to_rows is None else to_rows(n))) <= budget

    top = held + int(MOST_EXAMPLES if limit is None else limit)
    if affordable(top):
        return top if limit is not None else None
    low, high = held, top
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if affordable(middle) else (low, middle)
    return low


def best_run(
    belief: Belief, prospect: Prospect, needed: Needed | None = None, stand_in_factor: str | None = None
) -> NextRun | None:
    """The run to make next, of more draws of the largest size, all rows at hand, and twice and four times the largest.

    Where the points carry no clear signal only larger sizes compete. The size that matters is that at which half of
    the worlds reach the target, else n_max.

    Args:
        belief: what the points let us believe.
        prospect: what lies ahead of them; without a target, the run that tells the most about n_max.
        needed: the examples that the target needs, where known.
        stand_in_factor: the default by which a stand-in's error is turned into the model's, by its median.
    Returns: the NextRun, its price with the rows to buy for it; None where nothing more can be had.
    Leaves out that rows bought for a run are there afterwards (its worth is then too low), that a plan may end after
    any round (too high), and the doubt of the stand-in's factor.
    """
    last = belief.points[-1]
    prospect = prospect.from_size(last.n)
    assert prospect.n_max is not None
    candidates = list(_candidates(belief, prospect))
    if not candidates:
        return None
    priced = [run for run in candidates if run.price is not None]
    prices = {(run.n, run.draws): run.price for run in candidates}
    usual = needed.p50 if needed and needed.p50 else prospect.n_max
    run = next_run(
        belief, [replace(run, price=max(run.price or 0.0, LEAST_PRICE)) for run in priced] or candidates,
        far=min(max(usual, last.n), prospect.n_max), payoff=_payoff(belief, prospect, stand_in_factor),
        currency=prospect.currency, stand_in=stand_in_factor is not None,
    )  # fmt: skip
    return None if run is None else replace(run, price=prices[(run.n, run.draws)])


def _payoff(belief: Belief, prospect: Prospect, stand_in_factor: str | None) -> Payoff | None:
    """What going on from the rows at hand brings; None without a target, or where value, round or rows lack a price."""
    stakes, held = prospect.stakes, prospect.rows
    if prospect.target is None or stakes.value is None or stakes.to_rows is None:
        return None
    # The rows at hand have been trained on: going on begins with the next rows.
    sizes = doubling(held, max(prospect.n_max or 0, held), MOST_ROUNDS)
    costs = np.column_stack([stakes.to_rows(size) for size in sizes])
    aim = to_error(prospect.target, belief.scale.direction)
    return Payoff(sizes, stakes.value, costs, aim / _median_of(stand_in_factor) if stand_in_factor else aim)


def _candidates(belief: Belief, prospect: Prospect) -> Iterator[Candidate]:
    last, most = belief.points[-1], prospect.n_max or 0
    usual = min(last.draws, MOST_DRAWS)
    same = {last.n} if belief.gate.passed else set()
    beyond = {n for n in (prospect.rows, *(factor * last.n for factor in FACTORS)) if last.n < n <= most}
    for n in sorted(same | beyond):
        for draws in sorted({1, usual} if prospect.stakes.run_cost else {usual}):
            price = _price(n, draws, prospect)
            if price is None or math.isfinite(price):
                yield Candidate(n, draws, price)


def _price(n: int, draws: int, prospect: Prospect) -> float | None:
    """The mean price of the rows beyond those at hand and of the runs; infinite beyond every source."""
    run_cost, supply, more = prospect.stakes.run_cost, prospect.supply, max(n - prospect.rows, 0)
    if run_cost is None or (more and (supply is None or supply.price is None)):
        return None
    rows = float(supply.cost(more).mean()) if more and supply is not None else 0.0
    return rows + draws * run_cost(n)


def _median_of(default: str) -> float:
    from tunecase.quantities import Wanted, read_quantity

    return float(read_quantity(catalog.default(default).value, Wanted()).spread.median)
