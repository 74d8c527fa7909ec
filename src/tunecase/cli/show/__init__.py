"""Prints records for people: one printer per verb, 80 columns, no colour needed to understand them."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.cli.show.brief import brief_markdown
    from tunecase.cli.show.progress import ask_before, audit_progress, pilot_progress
    from tunecase.cli.show.record import show, show_error

loads_late(__name__)
