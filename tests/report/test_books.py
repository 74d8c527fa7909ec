"""The books on a page: four figures first, then the account under its own titles."""

from dataclasses import replace

import pytest

from tests import samples
from tunecase.accounts import ACCOUNTS, Material
from tunecase.report import books_page, render

pytestmark = pytest.mark.skipif("books" not in ACCOUNTS, reason="books have no account yet")


def test_the_books_page_says_what_was_spent_and_what_is_left() -> None:
    """Spent and left to the cent, the end in the middle case, the chance to pass the budget, and every block below."""
    books = samples.books()
    page = books_page(Material(books=books, today=samples.TODAY, version="1"))
    assert ["spent", "left", "forecast", "over"] == [tile.key for tile in page.answer.tiles]
    assert f"{books.spent:,.2f}" == page.answer.tiles[0].value
    assert page.parts[0].findings
    html = render(page)
    assert "Made by tunecase" in html
    assert "<script" not in html


def test_each_approval_stands_on_the_books_page_once() -> None:
    """In one table, where anything was approved."""
    material = Material(books=samples.books(), approvals=samples.approvals(), today=samples.TODAY)
    titles = [finding.title for finding in books_page(material).parts[0].findings]
    assert 1 == titles.count("What was approved")
    bare = books_page(replace(material, approvals=None))
    assert "What was approved" not in [finding.title for finding in bare.parts[0].findings]


def test_books_without_a_budget_say_so() -> None:
    """What is not known is told as not known."""
    bare = replace(samples.books(), budget=None, over_budget=None, at_completion=None, planned=None)
    tiles = {tile.key: tile for tile in books_page(Material(books=bare)).answer.tiles}
    assert "no budget" == tiles["left"].value
    assert "not known" == tiles["over"].value
    assert ("not known", "no estimate was made") == (tiles["forecast"].value, tiles["forecast"].beside)


def test_a_finished_case_has_no_middle_case() -> None:
    """What was paid is what it cost, to the cent."""
    books = samples.books()
    books = replace(books, lines=tuple(replace(line, closed=samples.TODAY) for line in books.lines))
    tile = next(tile for tile in books_page(Material(books=books)).answer.tiles if tile.key == "forecast")
    assert ("In all", "3,885.57", "all lines are closed") == (tile.name, tile.value, tile.beside)
