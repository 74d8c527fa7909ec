"""Rows with the same text: each part of the keys is sorted by itself, and tells which rows repeat which.

Training and test rows are numbered on here: test row t is row (training rows + t). So one sort finds repeats and leaks.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tunecase.data.checks.columns import Shelf, open_shelf
from tunecase.data.shards import Shard, Stages, open_store, write_shard
from tunecase.data.shards.keys import BEGINNINGS, part_of

if TYPE_CHECKING:
    from tunecase.data.arrays import Array, Flags, Hashes, Rows

SETS = ("raw", "normal")  # places of these keys among the sets of a shard; the bands follow
STAGE = "same"
KEY_BYTES = 40  # of one key while its part is sorted
Kind = Literal["raw", "normal"]
Ref = tuple[str, str]


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


def gathered(shelves: "list[tuple[Shelf, int]]", place: int, part: int, parts: int) -> "tuple[Hashes, Rows]":
    """One part of a set of keys from all shards of some files: keys and rows, each file's rows from its own first on.

    Args:
        shelves: each file's, with the row that its first one counts as.
        place: of the set in the shards.
    Returns: keys in the order of the files' shards, ascending within each, and the row of each.
    """
    import numpy as np

    keys: list[Array] = [np.zeros(0, np.uint64)]
    rows: list[Array] = [np.zeros(0, np.int64)]
    for shelf, first in shelves:
        for at in range(len(shelf)):
            if shelf.rows[at + 1] > shelf.rows[at]:
                found, inside = part_of(shelf.shard(at), place, part, parts)
                keys.append(found)
                rows.append(inside + (first + int(shelf.rows[at])))
    return np.concatenate(keys), np.concatenate(rows)


def find_same(task: SameTask) -> None:
    """Writes which rows of one part repeat an earlier one, which have several answers, and which test rows leak.

    Columns: `rows`, `firsts` (training rows and the first of their text); `disputed` (training rows whose text has
    several answers); `leaked tests`, `leaked firsts` (test rows and the first training row with their text);
    `leaking` (all training rows with a leaked text); `test rows`, `test firsts`.
    """
    import numpy as np

    train = open_shelf(*task.train)
    shelves = [(train, 0)] + ([(open_shelf(*task.test), train.count)] if task.test else [])
    keys, rows = gathered(shelves, SETS.index(task.kind), task.part, task.parts)
    order = np.argsort(keys, kind="stable")  # rows ascend among equal keys, as they did before
    keys, rows = keys[order], rows[order]
    begins = np.ones(len(keys), bool)
    begins[1:] = keys[1:] != keys[:-1]
    crowded = ~begins  # rows that share their key with another
    crowded[:-1] |= ~begins[1:]
    found = _groups(rows[crowded], begins[crowded], train)
    facts = {"rows_in": len(keys), "rows_out": len(found["rows"]) + len(found["leaked tests"])}
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
