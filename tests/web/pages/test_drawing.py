"""The style sheet, the script and the message of the app."""

import re

import pytest
from jinja2 import UndefinedError

from tests.web.pages.reading import PageRead
from tunecase.report import SCRIPT as PANEL
from tunecase.report import style_sheet
from tunecase.web.pages import SCRIPT, STYLE, message_page
from tunecase.web.pages.drawing import SHAPES, TONE_WORDS, drawn

LIGHT, DARK = r":root,:scope\{(.*?)\}", r"prefers-color-scheme:dark\)\{:root,:scope\{(.*?)\}\}"


def test_the_style_is_the_reports_and_what_the_app_adds() -> None:
    """What both pages have is said once; nothing is loaded from elsewhere."""
    assert STYLE.startswith(style_sheet("tunecase"))
    assert not re.search(r"url\(|@import|https?:", STYLE)


def test_the_script_is_the_panels_and_what_the_app_adds() -> None:
    """One file, no library, nothing evaluated, no text set as mark-up; it speaks to nobody but the stream."""
    assert SCRIPT.startswith(PANEL.read_text(encoding="utf-8"))
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function|fetch\(|https?://(?!www\.w3)", SCRIPT
    )
    assert 1 == SCRIPT.count("new EventSource(")
    assert len(SCRIPT) < 30_000


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_text_can_be_read_on_what_it_stands_on(scheme: str) -> None:
    """Every pair of text and ground that the app makes has a contrast of 4.5 at least, light and dark."""
    found = re.search(scheme, STYLE, re.DOTALL)
    assert found
    colours = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", found[1]))
    pairs = [(text, ground) for text in ("ink", "soft", "accent", "go", "wait", "halt") for ground in ("paper", "card")]
    pairs += [
        ("ink", "halt-tint"),
        ("halt", "halt-tint"),
        ("ink", "go-tint"),
        ("ink", "wait-tint"),
        ("ink", "accent-tint"),
    ]
    pairs += [("paper", "accent"), ("soft", "hair"), ("soft", "accent-tint")]
    assert {} == {pair: ratio for pair in pairs if (ratio := _contrast(*(colours[name] for name in pair))) < 4.5}


def test_tones_have_a_word_and_a_shape() -> None:
    """No tone is told by its colour alone, and no two look alike."""
    assert set(TONE_WORDS) == set(SHAPES)
    assert all(TONE_WORDS.values())
    assert len(set(SHAPES.values())) == len(SHAPES)


def test_a_message_keeps_its_lines_and_leads_back() -> None:
    """One heading, the words as they are, commands as code, a link to the cases."""
    html = message_page("The folder is gone", "no such folder: /cases/a\nFix: `tunecase serve`")
    page = PageRead(html)
    assert [(1, "The folder is gone")] == page.headings
    assert "no such folder: /cases/a\nFix: <code>tunecase serve</code>" in html
    assert ["/"] == [one["href"] for one in page.all("a") if one.get("class") == "button"]


def test_what_a_template_does_not_get_is_an_error() -> None:
    """A value that is missing is never drawn as a blank."""
    with pytest.raises(UndefinedError):
        drawn("message.html", title="x")
