"""Reads the user's own prices from one CSV file: contract prices in our columns, or a catalog of SkyPilot.

Our columns are `gpu` (or `item`, also an instance type or a hosted model), one price (`usd`, `usd_per_gpu_hour`, or
`price` with `currency`), and `date`; `unit`, `provider`, `terms`, `region` and `source` may be left out. SkyPilot's are
InstanceType, AcceleratorName, AcceleratorCount, Price, SpotPrice and Region.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, SPOT
from tunecase.errors import InputError, Problem, nearest
from tunecase.io import read_table
from tunecase.quantities import counted

GPU_HOUR, INSTANCE_HOUR, MTOK = "GPU hour", "instance hour", "Mtok"
UNITS = {
    **dict.fromkeys(("", "gpu hour", "gpu-hour", "gpu_hour", "hour"), GPU_HOUR),
    **dict.fromkeys(("instance hour", "instance-hour", "instance_hour"), INSTANCE_HOUR),
    **dict.fromkeys(("mtok", "million tokens", "1m tokens", "mtok trained"), MTOK),
}
TERMS = (ON_DEMAND, SPOT, "reserved")
ITEMS, IN_USD = ("gpu", "item"), ("usd", "usd_per_gpu_hour")
WANTED = "a column gpu or item; usd, usd_per_gpu_hour, or price with currency; and date"
SKYPILOT = ("AcceleratorName", "AcceleratorCount", "Price")
UNDATED = "undated"
ANYBODY = "you"  # the provider of a price that names none
MOST_PROBLEMS = 20
LEAST_PRICE, MOST_PRICE = Decimal("1e-9"), Decimal("1e9")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?", re.ASCII)
Row = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Contract:
    """One price of the user's own: of a GPU hour (`gpu` is its name), or of training on a hosted model (`model`).

    `price` in `currency` is as written, for one `unit` as written; `base_per_unit` is that of one GPU hour, or one
    million tokens, in the project's currency.
    """

    gpu: str
    model: str
    provider: str
    terms: str
    region: str
    price: Decimal
    currency: str
    base_per_unit: float
    date: str
    source: str


@dataclass(frozen=True, slots=True)
class Contracts:
    """The prices of one file, the SHA-256 of its bytes, and what was left out, in words."""

    rows: tuple[Contract, ...]
    digest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a contract says of one GPU hour: the cheapest and the dearest provider's lowest price [base currency]."""

    low: float
    high: float
    providers: tuple[str, ...]
    dates: tuple[str, ...]
    note: str = ""


def agreed(rows: Iterable[Contract], gpu: str, terms: str, region: str = "") -> Agreed | None:
    """The contract prices of a GPU hour, the lowest of each provider; None where there are none.

    Of a provider's prices in one region the latest counts, see `newest`. In a region count the rows of it and those
    that name none; where there are none, all rows, which the note says.
    """
    every = newest([row for row in rows if row.gpu == gpu and row.terms == terms])
    there = [row for row in every if not region or row.region.casefold() in ("", region.casefold())]
    lowest: dict[str, float] = {}
    spelled: dict[str, str] = {}
    for row in there or every:
        who = spelled.setdefault(row.provider.casefold(), row.provider)
        lowest[who] = min(row.base_per_unit, lowest.get(who, math.inf))
    if not lowest:
        return None
    note = "" if there else f"no contract price in {region}: those of other regions are taken"
    dates = tuple(sorted({row.date for row in there or every}))
    return Agreed(min(lowest.values()), max(lowest.values()), tuple(lowest), dates, note)


def is_old(day: str, today: date) -> bool:
    """True of a contract price of that day when it is older than 180 days; one without a date has no age."""
    return day != UNDATED and catalog.is_stale(day, today)


def newest(rows: Iterable[Contract]) -> list[Contract]:
    """Of what one provider asks for one thing on the same terms in the same region, the rows of the latest date.

    A month counts from its first day, as in `catalog.is_stale`; a price without a date from no day at all.
    """
    held: dict[tuple[str, ...], list[Contract]] = {}
    for row in rows:
        same = (row.gpu, row.model.casefold(), row.provider.casefold(), row.terms, row.region.casefold())
        held.setdefault(same, []).append(row)
    return [row for same in held.values() for row in same if _since(row) == max(map(_since, same))]


def _since(row: Contract) -> str:
    return "" if row.date == UNDATED else f"{row.date}-01"[:10]


def read_contracts(path: Path, rates: Mapping[str, float], today: date, name: str = "") -> Contracts:
    """The user's own prices.

    Args:
        path: the CSV file.
        rates: units of the project's currency for one unit of each currency that has a rate, its own with 1.
        today: a price with a later date is a mistake.
        name: what the file is called in messages, its own name when left out.
    Returns: the Contracts. Rows of SkyPilot without an accelerator or a price say nothing here; accelerators that the
        tables do not know are counted in the notes.
    Raises: InputError with every mistake found, each at its row and column.
    """
    header, rows = read_table(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    name = name or path.name
    by_fold = {column.casefold(): column for column in header}
    problems: list[Problem] = []
    notes: list[str] = []
    folds = [column.casefold() for column in header]
    for twice in sorted({fold for fold in folds if fold and folds.count(fold) > 1}):
        got = f"the column {twice} twice, in two spellings"
        problems.append(Problem(f"{name}:1", got, "each column once", "rename or delete one"))
    if problems:
        raise InputError(problems)
    if all(column.casefold() in by_fold for column in SKYPILOT):
        found = list(_skypilot(_renamed(rows, by_fold, SKYPILOT), path, rates, name, problems, notes))
    else:
        problems += _missing(by_fold, name)
        folded = [(line, {column.casefold(): cell.strip() for column, cell in row.items()}) for line, row in rows]
        found = [] if problems else [one for row in folded for one in _ours(row, rates, today, name, problems)]
    if not problems and not found:
        problems.append(Problem(name, "no price", "a row with a price", "add one, or take `prices:` out"))
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    return Contracts(tuple(found), digest, tuple(notes))


def _missing(by_fold: Mapping[str, str], name: str) -> Iterator[Problem]:
    """Columns that no price can be read without."""
    got = f"the columns {', '.join(by_fold.values())}" if by_fold else "an empty file"
    priced = any(column in by_fold for column in IN_USD) or {"price", "currency"} <= set(by_fold)
    lacks = [] if any(column in by_fold for column in ITEMS) else ["gpu"]
    lacks += ([] if priced else ["usd (or price and currency)"]) + ([] if "date" in by_fold else ["date"])
    if lacks:
        yield Problem(f"{name}:1", got, WANTED, f"add the column {' and the column '.join(lacks)}")


def _ours(
    numbered: Row, rates: Mapping[str, float], today: date, name: str, problems: list[Problem]
) -> Iterator[Contract]:
    """The price of one row in our columns; a row with a mistake adds it to the problems and gives none."""
    line, row = numbered
    before = len(problems)
    column, currency = _priced_in(row, f"{name}:{line}", problems)
    price = _price(row.get(column, ""), f"{name}:{line}: {column}", problems)
    if currency not in rates:
        fix = f"add to the project file's rates: {{currency: {currency or '...'}, value: ..., date: ...}}"
        problems.append(Problem(f"{name}:{line}: currency", repr(currency), "a currency with a dated rate", fix))
    day = row.get("date", "")
    if not _is_day(day):
        problems.append(Problem(f"{name}:{line}: date", repr(day), "the day of the price", "write YYYY-MM-DD"))
    elif day > today.isoformat()[: len(day)]:
        fix = "write the day on which the price was agreed or read"
        problems.append(Problem(f"{name}:{line}: date", day, f"a day up to {today.isoformat()}", fix))
    terms = (row.get("terms") or ON_DEMAND).casefold().replace("-", "_").replace(" ", "_")
    if terms not in TERMS:
        problems.append(Problem(f"{name}:{line}: terms", repr(terms), f"one of {', '.join(TERMS)}", "correct it"))
    unit = UNITS.get((row.get("unit") or "").casefold())
    if unit is None:
        wanted = f"{GPU_HOUR}, {INSTANCE_HOUR} or {MTOK}"
        problems.append(Problem(f"{name}:{line}: unit", repr(row["unit"]), wanted, "write one of these"))
    gpu, model, count = _thing(row, unit, f"{name}:{line}: {'gpu' if row.get('gpu') else 'item'}", problems)
    if len(problems) == before and price is not None:
        base = float(price) * rates[currency] / count
        source = row.get("source") or name
        yield Contract(
            gpu, model, row.get("provider") or ANYBODY, terms, row.get("region", ""), price, currency, base, day, source
        )


def _priced_in(row: Mapping[str, str], where: str, problems: list[Problem]) -> tuple[str, str]:
    """The column with a row's price, and its currency; two prices, or dollars in another currency, are a problem."""
    filled = [one for one in (*IN_USD, "price") if row.get(one)]
    column = (filled or ["price" if "price" in row else "usd"])[0]
    currency = (row.get("currency") or "").upper()
    if len(filled) > 1:
        got = ", ".join(f"{one} {row[one]}" for one in filled)
        problems.append(
            Problem(f"{where}: {filled[-1]}", got, "one price in a row", f"keep one of {', '.join(filled)}")
        )
    elif column in IN_USD and currency not in ("", "USD"):
        fix = f"write the amount under price, or take the currency out if {column} is in dollars"
        problems.append(Problem(f"{where}: currency", repr(currency), f"USD or nothing beside {column}", fix))
    return column, "USD" if column in IN_USD else currency


def _thing(row: Mapping[str, str], unit: str | None, where: str, problems: list[Problem]) -> tuple[str, str, int]:
    """What a row prices: a GPU and 1, an instance's GPU and their number, or a hosted model."""
    text = next((row[column] for column in ITEMS if row.get(column)), "")
    if not text:
        problems.append(Problem(where, "nothing", "what the price is of", "write a GPU, an instance or a model"))
    elif unit == MTOK:
        return "", text, 1
    elif unit == INSTANCE_HOUR:
        held = catalog.instance(row.get("provider", ""), text)
        if held is not None:
            return held.gpu, "", held.gpu_count
        fix = "write the GPU and its price for one hour of one card"
        problems.append(Problem(where, repr(text), "an instance type in the tables, with its provider", fix))
    elif unit == GPU_HOUR:
        try:
            return catalog.gpu(text).name, "", 1
        except InputError:
            known = [card.name for card in catalog.gpus()]
            problems.append(Problem(where, repr(text), "a GPU in the tables", nearest(text, known)))
    return "", "", 1


def _price(text: str, where: str, problems: list[Problem]) -> Decimal | None:
    """A price of more than zero as written with a decimal point, or None and a problem."""
    raw = text.strip()
    if not _NUMBER.fullmatch(raw):
        fix = "write digits and a decimal point only, such as 1234.56" if raw else "write the price, or delete the row"
        problems.append(Problem(where, repr(text), "a price such as 2.49", fix))
        return None
    price = Decimal(raw)
    if not LEAST_PRICE <= price < MOST_PRICE:
        problems.append(
            Problem(where, repr(text), "more than 0, from 1e-9 to below 1e9", "correct the price, or delete the row")
        )
        return None
    return price


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        return False
    return True


def _renamed(rows: Sequence[Row], by_fold: Mapping[str, str], columns: Sequence[str]) -> Iterator[Row]:
    """The rows with SkyPilot's spelling of its columns."""
    spelled = {by_fold[column.casefold()]: column for column in (*columns, "SpotPrice", "Region")
               if column.casefold() in by_fold}  # fmt: skip
    for line, row in rows:
        yield line, {spelled[column]: cell.strip() for column, cell in row.items() if column in spelled}


def _skypilot(
    rows: Iterable[Row], path: Path, rates: Mapping[str, float], name: str, problems: list[Problem], notes: list[str]
) -> Iterator[Contract]:
    """The lowest price of a GPU hour by card, terms and region of a catalog of SkyPilot, which holds US dollars."""
    provider = (path.parent.name if path.stem == "vms" else path.stem) or "skypilot"
    lowest: dict[tuple[str, str, str], Decimal] = {}
    unknown: dict[str, int] = {}
    for line, row in rows:
        text, count = row["AcceleratorName"], row["AcceleratorCount"]
        if not text:
            continue
        gpu = _accelerator(text)
        if gpu is None:
            unknown[text] = unknown.get(text, 0) + 1
            continue
        cards = _price(count, f"{name}:{line}: AcceleratorCount", problems)
        for terms, column in ((ON_DEMAND, "Price"), (SPOT, "SpotPrice")):
            if cards is None or not row.get(column):
                continue
            price = _price(row[column], f"{name}:{line}: {column}", problems)
            if price is not None:
                at = gpu, terms, row.get("Region", "")
                lowest[at] = min(price / cards, lowest.get(at, price / cards))
    if unknown:
        told = ", ".join(sorted(unknown)[:8]) + (" …" if len(unknown) > 8 else "")
        many = counted(sum(unknown.values()), "row")
        notes.append(f"accelerators that the tables do not know, in {many} of {name}: {told}")
    source = f"{name}, a catalog of SkyPilot"
    for (gpu, terms, region), usd in lowest.items():
        base = float(usd) * rates["USD"]
        yield Contract(gpu, "", provider, terms, region, usd, "USD", base, UNDATED, source)


@cache
def _accelerator(text: str) -> str | None:
    """The GPU that SkyPilot calls so; None where the tables do not know it."""
    also = {row["name"].casefold(): row["gpu"] for row in catalog.read_table("prices/accelerators")}
    try:
        return also.get(text.casefold()) or catalog.gpu(text).name
    except InputError:
        return None
