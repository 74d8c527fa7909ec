"""What a meter counted of answers served: typed figures, or a CSV file with a row for each day or period."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from tunecase.books.charges import ChargeText, spending
from tunecase.books.earlier_projects import last_day
from tunecase.books.importers.cells import CellError, amount_of, plain_number
from tunecase.books.importers.charge import MOST_SHOWN, Mistakes, digest_of
from tunecase.books.served import INFERENCE, SERVED_SOURCE, overlap
from tunecase.books.variance import STEP
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file, read_table
from tunecase.project import Rate
from tunecase.quantities import (
    MOST_HOURS,
    UnitError,
    Wanted,
    counted,
    money,
    one_line,
    read_quantity,
    separator_fix,
    too_early,
    too_late,
)
from tunecase.records import ServedPeriod, Spending

# The first name that the header has is taken; names bare of case and of everything but letters and digits.
NAMES: Mapping[str, tuple[str, ...]] = {
    "day": ("date", "day"),
    "first": ("from", "first", "start", "startdate"),
    "last": ("to", "last", "end", "enddate"),
    "answers": ("answers", "requests"),
    "tokens_in": ("tokensin", "inputtokens", "prompttokens"),
    "tokens_out": ("tokensout", "outputtokens", "completiontokens", "generationtokens"),
    "gpu_hours": ("gpuhours",),
    "busy_hours": ("busyhours", "busygpuhours"),
    "per_busy_hour": ("perbusyhour", "answersperbusyhour"),
    "cost": ("cost", "amount"),
    "currency": ("currency",),
}
EXAMPLE = "date,answers,tokens_in,tokens_out,gpu_hours,busy_hours,cost"
MOST_DAYS = 366  # of one period
MOST_COUNT = 10**15
ANSWER = "answer"

Where = Callable[[str], str]  # a field as the user knows it: an option, or a cell of a file


@dataclass(frozen=True, slots=True)
class PeriodText:
    """A served period as a person or a file states it; None and "" stand for what is not said.

    `answers`, `tokens_in` and `tokens_out` are counts such as 41k, `gpu_hours` and `busy_hours` numbers; in place of
    the latter `per_busy_hour` may say how many answers one busy GPU hour gave. `cost` is an amount such as 640 USD, in
    `currency` or the project's where it names none.
    """

    first: str | None = None
    last: str | None = None
    answers: str | None = None
    tokens_in: str | None = None
    tokens_out: str | None = None
    gpu_hours: str | None = None
    busy_hours: str | None = None
    per_busy_hour: str | None = None
    cost: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A period that was read, the charge stated with it (None without one), and where they stand."""

    period: ServedPeriod
    charge: Spending | None
    where: str


@dataclass(frozen=True, slots=True)
class MoneyRead:
    """How a cost is read: the project's currency, and its dated rates."""

    currency: str
    rates: Sequence[Rate] = ()


def read_period(text: PeriodText, where: Where, reads: MoneyRead, today: date, mistakes: Mistakes) -> Stated | None:
    """A served period from words, or None and the mistakes found.

    Args:
        where: how the user knows a field: `--answers`, or `meter.csv:3, answers`.
        today: the last day that can have been served.
    """
    before = mistakes.count
    first = mistakes.read(where("first"), (text.first or "").strip(), _day)
    # A row of one day has one cell for both.
    is_one = where("first") == where("last")
    last = first if is_one else mistakes.read(where("last"), (text.last or "").strip(), _day)
    counts = [_count(name, text, where, mistakes) for name in ("answers", "tokens_in", "tokens_out")]
    rented, busy = _hours("gpu_hours", text, where, mistakes), _busy_hours(counts[0], text, where, mistakes)
    _check_days(first, last, where, today, mistakes)
    if busy is not None:
        name = "busy_hours" if (text.busy_hours or "").strip() else "per_busy_hour"
        _check_busy(busy, rented, counts[0], where(name), mistakes)
    day = first if first is not None and first <= today else today
    charge = _charge(text, where, reads, day, today, mistakes) if (text.cost or "").strip() else None
    if mistakes.count > before or first is None or last is None or counts[0] is None:
        return None
    period = ServedPeriod(first, last, counts[0], counts[1], counts[2], rented, busy)
    return Stated(period, charge and _of_period(charge, period), where("first"))


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise CellError("a day that exists, year first", "write for example 2026-11-01") from None


def _count(name: str, text: PeriodText, where: Where, mistakes: Mistakes) -> int | None:
    """A whole number; None where it is not said. The number of answers must be."""
    cell = (getattr(text, name) or "").strip()
    if not cell and name != "answers":
        return None
    return mistakes.read(where(name), cell, _whole)


def _whole(cell: str) -> int:
    wanted, fix = f"a whole number up to {MOST_COUNT:.0e}", "write for example 41000 or 41k"
    try:
        spread = read_quantity(cell, Wanted("", zero_ok=True, most=MOST_COUNT, example="41k")).spread
    except UnitError as error:
        raise CellError(wanted, error.fix) from None
    number = round(spread.median)
    if spread.low != spread.high or abs(spread.median - number) > 1e-6 * max(1, number):
        raise CellError(f"{wanted}, as it was counted", fix)
    return number


def _hours(name: str, text: PeriodText, where: Where, mistakes: Mistakes) -> Decimal | None:
    cell = (getattr(text, name) or "").strip()
    return mistakes.read(where(name), cell, _number) if cell else None


def _number(cell: str) -> Decimal:
    wanted = f"a number from 0 to {MOST_HOURS:.0e}, with a point before its decimals"
    fix = "write for example 730"
    try:
        number = amount_of(cell)
    except CellError:
        raise CellError(wanted, separator_fix(cell) or fix) from None
    if not 0 <= number <= MOST_HOURS:
        raise CellError(wanted, fix)
    return number


def _check_days(first: date | None, last: date | None, where: Where, today: date, mistakes: Mistakes) -> None:
    for name, day in (("first", first), ("last", last)):
        if day is not None and (wanted := too_early(day)):
            mistakes.add(where(name), str(day), wanted, "correct the year")
    if last is not None and (wanted := too_late(last, today)):
        mistakes.add(where("last"), str(last), wanted, "book what was served when its days are over")
    if first is None or last is None:
        return
    if first > last:
        mistakes.add(where("first"), f"{first}, after {last}", "a day not after the last one", "swap them")
    elif (last - first).days >= MOST_DAYS:
        mistakes.add(
            where("first"), f"{first} to {last}", f"a period of at most {MOST_DAYS} days", "book it month by month"
        )


def _busy_hours(answers: int | None, text: PeriodText, where: Where, mistakes: Mistakes) -> Decimal | None:
    """The busy hours as they are stated, or those that the answers took at the stated rate."""
    busy, rate = (_hours(name, text, where, mistakes) for name in ("busy_hours", "per_busy_hour"))
    if rate is None or answers is None:
        return busy
    if busy is not None:
        mistakes.add(where("per_busy_hour"), "beside busy hours", "one of the two", "leave one of them out")
    elif not rate:
        mistakes.add(where("per_busy_hour"), "0", "more than zero", "leave it out where it was not measured")
    return (answers / rate).quantize(STEP) if busy is None and rate else None


def _check_busy(busy: Decimal, rented: Decimal | None, answers: int | None, where: str, mistakes: Mistakes) -> None:
    if rented is None:
        got = f"{plain_number(busy)} busy hours, and no GPU hours"
        mistakes.add(where, got, "the GPU hours that they are part of", "add the GPU hours")
    elif busy > rented:
        got = f"{plain_number(busy)} busy hours of {plain_number(rented)} GPU hours"
        mistakes.add(where, got, "no more than the GPU hours", "correct one of the two")
    elif answers and not busy:
        fix = "leave the busy hours out where they were not metered"
        mistakes.add(where, f"no busy hour, with {counted(answers, 'answer')}", "more than zero", fix)


def _charge(
    text: PeriodText, where: Where, reads: MoneyRead, day: date, today: date, mistakes: Mistakes
) -> Spending | None:
    stated = ChargeText(text.cost or "", INFERENCE, day, (text.currency or "").strip() or None, source=SERVED_SOURCE)
    try:
        return spending(stated, project_currency=reads.currency, rates=reads.rates, today=today)
    except InputError as error:
        for problem in error.problems:
            at = where("currency") if problem.where == "currency" and text.currency else where("cost")
            mistakes.add(at, problem.got, problem.wanted, problem.fix)
        return None


def _of_period(charge: Spending, period: ServedPeriod) -> Spending:
    """The charge of a period, known by its days: another amount for the same days states it anew."""
    line = {"serving": INFERENCE, "first": f"{period.first}", "last": f"{period.last}"}
    hours = "" if period.gpu_hours is None else f", {plain_number(period.gpu_hours)} GPU hours"
    return replace(
        charge, description=f"served {period.first} to {period.last}: {counted(period.answers, 'answer')}{hours}",
        quantity=Decimal(period.answers) if period.answers else None, unit=ANSWER if period.answers else "",
        began_at=datetime.combine(period.first, time(), UTC),
        ended_at=datetime.combine(period.last, time(), UTC) + timedelta(days=1), line_id=digest_of(line),
        row_id=digest_of({**line, "amount": plain_number(charge.amount), "currency": charge.currency}),
    )  # fmt: skip


def meter_table(place: str, reads: MoneyRead, today: date) -> tuple[Stated, ...]:
    """The served periods of a CSV file, one a row, with what they cost where the file says it.

    Raises: InputError with every mistake: a missing column, a cell that cannot be read, a period that overlaps another.
    """
    path = Path(place)
    refuse_any(no_file(path, f"a meter as CSV: {EXAMPLE}", "correct the path"))
    header, rows = read_table(path)
    columns = _columns(header, path.name)
    if not rows:
        raise InputError(Problem(path.name, "a header and no rows", "a row for each day", f"such as {EXAMPLE}"))
    mistakes = Mistakes()
    stated = [_row(path.name, line, cells, columns, (reads, today, mistakes)) for line, cells in rows]
    mistakes.refuse(path.name)
    periods = [_placed(one, path.name, line) for one, (line, _) in zip(stated, rows, strict=True) if one is not None]
    refuse_overlapping(periods)
    return tuple(periods)


def _placed(one: Stated, file: str, line: int) -> Stated:
    charge = one.charge and replace(one.charge, source_file=file, row=line)
    return Stated(replace(one.period, source_file=file, row=line), charge, one.where)


def _row(
    file: str, line: int, cells: Mapping[str, str], columns: Mapping[str, str], rest: tuple[MoneyRead, date, Mistakes]
) -> Stated | None:
    reads, today, mistakes = rest

    def where(name: str) -> str:
        column = columns.get("day", "") if name in ("first", "last") else ""
        return f"{file}:{line}, {column or columns.get(name, name)}"

    text = {what: cells[column] for what, column in columns.items()}
    if "day" in text:
        text["first"] = text["last"] = text.pop("day")
    return read_period(PeriodText(**text), where, reads, today, mistakes)


def _columns(header: Sequence[str], file: str) -> dict[str, str]:
    """The columns by what they mean. Raises InputError where the days or the answers are missing."""
    by_name = {re.sub(r"[^a-z0-9]", "", name.casefold()): name for name in reversed(header)}
    columns = {
        what: next(by_name[name] for name in names if name in by_name)
        for what, names in NAMES.items()
        if any(name in by_name for name in names)
    }
    lacking = [] if "day" in columns or {"first", "last"} <= set(columns) else ["date, or from and to"]
    lacking += [] if "answers" in columns else ["answers"]
    if lacking:
        got = f"the columns {one_line(', '.join(header), 120)}" if header else "an empty file"
        fix = f"write a first line such as {EXAMPLE}"
        raise InputError([Problem(f"{file}:1", got, f"a column {name}", fix) for name in lacking])
    return {what: name for what, name in columns.items() if "day" not in columns or what not in ("first", "last")}


def refuse_overlapping(stated: Sequence[Stated]) -> None:
    """Raises InputError with the periods of one place that share a day."""
    ordered = sorted(stated, key=lambda one: (one.period.first, one.period.last))
    problems = [
        Problem(later.where, f"{_days(later.period)}, which {earlier.where} holds too", "each day once",
                "add the two up, or delete one")
        for earlier, later in pairwise(ordered)
        if overlap(earlier.period, later.period)
    ]  # fmt: skip
    refuse_any(problems[:MOST_SHOWN])


def _days(period: ServedPeriod) -> str:
    return f"{period.first}" if period.first == period.last else f"{period.first} to {period.last}"


def new_periods(
    stated: Sequence[Stated], standing: Mapping[tuple[date, date], tuple[str, ServedPeriod]], restated: bool
) -> tuple[ServedPeriod, ...]:
    """The periods that are not booked yet; corrections name the entry that they correct.

    Args:
        standing: the booked periods that count, with their entries, by their days.
        restated: books other figures for the days of a booked period as a correction of it.
    Raises: InputError with every period that overlaps a booked one, or restates one unasked.
    """
    new, problems = [], []
    for one in stated:
        name, booked = standing.get((one.period.first, one.period.last), ("", None))
        if booked is not None and _figures(booked) == _figures(one.period):
            continue
        if booked is None:
            problems += [_overlapping(one, id, other) for id, other in standing.values() if overlap(one.period, other)]
        elif not restated:
            got = f"other figures for {_days(booked)} than what is booked (entry {name[:12]})"
            fix = "add --restated to book them as a correction of that entry"
            problems.append(Problem(one.where, got, "the figures that are booked", fix))
        new.append(replace(one.period, supersedes=name))
    refuse_any(problems[:MOST_SHOWN])
    return tuple(new)


def _figures(period: ServedPeriod) -> tuple[int | Decimal | None, ...]:
    return period.answers, period.tokens_in, period.tokens_out, period.gpu_hours, period.busy_hours


def _overlapping(one: Stated, name: str, other: ServedPeriod) -> Problem:
    got = f"{_days(one.period)}, which overlaps {_days(other)} (entry {name[:12]})"
    return Problem(one.where, got, "days that no booked period holds", "leave out the days that are booked")


def refuse_paid_twice(fresh: Sequence[Spending], charges: Sequence[Spending], currency: str) -> None:
    """Raises InputError where a cost is stated for days that have other charges under inference already.

    Args:
        fresh: the stated costs that are not booked yet.
        charges: those that count, on their lines.
    """
    others = [charge for charge in charges if charge.category == INFERENCE and charge.source != SERVED_SOURCE]
    problems = []
    for cost in fresh:
        inside = [charge for charge in others if cost.on <= charge.on <= last_day(cost)]
        if inside:
            where = f"{cost.source_file}:{cost.row}, cost" if cost.source_file else "--cost"
            paid = money(sum((charge.amount_base for charge in inside), Decimal(0)), currency)
            got = f"a cost, where {counted(len(inside), 'charge')} of {paid} under inference are booked for these days"
            fix = "leave the cost out: those charges count as it; book a further one with `tunecase spend add`"
            problems.append(Problem(where, got, "the money once", fix))
    refuse_any(problems[:MOST_SHOWN])
