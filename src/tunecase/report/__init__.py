"""The answer on one page, for the manager and the engineer: as HTML, Markdown and JSON."""

from tunecase.report.approvals import HEAD, approval_line, approval_rows, approve_command
from tunecase.report.calendar import CALENDAR_HEAD, calendar, calendar_note
from tunecase.report.content import Content
from tunecase.report.headline import bridge_words, headline
from tunecase.report.lines import (
    assumption_words,
    effort_rows,
    expected_column,
    folded,
    shares,
    training_words,
    workings,
)
from tunecase.report.page import render
from tunecase.report.report import MADE_BY, content, outputs_in, report

__all__ = [
    "CALENDAR_HEAD", "HEAD", "MADE_BY", "Content", "approval_line", "approval_rows", "approve_command",
    "assumption_words", "bridge_words", "calendar", "calendar_note", "content", "effort_rows", "expected_column",
    "folded", "headline", "outputs_in", "render", "report", "shares", "training_words", "workings",
]  # fmt: skip
