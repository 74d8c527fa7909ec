"""The plan's figures, each with one definition, from the worlds in which it was walked."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from tunecase import catalog
from tunecase.plan.capital import capital_of
from tunecase.plan.costs import is_stated, people_paid, total_of
from tunecase.plan.costs import months as months_of
from tunecase.plan.drawn import Drawn
from tunecase.plan.limits import limits_of, outcomes
from tunecase.plan.rounds import Walk
from tunecase.prices import (
    baseline_score,
    ending_of,
    horizon,
    served_months,
    serving_saving,
    start_of,
    today_score,
    unknown_factor,
)
from tunecase.quantities import DAYS_PER_MONTH, Draws, Flags, Sampled, np, sampled
from tunecase.records import Authorised, Bar, Chance, Ending, Kind, Month, Plan, Release, Total, Worth

MONTHS = 12  # told one by one; what comes later is told together
UNFORESEEN = "unknowns"
WHOLE = 0.99  # of the horizon
FEWEST = 20  # worlds of which a quantile is told
ORDER: tuple[Kind, ...] = ("measured", "stated", "assumed")


def plan(drawn: Drawn) -> Plan:
    """The plan of a project: the headline figures of its policy, walked through the worlds of the bill.

    Args:
        drawn: the bill in every world, with its policy.
    Returns: the Plan, each figure with its Monte Carlo error by batch means.
    A curve that rests on nothing gives no chance, no worth, and nothing that could be lost: there it is costs alone.
    Leaves out the error of what all worlds share: that of the curves and prices themselves, which the bands hold, and
    of a policy learnt from finitely many worlds.
    """
    total, left = drawn.total, _left(drawn)
    within = None if left is None else total <= left
    shown = _shown(drawn, within)
    told = drawn.grounded
    offer, target = drawn.offer, drawn.solved.state.forecast.target if drawn.solved is not None else None
    return Plan(
        currency=drawn.work.basis.currency,
        lever="" if offer is None else offer.lever,
        action="go through the rounds" if offer is None else offer.action,
        advised=drawn.advised,
        beyond_budget=drawn.beyond_budget,
        budget_left=left,
        based_on=drawn.based_on,
        release=_release(drawn),
        total=_total(total, within),
        authorise=authorised(drawn),
        lost=_lost(drawn) if told else None,
        chance=None if shown is None else _chance(drawn, shown),
        worth=_worth(drawn),
        limits=limits_of(drawn) if told else None,
        then=() if shown is None else outcomes(drawn, shown),
        months=tuple(by_month(drawn)),
        evidence=dict(_evidence(drawn)),
        draws=len(total),
        seed=drawn.work.basis.worlds.seed,
        target=target,
        direction=drawn.solved.state.forecast.direction if drawn.solved is not None else "higher",
        capital=capital_of(drawn),
        ending=_ending(drawn),
        bar=_bar(drawn) if told else None,
    )


def headline(drawn: Drawn) -> tuple[Sampled | None, Sampled | None, Sampled]:
    """The chance to reach the target, the expected worth and the expected total of a plan, and no more of it."""
    total, left = drawn.total, _left(drawn)
    shown, worth = _shown(drawn, None if left is None else total <= left), _worth(drawn)
    return (
        None if shown is None else _chance(drawn, shown).shown, None if worth is None else worth.expected,
        sampled(total, _mean),
    )  # fmt: skip


def _ending(drawn: Drawn) -> Ending | None:
    """When what is shipped ends, where the horizon outlives it; a few slow worlds are no news."""
    basis = drawn.work.basis
    ending, months, wanted = ending_of(basis), served_months(basis), horizon(basis)
    lived, whole = _mean(months), _mean(wanted)
    if ending is None or lived >= WHOLE * whole:
        return None
    return Ending(ending.on.isoformat(), ending.why, lived, whole)


def _left(drawn: Drawn) -> float | None:
    """What is left of the budget; None without one."""
    budget = drawn.work.project.budget
    return None if budget is None else budget.spread.median - drawn.facts.spent


def _mean(values: "Draws") -> float:
    return float(values.mean()) if len(values) else 0.0


def quantile(share: float) -> "Callable[[Draws], float]":
    """The function that gives the least amount that so many of the draws do not exceed.

    More than 1 - share of the draws lie above an amount just where this point does.
    """

    def point(values: "Draws") -> float:
        at = min(int(share * len(values) + 1e-9), len(values) - 1)
        return float(np.partition(values, at)[at])

    return point


def _release(drawn: Drawn) -> Release:
    """The price of the first step; hours and rate hold what nobody foresaw."""
    cost, basis = drawn.walked.first_cost, drawn.work.basis
    people, factor = people_paid(replace(drawn.work, walk=drawn.walked.first_walk)), unknown_factor(basis)
    hours, paid = _mean(people.hours * factor), _mean(people.amount * factor)
    return Release(
        sampled(cost, quantile(0.8)), sampled(cost, _mean), hours, paid / hours if hours else 0.0, _mean(cost) - paid
    )


def _total(total: "Draws", within: "Flags | None") -> Total:
    points = [sampled(total, quantile(share)) for share in (0.1, 0.5, 0.8, 0.9)]
    over = None if within is None else sampled((~within).astype(float), _mean)
    return Total(sampled(total, _mean), points[0], points[1], points[2], points[3], over)


def authorised(drawn: Drawn) -> Authorised:
    """Base, contingency and reserve, in whole cents, so that they add up as they are printed."""
    total = drawn.total
    base = round(_mean(total_of(drawn.lines, without=(UNFORESEEN,))), 2)
    contingency = round(max(0.0, quantile(0.8)(total) - base), 2)
    return Authorised(base, contingency, round(max(0.0, quantile(0.9)(total) - base - contingency), 2))


def _lost(drawn: Drawn) -> Sampled | None:
    shipped = drawn.walk.shipped
    if shipped is None or shipped.all():
        return None
    lost = drawn.walked.tuning[~shipped]
    # A handful of worlds has no P90 worth the name.
    return sampled(lost, quantile(0.9)) if len(lost) >= FEWEST else None


def _shown(drawn: Drawn, within: "Flags | None") -> "Flags | None":
    reached = drawn.walk.reached
    if not drawn.grounded or reached is None:
        return None
    return reached if within is None else reached & within


def _chance(drawn: Drawn, shown: "Flags") -> Chance:
    walk = drawn.walk
    false = walk.false_pass if walk.false_pass is not None else shown & False
    settled = walk.settled if drawn.work.project.problem.fallback is not None else None
    rate = partial(sampled, of=_mean)
    factor = "" if drawn.solved is None else drawn.solved.state.factor
    return Chance(
        rate(shown.astype(float)), rate(false.astype(float)),
        None if settled is None else rate(settled.astype(float)), *(catalog.reference_class(factor) or (None, None)),
    )  # fmt: skip


def _bar(drawn: Drawn) -> Bar | None:
    """The chance that is needed to put a model to use: V (p - M (1 - p)) + what that brings besides > 0."""
    solved, ships, met = drawn.solved, drawn.walk.shipped, drawn.walk.reached
    if solved is None or not drawn.grounded or ships is None or met is None:
        return None
    if drawn.offer is not None and drawn.offer.lever == "when_sure":
        return None  # its error is promised, whatever the target
    state, at, miss = solved.state, drawn.walked.at, solved.state.miss
    if miss is None:
        return None
    size = 0 if at is None else solved.board.steps[at].size
    worth, besides = state.worth, solved.board.rules.besides(size)
    if at is None:
        more = _mean(np.atleast_1d(state.more_today))
        worth, besides = worth + more, state.shipping(1.0) - worth - more
    needed = (miss - (besides / worth if worth > 0 else 0.0)) / (1 + miss)
    share = sampled(met[ships].astype(float), _mean) if ships.any() else None
    return Bar(share, min(max(needed, 0.0), 1.0), miss)


def _worth(drawn: Drawn) -> Worth | None:
    solved, gain = drawn.solved, drawn.walked.gain
    if solved is None or gain is None or solved.state.value is None or not drawn.grounded:
        return None
    saved = serving_saving(drawn.work.basis)
    brought = solved.state.value + (0.0 if saved is None else saved)
    p10, p50, p90 = (sampled(brought, quantile(share)) for share in (0.1, 0.5, 0.9))
    baseline, paid = baseline_score(drawn.work.project, drawn.facts.definition), drawn.walked.tuning
    cost = sampled(paid, _mean)
    upkeep, serving = drawn.walked.upkeep, drawn.walked.serving
    at_hand = None if drawn.facts.definition is None else drawn.facts.definition.at_hand
    return Worth(
        sampled(gain - upkeep - paid, _mean), sampled(gain, _mean), cost, p10, p50, p90, baseline,
        sampled(upkeep, _mean), None if serving is None else sampled(-serving, _mean),
        "" if at_hand is None else at_hand.way,
    )  # fmt: skip


def by_month(drawn: Drawn) -> Iterator[Month]:
    """Spending by month: in each world the first step's cost over its time, the rest evenly over the rest of the time.

    Months are those of the calendar from the start on, so that the first may be cut short; the first twelve are told
    one by one, what comes later together. Answers after launch are left out. Expected months sum to the expected
    total without them; what nine of ten worlds have spent so far ends at the P90 of that total.
    """
    work, walked = drawn.work, drawn.walked
    factor = unknown_factor(work.basis)
    soon, whole = (months_of(replace(work, walk=walk)) * factor for walk in (walked.first_walk, walked.walk))
    days = month_starts(start_of(work.basis), float(np.quantile(whole, 0.99)))
    edges = np.array([(day - days[0]).days / DAYS_PER_MONTH for day in days])[:, None]
    at_once, more = np.minimum(walked.first_cost, walked.tuning), np.maximum(whole - soon, 1e-9)
    spent = np.clip(edges / np.maximum(soon, 1e-9), 0.0, 1.0) * at_once
    spent += np.clip((edges - soon) / more, 0.0, 1.0) * (walked.tuning - at_once)
    high = quantile(0.9)
    for number, paid in enumerate(np.diff(spent, axis=0), 1):
        yield Month(number, _mean(paid), quantile(0.8)(paid), days[number - 1].isoformat(), high(spent[number]))
    later = walked.tuning - spent[-1]
    if _mean(later) > 0:
        yield Month(0, _mean(later), quantile(0.8)(later), high_so_far=high(walked.tuning))


def month_starts(start: date, months: float) -> list[date]:
    """The start and the first day of every month after it, up to the end of so many months, or of twelve.

    Example:
        >>> [day.isoformat() for day in month_starts(date(2026, 11, 27), 0.5)]
        ['2026-11-27', '2026-12-01', '2027-01-01']
    """
    days = [start]
    while len(days) <= MONTHS and (len(days) < 2 or (days[-1] - start).days < months * DAYS_PER_MONTH):
        last = days[-1]
        days.append(date(last.year + last.month // 12, last.month % 12 + 1, 1))
    return days


def _evidence(drawn: Drawn) -> Iterator[tuple[str, Kind]]:
    """What each headline figure rests on: the weakest of what it is made of."""
    yield "release", _hours(drawn, drawn.walked.first_walk) if drawn.walked.first_cost.any() else "measured"
    yield "total", _hours(drawn, drawn.walk) if drawn.total.any() else "measured"
    if drawn.solved is None or not drawn.grounded:
        return
    chance: Kind = "assumed" if drawn.solved.state.evidence == "assumed" else "measured"
    yield "chance", chance
    if drawn.solved.weighed:
        problem = drawn.work.project.problem
        definition = drawn.facts.definition
        known = today_score(drawn.work.project, definition) is not None
        value: Kind = "assumed" if problem.horizon is None or not known else "stated"
        yield "value", value
        kept: Kind = "assumed" if drawn.work.project.after_launch.monitoring is None else "stated"
        yield "worth", weakest(value, chance, kept)


def _hours(drawn: Drawn, walk: Walk) -> Kind:
    """Whether people's hours in a walk, and what nobody foresaw of them, are the project file's own."""
    stated = drawn.work.project.unknowns is not None and is_stated(replace(drawn.work, walk=walk))
    return "stated" if stated else "assumed"


def weakest(*kinds: Kind) -> Kind:
    """The weakest kind of evidence among some.

    Example:
        >>> weakest("measured", "stated")
        'stated'
    """
    return max(kinds, key=ORDER.index)
