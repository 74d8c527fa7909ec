"""What did it cost so far, and does the plan still hold? Plan beside actual, why they differ, and what is to come."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext
from itertools import filterfalse

from tunecase.books.charges import DIGITS, is_credit
from tunecase.books.completion import Completion, LineDrawn, LinePaid, RoundsDrawn, as_booked, at_completion
from tunecase.books.earlier_projects import ClosedLine, hit_rate, inside, wider
from tunecase.books.held import held
from tunecase.books.lines import PEOPLE, UNKNOWNS, PlannedLine, planned_lines
from tunecase.books.variance import added, bought, to_date, variance
from tunecase.books.words import lead, redrawn_words, remarks
from tunecase.project import Project
from tunecase.quantities import Band, Draws, band
from tunecase.records import CATEGORIES, BookLine, Books, Estimate, HitRate, PlanUsed, Spending

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project stands, besides what was paid.

    `plan` names the estimate that actuals are held against; `rounds_made` counts measured rounds, None where none was
    kept. `closed` and `reopened` are lines, `hindsight` those that were charged before the plan was made and
    `before_plan` the entries of those charges, `past` the closed lines of `past_projects` earlier projects. `drawn` is
    the bill as drawn now, by line, for `rounds_drawn` rounds; with `afresh` it starts from where the project stands.
    `not_drawn` is why there is no such bill.
    """

    plan: PlanUsed | None = None
    rounds_made: int | None = None
    closed: Mapping[str, date] = field(default_factory=dict)
    reopened: Sequence[str] = ()
    hindsight: Collection[str] = ()
    drawn: Mapping[str, LineDrawn] | None = None
    rounds_drawn: "Draws | None" = None
    before_plan: Collection[str] = ()
    afresh: bool = False
    not_drawn: str = ""
    past: Sequence[ClosedLine] = ()
    past_projects: int = 0


def books(
    spendings: Sequence[tuple[str, Spending]],
    *,
    estimate: Estimate | None,
    project: Project | None,
    verified: bool,
    standing: Standing | None = None,
) -> Books:
    """Plan against actual, by line and in all; see `variance` for why they differ and `completion` for the rest.

        chance over budget = share of the worlds that are left in which spent + rest > budget

    Without a bill drawn now, the plan's total alone is weighed: P(T + u > B) / P(T + u >= s), at most 1, T being the
    plan's total as a lognormal between its quantiles, B the budget, s what was spent, u the part of s on lines that the
    plan does not price, and credits.

    Args:
        spendings: (id, charge); corrected charges, and estimates that a bill covers, count in no sum.
        estimate: the plan that actuals are held against, amounts in the base currency.
        verified: whether the ledger's chain was found sound.
        standing: rounds, closed lines, past projects, and the bill as drawn now.
    Returns: the Books; sums are exact Decimals.

    Left out: charges keep the base currency of the day they were booked (a project that changes it must book them
    anew); what nobody planned is not expected to go on.
    """
    counts = held(spendings)
    charges = [charge for _, charge in counts.charges]
    standing = _with_overruns(standing or Standing(), estimate, charges)
    lines = _lines(charges, estimate, standing)
    done = _completion(lines, charges, standing)
    lines = tuple(_with_rest(line, done) for line in lines)
    budget = _budget(estimate, project)
    spent = _sum(line.spent for line in lines)
    with localcontext(prec=DIGITS):
        left = None if budget is None else Decimal(str(budget)) - spent
    early = [charge for name, charge in counts.charges if name in standing.before_plan]
    stated_in = project or estimate
    record = Books(
        currency=stated_in.currency if stated_in else "USD",
        lines=lines,
        planned=estimate.total if estimate else None,
        planned_total=estimate.plan.total if estimate and estimate.plan else None,
        spent=spent,
        budget=budget,
        left=left,
        over_budget=_chance(estimate, budget, lines, done),
        entries=len(spendings),
        superseded=counts.superseded,
        verified=verified,
        note="",
        plan=standing.plan,
        rounds_planned=estimate.rounds if estimate else None,
        rounds_made=standing.rounds_made,
        at_completion=band(done.total) if done else None,
        redrawn=_redrawn(done, standing, budget) if done else "",
        variance=added(line.variance for line in lines) if estimate else None,
        hit_rate=_hit_rate(lines, standing),
        reopened=tuple(standing.reopened),
        credits=_sum(line.credits for line in lines),
        unbilled=_sum(line.unbilled for line in lines),
        covered=counts.covered,
        runs=counts.runs,
        idle_hours=counts.idle_hours,
        idle_amount=counts.idle_amount,
        unpriced=counts.unpriced,
        untracked_hours=counts.untracked_hours,
        before_plan=_amount(early),
        charges_before_plan=len(early),
    )
    sentences = remarks(record, spendings, estimate, standing.not_drawn)
    return replace(record, note=" ".join([*lead(record), *sentences]), remarks=tuple(sentences))


def _with_overruns(standing: Standing, estimate: Estimate | None, charges: Sequence[Spending]) -> Standing:
    """The allowance for overruns closed just where people's lines are, whose hours it is; nobody closes it by itself.

    Without people's lines it is closed where every other line is.
    """
    planned = planned_lines(estimate) if estimate else {}
    names = {*planned, *(charge.category for charge in charges)} - {UNKNOWNS}
    holders = names & set(PEOPLE) or names
    if UNKNOWNS not in planned or not holders:
        return standing
    closed = {name: day for name, day in standing.closed.items() if name != UNKNOWNS}
    if holders <= set(closed):
        closed[UNKNOWNS] = max(closed[name] for name in holders)
    return replace(standing, closed=closed)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    with localcontext(prec=DIGITS):
        return sum(amounts, ZERO)


def _redrawn(done: Completion, standing: Standing, budget: float | None) -> str:
    return redrawn_words(done, standing.rounds_made if standing.afresh else None, budget is not None)


def _lines(charges: Sequence[Spending], estimate: Estimate | None, standing: Standing) -> tuple[BookLine, ...]:
    plan = planned_lines(estimate) if estimate else {}
    rounds = estimate.rounds if estimate else None
    by_line: dict[str, list[Spending]] = defaultdict(list)
    for charge in charges:
        by_line[charge.category].append(charge)
    names = [name for name in dict.fromkeys((*plan, *CATEGORIES, *sorted(by_line))) if name in plan or name in by_line]
    lines = [_line(name, plan.get(name, PlannedLine(None)), by_line.get(name, ()), rounds, standing) for name in names]
    over = {line.name: _beyond(line, plan.get(line.name)) for line in lines}
    return tuple(replace(line, drawn=_sum(over.values())) if line.name == UNKNOWNS else line for line in lines)


def _beyond(line: BookLine, planned: PlannedLine | None) -> Decimal:
    """What was spent on a line beyond its expected amount, to the cent; all of it where it was not planned."""
    expected = Decimal(str(round(planned.expected, 2))) if planned is not None else ZERO
    with localcontext(prec=DIGITS):
        return max(line.spent - expected, ZERO)


def _line(
    name: str, planned: PlannedLine, charges: Sequence[Spending], rounds: Band | None, standing: Standing
) -> BookLine:
    paid = bought(charges, planned.unit)
    middle, made = rounds.p50 if rounds else None, standing.rounds_made
    closed = standing.closed.get(name)
    late = name in standing.hindsight and bool(charges) and planned.amount is not None
    is_judged = bool(charges) and not late
    inside_80, inside_90 = _insides(planned.amount, paid.amount, closed is not None) if is_judged else (None, None)
    estimated = [charge for charge in charges if charge.basis == "estimated"]
    return BookLine(
        name=name,
        planned=planned.amount,
        spent=paid.amount,
        inside=inside_80,
        entries=len(charges),
        planned_quantity=planned.quantity,
        unit=planned.unit,
        quantity=paid.quantity,
        to_date=to_date(planned.amount, middle, made),
        variance=variance(planned.amount, planned.quantity, paid, rounds_planned=middle, rounds_made=made),
        closed=closed,
        inside_90=inside_90,
        credits=_amount(filter(is_credit, charges)),
        unbilled=_amount(estimated),
        hindsight=late,
    )


def _amount(charges: Iterable[Spending]) -> Decimal:
    """The sum of some charges."""
    return bought(charges, "").amount


def _insides(planned: Band | None, spent: Decimal, closed: bool) -> tuple[bool | None, bool | None]:
    """Whether a line lies inside P10 to P90, and P5 to P95; an open one can only be known to lie above P90."""
    if planned is None:
        return None, None
    if closed:
        return inside(planned, float(spent)), inside(wider(planned), float(spent))
    return (False if float(spent) > planned.p90 else None), None


def _completion(lines: Sequence[BookLine], charges: Sequence[Spending], standing: Standing) -> Completion | None:
    """What was paid and what is to come; nothing is to come where every line is closed, whatever a bill would draw."""
    finished = bool(lines) and all(line.closed is not None for line in lines)
    if standing.drawn is None and not finished:
        return None
    drawn = {} if finished or standing.drawn is None else as_booked(standing.drawn)
    # A plan of an older version knows no quantities; the bill drawn now does.
    paid = {
        line.name: _paid(
            [charge for charge in charges if charge.category == line.name],
            (drawn[line.name].unit if line.name in drawn else "") or line.unit,
        )
        for line in lines
        if line.entries
    }
    made = standing.rounds_made
    rounds = None if made is None or standing.rounds_drawn is None else RoundsDrawn(made, standing.rounds_drawn)
    return at_completion(drawn, paid, tuple(standing.closed), rounds, standing.afresh)


def _paid(charges: Sequence[Spending], unit: str) -> LinePaid:
    """What was paid for a line and how much was bought, credits and what cost nothing told apart."""
    usage = list(filterfalse(is_credit, charges))
    every = bought(usage, unit)
    free = bought(filter(_is_free, usage), unit).quantity or ZERO
    # Hours that were bought ahead are billed at nothing when they are used: they are the same hours.
    ahead = bought(filter(_is_purchase, usage), unit).quantity or ZERO
    twice = min(free, ahead)
    return LinePaid(
        spent=float(every.amount),
        quantity=None if every.quantity is None else float(every.quantity - twice),
        measured=float(every.measured),
        free=float(free - twice),
        credits=float(_amount(filter(is_credit, charges))),
    )


def _is_free(charge: Spending) -> bool:
    return not charge.amount_base


def _is_purchase(charge: Spending) -> bool:
    return charge.charge == "purchase"


def _with_rest(line: BookLine, done: Completion | None) -> BookLine:
    if done is not None and line.closed is not None:
        paid = float(line.spent)
        return replace(line, at_completion=Band(paid, paid, paid, paid))
    if done is None or line.name not in done.lines:  # an unpriced line without charges has no known end
        return line
    return replace(line, at_completion=band(done.lines[line.name]))


def _hit_rate(lines: Sequence[BookLine], standing: Standing) -> HitRate | None:
    own = [
        ClosedLine("", line.name, line.planned, float(line.spent))
        for line in lines
        if line.closed and line.planned is not None and line.entries and not line.hindsight
    ]
    every = [*own, *standing.past]
    return hit_rate(every, standing.past_projects + bool(own)) if every else None


def _budget(estimate: Estimate | None, project: Project | None) -> float | None:
    if project is not None:
        return project.budget.spread.median if project.budget else None
    return estimate.budget if estimate else None


def _chance(
    estimate: Estimate | None, budget: float | None, lines: Sequence[BookLine], done: Completion | None
) -> float | None:
    """The chance to end above the budget; None without a budget, or without anything that says what is to come."""
    if budget is None or (done is None and estimate is None):
        return None
    spent = float(_sum(line.spent for line in lines))
    unplanned = float(_sum(line.spent if line.planned is None else line.credits for line in lines))
    if spent > budget:
        return 1.0
    if done is not None:
        return done.over(budget)
    return None if estimate is None else _over_budget(estimate, budget, spent, unplanned)


def _over_budget(estimate: Estimate, budget: float, spent: float, unplanned: float) -> float | None:
    """The chance by the plan's total alone, see `books`."""
    planned_over = _planned_over(estimate) if estimate.budget == budget and unplanned == 0 else None
    over = share_above(estimate.total, budget - unplanned) if planned_over is None else planned_over
    possible = share_above(estimate.total, spent - unplanned)
    # With no world of the plan left, the plan says nothing any more.
    return min(1.0, over / possible) if possible > 0.001 else None


def _planned_over(estimate: Estimate) -> float | None:
    """The chance to pass the budget in the digits of the headline."""
    over = estimate.plan.total.over if estimate.plan is not None else None
    return estimate.over_budget if over is None else over.shown_share


def share_above(total: Band, amount: float) -> float:
    """The share of worlds above an amount, from the P10, P50, P80 and P90 alone.

    The quantiles' normal scores are joined by straight lines over ln(amount), which is exact for a lognormal, and the
    end lines are drawn on. Leaves out how the draws lie between and beyond the quantiles: within .02 between them for
    the sums of lognormals that an estimate gives, more beyond.

    Example:
        >>> share_above(Band(5_507, 7_746, 9_690, 10_894), 7_746)
        0.5
    """
    from statistics import NormalDist

    if amount <= 0:
        return 1.0
    points = sorted({total.p10: -1.2816, total.p50: 0.0, total.p80: 0.8416, total.p90: 1.2816}.items())
    if points[0][0] <= 0 or len(points) < 2:
        return _share_in_steps(total, amount)
    at = [math.log(value) for value, _ in points]
    x = math.log(amount)
    i = min(max(sum(x > edge for edge in at) - 1, 0), len(at) - 2)
    (low, high), (z_low, z_high) = at[i : i + 2], (points[i][1], points[i + 1][1])
    z = z_low + (x - low) / (high - low) * (z_high - z_low)
    return round(1 - NormalDist().cdf(z), 12)


def _share_in_steps(total: Band, amount: float) -> float:
    """For bands without width, or that reach zero: the share at the next quantile below, so never too low."""
    for quantile, above in ((total.p90, 0.0 if total.p10 == total.p90 else 0.1), (total.p80, 0.2), (total.p50, 0.5)):
        if amount >= quantile:
            return above
    return 0.9 if amount >= total.p10 else 1.0
