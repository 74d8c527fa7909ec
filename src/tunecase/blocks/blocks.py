"""Plain blocks of words and tables, without any mark-up, and what a record says in them.

Accounts make them, and each face (terminal, Markdown, HTML) draws them in its own way. Texts are untrusted: a face
escapes them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tunecase.blocks.charts import Chart, Tone

SYMBOLS: dict[Tone, str] = {"plain": "", "good": "✓", "warn": "▲", "bad": "✕", "unknown": "?"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; a tone comes with its word in `text`, so that colour never speaks alone."""

    text: str
    tone: Tone = "plain"
    swatch: int | None = None

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


@dataclass(frozen=True, slots=True)
class Section:
    """One question, its answer in a sentence, what shows it, and (folded away) what it rests on."""

    id: str
    title: str
    answer: str
    blocks: tuple[Block, ...] = ()
    evidence: tuple[Block, ...] = ()
    tone: Tone = "plain"
    word: str = ""
    done: bool = True


@dataclass(frozen=True, slots=True)
class Light:
    """The word on one of the two questions that decide."""

    question: str
    word: str
    tone: Tone
    reason: str
    section: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the summary: what it is, the number, what stands beside it, and the section that shows it."""

    name: str
    value: str
    beside: str
    section: str


@dataclass(frozen=True, slots=True)
class Content:
    """The whole report, the answer first; `records` and `meta` are what it was made from, for the JSON."""

    project: str
    goal: str
    owner: str
    answer: str
    lights: tuple[Light, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    version: str
    records: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
