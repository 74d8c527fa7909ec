"""The templates of the app's pages, its style sheet and its script; every text that a template shows is escaped."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tunecase import report
from tunecase.blocks import SYMBOLS, Tone

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
# The report's own style sheet and what-if script, then what only the app has.
STYLE = report.style_sheet("tunecase") + (TEMPLATES / "app.css").read_text(encoding="utf-8")
SCRIPT = report.SCRIPT.read_text(encoding="utf-8") + (TEMPLATES / "app.js").read_text(encoding="utf-8")
# What a tone is called where its shape and colour are not seen, and its shape.
TONE_WORDS: dict[Tone, str] = {
    "plain": "in stages",
    "good": "go",
    "warn": "wait",
    "bad": "stop",
    "unknown": "not known",
}
SHAPES: dict[Tone, str] = {**SYMBOLS, "plain": "◆"}


def drawn(template: str, **values: Any) -> str:
    """A page, or a piece of one, from its template."""
    return report.unsteered(environment().get_template(template).render(**values))


def message_page(title: str, words: str) -> str:
    """A page that says one thing, its lines as they are, with a link to the cases."""
    return drawn("message.html", title=title, words=words)


def _drawing(svg: str) -> "Markup":
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704  a drawing of ours, in which every text is escaped


@cache
def environment() -> "Environment":
    """The templates; a name that is not known is an error, never a blank."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters.update(
        coded=report.coded,
        tone=report.TONES.__getitem__,
        shape=SHAPES.__getitem__,
        tone_word=TONE_WORDS.__getitem__,
        part_of_address=lambda text: quote(text, safe=""),
        answer_html=report.answer_html,
        part_html=report.part_html,
        accounts_html=report.accounts_html,
        blocks_html=report.blocks_html,
        data_block=report.data_block,
        drawing=_drawing,
        capital=lambda text: text[:1].upper() + text[1:],
    )
    return made
