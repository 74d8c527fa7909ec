"""A record back from JSON, and the record of each verb."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from sys import intern
from typing import Any, TypeVar, cast, get_args, get_type_hints

from tunecase.quantities import one_line
from tunecase.records.approve import Approval, Approvals, Rejection
from tunecase.records.audit import Audit
from tunecase.records.books import Books, Closing, PlanChosen
from tunecase.records.check import Check
from tunecase.records.clean import Cleaned
from tunecase.records.compare import Comparison
from tunecase.records.decide import Decision
from tunecase.records.define import Definition
from tunecase.records.estimate import Estimate
from tunecase.records.evals import Evals
from tunecase.records.fit import Fit, Scored
from tunecase.records.forecast import Forecast
from tunecase.records.inference import Inference, MeasuredLoads
from tunecase.records.judge import Judged
from tunecase.records.label import Labelling, LabelTask, LabelTrial
from tunecase.records.ledger import Rechained, SetAside, Verified
from tunecase.records.next import Next, Round
from tunecase.records.pilot import Pilot, Run
from tunecase.records.prices import Prices, PricesUpdated
from tunecase.records.report import Report
from tunecase.records.review import Reviews
from tunecase.records.scorecard import Scorecard
from tunecase.records.sources import Sources, SourceTrial
from tunecase.records.spend import Charges, Imported, LineRule, Mapped, Metered, ServedPeriod, Spending, within_bounds

T = TypeVar("T")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,80}(\.\d{1,80})?(E[-+]?\d{1,3})?", re.ASCII)
MOST_SHARED = 4_096  # days, moments, amounts and tags that charges share
MOST_WHOLE = 2**31  # a larger number is left to the general reader
_HINTS = get_type_hints(Spending)
_KINDS, _BASES = frozenset(get_args(_HINTS["charge"])), frozenset(get_args(_HINTS["basis"]))
_FIELDS = len(fields(Spending))

RECORDS: dict[str, type] = {
    "define": Definition,
    "audit": Audit,
    "clean": Cleaned,
    "review": Reviews,
    "labelling": Labelling,
    "label task": LabelTask,
    "label trial": LabelTrial,
    "sources": Sources,
    "source trial": SourceTrial,
    "inference": Inference,
    "loads": MeasuredLoads,
    "estimate": Estimate,
    "pilot": Pilot,
    "judge": Judged,
    "forecast": Forecast,
    "decide": Decision,
    "round": Round,
    "next": Next,
    "books": Books,
    "close": Closing,
    "plan": PlanChosen,
    "approve": Approval,
    "rejection": Rejection,
    "approvals": Approvals,
    "compare": Comparison,
    "check": Check,
    "scorecard": Scorecard,
    "evals": Evals,
    "fit": Fit,
    "scored": Scored,
    "prices": Prices,
    "updated": PricesUpdated,
    "report": Report,
    "run": Run,
    "spend": Spending,
    "imported": Imported,
    "served": ServedPeriod,
    "metered": Metered,
    "map": LineRule,
    "mapped": Mapped,
    "ledger": Verified,
    "rechain": Rechained,
    "set-aside": SetAside,
    "charges": Charges,
}

# The form of each verb's record. Raise a number where a record comes to mean something else, be it a field or the way
# that it is worked out: records of the earlier form are then named as not used, and made again.
SCHEMAS: dict[str, int] = dict.fromkeys(RECORDS, 1) | {
    "define": 2,
    "estimate": 5,
    "forecast": 4,
    "decide": 6,
    "fit": 2,
    "ledger": 2,
}


def from_json(kind: type[T], body: Any) -> T:
    """A record back from the parsed JSON of `to_json`."""
    if kind is Spending and (charge := quick_spending(body)) is not None:
        return cast(T, charge)
    return cast(T, _adapter(cast(Any, kind)).validate_python(body))


def reading_fault(name: str, error: ValueError) -> tuple[str, str]:
    """The part of a body that `from_json` could not read as a record, and what it wanted there.

    Example:
        >>> try:
        ...     from_json(Run, {"key": 3})
        ... except ValueError as error:
        ...     reading_fault("run", error)
        ('run: key is 3', 'valid string')
    """
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return f"{name}: no such record", one_line(str(error), 80)
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{name}: {place} is missing", "a value"
    wanted = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("a ")
    return f"{name}: {place} is {one_line(repr(first['input']), 40)}", wanted


@cache
def _adapter(kind: type) -> Any:
    # Built once for each kind: a ledger may hold a hundred thousand charges.
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


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
    """The charge of a body as this version writes it, which is flat and within bounds; None for any other body.

    A ledger may hold a hundred thousand charges. What is written otherwise is left to the general reader, which takes
    it or says what is wrong.
    """
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
