"""Charges: one amount of money that was paid, read exactly or refused with a fix; and which entry stands for which."""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from tunecase.errors import InputError, Problem, one_of
from tunecase.project import Rate
from tunecase.quantities import MOST_AMOUNT, SYMBOLS, counted, one_line, separator_fix, too_early, too_late, unclear
from tunecase.records import CATEGORIES, Spending

Charges = Sequence[tuple[str, Spending]]  # (entry id, charge), in the order of the ledger

GPU_HOUR, HOUR = "GPU hour", "hour"  # units of the bill's lines, so that plan and actual divide alike
# Twelve digits on either side of the point, times a rate: fifty digits add up without rounding.
DIGITS = 50
RATE_HOLDS = timedelta(
    days=31
)  # after its day, without a word: rates are published by the day, books kept by the month

_AMOUNT = re.compile(r"([$€£]?)\s*([^\sA-Za-z$€£]+)\s*([$€£]|[A-Za-z]{3})?")
_NUMBER, _LONG = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?"), re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
MOST_DIGITS = f"less than {MOST_AMOUNT:,}, with at most 12 digits behind the point"
MOST_NOTE, MOST_UNIT = 500, 40  # characters
AMOUNT_FIX = "write for example 1234.56 USD: digits, a point before the cents, no separators"
CREDIT_FIX = "; add --credit if it is money back"


@dataclass(frozen=True, slots=True)
class ChargeText:
    """A charge as a person states it.

    `amount` is `42.50 USD`, `$42.50`, or a bare number in `currency` (three letters; the project's currency where
    neither names one); a Decimal is taken as it is. `category` is one of CATEGORIES, `on` the day it was charged,
    `2026-11-20`. `quantity` and `unit` are what was bought, such as 12.5 h. `supersedes` is the id of the entry that
    this charge corrects. A `credit` is money back; a negative amount is refused without it, and where it is None, as of
    an approval, no fix speaks of one.
    """

    amount: str | Decimal
    category: str
    on: str | date
    currency: str | None = None
    description: str = ""
    quantity: str | Decimal | None = None
    unit: str = ""
    source: str = "manual"
    supersedes: str = ""
    credit: bool | None = False


def spending(text: ChargeText, *, project_currency: str, rates: Sequence[Rate], today: date) -> Spending:
    """A stated charge, read and checked whole.

        amount_base = amount * rate,  the rate being the latest dated one not after the charge, else the earliest

    Args:
        project_currency, rates: the base currency and the project's dated rates into it.
    Returns: the Spending, amounts as exact Decimals, credits negative.
    Raises: InputError with every problem found.
    """
    problems: list[Problem] = []
    amount, code = _amount(text.amount, text.currency or "", project_currency, text.credit, problems)
    day = _day(text.on, today, problems)
    if text.category not in CATEGORIES:
        problems.append(one_of("category", text.category, CATEGORIES))
    rate = _rate(code, project_currency, rates, day or today, problems)
    quantity = _quantity(text, problems)
    if text.supersedes and not re.fullmatch(r"[0-9a-f]{64}", text.supersedes):
        fix = "copy it from the ledger, or complete its first characters with whole_id"
        problems.append(Problem("supersedes", repr(text.supersedes), "the id of an entry, 64 hex digits", fix))
    for name, words, most in (("note", text.description, MOST_NOTE), ("unit", text.unit, MOST_UNIT)):
        if len(words) > most:
            problems.append(Problem(name, f"{len(words):,} characters", f"at most {most}", "write it shorter"))
    if problems or amount is None or day is None or rate is None:
        raise InputError(problems)
    with localcontext(prec=DIGITS):
        base = amount * rate
    words = one_line(text.description.encode("utf-8", "replace").decode("utf-8"))
    return Spending(
        day, text.category, amount, code, base, words, quantity, one_line(text.unit), text.source, text.supersedes,
        fx_rate=rate,
    )  # fmt: skip


def is_credit(charge: Spending) -> bool:
    """Whether a charge is no price of anything bought: a credit, an adjustment, or money back in another form."""
    return charge.charge in ("credit", "adjustment") or charge.amount_base < 0


def whole_id(start: str, ids: Iterable[str]) -> str:
    """The only id that begins with `start`, abbreviated as in version control.

    Raises: InputError when none or several do, or fewer than six characters are given.
    """
    fitting = sorted({name for name in ids if name.startswith(start.casefold())}) if len(start) >= 6 else []
    if len(fitting) == 1:
        return fitting[0]
    got = f"{start!r}, which fits {counted(len(fitting), 'charge')}" if len(start) >= 6 else repr(start)
    fix = "list the charges with `tunecase spend list` and copy the id"
    raise InputError(Problem("supersedes", got, "the first six or more characters of one charge's id", fix))


def to_correct(start: str, booked: Charges) -> str:
    """The id of the booked charge that begins with `start`, which nothing has corrected yet.

    Raises: InputError as `whole_id`, and where a correction stands for it: two of one charge would contradict.
    """
    name = whole_id(start, [name for name, _ in booked])
    charges, last = dict(booked), latest_of(booked)[name]
    if last == name or (charges[last].row_id and charges[last].row_id == charges[name].row_id):
        return name
    got, fix = f"{name[:12]}, which is corrected by {last[:12]}", f"replace {last[:12]} instead"
    raise InputError(Problem("supersedes", got, "a charge that still counts", fix))


def latest_of(spendings: Charges) -> dict[str, str]:
    """For each entry the one that stands for it: itself, or what corrects it or a copy of it.

    A source's row that two people imported is one charge, and what corrects one copy corrects all. Of several
    corrections of one charge the last in the ledger stands, so that each charge counts once whatever was joined.

    Args:
        spendings: (entry id, charge), in the order of the ledger.
    Returns: entry id to entry id; one that stands is its own.
    """
    times = Counter(charge.row_id for _, charge in spendings)
    times[""] = 1
    corrected = {charge.supersedes for _, charge in spendings} - {""}

    def is_alone(name: str, charge: Spending) -> bool:
        return not charge.supersedes and name not in corrected and times[charge.row_id] == 1

    return {name: name for name, _ in spendings} | _latest_of([one for one in spendings if not is_alone(*one)])


def _latest_of(spendings: Charges) -> dict[str, str]:
    """The same for charges that corrections or copies join."""
    kinds, parents = _kinds(spendings)
    by_row: dict[str, list[int]] = defaultdict(list)
    for name, charge in spendings:
        by_row[charge.row_id or f"entry {name}"].append(kinds[name])
    roots = _roots(parents, by_row.values())
    replaced = set(parents.values())
    stands: dict[int, str] = {}
    for name, charge in spendings:
        kind, root = kinds[name], roots[kinds[name]]
        copies = replaced.intersection(by_row[charge.row_id or f"entry {name}"]) - {kind}
        old = kind in replaced or not copies <= _before(kind, parents)
        if root not in stands or (not old and kinds[stands[root]] != kind):
            stands[root] = name
    return {name: stands[roots[kind]] for name, kind in kinds.items()}


def _kinds(spendings: Charges) -> tuple[dict[str, int], dict[int, int | None]]:
    """A number for each entry, the same for copies (one row that corrects the same), and the number it corrects."""
    by_name = dict(spendings)
    numbers: dict[tuple[str, int | None], int] = {}
    kinds: dict[str, int] = {}
    parents: dict[int, int | None] = {}
    for name in by_name:
        for entry in reversed(_chain(name, by_name, kinds)):
            charge = by_name.get(entry)
            parent = kinds.get(charge.supersedes) if charge else None
            row = (charge.row_id if charge else "") or f"entry {entry}"
            kinds[entry] = numbers.setdefault((row, parent), len(numbers))
            parents[kinds[entry]] = parent
    return kinds, parents


def _chain(name: str, by_name: Mapping[str, Spending], numbered: Container[str]) -> list[str]:
    """An entry, what it corrects, what that corrects, and so on, up to the first that has its number."""
    chain: dict[str, None] = {}
    while name and name not in chain and name not in numbered:
        chain[name] = None
        name = by_name[name].supersedes if name in by_name else ""
    return list(chain)


def _before(kind: int, parents: Mapping[int, int | None]) -> set[int]:
    """What a charge corrects, and what that corrects, to the first."""
    before: set[int] = set()
    while (above := parents[kind]) is not None and above not in before:
        before.add(above)
        kind = above
    return before


def _roots(parents: Mapping[int, int | None], alike: Iterable[Sequence[int]]) -> dict[int, int]:
    """For each kind the one that stands for all that corrections and copies of a row join it with."""
    joined = {kind: kind for kind in parents}
    pairs = [(kind, parent) for kind, parent in parents.items() if parent is not None]
    for kind, other in [*pairs, *((kind, kinds[0]) for kinds in alike for kind in kinds)]:
        joined[_root(joined, kind)] = _root(joined, other)
    return {kind: _root(joined, kind) for kind in parents}


def _root(joined: dict[int, int], kind: int) -> int:
    while joined[kind] != kind:
        joined[kind] = joined[joined[kind]]
        kind = joined[kind]
    return kind


def _amount(
    text: str | Decimal, given: str, base: str, credit: bool | None, problems: list[Problem]
) -> tuple[Decimal | None, str]:
    """The signed amount (None when it cannot be read) and its currency."""
    raw = f"{text:f}" if isinstance(text, Decimal) else text.strip()
    match = _AMOUNT.fullmatch(raw)
    is_read = match is not None and _NUMBER.fullmatch(match[2]) and (isinstance(text, Decimal) or not unclear(raw))
    if match is None or not is_read:
        is_long = match is not None and _LONG.fullmatch(match[2])
        wanted = MOST_DIGITS if is_long else "one exact amount, to be read in one way only"
        back = CREDIT_FIX if raw.startswith("-") and credit is False else ""
        problems.append(Problem("amount", repr(raw), wanted, (separator_fix(raw) or AMOUNT_FIX) + back))
        return None, given.upper() or base
    code = _currency(raw, (match[1], match[3], given), problems) or base
    amount = Decimal(match[2])
    if amount == 0 or (amount < 0 and not credit):
        fix = "give the amount above zero" if credit is None or amount else "leave out what cost nothing"
        fix += CREDIT_FIX if raw.startswith("-") and credit is False else ""
        problems.append(Problem("amount", repr(raw), "more than zero", fix))
    return (-abs(amount) if credit else amount), code


def _currency(raw: str, names: Sequence[str | None], problems: list[Problem]) -> str:
    """The currency that an amount is stated in, by its signs and codes; empty where there is none."""
    codes = sorted({SYMBOLS.get(name, name).upper() for name in names if name})
    if len(codes) > 1:
        problems.append(Problem("amount", f"{raw!r} in {' and '.join(codes)}", "one currency", "name it once"))
    return codes[0] if codes else ""


def _day(on: str | date, today: date, problems: list[Problem]) -> date | None:
    try:
        day = on if isinstance(on, date) else date.fromisoformat(on.strip())
    except ValueError:
        problems.append(Problem("on", repr(on), "a day that exists, year first", f"write for example {today}"))
        return None
    if wanted := too_early(day):
        problems.append(Problem("on", str(day), wanted, "correct the year"))
    elif wanted := too_late(day, today):
        fix = "book a charge when it is made; a coming one belongs in the estimate"
        problems.append(Problem("on", str(day), wanted, fix))
    return day


def rate_on(code: str, base: str, rates: Sequence[Rate], day: date) -> Decimal | None:
    """Units of the base currency for one unit of another on a day; None where no rate is known.

    The latest dated rate not after the day holds, else the earliest.
    """
    if code == base:
        return Decimal(1)
    dated = sorted((rate for rate in rates if rate.currency == code), key=lambda rate: rate.date)
    before = [rate for rate in dated if rate.date <= day]
    in_force = before[-1:] or dated[:1]
    return Decimal(str(in_force[0].value)) if in_force else None


def rates_told(charges: Iterable[Spending], base: str, rates: Sequence[Rate]) -> list[str]:
    """The charges whose exchange rate is not of their time: of a later day, or of more than a month before.

    A charge keeps the rate at which it was booked; the day of that rate is looked up among the project's.
    """
    groups: dict[tuple[str, Decimal, date, str], list[date]] = defaultdict(list)
    for charge in charges:
        dated = None if charge.currency == base else _rate_of(charge, rates)
        if dated is not None and charge.on < dated:
            groups[charge.currency, charge.fx_rate, dated, "later day"].append(charge.on)
        elif dated is not None and charge.on - dated > RATE_HOLDS:
            groups[charge.currency, charge.fx_rate, dated, "day more than a month before"].append(charge.on)
    words = []
    for (code, rate, dated, how), days in sorted(groups.items()):
        period = f"{min(days)}" if min(days) == max(days) else f"{min(days)} to {max(days)}"
        words.append(
            f"{counted(len(days), 'charge')} in {code} of {period} at {rate.normalize():f} {base}, "
            f"the rate of {dated}, a {how}: {rate_fix(code, min(days))} and book what it concerns anew"
        )
    return words


def _rate_of(charge: Spending, rates: Sequence[Rate]) -> date | None:
    """The day of the rate at which a charge was booked; None where the project file holds that rate no longer."""
    dated = sorted(
        rate.date for rate in rates if rate.currency == charge.currency and Decimal(str(rate.value)) == charge.fx_rate
    )
    before = [day for day in dated if day <= charge.on]
    return before[-1] if before else dated[0] if dated else None


def rate_fix(code: str, day: date) -> str:
    """What to add to the project file where a currency has no rate."""
    return f"add to rates in the project file: {{currency: {code}, value: ..., date: {day}}}"


def _rate(code: str, base: str, rates: Sequence[Rate], day: date, problems: list[Problem]) -> Decimal | None:
    rate = rate_on(code, base, rates, day)
    if rate is None:
        wanted = f"{base}, or a dated rate for {code}"
        problems.append(Problem("currency", code, wanted, rate_fix(code, day)))
    return rate


def _quantity(text: ChargeText, problems: list[Problem]) -> Decimal | None:
    quantity = text.quantity
    if quantity is None:
        return None
    typed = quantity if isinstance(quantity, str) else f"{quantity:f}"
    is_read = _NUMBER.fullmatch(typed) and not (typed is quantity and unclear(typed))
    if not is_read or Decimal(typed) <= 0:
        fix = separator_fix(typed) or "write for example 12.5"
        problems.append(Problem("quantity", repr(typed), "a positive number, to be read in one way only", fix))
    elif not text.unit.strip():
        problems.append(Problem("quantity", f"{quantity} of nothing", "the unit of it", "add its unit, such as h"))
    else:
        return Decimal(quantity)
    return None
