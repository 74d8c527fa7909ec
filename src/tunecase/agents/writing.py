"""What the writing tools do: they append to a case's ledger or write files beside it, as the terminal's verbs do."""

from pathlib import Path
from typing import Any

from tunecase import flow
from tunecase.agents.answers import Answer
from tunecase.agents.call import Call
from tunecase.errors import InputError, Problem


def init(call: Call) -> Answer:
    """A project file for a data file, or a copy of an example; no file is replaced."""
    data, to = call.path("data"), call.path("to")
    if data is None:
        begun = flow.copy_example(call.get("example", ""), to=to or Path())
    else:
        wanted = flow.Wanted(test=call.path("test"), **call.those("input", "output", "group", "seed", split="share"))
        begun = flow.init(data, wanted, to=to or data.parent)
    return call.answer("init", begun)


def pilot(call: Call) -> Answer:
    """Small real runs within the minutes and dollars given; hosted models and commands are no part of it.

    Raises: InputError where an hour has a price and nothing may be spent: one run is always made.
    """
    if call.get("usd_per_hour", 0) > 0 and not call.get("max_usd"):
        wanted, fix = "more than 0 where an hour has a price: one run is always made", "ask what may be spent"
        raise InputError(Problem("max_usd", "0", wanted, fix))
    case = call.case(writes=True)
    plain = flow.PilotSettings(
        call.get("trainer", ""), max_minutes=float(call.get("max_minutes")), max_usd=float(call.get("max_usd")),
        usd_per_hour=call.get("usd_per_hour"), **call.those("model", "draws"),
    )  # fmt: skip
    words = flow.PilotWords(engine="local", candidates=call.get("candidates", "auto"), **call.those("sizes"))
    settings = flow.pilot_settings(words, plain, case.project)

    def tell(state: Any) -> None:
        call.tell(f"run {min(state.done + 1, state.total)} of {state.total}")

    return call.answer("pilot", flow.pilot(case, settings, tell), case)


def run(call: Call) -> Answer:
    """Every free verb in order, each record kept; the decision is the answer."""
    case = call.case(writes=True)
    told: dict[str, Any] = {}
    free = flow.PilotSettings("", race=("auto",), max_minutes=float(call.get("max_minutes")), max_usd=0.0)
    flow.road(case, told.__setitem__, settings=None if case.current("pilot") else free)
    verb = "decide" if "decide" in told else "estimate"
    return call.answer(verb, told[verb], case)


def add_round(call: Call) -> Answer:
    """Keeps what a round showed, and says what now."""
    case = call.case(writes=True)
    made = flow.add_round(
        case, call.get("rows"), call.get("score"), [call.get("changed")], call.get("test_rows"), call.get("corrects")
    )
    return call.answer("next", flow.next_step(case, made), case)


def spend_add(call: Call) -> Answer:
    """Books one charge."""
    case = call.case(writes=True)
    words = call.those("amount", "currency", "on", "note", "credit", "replaces", "quantity", "unit", line="category")
    return call.answer("spend", flow.spend_text(case, flow.ChargeAsked(**words)))


def approve(call: Call) -> Answer:
    """Releases money for the plan on file, by the person who is named."""
    case = call.case(writes=True)
    asked = flow.ApprovalAsked(**call.those("amount", "by", "until", "note", "plan"))
    return call.answer("approvals", flow.approve(case, asked))


def write_report(call: Call) -> Answer:
    """report.html, report.md and report.json; files of these names that tunecase did not make are refused."""
    from tunecase.report import render

    case = call.case(writes=True)
    asked = flow.ReportAsked(call.path("to"))
    return call.answer("report", flow.report(case, render, asked), case)


def fix(call: Call) -> Answer:
    """A cleaned copy of the training file, in a new folder."""
    case, to = call.case(writes=True), call.path("to")
    assert to is not None
    audited, cleaned = flow.fix(case, flow.FixAsked(to, call.get("mask", False), audit=flow.AuditAsked(engine="local")))
    return call.answer("clean", cleaned, case, ok=audited.ok)
