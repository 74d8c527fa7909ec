"""The answer on one page, for the manager and the engineer: as HTML, Markdown and JSON."""

from tunecase.report.appendix import appendix
from tunecase.report.books import books_page
from tunecase.report.markdown import blocks_markdown, drawn
from tunecase.report.page import account_html, record_html, render
from tunecase.report.page_markdown import page_markdown
from tunecase.report.report import MADE_BY, as_json, outputs_in, page_content, page_of, report

__all__ = [
    "MADE_BY", "account_html", "appendix", "as_json", "blocks_markdown", "books_page", "drawn", "outputs_in",
    "page_content", "page_markdown", "page_of", "record_html", "render", "report",
]  # fmt: skip
