"""What the books say in sentences: the plan, what is to come, which bands held, and what stands apart."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tunecase.books.completion import Completion
from tunecase.books.earlier_projects import ENOUGH
from tunecase.books.lines import UNKNOWNS, planned_lines
from tunecase.quantities import UNKNOWN, counted, figures, money, money_band, paid, share
from tunecase.records import BookLine, Books, Estimate, HitRate, ServedFigures, Spending

AT_LEAST = "in the worlds of the bill that cost at least what was spent"
CLOSED = "every line is closed, so this is what was spent"
NO_END = "No cost at completion"  # how the remark begins
NOTHING_PLANNED = ServedFigures(Decimal(0))


def redrawn_words(done: Completion, rounds_made: int | None, budgeted: bool = False) -> str:
    """How the cost at completion was drawn; `rounds_made` where it starts from where the project stands after them.

    Such a bill, `budgeted`, takes no further step past what is left of the budget.
    """
    if done.ruled_by == "closed":
        return CLOSED
    if rounds_made is not None:
        made = counted(rounds_made, "measured round")
        stops = ", its rounds stopping at what is left of the budget" if budgeted else ""
        return f"spent, plus the bill drawn anew from where the project stands after {made}{stops}"
    ruled = {
        "the rounds": "in the worlds of the bill that go on after the rounds made, at the hours a round took so far",
        "the total": AT_LEAST,
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
    words.append(f"The plan{whose} is {record.planned_words} {unit}.")
    if record.at_completion is not None:
        ends = money(record.spent, unit) if record.redrawn == CLOSED else money_band(record.at_completion, unit)
        words.append(f"At completion {ends}: {record.redrawn}.")
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
    if record.charges_before_plan and record.plan is not None:
        words.append(
            f"{counted(record.charges_before_plan, 'charge')} of before the plan was made ({record.plan.on}), "
            f"{money(record.before_plan, record.currency)}, which the plan does not hold: their lines are not judged."
        )
    words += _allowance_words(record, estimate)
    if not_drawn and record.entries:
        words.append(f"{NO_END}: {not_drawn}.")
    words += _names("Already above the plan's P90", filter(_is_above, record.lines))
    if record.planned is not None:
        words += _names("Spent without a planned amount", filter(_is_unplanned, record.lines))
    if estimate is not None and estimate.unpriced:
        words.append(f"Not in the plan, as it has no price: {', '.join(estimate.unpriced)}.")
    return [*words, *_line_words(record), *_charge_words(record, spendings)]


def _allowance_words(record: Books, estimate: Estimate | None) -> list[str]:
    """What the allowance for overruns is drawn down by."""
    allowance = next((line for line in record.lines if line.drawn is not None), None)
    if allowance is None or not allowance.drawn or estimate is None:
        return []
    planned = planned_lines(estimate)
    expected = planned[UNKNOWNS].expected if UNKNOWNS in planned else 0.0
    drawn = money(allowance.drawn, record.currency)
    over = allowance.drawn - Decimal(str(expected))
    beyond = f", {money(over, record.currency)} more than there is" if over > 0 else ""
    allowed = money(expected, record.currency)
    return [
        f"Of the allowance for overruns, {allowed} expected in the plan, {drawn} is used{beyond}: "
        "that is spent beyond what lines were expected to cost, or on lines without a plan."
    ]


def _line_words(record: Books) -> list[str]:
    """Closed lines, whether bands held, what cannot be split."""
    planned = [line for line in record.lines if line.planned is not None]
    words = [
        *_names("Charges that say no quantity in the plan's unit, or a plan without one", filter(_is_blind, planned)),
        *_closed_words(record, [line for line in planned if line.closed]),
    ]
    if record.adjusted:
        exact = {line.name: line.spent for line in record.lines}
        shown = ", ".join(f"{name} as {text} for {exact[name]:f}" for name, text in record.adjusted.items())
        words.append(f"Shown a little off the nearest cent, so that the lines add up to the total: {shown}.")
    if record.reopened:
        words.append(f"Charged after it was closed, so open again: {', '.join(record.reopened)}.")
    rate = record.hit_rate
    if rate is not None and rate.factor is not None:
        words.append(
            f"Bands were too narrow: {rate.inside_80} of {rate.lines} lines held; widened as ratios to P50 to the "
            f"power {figures(rate.factor)} they would have held 8 in 10."
        )
    return words


def _closed_words(record: Books, closed: Sequence[BookLine]) -> list[str]:
    """Which closed lines are judged, and how many of them held."""
    late = [line for line in closed if line.hindsight]
    judged = [line for line in closed if line.entries and not line.hindsight]
    words = [
        *_names("Closed without a charge, so not judged", filter(_is_silent, closed)),
        *_names("Planned after the first charge, so not judged", late),
    ]
    if judged:
        inside = sum(bool(line.inside) for line in judged)
        words.append(f"Of {counted(len(judged), 'closed line')} {inside} ended inside P10 to P90.")
    elif record.entries and not late:
        words.append("No line is called finished, so none is called inside its plan yet.")
    return words


def _names(what: str, lines: Iterable[BookLine]) -> list[str]:
    """One sentence that names lines; none where there are none."""
    names = ", ".join(line.name for line in lines)
    return [f"{what}: {names}."] if names else []


def _is_blind(line: BookLine) -> bool:
    return bool(line.entries and line.variance and line.variance.unsplit)


def _is_above(line: BookLine) -> bool:
    return line.inside is False and not line.closed


def _is_unplanned(line: BookLine) -> bool:
    return line.planned is None and bool(line.entries)


def _is_silent(line: BookLine) -> bool:
    return not line.entries and line.name != UNKNOWNS


def _charge_words(record: Books, spendings: Sequence[tuple[str, Spending]]) -> list[str]:
    """What the sums leave out, and what stands apart in them: a sentence for each that is not zero."""
    replaced = {charge.supersedes for _, charge in spendings if charge.supersedes}
    missing = len(replaced - {name for name, _ in spendings})
    price = "" if record.idle_amount is None else f", {money(record.idle_amount, record.currency)}"
    untracked = record.untracked_hours if record.runs else None
    unbilled, credits = (money(amount, record.currency) for amount in (record.unbilled, record.credits))
    sentences = (
        (record.superseded, f"Corrected later and in no sum: {counted(record.superseded, 'charge')}."),
        (missing, f"{counted(missing, 'correction')} names a charge that is not in the ledger."),
        (record.covered, f"Estimates of runs that a bill covers, in no sum: {record.covered}."),
        (record.unbilled, f"Estimated (hours at a price of the book or the team) and not billed yet: {unbilled}."),
        (record.credits, f"Credits and adjustments in these sums: {credits}."),
        (record.idle_hours, f"Billed GPU hours in which no run is known: {_hours(record.idle_hours)}{price}."),
        (untracked, f"Billed GPU hours of cards on which no run is known, idle or not: {_hours(untracked)}."),
        (
            record.unpriced,
            f"Usage billed at nothing (free, or paid by a commitment): {counted(record.unpriced, 'charge')}.",
        ),
    )
    return [sentence for amount, sentence in sentences if amount]


def _hours(hours: Decimal | None) -> str:
    return f"{(hours or Decimal(0)).normalize():f}"


def _spent_words(record: Books) -> str:
    spent = money(record.spent, record.currency)
    if not record.entries:
        return "Nothing is booked yet."
    if record.left_shown is None:
        return f"{spent} spent; the project file names no budget."
    if record.left_shown < 0:
        return f"{spent} spent, {money(-record.left_shown, record.currency)} more than the budget."
    return f"{spent} spent of {record.budget_words}, {money(record.left_shown, record.currency)} left."


def hit_words(rate: HitRate) -> str:
    """How many closed lines fell inside their bands, and whether that says anything.

    Example:
        >>> hit_words(HitRate(7, 5, 6, 2))
        '5 of 7 closed lines of 2 projects in P10 to P90, 6 in P5 to P95; too few to judge the bands by'
    """
    lines = counted(rate.lines, "closed line")
    share_inside = f"{rate.inside_80} of {lines} of {counted(rate.projects, 'project')} in P10 to P90"
    share_inside += f", {rate.inside_90} in P5 to P95"
    if rate.lines < ENOUGH:
        return f"{share_inside}; too few to judge the bands by"
    if rate.factor is None:
        return share_inside
    return f"{share_inside}; wider by the power {figures(rate.factor)} they would have held 8 in 10"


def figure_rows(planned: ServedFigures | None, actual: ServedFigures, currency: str) -> list[tuple[str, str, str]]:
    """What was served as a table: each figure as planned, in two digits, and as metered; what neither knows is out."""
    plan = planned or NOTHING_PLANNED
    answers = None if planned is None else planned.answers
    rows = (
        ("answers", _planned(answers), _metered(actual.answers)),
        ("tokens in", _planned(plan.tokens_in), _metered(actual.tokens_in)),
        ("tokens out", _planned(plan.tokens_out), _metered(actual.tokens_out)),
        ("GPU hours", _planned(plan.gpu_hours), _metered(actual.gpu_hours)),
        ("busy share", _share(plan.busy_share), _share(actual.busy_share)),
        (f"cost, {currency}", _planned(plan.cost), _paid(actual.cost)),
        (f"1,000 answers, {currency}", _planned(plan.per_1k), _paid(actual.per_1k)),
    )
    return [row for row in rows if row[1:] != (UNKNOWN, UNKNOWN)]


def _planned(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else figures(float(amount))


def _metered(amount: Decimal | None) -> str:
    """A count as it was metered; the part of a period that spans months in two decimals."""
    if amount is None:
        return UNKNOWN
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _share(part: Decimal | None) -> str:
    return UNKNOWN if part is None else share(float(part))


def _paid(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else paid(amount)
