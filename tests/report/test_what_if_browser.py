"""The page's script in a real browser: sliders move verdict, tiles and gates; Reset and Escape bring the filed case."""

import hashlib
import json
import shutil
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.accounts.test_what_if import cell
from tunecase.accounts import panel
from tunecase.blocks import Axis, Grid, WayCells

SCRIPT = Path(__file__).parents[2] / "src" / "tunecase" / "report" / "templates" / "page.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
EVIL = "<img src=x onerror=alert(1)>"
TILES = (("release", "5,000", "USD"), ("lost", "9,000", "USD"), ("chance", "55%", ""), ("value", "50,000", "USD"))

pytestmark = pytest.mark.slow


def page(data: dict[str, Any]) -> str:
    """The least page that the script can work on: the first screen with its places, under the page's own policy."""
    script = SCRIPT.read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'none'; script-src 'sha256-{digest}'"
    tiles = "".join(
        f'<div><dt><span id="n-{key}">{key}</span></dt><dd><span id="t-{key}">{value}</span> <small>{unit}</small></dd>'
        f'<dd id="d-{key}">as filed</dd></div>'
        for key, value, unit in TILES
    )
    held = json.dumps(data).replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>case</title><link rel="icon" href="data:,">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}; img-src data:"></head><body>'
        '<button id="ask" type="button" aria-expanded="false">What if</button>'
        '<div id="verdict" class="verdict tone-accent"><h2 id="say">Yes, in stages: <em>as filed</em></h2>'
        f'<p id="why">as filed</p></div><dl>{tiles}</dl><div id="gates"><svg><text x="0" class="strong">Train</text>'
        '<text x="0">about 5,000 USD</text><text x="0">270 examples test it</text></svg></div><ul id="branches"></ul>'
        '<details><summary>more</summary>hidden</details><button id="print" type="button">Print</button>'
        f'<section id="sheet" hidden></section><script type="application/json" id="grid">{held}</script>'
        f"<script>{script}</script></body></html>"
    )


def case(folder: Path) -> dict[str, Any]:
    """A panel whose plan stops paying at half the value, and whose label says what it must not do."""
    from tests.accounts import test_what_if as made

    material = made.material.__wrapped__(folder)  # type: ignore[attr-defined]
    rows = []
    for budget in (0.8, 1.0):
        for target in (1.1, 1.0, 0.5):
            for value in (0.5, 1.0, 2.0):
                reach = 0.5 * target * budget
                rows.append(
                    cell(
                        worth=40_000 * value - 25_000, release=5_000, lost=9_000, value=50_000 * value, ship=reach,
                        reaches=reach * 0.9, later=0.1, ship_at=target + 0.03,
                    )
                )  # fmt: skip
    targets = (0.75, 0.8, 0.85)
    axes = (
        Axis("label", (1.0,), 1.0), Axis("budget", (9_400.0, 15_000.0), 15_000.0), Axis("target", targets, 0.8),
        Axis("value", (0.5, 1.0, 2.0), 1.0),
    )  # fmt: skip
    ways = (WayCells(EVIL, True, (9_399.0,), tuple(rows)),)
    data = panel(Grid(axes, ways, 18, targets), material)
    data["words"]["first"] = EVIL  # type: ignore[index]
    data["sliders"][0]["label"] = EVIL
    return dict(data)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page in a browser, with all that its console said."""
    sync = pytest.importorskip("playwright.sync_api", reason="needs the dev extra's playwright")
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("needs a Chromium")
    folder = tmp_path_factory.mktemp("page")
    file = folder / "page.html"
    file.write_text(page(case(folder)), encoding="utf-8")
    with sync.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.said = []
        tab.on("console", lambda message: tab.said.append(message.text))
        tab.on("pageerror", lambda error: tab.said.append(str(error)))
        tab.on("dialog", lambda dialog: (tab.said.append("a dialog"), dialog.dismiss()))
        tab.goto(file.as_uri())
        yield tab
        browser.close()


@pytest.fixture
def tab(opened: Any) -> Iterator[Any]:
    """The page as filed; afterwards nothing was said and it is as filed again."""
    if opened.is_hidden("#sheet"):
        opened.click("#ask")
    yield opened
    if opened.is_hidden("#sheet"):
        opened.click("#ask")
    opened.click("#reset")
    assert [] == opened.said


def move(tab: Any, key: str, by: int) -> None:
    """Moves a slider by so many positions from where it is filed."""
    tab.eval_on_selector(
        f"#k-{key}", "(e, by) => { e.value = +e.defaultValue + by; e.dispatchEvent(new Event('input')); }", by
    )


def test_a_moved_value_moves_verdict_tiles_and_gates(tab: Any) -> None:
    """Twice the value: another worth in the reason, another value, the filed one beside it, a picture drawn anew."""
    move(tab, "value", 20)
    assert "Yes, in stages: release 5,000 USD now, not 15,000." == tab.inner_text("#say")
    assert "60,000 USD" in tab.inner_text("#why")
    assert "100,000" == tab.inner_text("#t-value")
    assert "filed case: 50,000 USD" == tab.inner_text("#d-value")
    assert "filed case: 55%" == tab.inner_text("#d-chance")
    drawn = tab.text_content("#gates")
    assert "270 examples test it" in drawn
    assert "worth about 100,000 USD" in drawn
    assert tab.evaluate("document.body.classList.contains('changed')")


def test_shares_add_up_to_the_chance(tab: Any) -> None:
    """Heights and letters say the same: what is reached and what is not make a hundred."""
    move(tab, "target", -1)
    words = tab.text_content("#branches")
    assert "Reaches 75%: 60 in 100" in words
    assert "Does not: 40 in 100" in words
    green = tab.eval_on_selector_all("#gates rect.go[x='652.0']", "all => all.map(e => +e.getAttribute('height'))")
    assert [pytest.approx(140 * 0.6, abs=0.1)] == green


@pytest.mark.parametrize(
    ("key", "by", "tone", "words"),
    [
        ("value", -20, "halt", "No: no step pays for itself at these numbers."),
        ("value", -10, "wait", "Barely: the plan is worth less than its first step costs."),
        ("budget", -14, "halt", "No: the budget pays for no first step. Spend nothing."),
    ],
)  # fmt: skip
def test_the_verdict_follows(tab: Any, key: str, by: int, tone: str, words: str) -> None:
    """Each kind has its words and its tone; where nothing is started nothing is released or lost."""
    move(tab, key, by)
    assert words == tab.inner_text("#say")
    assert f"verdict tone-{tone}" == tab.get_attribute("#verdict", "class")
    if tone == "halt":
        assert ("0", "0") == (tab.inner_text("#t-release"), tab.inner_text("#t-lost"))
        assert "Nothing is started at these numbers." == tab.text_content("#gates")


@pytest.mark.parametrize("how", ["reset", "back"])
def test_the_filed_case_comes_back(tab: Any, how: str) -> None:
    """By Reset, or by moving back: every word is the filed one again."""
    before = tab.inner_html("#verdict"), tab.inner_html("dl"), tab.inner_html("#gates")
    move(tab, "value", 7)
    assert before[0] != tab.inner_html("#verdict")
    if how == "reset":
        tab.click("#reset")
    else:
        move(tab, "value", 0)
    assert before == (tab.inner_html("#verdict"), tab.inner_html("dl"), tab.inner_html("#gates"))
    assert not tab.evaluate("document.body.classList.contains('changed')")


def test_escape_closes_and_the_button_gets_the_focus(tab: Any) -> None:
    """Opened, the first slider has the focus; closed, the button that opened it."""
    tab.keyboard.press("Escape")
    tab.click("#ask")
    assert "k-value" == tab.evaluate("document.activeElement.id")
    tab.keyboard.press("Escape")
    assert tab.is_hidden("#sheet")
    assert "ask" == tab.evaluate("document.activeElement.id")
    assert "false" == tab.get_attribute("#ask", "aria-expanded")


def test_texts_are_texts(tab: Any) -> None:
    """A name that is written like HTML is shown as it is."""
    move(tab, "value", 5)
    assert 0 == tab.locator("img").count()
    assert EVIL in tab.inner_text("#sheet")


def test_the_script_takes_nothing_for_html() -> None:
    """Nothing in the script turns a text into elements or code, or reaches for the network."""
    script = SCRIPT.read_text(encoding="utf-8")
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "XMLHttp",
        "http:",
    ):
        assert word not in script.replace('"http://www.w3.org/2000/svg"', ""), word
