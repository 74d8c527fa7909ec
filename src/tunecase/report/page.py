"""Draws the report as one self-contained HTML page: no network, no script, every text escaped."""

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.blocks import SYMBOLS, Block, Chart, Content, Facts, Listing, Section, Table
from tunecase.quantities import sentence
from tunecase.report import charts

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
TELEPHONE = 56  # letters that fit side by side on a telephone
JOINT = re.compile(r"(?<=[a-z]\.)(?=[a-z])|(?<=[a-z0-9]_)(?=[a-z0-9])")  # inside the name of a field
WRAPPED = 16  # letters a column of text can be narrowed to


def render(content: Content, *, generated_at: str = "") -> str:
    """The whole page.

    Args:
        content: see `tunecase.report.report.content`.
        generated_at: the time in words, shown at the foot.
    Returns: HTML that asks nothing of the network: styles inside, charts as SVG, no script, and a content security
        policy that forbids everything but the page's own style sheet.
    """
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    template = _environment().get_template("page.html")
    return template.render(content=content, generated_at=generated_at, style=_safe(style), style_hash=_hash(style))


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        kind=_kind,
        draw=_draw,
        symbol=SYMBOLS.__getitem__,
        layout=_layout,
        unbroken=_unbroken,
        coded=_coded,
        breakable=_breakable,
        shown=_shown,
        sentence=sentence,
    )
    return environment


def _safe(text: str) -> "Markup":
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  our own file or our own escaped SVG, never a user's text


def _coded(text: str) -> "Markup":
    """Text with its `commands` as code, everything else escaped."""
    from markupsafe import Markup

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup.escape(text)
    return Markup().join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


def _breakable(text: str) -> "Markup":
    """Escaped text in which a line may end inside the name of a field, after a point or a stroke."""
    from markupsafe import Markup

    parts = [Markup.escape(part) for part in JOINT.split(text)]
    return Markup("<wbr>").join(parts)


def _hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _draw(chart: Chart, size: str) -> "Markup":
    return _safe(charts.svg(chart, charts.WIDE if size == "wide" else charts.NARROW))


def _layout(table: Table) -> str:
    """How a table lies: as cards on a telephone, no wider than it must be, or across the page."""
    letters = 0
    for index, name in enumerate(table.head):
        longest = max((len(row[index].marked) for row in table.rows), default=0)
        longest = longest if index in table.numeric else min(longest, WRAPPED)
        letters += max(longest, *(len(word) for word in name.split()), 0)
    if len(table.head) > 3 and letters > TELEPHONE - 2 * len(table.head):
        return "stacks"
    return "compact" if len(table.head) < 5 and letters <= TELEPHONE else "plain"


def _unbroken(text: str) -> bool:
    """True when a text holds a word too long for a narrow column."""
    return any(len(word) > WRAPPED for word in text.split())


def _shown(section: Section) -> Sequence[Block]:
    return [block for block in section.evidence if not _is_empty(block)]


def _is_empty(block: Block) -> bool:
    match block:
        case Table():
            return not block.rows
        case Facts():
            return not block.pairs
        case Listing():
            return not block.items
        case _:
            return False
