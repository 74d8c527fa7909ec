"""Made-up rows as shards, without texts: hashes, shingle sets and band keys as the pass over a file leaves them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tunecase.data.checks.columns import Shelf
from tunecase.data.detectors.near_copies import BANDS, NEAR, NEAR_IN_SHORT, REACH, SHINGLE_WORDS, SHORT_WORDS
from tunecase.data.shards import Stages, Store, write_shard
from tunecase.data.shards import stages as stages_module
from tunecase.data.shards.keys import packed


@dataclass(frozen=True)
class MadeRow:
    """One row: hashes of its text (0 for none) and answer, its tools, its shingles and its key in each band."""

    raw: int
    normal: int
    answer: int
    tools: int
    shingles: tuple[int, ...]
    keys: tuple[int, ...]


def made_rows(rng: np.random.Generator, count: int, texts: int = 30, keys: int = 3) -> list[MadeRow]:
    """Rows of which some are the same, many nearly so, and crowds share keys; some keys differ in low bits alone."""
    rows = []
    for _ in range(count):
        shingles = set(range(100, 110))
        for _ in range(int(rng.integers(0, 4))):
            shingles.discard(int(rng.integers(100, 112)))
            shingles.add(int(rng.integers(200, 230)))
        normal = int(rng.integers(0, texts)) * 0x9E3779B97F4A7C15 % 2**64
        raw = normal ^ int(rng.integers(0, 2)) if normal else int(rng.integers(0, 3)) * 2**40
        own = rng.integers(1, keys + 1, BANDS).tolist()
        low = rng.integers(0, 2, BANDS).tolist()
        rows.append(
            MadeRow(
                raw, normal, int(rng.integers(1, 3)), int(rng.integers(0, 6) == 0),
                tuple(sorted(shingles)) if normal and rng.random() < 0.95 else (),
                tuple(
                    ((key + keys * band) * 0xD6E8FEB86659FD93 + bit) % 2**64
                    for band, (key, bit) in enumerate(zip(own, low, strict=True))
                ),
            )
        )  # fmt: skip
    return rows


def made_shelf(store: Store, stage: str, rows: Sequence[MadeRow], cuts: Sequence[int] = ()) -> Shelf:
    """The rows as shards that begin at the cuts; two equal cuts make an empty shard."""
    edges = [0, *sorted(cuts), len(rows)]
    names = tuple(f"{stage}/{at:06}" for at in range(len(edges) - 1))
    for name, start, stop in zip(names, edges, edges[1:], strict=False):
        write_shard(store, name, _columns(rows[start:stop]), {})
    shelf = Shelf(store, f"{stage}/shelf", names, np.array(edges), np.array(edges), np.array(edges))
    shelf.save()
    return shelf


def _columns(rows: Sequence[MadeRow]) -> dict[str, Any]:
    if not rows:
        return {}
    own = np.arange(len(rows))
    some = np.array([len(row.shingles) > 0 for row in rows])
    keys = np.array([row.keys for row in rows], np.uint64)
    hashes = {
        name: np.array([getattr(row, name) for row in rows], np.uint64) for name in ("raw", "normal", "answer", "tools")
    }
    sets = packed("bands", keys[some].ravel(), np.repeat(own[some], BANDS))
    sets |= packed("raw", hashes["raw"], own, hashes["answer"])
    sets |= packed("normal", hashes["normal"], own, hashes["answer"])
    flat = np.array([shingle for row in rows for shingle in row.shingles], np.uint32)
    return {
        **hashes, "flat": flat, "set_sizes": np.array([len(row.shingles) for row in rows], np.int16), **sets
    }  # fmt: skip


def first_of_each(values: Sequence[int]) -> list[int]:
    """For each value the place of the first one like it; itself where it is 0."""
    first: dict[int, int] = {}
    return [first.setdefault(value, at) if value else at for at, value in enumerate(values)]


def true_near(train: Sequence[MadeRow], test: Sequence[MadeRow]) -> dict[tuple[int, int], tuple[float, bool, bool]]:
    """(earlier, later) to similarity, same answer and alike, of all pairs one by one; test rows numbered on."""
    rows, firsts = [*train, *test], []
    for before, part in ((0, train), (len(train), test)):
        first = first_of_each([row.normal for row in part])
        firsts += [before + at for at in range(len(part)) if first[at] == at and part[at].shingles]
    pairs = set()
    for band in range(BANDS):
        crowds = defaultdict(list)
        for row in firsts:
            crowds[rows[row].keys[band]].append(row)
        pairs |= {(crowd[i], crowd[j]) for crowd in crowds.values() for j in range(len(crowd))
                  for i in range(max(j - REACH, 0), j)}  # fmt: skip
    found = {}
    for one, other in sorted(pairs):
        sets = set(rows[one].shingles), set(rows[other].shingles)
        jaccard = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
        if one < len(train) and jaccard >= NEAR and rows[one].tools == rows[other].tools:
            short = min(map(len, sets)) + SHINGLE_WORDS - 1 < SHORT_WORDS
            alike = jaccard >= (NEAR_IN_SHORT if short else NEAR)
            found[one, other] = jaccard, rows[one].answer == rows[other].answer, alike
    return found


def shuffle_tasks(monkeypatch: Any, seed: int) -> None:
    """Makes the tasks of every stage end in another order."""

    def shuffled(function: Any, work: Any, workers: int, **_: Any) -> Any:
        for at in np.random.default_rng(seed).permutation(len(work)).tolist():
            yield at, function(work[at])

    monkeypatch.setattr(stages_module, "run_tasks", shuffled)


def told(stages: Stages, name: str) -> list[tuple[int, int]]:
    """Of each time that a stage was run, its tasks and those that stood already."""
    return [(stage.tasks, stage.taken_up) for stage in stages.told if stage.name == name]
