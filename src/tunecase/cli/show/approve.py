"""Prints approvals: one on its own, or all of them with what was spent and what is left."""

from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, print_table, say
from tunecase.quantities import day, figures, one_line, paid
from tunecase.records import Approval, Approvals, Rejection

if TYPE_CHECKING:
    from rich.console import Console

MOST_TEXT = 120  # characters of a name or a note


def print_approval(console: "Console", record: Approval | Rejection) -> None:
    """One approval or rejection as it was made."""
    if isinstance(record, Approval):
        answer = f"{paid(record.amount)} {record.currency} by {one_line(record.by, MOST_TEXT)} on {day(record.on)}"
    else:
        answer = f"rejected by {one_line(record.by, MOST_TEXT)} on {day(record.on)}"
    heading(console, "approve", answer, isinstance(record, Approval))
    say(console, f"Plan {record.plan}: {one_line(record.action, MOST_TEXT)}.")
    if isinstance(record, Approval):
        say(console, f"Stop rule: {record.stop_rule}.")
        if float(record.amount_base) > record.authorise.total:
            more = "It is more than the plan asks to authorise in all (base, contingency and reserve)"
            say(console, f"{more}, {figures(record.authorise.total)}.", "yellow")
    say(console, one_line(record.note))


def print_approvals(console: "Console", record: Approvals) -> None:
    """The approvals one by one, what was spent, and what to do now."""
    from tunecase.accounts import approval_line

    answer = f"{paid(record.total)} {record.currency} approved, {paid(record.spent)} spent, {paid(record.left)} left"
    if record.moved:
        answer += ", for another plan"
    if record.rejection is not None:
        answer = f"rejected; {answer}" if record.approved else "rejected"
    elif not record.approved:
        answer = "nothing is approved"
    heading(console, "approve", answer, False if record.warns else None)
    rows = [
        (one.id[:12], str(one.approval.on), f"{paid(one.approval.amount)} {one.approval.currency}", paid(one.spent),
         paid(one.left), "another plan" if one.moved and one.state == "in force" else one.state)
        for one in record.approved
    ]  # fmt: skip
    if rows:
        notes = [_told(one.approval) for one in record.approved]
        print_table(console, ("id", "day", "approved", "spent", "left", ""), rows, (2, 3, 4), notes)
    print_approval_line(console, record)
    if not rows and not approval_line(record):
        say(console, "There is nothing to approve: `tunecase decide` makes a plan and says what its first step costs.")


def _told(given: Approval) -> str:
    """Who approved it, for which plan, until when and with which note."""
    until = f", until {day(given.until)}" if given.until is not None else ""
    note = f": {one_line(given.note, MOST_TEXT)}" if given.note else ""
    return f"{one_line(given.by, MOST_TEXT)}, plan {given.plan}{until}{note}"


def print_approval_line(console: "Console", record: Approvals) -> None:
    """Where the approvals stand, in one paragraph; nothing where there is neither a plan nor an approval."""
    from tunecase.accounts import approval_line

    say(console, approval_line(record), "yellow" if record.warns else "")
