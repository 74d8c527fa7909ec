"""What the books say in sentences: the plan, what is to come, which bands held, and what stands apart."""

from collections.abc import Sequence

from tunecase.books.completion import Completion
from tunecase.books.earlier_projects import ENOUGH
from tunecase.books.lines import UNKNOWNS
from tunecase.quantities import counted, figures, money, money_band, share
from tunecase.records import Books, Estimate, HitRate, Spending


def redrawn_words(done: Completion, rounds_made: int | None, budgeted: bool = False) -> str:
    """How the cost at completion was drawn; `rounds_made` where it starts from where the project stands after them.

    Such a bill, `budgeted`, takes no further step past what is left of the budget.
    """
    if done.ruled_by == "closed":
        return "every line is closed, so this is what was spent"
    if rounds_made is not None:
        made = counted(rounds_made, "measured round")
        stops = ", its rounds stopping at what is left of the budget" if budgeted else ""
        return f"spent, plus the bill drawn anew from where the project stands after {made}{stops}"
    ruled = {
        "the rounds": "in the worlds of the bill that go on after the rounds made, at the hours a round took so far",
        "the total": "in the worlds of the bill that cost at least what was spent",
        "nothing": "in all worlds: more was spent than nearly every world foresaw, so the rest is a guess",
    }[done.ruled_by]
    return f"spent, plus what is left of the planned work at the prices paid so far, {ruled}"


def lead(record: Books) -> list[str]:
    """The answer in sentences: spent, planned, what it will have cost, and the chance to end above the budget."""
    unit = record.currency
    words = [_spent_words(record)]
    if record.planned is None:
        return [*words, "There is no estimate to compare with: run `tunecase estimate`."]
    whose = f" of {record.plan.on} ({record.plan.why})" if record.plan else ""
    words.append(f"The plan{whose} is {money_band(record.planned, unit)}.")
    if record.at_completion is not None:
        words.append(f"At completion {money_band(record.at_completion, unit)}: {record.redrawn}.")
    if record.over_budget is not None:
        chance = share(record.over_budget)
        words.append(f"Chance that the whole project ends above the budget: {chance}, given what is spent already.")
    elif record.budget is not None:
        words.append("More is spent than any world of the plan: run `tunecase estimate` again.")
    return words


def remarks(
    record: Books, spendings: Sequence[tuple[str, Spending]], estimate: Estimate | None, not_drawn: str = ""
) -> list[str]:
    """What a reader of the books should know, sentence by sentence.

    Args:
        record: the books without their words.
        spendings: (id, charge), to find corrections of charges that are not there.
        estimate: the plan.
        not_drawn: why there is no cost at completion.
    """
    words = []
    if not record.verified:
        words.append("The ledger was edited: these sums are not to be trusted until `tunecase ledger verify` passes.")
    if not_drawn and record.entries:
        words.append(f"No cost at completion: {not_drawn}.")
    above = [line.name for line in record.lines if line.inside is False and not line.closed]
    if above:
        words.append(f"Already above the plan's P90: {', '.join(above)}.")
    unplanned = [line.name for line in record.lines if line.planned is None and line.entries]
    if unplanned and record.planned is not None:
        words.append(f"Spent without a planned amount: {', '.join(unplanned)}.")
    if estimate is not None and estimate.unpriced:
        words.append(f"Not in the plan, as it has no price: {', '.join(estimate.unpriced)}.")
    return [*words, *_line_words(record), *_charge_words(record, spendings)]


def _line_words(record: Books) -> list[str]:
    """Closed lines, whether bands held, what cannot be split."""
    words = []
    lines = [line for line in record.lines if line.planned is not None]
    blind = [line.name for line in lines if line.entries and line.variance and line.variance.unsplit]
    if blind:
        words.append(f"Charges that say no quantity in the plan's unit, or a plan without one: {', '.join(blind)}.")
    silent = [line.name for line in lines if line.closed and not line.entries and line.name != UNKNOWNS]
    if silent:
        words.append(f"Closed without a charge, so not judged: {', '.join(silent)}.")
    late = [line.name for line in lines if line.closed and line.hindsight]
    if late:
        words.append(f"Planned after the first charge, so not judged: {', '.join(late)}.")
    closed = [line for line in lines if line.closed and line.entries and not line.hindsight]
    if closed:
        held_in = [line.name for line in closed if line.inside]
        words.append(f"Of {counted(len(closed), 'closed line')} {len(held_in)} ended inside P10 to P90.")
    elif record.entries and not late:
        words.append("No line is called finished, so none is called inside its plan yet.")
    if record.reopened:
        words.append(f"Charged after it was closed, so open again: {', '.join(record.reopened)}.")
    rate = record.hit_rate
    if rate is not None and rate.factor is not None:
        words.append(
            f"Bands were too narrow: {rate.inside_80} of {rate.lines} lines held; widened as ratios to P50 to the "
            f"power {figures(rate.factor)} they would have held 8 in 10."
        )
    return words


def _charge_words(record: Books, spendings: Sequence[tuple[str, Spending]]) -> list[str]:
    replaced = {charge.supersedes for _, charge in spendings if charge.supersedes}
    missing = len(replaced - {name for name, _ in spendings})
    words = []
    if record.superseded:
        words.append(f"Corrected later and in no sum: {counted(record.superseded, 'charge')}.")
    if missing:
        words.append(f"{counted(missing, 'correction')} names a charge that is not in the ledger.")
    if record.covered:
        words.append(f"Estimates of runs that a bill covers, in no sum: {record.covered}.")
    if record.unbilled:
        amount = money(record.unbilled, record.currency)
        words.append(f"Estimated (hours at a price of the book or the team) and not billed yet: {amount}.")
    if record.credits:
        words.append(f"Credits and adjustments in these sums: {money(record.credits, record.currency)}.")
    if record.idle_hours:
        price = "" if record.idle_amount is None else f", {money(record.idle_amount, record.currency)}"
        words.append(f"Billed GPU hours in which no run is known: {record.idle_hours.normalize():f}{price}.")
    if record.untracked_hours and record.runs:
        hours = record.untracked_hours.normalize()
        words.append(f"Billed GPU hours of cards on which no run is known, idle or not: {hours:f}.")
    if record.unpriced:
        words.append(f"Usage billed at nothing (free, or paid by a commitment): {counted(record.unpriced, 'charge')}.")
    return words


def _spent_words(record: Books) -> str:
    spent = money(record.spent, record.currency)
    if not record.entries:
        return "Nothing is booked yet."
    if record.left is None:
        return f"{spent} spent; the project file names no budget."
    if record.left < 0:
        return f"{spent} spent, {money(-record.left, record.currency)} more than the budget."
    return f"{spent} spent of {figures(record.budget)}, {money(record.left, record.currency)} left."


def hit_words(rate: HitRate) -> str:
    """How many closed lines fell inside their bands, and whether that says anything.

    Example:
        >>> hit_words(HitRate(7, 5, 6, 2))
        '5 of 7 closed lines of 2 projects in P10 to P90, 6 in P5 to P95; too few to judge the bands by'
    """
    lines = counted(rate.lines, "closed line")
    said = f"{rate.inside_80} of {lines} of {counted(rate.projects, 'project')} in P10 to P90"
    said += f", {rate.inside_90} in P5 to P95"
    if rate.lines < ENOUGH:
        return f"{said}; too few to judge the bands by"
    if rate.factor is None:
        return said
    return f"{said}; wider by the power {figures(rate.factor)} they would have held 8 in 10"
