"""Folds finished records into one report for the business, the answer first.

`content` is pure: records in, plain blocks out. `page.py` draws them as HTML, `markdown` as text, `as_json`
hands on the records themselves, and `report` writes the three files. No stage knows that a report exists.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.accounts.approve import approved_tile
from tunecase.accounts.decide import next_step
from tunecase.accounts.headline import Headline, headline
from tunecase.accounts.lights import lights
from tunecase.accounts.material import Material
from tunecase.blocks import (
    Block,
    Cell,
    Content,
    Facts,
    Figure,
    Listing,
    Section,
    Table,
    Words,
)
from tunecase.io import Output, write_outputs
from tunecase.quantities import (
    count,
    counted,
    figures,
    firm,
    firm_money,
    firm_share,
    money,
    one_line,
    paid,
    score,
    sentence,
    share,
)
from tunecase.records import Books, Estimate, Forecast, NotUsed, Plan, Report, Spending, to_json

if TYPE_CHECKING:
    from tunecase.project import Project

REPORT_SECTIONS: tuple[Callable[[Material], Section], ...] = (next_step,)


MADE_BY = b"Made by tunecase"
# The figures at the top of the page, each with the section that shows more of it.
ASKED_FOR = ("release", "authorise")  # money that a plan asks for
TILES = (
    ("release", "decision"), ("lost", "decision"), ("chance", "decision"), ("worth", "decision"), ("total", "bill"),
    ("authorise", "bill"),
)  # fmt: skip
MISSING = (("Chance to reach the target", "forecast", "forecast"), ("Cost", "estimate", "bill"))


def outputs_in(to: Path, *, html: bool = True) -> tuple[Output, ...]:
    """The files of a report in a folder: Markdown, JSON and, with `html`, the page."""
    plain = Output(to / "report.md", mark=MADE_BY), Output(to / "report.json", mark=b'"price_book":')
    return (*plain, Output(to / "report.html", mark=MADE_BY)) if html else plain


def report(
    content: Content, to: Path, *, page: Callable[[Content], str] | None = None, needed: Iterable[Path] = (),
    force: bool = False,
) -> Report:  # fmt: skip
    """Writes report.html, report.md and report.json into a folder, all of them or none; earlier ones are replaced.

    Args:
        content: see `content`.
        to: the folder; made when it is missing.
        page: draws the HTML; without it no HTML is written, and the record says so with an empty path.
        needed: files that the case rests on; the report takes the place of none of them.
        force: replaces files of these names that tunecase did not make.
    Returns: the record of the files written, and the answer.
    Raises: InputError for a file in the way; TunecaseError when the folder or the disk does not take them.
    """
    contents = [markdown(content), as_json(content), *([page(content)] if page is not None else [])]
    asked = outputs_in(to, html=page is not None)
    written = [replace(output, content=text.encode()) for output, text in zip(asked, contents, strict=True)]
    write_outputs(written, needed, force=force)
    html = str(to / "report.html") if page is not None else ""
    done = tuple(section.id for section in content.sections if section.done)
    return Report(content.answer, html, str(to / "report.md"), str(to / "report.json"), done)


def content(
    records: Mapping[str, Any],
    *,
    project: "Project | None",
    spendings: Sequence[Spending] = (),
    meta: Mapping[str, Any] | None = None,
    today: date | None = None,
    earlier: Sequence[tuple[str, Estimate]] = (),
    entries: Mapping[str, str] | None = None,
    not_used: Sequence[NotUsed] = (),
) -> Content:
    """The whole report from finished records.

    Args:
        records: the latest record by verb ("define", "audit", "estimate", "pilot", "forecast", "decide", "books").
        project: gives the name, the goal and the owner; None for a nameless report.
        spendings: the charges behind the books, for the evidence.
        meta: "version", "ledger" (its last entry) and anything else for the JSON.
        today: the day on which the age of prices is judged; without it no price is called old.
        earlier: older estimates with their dates in words, oldest first, to show how the total moved.
        entries: the ledger entry of each record in words, by verb.
        not_used: records on file that nothing here rests on.
    Returns: Content; a missing record makes its section say what to run.

    Leaves out everything that no record holds: a report adds no number of its own.
    """
    about = dict(meta or {})
    material = replace(
        _gathered(records, today),
        spendings=tuple(spendings),
        earlier=tuple(earlier),
        entries=dict(entries or {}),
        not_used=tuple(map(str, not_used)),
        version=str(about.get("version", "")),
        ledger=str(about.get("ledger", "")),
    )
    return Content(
        project=one_line(project.name) if project else "Fine-tuning case",
        goal=one_line(project.problem.goal or "") if project else "",
        owner=one_line(project.problem.owner or "") if project else "",
        answer=_answer(material),
        lights=lights(material),
        figures=_figures(material),
        sections=tuple(section(material) for section in REPORT_SECTIONS),
        version=material.version,
        records={**records, "spend": tuple(spendings)} if spendings else dict(records),
        meta={**about, "entries": dict(entries or {}), **({"not_used": tuple(not_used)} if not_used else {})},
    )


def _gathered(records: Mapping[str, Any], today: date | None = None) -> Material:
    return Material(
        today=today,
        definition=records.get("define"),
        audit=records.get("audit"),
        estimate=records.get("estimate"),
        pilot=records.get("pilot"),
        judged=records.get("judge"),
        forecast=records.get("forecast"),
        decision=records.get("decide"),
        books=records.get("books"),
        approvals=records.get("approvals"),
        sources=records.get("sources"),
        inference=records.get("inference"),
    )


def answer(records: Mapping[str, Any]) -> str:
    """The one line that answers: a refusal with its reason, or chance, cost and next step."""
    return _answer(_gathered(records))


def _answer(material: Material) -> str:
    over = _overspent(material)
    refusal = _refusal(material)
    if refusal:
        return f"{over} {refusal}".strip()
    if material.decision is not None and material.decision.advice == "stop":
        return f"{over} Stop: {_because(material.decision.reason)} {_chance(material)}.".strip()
    instead = material.decision.instead if material.decision is not None else ""
    # What takes the fine-tune's place has no plan of its own: the chance would be that of the fine-tune.
    chance = "" if instead and not _measured_way(material) else _chance(material)
    parts = [part for part in (chance, _cost(material), _next(material)) if part]
    return " ".join(part for part in (over, instead, sentence("; ".join(parts))) if part)


def _measured_way(material: Material) -> bool:
    """Whether a measured way is advised in the fine-tune's place, whose forecast then says nothing of it."""
    return material.decision is not None and bool(material.decision.way)


def _overspent(material: Material) -> str:
    books = material.books
    if books is None or books.ok or books.left_shown is None:
        return ""
    return (
        f"Over budget: {money(books.spent, books.currency)} spent, {money(-books.left_shown, books.currency)} too much."
    )


def _refusal(material: Material) -> str:
    if material.definition is not None and not material.definition.ok:
        return f"Do not start: {_because(material.definition.reason.removeprefix('Do not start: '))}"
    if material.audit is not None and not material.audit.ok:
        lead = "These data are not fit" if material.audit.verdict == "not fit" else "Too few data to say"
        return f"{lead}: {_because(material.audit.reason)}"
    if material.forecast is not None and not material.forecast.ok and not _measured_way(material):
        words = {
            "above the ceiling": "The target is above the human ceiling",
            "not achievable within n_max": f"Not achievable with {count(material.forecast.n_max)} examples",
        }
        return f"{words[material.forecast.verdict]}: {_because(material.forecast.reason)}"
    return ""


def _because(reason: str) -> str:
    flat = one_line(reason)
    return flat if flat.endswith(".") else f"{flat}."


def _chance(material: Material) -> str:
    target = material.target
    forecast = material.forecast
    if forecast is None and material.definition is None:
        return "Not judged yet"
    if target is None:
        return "No target to reach was given"
    if forecast is None:
        return f"Chance to reach {score(target)} not known yet"
    plan = _plan(material)
    if _measured_way(material):
        return _chance_of_way(plan, target)
    if forecast.verdict == "reached":
        truly = (
            ""
            if plan is None or plan.chance is None
            else f", truly so with a chance of {firm_share(plan.chance.truly)}"
        )
        return f"{score(target)} is shown{truly}"
    if forecast.p_target is None or forecast.verdict in ("not a pilot yet", "pilot uninformative"):
        return f"Too early to say whether {score(target)} can be reached"
    if plan is not None and plan.chance is not None:
        within = "" if plan.budget_left is None else " within the budget"
        words = f"{firm_share(plan.chance.shown)} to show {score(target)}{within}"
        return f"{words}{_alone(forecast, ' (', ')')}"
    return f"{share(forecast.p_target)} to reach {score(target)} with {count(forecast.n_max)} examples"


def _chance_of_way(plan: Plan | None, target: float) -> str:
    """The chance of a plan that another way than the fine-tune makes; nothing where it does not aim at the target."""
    if plan is None or plan.chance is None or not plan.chance.shown.value:
        return ""
    if plan.lever == "ship":
        return f"{score(target)} is shown, truly so with a chance of {firm_share(plan.chance.truly)}"
    within = "" if plan.budget_left is None else " within the budget"
    return f"{firm_share(plan.chance.shown)} to show {score(target)}{within}"


def _alone(forecast: Forecast, before: str, after: str = "") -> str:
    """What the pilot alone promises, where another model stood in for the one to be tuned."""
    if not forecast.stand_in or forecast.p_target is None:
        return ""
    return f"{before}{share(forecast.p_target)} on the pilot's own curve{after}"


def _plan(material: Material) -> Plan | None:
    """The plan: the decision's, or the bill's where nothing is decided yet."""
    for record in (material.decision, material.estimate):
        if record is not None and record.plan is not None:
            return record.plan
    return None


def _going_on(material: Material) -> Books | None:
    """The books once money is spent and the total at completion is drawn: from then on they give the cost."""
    books = material.books
    return books if books is not None and books.entries and books.at_completion is not None else None


def _cost(material: Material) -> str:
    if (books := _going_on(material)) is not None and books.at_completion is not None:
        end = money(books.at_completion.p50, books.currency)
        over = "" if books.over_budget is None else f", {share(books.over_budget)} chance to pass the budget"
        return f"{money(books.spent, books.currency)} spent, {end} at completion{over}"
    plan, estimate = _plan(material), material.estimate
    if plan is None or estimate is None:
        return ""
    words = f"expected total {firm_money(plan.total.expected, plan.currency)}, P80 {firm(plan.total.p80)}"
    if not plan.advised:
        words = f"going on all the same: {words}"
    return f"{words} plus {counted(len(estimate.unpriced), 'unpriced line')}" if estimate.unpriced else words


def _next(material: Material) -> str:
    decision = material.decision
    if decision is None:
        return ""
    best = decision.best
    step = one_line(best.first_step if best and best.first_step else decision.action).rstrip(".")
    plan = decision.plan
    if best is None or plan is None or best.lever != plan.lever:
        return f"next: {step}"
    price = firm_money(plan.release.p80, decision.currency) if plan.release.p80.value else "free"
    return f"next: {step}, {price} at P80"


def _not_asked_for(figure: Headline, section: str) -> Figure:
    """Money that nobody should release, since no step is advised."""
    return Figure(figure.name, "nothing", f"going on all the same: {figure.value}", section)


def _figures(material: Material) -> tuple[Figure, ...]:
    """What a manager asks first: the headline figures of the plan, or what is missing for them."""
    plan = _plan(material)
    if plan is None:
        return tuple(Figure(name, "not known", f"run `tunecase {verb}`", section) for name, verb, section in MISSING)
    shown = {figure.key: figure for figure in headline(plan)}
    seen = None if _measured_way(material) else material.forecast
    alone = {} if seen is None else {"chance": _alone(seen, "; ")}
    tiles = [
        _not_asked_for(shown[key], section)
        if key in ASKED_FOR and not plan.advised
        else Figure(shown[key].name, shown[key].value, f"{shown[key].beside}{alone.get(key, '')}", section)
        for key, section in TILES
        if key in shown
    ]
    tiles += approved_tile(material.approvals, "decision")
    if (books := _going_on(material)) is not None and books.at_completion is not None:
        end, unit = books.at_completion, books.currency
        beside = f"8 in 10: {figures(end.p10)} to {figures(end.p90)}; {paid(books.spent)} spent"
        tiles.append(Figure("Cost at completion, P50", money(end.p50, unit), beside, "books"))
    return tuple(tiles)


def as_json(content: Content) -> str:
    """The records themselves as JSON, with the answer and what is needed to find and repeat them."""
    head = {**content.meta, "project": content.project}
    return to_json({"answer": content.answer, "meta": head, "records": dict(content.records)}).decode()


def markdown(content: Content) -> str:
    """The report as Markdown, fit for a pull request; texts are escaped, charts are told in words."""
    lines = [f"# {_md(content.project)}", "", f"**{_md(content.answer)}**", ""]
    if content.goal:
        lines += [_md(content.goal), ""]
    lines += [f"- {_md(light.question)} **{_md(light.word)}**: {_md(light.reason)}" for light in content.lights]
    lines.append("")
    for section in content.sections:
        lines += [f"## {_md(section.title)}", "", _md(section.answer), ""]
        for block in (*section.blocks, *section.evidence):
            lines += _md_block(block)
    lines.append(f"Made by tunecase {_md(content.version)}.")
    return "\n".join(lines) + "\n"


def _md_block(block: Block) -> list[str]:
    match block:
        case Table():
            return _md_table(block)
        case Facts():
            title = [f"**{_md(block.title)}**", ""] if block.title and block.pairs else []
            return [*title, *(f"- {_md(name)}: {_md(value)}" for name, value in block.pairs), ""]
        case Listing():
            if not block.items:
                return []
            return [f"**{_md(block.title)}**", "", *(f"- {_md(item)}" for item in block.items), ""]
        case Words():
            return [line for paragraph in block.paragraphs for line in (_md(paragraph), "")]
        case _:
            return [f"*{_md(block.caption)}*: {_md(block.summary)}.", ""]


def _md_table(table: Table) -> list[str]:
    rule = ["---:" if index in table.numeric else "---" for index in range(len(table.head))]
    rows = [_md_row(row, strong=index in table.strong) for index, row in enumerate(table.rows)]
    note = ["", _md(table.note)] if table.note else []
    head = "| " + " | ".join(_md(name) for name in table.head) + " |"
    return [f"**{_md(table.caption)}**", "", head, "| " + " | ".join(rule) + " |", *rows, *note, ""]


def _md_row(row: tuple[Cell, ...], *, strong: bool) -> str:
    texts = [_md(cell.marked) for cell in row]
    return "| " + " | ".join(f"**{text}**" if strong and text else text for text in texts) + " |"


def _md(text: str) -> str:
    flat = one_line(text).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "|*_[]#":
        flat = flat.replace(mark, "\\" + mark)
    return flat
