"""The books of a case: which plan, which lines are closed, what is to come, and the page and the table for finance."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase.errors import InputError, Problem, nearest, refuse_any
from tunecase.flow.approve import approvals
from tunecase.flow.known import drawn_of, known_of
from tunecase.flow.ledger import ledger_warnings, unread_charges
from tunecase.flow.opened import Flow, now, spent, within_budget
from tunecase.flow.points import labelled_rows
from tunecase.flow.verbs import KNOWN_PROBLEM, have
from tunecase.quantities import counted, money
from tunecase.records import Books, Closing, PlanChosen, Round, ServedAgainstForecast, Spending, unread_words
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.blocks import Page
    from tunecase.books import Kept, Standing
    from tunecase.ledger import Entry
    from tunecase.plan import Drawn
    from tunecase.project import Project


CSV_MARK = b"x_entry_id,"  # the name of a column that tunecase alone writes


@dataclass(frozen=True, slots=True)
class BooksAsked:
    """What is asked of the books, as typed.

    `plan` makes another estimate the plan of record: latest, first, or the beginning of its entry's id. `close` names
    lines that are finished, with commas between, or all.
    """

    plan: str = ""
    close: str = ""


def books(flow: Flow, request: BooksAsked | None = None) -> Books:
    """What did it cost so far, why, what is to come, and does the plan still hold?

    A new plan of record and closed lines are kept in the ledger first.

    Raises: InputError with every word that fits no estimate or no line, and for a broken ledger of an earlier project.
    """
    from tunecase.books import HalfImports, held, kept, odd_words, plan_of_record, rates_told
    from tunecase.books import books as fold

    half = HalfImports()
    booked = kept(half.along(flow.ledger.entries()))
    _keep_choices(flow, booked, request or BooksAsked())
    plan = plan_of_record(booked, flow.project.currency)
    paid = within_budget(flow, booked.charges)
    record = fold(
        paid, estimate=plan[0] if plan else None, project=flow.project, verified=True,
        standing=_standing(flow, booked),
    )  # fmt: skip
    unread = unread_charges(flow.ledger)
    aside = [unread_words(unread)] if unread else []
    counting = [charge for _, charge in held(booked.charges).charges]
    odd = [*odd_words(counting, max(flow.today, datetime.now(UTC).date())), *ledger_warnings(flow.ledger)]
    within = sum((charge.amount_base for _, charge in held(paid).charges), Decimal(0))
    if beside := sum((charge.amount_base for charge in counting), Decimal(0)) - within:
        words = f"{money(beside, flow.project.currency)} of answers served after launch stand beside the budget"
        aside.append(f"{words} (`include_inference: true` counts them).")
    rates = [f"{words}." for words in rates_told(counting, flow.project.currency, flow.project.rates)]
    served = _served(flow, counting)
    about = served.remarks if served else ()
    record = replace(record, remarks=(*aside, *half.remarks(), *odd, *record.remarks, *rates, *about), served=served)
    return cast(Books, flow.keep("books", record))


def books_hold(flow: Flow) -> bool:
    """Whether the books on file say what they would say now: nothing but reports was recorded behind them, today."""
    held, behind = flow.entry_that_holds("books"), None
    for entry in flow.ledger.entries():
        if entry.kind != "record" or entry.verb != "report":
            behind = entry
    if held is None or behind is None or behind.id != held.id:
        return False
    same = (held.meta.get("seed"), held.meta.get("version")) == (flow.seed, __version__)
    same_day = held.recorded_at.date() == datetime.now(UTC).date()
    remarks = cast(Books, held.record()).remarks
    warned = ledger_warnings(flow.ledger) or any(words.startswith(flow.ledger.path.name) for words in remarks)
    return flow.writes and same and same_day and not warned


def _served(flow: Flow, charges: Sequence[Spending]) -> ServedAgainstForecast | None:
    """What was served against the forecast as it stood; None where no period is booked."""
    from tunecase.books import INFERENCE, SERVED, against_forecast, forecast_before

    served = list(flow.ledger.entries_of("record", SERVED))
    if not served:
        return None
    forecast = forecast_before(flow.ledger.entries_of("record", INFERENCE), served, flow.project.currency)
    periods = [(entry.id, entry.record()) for entry in served]
    return against_forecast(periods, charges, forecast, flow.project.currency)


def _keep_choices(flow: Flow, booked: "Kept", request: BooksAsked) -> None:
    """Keeps what was chosen, all of it or, where a word is wrong, nothing."""
    problems: list[Problem] = []
    plan = _plan_asked(flow, booked, request.plan, problems) if request.plan else None
    lines = _lines_asked(flow, booked, plan, request.close, problems) if request.close else ()
    refuse_any(problems)
    if plan is not None:
        booked.chosen = PlanChosen(plan.id, plan.recorded_at.date(), flow.today)
        _append(flow, "plan", booked.chosen)
    if lines:
        booked.closed.update(dict.fromkeys(lines, flow.today))
        booked.reopened = [name for name in booked.reopened if name not in lines]
        _append(flow, "close", Closing(lines, flow.today))


def _append(flow: Flow, verb: str, record: Any) -> None:
    if flow.writes:
        flow.ledger.append("record", record, recorded_at=now(), verb=verb, meta={"seed": flow.seed})


def _plan_asked(flow: Flow, booked: "Kept", text: str, problems: list[Problem]) -> "Entry | None":
    """The estimate's entry that was asked for; None where it is the plan of record already, or where a problem is."""
    from tunecase.books import plan_of_record

    fits = _estimates_called(text.strip().casefold(), booked.estimates)
    if len(fits) != 1:
        problems.append(_no_such_estimate(text, booked.estimates))
        return None
    (only,) = fits
    if problem := _unfit(only, flow):
        problems.append(problem)
        return None
    held = plan_of_record(booked, flow.project.currency)
    return None if held is not None and held[1].entry == only.id else only


def _estimates_called(word: str, estimates: "Sequence[Entry]") -> "Sequence[Entry]":
    """The estimates that a word means: latest, first, or six or more characters of an id."""
    if word in ("latest", "first"):
        return estimates[-1:] if word == "latest" else estimates[:1]
    return [entry for entry in estimates if len(word) >= 6 and entry.id.startswith(word)]


def _no_such_estimate(text: str, estimates: "Sequence[Entry]") -> Problem:
    days = ", ".join(f"{entry.id[:12]} ({entry.recorded_at:%Y-%m-%d})" for entry in estimates[-3:])
    if not days:
        return Problem("--plan", repr(text), "an estimate in the ledger", "run `tunecase estimate`")
    wanted = f"latest, first, or one estimate's id: {days}"
    return Problem("--plan", repr(text), wanted, "copy an id of six characters or more")


def _unfit(entry: "Entry", flow: Flow) -> Problem | None:
    try:
        currency = entry.record().currency
    except InputError as error:
        return error.problems[0]
    if currency == flow.project.currency:
        return None
    got = f"an estimate in {currency}"
    return Problem("--plan", got, f"one in {flow.project.currency}", "run `tunecase estimate` and choose latest")


def _lines_asked(
    flow: Flow, booked: "Kept", plan: "Entry | None", text: str, problems: list[Problem]
) -> tuple[str, ...]:
    from tunecase.books import UNKNOWNS, plan_of_record, planned_lines

    held = plan_of_record(booked, flow.project.currency)
    estimate = plan.record() if plan is not None else held[0] if held else None
    planned = list(planned_lines(estimate)) if estimate is not None else []
    lines = dict.fromkeys([*planned, *sorted({charge.category for _, charge in booked.charges})])
    lines.pop(UNKNOWNS, None)
    names = [word for word in re.split(r"[,\s]+", text.strip()) if word]
    if names == ["all"]:
        return (*lines, UNKNOWNS)
    wanted = f"all, or of {', '.join(lines)}" if lines else "a line of the plan or of the charges"
    problems += [
        Problem("--close", repr(name), wanted, nearest(name, list(lines))) for name in names if name not in lines
    ]
    return tuple(dict.fromkeys(names))


def _standing(flow: Flow, booked: "Kept") -> "Standing":
    from tunecase.books import Standing, before_plan, hindsight, plan_of_record

    past, plan, rounds = flow.past, plan_of_record(booked, flow.project.currency), flow.rounds()
    early = before_plan(booked, plan[1]) if plan else frozenset[str]()
    standing = Standing(
        plan=plan[1] if plan else None,
        rounds_made=len(rounds) or None,
        closed=booked.closed,
        reopened=tuple(dict.fromkeys(booked.reopened)),
        hindsight=hindsight(booked, early),
        before_plan=early,
        past=past.lines,
        past_projects=past.projects,
    )
    return _drawn(flow, standing, rounds) if plan is not None and (booked.charges or booked.closed) else standing


def _drawn(flow: Flow, standing: "Standing", rounds: Sequence[Round]) -> "Standing":
    """With the bill as drawn now, or why there is none.

    After measured rounds the walk starts from the rows trained on in the latest of them, along the curve they moved,
    within what is left of the budget. Where no curve says what remains (no target, or the project file says how many
    rounds), the whole loop is drawn.
    """
    if flow.current("audit") is None and flow.project.data.train is not None:
        return replace(standing, not_drawn="the data or the project file have changed; run `tunecase estimate`")
    from tunecase.plan import drawn

    have(flow, KNOWN_PROBLEM)  # as for a bill, which is drawn on the problem where nobody has judged it yet
    facts, seen = known_of(flow), flow.current("forecast")
    follows_rounds = seen is not None and seen.rounds == standing.rounds_made
    if standing.rounds_made and flow.project.rounds is None and follows_rounds:
        rows = max(facts.rows, labelled_rows(flow, rounds[-1]))
        bill = drawn(replace(facts, rows=rows, spent=0.0).in_worlds(facts.basis.worlds, _with_what_is_left(flow)))
        if bill.walk.reached is not None:
            return _with_bill(standing, bill, afresh=True)
    # What was spent is taken off line by line, so the whole loop is drawn as it was before.
    return _with_bill(standing, drawn_of(flow, replace(facts, spent=0.0)), afresh=False)


def _with_bill(standing: "Standing", bill: "Drawn", *, afresh: bool) -> "Standing":
    from tunecase.books import LineDrawn
    from tunecase.plan.costs import beside_rounds

    lines = {
        name: LineDrawn(cost.amount, cost.quantity, cost.unit)
        for name, cost in bill.lines.items()
        if cost.included and cost.amount is not None
    }
    before, after = beside_rounds(replace(bill.work, walk=bill.walk))
    lines["labour"] = replace(lines["labour"], before=before, after=after)
    return replace(standing, drawn=lines, rounds_drawn=bill.walk.rounds, afresh=afresh)


def _with_what_is_left(flow: Flow) -> "Project":
    """The project with the budget that is left; none of it left leaves the smallest budget that can be written."""
    budget = flow.project.budget
    if budget is None or budget.spread.median <= 0:
        return flow.project
    left = max(1 - spent(flow) / budget.spread.median, 1e-6)
    return flow.project.model_copy(update={"budget": budget.scaled(left, flow.project.currency)})


@dataclass(frozen=True, slots=True)
class BooksFiles:
    """The files that the books are written into: one page, every charge in FOCUS columns, the plan by line."""

    page: Path | None = None
    csv: Path | None = None
    csv_plan: Path | None = None


def check_books_files(flow: Flow, files: BooksFiles, *, force: bool = False) -> None:
    """Refuses what `write_books` would refuse, before the books are made."""
    from tunecase.books import PLAN_MARK
    from tunecase.io import Output
    from tunecase.report import MADE_BY

    marked = ((files.csv, CSV_MARK), (files.csv_plan, PLAN_MARK), (files.page, MADE_BY))
    asked = [Output(path, mark=mark) for path, mark in marked if path is not None]
    flow.check_outputs(asked, force=force)


def write_books(
    flow: Flow, record: Books, draw: "Callable[[Page], str]", files: BooksFiles, *, force: bool = False
) -> tuple[str, ...]:
    """Writes the files that are asked for, all of them or none.

    Args:
        draw: makes HTML of the page.
        files: the files to write.
        force: replaces files that tunecase did not make.
    Returns: a sentence for each file.
    Raises: InputError for a file in the way; TunecaseError when the folder or the disk does not take it.
    """
    from tunecase.accounts import Material
    from tunecase.books import PLAN_MARK, focus_csv, held, plan_csv
    from tunecase.io import Output, write_outputs
    from tunecase.report import MADE_BY, books_page

    outputs, notes = [], []
    charges = flow.spendings()
    if files.csv is not None:
        counting = held(charges).charges
        outputs.append(Output(files.csv, focus_csv(counting, record.currency, phases(flow)).encode(), CSV_MARK))
        notes.append(f"{files.csv}: {counted(len(counting), 'charge')} in FOCUS columns.")
    if files.csv_plan is not None:
        outputs.append(Output(files.csv_plan, plan_csv(record).encode(), PLAN_MARK))
        notes.append(f"{files.csv_plan}: the plan and what was spent, by line.")
    if files.page is not None:
        material = Material(
            today=flow.today, books=record, spendings=tuple(charge for _, charge in charges), version=__version__,
            approvals=approvals(flow), project=flow.project,
        )  # fmt: skip
        outputs.append(Output(files.page, draw(books_page(material)).encode(), MADE_BY))
        notes.append(f"{files.page}: the books on one page.")
    if outputs:
        write_outputs(outputs, flow.needed_files(), force=force)
    return tuple(notes)


def phases(flow: Flow) -> dict[str, str]:
    """The phase in which each charge was booked, by entry id: plan, pilot, or iter-N after N measured rounds."""
    by_entry: dict[str, str] = {}
    phase = "plan"
    for entry in flow.ledger.entries():
        if entry.kind == "spend":
            by_entry[entry.id] = phase
        elif entry.kind == "run":
            phase = "pilot"
        elif entry.kind == "record" and entry.verb == "round":
            phase = f"iter-{entry.body.get('number', '')}"
    return by_entry
