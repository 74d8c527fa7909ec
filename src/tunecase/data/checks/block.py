"""The columns of one block of a file: hashes, lengths, shingles, band keys, marks and first characters of its rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tunecase.data.checks import answers, tools
from tunecase.data.checks.columns import HEAD_CHARACTERS, NO_TEXT, Counted
from tunecase.data.detectors import personal, secrets
from tunecase.data.detectors.near_copies import band_keys, shingle_hashes, text_hashes, without_shingles, word_hashes
from tunecase.data.detectors.personal import masked
from tunecase.data.reading.blocks import block_lines, read_block
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.reading.rows import BadRow, Block, Layout, Row, prompt_of
from tunecase.data.reading.shapes import WRITTEN
from tunecase.data.reading.thinking import with_thinking
from tunecase.data.tokens.counting import Counter as TokenCounter
from tunecase.data.tokens.counting import LossOn, with_tools

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Flags, Hashes, Rows, Shingles

BATCH = 2048
MOST_LABELS = 20_000
# What is looked for in every row: a name, and a function of rows that gives each one bit for each thing it found.
MARKS: tuple[tuple[str, Callable[[Sequence[Row]], list[int]]], ...] = (
    ("personal", personal.mark_rows),
    ("secret", secrets.mark_rows),
    ("answer", answers.mark_rows),
    ("call", tools.mark_rows),
)
HIDDEN = ("mark personal", "mark secret")  # what must be masked before a text is cut for showing
_WHOLE_NUMBERS = (
    "number", "line", "input_characters", "output_characters", "words", "tokens", "output_tokens",
    "useful_tokens", "set_sizes", "head_sizes",
)  # fmt: skip
COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(_WHOLE_NUMBERS, "int64"),
    **dict.fromkeys(("raw", "normal", "answer", "rejected"), "uint64"),
    "tools": "uint64",
    "target": "bool",
    "flat": "uint32",
    "heads": "uint8",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a file counts and keeps.

    Args:
        common: shingles that say nothing about one row, ascending (see scan.boilerplate); None for those of the file.
        tokenizer: a tokenizer.json; None leaves tokens uncounted.
        fast: only the marks of a fast audit, and no texts are kept.
        workers: processes; one per core for large files when left out.
        loss_on: the tokens of a row that training learns.
    """

    common: "Shingles | None" = None
    tokenizer: Path | None = None
    fast: bool = False
    workers: int | None = None
    loss_on: LossOn = "answers"


@dataclass(frozen=True, slots=True)
class Task:
    """One block to be turned into columns; `text_share` of its rows keep their texts, `file_bytes` has the file."""

    block: Block
    layout: Layout
    reading: Reading
    text_share: float
    file_bytes: int


@dataclass(slots=True)
class Part:
    """What one block holds; numbers and lines count from its beginning."""

    bytes_done: int
    arrays: "dict[str, Array]" = field(default_factory=dict)
    records: int = 0
    lines: int = 0
    bad: list[BadRow] = field(default_factory=list)
    texts: list[tuple[int, str, str, tuple[tuple[str, str], ...], bool]] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    label_of: dict[int, str] = field(default_factory=dict)
    short_answers: int = 0
    utf8_bytes: int = 0
    characters: int = 0
    counted: Counted | None = None
    seen: Counter[str] = field(default_factory=Counter)


def read_part(task: Task) -> Part:
    """The columns of one block."""
    return _Builder(task).read()


class _Builder:
    """The columns of a block while they grow, a batch of rows at a time."""

    def __init__(self, task: Task) -> None:
        self.task, self.part = task, Part(task.block.bytes_done)
        self.columns: dict[str, list[Array]] = {}
        self.answers: dict[str, int] = {}
        self.rows, self.last_line = 0, -1

    def read(self) -> Part:
        """The whole block."""
        import numpy as np

        block, layout = self.task.block, self.task.layout
        rows = self._good(read_block(block, layout))
        while batch := list(islice(rows, BATCH)):
            self._add(batch)
        self.part.records = self.rows + len(self.part.bad)
        self.part.lines = self.last_line + 1 if layout.format == "json" else block_lines(block, layout)
        self.part.arrays = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        return self.part

    def _good(self, rows: Iterable[Row | BadRow]) -> Iterator[Row]:
        for row in rows:
            self.last_line = row.line
            if isinstance(row, Row):
                yield row
            else:
                self.part.bad.append(row)

    def _add(self, batch: list[Row]) -> None:
        import numpy as np

        inputs, outputs = [row.input for row in batch], [row.output for row in batch]
        marks = {f"mark {name}": np.array(mark(batch), np.uint32) for name, mark in MARKS}
        prompts = [prompt_of(row) for row in batch] if self.task.layout.tools else inputs
        rejected = [row.rejected for row in batch]
        answers_given = [_given(row) for row in batch]
        raw, utf8_bytes = _raw_hashes(inputs)
        hashes = {"raw": raw, **self._words(inputs), "tools": self._tools(batch)}
        if self.task.layout.compares or self.task.layout.judged:
            hashes |= self._with_answers(batch, raw)
        _mix(hashes)
        added: dict[str, Array] = {
            "number": np.array([row.number for row in batch], np.int64),
            "line": np.array([row.line for row in batch], np.int64),
            **hashes,
            "target": np.array([row.is_target for row in batch], np.bool_),
            "answer": self._answers(outputs),
            "rejected": self._answers(rejected) if any(rejected) else np.full(len(batch), NO_TEXT, np.uint64),
            "input_characters": _lengths(prompts),
            "output_characters": _lengths(answers_given),
            **_heads(inputs, np.any([marks[name] for name in HIDDEN], axis=0)),
            **self._tokens(batch, prompts, answers_given),
            **marks,
        }
        for name, values in added.items():
            self.columns.setdefault(name, []).append(values)
        self.part.utf8_bytes += utf8_bytes
        self.part.characters += sum(map(len, inputs))
        self._count_labels([row.output for row in batch if row.is_target])
        self._count_seen(batch)
        self._keep_texts(batch)
        self.rows += len(batch)

    def _words(self, inputs: list[str]) -> "dict[str, Array]":
        """Hashes of the normalised texts, their words, and their shingles without what nearly all rows share."""
        import numpy as np

        hashes, counts = word_hashes(inputs)
        common = self.task.reading.common
        left_out = np.zeros(0, np.uint32) if common is None else common
        flat, set_sizes = without_shingles(*shingle_hashes(hashes, counts), left_out)
        keys = {f"keys{band:02}": keys for band, keys in enumerate(band_keys(flat, set_sizes))}
        return {"normal": text_hashes(hashes, counts), "words": counts, "flat": flat, "set_sizes": set_sizes, **keys}

    def _with_answers(self, batch: list[Row], raw: "Hashes") -> "dict[str, Array]":
        """The hashes of judged answers, told apart by prompt and answers; words are still those of the prompt alone."""
        import numpy as np

        texts = [f"{row.input}\n\n{row.beside}" for row in batch]
        own = self._words(texts)
        del own["words"]
        return own | {"raw": np.where(raw == NO_TEXT, raw, _raw_hashes(texts)[0])}

    def _tools(self, batch: list[Row]) -> "Hashes":
        import numpy as np

        if not self.task.layout.tools:
            return np.zeros(len(batch), np.uint64)
        return _raw_hashes([row.tools for row in batch])[0]

    def _count_seen(self, batch: list[Row]) -> None:
        """What the record's notes tell of the rows."""
        if self.task.layout.schema not in WRITTEN:
            return
        seen = self.part.seen
        for row in batch:
            if row.thinking:
                seen["thinking"] += 1
            if row.turns:
                seen["cut back"] += row.cut_turns > 0
                seen["several answers"] += sum(role == "assistant" for role, _ in row.turns) > 1
            if not row.is_target:
                seen["rejected" if row.rejected else "tie"] += 1

    def _tokens(self, batch: list[Row], inputs: list[str], outputs: list[str]) -> "dict[str, Array]":
        """Tokens of the rows and of their answers; nothing without a tokenizer."""
        task = self.task
        if task.reading.tokenizer is None:
            return {}
        counter = _counter(task.reading.tokenizer, task.block.path, task.file_bytes)
        turns = [with_tools(row.turns, row.tools) for row in batch] if any(row.turns for row in batch) else ()
        muted = [
            tuple(at + len(laid) - len(row.turns) for at in row.muted)
            for row, laid in zip(batch, turns or [()] * len(batch), strict=True)
        ]
        counts = counter.count(inputs, outputs, turns, muted, task.reading.loss_on)
        self.part.counted = Counted(counter.how, counter.template_tokens)
        return {"tokens": counts.total, "output_tokens": counts.last, "useful_tokens": counts.useful}

    def _answers(self, outputs: list[str]) -> "Hashes":
        import numpy as np

        known = self.answers
        return np.array([known.get(output) or self._answer(output) for output in outputs], np.uint64)

    def _answer(self, output: str) -> int:
        from xxhash import xxh3_64_intdigest

        text = " ".join(output.split()).casefold()
        key = xxh3_64_intdigest(text.encode("utf-8", "replace")) if text else NO_TEXT
        if len(output) <= LONGEST_LABEL and len(self.answers) < MOST_LABELS:
            self.answers[output] = key
        return key

    def _count_labels(self, outputs: list[str]) -> None:
        short = Counter(output for output in outputs if len(output) <= LONGEST_LABEL)
        self.part.short_answers += short.total()
        labels = add_labels(self.part.labels, short)
        for label in short:
            if label in labels:
                self.part.label_of.setdefault(self._answer(label), label)

    def _keep_texts(self, batch: list[Row]) -> None:
        share = self.task.text_share
        for at, row in enumerate(batch, self.rows):
            if share >= 1.0 or place_in_draw(self.task.block.index, at) < share:
                self.part.texts.append((at, row.input, row.output, row.turns, bool(row.tools)))


def _given(row: Row) -> str:
    """The answer as it is taught, its reasoning before it; of an answer judged bad, that answer."""
    answer = row.output if row.is_target else row.rejected
    return with_thinking(row.thinking, answer) if row.thinking else answer


def _mix(hashes: "dict[str, Array]") -> None:
    """Makes rows with other tools other rows."""
    import numpy as np

    tools = hashes["tools"]
    if not tools.any():
        return
    for name in ("raw", "normal"):
        mixed = hashes[name] * np.uint64(0x9E3779B97F4A7C15) ^ tools
        hashes[name] = np.where((hashes[name] == NO_TEXT) | (tools == NO_TEXT), hashes[name], mixed)


def add_labels(labels: Counter[str], new: Counter[str]) -> Counter[str]:
    """The labels with new ones counted in; no more than MOST_LABELS different ones are kept."""
    for label, count in new.items():
        if label in labels or len(labels) < MOST_LABELS:
            labels[label] += count
    return labels


def _heads(inputs: list[str], hidden: "Flags") -> "dict[str, Array]":
    import numpy as np

    heads = [text[: 2 * HEAD_CHARACTERS] for text in inputs]
    for at in np.flatnonzero(hidden):
        heads[at] = masked(inputs[at][: personal.MOST_SHOWN])[: 2 * HEAD_CHARACTERS]
    shown = [head.encode("utf-8", "replace") for head in heads]
    return {"heads": np.frombuffer(b"".join(shown), np.uint8), "head_sizes": _lengths(shown)}


def _lengths(texts: Sequence[str | bytes]) -> "Rows":
    import numpy as np

    return np.fromiter(map(len, texts), np.int64, len(texts))


@lru_cache(maxsize=2)
def _counter(tokenizer: Path, path: str, file_bytes: int) -> TokenCounter:
    return TokenCounter(tokenizer, file_bytes)


def _raw_hashes(texts: list[str]) -> "tuple[Hashes, int]":
    import numpy as np
    from xxhash import xxh3_64_intdigest

    encoded = [text.encode("utf-8", "replace") for text in texts]
    hashes = [xxh3_64_intdigest(raw) if raw and not raw.isspace() else NO_TEXT for raw in encoded]
    return np.array(hashes, np.uint64), sum(map(len, encoded))


def place_in_draw(block: int, row: int) -> float:
    """A number from 0 to 1 that is any row's own, the same in every pass."""
    mixed = ((block << 32) + row + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 31) * 0xD6E8FEB86659FD93 & 0xFFFFFFFFFFFFFFFF
    return (mixed >> 11) / 2**53
