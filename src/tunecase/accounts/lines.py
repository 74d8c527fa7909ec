"""The lines of a bill, in groups and as a table shows them; and what the bill rests on, in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tunecase.prices import amount
from tunecase.quantities import Band, adding_up, figures, line_amount, plain_share, share, signed_figures, written
from tunecase.records import Estimate, KeyAssumption, Line

COMPUTE = ("gpu", "failed_runs", "idle", "storage", "egress")
WEEKS_A_MONTH = 52 / 12
MOST_WEEKS = 26  # longer times are told in months
LEAST_SHARE = 0.01  # of the expected total: lines below it are one row together
TRAINING = ("training set-up", "runs watched")  # the activities that training takes
UNIT_FIGURE = 3  # the figure of the total in whose units its parts stand
# Lines by what the money goes to, with what each is in plain words; a line of no group goes to `other`.
GROUPS: dict[str, dict[str, str]] = {
    "people": {"labour": "engineering", "evaluation": "evaluation", "upkeep": "upkeep after launch"},
    "overruns": {"unknowns": "more hours than foreseen"},
    "data": {"data": "labels and repairs"},
    "computers": {
        "gpu": "training", "failed_runs": "failed runs", "idle": "idle hours", "storage": "storage",
        "egress": "transfer", "inference": "answers after launch",
    },
    "other": {"other": "costs of your own"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """What part of a bill goes to one thing: people, overruns, data, computers or other.

    `beside` says what it holds. `expected` is its mean in the bill's currency, `share` its part of the expected total
    (0 to 1) and `part` that in whole percent, which add up to 100% over all groups. `low`, `middle` and `high` are P10,
    P50 and P90 where the group is one line; None where it is several, since points of lines do not add.
    """

    name: str
    beside: str
    expected: float
    share: float
    part: str
    low: float | None = None
    middle: float | None = None
    high: float | None = None


def group_of(line: str) -> str:
    """The name of the group that a line belongs to.

    Example:
        >>> group_of("evaluation"), group_of("egress"), group_of("legal review")
        ('people', 'computers', 'other')
    """
    kind = line.partition(":")[0]
    return next((name for name, lines in GROUPS.items() if kind in lines), "other")


def training_unpriced(record: Estimate) -> str:
    """Why training has no price, so that the total leaves out what was asked about; empty where it has one."""
    return next((line.basis for line in record.lines if line.name == "gpu" and line.included and not line.priced), "")


def plain_line(name: str) -> str:
    """A line in plain words.

    Example:
        >>> plain_line("inference"), plain_line("data: labels"), plain_line("legal_review")
        ('answers after launch', 'labels and repairs', 'legal review')
    """
    return GROUPS[group_of(name)].get(name.partition(":")[0], name.replace("_", " "))


def groups(estimate: Estimate) -> tuple[Group, ...]:
    """What the expected total goes to, the dearest first; lines outside the total and without a price are left out.

    Empty for bills of older versions, whose lines have no expected amounts.
    """
    counted = [line for line in estimate.lines if line.included and line.expected is not None and line.priced]
    by_name = {name: [line for line in counted if group_of(line.name) == name] for name in GROUPS}
    sums = {name: sum(line.expected or 0.0 for line in lines) for name, lines in by_name.items()}
    total = sum(sums.values())
    if total <= 0:
        return ()
    kept = sorted((name for name in sums if sums[name] > 0), key=lambda name: -sums[name])
    exact = [sums[name] / total for name in kept]
    percent = adding_up(exact, 0.01, 1.0)
    shown = [plain_share(whole or one) for whole, one in zip(percent, exact, strict=True)]
    return tuple(
        Group(name, _beside(name, by_name[name]), sums[name], one, part, *_points(by_name[name]))
        for name, one, part in zip(kept, exact, shown, strict=True)
    )


def _beside(name: str, lines: Sequence[Line]) -> str:
    """What a group holds: the parts of costs that the project file names, else the plain words of its lines."""
    words = [part.name for line in lines if line.name == "other" for part in line.parts]
    words += [plain_line(line.name) for line in lines if not (words and line.name == "other")]
    return ", ".join(words)


def _points(lines: Sequence[Line]) -> tuple[float, float, float] | tuple[()]:
    only: Band | None = lines[0].amount if len(lines) == 1 else None
    return () if only is None else (only.p10, only.p50, only.p90)


def left_out(estimate: Estimate) -> tuple[Line, ...]:
    """The lines that have a price and do not count in the total: what comes after launch."""
    return tuple(line for line in estimate.lines if line.priced and not line.included)


def time_words(months: Band) -> str:
    """How long the work takes, the middle case and the worst of ten, in weeks or, where it is long, months.

    Example:
        >>> time_words(Band(0.7, 1.2, 1.8, 2.2)), time_words(Band(5, 8, 9, 14))
        ('5 weeks in the middle case, 10 in the worst of ten', '8 months in the middle case, 14 in the worst of ten')
    """
    unit, times = ("month", 1.0) if months.p50 > MOST_WEEKS / WEEKS_A_MONTH else ("week", WEEKS_A_MONTH)
    middle, worst = (max(round(point * times), 1) for point in (months.p50, months.p90))
    return f"{middle} {unit}{'s' if middle > 1 else ''} in the middle case, {worst} in the worst of ten"


def folded(estimate: Estimate) -> tuple[Line, ...]:
    """The lines, those of the machines as one where each is under 1% of the expected total.

    The row has no points, since points do not add. Older bills without expected amounts stay as they are.
    """
    small = [line for line in estimate.lines if line.name in COMPUTE and _is_small(line)]
    if len(small) < 2:
        return estimate.lines
    expected = sum(line.expected or 0.0 for line in small)
    part = sum(line.share or 0.0 for line in small)
    names = ", ".join(line.title for line in small)
    row = Line("compute", None, part, f"{names}, each under 1% of the total", expected=expected)
    first = estimate.lines.index(small[0])
    kept = [line for line in estimate.lines if line not in small]
    return (*kept[:first], row, *kept[first:])


def expected_column(estimate: Estimate) -> tuple[list[str], str]:
    """The expected amounts of the folded lines as printed, and what is missing from their sum to the total as printed.

        unit = what one of the total's third figure is worth, 1 at least
        line = its two figures, in whole units; less than a unit reads "under" 1, 10 or 100 and counts as nothing

    Of a total of 9k lines stand in tens, so that 1.5 is under 10 USD and rounding leaves -470, never -471.5. What is
    missing is empty where the lines add up. Lines that are not in the total stand in two figures, and so do all lines
    of records from before there was a plan.
    """
    shown, unit = folded(estimate), _unit_of(estimate)
    texts = [_expected(line, estimate.currency, unit if line.included else 0.0) for line in shown]
    if estimate.plan is None:
        return texts, ""
    lines = sum(_in_units(line.expected, unit) for line in shown if line.included and line.expected)
    left = float(f"{estimate.plan.total.expected.shown - lines:.6g}")
    return texts, signed_figures(left) if left else ""


def _unit_of(estimate: Estimate) -> float:
    """The unit of the expected column; 0 in records without a plan."""
    return 0.0 if estimate.plan is None else max(_third_figure(estimate.plan.total.expected.shown), 1.0)


def _third_figure(whole: float) -> float:
    """What one of a number's third figure is worth, 1 for nothing."""
    return 10.0 ** (math.floor(math.log10(whole) + 1e-9) + 1 - UNIT_FIGURE) if whole > 0 else 1.0


def _in_units(amount: float, unit: float) -> float:
    """An amount in two figures and whole units; 0 below one."""
    if amount < unit:
        return 0.0
    step = max(unit, 10 * _third_figure(amount))
    return float(f"{round(amount / step) * step:.12g}")


def _expected(line: Line, currency: str, unit: float) -> str:
    if line.expected is None:
        return "unpriced" if line.amount is None else "-"
    if not unit or line.expected <= 0:
        return line_amount(line.expected, currency)
    if shown := _in_units(line.expected, unit):
        return written(shown)
    return f"under {written(max(10**UNIT_FIGURE * _third_figure(line.expected), 1.0))} {currency}"


def shares(lines: Sequence[Line]) -> list[str]:
    """The lines' shares of the total, in whole percent that add up to 100%; empty where a line has none."""
    counted = [line.share for line in lines if line.included and line.share is not None]
    shown = iter(adding_up(counted, 0.01, 1.0 if sum(counted) > 1 - LEAST_SHARE else None))
    words = []
    for line in lines:
        has_share = line.included and line.share is not None
        part = next(shown) if has_share else 0.0
        words.append("" if not has_share else "<1%" if not part and line.share else share(part))
    return words


def _is_small(line: Line) -> bool:
    return line.priced and line.included and line.expected is not None and (line.share or 0.0) < LEAST_SHARE


def workings(estimate: Estimate, line: Line) -> str:
    """How a line is worked out; its parts with their expected amounts, which add up to the line's as it is printed."""
    if not line.parts:
        return line.basis
    whole, unit = sum(part.expected for part in line.parts), _unit_of(estimate)
    if not _in_units(whole, unit):
        unit = 0.0
    printed, unit = _in_units(whole, unit), max(unit, 10 * _third_figure(whole))
    amounts = adding_up([part.expected for part in line.parts], unit, printed)
    parts = [
        f"{part.name} {_at_least(amount, part.expected, unit)} ({part.words})"
        for part, amount in zip(line.parts, amounts, strict=True)
    ]
    return f"{line.basis}: {', '.join(parts)}"


def _at_least(amount: float, expected: float, unit: float) -> str:
    return f"under {written(unit)}" if not amount and expected > 0 else written(amount)


def effort_rows(estimate: Estimate) -> list[tuple[str, str]]:
    """The hours and the share of each activity and, last, of all of them, which add up as they are printed."""
    effort = estimate.effort
    hours = [one.hours for one in effort]
    unit = _third_figure(sum(hours))
    shown, parts = adding_up(hours, unit), _effort_shares(estimate)
    rows = [
        (_at_least(much, one.hours, unit), share(part or one.share))
        for one, much, part in zip(effort, shown, parts, strict=True)
    ]
    return [*rows, (written(float(f"{sum(shown):.12g}")), share(round(sum(parts), 2)))]


def _effort_shares(estimate: Estimate) -> list[float]:
    """Shares of the hours in whole percent: those of training add up to what is told of training, all to the whole."""
    shares = {one.name: one.share for one in estimate.effort}
    training = [name for name in shares if name in TRAINING]
    if estimate.training_share is None:
        training = []
    told = round(estimate.training_share or 0.0, 2) if training else 0.0
    shown = dict(zip(training, adding_up([shares[name] for name in training], 0.01, told), strict=True))
    others = [name for name in shares if name not in shown]
    rest = adding_up([shares[name] for name in others], 0.01, round(sum(shares.values()), 2) - told)
    shown |= zip(others, rest, strict=True)
    return [shown[name] for name in shares]


def assumption_words(one: KeyAssumption, currency: str) -> tuple[str, str]:
    """A key assumption with what was taken; and what rests on it, what would change, and the line to write.

    Example:
        >>> one = KeyAssumption("effort.runs", "hours", "1 h per run", "", 0.2, "total", 1, 3, 20, 40, "effort: {}")
        >>> assumption_words(one, "USD")[0]
        'effort.runs, hours: 1 h per run'
    """
    low, high = (amount(one.name, value, currency) for value in (one.low, one.high))
    means = f"{figures(one.mean_low)} at {low}, {figures(one.mean_high)} at {high}"
    part = f"{share(one.bill_share)} of the bill moves with it; " if one.bill_share >= LEAST_SHARE else ""
    return f"{one.name}, {one.what}: {one.taken}", f"{part}{one.moves} {means}; write {one.write}"


def training_words(estimate: Estimate) -> str:
    """The part of people's hours that training takes, and why it is not the usual one; empty where nobody can tell."""
    if estimate.training_share is None:
        return ""
    words = f"Training (set-up and runs watched) is {share(estimate.training_share)} of people's hours; surveys say"
    return f"{words} 11 to 14%" + (f": {estimate.training_note}." if estimate.training_note else ".")
