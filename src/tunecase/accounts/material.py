"""What a report is made from: the finished records, the money spent, and where each was written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from tunecase.blocks import Block, is_empty
from tunecase.records import (
    Approvals,
    Audit,
    Books,
    Decision,
    Definition,
    Estimate,
    EvalLog,
    Forecast,
    Inference,
    Judged,
    Pilot,
    Sources,
    Spending,
)

if TYPE_CHECKING:
    from tunecase.project import Project


@dataclass(frozen=True, slots=True)
class Material:
    """The latest record of each verb (None: not done yet), and what is known about them all.

    `entries` names the ledger entry of each verb's record; `earlier` holds older estimates, oldest first, each with
    the words that say when it was made; `not_used` are records on file on which nothing here rests, in words.
    `with_rows` lets rows of the user's data be shown. `runs` is how many runs a pilot has made that has not come to its
    end. `logs` are the evaluation logs that scores were taken from, each with the field that it fills.
    """

    today: date | None = None
    definition: Definition | None = None
    audit: Audit | None = None
    estimate: Estimate | None = None
    pilot: Pilot | None = None
    judged: Judged | None = None
    forecast: Forecast | None = None
    decision: Decision | None = None
    books: Books | None = None
    sources: Sources | None = None
    inference: Inference | None = None
    spendings: tuple[Spending, ...] = ()
    earlier: tuple[tuple[str, Estimate], ...] = ()
    entries: Mapping[str, str] = field(default_factory=dict)
    not_used: tuple[str, ...] = ()
    version: str = ""
    ledger: str = ""
    approvals: Approvals | None = None
    project: "Project | None" = None
    with_rows: bool = False
    runs: int = 0
    logs: tuple[tuple[str, EvalLog], ...] = ()

    @property
    def target(self) -> float | None:
        """The target, as the forecast or the definition read it."""
        if self.forecast is not None and self.forecast.target is not None:
            return self.forecast.target
        return self.definition.target if self.definition else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Verbs that have left no record."""
        verbs = {
            "define": self.definition,
            "audit": self.audit,
            "estimate": self.estimate,
            "pilot": self.pilot,
            "forecast": self.forecast,
            "decide": self.decision,
            "books": self.books,
        }
        return tuple(verb for verb, record in verbs.items() if record is None)


def recorded_in(material: Material, verb: str) -> tuple[tuple[str, str], ...]:
    """The pair that names the ledger entry of a verb's record, when it is known."""
    return (("Recorded in", material.entries[verb]),) if verb in material.entries else ()


def filled(*blocks: Block | None) -> tuple[Block, ...]:
    """The blocks that hold anything."""
    return tuple(block for block in blocks if block is not None and not is_empty(block))
