"""The app's pages in a real Chromium, under the app's own policy and with a stream of events that the test scripts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium, hear, needs_chromium
from tests.report.test_browser import COLLIDING, LETTERS, OPEN_ALL, OVERFLOW, PRINTED, SMALLEST, violations, with_panel
from tests.web.pages import made
from tunecase.web.views import Filled

pytestmark = [pytest.mark.slow, needs_chromium]

PLACES = ("/", *(f"/case/support/{tab}" for tab in made.TABS))
BILL = "BilledCost,ChargePeriodStart,ServiceName\n1.55,2026-11-22,GPU hours\n"


DROPPED = """([place, names]) => {
  const all = new DataTransfer();
  names.forEach(name => all.items.add(new File([BILL], name, {type: 'text/csv'})));
  const there = document.querySelector(place), options = {dataTransfer: all, bubbles: true, cancelable: true};
  return ['dragenter', 'dragover', 'drop'].map(kind => there.dispatchEvent(new DragEvent(kind, options)));
}"""
LISTEN = """() => {
  const told = document.getElementById('told');
  window.kept = true;
  window.told = [];
  const heard = new MutationObserver(() => window.told.push(told.textContent));
  heard.observe(told, {childList: true, characterData: true, subtree: true});
}"""
MOVE = """() => {
  const one = document.getElementById('k-target');
  one.value = 0;
  one.dispatchEvent(new Event('input'));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of this machine."""
    with chromium() as one:
        yield one


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[made.Shown]:
    """The case with a what-if panel on a server of the test."""
    with made.served(made.view(replace(made.PAGE, grid=with_panel(tmp_path).grid))) as one:
        yield one


@pytest.fixture
def visit(browser: Any, shown: made.Shown) -> Iterator[Any]:
    """Opens an address in a window of its own; what the console says is a failure, but for a cut connection."""
    said: list[str] = []
    opened: list[Any] = []

    def go(place: str, width: int = 1280, **more: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 860}, **more)
        opened.append(context)
        tab = context.new_page()
        hear(tab, said)
        tab.goto(f"{shown.address}{place}")
        return tab

    yield go
    for context in opened:
        context.close()
    assert [] == [one for one in said if "net::ERR_" not in one and "503" not in one]


def active(tab: Any) -> str:
    """What has the focus."""
    found: str = tab.evaluate(
        "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
    )
    return found


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_axe_finds_nothing_and_nothing_hangs_over(visit: Any, shown: made.Shown, width: int, scheme: str) -> None:
    """Every address, folds closed and open, every form as it came back: no finding, no sideways scroll."""
    tab = visit("/", width, color_scheme=scheme)
    seen: list[tuple[str, Filled | None, made.PilotState]] = [(place, None, made.state(12)) for place in PLACES]
    seen += [(f"/case/support/{name}", filled, made.state(12)) for name, filled in made.MISTAKEN.items()]
    seen += [
        ("/case/support/books", made.CONFIRM, made.state(12)),
        ("/case/support/pilot", None, made.state(5, running=True)),
    ]
    seen += [("/case/support/pilot", Filled("pilot", done="The pilot has begun."), made.state(0, fault="It died."))]
    for place, filled, pilot in seen:
        shown.case, shown.filled = replace(shown.case, pilot=pilot), filled
        tab.goto(f"{shown.address}{place}")
        for _ in range(2):
            assert [] == violations(tab), place
            assert 0 >= tab.evaluate(OVERFLOW), place
            tab.evaluate(OPEN_ALL)


@pytest.mark.parametrize("width", [1280, 1000, 800, 390, 360])
def test_letters_of_the_curve_keep_apart_and_can_be_read(visit: Any, width: int) -> None:
    """No text of the growing curve lies on another one, and none is smaller than 11 px."""
    tab = visit("/case/support/pilot", width)
    assert [] == tab.evaluate(COLLIDING)
    assert min(tab.evaluate(LETTERS)) >= SMALLEST
    assert 0 >= tab.evaluate(OVERFLOW)


def test_the_pilot_grows_without_a_reload(visit: Any, shown: made.Shown) -> None:
    """From event to event: heading, curve, figures, table, buttons and the dot of the tab; the newest is read out."""
    tab = visit("/case/support/pilot")
    assert tab.is_visible("#start")
    tab.evaluate(LISTEN)
    for done in (12, 13, 14):
        shown.tell(made.state(done, running=True))
        tab.wait_for_selector(f"#pilot-heading:has-text('{done} of 16')", timeout=5_000)
        shown.tell(made.state(done, running=True, id="the same again"))
    assert tab.is_visible("#stop")
    assert not tab.is_visible("#start")
    assert tab.locator("#tab-pilot.live").count()
    assert 14 == tab.locator(".log tbody tr").count()
    assert 14 == tab.locator(".curve .large circle.run").count()
    shown.tell(made.state(16, said="The pilot is done."))
    tab.wait_for_selector("#pilot-heading:has-text('all 16')")
    assert tab.is_visible("#start")
    assert not tab.is_visible("#stop")
    assert not tab.locator("#tab-pilot.live").count()
    tab.wait_for_selector("#told:has-text('The pilot is done.')", state="attached", timeout=10_000)
    assert ["Run 13 of 16 is training.", "The pilot is done."] == tab.evaluate("told")
    assert tab.evaluate("window.kept")


def test_what_was_done_is_told_once(visit: Any, shown: made.Shown) -> None:
    """Whoever loads the page again reads what is so then, and not once more that something was booked."""
    shown.filled = Filled("charge", done="Booked: 42.50 USD.")
    tab = visit("/case/support/books?sent=abc")
    assert tab.is_visible("#charge-done")
    assert tab.url.endswith("/case/support/books")


def test_a_swap_keeps_focus_selection_and_scroll(visit: Any, shown: made.Shown) -> None:
    """Somebody reads an old run in the table: it stays where it is, selected, while new ones come in above it."""
    tab = visit("/case/support/pilot")
    shown.tell(made.state(12, running=True))
    tab.wait_for_selector("#stop:not([hidden])")
    tab.focus(".log")
    tab.evaluate("""() => {
      const log = document.querySelector('.log'), row = document.querySelector('[data-key=run-2]');
      log.scrollTop = 120; window.row = row; window.log = log;
      getSelection().selectAllChildren(row);
    }""")
    before = tab.evaluate("[log.scrollTop > 0, row.getBoundingClientRect().top, String(getSelection())]")
    shown.tell(made.state(14, running=True))
    tab.wait_for_selector("[data-key=run-13]")
    after = tab.evaluate("[log.scrollTop > 0, row.getBoundingClientRect().top, String(getSelection())]")
    assert before[2] == after[2] != ""
    assert before[0]
    assert before[1] == pytest.approx(after[1], abs=2)
    assert tab.evaluate("document.activeElement === log && log.isConnected && row.isConnected")
    assert ["run-13", "run-12", "run-11"] == tab.evaluate(
        "[...log.querySelectorAll('tr[data-key]')].slice(0, 3).map(one => one.dataset.key)"
    )


def test_what_is_typed_stays_while_the_pilot_is_swapped(visit: Any, shown: made.Shown) -> None:
    """A form is outside of what is swapped: its words, caret and focus stay."""
    tab = visit("/case/support/pilot")
    tab.fill("#pilot-max_usd", "2.5")
    shown.tell(made.state(13))
    tab.wait_for_selector("[data-key=run-12]")
    assert "2.5" == tab.input_value("#pilot-max_usd")
    assert "pilot-max_usd" == active(tab)


def test_focus_is_not_lost_with_the_button(visit: Any, shown: made.Shown) -> None:
    """The stop button goes when the pilot ends: whoever was on it finds themselves at the heading."""
    tab = visit("/case/support/pilot")
    shown.tell(made.state(12, running=True))
    tab.wait_for_selector("#stop:not([hidden])")
    tab.focus("#stop button")
    shown.tell(made.state(16))
    tab.wait_for_selector("#start:not([hidden])")
    assert "pilot-heading" == active(tab)


def test_a_lost_connection_is_told_and_found_again(visit: Any, shown: made.Shown) -> None:
    """A cut stream and a server that is down are told in words; the first answer shows the whole state again."""
    tab = visit("/case/support/pilot")
    shown.tell(made.state(12, running=True))
    tab.wait_for_selector("#stop:not([hidden])")
    assert not tab.is_visible("#lost")
    shown.is_down = True
    shown.drop()
    tab.wait_for_selector("#lost:not([hidden])")
    assert "Connection lost, trying again." == tab.inner_text("#lost")
    shown.tell(made.state(15, running=True))
    shown.is_down = False
    tab.wait_for_selector("[data-key=run-14]", timeout=15_000)
    assert not tab.is_visible("#lost")
    assert "15 of 16" in tab.inner_text("#pilot-heading")


def test_two_tabs_and_a_reload_show_the_same(visit: Any, shown: made.Shown) -> None:
    """Both grow with each event; a reload in the middle shows what the others show."""
    one, two = visit("/case/support/pilot"), visit("/case/support/pilot", 390)
    shown.tell(made.state(13, running=True))
    for tab in (one, two):
        tab.wait_for_selector("[data-key=run-12]", state="attached")
    two.reload()
    shown.tell(made.state(14, running=True))
    for tab in (one, two):
        tab.wait_for_selector("[data-key=run-13]", state="attached")
    assert one.text_content("#live") == two.text_content("#live")


def test_the_keyboard_does_everything(visit: Any, shown: made.Shown) -> None:
    """Past the bar, into the tabs, through a form, and sent with Enter; the pilot is started and stopped by keys."""
    tab = visit("/case/support/books")
    tab.keyboard.press("Tab")
    assert "skip" == active(tab)
    tab.keyboard.press("Enter")
    for _ in range(30):
        tab.keyboard.press("Tab")
        if active(tab) == "charge-amount":
            break
    tab.keyboard.type("42.50")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowDown")
    assert "charge-line" == active(tab)
    with tab.expect_navigation():
        tab.press("#charge-amount", "Enter")
    path, sent = shown.posted[-1]
    assert "/case/support/charges" == path
    assert {
        "token": [made.TOKEN],
        "amount": ["42.50"],
        "currency": ["USD"],
        "line": ["data"],
        "on": [""],
        "note": [""],
    } == sent
    tab.goto(f"{shown.address}/case/support/pilot")
    tab.focus("#start button")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert ("/case/support/pilot/start", ["10"]) == (shown.posted[-1][0], shown.posted[-1][1]["max_minutes"])
    shown.tell(made.state(12, running=True))
    tab.wait_for_selector("#stop:not([hidden])")
    tab.focus("#stop button")
    with tab.expect_navigation():
        tab.keyboard.press("Space")
    assert ("/case/support/pilot/stop", {"token": [made.TOKEN]}) == shown.posted[-1]
    tab.goto(f"{shown.address}/case/support/answer")
    tab.focus("summary.button")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert "approve-amount" == active(tab)
    tab.fill("#approve-by", "Ada")
    with tab.expect_navigation():
        tab.press("#approve-by", "Enter")
    assert "/case/support/approve" == shown.posted[-1][0]
    assert (["1500"], ["Ada"]) == (shown.posted[-1][1]["amount"], shown.posted[-1][1]["by"])


def test_a_form_is_sent_once(visit: Any, shown: made.Shown) -> None:
    """A second click while the first is on its way sends nothing."""
    tab = visit("/case/support/books")
    tab.fill("#charge-amount", "1")
    shown.waits_s = 1.0
    with tab.expect_navigation():
        tab.evaluate(
            "[0, 200, 400].forEach(ms => setTimeout(() => document.querySelector('#charge button').click(), ms))"
        )
    assert 1 == len(shown.posted)


def test_a_bill_is_dropped_or_chosen(visit: Any, shown: made.Shown) -> None:
    """Dropped on its card it is sent at once; beside it nothing happens; two are told; a chosen one is sent too."""
    tab = visit("/case/support/books")
    drop = DROPPED.replace("BILL", repr(BILL))
    assert [False, False, False] == tab.evaluate(drop, ["h1", ["bill.csv"]])
    tab.evaluate(drop, ["#bill", ["a.csv", "b.csv"]])
    assert "Drop one bill at a time." == tab.inner_text("#drop-words")
    assert [] == shown.posted
    shown.filled = made.CONFIRM
    tab.evaluate(drop, ["#bill h3", ["focus.csv"]])
    tab.wait_for_selector("text=Book this bill?")
    assert b'filename="focus.csv"' in shown.raw[-1]
    assert b"GPU hours" in shown.raw[-1]
    tab.click("text=Book it")
    tab.wait_for_selector("text=Import a bill")
    assert ("/case/support/bill/book", {"token": [made.TOKEN], "held": ["h1"]}) == shown.posted[-1]
    tab.set_input_files("#bill-bill", {"name": "chosen.csv", "mimeType": "text/csv", "buffer": BILL.encode()})
    with tab.expect_navigation():
        tab.click("text=Read the bill")
    assert b'filename="chosen.csv"' in shown.raw[-1]


def test_sliders_move_the_answer(visit: Any) -> None:
    """The report's own panel works in the page: it stands open, moves the verdict, and comes back with Reset."""
    tab = visit("/case/support/what-if")
    filed = tab.inner_text("#t-value")
    assert not tab.locator("#shut").count()
    tab.press("#k-target", "ArrowRight")
    tab.evaluate(MOVE)
    assert "filed case" in tab.inner_text("#d-value")
    tab.keyboard.press("Escape")
    assert tab.is_visible("#sheet")
    tab.click("#reset")
    assert filed == tab.inner_text("#t-value")
    assert "filed case" not in tab.inner_text("#d-value")


def test_everything_works_without_script(visit: Any, shown: made.Shown) -> None:
    """All tabs are read, and each form is sent and comes back; the page says how new runs are seen."""
    tab = visit("/", java_script_enabled=False)
    tab.click("text=Support-ticket routing")
    for name in ("Money", "Data", "What if", "Pilot", "Books", "Answer"):
        tab.click(f"nav.tabs >> text={name}")
        assert name == tab.inner_text("nav.tabs [aria-current]")
    tab.click("summary.button")
    tab.fill("#approve-by", "Ada")
    tab.click("#approve button")
    assert "/case/support/approve" == shown.posted[-1][0]
    tab.click("nav.tabs >> text=Pilot")
    assert tab.get_by_text("Without JavaScript this page does not move by itself").is_visible()
    tab.select_option("#pilot-trainer", "probe")
    tab.click("#start button")
    assert ("/case/support/pilot/start", ["probe"]) == (shown.posted[-1][0], shown.posted[-1][1]["trainer"])
    shown.case = replace(shown.case, pilot=made.state(13, running=True))
    tab.click("text=load it again")
    assert "13 of 16" in tab.inner_text("#pilot-heading")
    tab.click("#stop button")
    assert "/case/support/pilot/stop" == shown.posted[-1][0]
    tab.click("nav.tabs >> text=Books")
    tab.fill("#charge-amount", "5")
    shown.filled = made.MISTAKEN["books"]
    tab.click("#charge button")
    assert tab.get_by_text("is not clear: write 12.30").is_visible()
    assert not tab.locator(".needs-script:visible").count()


def test_paper_shows_the_case_and_no_forms(visit: Any) -> None:
    """Printed, the bar, tabs and forms are gone, and the figures are there."""
    for tab_name, words in (("answer", "Yes, in stages:"), ("pilot", "12 of 16 runs"), ("books", "381.55")):
        tab = visit(f"/case/support/{tab_name}")
        tab.emulate_media(media="print")
        tab.set_viewport_size(PRINTED)
        assert not tab.locator("form:visible, nav.tabs:visible, header.top:visible, summary.button:visible").count()
        assert tab.get_by_text(words).first.is_visible()
