"""Draws plain blocks on a terminal: the answer, what it rests on, and with `full` all of it."""

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tunecase.blocks import Account, Block, Facts, Listing, Table, Tone, Words
from tunecase.cli.show.paper import safe, say
from tunecase.quantities import sentence

if TYPE_CHECKING:
    from rich.console import Console

INDENT = 2
GAP = "  "  # between columns
LEAST_WIDTH = 8  # of a column that is made narrower
NAME_SHARE = 0.4  # of the width, which a column of names takes at most
BETWEEN = "     "  # parts of the last line
COLOURS: dict[Tone, str] = {"plain": "cyan", "good": "green", "warn": "yellow", "bad": "red", "unknown": "yellow"}


def print_account(console: "Console", account: Account, *, full: bool = False, page: str = "") -> None:
    """The answer in bold, what it rests on, and one line with the next command, the page and where more is.

    Args:
        console: what is written to.
        account: what a record says, see `tunecase.report.Account`.
        full: all blocks, each under its title.
        page: the report's file, named where it was written.
    """
    _print_answer(console, account)
    for block in (*account.short, *account.full) if full else account.short:
        console.print()
        print_block(console, block, titled=full)
    more = "more: --full" if account.full and not full else ""
    ends = [f"next: {account.next}" if account.next else "", f"page: {page}" if page else "", more]
    if any(ends):
        console.print()
        _print_ends(console, [end for end in ends if end])


def _print_answer(console: "Console", account: Account) -> None:
    """The answer, its first word in the colour of its tone."""
    from rich.text import Text

    first, *others = textwrap.wrap(safe(account.answer), max(20, console.width), break_on_hyphens=False) or [""]
    lead, space, rest = first.partition(" ")
    console.print(Text(lead, style=f"bold {COLOURS[account.tone]}").append(space + rest, style="bold"), soft_wrap=True)
    for line in others:
        console.print(Text(line, style="bold"), soft_wrap=True)


def _print_ends(console: "Console", ends: list[str]) -> None:
    """The last parts on one line, or on several where they are too long for it."""
    lines = ends[:1]
    for end in ends[1:]:
        beside = f"{lines[-1]}{BETWEEN}{end}"
        lines = [*lines[:-1], beside] if len(beside) <= console.width else [*lines, end]
    for line in lines:
        say(console, line, "cyan")


def print_block(console: "Console", block: Block, *, titled: bool = True) -> None:
    """One block, indented by two; a chart that no terminal can draw is told in words."""
    match block:
        case Words():
            for paragraph in block.paragraphs:
                say(console, paragraph, indent=INDENT)
        case Listing():
            _print_title(console, block.title, titled)
            for item in block.items:
                _hanging(console, "· ", item)
        case Facts():
            _print_title(console, block.title, titled)
            _print_pairs(console, block.pairs)
        case Table():
            _print_title(console, block.caption, titled)
            _print_rows(console, block)
        case _:
            _print_title(console, block.caption, titled)
            say(console, sentence(block.summary), indent=INDENT)


def _print_title(console: "Console", title: str, titled: bool) -> None:
    if title and titled:
        say(console, title, "bold")


def _hanging(console: "Console", mark: str, text: str) -> None:
    """Text after a mark, further lines set in below its first word."""
    room = max(20, console.width - INDENT - len(mark))
    first, *others = textwrap.wrap(safe(text), room, break_on_hyphens=False) or [""]
    say(console, mark + first, indent=INDENT)
    for line in others:
        say(console, line, indent=INDENT + len(mark))


def _print_pairs(console: "Console", pairs: tuple[tuple[str, str], ...]) -> None:
    """Names with their values in a column beside them."""
    most = int(console.width * NAME_SHARE)
    wide = min(max((len(name) for name, _ in pairs), default=0), most)
    for name, value in pairs:
        first, *others = textwrap.wrap(safe(name), wide, break_on_hyphens=False) or [""]
        _hanging(console, f"{first.ljust(wide)}  ", value)
        for line in others:
            say(console, line, indent=INDENT)


def _print_rows(console: "Console", table: Table) -> None:
    """A table without lines, its strong rows marked by an arrow where it is not the last; wide cells wrap."""
    last = len(table.rows) - 1
    marks = ["> " if number in table.strong and number < last else "  " for number in range(last + 1)]
    rows = [
        [mark + row[0].marked, *(cell.marked for cell in row[1:])] for mark, row in zip(marks, table.rows, strict=True)
    ]
    head = [f"  {table.head[0]}" if table.head[0] else "", *table.head[1:]]
    widths = _column_widths([head, *rows], console.width)
    if any(table.head):
        for line in _wrapped_row(head, widths, table.numeric):
            say(console, line, "dim")
    for row in rows:
        for line in _wrapped_row(row, widths, table.numeric):
            say(console, line)
    if table.note:
        say(console, table.note, "dim", INDENT)


def _column_widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """The widths of a table's columns: those of its longest cells, the widest made narrower until all fit."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + len(GAP) * (len(widths) - 1) > room and max(widths) > LEAST_WIDTH:
        widths[widths.index(max(widths))] -= 1
    return widths


def _wrapped_row(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[int]) -> Iterator[str]:
    """The lines of one row, each cell wrapped in its column; figures are set right, the first cell hangs."""
    columns = [
        textwrap.wrap(safe(cell), width, subsequent_indent="    " if not at else "", drop_whitespace=bool(at))
        or [""] if len(cell) > width else [safe(cell)]
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]  # fmt: skip
    for parts in itertools.zip_longest(*columns, fillvalue=""):
        sides = ("rjust" if at in numeric else "ljust" for at in range(len(widths)))
        yield GAP.join(
            getattr(part.rstrip() if at else part, side)(width)
            for at, (part, side, width) in enumerate(zip(parts, sides, widths, strict=True))
        ).rstrip()
