"""Pieces of the page for pages of another kind: the first screen, a part, accounts and blocks, drawn as the page does.

Each is HTML without style or script, every text in it escaped; `style_sheet` is what it looks right with.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tunecase.blocks import Account, Answer, Block, Part
from tunecase.report.page import environment

if TYPE_CHECKING:
    from markupsafe import Markup


def answer_html(answer: Answer, between: "Markup | str" = "") -> "Markup":
    """The first screen: verdict, tiles, gates, what would change it; `between` stands below the tiles."""
    return _drawn("first", answer, between)


def part_html(part: Part) -> "Markup":
    """The findings of a part, each under its heading of the third level."""
    return _drawn("findings", part)


def accounts_html(accounts: Sequence[Account]) -> "Markup":
    """What records say, each folded under its title."""
    return _drawn("folded", accounts)


def blocks_html(blocks: Sequence[Block], *, titled: bool = True) -> "Markup":
    """Blocks one below another, those that hold nothing left out; not `titled`, their captions are read aloud only."""
    return _drawn("all", blocks, titled)


def coded(text: str) -> "Markup":
    """A text as every page prints it: its `commands` as code, all of it escaped."""
    made: Markup = environment().filters["coded"](text)
    return made


def _drawn(macro: str, *given: Any) -> "Markup":
    module = environment().get_template("pieces.html").module
    made: Markup = getattr(module, macro)(*given)
    return made
