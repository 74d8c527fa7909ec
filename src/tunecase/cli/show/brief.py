"""The brief of a problem as plain Markdown: the question, the verdict, costs, gaps, other ways, and lines to sign."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from tunecase.blocks import shown
from tunecase.quantities import (
    count,
    day,
    firm,
    firm_money,
    firm_share,
    line_amount,
    money,
    money_band,
    score,
    sentence,
)
from tunecase.records import Approvals, Criterion, Decision, Definition, Estimate
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.project import Project

WEIGHTS = {"stop": "stops", "warn": "asks for a fix", "note": "worth knowing"}


def brief_markdown(
    record: Definition, bill: Estimate | None, decision: Decision | None, approvals: Approvals, *, project: "Project",
    today: date,
) -> str:  # fmt: skip
    """The brief that a manager can sign.

    Args:
        record: the problem as judged.
        bill: what it costs; without it the brief says so.
        decision: what is advised, with its plan; without it the brief says so.
        approvals: what was approved, and the release that is asked for.
        project: for the question, the owner and what is to be measured.
        today: the day it is dated.
    Returns: Markdown without HTML, ending in lines for names, signatures and dates.
    """
    lines = [f"# Brief: {shown(project.name)}", "", f"{day(today)}, by tunecase {__version__}.", ""]
    lines += ["## The question", "", *_question(record, project), ""]
    lines += ["## The verdict", "", f"**{sentence(record.verdict)}** {shown(_reason(record))}", ""]
    lines += ["## The plan", "", *_plan(decision, approvals), ""]
    lines += ["## What it costs", "", *_costs(bill), ""]
    lines += ["## What it brings", "", *_brings(record), ""]
    failed = _ranked(record, "fail")
    lines += ["## What fails, and what each fix costs", ""]
    lines += [*_rules(failed, record.currency), ""] if failed else ["Nothing.", ""]
    unknown = _ranked(record, "unknown")
    lines += ["## What is not known", ""]
    lines += [*_rules(unknown, record.currency), ""] if unknown else ["Nothing that the rules ask for.", ""]
    if record.alternatives:
        lines += ["## Other ways", "", *_ways(record), ""]
    return "\n".join([*lines, "## The decision", "", *_signature(project, decision, approvals)]) + "\n"


def _question(record: Definition, project: "Project") -> Iterator[str]:
    statement = project.problem
    if statement.goal:
        yield f"{shown(statement.goal)}"
        yield ""
    yield f"Should a language model be fine-tuned for {shown(project.name)}?"
    yield ""
    target = "not stated" if record.target is None else score(record.target)
    yield f"- To be reached: {shown(record.metric or 'no metric stated')} {target}"
    yield f"- Measured on: {shown(statement.measured_on or project.data.test or 'not stated')}"
    yield f"- In use today: {'not measured' if record.in_use is None else score(record.in_use)}"
    yield f"- Moves in the business: {shown(statement.business_metric or 'not stated')}"
    yield f"- Rows: {count(record.train_rows)} to train, {count(record.test_rows)} to test"
    for more in statement.further_targets:
        yield f"- Also to be reached: {shown(more.metric)} {shown(str(more.target))}"


def _reason(record: Definition) -> str:
    return sentence(record.reason.partition(": ")[2] or record.reason)


def _plan(decision: Decision | None, approvals: Approvals) -> Iterator[str]:
    """What is advised, the headline figures of its plan, and what of it was approved."""
    from tunecase.accounts import plan_table
    from tunecase.report import drawn

    if decision is None:
        yield "Nothing is decided yet: this is the state before any decision. Run `tunecase decide`, then this again."
        return
    yield f"**{shown(sentence(decision.action))}** {shown(decision.reason)}"
    if decision.plan is None:
        return
    yield ""
    yield from drawn([plan_table(decision.plan, first=decision.comes_first)])
    yield from _approved(approvals)


def _approved(record: Approvals) -> Iterator[str]:
    """The hash of the plan, and what was approved of it or of an earlier one."""
    from tunecase.accounts import approval_line, approval_table
    from tunecase.report import drawn

    yield f"- Hash of the plan: {record.plan}"
    # The command that approves it stands at the end, where it is signed.
    yield f"- {shown(approval_line(replace(record, release=None)) or 'The plan is not approved.')}"
    if record.approved:
        yield ""
        yield from drawn([approval_table(record)])


def _costs(bill: Estimate | None) -> Iterator[str]:
    if bill is None:
        yield "Not known yet: run `tunecase estimate`."
        return
    yield "| line | P10 | P50 | P90 |"
    yield "|---|---:|---:|---:|"
    for line in bill.lines:
        if line.amount is None:
            yield f"| {shown(line.title)} | unpriced | unpriced | unpriced |"
        else:
            name = shown(line.title if line.included else f"{line.title} (not in the total)")
            yield f"| {name} | {_cells(bill.currency, line.amount.p10, line.amount.p50, line.amount.p90)} |"
    total = bill.total
    yield f"| **total, {bill.currency}** | {_total(bill)} |"
    yield ""
    foreseen, less = bill.total_without_unknowns, ""
    if foreseen is not None and foreseen != total:
        less = f", without unknowns {money(foreseen.p80, bill.currency)}"
    p80 = money(total.p80, bill.currency) if bill.plan is None else firm_money(bill.plan.total.p80, bill.currency)
    yield f"With 80% certainty it costs at most {p80}{less}."
    if bill.plan is not None and bill.plan.chance is not None:
        chance = firm_share(bill.plan.chance.shown)
        yield f"The chance to reach the target for it is {chance}; cases that ship nothing are in it."
    if bill.budget is not None:
        yield f"The budget is {money(bill.budget, bill.currency)}."
    for missing in bill.unpriced:
        yield f"- Not priced: {shown(missing)}"


def _total(bill: Estimate) -> str:
    """P10, P50 and P90 of the total, in the digits of the plan's headline."""
    if bill.plan is None:
        return _cells(bill.currency, bill.total.p10, bill.total.p50, bill.total.p90)
    return " | ".join(firm(point) for point in (bill.plan.total.p10, bill.plan.total.p50, bill.plan.total.p90))


def _cells(currency: str, *amounts: float) -> str:
    return " | ".join(line_amount(amount, currency) for amount in amounts)


def _brings(record: Definition) -> Iterator[str]:
    worth = next((rule for rule in record.criteria if rule.id == "P8"), None)
    if worth is not None and worth.status != "unknown":
        yield f"{shown(sentence(worth.got))} {shown(sentence(worth.reason))}"
    else:
        yield shown(sentence(worth.reason)) if worth is not None else "Not known."
    if record.value_per_point is not None:
        yield f"One point is worth {money_band(record.value_per_point, record.currency)}."


def _ranked(record: Definition, status: str) -> list[Criterion]:
    order = {"stop": 0, "warn": 1, "note": 2}
    return sorted((rule for rule in record.criteria if rule.status == status), key=lambda rule: order[rule.severity])


def _rules(rules: Sequence[Criterion], currency: str) -> Iterator[str]:
    yield "| rule | weight | found | why | fix | price of the fix |"
    yield "|---|---|---|---|---|---:|"
    for rule in rules:
        price = money_band(rule.price, currency) if rule.price is not None else "not priced"
        cells = (f"{rule.name} ({rule.id})", WEIGHTS[rule.severity], rule.got, rule.reason, rule.fix)
        yield "| " + " | ".join(shown(cell) for cell in cells) + f" | {price} |"


def _ways(record: Definition) -> Iterator[str]:
    from tunecase.accounts import steps_to_try

    yield f"Over the horizon, in {record.currency}; a question mark is not known."
    yield ""
    yield "| way | score | brings | set-up | answers | costs | evidence | not known |"
    yield "|---|---:|---:|---:|---:|---:|---|---|"
    for way in record.alternatives:
        amounts = (way.value, way.set_up, way.running, way.cost)
        cells = ["?" if way.score is None else score(way.score), *(_amount(one) for one in amounts)]
        evidence = f"ruled out: {shown(way.struck)}" if way.struck else way.evidence
        name = f"{way.action}: {way.note}" if way.note else way.action
        yield f"| {shown(name)} | {' | '.join(cells)} | {evidence} | {shown(', '.join(way.unknown))} |"
    if steps := steps_to_try(record):
        yield ""
        yield "To try, cheapest to know first:"
        yield ""
        yield from (f"{number}. {shown(step)}" for number, step in enumerate(steps, 1))


def _amount(amount: object) -> str:
    from tunecase.quantities import Band

    return money_band(amount, "") if isinstance(amount, Band) else "?"


def _signature(project: "Project", decision: Decision | None, approvals: Approvals) -> Iterator[str]:
    owner = project.problem.owner
    yield f"Decision owner: {shown(owner) if owner else 'nobody is named'}"
    yield ""
    if decision is None or decision.plan is None:
        yield "- [ ] go to pilot"
        yield "- [ ] fix first"
        yield "- [ ] do not start"
    else:
        yield from _choices(decision, approvals)
    yield ""
    yield "| role | name | signature | date |"
    yield "|---|---|---|---|"
    yield f"| decision owner | {shown(owner or '')} | | |"
    yield "| holder of the budget | | | |"


def _choices(decision: Decision, approvals: Approvals) -> Iterator[str]:
    """To approve or to reject the release of the plan, each with the command that puts it on record."""
    from tunecase.accounts import approve_command

    release = approvals.release
    if release is not None and release.shown > 0:
        against = "" if approvals.advised else ", against the advice"
        amount = firm_money(release, approvals.currency)
        yield f"- [ ] approve the release of {amount}{against}: `{approve_command(approvals)}`"
    else:
        yield f"- [ ] {shown(decision.action)}; nothing has to be released"
    yield f"- [ ] reject it: `tunecase reject --by NAME --plan {approvals.plan}`"
