"""The page as Markdown: all that the page says, nothing of the data as mark-up."""

import itertools

from tests.report import pages
from tests.report.test_page import evil_page
from tunecase.report import page_markdown


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    """Also where a row has fewer figures than the head, or more."""
    lines = page_markdown(pages.PAGE).splitlines()
    for above, line in itertools.pairwise(lines):
        if above.startswith("|") and line.startswith("|"):
            assert above.count("|") == line.count("|"), (above, line)


def test_texts_of_records_are_no_mark_up() -> None:
    """Tags, links and emphasis in any text are shown as they are."""
    told = page_markdown(evil_page())
    assert "<script" not in told
    assert "<img" not in told
