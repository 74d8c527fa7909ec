"""The answer on one page, for the manager and the engineer: as HTML, Markdown and JSON."""

from tunecase.report.markdown import blocks_markdown, drawn
from tunecase.report.page import render
from tunecase.report.report import MADE_BY, content, outputs_in, report

__all__ = ["MADE_BY", "blocks_markdown", "content", "drawn", "outputs_in", "render", "report"]
