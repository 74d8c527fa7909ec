"""What was found: one frozen record per verb, plain enough to be JSON and to come back from it.

Amounts of guessed money are a Band in the project's base currency; paid money is Decimal with its currency.
"""

from decimal import Decimal
from functools import cache
from pathlib import PurePath
from typing import Any, TypeVar, cast

from tunecase.records.bill import DefaultUsed, Driver, Estimate, Flip, Line, Way, WhatIf
from tunecase.records.books import BookLine, Books, Closing, HitRate, PlanChosen, PlanUsed, Variance
from tunecase.records.comparison import Bill, Comparison, Difference, FieldChange, Judgement
from tunecase.records.compute import Compared, Fit, LeftOut, Phase, Placed, Scored
from tunecase.records.curve import CurveBand, Forecast, Needed, NextRun, Point
from tunecase.records.interval import Interval80
from tunecase.records.labelling import Labelling, NextLabel
from tunecase.records.ledger import Adopted, Rechained, Verified
from tunecase.records.money import Change, Decision, Experiment, Option, Report, Spending
from tunecase.records.pilot import Baseline, Confusion, Judged, Mistakes, Pilot, Run, Slice, Trial, Tuning, WorstRow
from tunecase.records.prices import Price, Prices, TierPrices
from tunecase.records.problem import (
    Accuracy,
    Alternative,
    Audit,
    Cluster,
    Criterion,
    Definition,
    Finding,
    Measured,
    Severity,
    Status,
    Tokens,
)
from tunecase.records.review import Cleaned, Depth, DepthReviewed, Reviews, Written
from tunecase.records.rounds import Next, Round
from tunecase.records.spent import Charge, Charges, Held, Imported, PriceCheck, RunCharge

__all__ = [
    "RECORDS",
    "Accuracy",
    "Adopted",
    "Alternative",
    "Audit",
    "Baseline",
    "Bill",
    "BookLine",
    "Books",
    "Change",
    "Charge",
    "Charges",
    "Cleaned",
    "Closing",
    "Cluster",
    "Compared",
    "Comparison",
    "Confusion",
    "Criterion",
    "CurveBand",
    "Decision",
    "DefaultUsed",
    "Definition",
    "Depth",
    "DepthReviewed",
    "Difference",
    "Driver",
    "Estimate",
    "Experiment",
    "FieldChange",
    "Finding",
    "Fit",
    "Flip",
    "Forecast",
    "Held",
    "HitRate",
    "Imported",
    "Interval80",
    "Judged",
    "Judgement",
    "Labelling",
    "LeftOut",
    "Line",
    "Measured",
    "Mistakes",
    "Needed",
    "Next",
    "NextLabel",
    "NextRun",
    "Option",
    "Phase",
    "Pilot",
    "Placed",
    "PlanChosen",
    "PlanUsed",
    "Point",
    "Price",
    "PriceCheck",
    "Prices",
    "Rechained",
    "Report",
    "Reviews",
    "Round",
    "Run",
    "RunCharge",
    "Scored",
    "Severity",
    "Slice",
    "Spending",
    "Status",
    "TierPrices",
    "Tokens",
    "Trial",
    "Tuning",
    "Variance",
    "Verified",
    "Way",
    "WhatIf",
    "WorstRow",
    "Written",
    "from_json",
    "to_json",
]

T = TypeVar("T")

RECORDS: dict[str, type] = {
    "define": Definition,
    "audit": Audit,
    "clean": Cleaned,
    "review": Reviews,
    "labelling": Labelling,
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
    "compare": Comparison,
    "fit": Fit,
    "scored": Scored,
    "prices": Prices,
    "report": Report,
    "run": Run,
    "spend": Spending,
    "imported": Imported,
    "ledger": Verified,
    "rechain": Rechained,
    "charges": Charges,
}


def to_json(record: Any) -> bytes:
    """A record as JSON, Decimals and paths as text, non-finite floats as null."""
    import orjson

    return orjson.dumps(record, default=_plain)


def from_json(kind: type[T], body: Any) -> T:
    """A record back from the parsed JSON of `to_json`."""
    return cast(T, _adapter(cast(Any, kind)).validate_python(body))


@cache
def _adapter(kind: type) -> Any:
    # Built once for each kind: a ledger may hold a hundred thousand charges.
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not part of a record")
