"""A charge back from JSON without the general reader: a ledger may hold a hundred thousand of them.

What is written otherwise than tunecase writes it is left to the general reader, which takes it or says what is wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import Any, get_args, get_type_hints

from tunecase.records.spend import Spending, within_bounds

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,80}(\.\d{1,80})?(E[-+]?\d{1,3})?", re.ASCII)
MOST_SHARED = 4_096  # days, moments, amounts and tags that charges share
MOST_WHOLE = 2**31  # a larger number is left to the general reader
_HINTS = get_type_hints(Spending)
_KINDS, _BASES = frozenset(get_args(_HINTS["charge"])), frozenset(get_args(_HINTS["basis"]))
_FIELDS = len(fields(Spending))


def _matched(form: re.Pattern[str], text: str) -> str:
    if form.fullmatch(text) is None:
        raise ValueError(text)
    return text


@lru_cache(MOST_SHARED)
def _day(text: str) -> date:
    return date.fromisoformat(_matched(_DAY, text))


@lru_cache(MOST_SHARED)
def _moment(text: str) -> datetime:
    return datetime.fromisoformat(_matched(_MOMENT, text))


@lru_cache(MOST_SHARED)
def _number(text: str) -> Decimal:
    return within_bounds(Decimal(_matched(_NUMBER, text)))


@lru_cache(MOST_SHARED)
def _pairs(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return {intern(name): intern(text) for name, text in pairs}


def _one_of(words: frozenset[str], word: str) -> Any:
    if word not in words:
        raise ValueError(word)
    return intern(word)


def _whole(value: int) -> int:
    if type(value) is not int or not -MOST_WHOLE <= value <= MOST_WHOLE:
        raise ValueError(value)
    return value


def quick_spending(body: Mapping[str, Any]) -> Spending | None:
    """The charge of a body as this version writes it, which is flat and within bounds; None for any other body."""
    try:
        if len(body) != _FIELDS:
            return None
        began, ended, quantity, price = body["began_at"], body["ended_at"], body["quantity"], body["unit_price"]
        return Spending(
            _day(body["on"]), intern(body["category"]), _number(body["amount"]), intern(body["currency"]),
            _number(body["amount_base"]), intern(body["description"]), None if quantity is None else _number(quantity),
            intern(body["unit"]), intern(body["source"]), body["supersedes"] + "",
            None if began is None else _moment(began), None if ended is None else _moment(ended),
            _one_of(_KINDS, body["charge"]), _one_of(_BASES, body["basis"]), None if price is None else _number(price),
            _number(body["fx_rate"]), intern(body["provider"]), intern(body["service"]), intern(body["region"]),
            intern(body["sku"]), intern(body["resource"]), intern(body["gpu"]), _whole(body["gpu_count"]),
            intern(body["run"]), _pairs(tuple(body["tags"].items())), intern(body["source_file"]),
            None if body["row"] is None else _whole(body["row"]), body["row_id"] + "", body["line_id"] + "",
            intern(body["instance"]), _pairs(tuple(body["apart"].items())),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return None
