"""Reads the user's own prices from one CSV file: prices in our columns, or a catalog of SkyPilot or gpuhunt.

Our columns are `gpu` (or `item`, also an instance type or a hosted model), one price (`usd`, `usd_per_gpu_hour`, or
`price` with `currency`), and `date`; `unit`, `provider`, `terms`, `region`, `source` and `basis` may be left out. The
columns read of a catalog are those of `SKYPILOT` and `GPUHUNT`; its prices are list prices.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tunecase import catalog
from tunecase.catalog import ON_DEMAND, SPOT, TERMS
from tunecase.errors import InputError, Problem, nearest, refuse_any
from tunecase.io import read_table
from tunecase.quantities import counted

GPU_HOUR, INSTANCE_HOUR, MTOK = "GPU hour", "instance hour", "Mtok"
UNITS = {
    **dict.fromkeys(("", "gpu hour", "gpu-hour", "gpu_hour", "hour"), GPU_HOUR),
    **dict.fromkeys(("instance hour", "instance-hour", "instance_hour"), INSTANCE_HOUR),
    **dict.fromkeys(("mtok", "million tokens", "1m tokens", "mtok trained"), MTOK),
}
ITEMS, IN_USD = ("gpu", "item"), ("usd", "usd_per_gpu_hour")
WANTED = "a column gpu or item; usd, usd_per_gpu_hour, or price with currency; and date"
# What a catalog's file must have and may have: name and number of cards, price of the instance, region, and either the
# spot price beside it or the word for it. Checked against SkyPilot's catalogs v8 and v9 and gpuhunt 0.1.34.
SKYPILOT, SKYPILOT_MORE = ("AcceleratorName", "AcceleratorCount", "Price"), ("SpotPrice", "Region")
GPUHUNT, GPUHUNT_MORE = ("gpu_name", "gpu_count", "price", "spot"), ("gpu_memory", "location")
CATALOGS = {"SkyPilot": SKYPILOT, "gpuhunt": GPUHUNT}
COLUMNS_OF = {
    "SkyPilot": (
        "InstanceType", *SKYPILOT, *SKYPILOT_MORE, "vCPUs", "MemoryGiB", "GpuInfo", "AvailabilityZone", "Arch",
        "LocalDiskType", "NVMeSupported", "LocalDiskSize", "LocalDiskCount",
    ),
    "gpuhunt": (
        "instance_name", *GPUHUNT, *GPUHUNT_MORE, "cpu", "memory", "disk_size", "gpu_vendor", "flags", "cpu_arch",
        "provider_data",
    ),
}  # fmt: skip
CONTRACTED, LISTED = "contract", "list"
NEAR_MEMORY = 0.1  # by how much a catalog's memory of a card may differ from the tables'
UNDATED = "undated"
ANYBODY = "you"  # the provider of a price that names none
LEAST_PRICE, MOST_PRICE = Decimal("1e-9"), Decimal("1e9")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?", re.ASCII)
Row = tuple[int, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Contract:
    """One price of the user's own: of a GPU hour (`gpu` is its name), or of training on a hosted model (`model`).

    `price` in `currency` is as written, for one `unit` as written; `base_per_unit` is that of one GPU hour, or one
    million tokens, in the project's currency. A `listed` price is what anybody pays on its date; another was agreed and
    holds until it is changed.
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
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Contracts:
    """The prices of one file, the SHA-256 of its bytes, and what was left out, in words."""

    rows: tuple[Contract, ...]
    digest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreed:
    """Own prices of one GPU hour: the lowest price at the cheapest and at the dearest provider [base currency].

    `listed` where all of them are list prices.
    """

    low: float
    high: float
    providers: tuple[str, ...]
    dates: tuple[str, ...]
    note: str = ""
    listed: bool = False


def agreed(rows: Iterable[Contract], gpu: str, terms: str, region: str = "") -> Agreed | None:
    """The contract prices of a GPU hour, the lowest of each provider; None where there are none.

    Of a provider's prices in one region the latest counts, see `newest`. With a region given, rows of that region and
    rows without a region count; where there are none, all rows count and the note says so.
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
    listed = all(row.listed for row in there or every)
    return Agreed(min(lowest.values()), max(lowest.values()), tuple(lowest), dates, note, listed)


def is_old(day: str, today: date) -> bool:
    """True of a contract price of that day when it is older than 180 days; one without a date has no age."""
    return day != UNDATED and catalog.is_stale(day, today)


def newest(rows: Iterable[Contract]) -> list[Contract]:
    """The rows of the latest date for each provider, item, terms and region, what was agreed before list prices.

    A later list price is what others pay: a contract of the same provider stands until it is changed.
    A month counts from its first day, as in `catalog.is_stale`; a price without a date counts as the oldest.
    """
    held: dict[tuple[str, ...], list[Contract]] = {}
    for row in rows:
        same = (row.gpu, row.model.casefold(), row.provider.casefold(), row.terms, row.region.casefold())
        held.setdefault(same, []).append(row)
    return [row for same in held.values() for row in same if _rank(row) == max(map(_rank, same))]


def _rank(row: Contract) -> tuple[bool, str]:
    return not row.listed, "" if row.date == UNDATED else f"{row.date}-01"[:10]


def read_contracts(path: Path, rates: Mapping[str, float], today: date, name: str = "") -> Contracts:
    """The user's own prices.

    Args:
        path: the CSV file.
        rates: units of the project's currency for one unit of each currency that has a rate, its own with 1.
        today: a price with a later date is a mistake.
        name: what the file is called in messages, its own name when left out.
    Returns: the Contracts. Rows of a catalog without an accelerator or a price are skipped; accelerators that the
        tables do not know are counted in the notes.
    Raises: InputError with every mistake found, each at its row and column.
    """
    header, rows = read_table(path)
    file = _File(path, name or path.name, rates, today)
    contracts = list(_contracts(header, rows, file))
    if not file.problems and not contracts:
        file.problems.append(Problem(file.name, "no price", "a row with a price", "add one, or take `prices:` out"))
    refuse_any(file.problems)
    return Contracts(tuple(contracts), hashlib.sha256(path.read_bytes()).hexdigest(), tuple(file.notes))


def _contracts(header: Sequence[str], rows: Sequence[Row], file: "_File") -> Iterator[Contract]:
    """The prices of the rows, in whichever of the forms the header is."""
    by_fold = {column.casefold(): column for column in header}
    folds = [column.casefold() for column in header if column]
    for twice in sorted({fold for fold in folds if folds.count(fold) > 1}):
        file.add(1, "", f"the column {twice} twice, in two spellings", "each column once", "rename or delete one")
    if file.problems:
        return
    form = catalog_form(header)
    if form == "SkyPilot":
        yield from _listed(_skypilot_offers(_renamed(rows, by_fold, (*SKYPILOT, *SKYPILOT_MORE)), file), form, file)
    elif form == "gpuhunt":
        yield from _listed(_gpuhunt_offers(_renamed(rows, by_fold, (*GPUHUNT, *GPUHUNT_MORE)), file), form, file)
    elif _has_columns(by_fold, file):
        for line, row in rows:
            yield from _ours(line, {column.casefold(): cell.strip() for column, cell in row.items()}, file)


def read_catalog(path: Path, today: date) -> tuple[Contracts, str]:
    """The list prices of a catalog in US dollars, and whose catalog it is: SkyPilot or gpuhunt.

    Raises: InputError for a file that is none, and for each column that no catalog known here has: it may change what
        the price is of.
    """
    header, _ = read_table(path)
    form = catalog_form(header)
    known = {column.casefold() for column in COLUMNS_OF.get(form, ())}
    refuse_any(
        [
            Problem(
                f"{path.name}:1: {column}",
                "a column that this catalog is not known to have",
                f"columns of {form}: {', '.join(COLUMNS_OF[form])}",
                "delete it if prices are still US dollars for an hour of the whole instance",
            )
            for column in header
            if form and column.casefold() not in known
        ]
        or ([] if form else [_no_catalog(path, header)])
    )
    return read_contracts(path, {"USD": 1.0}, today), form


def _no_catalog(path: Path, header: Sequence[str]) -> Problem:
    """The problem of a file that has the columns of no catalog, with those that the nearest lacks."""
    folds = {column.casefold() for column in header}
    lacks = {name: [one for one in columns if one.casefold() not in folds] for name, columns in CATALOGS.items()}
    nearest_form = min(lacks, key=lambda name: len(lacks[name]))
    wanted = " or ".join(f"{', '.join(columns)} ({name})" for name, columns in CATALOGS.items())
    fix = f"export it with the columns that a catalog of {nearest_form} has besides: {', '.join(lacks[nearest_form])}"
    if _is_ours(header):
        fix = f"this is a file of your own prices: write `prices: {path.name}` in the project file"
    got = f"the columns {', '.join(header)}" if header else "an empty file"
    return Problem(f"{path.name}:1", got, f"the columns {wanted}", fix)


def _is_ours(header: Iterable[str]) -> bool:
    folds = {column.casefold() for column in header}
    return bool(folds & set(ITEMS)) and bool(folds & {*IN_USD, "price"})


def catalog_form(header: Iterable[str]) -> str:
    """Whose catalog has these columns: `SkyPilot`, `gpuhunt`, or nobody's, an empty text."""
    folds = {column.casefold() for column in header}
    return next((name for name, columns in CATALOGS.items() if {one.casefold() for one in columns} <= folds), "")


@dataclass(slots=True)
class _File:
    """A file of prices as it is read: what its rows are held against, and what is wrong or left out in them."""

    path: Path
    name: str
    rates: Mapping[str, float]
    today: date
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, line: int, column: str, got: str, wanted: str, fix: str) -> None:
        """Notes a mistake in a row, at its column where it has one."""
        where = f"{self.name}:{line}: {column}" if column else f"{self.name}:{line}"
        self.problems.append(Problem(where, got, wanted, fix))


def _has_columns(by_fold: Mapping[str, str], file: _File) -> bool:
    """Whether the columns are there that no price can be read without."""
    priced = any(column in by_fold for column in IN_USD) or {"price", "currency"} <= set(by_fold)
    there = {
        "gpu": any(column in by_fold for column in ITEMS),
        "usd (or price and currency)": priced,
        "date": "date" in by_fold,
    }
    lacks = [column for column, is_there in there.items() if not is_there]
    if lacks:
        got = f"the columns {', '.join(by_fold.values())}" if by_fold else "an empty file"
        file.add(1, "", got, WANTED, f"add the column {' and the column '.join(lacks)}")
    return not lacks


def _ours(line: int, row: Mapping[str, str], file: _File) -> Iterator[Contract]:
    """The price of one row in our columns; a row with a mistake adds it to the problems and gives none."""
    before = len(file.problems)
    column, currency = _priced_in(line, row, file)
    price = _price(row.get(column, ""), line, column, file)
    if currency not in file.rates:
        fix = f"add to the project file's rates: {{currency: {currency or '...'}, value: ..., date: ...}}"
        file.add(line, "currency", repr(currency), "a currency with a dated rate", fix)
    day = _day(line, row.get("date", ""), file)
    terms = (row.get("terms") or ON_DEMAND).casefold().replace("-", "_").replace(" ", "_")
    if terms not in TERMS:
        file.add(line, "terms", repr(terms), f"one of {', '.join(TERMS)}", "correct it")
    unit = UNITS.get((row.get("unit") or "").casefold())
    basis = (row.get("basis") or CONTRACTED).casefold()
    if basis not in (CONTRACTED, LISTED):
        file.add(line, "basis", repr(basis), f"{CONTRACTED}, as agreed, or {LISTED}, as anybody pays", "correct it")
    if unit is None:
        file.add(line, "unit", repr(row["unit"]), f"{GPU_HOUR}, {INSTANCE_HOUR} or {MTOK}", "write one of these")
    gpu, model, count = _thing(line, row, unit, file)
    if len(file.problems) == before and price is not None:
        yield Contract(
            gpu, model, row.get("provider") or ANYBODY, terms, row.get("region", ""), price, currency,
            float(price) * file.rates[currency] / count, day, row.get("source") or file.name, basis == LISTED,
        )  # fmt: skip


def _day(line: int, day: str, file: _File) -> str:
    if not _is_day(day):
        file.add(line, "date", repr(day), "the day of the price", "write YYYY-MM-DD")
    elif day > file.today.isoformat()[: len(day)]:
        fix = "write the day on which the price was agreed or read"
        file.add(line, "date", day, f"a day up to {file.today.isoformat()}", fix)
    return day


def _priced_in(line: int, row: Mapping[str, str], file: _File) -> tuple[str, str]:
    """The column with a row's price, and its currency; two prices, or dollars in another currency, are a problem."""
    filled = [column for column in (*IN_USD, "price") if row.get(column)]
    column = (filled or ["price" if "price" in row else "usd"])[0]
    currency = (row.get("currency") or "").upper()
    if len(filled) > 1:
        got = ", ".join(f"{column} {row[column]}" for column in filled)
        file.add(line, filled[-1], got, "one price in a row", f"keep one of {', '.join(filled)}")
    elif column in IN_USD and currency not in ("", "USD"):
        fix = f"write the amount under price, or take the currency out if {column} is in dollars"
        file.add(line, "currency", repr(currency), f"USD or nothing beside {column}", fix)
    return column, "USD" if column in IN_USD else currency


def _thing(line: int, row: Mapping[str, str], unit: str | None, file: _File) -> tuple[str, str, int]:
    """What a row prices: a GPU and 1, an instance's GPU and their number, or a hosted model."""
    column = "gpu" if row.get("gpu") else "item"
    text = next((row[column] for column in ITEMS if row.get(column)), "")
    if not text:
        file.add(line, column, "nothing", "what the price is of", "write a GPU, an instance or a model")
    elif unit == MTOK:
        return "", text, 1
    elif unit == INSTANCE_HOUR:
        instance = catalog.instance(row.get("provider", ""), text)
        if instance is not None:
            return instance.gpu, "", instance.gpu_count
        fix = "write the GPU and its price for one hour of one card"
        file.add(line, column, repr(text), "an instance type in the tables, with its provider", fix)
    elif unit == GPU_HOUR:
        try:
            return catalog.gpu(text).name, "", 1
        except InputError:
            fix = nearest(text, [card.name for card in catalog.gpus()])
            file.add(line, column, repr(text), "a GPU in the tables", fix)
    return "", "", 1


def _price(text: str, line: int, column: str, file: _File) -> Decimal | None:
    """A price of more than zero as written with a decimal point, or None and a problem."""
    raw = text.strip()
    if not _NUMBER.fullmatch(raw):
        fix = "write digits and a decimal point only, such as 1234.56" if raw else "write the price, or delete the row"
        file.add(line, column, repr(text), "a price such as 2.49", fix)
        return None
    price = Decimal(raw)
    if not LEAST_PRICE <= price < MOST_PRICE:
        fix = "correct the price, or delete the row"
        file.add(line, column, repr(text), "more than 0, from 1e-9 to below 1e9", fix)
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
    """The rows with a catalog's own spelling of its columns; a column that is not there is empty."""
    spelled = {column: by_fold.get(column.casefold(), "") for column in columns}
    for line, row in rows:
        yield line, {column: row.get(name, "").strip() for column, name in spelled.items()}


class _Offer(NamedTuple):
    """One price of a catalog: the card's name there and its memory [GB], terms, region, and USD for a card's hour."""

    name: str
    memory_gb: float | None
    terms: str
    region: str
    usd: Decimal


def _skypilot_offers(rows: Iterable[Row], file: _File) -> Iterator[_Offer]:
    for line, row in rows:
        if not row["AcceleratorName"]:
            continue
        cards = _price(row["AcceleratorCount"], line, "AcceleratorCount", file)
        for terms, column in ((ON_DEMAND, "Price"), (SPOT, "SpotPrice")):
            price = _price(row[column], line, column, file) if cards is not None and row[column] else None
            if cards is not None and price is not None:
                yield _Offer(row["AcceleratorName"], None, terms, row["Region"], price / cards)


def _gpuhunt_offers(rows: Iterable[Row], file: _File) -> Iterator[_Offer]:
    for line, row in rows:
        if not row["gpu_name"] or row["gpu_count"] in ("", "0"):
            continue
        cards, price = (_price(row[column], line, column, file) for column in ("gpu_count", "price"))
        spot = row["spot"].casefold()
        if spot not in ("true", "false"):
            file.add(line, "spot", repr(row["spot"]), "True or False", "correct it")
        elif cards is not None and price is not None:
            memory = float(row["gpu_memory"]) if _NUMBER.fullmatch(row["gpu_memory"]) else None
            terms = SPOT if spot == "true" else ON_DEMAND
            yield _Offer(row["gpu_name"], memory, terms, row["location"], price / cards)


def _listed(offers: Iterable[_Offer], form: str, file: _File) -> Iterator[Contract]:
    """The lowest GPU-hour price by card, terms and region in a catalog, which is in US dollars."""
    provider = (file.path.parent.name if file.path.stem == "vms" else file.path.stem) or form.casefold()
    lowest: dict[tuple[str, str, str], Decimal] = {}
    unknown: Counter[str] = Counter()
    for offer in offers:
        gpu = _accelerator(offer.name, offer.memory_gb)
        if gpu is None:
            unknown[offer.name] += 1
            continue
        at = gpu, offer.terms, offer.region
        lowest[at] = min(offer.usd, lowest.get(at, offer.usd))
    if unknown:
        names = ", ".join(sorted(unknown)[:8]) + (" …" if len(unknown) > 8 else "")
        many = counted(unknown.total(), "row")
        file.notes.append(f"accelerators that the tables do not know, in {many} of {file.name}: {names}")
    source = f"{file.name}, a catalog of {form}"
    for (gpu, terms, region), usd in lowest.items():
        base = float(usd) * file.rates["USD"]
        yield Contract(gpu, "", provider, terms, region, usd, "USD", base, UNDATED, source, listed=True)


@cache
def _accelerator(name: str, memory_gb: float | None = None) -> str | None:
    """The GPU that a catalog calls so; None where the tables do not know it, or know it with another memory."""
    also = {row["name"].casefold(): row["gpu"] for row in catalog.read_table("prices/accelerators")}
    sized = f"{name}-{memory_gb:g}GB" if memory_gb else ""
    for spelled in (sized, also.get(name.casefold()), name):
        try:
            card = catalog.gpu(spelled) if spelled else None
        except InputError:
            continue
        if card is not None and (not memory_gb or abs(card.memory_gib / memory_gb - 1) <= NEAR_MEMORY):
            return card.name
    return None
