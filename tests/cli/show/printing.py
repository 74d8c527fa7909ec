"""A sample of every record that is printed, and its print."""

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from tests import samples
from tests.records.test_records import (
    CHECK,
    CLEANED,
    FIT,
    JUDGED,
    LABELLING,
    PAIR,
    RECHAINED,
    REPORT,
    REVIEWS,
    SCORECARD,
    UPDATED,
)
from tunecase.cli.show import show
from tunecase.records import Begun, Change, Scored, Verified

ALL: dict[str, Any] = {
    **samples.records(),
    "estimate again": samples.estimate(),
    "define again": samples.definition(),
    "judge": JUDGED,
    "clean": CLEANED,
    "labelling": LABELLING,
    "label task": samples.label_task(),
    "label trial": samples.label_trial(),
    "source trial": samples.source_trial(),
    "review": REVIEWS,
    "evals": samples.evals(),
    "fit": FIT,
    "scored": Scored((PAIR,)),
    "loads": samples.loads(),
    "report": REPORT,
    "spend": samples.spendings()[2],
    "imported": samples.imported(),
    "charges": samples.charges(),
    "mapped": samples.mapped(),
    "metered": samples.metered(),
    "approve": samples.approval(),
    "rejection": samples.rejection(),
    "approvals": samples.approvals(),
    "compare": samples.comparison(),
    "next": samples.news(),
    "prices": samples.prices(),
    "check": CHECK,
    "scorecard": SCORECARD,
    "updated": UPDATED,
    "init": Begun((Path("tunecase.yaml"), Path("data/train.jsonl"))),
    "examples": {"banking77": "Which of 77 questions does a bank's customer ask?"},
    "ledger": Verified("ledger.jsonl", 12, 1),
    "rechain": RECHAINED,
    "changed": (Change("chance of its plan", "26%", "41%"),),
}


def printed(verb: str, record: Any, width: int = 80, *, full: bool = False) -> str:
    """What a reader of a log sees."""
    out = io.StringIO()
    show(verb, record, Console(file=out, width=width, markup=False, highlight=False, emoji=False), full=full)
    return out.getvalue()


def flat(verb: str, record: Any, *, full: bool = False) -> str:
    """The print on one line."""
    return " ".join(printed(verb, record, full=full).split())
