"""The JSON Schema of what `--json` prints, for each command: one row says which records it prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from tunecase.errors import InputError, Problem, nearest
from tunecase.records.approve import Approvals
from tunecase.records.audit import Audit
from tunecase.records.books import Books
from tunecase.records.check import Check
from tunecase.records.clean import Cleaned
from tunecase.records.compare import Comparison
from tunecase.records.decide import Change, Decision
from tunecase.records.define import Definition
from tunecase.records.estimate import Estimate
from tunecase.records.evals import Evals
from tunecase.records.fit import Fit
from tunecase.records.forecast import Forecast
from tunecase.records.inference import Inference
from tunecase.records.init import Begun
from tunecase.records.judge import Judged
from tunecase.records.label import Labelling, LabelTask, LabelTrial
from tunecase.records.ledger import Anchored, NotUsed, Rechained, SetAside, Verified
from tunecase.records.next import Next
from tunecase.records.pilot import Pilot
from tunecase.records.prices import Prices, PricesUpdated
from tunecase.records.report import Report
from tunecase.records.review import Reviews
from tunecase.records.scorecard import Scorecard
from tunecase.records.serialized import RECORDS, SCHEMAS
from tunecase.records.sources import Sources, SourceTrial
from tunecase.records.spend import Charges, Imported, Mapped, Metered, Spending

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ERROR = "error"  # what every command prints in the place of its record where it ends with code 2 or 3


@dataclass(frozen=True, slots=True)
class Booked:
    """The entry of the ledger that a charge was booked as; its `id` is what `--replaces` names."""

    id: str
    prev: str
    recorded_at: datetime
    kind: str
    verb: str
    body: Spending
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a command ended with code 2 or 3: all of it in words, and each mistake of the input."""

    error: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Prints:
    """What a command prints with --json.

    Args:
        kinds: one of these, the usual one first.
        beside: what may stand beside the fields of a record.
        parts: in the place of `kinds`: the records that may stand in one object, by name; the last ones always do.
        always: how many of `parts` always stand there, from the end.
    """

    kinds: tuple[Any, ...] = ()
    beside: tuple[str, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)
    always: int = 0


BESIDE: dict[str, Any] = {"not_used": tuple[NotUsed, ...], "approvals": Approvals}
CASE, MONEY, WARNED = ("not_used",), ("not_used", "approvals"), ("approvals",)
ROAD = {
    "define": Definition, "audit": Audit, "pilot": Pilot, "forecast": Forecast, "decide": Decision,
    "changed": tuple[Change, ...], "estimate": Estimate, "books": Books, "report": Report,
}  # fmt: skip

# One row for each command that takes --json.
PRINTED: dict[str, Prints] = {
    "init": Prints((Begun, dict[str, str])),
    "define": Prints((Definition,), CASE),
    "audit": Prints((Audit, Cleaned, Reviews, Labelling), CASE),
    "estimate": Prints((Estimate,), MONEY),
    "pilot": Prints((Pilot, SourceTrial, str), CASE),
    "forecast": Prints((Forecast,), CASE),
    "decide": Prints((Decision,), MONEY),
    "next": Prints((Next,), MONEY),
    "report": Prints((Report,), MONEY),
    "run": Prints((), MONEY, ROAD, always=3),
    "fit": Prints((Fit,)),
    "inference": Prints((Inference,)),
    "prices": Prints((Prices, PricesUpdated)),
    "evals": Prints((Evals,)),
    "sources": Prints((Sources,), CASE),
    "label": Prints((LabelTask, LabelTrial)),
    "compare": Prints((Comparison,)),
    "judge": Prints((Judged,)),
    "approve": Prints((Approvals,)),
    "reject": Prints((Approvals,)),
    "spend add": Prints((Booked,), WARNED),
    "spend import": Prints((Imported,), WARNED),
    "spend serving": Prints((Metered,), WARNED),
    "spend map": Prints((Mapped,)),
    "spend list": Prints((Charges,)),
    "books": Prints((Books,), MONEY),
    "check": Prints((Check,)),
    "scorecard": Prints((Scorecard,)),
    "ledger verify": Prints((Verified,)),
    "ledger anchor": Prints((Anchored,)),
    "ledger rechain": Prints((Rechained, Verified)),
    "ledger merge": Prints((str,)),
    "ledger set-aside": Prints((SetAside,)),
    ERROR: Prints((Failed,)),
}


@cache
def schema_of(command: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a command prints with --json.

    A further field may come without notice; a field that goes, or comes to mean something else, raises the number at
    the end of `$id`.

    Args:
        command: the words after `tunecase`, such as "audit" or "spend add"; "error" is what every command prints in
            the place of its record where it ends with code 2 or 3.
    Raises: InputError for no such command, or one without --json.

    Example:
        >>> schema_of("check")["$id"], schema_of("check")["$ref"]
        ('tunecase:check:1', '#/$defs/Check')
    """
    from tunecase.records.generator import generated

    prints = PRINTED.get(command)
    if prints is None:
        fix = nearest(command, list(PRINTED))
        raise InputError(Problem("tunecase schema", repr(command), "a command that prints JSON", fix))
    kinds = {str(number): kind for number, kind in enumerate(prints.kinds)}
    beside = {name: BESIDE[name] for name in prints.beside}
    made, shared = generated({**kinds, **beside, **prints.parts})
    words = f"What `tunecase {command} --json` prints" if command != ERROR else "What a command prints with --json"
    codes = "where it ends with code 0 or 1" if command != ERROR else "where it ends with code 2 or 3"
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"tunecase:{command.replace(' ', '-')}:{form_of([*prints.kinds, *prints.parts.values()])}",
        "description": f"{words} {codes}.",
    }
    if str not in prints.kinds:
        schema["type"] = "object"
    if prints.kinds:
        each = [made[key] for key in kinds]
        schema.update(each[0] if len(each) == 1 else {"anyOf": each})
    if properties := {name: made[name] for name in (*prints.parts, *beside)}:
        schema["properties"] = properties
    if prints.always:
        schema["required"] = list(prints.parts)[-prints.always :]
    return {**schema, "$defs": dict(sorted(shared.items()))}


def form_of(kinds: Sequence[Any]) -> int:
    """The number of what a command prints: 1, and one more each time that the form of one of its records was raised.

    Example:
        >>> form_of([Check]), form_of([Estimate]), form_of([Estimate, Decision])
        (1, 5, 10)
    """
    numbers = {kind: SCHEMAS[verb] for verb, kind in RECORDS.items()}
    return 1 + sum(numbers[kind] - 1 for kind in kinds if kind in numbers)
