"""The single pass over a file: rows become columns, block by block, in as many processes as there are cores.

A row costs about 400 bytes and 4 bytes a word: hashes of the raw and the normalised input and of the answer, lengths,
shingle hashes and band keys for near copies, and the first characters for examples. Of a large file they lie on disk,
so that memory does not grow with it, and an interrupted pass is gone on with where it was.
"""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.data.checks import answers
from tunecase.data.checks.columns import HEAD_CHARACTERS, NO_TEXT, Counted, Heads, Split, Texts
from tunecase.data.checks.spool import Spool
from tunecase.data.detectors import personal, secrets
from tunecase.data.detectors.near_copies import (
    BANDS,
    BOILERPLATE_SHARE,
    BOILERPLATE_TEXTS,
    band_keys,
    shingle_hashes,
    text_hashes,
    word_hashes,
)
from tunecase.data.detectors.personal import masked
from tunecase.data.reading.blocks import block_lines, blocks, files_of, read_block, total_bytes
from tunecase.data.reading.kinds import LONGEST_LABEL
from tunecase.data.reading.rows import BadRow, Block, Layout, Row
from tunecase.data.tokens.counting import Counter as TokenCounter
from tunecase.engine import LATER, CrashError, cache_folder, cores, run_tasks
from tunecase.version import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Array = NDArray[Any]

BATCH = 2048
MOST_LABELS = 20_000
MOST_BAD_KEPT = 1000
MOST_TEXT_CHARACTERS = 30_000_000  # of the texts kept for checks that need words
MOST_TEXT_ROOM = 4  # how much more than that may be kept where files unpacked to more than their size told
MOST_WAITING = 8  # blocks read ahead of one that takes long, for each process
LARGE_BYTES = 24_000_000  # from here on a pass is worth processes of its own and files that outlive it
# What is looked for in every row: a name, and a function of rows that gives each one bit for each thing it found.
LOOKS: tuple[tuple[str, Callable[[Sequence[Row]], list[int]]], ...] = (
    ("personal", personal.look),
    ("secret", secrets.look),
    ("answer", answers.look),
)
HIDDEN = ("personal", "secret")  # what must be masked before a text is cut for showing
COLUMNS: Mapping[str, str] = {
    "number": "int64",
    "line": "int64",
    "raw": "uint64",
    "normal": "uint64",
    "answer": "uint64",
    "rejected": "uint64",
    "input_characters": "int64",
    "output_characters": "int64",
    "words": "int64",
    "tokens": "int64",
    "output_tokens": "int64",
    "flat": "uint32",
    "set_sizes": "int64",
    "heads": "uint8",
    "head_sizes": "int64",
}
# Told the rows read so far, the part of the file they are, and whether an earlier pass read them.
Told = Callable[[int, float | None, bool], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One block to be turned into columns.

    Args:
        common: shingles that say nothing about one row, ascending.
        tokenizer: a tokenizer.json, to count tokens.
        text_share: which part of the rows keeps its texts.
        file_bytes: of the whole file.
        fast: only the looks of a fast audit, and no texts.
    """

    block: Block
    layout: Layout
    common: "NDArray[np.uint32]"
    tokenizer: Path | None
    text_share: float
    file_bytes: int
    fast: bool = False


@dataclass(slots=True)
class Part:
    """The columns of one block; numbers and lines count from its beginning."""

    arrays: "dict[str, Array]"
    records: int
    lines: int
    bytes_done: int
    bad: list[BadRow]
    texts: list[tuple[int, str, str, tuple[tuple[str, str], ...]]]
    labels: Counter[str]
    label_of: dict[int, str]
    short_answers: int
    utf8_bytes: int
    characters: int
    counted: Counted | None


@dataclass(slots=True)
class Builder:
    """The columns of a block while they grow, a batch of rows at a time."""

    task: Task
    columns: "dict[str, list[Array]]" = field(default_factory=dict)
    bad: list[BadRow] = field(default_factory=list)
    texts: list[tuple[int, str, str, tuple[tuple[str, str], ...]]] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
    label_of: dict[int, str] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    rows: int = 0
    last_line: int = -1
    short_answers: int = 0
    utf8_bytes: int = 0
    characters: int = 0
    counted: Counted | None = None

    def read(self) -> Part:
        """The whole block."""
        block, layout = self.task.block, self.task.layout
        rows = self._good(read_block(block, layout))
        while batch := list(islice(rows, BATCH)):
            self._add(batch)
        lines = self.last_line + 1 if layout.format == "json" else block_lines(block, layout)
        return Part(
            arrays=self._arrays(), records=self.rows + len(self.bad), lines=lines, bytes_done=block.bytes_done,
            bad=self.bad, texts=self.texts, labels=self.labels, label_of=self.label_of,
            short_answers=self.short_answers, utf8_bytes=self.utf8_bytes, characters=self.characters,
            counted=self.counted,
        )  # fmt: skip

    def _good(self, rows: Iterable[Row | BadRow]) -> Iterator[Row]:
        for row in rows:
            self.last_line = row.line
            if isinstance(row, Row):
                yield row
            else:
                self.bad.append(row)

    def _add(self, batch: list[Row]) -> None:
        import numpy as np

        inputs = [row.input for row in batch]
        raw, sizes = _raw_hashes(inputs)
        hashes, counts = word_hashes(inputs)
        flat, set_sizes = self._own(*shingle_hashes(hashes, counts))
        marks = {name: np.array(look(batch), np.uint32) for name, look in LOOKS}
        heads = [text[: 2 * HEAD_CHARACTERS] for text in inputs]
        for at in np.flatnonzero(np.any([marks[name] for name in HIDDEN], axis=0)):
            heads[at] = masked(inputs[at][: personal.MOST_SHOWN])[: 2 * HEAD_CHARACTERS]
        shown = [head.encode("utf-8", "replace") for head in heads]
        added: dict[str, Array] = {
            "number": np.array([row.number for row in batch], np.int64),
            "line": np.array([row.line for row in batch], np.int64),
            "raw": raw,
            "normal": text_hashes(hashes, counts),
            "answer": self._answers([row.output for row in batch]),
            "rejected": self._answers([row.rejected for row in batch]),
            "input_characters": np.array([len(text) for text in inputs], np.int64),
            "output_characters": np.array([len(row.output) for row in batch], np.int64),
            "words": counts,
            "flat": flat,
            "set_sizes": set_sizes,
            "heads": np.frombuffer(b"".join(shown), np.uint8),
            "head_sizes": np.array([len(head) for head in shown], np.int64),
        }
        added |= {f"keys{band:02}": keys for band, keys in enumerate(band_keys(flat, set_sizes))}
        added |= {f"mark {name}": values for name, values in marks.items()}
        if self.task.tokenizer is not None:
            counter = _counter(self.task.tokenizer, self.task.block.path, self.task.file_bytes)
            turns = [row.turns for row in batch] if self.task.layout.schema == "chat" else ()
            outputs = [row.output for row in batch]
            added["tokens"], added["output_tokens"] = counter.count(inputs, outputs, turns)
            self.counted = Counted(counter.how, counter.template_tokens)
        for name, values in added.items():
            self.columns.setdefault(name, []).append(values)
        self.utf8_bytes += sizes
        self.characters += int(added["input_characters"].sum())
        self._count_labels(batch)
        self._keep_texts(batch)
        self.rows += len(batch)

    def _own(self, flat: "NDArray[np.uint32]", sizes: "Rows") -> "tuple[NDArray[np.uint32], Rows]":
        """Shingle sets without what nearly all rows share."""
        import numpy as np

        common = self.task.common
        if not len(common):
            return flat, sizes
        kept = common[np.minimum(np.searchsorted(common, flat), len(common) - 1)] != flat
        owner = np.repeat(np.arange(len(sizes)), sizes)
        return flat[kept], np.bincount(owner[kept], minlength=len(sizes)).astype(np.int64)

    def _answers(self, outputs: list[str]) -> "NDArray[np.uint64]":
        import numpy as np

        known = self.answers
        found = [known.get(output) or self._answer(output) for output in outputs]
        return np.array(found, np.uint64)

    def _answer(self, output: str) -> int:
        from xxhash import xxh3_64_intdigest

        text = " ".join(output.split()).casefold()
        key = xxh3_64_intdigest(text.encode("utf-8", "replace")) if text else NO_TEXT
        if len(output) <= LONGEST_LABEL and len(self.answers) < MOST_LABELS:
            self.answers[output] = key
        return key

    def _count_labels(self, batch: list[Row]) -> None:
        short = [row.output for row in batch if len(row.output) <= LONGEST_LABEL]
        self.short_answers += len(short)
        new = Counter(short)
        for label, count in new.items():
            if label in self.labels or len(self.labels) < MOST_LABELS:
                self.labels[label] += count
                self.label_of.setdefault(self._answer(label), label)

    def _keep_texts(self, batch: list[Row]) -> None:
        share = self.task.text_share
        for at, row in enumerate(batch, self.rows):
            if share >= 1.0 or _drawn(self.task.block.index, at) < share:
                self.texts.append((at, row.input, row.output, row.turns))

    def _arrays(self) -> "dict[str, Array]":
        import numpy as np

        return {name: np.concatenate(parts) for name, parts in self.columns.items()}


@lru_cache(maxsize=2)
def _counter(tokenizer: Path, path: str, file_bytes: int) -> TokenCounter:
    """One counter for all blocks of a file that this process reads."""
    return TokenCounter(tokenizer, file_bytes)


def _raw_hashes(texts: list[str]) -> "tuple[NDArray[np.uint64], int]":
    """A hash of each text as it stands, NO_TEXT for a blank one; the bytes of all of them."""
    import numpy as np
    from xxhash import xxh3_64_intdigest

    encoded = [text.encode("utf-8", "replace") for text in texts]
    found = [xxh3_64_intdigest(raw) if raw and not raw.isspace() else NO_TEXT for raw in encoded]
    return np.array(found, np.uint64), sum(map(len, encoded))


def _drawn(block: int, row: int) -> float:
    """A number from 0 to 1 that is any row's own, the same in every pass."""
    mixed = ((block << 32) + row + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 31) * 0xD6E8FEB86659FD93 & 0xFFFFFFFFFFFFFFFF
    return (mixed >> 11) / 2**53


def read_part(task: Task) -> Part:
    """The columns of one block."""
    return Builder(task).read()


def read_split(
    path: Path,
    layout: Layout,
    *,
    common: "NDArray[np.uint32] | None" = None,
    tokenizer: Path | None = None,
    fast: bool = False,
    on_bad: Callable[[BadRow], None] | None = None,
    progress: Told | None = None,
    workers: int | None = None,
) -> Split:
    """The one pass over a file.

    Args:
        common: shingles that say nothing about one row (see boilerplate); those of this file when left out.
        tokenizer: a tokenizer.json; None leaves tokens uncounted.
        fast: only the looks of a fast audit, and no texts are kept.
        on_bad: called with every bad row, in order, after the pass.
        progress: called with the rows read so far, the part of the file they are (0 to 1, None where not known), and
            True once before all others where an interrupted pass is gone on with.
        workers: processes; one per core for large files when left out.
    An interrupted pass over a large file leaves its columns in the cache folder; the same call takes them up, and a
    note on the KeyboardInterrupt says from which row.
    Raises: TunecaseError where there is no room for the columns.
    """
    common = boilerplate(path, layout) if common is None else common
    size = total_bytes(path)
    large = size is None or _unpacked_bytes(path) >= LARGE_BYTES
    share = min(1.0, MOST_TEXT_CHARACTERS / max(size or MOST_TEXT_CHARACTERS, 1)) if not fast else 0.0
    spool = _spool(path, layout, common, tokenizer, share) if large else Spool(None)
    if spool.done and progress is not None:
        progress(spool.facts["records"], spool.facts["bytes_done"] / size if size else None, True)
    kept = True
    try:
        tasks = (
            Task(block, layout, common, tokenizer, share, size or 0, fast)
            for block in blocks(path, layout)
            if block.index >= spool.done
        )
        count = workers or (cores() if large else 1)
        for part in _in_order(tasks, count):
            _append(spool, part)
            if progress is not None:
                progress(spool.facts["records"], part.bytes_done / size if size else None, False)
        split = _split(path, layout, spool, tokenizer, share)
        if on_bad is not None:
            for row in spool.rows("bad"):
                on_bad(BadRow(*row))
        kept = False
        return split
    except KeyboardInterrupt as stop:
        if large and spool.done:
            stop.add_note(f"interrupted; the same command goes on from row {spool.facts['records']:,}")
        raise
    finally:
        spool.close(keep=kept)


def _unpacked_bytes(path: Path) -> int:
    """About how much text the files hold [bytes]; what is packed shrank five to ten times."""
    packed = (".gz", ".zst", ".parquet")
    return sum(file.stat().st_size * (8 if file.suffix.lower() in packed else 1) for file in files_of(path))


def _spool(path: Path, layout: Layout, common: "NDArray[np.uint32]", tokenizer: Path | None, share: float) -> Spool:
    files = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files_of(path)]
    what = repr((files, layout, tokenizer, share, __version__))
    key = hashlib.sha256(what.encode("utf-8", "replace") + common.tobytes()).hexdigest()
    place = hashlib.sha256(str(path.resolve()).encode("utf-8", "replace")).hexdigest()[:16]
    return Spool(cache_folder() / "audits" / place, key)


def _in_order(tasks: Iterator[Task], count: int) -> Iterator[Part]:
    """Each block's columns, in the order of the file, whoever is done first."""
    given: dict[int, Task] = {}

    waiting: dict[int, Part] = {}
    following = 0

    def noted() -> Iterator[Any]:
        for position, task in enumerate(tasks):
            while len(waiting) >= MOST_WAITING * count:  # one slow block must not fill memory with what follows it
                yield LATER
            given[position] = task
            yield task

    with contextlib.closing(run_tasks(read_part, noted(), count)) as outcomes:
        for position, found in outcomes:
            task = given.pop(position)
            if isinstance(found, CrashError):
                found = read_part(task)  # once more, here, where there is room for one
            if isinstance(found, Exception):
                raise found
            waiting[position] = found
            while following in waiting:
                yield waiting.pop(following)
                following += 1


def _append(spool: Spool, part: Part) -> None:
    facts = spool.facts
    records, lines = facts.get("records", 0), facts.get("lines", 0)
    rows = facts.get("rows", 0)
    if part.arrays:
        part.arrays["number"] += records
        part.arrays["line"] += lines + 1
    labels = Counter(facts.get("labels", {}))
    label_of = facts.get("label_of", {})
    for label, count in part.labels.items():
        if label in labels or len(labels) < MOST_LABELS:
            labels[label] += count
    label_of = {str(key): label for key, label in part.label_of.items() if label in labels} | label_of
    spool.add(
        part.arrays,
        {
            "bad": [(row.number + records, row.line + lines + 1, row.reason, row.text) for row in part.bad],
            "texts": [(at + rows, *texts) for at, *texts in part.texts],
        },
        {
            "text_characters": facts.get("text_characters", 0) + sum(len(row[1]) + len(row[2]) for row in part.texts),
            "records": records + part.records,
            "bytes_done": part.bytes_done,
            "lines": lines + part.lines,
            "rows": rows + part.records - len(part.bad),
            "bad": facts.get("bad", 0) + len(part.bad),
            "labels": dict(labels),
            "label_of": label_of,
            "short_answers": facts.get("short_answers", 0) + part.short_answers,
            "utf8_bytes": facts.get("utf8_bytes", 0) + part.utf8_bytes,
            "characters": facts.get("characters", 0) + part.characters,
            "counted": facts.get("counted")
            if part.counted is None
            else [part.counted.how, part.counted.template_tokens],
        },
    )


def _split(path: Path, layout: Layout, spool: Spool, tokenizer: Path | None, share: float) -> Split:
    import numpy as np

    column = {name: spool.column(name, np.dtype(kind).type) for name, kind in COLUMNS.items()}
    facts = spool.facts
    texts, share = _texts(spool, share)
    number = column["number"]
    return Split(
        path=path,
        layout=layout,
        bad=facts.get("bad", 0),
        bad_rows=tuple(BadRow(*row) for row in islice(spool.rows("bad"), MOST_BAD_KEPT)),
        number=number,
        line=column["line"],
        raw=column["raw"],
        normal=column["normal"],
        answer=column["answer"],
        rejected=column["rejected"],
        input_characters=column["input_characters"],
        output_characters=column["output_characters"],
        bytes_per_character=facts.get("utf8_bytes", 0) / max(facts.get("characters", 0), 1),
        words=column["words"],
        tokens=column["tokens"] if tokenizer is not None else None,
        output_tokens=column["output_tokens"] if tokenizer is not None else None,
        counter=Counted(*facts["counted"]) if facts.get("counted") else None,
        marks={
            name: found if len(found := spool.column(f"mark {name}", np.uint32)) else np.zeros(len(number), np.uint32)
            for name, _ in LOOKS
        },
        texts=Texts(
            np.array([row[0] for row in texts], np.int64),
            [row[1] for row in texts],
            [row[2] for row in texts],
            [tuple((str(role), str(said)) for role, said in row[3]) for row in texts],
            len(texts) == len(number),
            share,
        ),
        flat=column["flat"],
        ends=np.cumsum(column["set_sizes"]),
        keys=[spool.column(f"keys{band:02}", np.uint64) for band in range(BANDS)],
        heads=Heads(column["heads"], np.cumsum(column["head_sizes"])),
        labels=Counter(dict(Counter(facts.get("labels", {})).most_common())),
        label_of={int(key): label for key, label in facts.get("label_of", {}).items()},
        short_answers=facts.get("short_answers", 0),
    )


def _texts(spool: Spool, share: float) -> tuple[list[list[Any]], float]:
    """The rows with their texts, and which part of all rows that is; fewer where files unpacked to more than hoped."""
    room = MOST_TEXT_ROOM * MOST_TEXT_CHARACTERS / max(spool.facts.get("text_characters", 0), 1)
    if room >= 1:
        return list(spool.rows("texts")), share
    return [row for row in spool.rows("texts") if _drawn(1 << 20, row[0]) < room], share * room


def boilerplate(path: Path, layout: Layout) -> "NDArray[np.uint32]":
    """Shingles of a prompt that many rows share: in a tenth of the first 2,048 distinct texts, and in twenty at least.

    They say nothing about one row, and counted they would make near copies of all rows with one long instruction.
    """
    import numpy as np

    first = next(iter(blocks(path, layout)), None)
    if first is None:
        return np.zeros(0, np.uint32)
    rows = [row.input for row in islice(read_block(first, layout), BATCH) if isinstance(row, Row)]
    hashes, counts = word_hashes(rows)
    _, alone = np.unique(text_hashes(hashes, counts), return_index=True)
    flat, sizes = shingle_hashes(hashes, counts)
    kept = np.repeat(np.isin(np.arange(len(sizes)), alone), sizes)
    shingles, texts = np.unique(flat[kept], return_counts=True)
    common: NDArray[np.uint32] = shingles[texts >= max(BOILERPLATE_TEXTS, BOILERPLATE_SHARE * len(alone))]
    return common
