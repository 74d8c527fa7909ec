"""The answer on one page, for the manager and the engineer: as HTML, Markdown and JSON."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.report.appendix import appendix
    from tunecase.report.books import books_page
    from tunecase.report.markdown import blocks_markdown, drawn
    from tunecase.report.page import (
        SCRIPT, TONES, account_html, data_block, record_html, render, style_sheet, unsteered,
    )  # fmt: skip
    from tunecase.report.page_markdown import page_markdown
    from tunecase.report.pieces import accounts_html, answer_html, blocks_html, coded, part_html
    from tunecase.report.report import MADE_BY, as_json, outputs_in, page_content, page_of, report

loads_late(__name__)
