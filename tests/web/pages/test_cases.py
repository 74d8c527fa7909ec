"""The page of all cases."""

from dataclasses import replace

from tests.web.pages import made
from tests.web.pages.reading import PageRead
from tunecase.web.pages.cases import cases_heading, cases_page
from tunecase.web.views import CaseRow, Shelf


def test_a_row_says_what_is_known_of_a_case() -> None:
    """Name, link and folder, answer with its tone as a word and a shape, release, chance, spent, what it waits for."""
    html = cases_page(Shelf("/cases", made.SHELF.cases[:1]))
    for words in (
        "Support-ticket routing",
        "<small>teams/support</small>",
        "Yes, in stages",
        "◆",
        "in stages:",
        "1,500 USD",
        "40%",
        "380 of 15,000 USD",
        "an approval of",
    ):
        assert words in html
    assert 'href="/case/support/answer"' in html
    assert 'href="/case/support/pilot">pilot running' in html
    assert '<progress max="1" value="0.0250"' in html


def test_what_is_not_known_says_so_and_draws_no_bar() -> None:
    """A case just begun has neither figures nor a bar, and waits for the first run."""
    html = cases_page(Shelf("/cases", (CaseRow("New", key="new"),)))
    assert "no answer yet" in html
    assert 3 == html.count("not known</td>") + html.count("not known</span>")
    assert "<code>tunecase run</code></td>" in html
    assert "<progress" not in html


def test_a_fault_stands_in_its_row() -> None:
    """A case that cannot be read says why where its figures would stand, and keeps its link."""
    html = cases_page(made.SHELF)
    assert "Cannot be read: tunecase.yaml, line 3: got <code>budget: lots</code>" in html.replace("<wbr>", "")
    assert 'href="/case/broken/answer"' in html


def test_more_than_the_budget_fills_the_bar_and_no_more() -> None:
    """A share beyond 1, or below 0, stays within the bar; the words keep the figures."""
    row = replace(made.SHELF.cases[0], spent_share=1.4, spent="21,000 of 15,000 USD")
    html = cases_page(Shelf("/cases", (row, replace(row, key="b", spent_share=-0.2))))
    assert 'value="1.0000"' in html
    assert 'value="0.0000"' in html
    assert "21,000 of 15,000 USD" in html


def test_an_empty_folder_says_how_a_case_is_begun() -> None:
    """No table, but the commands; the folder and what was not looked at are named."""
    html = cases_page(replace(made.SHELF, cases=()))
    assert "tunecase init train.jsonl" in html
    assert "tunecase init --example" in html
    assert "/home/ada/cases" in html
    assert "2 folders more" in html
    assert not PageRead(html).all("table")


def test_the_heading_counts() -> None:
    """The cases, the pilots that run and the cases that cannot be read, each only where there are any."""
    running, still = CaseRow("A", key="a", is_running=True), CaseRow("C", key="c")
    broken = CaseRow("B", key="b", fault="no")
    assert "There is no case in this folder yet" == cases_heading(Shelf("/", ()))
    assert "1 case" == cases_heading(Shelf("/", (still,)))
    assert "2 cases: 1 pilot is running" == cases_heading(Shelf("/", (running, still)))
    assert "2 cases: 1 case cannot be read" == cases_heading(Shelf("/", (broken, still)))
    words = cases_heading(Shelf("/", (running, running, broken, broken)))
    assert "4 cases: 2 pilots are running, 2 cases cannot be read" == words


def test_a_key_is_one_part_of_an_address() -> None:
    """Whatever stands in a key, its link leads into this case."""
    html = cases_page(Shelf("/cases", (CaseRow("A", key="a/../b?c#d"),)))
    assert 'href="/case/a%2F..%2Fb%3Fc%23d/answer"' in html
