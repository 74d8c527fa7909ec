"""What the pass over a file leaves for the checks: columns on disk, read piece by piece, and the texts of some rows.

No column is ever whole in memory: a check asks which rows hold something, counts, or takes the values of a few rows.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tunecase.data.detectors.near_copies import pick_sets
from tunecase.data.detectors.private import masked
from tunecase.data.reading.kinds import are_classes, kind_of
from tunecase.data.reading.rows import BadRow, Layout
from tunecase.data.shards import Shard, Store, open_store, write_shard
from tunecase.data.shards.shard import json_column
from tunecase.quantities import Array, Flags, Rows, Shingles, np

HEAD_CHARACTERS = 80
NO_TEXT = 0  # hash of an input or answer that says nothing


@dataclass(slots=True)
class Texts:
    """The texts of some rows, for the checks that need words: all rows of a small file, a random part of a large one.

    `rows` are row ids, ascending; `inputs` and `outputs` are one each, `turns` as of Row. `complete`
    is True when no readable row is left out, `with_tools` when a row declares tools.
    """

    rows: "Rows"
    inputs: list[str]
    outputs: list[str]
    turns: list[tuple[tuple[str, str], ...]]
    complete: bool
    with_tools: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How tokens were counted, in words, and how many the chat template adds to a row (None without one)."""

    how: str
    template_tokens: int | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The shards of a file in its order, and how many rows, records and lines stand before each.

    Args:
        name: of the shard that says so, for tasks in other processes.
        names: of the shards of the file.
        rows, records, lines: before each shard, and in all at the end; shape (shards + 1,).
    """

    store: Store
    name: str
    names: tuple[str, ...]
    rows: "Rows"
    records: "Rows"
    lines: "Rows"

    def __len__(self) -> int:
        return len(self.names)

    @property
    def count(self) -> int:
        """Readable rows."""
        return int(self.rows[-1])

    @property
    def ref(self) -> tuple[str, str]:
        """What a task is given of it; see `open_shelf`."""
        return self.store.place, self.name

    def save(self) -> None:
        """Writes it down for tasks in other processes."""
        columns = {"rows": self.rows, "records": self.records, "lines": self.lines, "names": json_column(self.names)}
        write_shard(self.store, self.name, columns)

    def shard(self, at: int) -> Shard:
        """One of the shards; its head is read anew, since kept ones would grow with the rows."""
        return Shard(self.store, self.names[at])

    def column(self, at: int, name: str, shard: Shard | None = None) -> "Array":
        """A column of one shard; numbers and lines as they are in the whole file."""
        if self.rows[at + 1] == self.rows[at]:
            return np.zeros(0, np.int64)
        values = (shard or self.shard(at)).array(name)
        if values.dtype.kind != "i":
            return values
        before = {"number": self.records[at], "line": self.lines[at] + 1}.get(name, 0)
        wide: Array = values.astype(np.int64)  # they are written as narrow as they were
        wide += before
        return wide

    def take(self, name: str, rows: "Rows") -> "Array":
        """The values of a column at some rows, in any order, shape of `rows`."""
        found: Array | None = None
        for at, places, inside in self.by_shard(rows):
            values = self.column(at, name)
            if found is None:
                found = np.zeros(len(rows), values.dtype)
            found[places] = values[inside]
        return np.zeros(0, np.int64) if found is None else found

    def by_shard(self, rows: "Rows") -> "Iterator[tuple[int, Rows, Rows]]":
        """Of some rows in any order: (shard, their places among the given ones, their rows within the shard)."""
        order = np.argsort(rows, kind="stable")
        edges = np.searchsorted(rows[order], self.rows)
        for at in np.flatnonzero(np.diff(edges)).tolist():
            places = order[edges[at] : edges[at + 1]]
            yield at, places, rows[places] - self.rows[at]


def open_shelf(place: str, name: str) -> Shelf:
    """The shelf that was written under a name."""
    return _opened(place, name) if place.startswith("memory:") else _kept(place, name)


@lru_cache(maxsize=4)
def _kept(place: str, name: str) -> Shelf:
    return _opened(place, name)


def _opened(place: str, name: str) -> Shelf:
    store = open_store(place)
    shard = Shard(store, name)
    rows, records, lines = (shard.array(column) for column in ("rows", "records", "lines"))
    return Shelf(store, name, tuple(shard.text("names")), rows, records, lines)


@dataclass(slots=True)
class Split:
    """One file as columns that lie in shards; a row id counts its readable rows from 0 and is not the row number.

    Columns: `number` and `line` in the file; `raw`, `normal`, `answer`, `rejected` are hashes (NO_TEXT for none),
    `tools` those of the tools that a row declares; `target` is False where there is no answer to learn; lengths are
    `input_characters`, `output_characters`, `words`; with a `counter` also `tokens`, `output_tokens` (of the last
    answer) and `useful_tokens` (those that are learnt); `set_sizes` counts shingles, runs of words that nearly all
    rows share left out; `mark NAME` holds the bits of block.MARKS.
    `seen` counts the rows that the record's notes tell of. `end` is where the file breaks off, None where it is whole.
    """

    path: Path
    layout: Layout
    shelf: Shelf
    bad: int
    bad_rows: tuple[BadRow, ...]
    bytes_per_character: float
    counter: "Counted | None"
    texts: Texts
    labels: Counter[str]
    label_of: dict[int, str]
    short_answers: int
    seen: Counter[str]
    end: BadRow | None = None
    _classes: dict[str, int] | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """Readable rows."""
        return self.shelf.count

    @property
    def rows(self) -> int:
        """Records in the file, bad ones too."""
        return self.count + self.bad

    @property
    def labelled(self) -> bool:
        """True when the file has a column of answers or labels."""
        return self.layout.output is not None

    @property
    def classes(self) -> dict[str, int]:
        """Rows of each class, most frequent first; empty when the answers are free text, or are judged or compared."""
        if self._classes is None:
            self._classes = self._counted_classes()
        return self._classes

    def _counted_classes(self) -> dict[str, int]:
        if self.layout.compares or self.layout.judged or not self.labelled:
            return {}
        # Where all answers are short, each is among the labels as it stands, unless there are too many to be classes.
        if not are_classes(len(self.labels), self.short_answers, self.count):
            return {}
        if self.labels.total() != self.short_answers or kind_of([*self.labels]) == "extraction":
            return {}
        if self.short_answers < self.count and not are_classes(self._distinct(), self.short_answers, self.count):
            return {}
        return dict(self.labels.most_common())

    def _distinct(self) -> int:
        """How many answers differ, as far as that decides anything."""
        known: Array = np.zeros(0, np.uint64)
        for _, columns in self.chunks("answer"):
            known = np.unique(np.concatenate([known, np.unique(columns["answer"])]))
            if not are_classes(max(len(known), len(self.labels)), self.short_answers, self.count):
                break
        return max(len(known), len(self.labels))

    def chunks(self, *names: str) -> "Iterator[tuple[int, dict[str, Array]]]":
        """The columns of one run of rows after the other, with the row id of the first; memory stays that of a run."""
        for at in range(len(self.shelf)):
            shard = self.shelf.shard(at)
            yield int(self.shelf.rows[at]), {name: self.shelf.column(at, name, shard) for name in names}

    def where(self, names: Sequence[str], test: "Callable[[dict[str, Array]], Flags]") -> "Rows":
        """The row ids, ascending, of which a test of their columns is true.

        Args:
            names: the columns that the test is given.
            test: from columns of equal length to one flag for each row.
        """
        found = [first + np.flatnonzero(test(columns)) for first, columns in self.chunks(*names)]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def total(self, names: Sequence[str], value: "Callable[[dict[str, Array]], float]") -> float:
        """The sum over all runs of rows of what is worked out from their columns."""
        return sum(value(columns) for _, columns in self.chunks(*names))

    def take(self, name: str, rows: "Rows") -> "Array":
        """The values of a column at some rows, in any order, shape of `rows`."""
        return self.shelf.take(name, rows)

    def marked(self, mark: str, kinds: Sequence[str]) -> "tuple[Rows, str]":
        """The rows that are marked, and how many of them for each kind, in words."""
        column, counts = f"mark {mark}", np.zeros(len(kinds), np.int64)
        found = []
        for first, columns in self.chunks(column):
            bits = columns[column]
            rows = np.flatnonzero(bits)
            found.append(first + rows)
            if len(rows):
                counts += [int((bits[rows] & (1 << bit) > 0).sum()) for bit in range(len(kinds))]
        told = zip(kinds, counts.tolist(), strict=True)
        rows = np.concatenate(found) if found else np.zeros(0, np.int64)
        return rows, ", ".join(f"{kind} {count:,}" for kind, count in told if count)

    def example(self, row: int) -> str:
        """The beginning of one input, personal data masked."""
        at = int(np.searchsorted(self.shelf.rows, row, "right")) - 1
        shard, inside = self.shelf.shard(at), int(row - self.shelf.rows[at])
        sizes = shard.array("head_sizes", 0, inside + 1).astype(np.int64)
        start = int(sizes[:-1].sum())
        text = shard.array("heads", start, start + int(sizes[-1])).tobytes().decode("utf-8", "replace")
        head = " ".join(text.split())
        return masked(head if len(head) <= HEAD_CHARACTERS else head[: HEAD_CHARACTERS - 1] + "…")

    def label(self, row: int) -> str:
        """The answer of one row where it is short enough to be a label."""
        return self.label_named(int(self.take("answer", np.array([row]))[0]))

    def label_named(self, answer: int) -> str:
        """The answer of a hash where it is short enough to be a label."""
        return masked(self.label_of.get(answer, "(a longer answer)"))


def shingles_of(shard: Shard, inside: "Rows") -> "tuple[Shingles, Rows]":
    """The shingle sets of some rows of a shard, in the order given: hashes, and how many each row has."""
    if not len(inside):
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    ends = np.cumsum(shard.array("set_sizes").astype(np.int64))
    low, high = int(inside.min()), int(inside.max())
    start = int(ends[low - 1]) if low else 0
    flat = shard.array("flat", start, int(ends[high]))
    return pick_sets(flat, ends[low : high + 1] - start, inside - low)
