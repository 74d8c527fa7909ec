"""The columns of a FOCUS file, however they are written, and its cells in the one form that CSV and Parquet share."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

from tunecase.books.importers.cells import NUMBER, CellError, moment_of, plain_number, tags_of, text_of
from tunecase.books.importers.charge import SpendAsked
from tunecase.books.importers.files import BillFile, Line
from tunecase.errors import Problem, refuse_any

AMOUNTS = {"billed": "BilledCost", "effective": "EffectiveCost"}
NEEDED = ("BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ServiceName")
PROVIDER = ("ServiceProviderName", "ProviderName")  # before 1.3, from 1.3 on and alone from 1.4 on
BOUGHT = ("ResourceType", "SkuMeter", "SkuId", "SkuPriceDetails", "ChargeDescription", "ResourceName", "SkuPriceId")
READ = (
    "BillingCurrency", "ChargePeriodStart", "ChargePeriodEnd", "ChargeCategory", "ChargeDescription", "ServiceName",
    "ServiceCategory", "Tags", "ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "ListUnitPrice",
    "RegionId", "SkuId", "ResourceId", "x_category", "x_run", "x_gpu", "x_gpu_count", "x_basis", "x_row_id",
    "x_entry_id",
)  # fmt: skip
NUMERIC = re.compile(r"(cost|price|quantity)$")
TIMED = re.compile(r"(start|end|created|updated)$")
T = TypeVar("T")


class Columns:
    """Where the columns of a file stand, however they are written (BilledCost, billed_cost)."""

    def __init__(self, file: BillFile, asked: SpendAsked) -> None:
        names = [bare(name) for name in file.header]
        refuse_any(_header_problems(file.name, names, asked))
        at = {name: index for index, name in enumerate(names)}
        self.forms = [(name, index, _form(name)) for name, index in at.items() if not name.startswith("x_")]
        # Looked up once for each column, not for each row.
        self.index = {name: at.get(bare(name)) for name in {*READ, *BOUGHT, *PROVIDER, *AMOUNTS.values()}}
        self.width = len(names)

    def cell(self, line: Line, name: str) -> Any:
        """A cell by its column, None where the file has none."""
        index = self.index[name]
        return None if index is None else line.cells[index]

    def text(self, line: Line, *names: str) -> str:
        """The first of some cells that is not missing, as text."""
        for name in names:
            if text := text_of(self.cell(line, name)):
                return text
        return ""

    def content(self, line: Line) -> dict[str, str]:
        """What a row says, each cell in the one form that CSV and Parquet share, own columns and missing cells out."""
        cells = {}
        for name, index, form in self.forms:
            if text := text_of(line.cells[index]):
                cells[name] = text if form is None else form(line.cells[index], text)
        return cells


def _header_problems(file: str, names: Sequence[str], asked: SpendAsked) -> list[Problem]:
    """Columns that the file lacks, and those that it has twice."""
    lacking = [name for name in (AMOUNTS[asked.cost], *NEEDED) if bare(name) not in names]
    if not any(bare(name) in names for name in PROVIDER):
        lacking.append(" or ".join(PROVIDER))
    problems = []
    if lacking:
        word = "column" if len(lacking) == 1 else "columns"
        fix = f"export the bill in FOCUS with the {word} named, or book its sum with `tunecase spend add`"
        problems = [Problem(f"{file}:1", f"no {word} {', '.join(lacking)}", "the columns of FOCUS 1.0 to 1.4", fix)]
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    return problems + [Problem(f"{file}:1", f"the column {name} twice", "it once", "delete one") for name in twice]


@lru_cache(maxsize=1_000)
def bare(name: str) -> str:
    """A column's name without case and punctuation; our own keep their underscores."""
    return re.sub(r"[^a-z0-9]", "", name.casefold()) if not name.casefold().startswith("x_") else name.casefold()


def _form(name: str) -> Callable[[Any, str], str] | None:
    """How a column's cells are put into one form; None where they are text."""
    if NUMERIC.search(name):
        return _number_form
    if TIMED.search(name):
        return _time_form
    return _tags_form if name == "tags" else None


def _number_form(cell: Any, text: str) -> str:
    # A column of ours may be called a price and hold words.
    return plain_number(Decimal(text)) if NUMBER.fullmatch(text) else text


def _time_form(cell: Any, text: str) -> str:
    try:
        return moment(cell).isoformat()
    except CellError:
        return text


def _tags_form(cell: Any, text: str) -> str:
    return "; ".join(f"{key}={value}" for key, value in sorted(tags_in(cell).items()))


def _remembering(read: Callable[[Any], T]) -> Callable[[Any], T]:
    """A reader of cells that remembers the texts it has read, since a bill repeats a few of them often."""
    remembered = lru_cache(maxsize=10_000)(read)
    return lambda cell: remembered(cell) if isinstance(cell, str) else read(cell)


def _frozen_tags(cell: Any) -> Mapping[str, str]:
    return MappingProxyType(tags_of(cell))


moment: Callable[[Any], datetime] = _remembering(moment_of)
tags_in: Callable[[Any], Mapping[str, str]] = _remembering(_frozen_tags)
