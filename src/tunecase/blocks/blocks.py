"""Plain blocks of words and tables, without any mark-up, and what a record says in them.

Accounts make them, and each face (terminal, Markdown, HTML) draws them in its own way. Texts are untrusted: a face
escapes them all.
"""

from dataclasses import dataclass

from tunecase.blocks.charts import Bars, Chart, Rows, Scored, Tone, Tornado

SYMBOLS: dict[Tone, str] = {"plain": "", "good": "✓", "warn": "▲", "bad": "✕", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; a tone comes with its word in `text`, so that colour never speaks alone."""

    text: str
    tone: Tone = "plain"

    @property
    def marked(self) -> str:
        """The text with the tone's symbol before it."""
        return f"{SYMBOLS[self.tone]} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; `numeric` columns are set right, `strong` rows (totals, the advice) stand out."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[int, ...] = ()
    strong: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Sentences under a title."""

    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Paragraphs without a title."""

    paragraphs: tuple[str, ...]


Block = Table | Facts | Listing | Words | Chart


def is_empty(block: Block) -> bool:
    """True for a table or a chart of rows without any, and for a list without items; other charts always hold some."""
    match block:
        case Table() | Rows() | Scored() | Tornado() | Bars():
            return not block.rows
        case Facts():
            return not block.pairs
        case Listing():
            return not block.items
        case Words():
            return not block.paragraphs
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Account:
    """What the record of a verb says, at two depths: the answer with what it rests on, and all of it.

    `answer` is one sentence or two, the answer first; `short` is what stands under it by default, 14 lines of a
    terminal with it; `full` is all the rest, which `--full` prints and the page folds; it repeats nothing of `short`.
    `next` is the command to run next, empty where there is none.
    """

    verb: str
    answer: str
    tone: Tone = "plain"
    short: tuple[Block, ...] = ()
    full: tuple[Block, ...] = ()
    next: str = ""
