"""What a command printed, read back: terminal, Markdown and HTML as tables and as one line of text."""

import html
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[1]
WIDTH = 80  # columns of the terminal
INDENT = 2  # of a table in the terminal; twice that of the second line of a name
SIZES = {"k": Decimal(1_000), "M": Decimal(1_000_000), "B": Decimal(1_000_000_000)}
AMOUNT = r"[+-]?\d[\d,]*(?:\.\d+)?[kMB]?"

Table = list[list[str]]
Run = Callable[..., str]


def number(text: str) -> Decimal | None:
    """A printed number as it stands, 8.6k as 8600; 0 for "under 10 USD" and <1%; None where no number is printed."""
    text = text.strip().removesuffix("%").removesuffix(" USD").removesuffix(" EUR")
    if text.startswith(("under ", "<")):
        return Decimal(0)
    if not re.fullmatch(AMOUNT, text):
        return None
    size = SIZES.get(text[-1], Decimal(1))
    return Decimal(text.rstrip("kMB").replace(",", "")) * size


def numbers(texts: Sequence[str]) -> list[Decimal]:
    """The printed numbers among some cells."""
    return [found for text in texts if (found := number(text)) is not None]


@dataclass
class Tally:
    """Checks made, by kind, and those that failed with where they stand and what was printed."""

    made: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, str]] = field(default_factory=list)

    def check(self, kind: str, where: str, holds: bool, printed: object = "") -> None:
        """Counts one check, and keeps what was printed where it does not hold."""
        self.made[kind] = self.made.get(kind, 0) + 1
        if not holds:
            self.failures.append({"check": kind, "where": where, "printed": str(printed)[:400]})

    def adds_up(self, kind: str, where: str, parts: Sequence[Decimal], whole: Decimal | None) -> None:
        """Whether printed parts are exactly their printed whole; no parts or no whole is a failure too."""
        printed = f"{' + '.join(map(str, parts))} = {sum(parts, Decimal(0))}, printed {whole}"
        self.check(kind, where, bool(parts) and whole is not None and sum(parts, Decimal(0)) == whole, printed)

    @property
    def total(self) -> int:
        """All checks made."""
        return sum(self.made.values())


def command(*words: str | Path, cwd: Path) -> str:
    """What the real command line prints into a terminal of 80 columns; an answer of no (1) is an answer."""
    surroundings = {**os.environ, "COLUMNS": str(WIDTH), "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
    line = [sys.executable, "-m", "tunecase", *map(str, words)]
    done = subprocess.run(line, cwd=cwd, env=surroundings, capture_output=True, check=False, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(line)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def flat(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def text_of_markdown(text: str) -> str:
    """Markdown as one line without its marks."""
    return flat(_unescaped(text))


def text_of_page(page: str) -> str:
    """A page as one line without its mark-up."""
    page = page.replace("<wbr>", "")
    plain = re.sub(r"<(style|svg|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return flat(html.unescape(re.sub(r"<[^>]+>", " ", plain)))


def terminal_tables(text: str, titles: Sequence[str]) -> dict[str, Table]:
    """The tables that stand under these titles, without their heads, or what is told row by row where one is too wide.

    Notes below a table are left out; a title without a table is absent.
    """
    lines, found = text.splitlines(), {}
    for title in titles:
        if title in lines:
            rest = itertools.dropwhile(_is_title, lines[lines.index(title) + 1 :])
            block = list(itertools.takewhile(str.strip, rest))
            found[title] = _columns(block[1:]) if block and len(_cells(block[0])) > 1 else _told(block)
    return found


def _is_title(line: str) -> bool:
    """Whether a line is a title's second one: tables are set in."""
    return bool(line.strip()) and not line.startswith((" ", "> "))


def _cells(line: str) -> list[re.Match[str]]:
    """Cells are set apart by two blanks or more; a mark before the first is none."""
    return list(re.finditer(r"\S+(?: \S+)*", re.sub("^> ", "  ", line)))


def _columns(lines: Sequence[str]) -> Table:
    """Rows until a sentence; what goes on in a second line is put back to its cell."""
    rows: Table = []
    first: list[re.Match[str]] = []
    for line in lines:
        cells = _cells(line)
        if cells[0].start() == INDENT:
            if len(cells) == 1:
                break
            first = cells
            rows.append([cell.group() for cell in cells])
            continue
        for cell in cells:
            at = 0 if cell.start() == 2 * INDENT else _column(cell, first)
            rows[-1][at] += f" {cell.group()}"
    return rows


def _column(cell: re.Match[str], first: Sequence[re.Match[str]]) -> int:
    """The column of a cell's second line, which begins or ends where the first one does."""
    return next(at for at, one in enumerate(first) if cell.start() == one.start() or cell.end() == one.end())


def _told(lines: Sequence[str]) -> Table:
    """Rows of "name" and, further in, "head: cell · head: cell"; a name without cells is a note."""
    rows: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith(" " * 2 * INDENT):
            rows[-1][1].append(line.strip())
        else:
            rows.append((line.strip(), []))
    return [[name, *(cell.split(": ", 1)[-1] for cell in " ".join(told).split(" · "))] for name, told in rows if told]


def markdown_tables(text: str) -> dict[str, Table]:
    """Every table of a Markdown text, by the first two cells of its head."""
    found: dict[str, Table] = {}
    block: Table = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append([_unescaped(cell).strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif block:
            found.setdefault(" / ".join(block[0][:2]), block[2:])
            block = []
    return found


def page_tables(page: str) -> dict[str, Table]:
    """Every table of a page, by the first two cells of its head."""
    found: dict[str, Table] = {}
    for table in re.findall(r"<table\b.*?</table>", page, flags=re.DOTALL):
        rows = [
            [_plain(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, flags=re.DOTALL)]
            for row in re.findall(r"<tr\b.*?</tr>", table, flags=re.DOTALL)
        ]
        found.setdefault(" / ".join(rows[0][:2]), rows[1:])
    return found


def _plain(text: str) -> str:
    return flat(html.unescape(re.sub(r"<[^>]+>", "", text)))


def _unescaped(text: str) -> str:
    return html.unescape(re.sub(r"\\(.)", r"\1", text)).replace("**", "")
