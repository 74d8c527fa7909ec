"""Prints records for people: one printer per verb, 80 columns, no colour needed to understand them."""

from tunecase.cli.show.brief import brief_markdown, write_brief
from tunecase.cli.show.compare import comparison_markdown, write_markdown
from tunecase.cli.show.progress import (
    ask_before,
    audit_progress,
    import_progress,
    pilot_progress,
    redraw_progress,
    tell_fetching,
)
from tunecase.cli.show.record import PRINTERS, as_html, show, show_error, show_unchanged

__all__ = [
    "PRINTERS",
    "as_html",
    "ask_before",
    "audit_progress",
    "brief_markdown",
    "comparison_markdown",
    "import_progress",
    "pilot_progress",
    "redraw_progress",
    "show",
    "show_error",
    "show_unchanged",
    "tell_fetching",
    "write_brief",
    "write_markdown",
]
