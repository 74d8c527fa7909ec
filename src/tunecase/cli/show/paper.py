"""How anything is printed: wrapped by words, in 80 columns, no text of the data steering the terminal."""

import sys
import textwrap
from typing import TYPE_CHECKING

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
