"""What did it cost so far, and does the plan still hold? Charges are summed to the last digit, plan beside actual."""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, localcontext

from tunecase.errors import InputError, Problem, nearest
from tunecase.project import Project, Rate
from tunecase.records import BookLine, Books, Estimate, Spending
from tunecase.spread import Band
from tunecase.units import SYMBOLS
from tunecase.wording import counted, figures, money, money_band, one_line, share

CATEGORIES = ("gpu", "labour", "data", "evaluation", "inference", "storage", "other")
# Twelve digits on either side of the point, times a rate: fifty digits add up without rounding.
DIGITS = 50

_AMOUNT = re.compile(r"([$€£]?)\s*([^\sA-Za-z$€£]+)\s*([$€£]|[A-Za-z]{3})?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")
_AMOUNT_FIX = "write for example 1234.56 USD: digits, a point before the cents, no separators"


def spending(
    text_amount: str,
    *,
    category: str,
    on: str | date,
    currency: str | None = None,
    description: str = "",
    quantity: str | Decimal | None = None,
    unit: str = "",
    project_currency: str,
    rates: Sequence[Rate],
    today: date,
    source: str = "manual",
    supersedes: str = "",
    credit: bool = False,
) -> Spending:
    """One charge as a person states it, checked whole.

        amount_base = amount * rate,  the rate being the latest dated one not after the charge, else the earliest

    Args:
        text_amount: `42.50 USD`, `$42.50`, or a bare number in `currency`.
        category: one of CATEGORIES.
        on: the day it was charged, `2026-11-20`.
        currency: three letters; the project's currency when neither this nor the amount names one.
        quantity, unit: what was bought, such as 12.5 h.
        project_currency, rates: the base currency and the project's dated rates into it.
        supersedes: id of the entry that this one corrects.
        credit: the amount is money back; a negative amount is refused without it.
    Returns: the Spending, amounts as exact Decimals, credits negative.
    Raises: InputError with every problem found.
    """
    problems: list[Problem] = []
    amount, code = _amount(text_amount, currency or "", project_currency, credit, problems)
    day = _day(on, today, problems)
    if category not in CATEGORIES:
        fix = nearest(category, CATEGORIES)
        problems.append(Problem("category", repr(category), f"one of {', '.join(CATEGORIES)}", fix))
    rate = _rate(code, project_currency, rates, day or today, problems)
    much = _quantity(quantity, problems)
    if supersedes and not re.fullmatch(r"[0-9a-f]{64}", supersedes):
        fix = "copy it from the ledger, or complete its first characters with whole_id"
        problems.append(Problem("supersedes", repr(supersedes), "the id of an entry, 64 hex digits", fix))
    if problems or amount is None or day is None or rate is None:
        raise InputError(problems)
    with localcontext(prec=DIGITS):
        base = amount * rate
    words = one_line(description.encode("utf-8", "replace").decode("utf-8"))
    return Spending(day, category, amount, code, base, words, much, one_line(unit), source, supersedes)


def whole_id(start: str, known: Iterable[str]) -> str:
    """The one known id that begins with `start`, as version control lets one write it.

    Raises: InputError when none or several do, or fewer than six characters are given.
    """
    found = sorted({name for name in known if name.startswith(start.casefold())}) if len(start) >= 6 else []
    if len(found) == 1:
        return found[0]
    got = f"{start!r}, which fits {counted(len(found), 'charge')}" if len(start) >= 6 else repr(start)
    fix = "list the charges with `tunecase books --json` and copy the id"
    raise InputError(Problem("supersedes", got, "the first six or more characters of one charge's id", fix))


def _amount(text: str, given: str, base: str, credit: bool, problems: list[Problem]) -> tuple[Decimal | None, str]:
    """The signed amount (None when it cannot be read) and its currency."""
    raw = text.strip()
    match = _AMOUNT.fullmatch(raw)
    if match is None or not _NUMBER.fullmatch(match[2]):
        problems.append(Problem("amount", repr(raw), "one exact amount", _separator_fix(raw)))
        return None, given.upper() or base
    codes = {SYMBOLS.get(part, part).upper() for part in (match[1], match[3], given) if part}
    if len(codes) > 1:
        problems.append(Problem("amount", f"{raw!r} in {' and '.join(sorted(codes))}", "one currency", "name it once"))
    code = next(iter(sorted(codes)), base)
    amount = Decimal(match[2])
    if amount == 0:
        problems.append(Problem("amount", repr(raw), "more than zero", "leave out what cost nothing"))
    elif amount < 0 and not credit:
        fix = "give the amount that was paid, or add --credit if this is money back"
        problems.append(Problem("amount", repr(raw), "more than zero", fix))
    return (-abs(amount) if credit else amount), code


def _separator_fix(raw: str) -> str:
    """A fix for numbers whose commas and points are read differently in different countries."""
    number = re.sub(r"[^0-9.,]", "", raw)
    last = max(number.rfind(","), number.rfind("."))
    if last < 0 or not re.search(r"[0-9]", number) or ("," not in number and number.count(".") < 2):
        return _AMOUNT_FIX
    whole, rest = re.sub(r"[.,]", "", number[:last]), number[last + 1 :]
    both = "," in number and "." in number
    as_decimal, as_whole = f"{whole}.{rest}", f"{whole}{rest}"
    if both and len(rest) != 3:
        return f"write {as_decimal}"
    if not both and number.count(number[last]) > 1:
        return f"write {as_whole}"
    return f"write {as_decimal} or {as_whole}, whichever is meant"


def _day(on: str | date, today: date, problems: list[Problem]) -> date | None:
    try:
        day = on if isinstance(on, date) else date.fromisoformat(on.strip())
    except ValueError:
        problems.append(Problem("on", repr(on), "a day that exists, year first", f"write for example {today}"))
        return None
    if day > today:
        fix = "book a charge when it is made; a coming one belongs in the estimate"
        problems.append(Problem("on", str(day), f"a day not after today, {today}", fix))
    return day


def _rate(code: str, base: str, rates: Sequence[Rate], day: date, problems: list[Problem]) -> Decimal | None:
    if code == base:
        return Decimal(1)
    dated = sorted((rate for rate in rates if rate.currency == code), key=lambda rate: rate.date)
    if not dated:
        fix = f"add to rates in the project file: {{currency: {code}, value: ..., date: {day}}}"
        problems.append(Problem("currency", code, f"{base}, or a dated rate for {code}", fix))
        return None
    before = [rate for rate in dated if rate.date <= day]
    return Decimal(str((before[-1] if before else dated[0]).value))


def _quantity(given: str | Decimal | None, problems: list[Problem]) -> Decimal | None:
    if given is None:
        return None
    if not _NUMBER.fullmatch(str(given)) or Decimal(given) <= 0:
        problems.append(Problem("quantity", repr(str(given)), "a positive number", "write for example 12.5"))
        return None
    return Decimal(given)


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
