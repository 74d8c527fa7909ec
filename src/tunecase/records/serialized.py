"""A record back from JSON, and the record of each verb."""

from functools import cache
from typing import Any, TypeVar, cast

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
from tunecase.records.quick import quick_spending
from tunecase.records.report import Report
from tunecase.records.review import Reviews
from tunecase.records.scorecard import Scorecard
from tunecase.records.sources import Sources, SourceTrial
from tunecase.records.spend import Charges, Imported, LineRule, Mapped, Metered, ServedPeriod, Spending

T = TypeVar("T")

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
SCHEMAS: dict[str, int] = dict.fromkeys(RECORDS, 1) | {"estimate": 3, "forecast": 3, "decide": 3, "fit": 2, "ledger": 2}


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
