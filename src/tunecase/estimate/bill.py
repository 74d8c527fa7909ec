"""What will it cost? Every line of the bill over a random number of rounds, how uncertain it is, and what drives it."""

from collections.abc import Callable
from dataclasses import replace

from tunecase.compute import idle_over_used
from tunecase.estimate.assumptions import assumptions
from tunecase.estimate.effort import hours_by_activity, training_share
from tunecase.estimate.key_assumptions import key_assumptions
from tunecase.estimate.ways import Load, ways
from tunecase.estimate.what_if import budget_what_if
from tunecase.plan import AFTER_LAUNCH, Drawn, plan
from tunecase.plan.costs import (
    Cost,
    gpu_hours,
    months,
    round_hours,
    rows_trained,
    runs_per_round,
    total_of,
    training_jobs,
)
from tunecase.prices import ROUNDS, person_hour, unknown_factor
from tunecase.quantities import Band, Draws, Flags, band, first_order, np, swing
from tunecase.records import Driver, Estimate, Line, Part, Plan, WhatIf

BARS = 30
DRIVERS = 8
LEAST_SHARE = 0.005  # below it, a share cannot be told from chance in 20,000 draws


def estimate(
    bill: Drawn,
    made: Plan | None = None,
    *,
    what_if: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Estimate:
    """The bill of the whole loop: collect, train, test, again.

        total = sum over lines, world by world;   every named input is drawn once per world

    The rounds are those of the plan: each world walks along one curve, and after every test the policy says what is
    done next, until the target is shown or nothing more is worth its price. Without a target they are assumed.

    Args:
        bill: the plan in every world.
        made: its figures; worked out when left out.
        what_if: also what would have to be true to stay within the budget with this chance, 0 to 1.
        progress: told how many of how many inputs were looked at for that.
    Returns: the Estimate, in the project's currency.
    What no input names is the line `unknowns`: a factor on people's hours, never on metered prices.
    """
    answers: tuple[WhatIf, ...] = ()
    if what_if is not None and bill.work.project.budget is not None:
        answers = budget_what_if(bill, what_if, progress)
    return _record(bill, made or plan(bill), answers)


def _record(bill: Drawn, made: Plan, what_if: tuple[WhatIf, ...]) -> Estimate:
    facts, work, walk, total = bill.facts, bill.work, bill.walk, bill.total
    basis, machine, reached = work.basis, work.machine, walk.reached if bill.grounded else None
    cards = machine if machine is not None and machine.offer is None and not machine.on_cores else None
    part, why = training_share(bill)
    hours, run = gpu_hours(replace(work, walk=walk)), work.run_price(facts.rows)
    return Estimate(
        currency=basis.currency,
        lines=tuple(_line(name, cost, float(total.mean())) for name, cost in bill.lines.items()),
        total=band(total),
        rounds=band(walk.rounds),
        months=band(months(replace(work, walk=walk)) * unknown_factor(basis)),
        budget=work.project.budget.spread.median if work.project.budget else None,
        over_budget=made.total.over.value if made.total.over is not None else None,
        reached=made.chance.shown.value if made.chance is not None else None,
        drivers=_drivers(bill),
        unpriced=tuple(name for cost in bill.lines.values() for name in cost.unpriced),
        gpu=machine.gpu if machine else "",
        gpu_count=machine.count if machine else 0,
        gpu_hours=_banded(hours if cards else None),
        usd_per_gpu_hour=_banded(cards.hour.draws / basis.base_per_usd if cards else None),
        price_dates=machine.hour.dates if machine else (),
        price_book=basis.price_book,
        label_price=_banded(work.supply.price),
        round_price=band(_round_price(bill)),
        run_price=_banded(run),
        histogram=_histogram(total),
        draws=basis.worlds.n,
        seed=basis.worlds.seed,
        based_on=bill.based_on,
        assumptions=assumptions(bill),
        defaults=tuple(basis.used.values()),
        false_pass=made.chance.false_pass.value if made.chance is not None else None,
        total_when_reached=_band_where(total, reached, True),
        total_when_stopped=_band_where(total, reached, False),
        what_if=what_if,
        total_without_unknowns=_without(bill, "unknowns"),
        total_without_answers=_without(bill, *AFTER_LAUNCH),
        ways=ways(basis, bill.rented.machine, machine, _load(bill)),
        settled=made.chance.settled.value if made.chance is not None and made.chance.settled is not None else None,
        plan=made,
        effort=hours_by_activity(bill),
        training_share=part,
        training_note=why,
        key_assumptions=key_assumptions(bill),
        hours_factor=basis.hours_factor,
    )


def _round_price(bill: Drawn) -> "Draws":
    """A whole round on the rows at hand: people's hours with what nobody foresaw, and its runs, shape (draws,)."""
    work, basis = bill.work, bill.work.basis
    effort = round_hours(work, on_data=True) * person_hour(basis) * unknown_factor(basis)
    run = work.run_price(bill.facts.rows)
    return effort if run is None else effort + run * runs_per_round(work) * (1 + idle_over_used(basis))


def _banded(draws: "Draws | None") -> Band | None:
    return None if draws is None else band(draws)


def _without(bill: Drawn, *names: str) -> Band:
    return band(total_of(bill.lines, without=names))


def _load(bill: Drawn) -> Load | None:
    work = replace(bill.work, walk=bill.walk)
    if work.tokens_per_row is None:
        return None
    return Load(rows_trained(work), work.tokens_per_row, training_jobs(work), work.project.training.epochs)


def _line(name: str, cost: Cost, mean_total: float) -> Line:
    share = None
    if cost.included and cost.amount is not None and mean_total > 0:
        share = float(cost.amount.mean()) / mean_total
    mean = None if cost.amount is None else float(cost.amount.mean())
    parts = tuple(Part(part.name, float(part.amount.mean()), part.words) for part in cost.parts)
    quantity = _banded(cost.quantity)
    return Line(name, _banded(cost.amount), share, cost.basis, cost.included, quantity, cost.unit, mean, parts)


def _drivers(bill: Drawn) -> tuple[Driver, ...]:
    """The inputs that carry most of the total's variance; how the rounds are drawn counts as one input, the rounds."""
    total, named = bill.total, bill.work.basis.worlds.drawn
    inputs = {name: draws for name, draws in named.items() if not name.startswith(ROUNDS)}
    inputs[ROUNDS] = bill.walk.rounds
    drivers = []
    for name, index in list(first_order(inputs, total).items())[:DRIVERS]:
        if index.value >= LEAST_SHARE:
            drivers.append(Driver(name, index.value, index.error, *swing(inputs[name], total)))
    return tuple(drivers)


def _band_where(total: "Draws", reached: "Flags | None", wanted: bool) -> Band | None:
    if reached is None:
        return None
    chosen = total[reached == wanted]
    return band(chosen) if len(chosen) else None


def _histogram(total: "Draws") -> tuple[tuple[float, float], ...]:
    """(middle of a bar, share of worlds); the last bar also holds the dearest 1%."""
    low, high = float(total.min()), float(np.quantile(total, 0.99))
    if not high > low * (1 + 1e-9):  # all worlds alike but for rounding
        return ((low, 1.0),)
    counts, edges = np.histogram(np.minimum(total, high), bins=BARS, range=(low, high))
    middles = (edges[:-1] + edges[1:]) / 2
    return tuple((float(x), float(n) / len(total)) for x, n in zip(middles, counts, strict=True))
