"""Near copies among rows of any number: rows that share a band's key meet, and those that met are compared in truth.

    meet      for one part of all bands' keys: pairs (earlier, later), by the shard of the earlier row
    carry     for one group of shards: the pairs whose earlier row is there, each once, with that row's shingles,
              by the group of the later row
    compare   for one group of shards: the true Jaccard of the pairs whose later row is there

Rows are numbered on from the training to the test file, as in `alike`. What a task writes lies in as many pieces as
its memory asks; its own shard, written last, names them. Pairs depend neither on parts and groups nor on the order in
which tasks end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tunecase.data.checks.alike import KEY_BYTES, Files, FirstRows, Ref, gathered, parts_for
from tunecase.data.checks.columns import Shelf, shingles_of
from tunecase.data.checks.crowds import Crowds
from tunecase.data.checks.pieces import Pieces, column, names_of, run_pieces
from tunecase.data.detectors.meetings import distinct_pairs, meetings, repeated
from tunecase.data.detectors.near_copies import BANDS, NEAR, REACH, groups, least_jaccard, pair_jaccard, pick_sets
from tunecase.data.shards import Shard, Stages, open_store, write_shard
from tunecase.data.shards.keys import KeyPart
from tunecase.data.shards.shard import json_column
from tunecase.quantities import Array, Hashes, Rows, np

ROOMS = 4  # a group of shards, or a piece, takes this part of a task's memory
PAIR_BYTES = 48  # of one pair while pairs are sorted
ROW_BYTES = 64  # of one row beside its shingles
REPEATS = "meet/repeats"
NEAR_COLUMNS = {"earlier": "i4", "later": "i4", "similarity": "f8", "same_answer": "?", "alike": "?"}


@dataclass(frozen=True, slots=True)
class MeetTask:
    """One part of the keys of all bands.

    Args:
        index: of the keys; see `keys.write_index`.
        most_keys: that are sorted at once.
        room_bits: log2 of the bytes from which a piece is full.
    """

    name: str
    place: str
    train: Ref
    test: Ref | None
    index: str
    part: int
    most_keys: int
    room_bits: int


@dataclass(frozen=True, slots=True)
class GroupTask:
    """The `at`-th group of shards, from one up to another. `plan`: the shard that says where its pairs may lie."""

    name: str
    place: str
    train: Ref
    test: Ref | None
    plan: str
    at: int
    first: int
    stop: int
    room_bits: int


def meet(task: MeetTask) -> None:
    """Writes the pairs of rows that share a band's key, of first rows of their texts; not those of two test rows.

    Columns: `earlier`, ascending, and `later`; `bounds` says where the pairs of each training shard begin.
    """
    files, store, rows_in, rows_out = Files.opened(task.train, task.test), open_store(task.place), 0, 0
    keys_of, first_rows = KeyPart.of(Shard(store, task.index), task.part), FirstRows(Shard(store, REPEATS))
    pieces = Pieces(task, lambda held: _by_shard(held, files.train))
    last: tuple[Hashes, Rows] | None = None
    for keys, rows in gathered(files, keys_of, first_rows, task.most_keys):
        rows_in, begin = rows_in + len(keys), rows.min(initial=files.count)
        if last is not None:
            keys, rows = (np.concatenate(both) for both in zip(_reachable(*last), (keys, rows), strict=True))
        last, places = (keys, rows), repeated(keys)
        for earlier, later in meetings(keys[places], rows[places], REACH):
            wanted = (earlier < files.train.count) & (later >= begin)
            pieces.add((earlier[wanted], later[wanted]), PAIR_BYTES * int(wanted.sum()))
            rows_out += int(wanted.sum())
    pieces.close(rows_in, rows_out)


def _reachable(keys: "Hashes", rows: "Rows") -> "tuple[Hashes, Rows]":
    """Of rows with their keys those that a row to come may still meet: a crowd that outgrows memory keeps its last."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    order = order[np.append(ordered[:-REACH] != ordered[REACH:], np.ones(min(REACH, len(keys)), bool))]
    return keys[order], rows[order]


def _by_shard(held: "Sequence[tuple[Rows, Rows]]", train: Shelf) -> "dict[str, Array]":
    earlier, later = (np.concatenate(rows) for rows in zip(*held, strict=True))
    order = np.argsort(earlier, kind="stable")
    earlier = earlier[order]
    return {"earlier": earlier, "later": later[order], "bounds": np.searchsorted(earlier, train.rows)}


def carry(task: GroupTask) -> None:
    """Writes the pairs of one group of training shards, each once, as parcels for the groups of their later rows.

    Columns: those of the parcels one after the other, and their bounds; in the task's own shard `to`, the group that
    each is for, the `piece` that it lies in, and its `place` there.
    """
    files, plan = Files.opened(task.train, task.test), Shard(open_store(task.place), task.plan)
    rows_in, pairs = _met(plan, task)
    rows = np.unique(pairs[:, 0])
    sets = _picked(files, task.first, task.stop, rows)
    to = np.searchsorted(files.starts[plan.array("edges")], pairs[:, 1], "right") - 1
    order = np.argsort(to, kind="stable")
    groups, begins = np.unique(to[order], return_index=True)
    pieces, lie = Pieces(task, _packed), np.zeros((len(groups), 2), np.int64)
    for at, (start, stop) in enumerate(pairwise([*begins.tolist(), len(pairs)])):
        parcel = _parcel(pairs[order[start:stop]], rows, sets)
        lie[at] = pieces.next_place
        pieces.add(parcel, sum(values.nbytes for values in parcel.values()))
    pieces.close(rows_in, len(pairs), {"to": groups, "piece": lie[:, 0], "place": lie[:, 1]})


def _met(plan: Shard, task: GroupTask) -> "tuple[int, Rows]":
    """How many pairs met whose earlier row is in the group, and those that differ, ascending, shape (pairs, 2)."""
    total = waiting = 0
    held: list[Rows] = [np.zeros((0, 2), np.int64)]
    for piece in (Shard(plan.store, name) for name in plan.text("pieces")):
        start, *_, stop = column(piece, "bounds", task.first, task.stop + 1).tolist()
        held.append(np.stack([column(piece, name, start, stop) for name in ("earlier", "later")], axis=1))
        total, waiting = total + stop - start, waiting + stop - start
        # In a crowd every band has nearly the same pairs.
        if waiting > max(len(held[0]), (1 << task.room_bits) // PAIR_BYTES):
            held, waiting = [distinct_pairs(np.concatenate(held))], 0
    return total, distinct_pairs(np.concatenate(held))


def _picked(files: Files, first: int, stop: int, rows: "Rows") -> "dict[str, Array]":
    """The shingle sets of some rows, ascending, of a run of shards: `flat` and `sizes`; their `tools` and `answer`."""
    edges = np.searchsorted(rows, files.starts[first : stop + 1])
    kinds = {"flat": np.uint32, "sizes": np.int64, "tools": np.uint64, "answer": np.uint64}
    found: dict[str, list[Array]] = {name: [np.zeros(0, kind)] for name, kind in kinds.items()}
    for at in np.flatnonzero(np.diff(edges)).tolist():
        shard, inside = files.shard(first + at), rows[edges[at] : edges[at + 1]] - files.starts[first + at]
        flat, sizes = shingles_of(shard, inside)
        found["flat"].append(flat)
        found["sizes"].append(sizes)
        for name in ("tools", "answer"):
            found[name].append(shard.array(name)[inside])
    return {name: np.concatenate(values) for name, values in found.items()}


# The columns of a parcel by the bounds that they share.
PARCEL = {
    "pair_bounds": ("later", "which"),
    "set_bounds": ("rows", "sizes", "tools", "answer"),
    "flat_bounds": ("flat",),
}


def _parcel(pairs: "Rows", rows: "Rows", sets: "dict[str, Array]") -> "dict[str, Array]":
    """Some pairs, ascending, as their later rows and which of the sets carried along is that of the earlier one.

    Args:
        rows, sets: the earlier rows of a whole group, ascending, and what was picked up of them.
    """
    own, which = np.unique(pairs[:, 0], return_inverse=True)
    chosen = np.searchsorted(rows, own)
    flat, sizes = pick_sets(sets["flat"], np.cumsum(sets["sizes"]), chosen)
    beside = {name: sets[name][chosen] for name in ("tools", "answer")}
    return {"later": pairs[:, 1], "which": which, "rows": own, "sizes": sizes, "flat": flat, **beside}


def _packed(parcels: "Sequence[dict[str, Array]]") -> "dict[str, Array]":
    columns: dict[str, Array] = {}
    for bounds, names in PARCEL.items():
        columns[bounds] = np.cumsum([0, *(len(parcel[names[0]]) for parcel in parcels)])
        columns |= {name: np.concatenate([parcel[name] for parcel in parcels]) for name in names}
    return columns


def _unpacked(piece: Shard, at: int) -> "dict[str, Array]":
    """One of the parcels of a piece."""
    found: dict[str, Array] = {}
    for bounds, names in PARCEL.items():
        start, stop = column(piece, bounds, at, at + 2).tolist()
        found |= {name: column(piece, name, start, stop) for name in names}
    return found


def compare(task: GroupTask) -> None:
    """Writes the pairs of one group of shards, where their later rows are, that are truly near and have the same tools.

    Columns: `earlier`, `later`; `similarity`; `same_answer`; `alike`, True from the likeness on that makes a copy.
    """
    files, plan = Files.opened(task.train, task.test), Shard(open_store(task.place), task.plan)
    base, stop = (int(files.starts[at]) for at in (task.first, task.stop))
    needed, parcels = np.zeros(stop - base, bool), list(_addressed(plan, task.at))
    for piece, at in parcels:
        start, end = column(piece, "pair_bounds", at, at + 2).tolist()
        needed[column(piece, "later", start, end) - base] = True
    own = _picked(files, task.first, task.stop, base + np.flatnonzero(needed))
    places, ends = np.cumsum(needed) - 1, np.cumsum(own["sizes"])
    pieces, rows_in, rows_out = Pieces(task, _together), 0, 0
    crowds = Crowds(base, stop - base, files.train.count)
    for piece, at in parcels:
        parcel = _unpacked(piece, at)
        near = crowds.thinned(_judged(parcel, own, ends, places[parcel["later"] - base]))
        rows_in, rows_out = rows_in + len(parcel["later"]), rows_out + len(near["later"])
        pieces.add(near, PAIR_BYTES * len(near["later"]))
    pieces.close(rows_in, rows_out, crowds.columns, left_out=crowds.left_out, unlike=crowds.unlike)


def _addressed(plan: Shard, group: int) -> "Iterator[tuple[Shard, int]]":
    """The parcels for a group of shards in the order of their earlier rows: the piece of each, and its place there."""
    names = plan.text("pieces")
    start, stop = plan.array("bounds", group, group + 2).tolist()
    lie = (plan.array(name, start, stop).tolist() for name in ("piece", "place"))
    for piece, place in zip(*lie, strict=True):
        yield Shard(plan.store, names[piece]), place


def _judged(parcel: "dict[str, Array]", own: "dict[str, Array]", ends: "Rows", mine: "Rows") -> "dict[str, Array]":
    """Of the pairs of a parcel the near ones; `mine` are the places of their later rows among the own sets."""
    theirs, later = parcel["which"], parcel["later"]
    kept = parcel["tools"][theirs] == own["tools"][mine]  # other tools make another task of the same words
    mine, theirs, later = mine[kept], theirs[kept], later[kept]
    sets = parcel["flat"], np.cumsum(parcel["sizes"])
    similarity = pair_jaccard(np.stack([mine, theirs], axis=1), (own["flat"], ends), sets)
    near = similarity >= NEAR
    mine, theirs, later, similarity = mine[near], theirs[near], later[near], similarity[near]
    smaller = np.minimum(own["sizes"][mine], parcel["sizes"][theirs])
    return {
        "earlier": parcel["rows"][theirs], "later": later, "similarity": similarity,
        "same_answer": own["answer"][mine] == parcel["answer"][theirs], "alike": similarity >= least_jaccard(smaller),
    }  # fmt: skip


def _together(held: "Sequence[dict[str, Array]]") -> "dict[str, Array]":
    return {name: np.concatenate([each[name] for each in held]) for name in NEAR_COLUMNS}


@dataclass(frozen=True, slots=True)
class Near:
    """The near pairs of two files.

    Args:
        pairs: the columns of `compare`, ordered by the earlier row, then the later one; the earlier row is one of
            training, the later one of either file. Of crowds not all are here.
        alike, same: what the pairs left out join, as (row, first row of its group), shape (links, 2): those that are
            copies by their likeness, and those of them with the same answer.
        unlike: pairs left out whose answers differ.
    """

    pairs: "dict[str, Array]"
    alike: "Rows"
    same: "Rows"
    unlike: int


def run_near(stages: Stages, train: Shelf, test: Shelf | None, repeats: "Rows") -> Near:
    """The near pairs of both files.

    Args:
        repeats: rows whose normalised text an earlier row of their file has, ascending, those of the test numbered on.
    """
    files = Files.of(train, test)
    FirstRows.write(stages.store, REPEATS, files.count, repeats)
    room_bits = max(stages.means.task_bytes // ROOMS, 1).bit_length() - 1
    met = names_of(run_pieces(stages, "meet", meet, _meet_tasks(stages, files, room_bits)))
    weights = _weights(files)
    pairs = np.zeros(len(train), np.int64)
    for name in met:
        pairs += np.diff(column(Shard(stages.store, name), "bounds"))
    targets, sources = _cut(weights, room_bits), _cut(weights[: len(train)] + PAIR_BYTES * pairs, room_bits)
    plan = {"edges": np.array(targets), "pieces": json_column(met)}
    tasks = _groups(stages, files, "carry", plan, sources, room_bits) if met else []
    plan = _addresses(run_pieces(stages, "carry", carry, tasks), len(targets) - 1)
    tasks = _groups(stages, files, "compare", plan, targets, room_bits) if met else []
    return _gathered_near(run_pieces(stages, "compare", compare, tasks))


def _addresses(shards: "Sequence[Shard]", groups: int) -> "dict[str, Array]":
    """All pieces that were carried, and where in them the parcels for each group of shards lie; see `_addressed`."""
    lie = {name: [np.zeros(0, np.int64)] for name in ("to", "piece", "place")}
    pieces: list[str] = []
    for each in shards:
        shard = Shard(each.store, each.name)
        for name, found in lie.items():
            found.append(shard.array(name) + (len(pieces) if name == "piece" else 0))
        pieces += shard.text("pieces")
    to, piece, place = (np.concatenate(found) for found in lie.values())
    order = np.argsort(to, kind="stable")
    bounds = np.searchsorted(to[order], np.arange(groups + 1))
    return {"pieces": json_column(pieces), "bounds": bounds, "piece": piece[order], "place": place[order]}


def _gathered_near(shards: "Sequence[Shard]") -> Near:
    links: dict[str, list[Array]] = {name: [np.zeros((0, 2), np.int64)] for name in ("alike", "same")}
    unlike = 0
    for each in shards:
        shard = Shard(each.store, each.name)
        unlike += shard.facts["unlike"]
        for name, found in links.items():
            found.append(np.stack([shard.array(f"{name} {side}") for side in ("rows", "roots")], axis=1))
    pairs = _ascending([Shard(each.store, name) for each in shards for name in names_of([each])])
    alike, same = (np.stack(groups(np.concatenate(found)), axis=1) for found in links.values())
    return Near(pairs, alike, same, unlike)


def _ascending(pieces: "Sequence[Shard]") -> "dict[str, Array]":
    """The columns of all pieces by the earlier row; later rows ascend already. Rows stay as narrow as written."""

    def whole(name: str) -> "Array":
        return np.concatenate([np.zeros(0, NEAR_COLUMNS[name]), *(piece.array(name) for piece in pieces)])

    earlier = whole("earlier")
    if (earlier[1:] >= earlier[:-1]).all():
        return {"earlier": earlier} | {name: whole(name) for name in NEAR_COLUMNS if name != "earlier"}
    order = np.argsort(earlier, kind="stable")
    return {name: whole(name)[order] for name in NEAR_COLUMNS}


def _meet_tasks(stages: Stages, files: Files, room_bits: int) -> list[MeetTask]:
    parts = parts_for(ROOMS * BANDS * files.count, stages)  # small parts sort faster, and twice as large ones still fit
    index = files.index(stages, "meet", "bands", parts)
    return [
        MeetTask(
            f"meet/{part:03}-of-{parts:03}", stages.store.place, files.train.ref,
            files.test.ref if files.test else None, index, part,
            stages.means.task_bytes * 5 // (4 * KEY_BYTES), room_bits,  # parts are not quite of one size
        )
        for part in range(parts)
    ]  # fmt: skip


def _groups(
    stages: Stages, files: Files, stage: str, plan: "dict[str, Array]", edges: list[int], room_bits: int
) -> list[GroupTask]:
    """The tasks of a stage over groups of shards between edges."""
    from xxhash import xxh3_64_hexdigest

    name = f"{stage}/plan-{xxh3_64_hexdigest(b''.join(values.tobytes() for values in plan.values()))}"
    write_shard(stages.store, name, plan)
    return [
        GroupTask(
            f"{stage}/{room_bits}-{at:05}", stages.store.place, files.train.ref,
            files.test.ref if files.test else None, name, at, first, stop, room_bits,
        )
        for at, (first, stop) in enumerate(pairwise(edges))
    ]  # fmt: skip


def _weights(files: Files) -> "Rows":
    """The bytes that all rows of each shard take while they are compared."""
    rows = np.diff(files.starts)
    flat = [files.shard(at).length("flat") if rows[at] else 0 for at in range(len(files))]
    weights: Rows = 4 * np.array(flat, np.int64) + ROW_BYTES * rows
    return weights


def _cut(weights: "Rows", room_bits: int) -> list[int]:
    """The edges of groups of neighbouring shards, each of no more weight than there is room, or of one shard."""
    edges, size = [0], 0
    for at, weight in enumerate(weights.tolist()):
        if size and size + weight > 1 << room_bits:
            edges.append(at)
            size = 0
        size += weight
    return [*edges, len(weights)] if len(weights) else edges
