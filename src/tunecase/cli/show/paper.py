"""How anything is printed: wrapped by words, in 80 columns, no text of the data steering the terminal."""

import itertools
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tunecase.quantities import Band, money_band

if TYPE_CHECKING:
    from rich.console import Console


def safe(text: str) -> str:
    """Text without control characters: a label or a file name must not steer the terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def console_for(stderr: bool = False) -> "Console":
    """The console of standard output, or of standard error."""
    from rich.console import Console

    # A file or a pipe has no width of its own; 80 columns is what a reader of logs expects.
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else 80
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def say(console: "Console", text: str, style: str = "", indent: int = 0) -> None:
    """Text wrapped by words; an empty text prints nothing."""
    from rich.text import Text

    text, room = safe(text), max(20, console.width - indent)
    for line in textwrap.wrap(text, room, break_on_hyphens=False) if len(text) > room else [text]:
        console.print(Text(f"{' ' * indent}{line}", style=style), soft_wrap=True)


def heading(console: "Console", verb: str, answer: str, fine: bool | None = None) -> None:
    """The verb and its answer; green when fine, red when not, cyan when neither."""
    from rich.text import Text

    colour = {True: "green", False: "red", None: "cyan"}[fine]
    lead = f"{verb.upper()} {'─' * 8} "
    lines = textwrap.wrap(lead + safe(answer), console.width, break_on_hyphens=False)
    console.print()
    console.print(Text(lead, style=colour).append(lines[0][len(lead) :], style="bold"), soft_wrap=True)
    for line in lines[1:]:
        console.print(Text(line, style="bold"), soft_wrap=True)


def print_table(
    console: "Console",
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    notes: Sequence[str] = (),
) -> None:
    """A table without lines: the first column takes what the others leave; `notes` stand dim below their row."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    most = console.width - sum(widths[1:]) - 2 * (len(widths) - 1)
    widths[0] = max(12, min(widths[0], most))

    def lines(row: Sequence[str]) -> Iterator[str]:
        first = textwrap.wrap(row[0], widths[0], subsequent_indent="  ", break_on_hyphens=False) or [""]
        sides = ("rjust" if index in right else "ljust" for index in range(len(row)))
        cells = [getattr(cell, side)(width) for cell, side, width in zip(row, sides, widths, strict=True)]
        yield "  ".join([first[0].ljust(widths[0]), *cells[1:]]).rstrip()
        yield from first[1:]

    if any(header):
        say(console, next(lines(header)), "dim")
    for row, note in itertools.zip_longest(rows, notes, fillvalue=""):
        for line in lines(row):
            say(console, line)
        if note:
            say(console, note, "dim", 4)


def print_notes(console: "Console", title: str, notes: Sequence[str], most: int = 6) -> None:
    """A title and the first notes, with how many were left out."""
    if not notes:
        return
    say(console, title, "dim")
    for note in notes[:most]:
        say(console, f"· {note}", "dim", 2)
    if len(notes) > most:
        say(console, f"· and {len(notes) - most} more (see --json or the report)", "dim", 2)


def price_words(amount: Band | None, currency: str) -> str:
    """A price in words; what costs nothing is free."""
    return "free" if amount is not None and amount.p90 == 0 else money_band(amount, currency)
