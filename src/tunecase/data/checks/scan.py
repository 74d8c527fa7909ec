"""The pass over a file: each piece of it becomes a shard of columns, in this process, on this machine or on a cluster.

A row takes about a kilobyte of scratch: hashes of the raw and the normalised input and of the answer, lengths, shingle
hashes and band keys for near copies, and the first characters for examples. Memory stays that of one piece a worker.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from tunecase.data.checks.block import Builder, Part, Reading, add_labels, given, hash_of, laid_out, place_in_draw
from tunecase.data.checks.columns import Counted, Shelf, Split, Texts
from tunecase.data.checks.pieces import run_pieces
from tunecase.data.detectors.near_copies import common_shingles, shingle_hashes, text_hashes, word_hashes
from tunecase.data.reading.blocks import block_lines, blocks, read_block, total_bytes
from tunecase.data.reading.pieces import Key, Piece, pieces, read_piece
from tunecase.data.reading.rows import BadRow, Block, Layout, Row, prompt_of
from tunecase.data.shards import MemoryStore, Shard, Stages, Store, open_store, write_shard
from tunecase.data.shards.shard import json_column
from tunecase.data.tokens.counting import Counter as TokenCounter
from tunecase.data.tokens.learnt import Learnt
from tunecase.quantities import Shingles, np

BATCH = 2048  # rows at a time
MOST_BAD_KEPT = 1000
MOST_TEXT_CHARACTERS = 30_000_000  # of the texts kept for checks that need words
MOST_TEXT_ROOM = 4  # how much more than that may be kept where files unpacked to more than their size told
MOST_PIECES, LEAST_PIECE_BYTES, MOST_PIECE_BYTES = 4_000, 4_000_000, 64_000_000
# A run of rows, which is one shard, is full with so many rows or bytes of text; fewer where tasks have little memory.
RUN_ROWS, LEAST_RUN_ROWS, TASK_BYTES_A_ROW = 110_000, 20_000, 2_000
RUN_BYTES, LEAST_RUN_BYTES, TASK_BYTES_A_BYTE = 64_000_000, 16_000_000, 4
_SECOND_DRAW = -1  # stands for the file where texts are drawn among those that were drawn already
_WHOLE = Reading()


@dataclass(frozen=True, slots=True)
class ReadTask:
    """One piece of a file to be turned into a shard of columns, or into several where it is large.

    Args:
        name, place: of the shard, and of the store it goes to.
        text_share: of its rows, whose texts are kept.
        run_rows, run_bytes: from how many rows or bytes of text on a run is full; no column depends on it.
    """

    name: str
    place: str
    piece: Piece
    layout: Layout
    reading: Reading
    text_share: float
    run_rows: int = RUN_ROWS
    run_bytes: int = RUN_BYTES


def read(task: ReadTask) -> None:
    """Writes the columns of one piece, in one shard for each run of rows.

    Where that makes more than one, the task's own shard says what the others are called.
    """
    runs = _Runs(task)
    for key, block in read_piece(task.piece, task.layout):
        runs.add(key, block)
    runs.close()


class _Runs:
    """The runs of rows of a piece, each written once it is full.

    Batches begin with each block, wherever runs end, so that nothing found in a batch depends on the runs.
    """

    def __init__(self, task: ReadTask) -> None:
        self.task, self.store = task, open_store(task.place)
        self.parts: list[str] = []
        self.totals: Counter[str] = Counter()
        self.builder = self._new()

    def _new(self) -> Builder:
        return Builder(self.task.layout, self.task.reading, self.task.text_share)

    def add(self, key: Key, block: Block) -> None:
        """A block, with its place among all files, by which the draws among its rows are its own."""
        reading, layout = self.task.reading, self.task.layout
        draw = hash_of(reading.seed, *key)
        counter = TokenCounter.of(reading.learnt, draw) if reading.learnt is not None else None
        rows, line = read_block(block, layout), 0
        self.builder.begin(key, 0, 0, counter)
        while batch := list(islice(rows, BATCH)):
            if self._is_full:
                first = batch[0]
                self.builder.end(first.line, block.bytes_done)
                self._write_run()
                self.builder.begin(key, first.number, first.line, counter)
            self.builder.add(batch)
            line = batch[-1].line + 1
        self.builder.end(line if layout.format == "json" else block_lines(block, layout), block.bytes_done)

    @property
    def _is_full(self) -> bool:
        part = self.builder.part
        return part.records >= self.task.run_rows or part.utf8_bytes >= self.task.run_bytes

    def close(self) -> None:
        """Writes what is left, and the task's own shard."""
        if not self.parts:
            self._write(self.task.name)
            return
        self._write_run()
        write_shard(self.store, self.task.name, {"pieces": json_column(self.parts)}, self.totals)

    def _write_run(self) -> None:
        self.parts.append(f"{self.task.name}-{len(self.parts):05}")
        self._write(self.parts[-1])
        self.builder = self._new()

    def _write(self, name: str) -> None:
        part = self.builder.part
        facts = _facts(part)
        write_shard(self.store, name, self.builder.arrays() | _beside(part), facts)
        self.totals.update({each: facts[each] for each in ("records", "rows_in", "rows_out")})
        self.totals["bytes_done"] = part.bytes_done


def _beside(part: Part) -> dict[str, Any]:
    """What a part holds besides columns of numbers, as columns of JSON."""
    return {
        "pieces": json_column([]),
        "bad rows": json_column([(row.number, row.line, row.reason, row.text) for row in part.bad]),
        "texts": json_column(part.texts),
        "labels": json_column(dict(part.labels)),
        "label of": json_column({str(key): label for key, label in part.label_of.items()}),
    }


def _facts(part: Part) -> dict[str, Any]:
    return {
        "records": part.records, "lines": part.lines, "rows": part.rows, "bad": len(part.bad),
        "short_answers": part.short_answers, "utf8_bytes": part.utf8_bytes, "characters": part.characters,
        "text_characters": sum(len(input) + len(output) for _, input, output, *_ in part.texts),
        "bytes_done": part.bytes_done, "seen": dict(part.seen),
        "checked": part.checked, "differed": part.differed,
        "rows_in": part.records, "rows_out": part.rows,
    }  # fmt: skip


def read_split(
    path: Path,
    layout: Layout,
    reading: Reading = _WHOLE,
    *,
    stages: Stages | None = None,
    stage: str = "read",
    on_bad: Callable[[BadRow], None] | None = None,
) -> Split:
    """The one pass over a file.

    Args:
        reading: what is counted and kept.
        stages: by whom and where it is done; None does it here, in memory.
        stage: its name, which begins the names of its shards.
        on_bad: called with every bad row, in order, after the pass.
    Raises: TunecaseError where there is no room for the columns.
    """
    stages = stages or Stages(MemoryStore())
    if reading.common is None:
        reading = replace(reading, common=boilerplate(path, layout)[0])
    if reading.tokenizer is not None and reading.learnt is None:
        reading = replace(reading, learnt=learn_tokens(path, layout, reading.tokenizer))
    size = total_bytes(path)
    share = 0.0 if reading.fast else min(1.0, MOST_TEXT_CHARACTERS / max(size or MOST_TEXT_CHARACTERS, 1))
    room = run_room(stages.means.task_bytes)
    tasks: list[Any] = [
        ReadTask(f"{stage}/{piece.index:06}", stages.store.place, piece, layout, reading, share, *room)
        for piece in pieces(path, layout, piece_bytes(size))
    ]
    shards = run_pieces(stages, stage, read, tasks)
    split = _split(path, layout, shards, stages, f"{stage}/shelf", reading)
    if on_bad is not None:
        for row in _bad_rows(split.shelf):
            on_bad(row)
    return split


def piece_bytes(size: int | None) -> int:
    """How large the pieces of a file of so many bytes are, so that there are not too many [bytes]."""
    return min(max((size or 0) // MOST_PIECES, LEAST_PIECE_BYTES), MOST_PIECE_BYTES)


def run_room(task_bytes: int) -> tuple[int, int]:
    """How many rows and bytes of text make a run full, where a task may hold so much [rows, bytes]."""
    rows = max(LEAST_RUN_ROWS, min(RUN_ROWS, task_bytes // TASK_BYTES_A_ROW))
    return rows, max(LEAST_RUN_BYTES, min(RUN_BYTES, task_bytes // TASK_BYTES_A_BYTE))


def _whole(shards: list[Shard]) -> list[Shard]:
    """The shards with columns, in the order of the file's rows."""
    found: list[Shard] = []
    for shard in shards:
        own = Shard(shard.store, shard.name)  # whose head is not kept
        found += [Shard(own.store, name) for name in own.text("pieces") or [own.name]]
    return found


def _split(path: Path, layout: Layout, shards: list[Shard], stages: Stages, name: str, reading: Reading) -> Split:
    total, labels, label_of = Counter[str](), Counter[str](), dict[int, str]()
    before: list[tuple[int, int, int]] = [(0, 0, 0)]
    seen = Counter[str]()
    shards = _whole(shards)
    for each in shards:
        shard = Shard(each.store, each.name)  # its head is not kept
        facts = shard.facts
        total.update({key: facts[key] for key in _COUNTED})
        before.append((total["rows"], total["records"], total["lines"]))
        seen.update(facts["seen"])
        labels = add_labels(labels, Counter(shard.text("labels")))
        label_of = {int(key): label for key, label in shard.text("label of").items() if label in labels} | label_of
    shelf = _shelf(stages.store, name, shards, before)
    return Split(
        path=path,
        layout=layout,
        shelf=shelf,
        bad=total["bad"],
        bad_rows=tuple(islice(_bad_rows(shelf), MOST_BAD_KEPT)),
        bytes_per_character=total["utf8_bytes"] / max(total["characters"], 1),
        counter=_counted(reading.learnt, total["checked"], total["differed"]),
        texts=_texts(shelf, total["text_characters"], reading.seed),
        labels=Counter(dict(labels.most_common())),
        label_of=label_of,
        short_answers=total["short_answers"],
        seen=seen,
        end=next((row for row in _bad_rows(shelf) if row.ends_early), None),
    )


_COUNTED = (
    "records", "lines", "rows", "bad", "short_answers", "utf8_bytes", "characters", "text_characters", "checked",
    "differed",
)  # fmt: skip


def _counted(learnt: Learnt | None, checked: int, differed: int) -> Counted | None:
    """How the tokens of all shards were counted, with what further texts were counted both ways."""
    if learnt is None:
        return None
    counter = TokenCounter.of(learnt, 0)
    counter.checked, counter.differed = learnt.checked + checked, learnt.differed + differed
    return Counted(counter.how, counter.template_tokens)


def _shelf(store: Store, name: str, shards: list[Shard], before: list[tuple[int, int, int]]) -> Shelf:
    rows, records, lines = (np.array(column, np.int64) for column in zip(*before, strict=True))
    shelf = Shelf(store, name, tuple(shard.name for shard in shards), rows, records, lines)
    shelf.save()
    return shelf


def _bad_rows(shelf: Shelf) -> Iterator[BadRow]:
    for at in range(len(shelf)):
        for number, line, reason, text in shelf.shard(at).text("bad rows"):
            yield BadRow(number + int(shelf.records[at]), line + int(shelf.lines[at]) + 1, reason, text)


def _texts(shelf: Shelf, characters: int, seed: int) -> Texts:
    """The texts that were kept, fewer where files unpacked to more than hoped."""
    room = MOST_TEXT_ROOM * MOST_TEXT_CHARACTERS / max(characters, 1)
    texts = Texts(np.zeros(0, np.int64), [], [], [], complete=False)
    rows: list[int] = []
    for at in range(len(shelf)):
        first = int(shelf.rows[at])
        for inside, input, output, turns, with_tools in shelf.shard(at).text("texts"):
            if room >= 1 or place_in_draw(seed, _SECOND_DRAW, first + inside) < room:
                rows.append(first + inside)
                texts.inputs.append(input)
                texts.outputs.append(output)
                texts.turns.append(tuple((str(role), str(text)) for role, text in turns))
                texts.with_tools = texts.with_tools or with_tools
    texts.rows = np.array(rows, np.int64)
    texts.complete = len(rows) == int(shelf.rows[-1])
    return texts


def boilerplate(path: Path, layout: Layout) -> "tuple[Shingles, float]":
    """Shingles of a prompt that many of the first 2,048 distinct texts share (see near_copies.common_shingles).

    They say nothing about one row, and counted they would make near copies of all rows with one long instruction.
    Returns: the shingles, ascending, and about how long a row of the file is [bytes].
    """
    first, rows = _first_rows(path, layout)
    if first is None:
        return np.zeros(0, np.uint32), 0.0
    hashes, counts = word_hashes([row.input for row in rows])
    _, alone = np.unique(text_hashes(hashes, counts), return_index=True)
    flat, sizes = shingle_hashes(hashes, counts)
    kept = np.repeat(np.isin(np.arange(len(sizes)), alone), sizes)
    length = (len(first.data) or first.end - first.start) / max(block_lines(first, layout), 1)
    return common_shingles(flat[kept], len(alone)), length


def learn_tokens(path: Path, layout: Layout, tokenizer: Path) -> Learnt:
    """What the first 2,048 rows teach about counting all of them, so that all processes count alike.

    Raises: InputError for a file that is no tokenizer.
    """
    _, rows = _first_rows(path, layout)
    inputs = [prompt_of(row) if layout.tools else row.input for row in rows]
    return TokenCounter(tokenizer, total_bytes(path) or 0).learn(
        inputs, [given(row) for row in rows], laid_out(rows)[0]
    )


def _first_rows(path: Path, layout: Layout) -> tuple[Block | None, list[Row]]:
    """The first block of a file, and the good ones among its first rows."""
    first = next(iter(blocks(path, layout)), None)
    if first is None:
        return None, []
    return first, [row for row in islice(read_block(first, layout), BATCH) if isinstance(row, Row)]
