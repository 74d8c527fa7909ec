"""Prints where the report lies, and which answers moved since the last one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tunecase.cli.show.paper import heading, say
from tunecase.quantities import counted
from tunecase.records import Change, Report

if TYPE_CHECKING:
    from rich.console import Console


def print_report(console: "Console", record: Report) -> None:
    """Where the report lies."""
    heading(console, "report", record.answer)
    for path in (record.html, record.markdown, record.json):
        if path:
            say(console, path, indent=2)


def print_changes(console: "Console", record: Sequence[Change]) -> None:
    """What moved since the last time, before and now."""
    if not record:
        return
    heading(console, "changed", f"{counted(len(record), 'answer')} moved")
    for change in record:
        say(console, f"{change.name}: {change.now}")
        say(console, f"before: {change.before}", "dim", 4)
