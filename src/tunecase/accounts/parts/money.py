"""The money: what to set aside, where it goes, when, what was spent of it, and what moved it since last time."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import accumulate

from tunecase.accounts.book_sums import forecast_words, planned_middle, sums_words, total_words
from tunecase.accounts.headline import authorise_parts, moved_amounts
from tunecase.accounts.lines import GROUPS, Group, group_of, groups, training_unpriced
from tunecase.accounts.material import Material
from tunecase.accounts.parts.words import budget_name, exact, exact_money
from tunecase.accounts.verdict import plan_of
from tunecase.accounts.words import capital, plain_words
from tunecase.blocks import Finding, Months, Part, Row, Rows, Step, Waterfall
from tunecase.quantities import Sampled, adding_up, counted, plain_figure, plain_money, plain_share
from tunecase.records import BookLine, Books, Estimate, Month, Plan, Way

MOST_WAYS = 5
LEAST_COMPUTERS = 0.1  # of the middle case: where training costs less, the way to rent it is no question
ALMOST_NOTHING = 0.01
FEW, MOST = 0.25, 0.75  # shares of the money, for the words "little" and "most"
MOVED = 1.1  # the forecast against the plan: below, it holds
GROUP_NAMES = {
    "people": "People", "overruns": "Overruns", "data": "Data", "computers": "Computers", "other": "Other lines",
}  # fmt: skip
GROUP_NOTES = {"overruns": "people's hours beyond what was foreseen"}


def money(material: Material) -> Part:
    """The part of the page on money; what no record holds is left out."""
    plan = plan_of(material)
    made = (
        _authorised(material, plan),
        _groups(material.estimate),
        _months(plan),
        _books(material.books, material),
        _bridge(plan),
        _capital(plan),
        _ways(material.estimate),
    )
    return Part("money", "Money", lede(material), tuple(finding for finding in made if finding is not None))


def lede(material: Material) -> str:
    """What the whole plan costs, in the middle case and in a dear one, and the chance to pass the budget."""
    plan = plan_of(material)
    if plan is None:
        return "No plan is on file yet: run `tunecase run`."
    if not plan.total.expected.value:
        return "Nothing has to be bought."
    first = "" if plan.advised else "No step is advised; these figures say what one would cost all the same. "
    if _comes_later(material):
        first = "Something else comes first; these figures are of the plan after it. "
    middle, dear = (plain_money(point, plan.currency) for point in (plan.total.p50, plan.total.p90))
    words = f"{first}In the middle case the whole plan costs {middle}; one case in ten costs more than {dear}."
    if plan.total.over is None or plan.budget_left is None:
        return f"{words} No budget was given."
    if plan.budget_left < 0:
        return f"{words} The budget is passed already."
    limit = f"{budget_name(plan, material.estimate)} of {exact_money(round(plan.budget_left), plan.currency)}"
    return f"{words} The chance to pass the {limit} is {plain_share(plan.total.over)}."


def _comes_later(material: Material) -> bool:
    """Whether something must be done, or found out, before the plan's first step."""
    return material.decision is not None and material.decision.comes_first


# What to set aside


def _authorised(material: Material, plan: Plan | None) -> Finding | None:
    if plan is None or not plan.authorise.total:
        return None
    base, contingency, reserve = authorise_parts(plan)
    heavy = "the average already lies above four cases in five"
    steps = (
        Step("Base", "the average, without overruns", base, "base"),
        Step("Contingency", "to be enough four times in five" if contingency else heavy, contingency, "added"),
        Step("Reserve", "to be enough nine times in ten", reserve, "added"),
        Step("In all", "enough nine times in ten", base + contingency + reserve, "total"),
    )
    limit = budget_name(plan, material.estimate)
    chart = Waterfall("What to set aside", steps, plan.currency, plan.budget_left, limit)
    note = ""
    if plan.advised:
        note = "Draw the three down apart: the base by plan, the reserve only for what nobody foresaw."
        if plan.lost is not None:
            note += " It covers plans that succeed, too; the most you could lose counts failures alone."
    title = authorised_title(plan, limit, later=_comes_later(material))
    return Finding(title, f"{plan.currency}, every round; adds up from left to right", (chart,), note)


def authorised_title(plan: Plan, limit: str = "budget", *, later: bool = False) -> str:
    """What to set aside, what it is enough for, and where it is more than the limit holds.

    `later` says that something else comes before the plan.
    """
    asked = sum(authorise_parts(plan))
    amount = exact_money(asked, plan.currency)
    if plan.budget_left is not None and plan.budget_left < 0:
        return f"To be safe nine times in ten takes {amount}, and the budget is passed already"
    if plan.budget_left is not None and asked > plan.budget_left:
        over = exact_money(round(asked - plan.budget_left), plan.currency)
        return f"To be safe nine times in ten takes {amount}: {over} more than the {limit}"
    asked_for = f"Set {amount} aside" if plan.advised else f"Going on all the same would take {amount}"
    return f"{f'Later the plan takes {amount}' if later else asked_for}: enough nine times in ten"


# Where it goes


def _groups(estimate: Estimate | None) -> Finding | None:
    shown = () if estimate is None else groups(estimate)
    if estimate is None or not shown:
        return None
    total = Sampled(sum(one.expected for one in shown)) if estimate.plan is None else estimate.plan.total.expected
    amounts = group_amounts(shown, total.shown)
    rows = tuple(
        Row(_group_name(one), GROUP_NOTES.get(one.name, one.beside), 0.0, None, one.share, (one.part, amount))
        for one, amount in zip(shown, amounts, strict=True)
    )
    chart = Rows(
        "Where the money goes", ("Goes to", "Share", estimate.currency), rows, "share of the average total",
        total=("Average", "100%", plain_figure(total)), as_share=True,
    )  # fmt: skip
    beside = f"Average over all simulated cases, {estimate.currency}; bar: share of it"
    return Finding(groups_title(shown), beside, (chart,), _outside(estimate))


def group_amounts(shown: Sequence[Group], total: float) -> list[str]:
    """What each group costs on average, in figures that add up to the total; what is too small for them is "under"."""
    unit = _unit(total)
    amounts = adding_up([one.expected for one in shown], unit, total)
    return [exact(amount) if amount else _under(one.expected) for one, amount in zip(shown, amounts, strict=True)]


def _unit(total: float) -> float:
    """The unit in which parts of a total are printed: two or three figures of it, 1 at least."""
    return max(10.0 ** (len(f"{total / 2:.0f}") - 2), 1.0)


def _under(amount: float) -> str:
    """The power of ten above a small amount, in words."""
    return "under 1" if amount < 1 else f"under {10 ** len(f'{amount:.0f}'):,}"


def groups_title(shown: Sequence[Group]) -> str:
    """What costs most; that computers cost almost nothing is added where they do."""
    first = shown[0]
    words = f"{_group_name(first)} cost {first.part}"
    computers = next((one for one in shown if one.name == "computers"), None)
    if computers is not None and computers.share < ALMOST_NOTHING:
        words += ", computers almost nothing"
    return words


def _group_name(group: Group) -> str:
    return GROUP_NAMES.get(group.name) or capital(group.name)


def _outside(estimate: Estimate) -> str:
    """What is not in the total, since it comes after launch or has no price."""
    later = [line for line in estimate.lines if line.priced and not line.included and line.expected]
    names = {"inference": "answers", "upkeep": "upkeep"}
    told = [f"{names.get(line.name, line.title)} {plain_money(line.expected, estimate.currency)}" for line in later]
    words = f"Not in it, after launch, on average: {' and '.join(told)}." if told else ""
    missing = [line.title for line in estimate.lines if not line.priced]
    words = f"{words} No price is known for {', '.join(missing)}.".strip() if missing else words
    why = training_unpriced(estimate)
    return f"{words} Training: {why}." if why else words


# When it is spent


def _months(plan: Plan | None) -> Finding | None:
    if plan is None or not plan.months or not plan.total.expected.shown:
        return None
    so_far = spent_so_far(plan)
    title, beside = months_title(plan), f"{plan.currency} spent by the end of each month; line: average"
    if all(high is not None for _, _, high in so_far):
        points = tuple((name, mean, high or 0.0) for name, mean, high in so_far)
        chart = Months("Spending by month", points, plan.currency, plan.budget_left)
        return Finding(title, f"{beside}, shade: up to the worst of ten", (chart,))
    last = next(at for at, (_, mean, _) in enumerate(so_far) if mean == so_far[-1][1])
    rows = tuple(Row(name, "", 0.0, None, mean, (exact(mean),)) for name, mean, _ in so_far[: last + 1])
    bars = Rows("Spending by month", ("By the end of", plan.currency), rows, plan.currency, plan.budget_left)
    return Finding(title, f"{plan.currency} spent by the end of each month, on average", (bars,))


def spent_so_far(plan: Plan) -> tuple[tuple[str, float, float | None], ...]:
    """(month, average so far, worst of ten so far): both end at the total as it is printed, answers after launch last.

    The worst of ten is None in records from before it was kept.
    """
    total, unit = plan.total.expected, max(plan.total.expected.step / 10, 1.0)
    amounts = [month.expected for month in plan.months]
    names: list[str] = [month_name(month) for month in plan.months]
    dear = plan.total.p90
    times = dear.shown / dear.value if dear.value else 1.0
    highs = [None if month.high_so_far is None else month.high_so_far * times for month in plan.months]
    if (rest := total.value - sum(amounts)) > unit:
        names, amounts = [*names, "after launch"], [*amounts, rest]
        highs = [*highs, dear.shown if None not in highs else None]
    means = accumulate(adding_up([amount * total.shown / sum(amounts) for amount in amounts], unit, total.shown))
    return tuple(zip(names, means, highs, strict=True))


def month_name(month: Month) -> str:
    """The month as Dec 2026; its number where no date is known."""
    if not month.number:
        return "later"
    return date.fromisoformat(month.starts).strftime("%b %Y") if month.starts else f"month {month.number}"


def months_title(plan: Plan) -> str:
    """How much of the money is gone before the first test says whether to go on; without one, when most is spent."""
    part = plan.release.expected.value / plan.total.expected.value
    if plan.then and part < FEW:
        return "Little is spent before the first test"
    if plan.then and 0 < part <= MOST:
        return f"{plain_share(Sampled(part))} is spent before the first test decides"
    if plan.then and part:
        return "Most is spent before the first test"
    dearest = max(plan.months, key=lambda month: month.expected)
    if dearest.expected > plan.total.expected.value / 2:
        return f"Most is spent in {month_name(dearest)}" if dearest.number else "Most is spent late"
    return f"Spending is spread over {counted(len(plan.months), 'month')}"


# What was spent


def _books(books: Books | None, material: Material) -> Finding | None:
    if not (books.entries if books is not None else _may_be_spent(material)):
        return Finding("Nothing is spent yet, so the forecast is the plan", "", ())
    if books is None:
        return None
    spent = adding_up([float(line.spent) for line in books.lines], 1.0)
    rows = tuple(_book_row(books, line, exact(paid)) for line, paid in zip(books.lines, spent, strict=True))
    planned, paid = plain_figure(planned_middle(books)), exact(sum(spent))
    chart = Rows(
        "Plan, spent and forecast", ("Line", "Plan", "Spent", "Forecast"), rows, books.currency, None,
        total=("Total", planned, paid, total_words(books, paid)),
    )  # fmt: skip
    beside = f"{books.currency}; dot: middle case of the forecast, bar: 8 in 10"
    return Finding(books_title(books), beside, (chart,), _books_note(books))


def _may_be_spent(material: Material) -> bool:
    """Without books: whether charges are on file, or nobody looked for any."""
    given = material.approvals
    return bool(material.spendings) or given is None or bool(given.spent or given.before)


def _book_row(books: Books, line: BookLine, spent: str) -> Row:
    ends, planned = line.at_completion, line.planned
    low, mid, high = (None, None, None) if ends is None else (ends.p10, ends.p50, ends.p90)
    planned_words = "not planned" if planned is None else plain_figure(planned.p50)
    forecast = forecast_words(books, [line], spent)
    return Row(line_title(line.name), "", low, mid, high, (planned_words, spent, forecast))


def line_title(name: str) -> str:
    """A line of the books as people call it.

    Example:
        >>> line_title("labour"), line_title("data: labels"), line_title("legal review")
        ('Engineering', 'Labels', 'Legal review')
    """
    kind, _, rest = name.partition(":")
    return capital(rest.strip() or GROUPS[group_of(name)].get(kind) or plain_words(name.replace("_", " ")))


def books_title(books: Books) -> str:
    """What is spent, and whether the forecast is above, below or at the plan; a passed budget is said first."""
    spent = exact_money(round(float(books.spent)), books.currency)
    if not books.ok and books.left_shown is not None:
        return f"{spent} is spent: {exact_money(round(-float(books.left_shown)), books.currency)} over the budget"
    if books.all_closed:
        return f"{spent} is spent, and all lines are closed"
    planned = planned_middle(books)
    if books.at_completion is None or planned is None:
        return f"{spent} is spent"
    ends = books.at_completion.p50
    if ends > MOVED * planned:
        return f"{spent} is spent, and the forecast is above the plan"
    if ends * MOVED < planned:
        return f"{spent} is spent, and the forecast is below the plan"
    return f"{spent} is spent, and the forecast holds to the plan"


def _books_note(books: Books) -> str:
    words = [*sums_words(books)]
    if books.over_budget is not None:
        words.append(f"The chance to end over the budget is {plain_share(books.over_budget)}.")
    return " ".join(words)


# What moved it


def _bridge(plan: Plan | None) -> Finding | None:
    moved = () if plan is None else moved_amounts(plan)
    if plan is None or plan.bridge is None or not moved:
        return None
    before = Sampled(plan.bridge.before, plan.bridge.before_error).shown
    after = plan.total.expected.shown
    steps = (
        Step(capital(plan.bridge.since), "", before, "base"),
        *(Step(capital(plain_words(why)), "", amount, "added") for why, amount in moved),
        Step("Now", "", after, "total"),
    )
    chart = Waterfall("What moved the bill", steps, plan.currency)
    return Finding(bridge_title(before, after, plan.currency), f"{plan.currency}, average total", (chart,))


def bridge_title(before: float, after: float, currency: str) -> str:
    """Whether the bill rose or fell since last time, and from what to what."""
    verb = "rose" if after > before else "fell"
    return f"Since last time the bill {verb} from {exact(before)} to {exact_money(after, currency)}"


# What is bought, and where it is trained


def _capital(plan: Plan | None) -> Finding | None:
    owned = None if plan is None else plan.capital
    if plan is None or owned is None:
        return None
    note = f"{plain_money(owned.price.p10, plan.currency)} to {plain_money(owned.price.p90, '')}, 8 in 10."
    if owned.charged is not None:
        note += f" The bill holds {plain_money(owned.charged, plan.currency)} of it, by the hour."
    title = f"Buying {plain_words(owned.what)} takes {plain_money(owned.expected, plan.currency)} at once"
    return Finding(title, "Paid on purchase, outside the total", (), note)


def _ways(estimate: Estimate | None) -> Finding | None:
    """Other ways to do the training, where training costs enough to matter."""
    if estimate is None:
        return None
    chosen = next((way for way in estimate.ways if way.chosen), None)
    if chosen is None or len(estimate.ways) < 2 or chosen.amount.p50 < LEAST_COMPUTERS * estimate.total.p50:
        return None
    rows = tuple(_way_row(way) for way in shown_ways(estimate.ways))
    chart = Rows("Ways to train", ("Way", estimate.currency), rows, estimate.currency)
    return Finding(
        ways_title(estimate.ways), f"{estimate.currency}, all runs; dot: middle case, bar: 8 in 10", (chart,)
    )


def shown_ways(ways: Sequence[Way]) -> Iterator[Way]:
    """The cheapest ways to train, the chosen one always among them."""
    first = list(ways[:MOST_WAYS])
    yield from first
    yield from (way for way in ways[MOST_WAYS:] if way.chosen)


def _way_row(way: Way) -> Row:
    beside = "in the plan" if way.chosen else plain_words(way.note)
    amount = way.amount
    return Row(
        plain_words(way.name),
        beside,
        amount.p10,
        amount.p50,
        amount.p90,
        (plain_figure(amount.p50),),
        strong=way.chosen,
    )


def ways_title(ways: Sequence[Way]) -> str:
    """Whether the plan trains where it is cheapest, and what the cheapest way would save."""
    chosen = next(way for way in ways if way.chosen)
    cheapest = min(ways, key=lambda way: way.amount.p50)
    if cheapest is chosen or not chosen.amount.p50:
        return "The plan trains where it is cheapest"
    saved = 1 - cheapest.amount.p50 / chosen.amount.p50
    return f"{capital(plain_words(cheapest.name))} would train it for {plain_share(saved)} less"
