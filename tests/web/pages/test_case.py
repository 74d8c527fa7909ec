"""The page of one case: six tabs."""

import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.web.pages import made
from tests.web.pages.reading import PageRead
from tunecase.report import answer_html
from tunecase.web.pages.case import TABS, case_page, spent_words
from tunecase.web.views import Tab


def headings(html: str, level: int = 2) -> list[str]:
    """The headings of a level."""
    return [words.strip() for at, words in PageRead(html).headings if at == level]


@pytest.mark.parametrize("tab", made.TABS[:3])
def test_every_tab_has_an_address_and_says_where_one_is(tab: Tab) -> None:
    """Six links, the one of this page marked; the case is the first heading, and the title names both."""
    html = case_page(made.view(), tab, made.TOKEN)
    links = [one for one in PageRead(html).all("a") if (one.get("href") or "").startswith("/case/support/")]
    tabs = [one for one in links if one["href"] in {f"/case/support/{name}" for name in TABS}]
    assert [f"/case/support/{name}" for name in TABS] == [one["href"] for one in tabs[:6]]
    assert [f"/case/support/{tab}"] == [one["href"] for one in tabs if one.get("aria-current") == "page"]
    assert ["Support-ticket routing"] == headings(html, 1)
    assert f"<title>Support-ticket routing: {TABS[tab]} · tunecase</title>" in html


def test_the_answer_is_drawn_as_the_page_draws_it() -> None:
    """Verdict, tiles, gates and what would change it are the report's own mark-up; the page to print is linked."""
    html = case_page(made.view(approvals=None), "answer", made.TOKEN)
    drawn = answer_html(made.PAGE.answer, "|")
    for piece in drawn.split("|"):
        assert re.sub(r"\s+", " ", piece).strip() in re.sub(r"\s+", " ", html)
    assert 'href="/case/support/page"' in html


@pytest.mark.parametrize(
    ("tab", "verb", "has_rows", "what", "run"),
    [
        ("money", "", True, "Nothing is priced yet", True),
        ("money", "estimate", True, "Nothing could be priced", False),
        ("data", "", True, "The data were not read yet", True),
        ("data", "", False, "There are no data to read", False),
        ("what-if", "", True, "There is nothing to move yet", True),
        ("what-if", "decide", True, "There is nothing to move", False),
        ("what-if", "", False, "There is nothing to move", False),
    ],
)
def test_a_tab_without_figures_says_why(tab: Tab, verb: str, has_rows: bool, what: str, run: bool) -> None:
    """What running the verb brings is told with the command, anything else with its reason; the page is linked."""
    told = tuple(replace(made.PAGE.appendix[0], verb=name) for name in (verb,) if name)
    html = case_page(made.view(replace(made.PAGE, parts=(), appendix=told), has_rows=has_rows), tab, made.TOKEN)
    assert [what] == headings(html)
    assert run is ("In a terminal: <code>tunecase run</code>" in html)
    assert 'href="/case/support/page">Open the whole page' in html


def test_the_what_if_panel_stands_in_the_page() -> None:
    """Its grid is data that nothing can end; without one the page says what is missing."""
    grid = {"words": {"a": "</script><script>alert(1)</script>"}}
    html = case_page(made.view(replace(made.PAGE, grid=grid)), "what-if", made.TOKEN)
    data = re.findall(r'<script type="application/json" id="grid">(.*?)</script>', html)
    assert [grid] == [json.loads(one) for one in data]
    assert 'id="sheet"' in html
    assert 'id="ask"' not in html
    assert ["There is nothing to move yet"] == headings(case_page(made.view(), "what-if", made.TOKEN))


def test_what_was_spent_is_held_against_what_was_released() -> None:
    """Against the release where there is one, else the budget, else nothing; without books nothing is said."""
    assert ("380 spent of 1,500 USD released", pytest.approx(380 / 1500)) == spent_words(
        made.view(approvals=made.RELEASED)
    )
    before = spent_words(made.view(approvals=replace(made.RELEASED, before=Decimal("65.20"))))
    assert "380 spent of 1,500 USD released, 65.20 before that" == before[0]
    assert ("381.55 spent of a budget of 15,000 USD", pytest.approx(381.55 / 15000)) == spent_words(made.view())
    unlimited = replace(made.BOOKS, budget=None, left=None, spent=Decimal(12))
    assert ("12 USD spent", None) == spent_words(made.view(books=unlimited))
    assert spent_words(made.view(books=None)) is None


def test_a_key_stays_in_its_place() -> None:
    """A key with slashes and marks of an address leads nowhere else."""
    html = case_page(made.view(key="../a?b"), "pilot", made.TOKEN)
    assert 'action="/case/..%2Fa%3Fb/pilot/start"' in html
    assert 'data-events="/case/..%2Fa%3Fb/pilot/events"' in html
