"""Draws a page as one self-contained HTML file: no network, every text escaped, whole without its one script."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.blocks import (
    SYMBOLS,
    Account,
    Bars,
    Block,
    Facts,
    Gates,
    Listing,
    Page,
    Rows,
    Scored,
    Shares,
    Table,
    Tone,
    Tornado,
    Words,
    is_empty,
)
from tunecase.quantities import plain_share, sentence
from tunecase.report import charts

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
SCRIPT = TEMPLATES / "page.js"
TELEPHONE = 48  # letters that fit side by side on a telephone
JOINT = re.compile(r"(?<=[a-z]\.)(?=[a-z])|(?<=[a-z0-9]_)(?=[a-z0-9])")  # inside the name of a field
WRAPPED = 16  # letters a column of text can be narrowed to
# Controls, and marks that turn the direction of what follows: no label or name may steer what is read.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ROWS = (Rows, Scored, Tornado, Bars, Shares)
TONES: dict[Tone, str] = {"plain": "accent", "good": "go", "warn": "wait", "bad": "halt", "unknown": "wait"}


def render(page: Page, *, generated_at: str = "") -> str:
    """The whole page.

    Args:
        page: see `tunecase.report.report.page_content`.
        generated_at: the time in words, shown at the foot.
    Returns: HTML that asks nothing of the network: styles inside, charts as SVG, and a content security policy that
        allows the page's own style sheet and script, by their hashes, and nothing else.
    """
    style = style_sheet(f"{page.project} · fine-tuning case · {page.day}")
    script = SCRIPT.read_text(encoding="utf-8") if page.grid is not None and SCRIPT.exists() else ""
    drawn = environment().get_template("page.html").render(
        page=page, generated_at=generated_at, style=safe(style), style_hash=_hash(style),
        script=safe(script), script_hash=_hash(script) if script else "", grid=data_block(page.grid) if script else "",
    )  # fmt: skip
    return unsteered(drawn)


def unsteered(html: str) -> str:
    """Mark-up in which no label or name turns the direction of what is read."""
    return STEERING.sub(" ", html)


def account_html(account: Account) -> str:
    """What a record says as a part of another page, such as a notebook: its styles count inside it only."""
    style = style_sheet()
    return unsteered(environment().get_template("account.html").render(account=account, style=safe(style)))


def record_html(record: Any) -> str | None:
    """What a record says as HTML, for notebooks; None for a record that says nothing by itself."""
    from tunecase.accounts import ACCOUNTS, account
    from tunecase.records import RECORDS

    verb = next((verb for verb, kind in RECORDS.items() if isinstance(record, kind) and verb in ACCOUNTS), None)
    return None if verb is None else account_html(account(verb, record))


def style_sheet(foot: str = "") -> str:
    """The style sheet of every page, with the words at the foot of each printed one."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return style.replace('"PRINTED-FOOT"', _css_string(foot))


def _css_string(text: str) -> str:
    """A text as a string of a style sheet; all but letters and figures are written by their numbers."""
    return '"' + "".join(one if one.isascii() and one.isalnum() else f"\\{ord(one):x} " for one in text) + '"'


def data_block(grid: Any) -> "Markup":
    """Numbers and words as JSON that can stand inside a page: no mark-up can end it."""
    plain = json.dumps(grid, separators=(",", ":"), ensure_ascii=True)
    return safe(plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@cache
def environment() -> "Environment":
    """The templates of every page and part, all that they show escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        kind=_kind,
        draw=_draw,
        rows=charts.as_rows,
        axis=lambda rows: safe(charts.axis(rows)),
        plot=lambda row, rows: safe(charts.plot(rows, row)),
        has_plot=_has_plot,
        symbol=SYMBOLS.__getitem__,
        tone=TONES.__getitem__,
        layout=_layout,
        unbroken=_unbroken,
        coded=_coded,
        breakable=_breakable,
        shown=_shown,
        share=plain_share,
        sentence=sentence,
        titled=_titled,
    )
    return made


def safe(text: str) -> "Markup":
    """Mark-up that is shown as it stands: our own files and drawings alone, in which every text is escaped."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  our own file or our own escaped SVG, never a user's text


def _coded(text: str) -> "Markup":
    """Text with its `commands` as code, everything else escaped."""
    from markupsafe import Markup

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _breakable(text)
    return Markup().join(
        Markup("<code>{}</code>").format(_breakable(part)) if i % 2 else _breakable(part)
        for i, part in enumerate(parts)
    )


def _breakable(text: str) -> "Markup":
    """Escaped text in which a line may end inside the name of a field, after a point or a stroke."""
    from markupsafe import Markup

    parts = [Markup.escape(part) for part in JOINT.split(text)]
    return Markup("<wbr>").join(parts)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _kind(block: Block) -> str:
    if isinstance(block, ROWS):
        return "rows"
    return type(block).__name__.lower() if isinstance(block, Table | Facts | Listing | Words | Gates) else "chart"


def _draw(chart: Any, size: str) -> "Markup":
    return safe(charts.svg(chart, charts.WIDE if size == "wide" else charts.NARROW))


def _has_plot(rows: Rows) -> bool:
    """Whether any row has a dot or a bar."""
    return any(row.low is not None or row.mid is not None or row.high is not None for row in rows.rows)


def _layout(table: Table) -> str:
    """How a table lies: as cards on a telephone, no wider than it must be, or across the page."""
    letters = 0
    for index, name in enumerate(table.head):
        longest = max((len(row[index].marked) for row in table.rows), default=0)
        longest = longest if index in table.numeric else min(longest, WRAPPED)
        letters += max(longest, *(len(word) for word in name.split()), 0)
    if len(table.head) > 2 and letters > TELEPHONE - 2 * len(table.head):
        return "stack"
    return "compact" if len(table.head) < 5 and letters <= TELEPHONE else "plain"


def _unbroken(text: str) -> bool:
    """True when a text holds a word too long for a narrow column."""
    return any(len(word) > WRAPPED for word in text.split())


def _shown(blocks: Sequence[Block]) -> Sequence[Block]:
    return [block for block in blocks if not is_empty(block)]


# What the account of each verb's record is called where accounts stand one after another.
TITLES = {
    "define": "The problem, rule by rule", "audit": "The data, check by check", "estimate": "The bill, line by line",
    "pilot": "The pilot, run by run", "judge": "The judge against people", "forecast": "The learning curve in figures",
    "decide": "The decision, option by option", "sources": "Other sources of data",
    "inference": "Answers after launch", "books": "The books", "approve": "Approvals",
    "basis": "What these figures rest on", "words": "Words on this page",
}  # fmt: skip


def _titled(verb: str) -> str:
    """The title of a verb's account."""
    return TITLES.get(verb, sentence(verb).rstrip("."))
