"""Rows with the same text: each part of the keys is sorted by itself, and tells which rows repeat which.

Training and test rows are numbered on here: test row t is row (training rows + t). So one sort finds repeats and leaks.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tunecase.data.checks.columns import Shelf, open_shelf
from tunecase.data.detectors.meetings import repeated
from tunecase.data.shards import Shard, Stages, Store, open_store, write_shard
from tunecase.data.shards.keys import BEGINNINGS, part_of

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Bytes, Flags, Hashes, Rows

Kind = Literal["raw", "normal"]
Ref = tuple[str, str]
SETS: tuple[Kind, ...] = ("raw", "normal")  # places of these keys among the sets of a shard; the bands follow
STAGE = "same"
KEY_BYTES = 40  # of one key while its part is sorted
WINDOW_BYTES = 1 << 20  # of the bits of first rows read at once


@dataclass(frozen=True, slots=True)
class SameTask:
    """One part of the keys of both files; see `keys.part_of`."""

    name: str
    place: str
    kind: Kind
    part: int
    parts: int
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
        import numpy as np

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


def gathered(
    files: Files,
    place: int,
    part: int,
    parts: int,
    kept: "Callable[[int, int], Flags] | None" = None,
    most: float = math.inf,
) -> "Iterator[tuple[Hashes, Rows]]":
    """One part of a set of keys from all shards, in one run or some.

    Args:
        place: of the set in the shards.
        kept: tells which of a run of rows take part; None for all.
        most: keys from which a run is full.
    Returns: keys in the order of the shards, ascending within each, and the row of each; at least one run.
    """  # fmt: skip
    import numpy as np

    none = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    run: list[tuple[Hashes, Rows]] = [none]
    size = 0
    for at in range(len(files)):
        start, stop = int(files.starts[at]), int(files.starts[at + 1])
        if stop == start:
            continue
        keys, inside = part_of(files.shard(at), place, part, parts)
        if kept is not None:
            chosen = kept(start, stop)[inside]
            keys, inside = keys[chosen], inside[chosen]
        run.append((keys, inside + start))
        size += len(keys)
        if size > most:
            yield np.concatenate([keys for keys, _ in run]), np.concatenate([rows for _, rows in run])
            run, size = [none], 0
    yield np.concatenate([keys for keys, _ in run]), np.concatenate([rows for _, rows in run])


class FirstRows:
    """Which rows are the first with their text: bits that are read when their turn comes."""

    def __init__(self, shard: Shard) -> None:
        self.shard, self.begin = shard, 0
        self.bits: Bytes | None = None

    def __call__(self, start: int, stop: int) -> "Flags":
        """Of the rows from one up to another; shape (stop - start,)."""
        import numpy as np

        low, high = start // 8, (stop + 7) // 8
        if self.bits is None or low < self.begin or high > self.begin + len(self.bits):
            self.begin, self.bits = low, self.shard.array("again", low, max(high, low + WINDOW_BYTES))
        again = np.unpackbits(self.bits[low - self.begin : high - self.begin])
        flags: Flags = again[start - 8 * low : stop - 8 * low] == 0
        return flags

    @staticmethod
    def write(store: Store, name: str, count: int, repeats: "Rows") -> None:
        """Writes the bits of so many rows; `repeats`, ascending, are those that are not the first."""
        import numpy as np

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
    import numpy as np

    files = Files.opened(task.train, task.test)
    keys, rows = next(gathered(files, SETS.index(task.kind), task.part, task.parts))
    rows_in, places = len(keys), repeated(keys)
    keys, rows = keys[places], rows[places]
    begins = np.ones(len(keys), bool)
    begins[1:] = keys[1:] != keys[:-1]
    found = _groups(rows, begins, files.train)
    facts = {"rows_in": rows_in, "rows_out": len(found["rows"]) + len(found["leaked tests"])}
    write_shard(open_store(task.place), task.name, found, facts)


def _groups(rows: "Rows", begins: "Flags", train: Shelf) -> "dict[str, Array]":
    """What rows that share their key say, group by group; rows ascend within each."""
    import numpy as np

    group = np.cumsum(begins) - 1
    first = rows[begins][group] if len(rows) else rows
    of_test = rows >= train.count
    again = ~of_test & ~begins
    answers = np.zeros(len(rows), np.uint64)
    answers[~of_test] = train.take("answer", rows[~of_test])
    differs = again & (answers != (answers[begins][group] if len(rows) else answers))
    disputed = np.zeros(int(group[-1]) + 1 if len(rows) else 0, bool)
    disputed[group[differs]] = True
    leaks = of_test & (first < train.count)
    leaking = np.zeros(len(disputed), bool)
    leaking[group[leaks]] = True
    # The first test row of a group stands where its test rows begin, behind its training rows.
    tests = np.flatnonzero(of_test)
    _, places, inverse = np.unique(group[tests], return_index=True, return_inverse=True)
    first_tests = rows[tests][places][inverse] if len(tests) else rows[tests]
    repeats = rows[tests] != first_tests
    again_tests, their_firsts = (each[repeats] - train.count for each in (rows[tests], first_tests))
    return {
        **_ascending(rows[again], first[again], "rows", "firsts"),
        "disputed": np.sort(rows[~of_test & disputed[group]]) if len(rows) else rows,
        **_ascending(rows[leaks] - train.count, first[leaks], "leaked tests", "leaked firsts"),
        "leaking": np.sort(rows[~of_test & leaking[group]]) if len(rows) else rows,
        **_ascending(again_tests, their_firsts, "test rows", "test firsts"),
    }


def _ascending(rows: "Rows", others: "Rows", *names: str) -> "dict[str, Array]":
    import numpy as np

    order = np.argsort(rows, kind="stable")
    return {names[0]: rows[order], names[1]: others[order]}


def run_same(stages: Stages, train: Shelf, test: Shelf | None) -> "dict[Kind, dict[str, Array]]":
    """The columns of `find_same` for equal raw and equal normalised texts, of all parts together, ascending."""
    import numpy as np

    parts = parts_for(train.count + (test.count if test else 0), stages)
    tasks = [
        SameTask(
            f"{STAGE}/{kind}-{part:03}-of-{parts:03}", stages.store.place, kind, part, parts,
            train.ref, test.ref if test else None,
        )
        for kind in SETS for part in range(parts)
    ]  # fmt: skip
    shards = stages.run(STAGE, find_same, tasks)
    found: dict[Kind, dict[str, Array]] = {}
    for kind in SETS:
        own = [Shard(each.store, each.name) for each, task in zip(shards, tasks, strict=True) if task.kind == kind]
        columns = {name: np.concatenate([shard.array(name) for shard in own]) for name in own[0].columns}
        found[kind] = _sorted(columns)
    return found


def _sorted(columns: "dict[str, Array]") -> "dict[str, Array]":
    import numpy as np

    for first, *beside in (("rows", "firsts"), ("disputed",), ("leaked tests", "leaked firsts"), ("leaking",),
                           ("test rows", "test firsts")):  # fmt: skip
        order = np.argsort(columns[first], kind="stable")
        for name in (first, *beside):
            columns[name] = columns[name][order]
    return columns
