"""What a command printed, read back: terminal, Markdown and HTML as tables and as one line of text."""

import html
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[1]
WIDTH = 80  # columns of the terminal
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
    plain = re.sub(r"<(style|svg|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return flat(html.unescape(re.sub(r"<[^>]+>", " ", plain)))


def terminal_tables(text: str, heads: Sequence[Sequence[str]]) -> dict[str, Table]:
    """The tables whose heads are asked for, by the first cell of the head; notes below a row are left out."""
    lines = text.splitlines()
    split = [re.split(r"\s{2,}", line.strip()) for line in lines]
    found = {}
    for head in heads:
        at = next((at for at, cells in enumerate(split) if cells[: len(head)] == list(head)), None)
        if at is not None:
            found[head[0]] = list(_rows(lines[at + 1 :], split[at + 1 :]))
    return found


def _rows(lines: Sequence[str], split: Sequence[list[str]]) -> Iterator[list[str]]:
    """Rows until a sentence or an empty line; a name's second line is put back to its first."""
    rows: Table = []
    for line, cells in zip(lines, split, strict=True):
        indent = len(line) - len(line.lstrip())
        if indent == 2 and rows and len(cells) == 1:
            rows[-1][0] += f" {cells[0]}"
        elif indent == 0 and len(cells) > 1:
            rows.append(list(cells))
        elif indent == 0:
            break
    yield from rows


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


def page_tiles(page: str) -> dict[str, str]:
    """The figures at the top of a page, by name."""
    tile = r'<span class="name">(.*?)</span>\s*<span class="value">(.*?)</span>'
    return {_plain(name): _plain(value) for name, value in re.findall(tile, page, flags=re.DOTALL)}


def _plain(text: str) -> str:
    return flat(html.unescape(re.sub(r"<[^>]+>", "", text)))


def _unescaped(text: str) -> str:
    return html.unescape(re.sub(r"\\(.)", r"\1", text)).replace("**", "")
