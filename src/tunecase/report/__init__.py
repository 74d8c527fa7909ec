"""The answer on one page, for the manager and the engineer: as HTML, Markdown and JSON."""

from tunecase.report.approvals import HEAD, approval_line, approval_rows, approve_command
from tunecase.report.content import Content
from tunecase.report.headline import bridge_words, headline
from tunecase.report.lines import assumption_words, folded, rounding, shares, training_words
from tunecase.report.page import render
from tunecase.report.report import MADE_BY, content, outputs_in, report

__all__ = [
    "HEAD", "MADE_BY", "Content", "approval_line", "approval_rows", "approve_command", "assumption_words",
    "bridge_words", "content", "folded", "headline", "outputs_in", "render", "report", "rounding", "shares",
    "training_words",
]  # fmt: skip
