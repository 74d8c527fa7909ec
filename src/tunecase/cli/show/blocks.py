"""Draws plain blocks on a terminal: the answer, what it rests on, and with `full` all of it."""

import itertools
import textwrap
from typing import TYPE_CHECKING

from tunecase.blocks import Account, Block, Curve, Facts, Listing, Table, Tone, Words, is_empty
from tunecase.cli.show.depth import DEPTH
from tunecase.cli.show.paper import safe, say
from tunecase.cli.show.plot import LABEL, WIDTH, curve_lines, short_curve
from tunecase.quantities import sentence

if TYPE_CHECKING:
    from rich.console import Console

INDENT = 2
NAME_SHARE = 0.4  # of the width, which a column of names takes at most
BETWEEN = "     "  # parts of the last line
BETWEEN_COLUMNS = 2
MOST_LINES = 4  # of a cell; above, a table is told row by row
NARROWEST = 14  # characters of a column of words; below, a table is told row by row
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
    if DEPTH.quiet:
        return
    for block in (*account.short, *account.full) if full else account.short:
        if is_empty(block):
            continue
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
    from rich.text import Text

    lines = ends[:1]
    for end in ends[1:]:
        beside = f"{lines[-1]}{BETWEEN}{end}"
        lines = [*lines[:-1], beside] if len(beside) <= console.width else [*lines, end]
    for line in lines:
        # Not wrapped here: a command cut in two cannot be copied.
        console.print(Text(safe(line), style="cyan"), soft_wrap=True)


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
        case Curve():
            _print_title(console, block.caption, titled)
            _print_curve(console, block, titled)
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
    room = max(20, console.width - INDENT - wide - BETWEEN_COLUMNS)
    for name, value in pairs:
        names = textwrap.wrap(safe(name), max(wide, 1), break_on_hyphens=False)
        values = textwrap.wrap(safe(value), room, break_on_hyphens=False)
        for left, right in itertools.zip_longest(names or [""], values or [""], fillvalue=""):
            say(console, f"{left.ljust(wide)}{' ' * BETWEEN_COLUMNS}{right}".rstrip(), indent=INDENT)


def _print_curve(console: "Console", chart: Curve, whole: bool) -> None:
    """The curve with its legend, or a small one."""
    wide = max(20, min(WIDTH, console.width - LABEL - 2))
    for line in curve_lines(chart, wide) if whole else short_curve(chart, console.width):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _print_rows(console: "Console", table: Table) -> None:
    """A table without lines, its strong rows marked by an arrow where it is not the last.

    Columns of words are wrapped where the table is too wide; where they would become too narrow or too long, each row
    stands as a paragraph of its own.
    """
    last = len(table.rows) - 1
    marks = ["> " if number in table.strong and number < last else "  " for number in range(last + 1)]
    rows = [
        [mark + row[0].marked, *(cell.marked for cell in row[1:])] for mark, row in zip(marks, table.rows, strict=True)
    ]
    head = [f"  {table.head[0]}" if table.head[0] else "", *table.head[1:]]
    widths = _fitted([head, *rows], table.numeric, console.width)
    wrapped = [_wrapped(row, widths) for row in ([head, *rows] if any(head) else rows)] if widths else []
    if widths is None or any(len(lines) > MOST_LINES for row in wrapped for lines in row):
        _print_stacked(console, table)
    else:
        for number, lines in enumerate(wrapped):
            _print_wrapped(console, lines, widths, table.numeric, "dim" if any(head) and not number else "")
    if table.note:
        say(console, table.note, "dim", INDENT)


def _fitted(rows: list[list[str]], numeric: tuple[int, ...], room: int) -> list[int] | None:
    """The widths of the columns in so many characters, None where a column of words would become too narrow."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    words = [
        max((len(word) for cell in column for word in cell.split()), default=0) for column in zip(*rows, strict=True)
    ]
    least = [
        width if number in numeric else min(width, max(NARROWEST, word))
        for number, (width, word) in enumerate(zip(widths, words, strict=True))
    ]
    room -= BETWEEN_COLUMNS * (len(widths) - 1)
    while sum(widths) > room:
        number = max(range(len(widths)), key=lambda at: (widths[at] > least[at], widths[at] - least[at]))
        if widths[number] <= least[number]:
            return None
        widths[number] -= 1
    return widths


def _wrapped(row: list[str], widths: list[int]) -> list[list[str]]:
    """The lines of each cell; what belongs to the first name is set in below it."""
    return [
        textwrap.wrap(safe(cell), width, subsequent_indent="" if number else " " * 2 * INDENT, break_on_hyphens=False)
        if cell
        else [""]
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _print_wrapped(
    console: "Console", cells: list[list[str]], widths: list[int], numeric: tuple[int, ...], style: str
) -> None:
    for lines in itertools.zip_longest(*cells, fillvalue=""):
        placed = (
            line.rjust(width) if number in numeric else line.ljust(width)
            for number, (line, width) in enumerate(zip(lines, widths, strict=True))
        )
        say(console, (" " * BETWEEN_COLUMNS).join(placed).rstrip(), style)


def _print_stacked(console: "Console", table: Table) -> None:
    """Each row as its name with a paragraph below, every cell after the name of its column."""
    for row in table.rows:
        say(console, row[0].marked, indent=INDENT)
        cells = zip(table.head[1:], row[1:], strict=True)
        told = [f"{name}: {cell.marked}" if name else cell.marked for name, cell in cells if cell.text]
        say(console, " · ".join(told), "dim", 2 * INDENT)
