"""The served page in a real browser: it works under its own policy, and no other page gets at it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium, hear, needs_chromium, window
from tests.making import case_folder
from tests.report.test_browser import OPEN_ALL, with_panel
from tests.web.slow_pilots import slow_down, until
from tests.web.test_state import RUN, book
from tests.web.visiting import TOKEN, address_of, served, served_cases
from tunecase.ledger import Ledger
from tunecase.report import render

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def browser() -> Iterator[Any]:
    """A Chromium of this machine that remembers nothing."""
    with chromium() as one:
        yield one.new_context()


def test_the_page_works_under_its_own_policy(browser: Any, tmp_path: Path) -> None:
    """The token opens it and leaves the address; its style, drawings and what-if panel work; the console is silent."""
    said: list[str] = []
    with served(lambda: render(with_panel(tmp_path))) as page:
        tab = browser.new_page()
        hear(tab, said)
        tab.goto(f"http://127.0.0.1:{page.port}/?token={TOKEN}")
        assert f"http://127.0.0.1:{page.port}/" == tab.url == tab.evaluate("location.href")
        assert "" == tab.evaluate("document.cookie")
        tab.click("#ask")
        assert tab.is_visible("#sheet")
        tab.evaluate(OPEN_ALL)
        assert "rgba(0, 0, 0, 0)" != tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert 200 == tab.reload().status
    assert [] == said


def test_another_page_of_this_machine_gets_nothing(browser: Any) -> None:
    """With the cookie in the browser, a page on another port neither reads, frames, loads nor posts to the case."""
    drawn: list[str] = []

    def case() -> str:
        drawn.append("drawn")
        return "<p>the whole case</p>"

    with served(case) as page, served(lambda: "<!doctype html><title>other</title>") as other:
        address, tab = f"http://127.0.0.1:{page.port}/", browser.new_page()
        tab.goto(f"{address}?token={TOKEN}")
        tab.goto(f"http://127.0.0.1:{other.port}/?token={TOKEN}")
        assert ["drawn"] == drawn
        # The policy of our own pages would stop this one: it stands for a page that has none.
        foreign = browser.new_page()
        foreign.route("**/foreign", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        foreign.goto(f"http://127.0.0.1:{other.port}/foreign")
        tried = """async address => {
          const read = await fetch(address, {credentials: 'include'}).then(one => one.text(), () => 'refused');
          await fetch(address, {mode: 'no-cors', credentials: 'include'}).catch(() => 0);
          await fetch(address, {method: 'POST', mode: 'no-cors', credentials: 'include'}).catch(() => 0);
          for (const kind of ['iframe', 'img', 'script', 'object']) {
            const one = document.createElement(kind);
            one[kind === 'object' ? 'data' : 'src'] = address;
            document.documentElement.append(one);
          }
          await new Promise(done => setTimeout(done, 1500));
          return read;
        }"""
        assert "refused" == foreign.evaluate(tried, address)
        foreign.evaluate("address => { location.href = address }", address)
        foreign.wait_for_url(address)
        assert "Another page may not open this one" in foreign.inner_text("body")
    assert ["drawn"] == drawn


def test_a_pilot_is_started_watched_and_stopped_and_a_charge_booked(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs come in without a reload, in a second tab too; a stop keeps them; a charge shows; the console is silent."""
    slow_down(tmp_path / "site", monkeypatch, 0.5)
    (tmp_path / "case").mkdir()
    project = case_folder(tmp_path / "case")
    said: list[str] = []

    with served_cases(project.parent) as site:
        tab = browser.new_page()
        hear(tab, said)
        tab.goto(f"{site.origin}/?token={TOKEN}")
        address = f"{site.origin}{address_of(project)}"
        tab.goto(f"{address}/pilot")
        # The form offers no learner that takes its time.
        tab.evaluate("() => { document.querySelector('[name=trainer] option').value = 'simulated' }")
        tab.click("form[action$='/pilot/start'] button")
        other = browser.new_page()
        other.goto(f"{address}/pilot")
        for one in (tab, other):
            one.get_by_text(re.compile(r"Pilot: ([3-9]|[1-9][0-9]) ")).first.wait_for(timeout=60_000)
        tab.click("form[action$='/pilot/stop'] button")
        for one in (tab, other):
            one.get_by_text(re.compile("Pilot: stopped after")).first.wait_for(timeout=60_000)
        assert {} == site.app.cases.pilots.running()
        tab.goto(f"{address}/books")
        tab.fill("input[name=amount]", "12.50")
        tab.click("form[action$='/charges'] button")
        tab.get_by_text("Booked: 12.50 USD").first.wait_for(timeout=60_000)
        assert [] == site.failures
    assert 1 == len(list(Ledger(project.with_name("ledger.jsonl")).entries_of("spend", "spend")))
    assert [] == [words for words in said if "ERR_" not in words]


def test_tabs_that_nobody_sees_hold_no_stream(tmp_path: Path) -> None:
    """With seven tabs of a pilot all pages still come; the one in front grows; the first catches up when it is seen."""
    (tmp_path / "case").mkdir()
    project = case_folder(tmp_path / "case")
    with served_cases(project.parent) as site, window() as browser:
        address = f"{site.origin}{address_of(project)}"
        page = browser.new_page()
        page.goto(f"{site.origin}/?token={TOKEN}")
        for place in ("answer?wait=1", "money", "data", "books", "what-if"):  # what takes seconds is worked out once
            page.goto(f"{address}/{place}")
        tabs = [browser.new_page() for _ in range(7)]
        for tab in tabs:
            tab.bring_to_front()
            tab.goto(f"{address}/pilot")
            until(lambda: site.app.streams.open == 1)
        assert [False] * 6 + [True] == [tab.evaluate("document.visibilityState === 'visible'") for tab in tabs]
        for place in ("", "/answer", "/money", "/data", "/pilot", "/books", "/what-if"):
            page.goto(f"{address if place else site.origin}{place}", timeout=2_000)
        page.close()
        for number, (seen, other) in enumerate(((tabs[-1], tabs[0]), (tabs[0], tabs[-1])), 1):
            seen.bring_to_front()
            book(project, replace(RUN, key=f"{number:024}"))
            seen.get_by_text(f"Pilot: {number} run").first.wait_for()
            assert number - 1 == other.locator(".log tbody tr").count()
            assert not seen.is_visible("#lost")
            until(lambda: site.app.streams.open == 1)
        assert [] == site.failures
