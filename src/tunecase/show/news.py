"""Prints what now: two sentences for the manager, a table for the engineer."""

from typing import TYPE_CHECKING

from tunecase.records import Next
from tunecase.show.paper import heading, print_table, say

if TYPE_CHECKING:
    from rich.console import Console


def print_next(console: "Console", record: Next) -> None:
    """The two sentences, what moved, and the two best steps."""
    heading(console, "next", record.decision.action, record.ok or None)
    for sentence in record.told:
        say(console, sentence)
    if record.moved:
        head = ("what moved", f"before ({record.since})" if record.since else "before", "now")
        rows = [(change.name, change.before, change.now) for change in record.moved]
        print_table(console, head, rows, (), [])
    elif record.since:
        say(console, f"Nothing moved since {record.since}.", "dim")
    if record.decision.runner_up:
        say(console, f"Next best: {record.decision.runner_up}.")
    if record.decision.flips_at:
        say(console, f"The advice flips: {record.decision.flips_at}.")
