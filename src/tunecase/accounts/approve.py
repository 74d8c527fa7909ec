"""What approvals say: one as it was made, and all of them with what was spent of them and what is asked for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tunecase.accounts.approvals import (
    HEAD,
    approval_line,
    approval_rows,
    approve_command,
    last_approval,
    round_command,
)
from tunecase.accounts.material import Material, filled
from tunecase.accounts.words import plain_words
from tunecase.blocks import Account, Block, Cell, Facts, Table, Tone, Words
from tunecase.quantities import day, firm_money, one_line, paid, plain_money, plain_paid, sentence
from tunecase.records import Approval, Approvals, Rejection, Spending

MOST_TEXT = 120  # characters of a name or a note
MOST_ASKED = 600  # characters of what an agent asks for: all of a note


def approve(record: Approval | Rejection, material: Material) -> Account:
    """One approval or rejection as it was made."""
    who = f"by {one_line(record.by, MOST_TEXT)} on {day(record.on)}"
    if isinstance(record, Rejection):
        answer = f"Rejected {who}."
    else:
        until = "" if record.until is None else f", until {day(record.until)}"
        answer = f"{plain_paid(record.amount)} {record.currency} approved {who}{until}."
    short = Words((sentence(plain_words(one_line(record.action, MOST_TEXT))), *_beside(record)))
    facts = Facts("", (("Plan", record.plan), *_of_plan(record)))
    tone: Tone = "good" if isinstance(record, Approval) else "bad"
    return Account("approve", answer, tone, (short,), (facts,), "tunecase next")


def _beside(record: Approval | Rejection) -> Iterator[str]:
    """A warning where more was approved than the plan asks for in all, and the note."""
    if isinstance(record, Approval) and float(record.amount_base) > record.authorise.total:
        yield f"That is more than the plan asks to set aside in all, {plain_money(record.authorise.total, '')}."
    if record.note:
        yield sentence(one_line(record.note, MOST_TEXT))


def _of_plan(record: Approval | Rejection) -> Iterator[tuple[str, str]]:
    yield "First step, P80", firm_money(record.release, "")
    if isinstance(record, Approval):
        yield "Stop rule", record.stop_rule
        parts = record.authorise
        yield "Authorise", f"{parts.base:,.0f} + {parts.contingency:,.0f} + {parts.reserve:,.0f} = {parts.total:,.0f}"


def asked_words(ledger: str, records: Sequence[tuple[str, Any]]) -> str:
    """What an agent asks to write to the ledger of this path, a line for each record with its verb."""
    return "\n".join(
        f"{_asked(record)} Case: {one_line(str(Path(ledger).parent), MOST_ASKED)}" for _, record in records
    )


def _asked(record: Approval | Rejection | Spending) -> str:
    amount = "" if isinstance(record, Rejection) else f"{paid(record.amount)} {record.currency}"
    if isinstance(record, Spending):
        head, note = f"Book {amount} on {day(record.on)} under {record.category}", record.description
    else:
        action = plain_words(one_line(record.action, MOST_ASKED))
        head = f"{'Release' if amount else 'Reject'} {amount or 'the release'} for plan {record.plan} ({action})"
        note = record.note
    beside = {"Note": note} | {
        word: getattr(record, name, None) or ""
        for word, name in (("Until", "until"), ("By", "by"), ("In the place of", "supersedes"))
    }
    words = (f"{word}: {one_line(str(value), MOST_ASKED)}." for word, value in beside.items() if value)
    return " ".join((f"{head}.", *words))


def approvals(record: Approvals, material: Material) -> Account:
    """What is approved, spent and left in all, and what to do about it; each approval in full."""
    words: tuple[str, ...] = ()
    if any(one.state != "corrected" for one in record.approved) or record.rejection is not None:
        words = tuple(last_approval(record))
    elif material.decision is not None and material.decision.look is not None:
        words = ("Nothing has to be approved yet: a look comes first.",)
    elif not record.is_asked:
        words = ("There is nothing to approve: `tunecase decide` makes a plan and prices its first step.",)
    following = approve_command(record) if record.is_asked else round_command(record, material)
    if (decision := material.decision) is not None and decision.look is not None:
        following = decision.look.command
    elif following and not record.is_asked:
        words = (*words, f"Now: {plain_words(one_line(record.action, MOST_TEXT))}. Then record the score.")
    tone: Tone = "bad" if record.state in ("over", "rejected") else "warn" if record.warns else "plain"
    return Account(
        "approve",
        _answer(record),
        tone,
        filled(Words(words)),
        filled(approval_table(record), _entries(record)),
        following,
    )


def _answer(record: Approvals) -> str:
    if not record.approved:
        asks = f" The first step asks for {plain_money(record.release, record.currency)}."
        release = asks if record.is_asked else ""
        return "The plan is rejected." if record.rejection is not None else f"Nothing is approved yet.{release}"
    sums = [f"{plain_paid(record.total)} {record.currency} approved", f"{plain_paid(record.spent)} spent"]
    answer = f"{', '.join(sums)}, {plain_paid(record.left)} left"
    if record.moved:
        answer += ", for another plan"
    return f"Rejected; {answer}." if record.rejection is not None else f"{answer}."


def approval_table(record: Approvals) -> Table:
    """Every approval, the first first, with what is spent and left of it."""
    rows = tuple(tuple(map(Cell, row)) for row in approval_rows(record))
    note = f"{record.currency}. A charge draws from the approval that ends first."
    if record.before > 0:
        note += f" {paid(record.before)} was spent before the first approval and is counted in none."
    return Table("What was approved", HEAD, rows, (7, 8), note=note)


def _entries(record: Approvals) -> Facts:
    """The ledger entry of each approval, by which it is corrected, with its note."""
    given = [(one.id[:12], one.approval) for one in record.approved]
    pairs = tuple((id, f"{paid(one.amount)} {one.currency}{_note(one)}") for id, one in given)
    return Facts("Entries", pairs)


def _note(given: Approval) -> str:
    return f": {one_line(given.note, MOST_TEXT)}" if given.note else ""


def approval_blocks(record: Approvals | None) -> tuple[Block, ...]:
    """Where the approvals stand; nothing where there is neither a plan nor an approval."""
    words = "" if record is None else approval_line(record)
    return (Facts("", (("Money released", words),)),) if words else ()
