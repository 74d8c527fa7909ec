"""Charges: one amount of money that was paid, read exactly or refused with a fix; and which entry stands for which."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext

from tunecase.errors import InputError, Problem, nearest
from tunecase.project import Rate
from tunecase.quantities import SYMBOLS, counted, one_line
from tunecase.records import Spending

Charges = Sequence[tuple[str, Spending]]  # (entry id, charge), in the order of the ledger

CATEGORIES = ("gpu", "labour", "data", "evaluation", "inference", "storage", "egress", "other")
GPU_HOUR, HOUR = "GPU hour", "hour"  # units of the bill's lines, so that plan and actual divide alike
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
    if much is not None and not unit.strip():
        problems.append(Problem("quantity", f"{quantity} of nothing", "the unit of it", "add its unit, such as h"))
    if supersedes and not re.fullmatch(r"[0-9a-f]{64}", supersedes):
        fix = "copy it from the ledger, or complete its first characters with whole_id"
        problems.append(Problem("supersedes", repr(supersedes), "the id of an entry, 64 hex digits", fix))
    if problems or amount is None or day is None or rate is None:
        raise InputError(problems)
    with localcontext(prec=DIGITS):
        base = amount * rate
    words = one_line(description.encode("utf-8", "replace").decode("utf-8"))
    return Spending(
        day, category, amount, code, base, words, much, one_line(unit), source, supersedes, fx_rate=rate
    )  # fmt: skip


def is_credit(charge: Spending) -> bool:
    """Whether a charge is no price of anything bought: a credit, an adjustment, or money back in another form."""
    return charge.charge in ("credit", "adjustment") or charge.amount_base < 0


def whole_id(start: str, known: Iterable[str]) -> str:
    """The one known id that begins with `start`, as version control lets one write it.

    Raises: InputError when none or several do, or fewer than six characters are given.
    """
    found = sorted({name for name in known if name.startswith(start.casefold())}) if len(start) >= 6 else []
    if len(found) == 1:
        return found[0]
    got = f"{start!r}, which fits {counted(len(found), 'charge')}" if len(start) >= 6 else repr(start)
    fix = "list the charges with `tunecase spend list` and copy the id"
    raise InputError(Problem("supersedes", got, "the first six or more characters of one charge's id", fix))


def to_correct(start: str, booked: Charges) -> str:
    """The id of the booked charge that begins with `start`, which nothing has corrected yet.

    Raises: InputError as `whole_id`, and where a correction stands for it: two of one charge would contradict.
    """
    found = whole_id(start, [name for name, _ in booked])
    charges, last = dict(booked), latest_of(booked)[found]
    if last == found or (charges[last].row_id and charges[last].row_id == charges[found].row_id):
        return found
    got, fix = f"{found[:12]}, which is corrected by {last[:12]}", f"replace {last[:12]} instead"
    raise InputError(Problem("supersedes", got, "a charge that still counts", fix))


def latest_of(spendings: Charges) -> dict[str, str]:
    """For each entry the one that stands for it: itself, or what corrects it or a copy of it.

    A source's row that two people imported is one charge, and what corrects one copy corrects all. Of several
    corrections of one charge the last in the ledger stands, so that each charge counts once whatever was joined.

    Args:
        spendings: (entry id, charge), in the order of the ledger.
    Returns: entry id to entry id; one that stands is its own.
    """
    kinds, parents = _kinds(spendings)
    alike: dict[str, list[int]] = defaultdict(list)
    for name, charge in spendings:
        if charge.row_id and kinds[name] not in alike[charge.row_id]:
            alike[charge.row_id].append(kinds[name])
    joined = {kind: kind for kind in parents}
    for name, charge in spendings:
        kind = kinds[name]
        for other in (parents[kind], alike[charge.row_id][0] if charge.row_id else None):
            if other is not None:
                joined[_root(joined, kind)] = _root(joined, other)
    replaced = set(parents.values())
    stands: dict[int, str] = {}
    for name, charge in spendings:
        kind, root = kinds[name], _root(joined, kinds[name])
        copies = [copy for copy in alike.get(charge.row_id, ()) if copy in replaced and copy != kind]
        old = kind in replaced or not _before(kind, parents).issuperset(copies)
        if root not in stands or (not old and kinds[stands[root]] != kind):
            stands[root] = name
    return {name: stands[_root(joined, kind)] for name, kind in kinds.items()}


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
    found: set[int] = set()
    while (above := parents[kind]) is not None and above not in found:
        found.add(above)
        kind = above
    return found


def _root(joined: dict[int, int], kind: int) -> int:
    while joined[kind] != kind:
        joined[kind] = joined[joined[kind]]
        kind = joined[kind]
    return kind


def _amount(text: str, given: str, base: str, credit: bool, problems: list[Problem]) -> tuple[Decimal | None, str]:
    """The signed amount (None when it cannot be read) and its currency."""
    raw = text.strip()
    match = _AMOUNT.fullmatch(raw)
    if match is None or not _NUMBER.fullmatch(match[2]):
        problems.append(Problem("amount", repr(raw), "one exact amount", separator_fix(raw)))
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


def separator_fix(raw: str) -> str:
    """A fix for numbers whose commas and points are read differently in different countries.

    Example:
        >>> separator_fix("1.234,56"), separator_fix("1,234")
        ('write 1234.56', 'write 1.234 or 1234, whichever is meant')
    """
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


def rate_on(code: str, base: str, rates: Sequence[Rate], day: date) -> Decimal | None:
    """Units of the base currency for one unit of another on a day; None where no rate is known.

    The latest dated rate not after the day holds, else the earliest.
    """
    if code == base:
        return Decimal(1)
    dated = sorted((rate for rate in rates if rate.currency == code), key=lambda rate: rate.date)
    before = [rate for rate in dated if rate.date <= day]
    known = before[-1:] or dated[:1]
    return Decimal(str(known[0].value)) if known else None


def rate_fix(code: str, day: date) -> str:
    """What to add to the project file where a currency has no rate."""
    return f"add to rates in the project file: {{currency: {code}, value: ..., date: {day}}}"


def _rate(code: str, base: str, rates: Sequence[Rate], day: date, problems: list[Problem]) -> Decimal | None:
    found = rate_on(code, base, rates, day)
    if found is None:
        wanted = f"{base}, or a dated rate for {code}"
        problems.append(Problem("currency", code, wanted, rate_fix(code, day)))
    return found


def _quantity(given: str | Decimal | None, problems: list[Problem]) -> Decimal | None:
    if given is None:
        return None
    if not _NUMBER.fullmatch(str(given)) or Decimal(given) <= 0:
        problems.append(Problem("quantity", repr(str(given)), "a positive number", "write for example 12.5"))
        return None
    return Decimal(given)
