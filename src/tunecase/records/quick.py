"""A charge back from JSON without the general reader: a ledger may hold a hundred thousand of them.

What is written otherwise than tunecase writes it is left to the general reader, which takes it or says what is wrong.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import Any

from tunecase.records.spend import Spending, within_bounds

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,80}(\.\d{1,80})?(E[-+]?\d{1,3})?", re.ASCII)
MOST_SHARED = 4_096  # days, moments, amounts and tags that charges share


def _matched(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise ValueError(text)
    return text


@lru_cache(MOST_SHARED)
def _day(text: str) -> date:
    return date.fromisoformat(_matched(_DAY, text))


@lru_cache(MOST_SHARED)
def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(_matched(_MOMENT, text))


@lru_cache(MOST_SHARED)
def _number(text: str | None) -> Decimal | None:
    return None if text is None else within_bounds(Decimal(_matched(_NUMBER, text)))


def _text(value: str) -> str:
    return intern(value)  # a TypeError where it is none


def _own_text(value: str) -> str:
    return value + ""


def _word(*words: str) -> Callable[[str], str]:
    return dict(zip(words, words, strict=True)).__getitem__


def _count(value: int | None) -> int | None:
    if value is not None and type(value) is not int:
        raise TypeError(value)
    return value


def _pairs(value: Mapping[str, str]) -> Mapping[str, str]:
    return _shared(tuple(value.items()))


@lru_cache(MOST_SHARED)
def _shared(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return {intern(name): intern(text) for name, text in pairs}


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("category", "currency", "description", "unit", "source", "provider", "service", "region"), _text),
    **dict.fromkeys(("sku", "resource", "gpu", "run", "source_file", "instance"), _text),
    **dict.fromkeys(("supersedes", "row_id", "line_id"), _own_text),
    **dict.fromkeys(("amount", "amount_base", "quantity", "unit_price", "fx_rate"), _number),
    **dict.fromkeys(("began_at", "ended_at"), _moment),
    **dict.fromkeys(("gpu_count", "row"), _count),
    **dict.fromkeys(("tags", "apart"), _pairs),
    "on": _day,
    "charge": _word("usage", "purchase", "credit", "adjustment", "tax"),
    "basis": _word("billed", "estimated"),
}
_NEVER_NONE = ("amount", "amount_base", "fx_rate", "gpu_count")


def quick_spending(body: Any) -> Spending | None:
    """The charge of a body as the ledger writes it; None where the general reader has to look."""
    try:
        charge = Spending(**{name: _READ[name](value) for name, value in body.items()})
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return None
    return None if None in [getattr(charge, name) for name in _NEVER_NONE] else charge
