"""The conductor: opens a case, calls one verb, appends its record to the ledger. The road fits on this page.

define ─► audit ─► estimate ─► pilot ─► forecast ─► decide ─► report        books at any time
"""

from collections.abc import Callable
from typing import Any

from tunecase.changes import changes
from tunecase.flow.books import BooksAsked, books, books_csv, books_page
from tunecase.flow.clean import fix, fix_file, review, review_file
from tunecase.flow.compare import CompareAsked, compare
from tunecase.flow.fit import FitAsked, base_model, fit
from tunecase.flow.judge import JudgeAsked, judge
from tunecase.flow.label import next_labels, next_labels_file
from tunecase.flow.next import add_round, next_step
from tunecase.flow.opened import Flow, Progress, audit, open_case
from tunecase.flow.pilot import (
    PilotAsked,
    export,
    merge,
    no_pilot,
    pilot,
    pilot_asked,
    pilot_metric,
    points,
    task_kind,
)
from tunecase.flow.prices import prices
from tunecase.flow.spend import ImportAsked, charges, spend_import
from tunecase.flow.verbs import (
    baselines,
    contents,
    curve,
    decide,
    define,
    estimate,
    forecast,
    keep_forecast,
    renew,
    report,
    spend,
)
from tunecase.flow.without_project import asked_of, audit_file, forecast_file, metric_of, rechain, spend_text, verify
from tunecase.records import Pilot

__all__ = [
    "BooksAsked",
    "CompareAsked",
    "FitAsked",
    "Flow",
    "ImportAsked",
    "JudgeAsked",
    "PilotAsked",
    "add_round",
    "asked_of",
    "audit",
    "audit_file",
    "base_model",
    "baselines",
    "books",
    "books_csv",
    "books_page",
    "charges",
    "compare",
    "contents",
    "curve",
    "decide",
    "define",
    "estimate",
    "export",
    "fit",
    "fix",
    "fix_file",
    "forecast",
    "forecast_file",
    "judge",
    "keep_forecast",
    "merge",
    "metric_of",
    "next_labels",
    "next_labels_file",
    "next_step",
    "no_pilot",
    "open_case",
    "pilot",
    "pilot_asked",
    "pilot_metric",
    "points",
    "prices",
    "rechain",
    "renew",
    "report",
    "review",
    "review_file",
    "road",
    "spend",
    "spend_import",
    "spend_text",
    "task_kind",
    "verify",
]  # fmt: skip


def road(
    flow: Flow,
    tell: Callable[[str, Any], None],
    progress: Progress | None = None,
    anyway: bool = False,
    asked: PilotAsked | None = None,
    ask: Callable[[Any], bool | None] | None = None,
    fetching: Callable[[str], None] | None = None,
) -> bool:
    """All verbs in order; returns False when the answer is no.

    `tell` is called with each record; the bill comes once more, as "estimate again", when the pilot has moved it, the
    problem as "define again" when that has moved its verdict, and at the end, as "changed", what the road moved since
    it was walked last.
    A problem that is not well posed, or data that are not fit, end the road before the pilot: nothing is spent on it.
    A pilot that still holds is not run again unless one is asked for. Where the probe cannot learn the task (free text,
    a metric of its own) the pilot says so and the road goes on.
    """
    before, sound = flow.last_told(), True
    for verb, step in (("define", define), ("audit", audit), ("estimate", estimate)):
        # The bill that define asked for rests on no curve yet: it is made once more.
        record = flow.records.get(verb) if verb == "audit" else None
        record = record or step(flow)
        tell(verb, record)
        sound = sound and getattr(record, "ok", True)
    if sound or anyway:
        tried = _tried(flow, asked, progress, ask, fetching)
        tell("pilot", tried)
        tell("forecast", forecast(flow))
        if tried.runs:
            tell("estimate again", estimate(flow))
            # What the problem is worth is held against that bill from now on, its chance with it.
            posed, again = flow.known("define"), define(flow)
            if posed is None or posed.verdict != again.verdict:
                tell("define again", again)
    decision = decide(flow)
    tell("decide", decision)
    tell("books", books(flow))
    if moved := changes(before, flow.records):
        tell("changed", moved)
    return sound and decision.ok


def _tried(
    flow: Flow,
    asked: PilotAsked | None,
    progress: Progress | None,
    ask: Callable[[Any], bool | None] | None,
    fetching: Callable[[str], None] | None,
) -> Pilot:
    """The pilot of the road: the one asked for, else the one that holds, else a probe."""
    held: Pilot | None = flow.known("pilot")
    if asked is None and held is not None and held.runs and held.trainer != "probe":
        return held
    trainer = asked.trainer if asked else "probe"
    return no_pilot(flow, trainer) or pilot(flow, asked, progress, ask, fetching)
