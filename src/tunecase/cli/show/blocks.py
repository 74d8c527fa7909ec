"""Draws plain blocks on a terminal: the answer, what it rests on, and with `full` all of it."""

import textwrap
from typing import TYPE_CHECKING

from tunecase.blocks import Account, Block, Curve, Facts, Listing, Table, Tone, Words
from tunecase.cli.show.paper import print_table, safe, say
from tunecase.cli.show.plot import LABEL, WIDTH, curve_lines, short_curve
from tunecase.quantities import sentence

if TYPE_CHECKING:
    from rich.console import Console

INDENT = 2
NAME_SHARE = 0.4  # of the width, which a column of names takes at most
FIRST_LEAST = 12  # columns that the first column of a table has, however many others there are
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
    for name, value in pairs:
        first, *others = textwrap.wrap(safe(name), wide, break_on_hyphens=False) or [""]
        _hanging(console, f"{first.ljust(wide)}  ", value)
        for line in others:
            say(console, line, indent=INDENT)


def _print_curve(console: "Console", chart: Curve, whole: bool) -> None:
    """The curve with its legend, or a small one."""
    wide = max(20, min(WIDTH, console.width - LABEL - 2))
    for line in curve_lines(chart, wide) if whole else short_curve(chart, console.width):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _print_rows(console: "Console", table: Table) -> None:
    """A table without lines, its strong rows marked by an arrow where it is not the last.

    Columns for which there is no room stand below their row, each cell after the name of its column.
    """
    last = len(table.rows) - 1
    marks = ["> " if number in table.strong and number < last else "  " for number in range(last + 1)]
    rows = [
        [mark + row[0].marked, *(cell.marked for cell in row[1:])] for mark, row in zip(marks, table.rows, strict=True)
    ]
    head = [f"  {table.head[0]}" if table.head[0] else "", *table.head[1:]]
    kept = _fitting([max(map(len, column)) for column in zip(head, *rows, strict=True)], console.width)
    below = [
        "; ".join(
            f"{head[at]}: {cell}" if head[at] else cell
            for at, cell in enumerate(row)
            if at not in kept and cell not in ("", "–")
        )
        for row in rows
    ]
    numeric = [place for place, at in enumerate(kept) if at in table.numeric]
    print_table(console, [head[at] for at in kept], [[row[at] for at in kept] for row in rows], numeric, below)
    if table.note:
        say(console, table.note, "dim", INDENT)


def _fitting(widths: list[int], room: int) -> list[int]:
    """The columns that stand side by side, the first among them, which takes what it needs up to a share."""
    taken, kept = min(widths[0], max(FIRST_LEAST, int(room * NAME_SHARE))), [0]
    for at, width in enumerate(widths[1:], 1):
        if taken + 2 + width <= room:
            taken, kept = taken + 2 + width, [*kept, at]
    return kept
