"""The plan's spending by month, in figures that add up to the expected total as it is printed."""

from dataclasses import dataclass
from itertools import accumulate

from tunecase.quantities import adding_up, figures, firm, money, written
from tunecase.records import Month, Plan

LEAST_UNIT = 0.01  # of any currency
FINER = 10  # months are told in tenths of the step of the total, so that they tell one another apart
CALENDAR_HEAD = ("expected", "so far", "left of the budget", "P80")
AFTER_LAUNCH = "after launch"


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One month: what is spent in it and so far in expectation, what is left of the budget then, and its P80.

    `left` is a dash without a budget; `over` says that the expected spending has passed it.
    """

    name: str
    expected: str
    so_far: str
    left: str
    p80: str
    over: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table whose head is that of the calendar."""
        left = f"{self.left} over" if self.over else self.left
        return self.name, self.expected, self.so_far, left, self.p80


def calendar(plan: Plan) -> tuple[CalendarRow, ...]:
    """The months of a plan in order; what answers and upkeep after launch cost comes last where the total holds it.

    The total is printed in fewer digits than it has, so months are scaled to add up to it as printed.
    """
    total = plan.total.expected
    if not plan.months or not total.shown:
        return ()
    names, amounts = [_name(month) for month in plan.months], [month.expected for month in plan.months]
    points = [figures(month.p80) for month in plan.months]
    unit = max(total.step / FINER, LEAST_UNIT)
    if (rest := total.value - sum(amounts)) > unit:
        names, amounts, points = [*names, AFTER_LAUNCH], [*amounts, rest], [*points, "-"]
    parts = adding_up([amount * total.shown / sum(amounts) for amount in amounts], unit)
    budget = None if plan.budget_left is None else round(plan.budget_left / unit) * unit
    return tuple(
        _row(name, part, so_far, budget, point)
        for name, part, so_far, point in zip(names, parts, accumulate(parts), points, strict=True)
    )


def _row(name: str, part: float, so_far: float, budget: float | None, p80: str) -> CalendarRow:
    left = 0.0 if budget is None else budget - so_far
    return CalendarRow(
        name, written(part), written(so_far), "-" if budget is None else written(abs(left)), p80, over=left < 0
    )


def _name(month: Month) -> str:
    """The month as 2026-12; its number where no date is known; what comes after all of them is told as later."""
    if not month.number:
        return "later"
    return month.starts[: len("2026-12")] or f"month {month.number}"


def calendar_note(plan: Plan) -> str:
    """What the calendar adds up to and what stands beside it."""
    words = (
        f"In {plan.currency}. Expected months add up to the expected total, {firm(plan.total.expected)}; their P80s, "
        "each of which is passed one time in five, do not."
    )
    if plan.capital is not None:
        bought = f"{money(plan.capital.expected, plan.currency)} for {plan.capital.what}"
        words += f" Capital is apart: {bought} on the day of purchase."
    return words


def months_words(plan: Plan) -> str:
    """Expected spending by month, one figure for each, as the calendar prints them."""
    told = [f"{row.name} {row.expected}" for row in calendar(plan)]
    return f"{', '.join(told)} {plan.currency}" if told else ""
