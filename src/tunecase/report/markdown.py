"""Draws plain blocks as Markdown for pull requests and notes; no text of the data is mark-up, and no one is called."""

from collections.abc import Iterable

from tunecase.blocks import Account, Block, Cell, Facts, Listing, Table, Words, shown
from tunecase.quantities import sentence


def blocks_markdown(account: Account, *, folded: str = "") -> str:
    """What a record says: the answer in bold, what it rests on, and all the rest.

    Args:
        account: what the record says.
        folded: a title under which the rest is folded away; empty leaves it open.
    Returns: Markdown that ends in one line break.
    """
    lines = [f"**{shown(account.answer)}**", "", *drawn(account.short)]
    rest = drawn(account.full)
    if rest and folded:
        rest = [f"<details><summary>{shown(folded)}</summary>", "", *rest, "</details>"]
    return "\n".join([*lines, *rest]).rstrip() + "\n"


def drawn(blocks: Iterable[Block]) -> list[str]:
    """The lines of some blocks, an empty one after each; charts are told in words."""
    return [line for block in blocks for line in _block(block)]


def _block(block: Block) -> list[str]:
    match block:
        case Table():
            return _table(block)
        case Facts():
            return [*_title(block.title), *(f"- {shown(name)}: {shown(value)}" for name, value in block.pairs), ""]
        case Listing():
            return [*_title(block.title), *(f"- {shown(item)}" for item in block.items), ""] if block.items else []
        case Words():
            return [line for paragraph in block.paragraphs for line in (shown(paragraph), "")]
        case _:
            return [f"*{shown(block.caption)}*: {shown(sentence(block.summary))}", ""]


def _title(title: str) -> list[str]:
    return [f"**{shown(title)}**", ""] if title else []


def _table(table: Table) -> list[str]:
    rule = ["---:" if index in table.numeric else "---" for index in range(len(table.head))]
    rows = [_row(row, strong=index in table.strong) for index, row in enumerate(table.rows)]
    note = ["", shown(table.note)] if table.note else []
    head = f"| {' | '.join(map(shown, table.head))} |"
    return [*_title(table.caption), head, f"| {' | '.join(rule)} |", *rows, *note, ""]


def _row(row: tuple[Cell, ...], *, strong: bool) -> str:
    texts = [shown(cell.marked) for cell in row]
    return f"| {' | '.join(f'**{text}**' if strong and text else text for text in texts)} |"
