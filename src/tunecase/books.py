"""What did it cost so far, and does the plan still hold? Charges are summed to the last digit, plan beside actual."""

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

from tunecase.charges import CATEGORIES, DIGITS
from tunecase.project import Project
from tunecase.records import BookLine, Books, Estimate, Spending
from tunecase.spread import Band
from tunecase.wording import counted, figures, money, money_band, share


def books(
    spendings: Sequence[tuple[str, Spending]],
    *,
    estimate: Estimate | None,
    project: Project | None,
    verified: bool,
) -> Books:
    """Plan against actual, by line and in all.

        chance over budget = P(T + u > B) / P(T + u >= s),   at most 1

    T is the estimate's total, B the budget, s what was spent, u the part of s on lines that the plan does not price.
    Worlds cheaper than what is spent already are ruled out, the others keep their weight; T is read as lognormal
    between the estimate's quantiles. A line without end cannot have stayed inside its plan: `inside` is False once a
    line is above its P90 and None before.

    Args:
        spendings: (id, charge); a charge that another one supersedes counts in no sum.
        estimate: the plan, amounts in the base currency.
        verified: whether the ledger's chain was found sound.
    Returns: the Books; sums are exact Decimals.

    Left out: charges keep the base currency of the day they were booked (a project that changes it must book them
    anew), and spending fast or slow says nothing here about what is left to spend; a new estimate does.
    """
    replaced = {charge.supersedes for _, charge in spendings if charge.supersedes}
    held = [charge for name, charge in spendings if name not in replaced]
    lines = _lines(held, estimate)
    with localcontext(prec=DIGITS):
        spent = sum((line.spent for line in lines), Decimal(0))
        unplanned = sum((line.spent for line in lines if line.planned is None), Decimal(0))
        budget = _budget(estimate, project)
        left = None if budget is None else Decimal(str(budget)) - spent
    over = _over_budget(estimate, budget, float(spent), float(unplanned))
    currency = project.currency if project else estimate.currency if estimate else "USD"
    missing = len(replaced - {name for name, _ in spendings})
    record = Books(
        currency=currency,
        lines=lines,
        planned=estimate.total if estimate else None,
        spent=spent,
        budget=budget,
        left=left,
        over_budget=over,
        entries=len(spendings),
        superseded=len(spendings) - len(held),
        verified=verified,
        note="",
    )
    return _with_note(record, missing)


def _lines(held: Sequence[Spending], estimate: Estimate | None) -> tuple[BookLine, ...]:
    plan = {line.name: line.amount for line in estimate.lines if line.included} if estimate else {}
    names = [*plan, *(name for name in CATEGORIES if name not in plan)]
    names += sorted({charge.category for charge in held} - set(names))
    return tuple(
        _line(name, plan.get(name), charges)
        for name in names
        if (charges := [charge for charge in held if charge.category == name]) or name in plan
    )


def _line(name: str, planned: Band | None, charges: Sequence[Spending]) -> BookLine:
    with localcontext(prec=DIGITS):
        spent = sum((charge.amount_base for charge in charges), Decimal(0))
    above = planned is not None and float(spent) > planned.p90
    return BookLine(name, planned, spent, False if above else None, len(charges))


def _budget(estimate: Estimate | None, project: Project | None) -> float | None:
    if project is not None:
        return project.budget.spread.median if project.budget else None
    return estimate.budget if estimate else None


def _over_budget(estimate: Estimate | None, budget: float | None, spent: float, unplanned: float) -> float | None:
    if budget is None or estimate is None:
        return None
    if spent > budget:
        return 1.0
    planned_over = estimate.over_budget if estimate.budget == budget and unplanned == 0 else None
    over = share_above(estimate.total, budget - unplanned) if planned_over is None else planned_over
    possible = share_above(estimate.total, spent - unplanned)
    # With no world of the plan left, the plan says nothing any more.
    return min(1.0, over / possible) if possible > 0.001 else None


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


def _with_note(record: Books, missing: int) -> Books:
    from dataclasses import replace

    unit = record.currency
    words = [_spent_words(record)]
    if record.planned is not None:
        words.append(f"The plan is {money_band(record.planned, unit)}.")
    if record.over_budget is not None:
        chance = share(record.over_budget)
        words.append(f"Chance that the whole project ends above the budget: {chance}, given what is spent already.")
    elif record.planned is not None and record.budget is not None:
        words.append("More is spent than any world of the plan: run `tunecase estimate` again.")
    elif record.planned is None:
        words.append("There is no estimate to compare with: run `tunecase estimate`.")
    above = [line.name for line in record.lines if line.inside is False]
    if above:
        words.append(f"Already above the plan's P90: {', '.join(above)}.")
    unplanned = [line.name for line in record.lines if line.planned is None and line.entries]
    if unplanned and record.planned is not None:
        words.append(f"Spent without a planned amount: {', '.join(unplanned)}.")
    if record.superseded:
        words.append(f"Corrected later and in no sum: {counted(record.superseded, 'charge')}.")
    if missing:
        words.append(f"{counted(missing, 'correction')} names a charge that is not in the ledger.")
    if not record.verified:
        words.append("The ledger was edited: these sums are not to be trusted until `tunecase ledger verify` passes.")
    words.append("No line is called finished, so none is called inside its plan yet.")
    return replace(record, note=" ".join(words))


def _spent_words(record: Books) -> str:
    spent = money(record.spent, record.currency)
    if not record.entries:
        return "Nothing is booked yet."
    if record.left is None:
        return f"{spent} spent; the project file names no budget."
    if record.left < 0:
        return f"{spent} spent, {money(-record.left, record.currency)} more than the budget."
    return f"{spent} spent of {figures(record.budget)}, {money(record.left, record.currency)} left."
