"""The page of all cases."""

from dataclasses import replace

from tests.web.pages import made
from tunecase.web.pages.cases import cases_page
from tunecase.web.views import CaseRow, Shelf


def test_more_than_the_budget_fills_the_bar_and_no_more() -> None:
    """A share beyond 1, or below 0, stays within the bar; the words keep the figures."""
    row = replace(made.SHELF.cases[0], spent_share=1.4, spent="21,000 of 15,000 USD")
    html = cases_page(Shelf("/cases", (row, replace(row, key="b", spent_share=-0.2))))
    assert 'value="1.0000"' in html
    assert 'value="0.0000"' in html
    assert "21,000 of 15,000 USD" in html


def test_a_key_is_one_part_of_an_address() -> None:
    """Whatever stands in a key, its link leads into this case."""
    html = cases_page(Shelf("/cases", (CaseRow("A", key="a/../b?c#d"),)))
    assert 'href="/case/a%2F..%2Fb%3Fc%23d/answer"' in html
