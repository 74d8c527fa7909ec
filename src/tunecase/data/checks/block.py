"""The columns of one piece of a file: hashes, lengths, shingles, band keys, marks and first characters of its rows."""

import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tunecase.data.checks import answers, tools
from tunecase.data.checks.columns import HEAD_CHARACTERS, NO_TEXT
from tunecase.data.detectors import personal, secrets
from tunecase.data.detectors.near_copies import (
    BANDS,
    band_keys,
    shingle_hashes,
    text_hashes,
    without_shingles,
    word_hashes,
)
from tunecase.data.detectors.private import masked
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.reading.pieces import Key
from tunecase.data.reading.rows import BadRow, Layout, Row, prompt_of
from tunecase.data.reading.shapes import WRITTEN
from tunecase.data.reading.thinking import with_thinking
from tunecase.data.shards.keys import packed
from tunecase.data.tokens.chat_layout import Turns
from tunecase.data.tokens.counting import Counter as TokenCounter
from tunecase.data.tokens.counting import LossOn, with_tools
from tunecase.data.tokens.learnt import Learnt
from tunecase.quantities import Array, Flags, Hashes, Rows, Shingles, np

MOST_LABELS = 20_000
# What is looked for in every row: a name, and a function of rows that gives each one bit for each thing it found.
MARKS: tuple[tuple[str, Callable[[Sequence[Row]], list[int]]], ...] = (
    ("personal", personal.mark_rows),
    ("secret", secrets.mark_rows),
    ("answer", answers.mark_rows),
    ("call", tools.mark_rows),
)
# What is kept of every row, besides shingles, keys and first characters.
COLUMNS = (
    "number", "line", "raw", "normal", "answer", "rejected", "tools", "target", "input_characters",
    "output_characters", "words", "set_sizes", *(f"mark {name}" for name, _ in MARKS),
)  # fmt: skip
HIDDEN = ("mark personal", "mark secret")  # what must be masked before a text is cut for showing


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a file counts and keeps.

    Args:
        common: shingles that say nothing about one row, ascending (see scan.boilerplate); None for those of the file.
        tokenizer: a tokenizer.json; None leaves tokens uncounted.
        learnt: what the first rows taught about counting with it (see scan.learn_tokens); None to learn it first.
        fast: no texts are kept.
        loss_on: the tokens of a row that training learns.
        seed: of the draw of rows whose texts are kept, where not all are.
    """

    common: "Shingles | None" = None
    tokenizer: Path | None = None
    fast: bool = False
    loss_on: LossOn = "answers"
    seed: int = 0
    learnt: Learnt | None = None


@dataclass(slots=True)
class Part:
    """What is counted of a run of rows, and its bad rows; numbers and lines count from its beginning.

    `checked` texts were counted both ways, and `differed` of them differently; see tokens.Counter.
    """

    bytes_done: int = 0
    rows: int = 0
    lines: int = 0
    bad: list[BadRow] = field(default_factory=list)
    texts: list[tuple[int, str, str, tuple[tuple[str, str], ...], bool]] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    label_of: dict[int, str] = field(default_factory=dict)
    short_answers: int = 0
    utf8_bytes: int = 0
    characters: int = 0
    checked: int = 0
    differed: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    @property
    def records(self) -> int:
        """Rows, bad ones too."""
        return self.rows + len(self.bad)


class Builder:
    """The columns of a run of rows while they grow, a batch of rows at a time.

    Args:
        text_share: of the rows, whose texts are kept.
    """

    def __init__(self, layout: Layout, reading: Reading, text_share: float) -> None:
        self.layout, self.reading, self.text_share = layout, reading, text_share
        self.part = Part()
        self.columns: dict[str, list[Array]] = {}
        self.answers: dict[str, int] = {}
        self.key: Key = (0, 0)
        self.counter: TokenCounter | None = None
        self._records_before = self._lines_before = 0

    def begin(self, key: Key, number: int, line: int, counter: TokenCounter | None) -> None:
        """Rows of a block follow.

        Args:
            key: the block's place among all of them.
            number, line: how many rows and lines of the block stand before those that follow.
            counter: of the block's tokens, if they are counted.
        """
        self.key, self.counter = key, counter
        self._records_before, self._lines_before = self.part.records - number, self.part.lines - line

    def add(self, batch: Sequence[Row | BadRow]) -> None:
        """Rows of the block, which follow those before them."""
        records, lines = self._records_before, self._lines_before
        bad = (row for row in batch if isinstance(row, BadRow))
        self.part.bad += [BadRow(row.number + records, row.line + lines, row.reason, row.text) for row in bad]
        if good := [row for row in batch if isinstance(row, Row)]:
            self._add(good, records, lines)

    def end(self, line: int, bytes_done: int) -> None:
        """So many lines of the block are done, and so many bytes of all files."""
        self.part.lines, self.part.bytes_done = self._lines_before + line, bytes_done

    def arrays(self) -> "dict[str, Array]":
        """The columns so far, and the keys by which alike rows meet."""
        columns = {name: np.concatenate(self.columns.pop(name)) for name in tuple(self.columns)}
        if not columns:
            return {}
        own = np.arange(self.part.rows)
        some = columns["set_sizes"] > 0
        bands = np.stack([columns.pop(f"keys{band:02}")[some] for band in range(BANDS)], axis=1)
        keys = packed("bands", bands.ravel(), np.repeat(own[some], BANDS))
        for name in ("raw", "normal"):
            keys |= packed(name, columns[name], own, columns["answer"])
        return {name: _narrow(values) for name, values in columns.items()} | keys

    def _add(self, batch: list[Row], records: int, lines: int) -> None:
        inputs, outputs = [row.input for row in batch], [row.output for row in batch]
        marks = {f"mark {name}": np.array(mark(batch), np.uint32) for name, mark in MARKS}
        prompts = [prompt_of(row) for row in batch] if self.layout.tools else inputs
        rejected = [row.rejected for row in batch]
        answers_given = [given(row) for row in batch]
        raw, utf8_bytes = _raw_hashes(inputs)
        hashes = {"raw": raw, **self._words(inputs), "tools": self._tools(batch)}
        if self.layout.compares or self.layout.judged:
            hashes |= self._with_answers(batch, raw)
        _mix(hashes)
        added: dict[str, Array] = {
            "number": np.array([row.number for row in batch], np.int64) + records,
            "line": np.array([row.line for row in batch], np.int64) + lines,
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
        self.part.rows += len(batch)

    def _words(self, inputs: list[str]) -> "dict[str, Array]":
        """Hashes of the normalised texts, their words, and their shingles without what nearly all rows share."""
        hashes, counts = word_hashes(inputs)
        common = self.reading.common
        left_out = np.zeros(0, np.uint32) if common is None else common
        flat, set_sizes = without_shingles(*shingle_hashes(hashes, counts), left_out)
        keys = {f"keys{band:02}": keys for band, keys in enumerate(band_keys(flat, set_sizes))}
        return {"normal": text_hashes(hashes, counts), "words": counts, "flat": flat, "set_sizes": set_sizes, **keys}

    def _with_answers(self, batch: list[Row], raw: "Hashes") -> "dict[str, Array]":
        """The hashes of judged answers, told apart by prompt and answers; words are still those of the prompt alone."""
        texts = [f"{row.input}\n\n{row.beside}" for row in batch]
        own = self._words(texts)
        del own["words"]
        return own | {"raw": np.where(raw == NO_TEXT, raw, _raw_hashes(texts)[0])}

    def _tools(self, batch: list[Row]) -> "Hashes":
        if not self.layout.tools:
            return np.zeros(len(batch), np.uint64)
        return _raw_hashes([row.tools for row in batch])[0]

    def _count_seen(self, batch: list[Row]) -> None:
        """What the record's notes tell of the rows."""
        if self.layout.schema not in WRITTEN:
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
        if self.counter is None:
            return {}
        turns, muted = laid_out(batch)
        checked, differed = self.counter.checked, self.counter.differed
        counts = self.counter.count(inputs, outputs, turns, muted, self.reading.loss_on)
        self.part.checked += self.counter.checked - checked
        self.part.differed += self.counter.differed - differed
        return {"tokens": counts.total, "output_tokens": counts.last, "useful_tokens": counts.useful}

    def _answers(self, outputs: list[str]) -> "Hashes":
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
        share, seed = self.text_share, self.reading.seed
        for at, row in enumerate(batch, self.part.rows):
            if share >= 1.0 or place_in_draw(seed, *self.key, row.number) < share:
                self.part.texts.append((at, row.input, row.output, row.turns, bool(row.tools)))


def given(row: Row) -> str:
    """The answer as it is taught, its reasoning before it; of an answer judged bad, that answer."""
    answer = row.output if row.is_target else row.rejected
    return with_thinking(row.thinking, answer) if row.thinking else answer


def laid_out(batch: Sequence[Row]) -> tuple[list[Turns], list[tuple[int, ...]]]:
    """The turns of each row, its tools among them, and the places of those not to be learnt; no turns without chats."""
    turns = [with_tools(row.turns, row.tools) for row in batch] if any(row.turns for row in batch) else []
    muted = [
        tuple(at + len(laid) - len(row.turns) for at in row.muted)
        for row, laid in zip(batch, turns or [()] * len(batch), strict=True)
    ]
    return turns, muted


def _mix(hashes: "dict[str, Array]") -> None:
    """Makes rows with other tools other rows."""
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
    heads = [text[: 2 * HEAD_CHARACTERS] for text in inputs]
    for at in np.flatnonzero(hidden):
        heads[at] = masked(inputs[at][: personal.MOST_SHOWN])[: 2 * HEAD_CHARACTERS]
    shown = [head.encode("utf-8", "replace") for head in heads]
    return {"heads": np.frombuffer(b"".join(shown), np.uint8), "head_sizes": _lengths(shown)}


def _lengths(texts: Sequence[str | bytes]) -> "Rows":
    return np.fromiter(map(len, texts), np.int64, len(texts))


def _raw_hashes(texts: list[str]) -> "tuple[Hashes, int]":
    from xxhash import xxh3_64_intdigest

    encoded = [text.encode("utf-8", "replace") for text in texts]
    hashes = [xxh3_64_intdigest(raw) if raw and not raw.isspace() else NO_TEXT for raw in encoded]
    return np.array(hashes, np.uint64), sum(map(len, encoded))


def place_in_draw(seed: int, *place: int) -> float:
    """A number from 0 to 1 that belongs to a place (file, block, row) and a seed alone."""
    return (hash_of(seed, *place) >> 11) / 2**53


def hash_of(*numbers: int) -> int:
    """A hash of 64 bits of some numbers, of each as far as 64 bits tell it."""
    from xxhash import xxh3_64_intdigest

    return xxh3_64_intdigest(struct.pack(f"<{len(numbers)}Q", *(number & 0xFFFFFFFFFFFFFFFF for number in numbers)))


def _narrow(values: "Array") -> "Array":
    """Whole numbers in as few bytes as hold them."""
    if values.dtype != np.int64:
        return values
    most = int(values.max()) if len(values) else 0
    return values.astype(next(kind for kind in (np.int16, np.int32, np.int64) if most <= np.iinfo(kind).max))
