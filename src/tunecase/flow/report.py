"""Remakes what a change of the case has outdated, and folds all that is known of it into the report."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from tunecase import catalog
from tunecase.flow.approve import approvals
from tunecase.flow.books import books, books_hold
from tunecase.flow.decide import grid_of
from tunecase.flow.inference import InferenceAsked, inference
from tunecase.flow.kept import kept, sha256_of
from tunecase.flow.ledger import not_used
from tunecase.flow.opened import Flow
from tunecase.flow.sources import sources
from tunecase.flow.verbs import AUDIT, BILL, CURVE, DECISION, DEFINITION, Need, define, have
from tunecase.ledger import Entry
from tunecase.records import Approvals, Decision, Definition, Estimate, Report
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.accounts import Material
    from tunecase.blocks import Grid, Page


def renew(flow: Flow) -> None:
    """Remakes the records that a change of the case has outdated; it never runs a pilot."""
    made = {verb for kind, verb in flow.ledger.counts() if kind == "record"}
    for verb, need in (("audit", AUDIT), ("define", DEFINITION), ("forecast", CURVE)):
        _renew(flow, made, verb, need)
    before = flow.current("estimate")
    if "estimate" in made:
        have(flow, BILL)
    if flow.current("estimate") is not before and "define" in made:
        define(flow)  # the problem was judged with the earlier bill
    _renew(flow, made, "decide", DECISION)
    if "sources" in made and flow.current("sources") is None:
        sources(flow)
    if "inference" in made and flow.current("inference") is None:
        inference(InferenceAsked(), first=flow)
    if ("books" in made or flow.spendings()) and not books_hold(flow):
        books(flow)


def _renew(flow: Flow, made: Collection[str], verb: str, need: Need) -> None:
    if verb in made:
        have(flow, need)


def contents(flow: Flow, *, with_rows: bool = False, with_grid: bool = True) -> "Page":
    """Everything that is known of the case, as the page and the report fold it.

    Args:
        flow: the case; what a change has outdated is made anew first.
        with_rows: rows of the data are shown in the appendix.
        with_grid: works out what the page's what-if panel moves between, which takes seconds.
    """
    renew(flow)
    return _contents(flow, grid_of(flow, flow.current("decide")) if with_grid else None, with_rows=with_rows)


def _contents(flow: Flow, grid: "Grid | None", *, with_rows: bool) -> "Page":
    from tunecase.accounts import panel
    from tunecase.report import page_content

    records = {verb: record for verb in MATERIAL if (record := flow.current(verb)) is not None}
    held = {verb: flow.entry_that_holds(verb) for verb in records}
    stood: dict[str, str] = {}
    earlier: list[tuple[str, Estimate]] = []
    last, bill = flow.ledger.latest(), flow.grounds("estimate")
    head = last.id if last is not None else ""
    for entry in flow.ledger.entries("record"):
        stood[entry.verb] = _standing(entry)
        if entry.verb == "estimate" and entry.meta.get("seed") == flow.seed and not bill.why_not(entry):
            earlier.append((f"{entry.recorded_at:%Y-%m-%d %H:%M}", entry.record()))
    stood |= {verb: _standing(stands) for verb, stands in held.items() if stands is not None}
    spendings = tuple(charge for _, charge in flow.spendings())
    unused = tuple(not_used(flow))
    gathered = replace(
        material(flow), spendings=spendings, earlier=tuple(earlier[:-1]), entries=stood,
        not_used=tuple(map(str, unused)), ledger=head, with_rows=with_rows,
    )  # fmt: skip
    records |= {"approvals": gathered.approvals, **({"spend": spendings} if spendings else {})}
    meta = {
        "seed": str(flow.seed), "version": __version__, "price_book": catalog.price_book(), "ledger": head,
        "entries": stood, **({"not_used": unused} if unused else {}),
    }  # fmt: skip
    return page_content(
        gathered, records=records, meta=meta, grid=None if grid is None else panel(grid, gathered)
    )  # fmt: skip


# Where a verb's record stands among the material of a case.
MATERIAL = {
    "define": "definition", "audit": "audit", "estimate": "estimate", "pilot": "pilot", "judge": "judged",
    "forecast": "forecast", "decide": "decision", "sources": "sources", "inference": "inference", "books": "books",
}  # fmt: skip


def material(flow: Flow) -> "Material":
    """The records of a case that hold, for the accounts of any of them; nothing is made anew."""
    from tunecase.accounts import Material

    held = {name: flow.current(verb) for verb, name in MATERIAL.items()}
    logs = tuple(flow.logs.told(flow.table("test")).items()) if flow.logs.read else ()
    return Material(
        today=flow.today, project=flow.project, version=__version__, approvals=approvals(flow), logs=logs,
        runs=0 if held["pilot"] is not None else _runs_begun(flow), **held,
    )  # fmt: skip


def _runs_begun(flow: Flow) -> int:
    """How many runs that did not fail the ledger holds of the case's own pilot."""
    key = flow.key("pilot")
    runs = (entry for entry in flow.ledger.entries_of("run", "pilot") if entry.meta.get("key") == key)
    return len({entry.body["key"] for entry in runs if not entry.body.get("failed")})


class Standing(NamedTuple):
    """A case as a brief tells it: the problem, its bill, the decision (None before any), and what was approved."""

    definition: Definition
    bill: Estimate | None
    decision: Decision | None
    approvals: Approvals


def as_it_stands(flow: Flow) -> Standing:
    """The case as it stands, for a brief: once anything was decided, what a change has outdated is made again first.

    Before that the problem is judged with whatever bill there is.
    """
    decided = flow.ledger.latest("record", "decide") is not None
    if decided:
        renew(flow)
    held: Definition | None = flow.current("define") if decided else None
    definition = held or define(flow)
    return Standing(definition, flow.current("estimate"), flow.current("decide"), approvals(flow))


def _standing(entry: Entry) -> str:
    return f"entry {entry.id[:12]}, {entry.recorded_at:%Y-%m-%d %H:%M} UTC"


class ReportAsked(NamedTuple):
    """What is asked of a report: its folder (the case's by default), a PDF of the page, and rows of the data in it."""

    to: Path | None = None
    pdf: Path | None = None
    with_rows: bool = False


PLAIN_REPORT = ReportAsked()


def check_report(flow: Flow, asked: ReportAsked = PLAIN_REPORT, *, html: bool = True, force: bool = False) -> None:
    """Refuses a report whose files stand in the way, or no Chromium for its PDF, before the work it would tell of."""
    from tunecase.io import find_chromium
    from tunecase.report import outputs_in

    if asked.pdf is not None:
        find_chromium()
    flow.check_outputs(outputs_in(asked.to or flow.folder, html=html, pdf=asked.pdf), force=force)


def report(
    flow: Flow, page: "Callable[[Page], str] | None" = None, asked: ReportAsked = PLAIN_REPORT, *, force: bool = False
) -> Report:
    """Writes report.html, report.md and report.json, and a PDF where it is asked for: all of them or none.

    `page` draws the HTML. Files of these names that tunecase did not make are replaced with `force` only.
    """
    check_report(flow, asked, html=page is not None, force=force)
    renew(flow)
    last = [entry.id for entry in flow.ledger.entries() if entry.verb != "report"][-1:]
    record, _ = kept(
        flow, "report", tuple[Report, dict[str, str]], (str(flow.folder), asked, page is None, last),
        lambda: _written(flow, page, asked, force=force),
        fits=lambda written: asked.pdf is None and all(sha256_of(name) == was for name, was in written[1].items()),
    )  # fmt: skip
    return cast(Report, flow.keep("report", record))


def _written(
    flow: Flow, page: "Callable[[Page], str] | None", asked: ReportAsked, *, force: bool
) -> tuple[Report, dict[str, str]]:
    """The record of a report that is written now, with the SHA-256 of each of its files."""
    from tunecase.report import report as write

    grid = None if page is None else grid_of(flow, flow.current("decide"))
    shown = _contents(flow, grid, with_rows=asked.with_rows)
    record = write(
        shown, asked.to or flow.folder, draw=page, pdf=asked.pdf, needed=flow.needed_files(), force=force
    )  # fmt: skip
    files = (record.html, record.markdown, record.json)
    return record, {name: sha256_of(name) for name in files if name}
