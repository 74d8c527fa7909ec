"""The books of a case: which plan, which lines are closed, what is to come, and the page and the table for finance."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tunecase.errors import InputError, Problem, nearest
from tunecase.flow.opened import Flow, now, rows_of_the_bill, spent
from tunecase.flow.points import labelled_rows, tuning_of_the_curve
from tunecase.quantities import counted
from tunecase.records import Audit, Books, Closing, Forecast, PlanChosen, Round
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.books import Kept, Standing
    from tunecase.estimate import Drawn
    from tunecase.ledger import Entry
    from tunecase.project import Project
    from tunecase.report import Content


@dataclass(frozen=True, slots=True)
class BooksAsked:
    """What is asked of the books, as typed.

    `plan` makes another estimate the plan of record: latest, first, or the beginning of its entry's id. `close` names
    lines that are finished, with commas between, or all.
    """

    plan: str = ""
    close: str = ""


def books(flow: Flow, asked: BooksAsked | None = None) -> Books:
    """What did it cost so far, why, what is to come, and does the plan still hold?

    A new plan of record and closed lines are kept in the ledger first.

    Raises: InputError with every word that fits no estimate or no line, and for a broken ledger of an earlier project.
    """
    from tunecase.books import HalfImports, kept, plan_of_record
    from tunecase.books import books as fold

    half = HalfImports()
    found = kept(half.along(flow.ledger.entries()))
    _keep_choices(flow, found, asked or BooksAsked())
    plan = plan_of_record(found, flow.project.currency)
    record = fold(
        found.charges, estimate=plan[0] if plan else None, project=flow.project, verified=True,
        standing=_standing(flow, found),
    )  # fmt: skip
    record = replace(record, remarks=(*half.remarks(), *record.remarks))
    return cast(Books, flow.keep("books", record))


def _keep_choices(flow: Flow, found: "Kept", asked: BooksAsked) -> None:
    """Keeps what was chosen, all of it or, where a word is wrong, nothing."""
    problems: list[Problem] = []
    plan = _plan_asked(flow, found, asked.plan, problems) if asked.plan else None
    lines = _lines_asked(flow, found, plan, asked.close, problems) if asked.close else ()
    if problems:
        raise InputError(problems)
    if plan is not None:
        found.chosen = PlanChosen(plan.id, plan.recorded_at.date(), flow.today)
        _append(flow, "plan", found.chosen)
    if lines:
        found.closed.update(dict.fromkeys(lines, flow.today))
        found.reopened = [name for name in found.reopened if name not in lines]
        _append(flow, "close", Closing(lines, flow.today))


def _append(flow: Flow, verb: str, record: Any) -> None:
    if flow.writes:
        flow.ledger.append("record", record, recorded_at=now(), verb=verb, meta={"seed": flow.seed})


def _plan_asked(flow: Flow, found: "Kept", text: str, problems: list[Problem]) -> "Entry | None":
    """The estimate's entry that was asked for; None where it is the plan of record already, or where a problem is."""
    from tunecase.books import plan_of_record

    word = text.strip().casefold()
    if word == "latest":
        fits = found.estimates[-1:]
    elif word == "first":
        fits = found.estimates[:1]
    else:
        fits = [one for one in found.estimates if len(word) >= 6 and one.id.startswith(word)]
    if len(fits) != 1:
        days = ", ".join(f"{one.id[:12]} ({one.recorded_at:%Y-%m-%d})" for one in found.estimates[-3:])
        wanted = f"latest, first, or one estimate's id: {days}" if days else "an estimate in the ledger"
        fix = "copy an id of six characters or more" if days else "run `tunecase estimate`"
        problems.append(Problem("--plan", repr(text), wanted, fix))
        return None
    (only,) = fits
    if problem := _unfit(only, flow):
        problems.append(problem)
        return None
    held = plan_of_record(found, flow.project.currency)
    return None if held is not None and held[1].entry == only.id else only


def _unfit(entry: "Entry", flow: Flow) -> Problem | None:
    """Why an estimate cannot be held against, if it cannot."""
    try:
        currency = entry.record().currency
    except InputError as error:
        return error.problems[0]
    if currency == flow.project.currency:
        return None
    got = f"an estimate in {currency}"
    return Problem("--plan", got, f"one in {flow.project.currency}", "run `tunecase estimate` and choose latest")


def _lines_asked(
    flow: Flow, found: "Kept", plan: "Entry | None", text: str, problems: list[Problem]
) -> tuple[str, ...]:
    from tunecase.books import UNKNOWNS, plan_of_record, planned_lines

    held = plan_of_record(found, flow.project.currency)
    estimate = plan.record() if plan is not None else held[0] if held else None
    known = list(planned_lines(estimate)) if estimate is not None else []
    known += sorted({charge.category for _, charge in found.charges} - set(known))
    known = [name for name in known if name != UNKNOWNS]
    names = [word for word in re.split(r"[,\s]+", text.strip()) if word]
    if names == ["all"]:
        return (*known, UNKNOWNS)
    for name in names:
        if name not in known:
            wanted = f"all, or of {', '.join(known)}" if known else "a line of the plan or of the charges"
            problems.append(Problem("--close", repr(name), wanted, nearest(name, known)))
    return tuple(dict.fromkeys(names))


def _standing(flow: Flow, found: "Kept") -> "Standing":
    from tunecase.books import Standing, hindsight, plan_of_record

    past, plan, rounds = flow.past, plan_of_record(found, flow.project.currency), flow.rounds()
    known = Standing(
        plan=plan[1] if plan else None,
        rounds_made=len(rounds) or None,
        closed=found.closed,
        reopened=tuple(dict.fromkeys(found.reopened)),
        hindsight=hindsight(found, plan[1]) if plan else (),
        past=past.lines,
        past_projects=past.projects,
    )
    return _drawn(flow, known, rounds) if plan is not None and (found.charges or found.closed) else known


def _drawn(flow: Flow, known: "Standing", rounds: Sequence[Round]) -> "Standing":
    """With the bill as drawn now, or why there is none.

    After measured rounds the walk starts from the rows trained on in the latest of them, along the curve they moved,
    within what is left of the budget. Where no curve says what remains (no target, or the project file says how many
    rounds), the whole loop is drawn.
    """
    found: Audit | None = flow.known("audit")
    if found is None and flow.project.data.train is not None:
        return replace(known, not_drawn="the data or the project file have changed; run `tunecase estimate`")
    usable = rows_of_the_bill(flow, found)["train_rows"]
    seen: Forecast | None = flow.known("forecast")
    if known.rounds_made and flow.project.rounds is None and seen is not None and seen.rounds == known.rounds_made:
        rows = max(usable, labelled_rows(flow, rounds[-1]))
        bill = _bill(flow, found, rows, _with_what_is_left(flow), rounds)
        if bill.route.walk.reached is not None:
            return _with_bill(known, bill, afresh=True)
    return _with_bill(known, _bill(flow, found, usable, flow.project, rounds), afresh=False)


def _with_bill(known: "Standing", bill: "Drawn", *, afresh: bool) -> "Standing":
    from tunecase.books import LineDrawn

    lines = {
        name: LineDrawn(cost.amount, cost.quantity, cost.unit)
        for name, cost in bill.lines.items()
        if cost.included and cost.amount is not None
    }
    return replace(known, drawn=lines, rounds_drawn=bill.route.walk.rounds, afresh=afresh)


def _bill(flow: Flow, found: Audit | None, rows: int, project: "Project", rounds: Sequence[Round]) -> "Drawn":
    """The bill in every world, from so many rows on."""
    from tunecase.estimate import drawn

    tried = flow.known("pilot")
    return drawn(
        project, basis=replace(flow.basis(), project=project), train_rows=rows,
        tokens=found.tokens if found else None,
        definition=flow.known("define"), audit=found, forecast=flow.known("forecast"),
        runs=tried.runs if tried else (), tuning=tuning_of_the_curve(flow), reviews=flow.reviews,
        done=[made.changed for made in rounds],
    )  # fmt: skip


def _with_what_is_left(flow: Flow) -> "Project":
    """The project with the budget that is left; none of it left leaves the smallest budget that can be written."""
    budget = flow.project.budget
    if budget is None or budget.spread.median <= 0:
        return flow.project
    left = max(1 - spent(flow) / budget.spread.median, 1e-6)
    return flow.project.model_copy(update={"budget": budget.scaled(left, flow.project.currency)})


def write_books(
    flow: Flow, record: Books, draw: "Callable[[Content], str]", *, page: Path | None = None, csv: Path | None = None,
    force: bool = False,
) -> tuple[str, ...]:  # fmt: skip
    """Writes the books as one page, every charge that counts as a row in FOCUS columns, or both or none of them.

    Args:
        draw: makes HTML of the page.
        page, csv: the files to write.
        force: replaces files that tunecase did not make.
    Returns: a sentence for each file.
    Raises: InputError for a file in the way; TunecaseError when the folder or the disk does not take it.
    """
    from tunecase.books import focus_csv, held
    from tunecase.io import Output, write_outputs
    from tunecase.report import MADE_BY
    from tunecase.report.sections import page_of

    outputs, notes = [], []
    charges = flow.spendings()
    if csv is not None:
        counting = held(charges).charges
        outputs.append(Output(csv, focus_csv(counting, record, phases(flow)).encode(), b"x_entry_id,"))
        notes.append(f"{csv}: {counted(len(counting), 'charge')} in FOCUS columns.")
    if page is not None:
        content = page_of(record, flow.project, [charge for _, charge in charges], flow.today, __version__)
        outputs.append(Output(page, draw(content).encode(), MADE_BY))
        notes.append(f"{page}: the books on one page.")
    if outputs:
        write_outputs(outputs, flow.needed_files(), force=force)
    return tuple(notes)


def phases(flow: Flow) -> dict[str, str]:
    """The phase in which each charge was booked, by entry id: plan, pilot, or iter-N after N measured rounds."""
    found: dict[str, str] = {}
    phase = "plan"
    for entry in flow.ledger.entries(check=False):
        if entry.kind == "spend":
            found[entry.id] = phase
        elif entry.kind == "run":
            phase = "pilot"
        elif entry.kind == "record" and entry.verb == "round":
            phase = f"iter-{entry.body.get('number', '')}"
    return found
