"""The built site in a real Chromium: read, searched, dark, on a telephone, by everyone; nothing from the network."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium, hear, needs_chromium

PAGES = (
    "index.html",
    "tutorials/price-my-run.html",
    "tutorials/books-that-close.html",
    "how-to/money.html",
    "reference/commands/fit.html",
    "reference/project-file.html",
    "cases/index.html",
    "evidence.html",
    "search.html?q=budget",
)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

pytestmark = [pytest.mark.needs("site"), needs_chromium]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a word."""

    def log_message(self, *words: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    """The site served on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=built)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of this machine."""
    with chromium() as one:
        yield one


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Opens a page; what the console says, and what is asked of another machine, is a failure."""
    said: list[str] = []
    opened: list[Any] = []

    def go(page: str, width: int = 1280, **more: Any) -> Any:
        tab = browser.new_page(viewport={"width": width, "height": 900}, **more)
        opened.append(tab)
        hear(tab, said)
        tab.on("request", lambda one: None if one.url.startswith((address, "data:")) else said.append(one.url))
        tab.goto(address + page)
        return tab

    yield go
    for tab in opened:
        tab.close()
    assert [] == said


def serious(tab: Any) -> list[str]:
    """What axe finds serious or critical, in its own words."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(tab).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_pages_are_for_everyone(visit: Any, width: int, scheme: str) -> None:
    """Axe finds nothing serious, and no page scrolls sideways, wide and on a telephone, light and dark."""
    for page in PAGES:
        tab = visit(page, width, color_scheme=scheme)
        assert [] == serious(tab), page
        assert tab.evaluate(OVERFLOW) <= 0, page


@pytest.mark.parametrize("on_disk", [False, True])
def test_the_search_finds_a_word(browser: Any, visit: Any, built: Path, on_disk: bool) -> None:
    """Typed into the search, "budget" leads to the tutorial; opened from the disk it does so too, without excerpts."""
    tab = browser.new_page() if on_disk else visit("index.html")
    if on_disk:
        tab.goto((built / "index.html").as_uri())
    tab.locator("input[name=q]").first.fill("budget")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
    assert "A budget in a pull request" in tab.locator("#search-results li a").first.inner_text()


def test_a_telephone_opens_the_list_of_pages(visit: Any) -> None:
    """On a narrow screen the list of pages is folded, and a tap opens it."""
    tab = visit("tutorials/price-my-run.html", 390)
    link = tab.locator(".sidebar-tree a", has_text="Books that close")
    assert link.bounding_box()["x"] < 0
    tab.locator("header label[for=__navigation]").first.click()
    tab.wait_for_function("document.querySelector('.sidebar-drawer').getBoundingClientRect().left >= 0")
    assert link.is_visible()


def test_wide_lines_are_reached_by_the_keyboard(visit: Any) -> None:
    """An answer that is wider than a telephone scrolls in its own box, which takes the focus."""
    box = visit("tutorials/price-my-run.html", 390).locator("pre").first
    box.focus()
    assert box.evaluate("box => box === document.activeElement && box.scrollWidth > box.clientWidth")
