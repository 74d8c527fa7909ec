"""Rows with the same text: each part of the keys is sorted by itself, and tells which rows repeat which.

Training and test rows are numbered on here: test row t is row (training rows + t). So one sort finds repeats and leaks.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal

from tunecase.data.checks.columns import Shelf, open_shelf
from tunecase.data.detectors.meetings import repeated
from tunecase.data.shards import Shard, Stages, Store, open_store, write_shard
from tunecase.data.shards.keys import BEGINNINGS, KeyPart, write_index
from tunecase.quantities import Array, Bytes, Flags, Hashes, Rows, np

Kind = Literal["raw", "normal"]
Ref = tuple[str, str]
SETS: tuple[Kind, ...] = ("raw", "normal")
STAGE = "same"
KEY_BYTES = 40  # of one key while its part is sorted
MOST_NARROW = (1 << 31) - 1  # of so many rows, each has a number of four bytes
WINDOW_BYTES = 1 << 20  # of the bits of first rows read at once


@dataclass(frozen=True, slots=True)
class SameTask:
    """One part of the keys of both files; `index` says where its keys lie, see `keys.write_index`."""

    name: str
    place: str
    index: str
    part: int
    train: Ref
    test: Ref | None


def parts_for(keys: int, stages: Stages) -> int:
    """Into how many parts so many keys are sorted, that one of them fits into the memory of a task."""
    if stages.means.partitions is not None:
        return stages.means.partitions
    parts = 1
    while parts < BEGINNINGS and keys * KEY_BYTES > parts * stages.means.task_bytes:
        parts *= 2
    return parts


@dataclass(frozen=True, slots=True)
class Files:
    """The training and the test file with their rows numbered on.

    `starts` are the first rows of all shards, those of the test behind those of training, and the count of all rows.
    """

    train: Shelf
    test: Shelf | None
    starts: "Rows"

    @classmethod
    def of(cls, train: Shelf, test: Shelf | None) -> "Files":
        """Both files, or the training file alone."""
        starts = train.rows if test is None else np.concatenate([train.rows, train.count + test.rows[1:]])
        return cls(train, test, starts)

    @classmethod
    def opened(cls, train: Ref, test: Ref | None) -> "Files":
        """The files that a task was told of."""
        return cls.of(open_shelf(*train), open_shelf(*test) if test else None)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def count(self) -> int:
        """Readable rows of both."""
        return int(self.starts[-1])

    def shard(self, at: int) -> Shard:
        """One of the shards."""
        if at < len(self.train) or self.test is None:
            return self.train.shard(at)
        return self.test.shard(at - len(self.train))

    @property
    def row_kind(self) -> "type[np.signedinteger[Any]]":
        """Numbers that are as narrow as may be and hold all rows."""
        return np.int32 if self.count <= MOST_NARROW else np.int64

    def index(self, stages: Stages, stage: str, key_set: str, parts: int) -> str:
        """Writes for a stage where the parts of a set of keys lie; the name of the shard that says so."""
        name = f"{stage}/index-{key_set}-{parts:03}"
        shards = (self.shard(at) if rows else None for at, rows in enumerate(np.diff(self.starts).tolist()))
        write_index(stages.store, name, shards, key_set, parts, beside=key_set in SETS)
        return name


def gathered(
    files: Files, keys: KeyPart, kept: "Callable[[int, int], Flags] | None" = None, most: float = math.inf
) -> "Iterator[tuple[Array, ...]]":
    """One part of a set of keys from all shards, in one run or some.

    Args:
        kept: tells which of a run of rows take part; None for all.
        most: keys from which a run is full.
    Returns: keys in the order of the shards, ascending within each, the row of each, and what is packed beside them;
    at least one run.
    """  # fmt: skip
    none = _columns(np.zeros(0, keys.record), 0, files)
    run, size = [none], 0
    for at in range(len(files)):
        start, stop = int(files.starts[at]), int(files.starts[at + 1])
        records = keys.records(at, files.shard(at))
        if kept is not None and len(records):
            records = records[kept(start, stop)[records["row"]]]
        run.append(_columns(records, start, files))
        size += len(records)
        if size > most:
            yield tuple(map(np.concatenate, zip(*run, strict=True)))
            run, size = [none], 0
    yield tuple(map(np.concatenate, zip(*run, strict=True)))


def _columns(records: "Any", start: int, files: Files) -> "tuple[Array, ...]":
    """Of the records of a shard the keys, the rows numbered on, and what stands beside them, as columns."""
    rows = records["row"].astype(files.row_kind) + files.row_kind(start)
    return records["key"].copy(), rows, *(records[name].copy() for name in records.dtype.names[2:])


class FirstRows:
    """Which rows are the first with their text: bits that are read when their turn comes."""

    def __init__(self, shard: Shard) -> None:
        self.shard, self.begin = shard, 0
        self.bits: Bytes | None = None

    def __call__(self, start: int, stop: int) -> "Flags":
        """Of the rows from one up to another; shape (stop - start,)."""
        low, high = start // 8, (stop + 7) // 8
        if self.bits is None or low < self.begin or high > self.begin + len(self.bits):
            self.begin, self.bits = low, self.shard.array("again", low, max(high, low + WINDOW_BYTES))
        again = np.unpackbits(self.bits[low - self.begin : high - self.begin])
        flags: Flags = again[start - 8 * low : stop - 8 * low] == 0
        return flags

    @staticmethod
    def write(store: Store, name: str, count: int, repeats: "Rows") -> None:
        """Writes the bits of so many rows; `repeats`, ascending, are those that are not the first."""
        bits: list[Bytes] = [np.zeros(0, np.uint8)]
        for start in range(0, count, 8 * WINDOW_BYTES):
            stop = min(start + 8 * WINDOW_BYTES, count)
            low, high = np.searchsorted(repeats, [start, stop])
            flags = np.zeros(stop - start, bool)
            flags[repeats[low:high] - start] = True
            bits.append(np.packbits(flags))
        write_shard(store, name, {"again": np.concatenate(bits)})


def find_same(task: SameTask) -> None:
    """Writes which rows of one part repeat an earlier one, which have several answers, and which test rows leak.

    Columns: `rows`, `firsts` (training rows and the first of their text); `disputed` (training rows whose text has
    several answers); `leaked tests`, `leaked firsts` (test rows and the first training row with their text);
    `leaking` (all training rows with a leaked text); `test rows`, `test firsts`.
    """
    files, store = Files.opened(task.train, task.test), open_store(task.place)
    keys, rows, answers = next(gathered(files, KeyPart.of(Shard(store, task.index), task.part)))
    rows_in, places = len(keys), repeated(keys)
    keys, rows, answers = keys[places], rows[places], answers[places]
    begins = np.ones(len(keys), bool)
    begins[1:] = keys[1:] != keys[:-1]
    found = _groups(rows, answers, begins, files.train.count)
    facts = {"rows_in": rows_in, "rows_out": len(found["rows"]) + len(found["leaked tests"])}
    write_shard(store, task.name, found, facts)


def _groups(rows: "Rows", answers: "Hashes", begins: "Flags", train_rows: int) -> "dict[str, Array]":
    """What rows that share their key say, group by group; rows ascend within each."""
    group = np.cumsum(begins) - 1
    first = rows[begins][group] if len(rows) else rows
    of_test = rows >= train_rows
    again = ~of_test & ~begins
    differs = again & (answers != (answers[begins][group] if len(rows) else answers))
    disputed = np.zeros(int(group[-1]) + 1 if len(rows) else 0, bool)
    disputed[group[differs]] = True
    leaks = of_test & (first < train_rows)
    leaking = np.zeros(len(disputed), bool)
    leaking[group[leaks]] = True
    # The first test row of a group stands where its test rows begin, behind its training rows.
    tests = np.flatnonzero(of_test)
    _, places, inverse = np.unique(group[tests], return_index=True, return_inverse=True)
    first_tests = rows[tests][places][inverse] if len(tests) else rows[tests]
    repeats = rows[tests] != first_tests
    again_tests, their_firsts = (each[repeats] - train_rows for each in (rows[tests], first_tests))
    return {
        **_ascending(rows[again], first[again], "rows", "firsts"),
        "disputed": np.sort(rows[~of_test & disputed[group]]) if len(rows) else rows,
        **_ascending(rows[leaks] - train_rows, first[leaks], "leaked tests", "leaked firsts"),
        "leaking": np.sort(rows[~of_test & leaking[group]]) if len(rows) else rows,
        **_ascending(again_tests, their_firsts, "test rows", "test firsts"),
    }


def _ascending(rows: "Rows", others: "Rows", *names: str) -> "dict[str, Array]":
    order = np.argsort(rows, kind="stable")
    return {names[0]: rows[order], names[1]: others[order]}


def run_same(stages: Stages, train: Shelf, test: Shelf | None) -> "dict[Kind, dict[str, Array]]":
    """The columns of `find_same` for equal raw and equal normalised texts, of all parts together, ascending."""
    files = Files.of(train, test)
    parts = parts_for(2 * files.count, stages)  # answers lie beside the keys
    tasks = {
        kind: [
            SameTask(
                f"{STAGE}/{kind}-{part:03}-of-{parts:03}", stages.store.place, index, part,
                train.ref, test.ref if test else None,
            )
            for part in range(parts)
        ]
        for kind, index in ((kind, files.index(stages, STAGE, kind, parts)) for kind in SETS)
    }  # fmt: skip
    shards = iter(stages.run(STAGE, find_same, chain.from_iterable(tasks.values())))
    found: dict[Kind, dict[str, Array]] = {}
    for kind, own_tasks in tasks.items():
        own = [Shard(each.store, each.name) for each in islice(shards, len(own_tasks))]
        columns = {name: np.concatenate([shard.array(name) for shard in own]) for name in own[0].columns}
        found[kind] = _sorted(columns)
    return found


def _sorted(columns: "dict[str, Array]") -> "dict[str, Array]":
    for name in ("disputed", "leaking"):
        columns[name].sort()
    for first, second in (("rows", "firsts"), ("leaked tests", "leaked firsts"), ("test rows", "test firsts")):
        order = np.argsort(columns[first], kind="stable")
        for name in (first, second):
            columns[name] = columns[name][order]
    return columns
