"""The page in a real Chromium: nothing overflows or collides, it reads whole without script, and prints whole."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium, hear, needs_chromium
from tests.report import pages
from tests.report.test_page import evil_page
from tunecase.blocks import Page
from tunecase.io import pdf_of
from tunecase.report import render
from tunecase.report.page import SCRIPT

PRINTED = {"width": 680, "height": 1001}  # px of what an A4 sheet holds between the page's margins
SMALLEST = 11  # px of letters in a drawing

pytestmark = [pytest.mark.slow, needs_chromium]

# Texts of one drawing whose boxes lie on one another by more than two pixels.
COLLIDING = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg')) {
    if (svg.getBoundingClientRect().width < 2) continue;
    const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    boxes.forEach(([one, a], at) => boxes.slice(at + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && tall > 5) found.push([one, other]);
    }));
  }
  return found;
}"""
# Letters of drawings as they are shown, in px.
LETTERS = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  if (svg.getBoundingClientRect().width < 2) return [];
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize) * scale);
})"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach(fold => fold.open = true);
  document.querySelectorAll('input.fold').forEach(fold => fold.checked = true);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of this machine."""
    with chromium() as one:
        yield one


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a page of some width; what the console says is a failure."""
    said: list[str] = []
    opened: list[Any] = []

    def go(page: Page, width: int = 1280, **more: Any) -> Any:
        place = tmp_path / f"{len(opened)}.html"
        place.write_text(render(page), encoding="utf-8")
        tab = browser.new_page(viewport={"width": width, "height": 900}, **more)
        opened.append(tab)
        hear(tab, said)
        tab.on("request", lambda one: said.append(one.url) if not one.url.startswith("file:") else None)
        tab.goto(place.as_uri())
        return tab

    yield go
    for tab in opened:
        tab.close()
    assert [] == said


def with_panel(folder: Path) -> Page:
    """The page with a what-if panel."""
    made = pytest.importorskip("tests.report.test_what_if_browser", reason="no page here has a what-if panel")
    if not SCRIPT.exists():
        pytest.skip("the page has no script")
    return replace(pages.PAGE, grid=made.case(folder))


def violations(tab: Any) -> list[str]:
    """What axe finds, in its own words."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(tab).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
@pytest.mark.parametrize("kind", ["stages", "ship", "not yet"])
def test_axe_finds_nothing(visit: Any, kind: str, width: int, scheme: str) -> None:
    """Light and dark, wide and on a telephone, all folds open."""
    tab = visit(pages.pages()[kind], width, color_scheme=scheme)
    assert [] == violations(tab)
    tab.evaluate(OPEN_ALL)
    assert [] == violations(tab)


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_while_the_panel_is_open(visit: Any, tmp_path: Path, width: int) -> None:
    """The what-if panel over the page, on both widths; nothing then hangs over the edge."""
    tab = visit(with_panel(tmp_path), width)
    tab.click("#ask")
    tab.wait_for_selector("#sheet:not([hidden])")
    assert [] == violations(tab)
    assert 0 == tab.evaluate(OVERFLOW)


@pytest.mark.parametrize("width", [1280, 800, 761, 390, 360])
@pytest.mark.parametrize("kind", [*pages.pages(), "evil"])
def test_nothing_hangs_over_the_edge(visit: Any, kind: str, width: int) -> None:
    """All folds open, the page is no wider than its window."""
    tab = visit(evil_page() if kind == "evil" else pages.pages()[kind], width)
    tab.evaluate(OPEN_ALL)
    assert 0 >= tab.evaluate(OVERFLOW)


@pytest.mark.parametrize("width", [1280, 1000, 800, 390])
def test_letters_of_drawings_keep_apart_and_can_be_read(visit: Any, width: int) -> None:
    """No text of a drawing lies on another one, and none is smaller than 11 px, on screen and on paper."""
    tab = visit(pages.PAGE, width)
    tab.evaluate(OPEN_ALL)
    assert [] == tab.evaluate(COLLIDING)
    assert min(tab.evaluate(LETTERS)) >= SMALLEST
    tab.emulate_media(media="print")
    tab.set_viewport_size(PRINTED)
    assert [] == tab.evaluate(COLLIDING)
    assert min(tab.evaluate(LETTERS)) >= SMALLEST


def test_the_page_reads_whole_without_script(visit: Any, tmp_path: Path) -> None:
    """With scripts off nothing is missing but the two buttons, and folds open by hand."""
    page = replace(pages.PAGE, grid={"a": 1}) if SCRIPT.exists() else pages.PAGE
    tab = visit(page, java_script_enabled=False)
    assert tab.locator("#say").is_visible()
    assert tab.locator(".tile").count() == 4
    assert not tab.locator("button:visible").count()
    tab.locator("summary").first.click()
    assert tab.get_by_text("717 rows were read").is_visible()


def test_figures_fold_on_a_telephone_and_open_by_keyboard(visit: Any) -> None:
    """Below the first screen a telephone shows headings; a key opens the figures; a wide screen shows them all."""
    tab = visit(pages.PAGE, 390)
    figures = tab.locator("#money .folded").first
    assert not figures.is_visible()
    tab.locator("#money input.fold").first.focus()
    tab.keyboard.press("Space")
    assert figures.is_visible()
    wide = visit(pages.PAGE, 1280)
    assert wide.locator("#money .folded").first.is_visible()
    assert not wide.locator("label.fold:visible").count()


def test_the_keyboard_comes_past_the_bar(visit: Any) -> None:
    """The first stop is the link to the answer, and it is seen once it has the focus."""
    tab = visit(pages.PAGE)
    tab.keyboard.press("Tab")
    assert "Skip to the answer" == tab.evaluate("document.activeElement.textContent")
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


@pytest.mark.parametrize("kind", pages.pages())
def test_the_first_screen_is_the_first_sheet_of_paper(visit: Any, kind: str) -> None:
    """Printed, the answer with its decision fits on one A4 sheet, and the next part begins on another."""
    tab = visit(pages.pages()[kind])
    tab.emulate_media(media="print")
    tab.set_viewport_size(PRINTED)
    assert tab.evaluate("document.getElementById('answer').getBoundingClientRect().bottom") <= PRINTED["height"]
    for part in tab.locator("main > section:not(#answer)").all():
        assert "page" == part.evaluate("part => getComputedStyle(part).breakBefore")


def test_paper_shows_what_screens_fold(visit: Any) -> None:
    """Printed, the appendix and all figures are open, without a script; the bar and the folds' marks are gone."""
    tab = visit(pages.PAGE, 390)
    tab.emulate_media(media="print")
    tab.set_viewport_size(PRINTED)
    for words in ("717 rows were read", "Whether texts are copies", "Test tickets copied into training"):
        assert tab.get_by_text(words).first.is_visible(), words
    assert not tab.locator("label.fold:visible, header.top:visible").count()


def test_the_page_prints_as_pdf() -> None:
    """Chromium makes a PDF of the answer, the money, the evidence and the appendix, each on sheets of its own."""
    printed = pdf_of(render(pages.PAGE))
    assert printed.startswith(b"%PDF")
    assert max(int(count) for count in re.findall(rb"/Count (\d+)", printed)) >= 4
