"""Prints what now: two sentences for the manager, a table for the engineer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, safe, say
from tunecase.records import Next

if TYPE_CHECKING:
    from rich.console import Console


def print_next(console: "Console", record: Next) -> None:
    """The two sentences, what moved, and the two best steps."""
    heading(console, "next", record.decision.action, record.ok or None)
    for sentence in record.told:
        say(console, sentence)
    if record.to_try:
        say(console, "Before anything is tuned, cheapest to know first:")
        for number, step in enumerate(record.to_try, 1):
            say(console, f"{number}. {step}.", indent=2)
    if record.moved:
        head = ("what moved", f"before ({record.since})" if record.since else "before", "now")
        _moved(console, head, [(change.name, change.before, change.now) for change in record.moved])
    elif record.since:
        say(console, f"Nothing moved since {record.since}.", "dim")
    if record.decision.runner_up:
        say(console, f"Next best: {record.decision.runner_up}.")
    if record.decision.flips_at:
        say(console, f"The advice flips: {record.decision.flips_at}.")


def _moved(console: "Console", head: Sequence[str], rows: Sequence[tuple[str, str, str]]) -> None:
    """Before and now side by side, each wrapped in its own column: advice is longer than a number."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in head:
        table.add_column(safe(name), overflow="fold", max_width=console.width // 3)
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    console.print(table)
