"""What the single pass leaves of a file: compact columns that every check reads, no texts.

A row costs about 250 bytes and 4 bytes a word: hashes of the raw and the normalised input and of the answer, lengths,
shingle hashes for near copies, and the first 80 characters for examples.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.checks import privacy
from tunecase.checks.privacy import masked
from tunecase.datasets import LONGEST_LABEL, BadRow, Layout, Row, are_classes, read_rows
from tunecase.text import WordHashes, normalise, shingle_hashes, split_words
from tunecase.tokenizing import Counter as TokenCounter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

BATCH = 2048
HEAD_CHARACTERS = 80
MOST_LABELS = 20_000
COLUMNS = (
    "number",
    "line",
    "raw",
    "normal",
    "answer",
    "input_characters",
    "output_characters",
    "words",
    "tokens",
    "output_tokens",
)
MOST_BAD_KEPT = 1000
MOST_TEXT_CHARACTERS = 100_000_000  # of the texts kept for checks that need words
# What is looked for in every row: a name, and a function of the row that gives one bit for each thing it found.
LOOKS: tuple[tuple[str, Callable[[Row], int]], ...] = (("personal", privacy.look),)
NO_TEXT = 0  # hash of an input or answer that says nothing


@dataclass(slots=True)
class Split:
    """One file as columns, one entry per readable row in file order; an index into them is not a row number."""

    path: Path
    layout: Layout
    bad: int
    bad_rows: tuple[BadRow, ...]
    number: "Rows"
    line: "Rows"
    raw: "NDArray[np.uint64]"
    normal: "NDArray[np.uint64]"
    answer: "NDArray[np.uint64]"
    input_characters: "Rows"
    output_characters: "Rows"
    bytes_per_character: float
    words: "Rows"
    tokens: "Rows | None"
    output_tokens: "Rows | None"
    counter: TokenCounter | None
    marks: "dict[str, NDArray[np.uint32]]"
    texts: "Texts"
    flat: "NDArray[np.uint32]"
    ends: "Rows"
    heads: "Heads"
    labels: Counter[str]
    label_of: dict[int, str]
    short_answers: int

    @property
    def rows(self) -> int:
        """Records in the file, bad ones too."""
        return len(self.number) + self.bad

    @property
    def labelled(self) -> bool:
        """True when the file has a column of answers or labels."""
        return self.layout.output is not None

    @property
    def classes(self) -> dict[str, int]:
        """Rows of each class, most frequent first; empty when the answers are free text."""
        import numpy as np

        distinct = max(len(np.unique(self.answer)), len(self.labels))
        if not self.labelled or not are_classes(distinct, self.short_answers, len(self.number)):
            return {}
        return dict(self.labels.most_common()) if self.labels.total() == self.short_answers else {}

    def example(self, index: int) -> str:
        """The beginning of one input, personal data masked."""
        return masked(self.heads[index])

    def label(self, index: int) -> str:
        """The answer of one row where it is short enough to be a label."""
        return self.label_of.get(int(self.answer[index]), "(a longer answer)")


@dataclass(slots=True)
class Texts:
    """The texts of some rows, for the checks that need words: all rows of a small file, a random part of a large one.

    `rows` are indices into the columns, ascending; `inputs` and `outputs` are one each, `turns` as of Row. `complete`
    is True when no readable row is left out; `share` is the part of the rows that was to be kept.
    """

    rows: "Rows"
    inputs: list[str]
    outputs: list[str]
    turns: list[tuple[tuple[str, str], ...]]
    complete: bool
    share: float


class Heads:
    """The first characters of many texts in one block of bytes."""

    def __init__(self) -> None:
        self.block, self.ends = bytearray(), array("Q")

    def append(self, text: str) -> None:
        """Keeps the beginning of one text, blanks collapsed."""
        head = " ".join(text[: 2 * HEAD_CHARACTERS].split())
        short = head if len(head) <= HEAD_CHARACTERS else head[: HEAD_CHARACTERS - 1] + "…"
        self.block += short.encode("utf-8", "replace")
        self.ends.append(len(self.block))

    def __getitem__(self, index: int) -> str:
        start = self.ends[index - 1] if index else 0
        return self.block[start : self.ends[index]].decode("utf-8")


@dataclass(slots=True)
class Builder:
    """The columns while they grow; `count` batches of rows with the Hugging Face tokenizer at `tokenizer`."""

    path: Path
    layout: Layout
    tokenizer: Path | None = None
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)
    columns: dict[str, "array[int]"] = field(default_factory=lambda: {name: array("Q") for name in COLUMNS})
    heads: Heads = field(default_factory=Heads)
    labels: Counter[str] = field(default_factory=Counter)
    label_of: dict[int, str] = field(default_factory=dict)
    short_answers: int = 0
    marks: dict[str, "array[int]"] = field(default_factory=lambda: {name: array("L") for name, _ in LOOKS})
    texts: list[tuple[int, Row]] = field(default_factory=list)
    text_characters: int = 0
    complete: bool = True
    utf8_bytes: int = 0
    characters: int = 0
    waiting: list[list[str]] = field(default_factory=list)
    waiting_rows: list[Row] = field(default_factory=list)
    counter: TokenCounter | None = None
    batches: "list[tuple[NDArray[np.uint32], Rows]]" = field(default_factory=list)
    hashes: WordHashes = field(default_factory=WordHashes)

    def add(self, row: Row) -> None:
        """One readable row."""
        from xxhash import xxh3_64_intdigest

        raw = row.input.encode("utf-8", "replace")
        normal = normalise(row.input)
        words = split_words(normal)
        answer = " ".join(row.output.split()).casefold()
        key = xxh3_64_intdigest(answer.encode("utf-8", "replace")) if answer else NO_TEXT
        blank = not row.input.strip()
        self.columns["number"].append(row.number)
        self.columns["line"].append(row.line)
        self.columns["raw"].append(NO_TEXT if blank else xxh3_64_intdigest(raw))
        self.columns["normal"].append(xxh3_64_intdigest(normal.encode("utf-8", "replace")) if words else NO_TEXT)
        self.columns["answer"].append(key)
        self.columns["input_characters"].append(len(row.input))
        self.columns["output_characters"].append(len(row.output))
        self.columns["words"].append(len(words))
        for name, look in LOOKS:
            self.marks[name].append(look(row))
        if self.text_characters < MOST_TEXT_CHARACTERS:
            self.texts.append((len(self.columns["number"]) - 1, row))
            self.text_characters += len(row.input) + len(row.output)
        else:
            self.complete = False
        self.heads.append(row.input)
        self.utf8_bytes += len(raw)
        self.characters += len(row.input)
        self._count_label(row.output, key)
        self.waiting.append(words)
        if self.tokenizer is not None:
            self.waiting_rows.append(row)
        if len(self.waiting) >= BATCH:
            self.flush()

    def _count_label(self, output: str, key: int) -> None:
        if len(output) > LONGEST_LABEL:
            return
        self.short_answers += 1
        if output in self.labels or len(self.labels) < MOST_LABELS:
            self.labels[output] += 1
            self.label_of.setdefault(key, output)

    def flush(self) -> None:
        """Turns the waiting words into shingle hashes, the waiting texts into token counts."""
        if not self.waiting:
            return
        self.batches.append(shingle_hashes(self.waiting, self.hashes))
        self.waiting = []
        if self.tokenizer is not None:
            self.counter = self.counter or TokenCounter(self.tokenizer, self.path.stat().st_size)
            rows = self.waiting_rows
            turns = [row.turns for row in rows] if self.layout.schema == "chat" else ()
            whole, answers = self.counter.count([row.input for row in rows], [row.output for row in rows], turns)
            self.columns["tokens"].extend(whole.tolist())
            self.columns["output_tokens"].extend(answers.tolist())
            self.waiting_rows = []

    def split(self) -> Split:
        """The finished columns."""
        import numpy as np

        self.flush()
        column = {name: np.frombuffer(values, np.uint64) for name, values in self.columns.items() if len(values)}
        none = np.zeros(0, np.uint64)
        signed = {name: column.get(name, none).astype(np.int64) for name in COLUMNS}
        counts = [batch[1] for batch in self.batches]
        flat = [batch[0] for batch in self.batches]
        self.batches = []
        return Split(
            path=self.path,
            layout=self.layout,
            bad=self.bad,
            bad_rows=tuple(self.bad_rows),
            number=signed["number"],
            line=signed["line"],
            raw=column.get("raw", none),
            normal=column.get("normal", none),
            answer=column.get("answer", none),
            input_characters=signed["input_characters"],
            output_characters=signed["output_characters"],
            bytes_per_character=self.utf8_bytes / max(self.characters, 1),
            words=signed["words"],
            tokens=signed["tokens"] if self.tokenizer is not None else None,
            output_tokens=signed["output_tokens"] if self.tokenizer is not None else None,
            counter=self.counter,
            marks={name: np.array(values, np.uint32) for name, values in self.marks.items()},
            texts=Texts(
                np.array([at for at, _ in self.texts], np.int64),
                [row.input for _, row in self.texts],
                [row.output for _, row in self.texts],
                [row.turns for _, row in self.texts],
                self.complete,
                1.0,
            ),
            flat=np.concatenate(flat) if flat else np.zeros(0, np.uint32),
            ends=np.cumsum(np.concatenate(counts)) if counts else np.zeros(0, np.int64),
            heads=self.heads,
            labels=self.labels,
            label_of=self.label_of,
            short_answers=self.short_answers,
        )


def read_split(
    path: Path,
    layout: Layout,
    *,
    tokenizer: Path | None = None,
    on_bad: Callable[[BadRow], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Split:
    """The one pass over a file.

    Args:
        tokenizer: a tokenizer.json; None leaves tokens uncounted.
        on_bad: called with every bad row, in order.
        progress: called with the rows read so far, about every 2,000 rows.
    """
    builder = Builder(path, layout, tokenizer)
    for row in _counted(read_rows(path, layout), progress):
        if isinstance(row, Row):
            builder.add(row)
            continue
        builder.bad += 1
        if len(builder.bad_rows) < MOST_BAD_KEPT:
            builder.bad_rows.append(row)
        if on_bad is not None:
            on_bad(row)
    return builder.split()


def _counted(rows: Iterator[Row | BadRow], progress: Callable[[int], None] | None) -> Iterator[Row | BadRow]:
    count = 0
    for row in rows:
        yield row
        count += 1
        if progress is not None and count % BATCH == 0:
            progress(count)
    if progress is not None:
        progress(count)
