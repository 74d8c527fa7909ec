"""The answer on one page, for the manager and the engineer: as HTML, Markdown and JSON."""

from tunecase.report.content import Content
from tunecase.report.headline import bridge_words, headline
from tunecase.report.lines import folded, workings
from tunecase.report.page import render
from tunecase.report.report import MADE_BY, content, outputs_in, report

__all__ = [
    "MADE_BY", "Content", "bridge_words", "content", "folded", "headline", "outputs_in", "render", "report", "workings",
]  # fmt: skip
