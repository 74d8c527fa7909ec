"""The plan's figures, each with one definition, from the worlds in which it was walked."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from tunecase import catalog
from tunecase.plan.capital import capital_of
from tunecase.plan.costs import is_stated, people_paid, total_of
from tunecase.plan.costs import months as months_of
from tunecase.plan.drawn import Drawn
from tunecase.plan.limits import limits_of, outcomes, share_of
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
FEWEST = 100  # worlds of which a quantile is told
ORDER: tuple[Kind, ...] = ("measured", "stated", "assumed")


def plan(drawn: Drawn) -> Plan:
    """The plan of a project: the headline figures of its first step, walked through the worlds of the bill.

    Args:
        drawn: the bill in every world, with its policy.
    Returns: the Plan, each figure with its Monte Carlo error by batch means.
    A curve that rests on nothing gives no chance, no worth, and nothing that could be lost: there it is costs alone.
    Leaves out the error of what all worlds share: that of the curves and prices themselves, which the bands hold, and
    of a policy learnt from finitely many worlds.
    """
    offer, shown, told = drawn.offer, _shown(drawn), drawn.grounded
    forecast = None if drawn.solved is None else drawn.solved.state.forecast
    return Plan(
        currency=drawn.work.basis.currency,
        lever="" if offer is None else offer.lever,
        action="go through the rounds" if offer is None else offer.action,
        advised=drawn.advised,
        beyond_budget=drawn.beyond_budget,
        budget_left=_left(drawn),
        based_on=drawn.based_on,
        release=_release(drawn),
        total=_total(drawn),
        authorise=authorised(drawn),
        lost=_lost(drawn) if told else None,
        chance=None if shown is None else _chance(drawn, shown),
        worth=_worth(drawn),
        limits=limits_of(drawn) if told else None,
        then=() if shown is None else outcomes(drawn, shown),
        months=tuple(by_month(drawn)),
        evidence=dict(_evidence(drawn)),
        draws=len(drawn.total),
        seed=drawn.work.basis.worlds.seed,
        target=None if forecast is None else forecast.target,
        direction="higher" if forecast is None else forecast.direction,
        capital=capital_of(drawn),
        ending=_ending(drawn),
        bar=_bar(drawn),
    )


def headline(drawn: Drawn) -> tuple[Sampled | None, Sampled | None, Sampled]:
    """The chance to reach the target, the expected worth and the expected total of a plan, and no more of it."""
    shown, worth = _shown(drawn), _worth(drawn)
    chance = None if shown is None else _chance(drawn, shown).shown
    return chance, None if worth is None else worth.expected, _expected(drawn.total)


def _ending(drawn: Drawn) -> Ending | None:
    """When what is shipped ends, where the horizon outlives it; a few slow worlds are no news."""
    basis = drawn.work.basis
    ending, lived, whole = ending_of(basis), _mean(served_months(basis)), _mean(horizon(basis))
    if ending is None or lived >= WHOLE * whole:
        return None
    return Ending(ending.on.isoformat(), ending.why, lived, whole)


def _left(drawn: Drawn) -> float | None:
    """What is left of the budget; None without one."""
    budget = drawn.work.project.budget
    return None if budget is None else budget.spread.median - drawn.facts.spent


def _within(drawn: Drawn) -> "Flags | None":
    """Where what is left of the budget pays for all; None without one."""
    left = _left(drawn)
    return None if left is None else drawn.total <= left


def _mean(values: "Draws") -> float:
    return float(values.mean()) if len(values) else 0.0


def _expected(values: "Draws") -> Sampled:
    return sampled(values, _mean)


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
    rate = paid / hours if hours else 0.0
    return Release(sampled(cost, quantile(0.8)), _expected(cost), hours, rate, _mean(cost) - paid)


def _total(drawn: Drawn) -> Total:
    total, within = drawn.total, _within(drawn)
    p10, p50, p80, p90 = (sampled(total, quantile(share)) for share in (0.1, 0.5, 0.8, 0.9))
    return Total(_expected(total), p10, p50, p80, p90, None if within is None else share_of(~within))


def authorised(drawn: Drawn) -> Authorised:
    """Base, contingency and reserve, in whole cents, so that they add up as they are printed."""
    total = drawn.total
    base = round(_mean(total_of(drawn.lines, without=(UNFORESEEN,))), 2)
    contingency = round(max(0.0, quantile(0.8)(total) - base), 2)
    return Authorised(base, contingency, round(max(0.0, quantile(0.9)(total) - base - contingency), 2))


def _lost(drawn: Drawn) -> Sampled | None:
    walk, solved = drawn.walk, drawn.solved
    if walk.shipped is None or solved is None:
        return None
    missed = walk.false_pass if solved.state.miss is not None and walk.false_pass is not None else False
    lost = drawn.walked.tuning[~walk.shipped | missed]
    # A handful of worlds has no P90 worth the name.
    return sampled(lost, quantile(0.9)) if len(lost) >= FEWEST else None


def _shown(drawn: Drawn) -> "Flags | None":
    """Where the target is met within the budget; None where no curve rests on anything."""
    reached, within = drawn.walk.reached, _within(drawn)
    if not drawn.grounded or reached is None:
        return None
    return reached if within is None else reached & within


def _chance(drawn: Drawn, shown: "Flags") -> Chance:
    walk = drawn.walk
    false = walk.false_pass if walk.false_pass is not None else shown & False
    settled = walk.settled if drawn.work.project.problem.fallback is not None else None
    factor = "" if drawn.solved is None else drawn.solved.state.factor
    others = catalog.reference_class(factor) or (None, None)
    return Chance(share_of(shown), share_of(false), None if settled is None else share_of(settled), *others)


def _bar(drawn: Drawn) -> Bar | None:
    """The chance that is needed to put a model to use: V (p - M (1 - p)) + what that brings besides > 0.

    None where a fallback may be met instead, which brings a part of V: no single chance decides there.
    """
    solved, ships, met = drawn.solved, drawn.walk.shipped, drawn.walk.reached
    if solved is None or not drawn.grounded or ships is None or met is None:
        return None
    if drawn.offer is not None and drawn.offer.lever == "when_sure":
        return None  # its error is promised, whatever the target
    state, at, miss = solved.state, drawn.walked.at, solved.state.miss
    if miss is None or state.error_fallback is not None:
        return None
    size = 0 if at is None else solved.board.steps[at].size
    worth, besides = float(np.mean(solved.board.rules.worth)), solved.board.rules.besides(size)
    if at is None and state.miss_at_hand is not None:
        miss = state.miss_at_hand
        worth += float(np.mean(state.more_today))
        besides += float(np.mean(state.release)) - float(np.mean(state.release_at_once))
    needed = (miss - (besides / worth if worth > 0 else 0.0)) / (1 + miss)
    share = share_of(met[ships]) if ships.any() else None
    return Bar(share, min(max(needed, 0.0), 1.0), miss)


def _worth(drawn: Drawn) -> Worth | None:
    solved, walked, definition = drawn.solved, drawn.walked, drawn.facts.definition
    gain, paid, upkeep, serving = walked.gain, walked.tuning, walked.upkeep, walked.serving
    if solved is None or gain is None or solved.state.value is None or not drawn.grounded:
        return None
    saved = serving_saving(drawn.work.basis)
    brought = solved.state.value + (0.0 if saved is None else saved)
    p10, p50, p90 = (sampled(brought, quantile(share)) for share in (0.1, 0.5, 0.9))
    at_hand = None if definition is None else definition.at_hand
    return Worth(
        _expected(gain - upkeep - paid), _expected(gain), _expected(paid), p10, p50, p90,
        baseline_score(drawn.work.project, definition), _expected(upkeep),
        None if serving is None else _expected(-serving), "" if at_hand is None else at_hand.way,
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
        project = drawn.work.project
        known = today_score(project, drawn.facts.definition) is not None
        value: Kind = "assumed" if project.problem.horizon is None or not known else "stated"
        yield "value", value
        kept: Kind = "assumed" if project.after_launch.monitoring is None else "stated"
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
