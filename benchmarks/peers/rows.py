"""Made-up rows with planted copies, and what is true of them: which rows are copies, and their true Jaccard.

Words are drawn by a Zipf law from a made-up vocabulary of 20,000; a row has 70 to 110 of them, about 600 bytes with its
label. A few words of each row belong to its class, so that a whole audit has something to learn. A share of the rows
opens with one of 200 stock sentences, as real requests do: they share ten word triples with others.

Every word of a row is a hash of the seed, the row and the word's place, so that a copy is made anywhere in the file
without keeping its source: memory is 10 bytes a row and one block, whatever the texts weigh.
"""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tunecase.data.text import shingles

Words = np.ndarray[Any, np.dtype[np.int32]]
Draws = np.ndarray[Any, np.dtype[np.uint64]]

VOCABULARY, TABLE_BITS = 20_000, 20
LABELS, CLASS_WORDS, TOPIC_WORDS = 50, 6, 40
FEWEST_WORDS, MOST_WORDS = 70, 110
OPENINGS, OPENING_WORDS = 200, 12
KINDS, SHARES = ("own", "exact", "cosmetic", "near"), (0.83, 0.03, 0.02, 0.12)
MOST_CHANGED = 0.1
FIRST_OWN = 100
BLOCK = 4096
# One number for each thing that is drawn of a row.
KIND, SOURCE, LENGTH, LABEL, OPENING, OPENED, CHANGED, PLACE, TOPIC, WORD, NEW = range(11)


@dataclass(frozen=True, slots=True)
class Copy:
    """A planted copy: its row, the row it was made from, and their true Jaccard over word triples."""

    row: int
    source: int
    kind: str
    jaccard: float


class Writer:
    """Makes any row of a file again from its number; the same seed makes the same rows."""

    def __init__(self, seed: int, opening_share: float) -> None:
        rng = random.Random(seed)
        letters = "abcdefghijklmnoprstuvw"
        self.words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
        weights = np.cumsum(1 / (np.arange(VOCABULARY) + 10))
        places = (np.arange(1 << TABLE_BITS) + 0.5) / (1 << TABLE_BITS)
        self.table = np.searchsorted(weights, places * weights[-1]).astype(np.int32)
        self.topics = np.array([rng.sample(range(VOCABULARY), TOPIC_WORDS) for _ in range(LABELS)], np.int32)
        self.openings = self.table[np.array([rng.choices(range(1 << TABLE_BITS), k=OPENING_WORDS)
                                             for _ in range(OPENINGS)])]  # fmt: skip
        self.opening_share = opening_share
        self.seed = rng.getrandbits(64)

    def draws(self, rows: Draws, what: int, count: int = 1) -> Draws:
        """64 random bits for one thing about each row, `count` times, shape (rows, count)."""
        key = (self.seed + 0x9E3779B97F4A7C15 * (what + 1)) % (1 << 64)
        places = np.arange(count, dtype=np.uint64) * np.uint64(0xD1342543DE82EF95)
        return _mixed(_mixed(rows.astype(np.uint64) ^ np.uint64(key))[:, None] + places)

    def shares(self, rows: Draws, what: int) -> Any:
        """A number from 0 to 1 for one thing about each row, shape (rows,)."""
        return (self.draws(rows, what)[:, 0] >> np.uint64(11)) / float(1 << 53)

    def labels(self, rows: Draws) -> Words:
        """The class of each row, shape (rows,)."""
        return (self.draws(rows, LABEL)[:, 0] % np.uint64(LABELS)).astype(np.int32)

    def own(self, rows: Draws) -> tuple[Words, Words]:
        """The words of rows of their own, shape (rows, MOST_WORDS), and how many of them each row has."""
        counts = FEWEST_WORDS + (self.draws(rows, LENGTH)[:, 0] % np.uint64(MOST_WORDS - FEWEST_WORDS + 1))
        ids = self.table[self.draws(rows, WORD, MOST_WORDS) >> np.uint64(64 - TABLE_BITS)]
        places = OPENING_WORDS + self.draws(rows, PLACE, CLASS_WORDS) % (counts - np.uint64(OPENING_WORDS))[:, None]
        topical = self.draws(rows, TOPIC, CLASS_WORDS) % np.uint64(TOPIC_WORDS)
        ids[np.arange(len(rows))[:, None], places] = self.topics[self.labels(rows)[:, None], topical]
        opened = self.shares(rows, OPENED) < self.opening_share
        ids[opened, :OPENING_WORDS] = self.openings[self.draws(rows[opened], OPENING)[:, 0] % np.uint64(OPENINGS)]
        return ids, counts.astype(np.int32)

    def changed(self, rows: Draws, ids: Words, counts: Words) -> None:
        """Changes 1 to 10% of the words of near copies in place; `rows` are the copies' own numbers."""
        share = 0.01 + self.shares(rows, CHANGED) * (MOST_CHANGED - 0.01)
        wanted = np.maximum(1, np.rint(counts * share))
        order = self.draws(rows, CHANGED, MOST_WORDS + 1)[:, 1:]
        order[np.arange(MOST_WORDS) >= counts[:, None]] = np.iinfo(np.uint64).max
        hit = order.argsort(1).argsort(1) < wanted[:, None]
        ids[hit] = (self.draws(rows, NEW, MOST_WORDS) % np.uint64(VOCABULARY)).astype(np.int32)[hit]

    def plan(self, rows: int) -> tuple[Any, Any]:
        """The kind of every row as an index into KINDS, and the source of each copy, in the order of the copies."""
        kinds = np.zeros(rows, np.uint8)
        for start in range(0, rows, BLOCK):
            part = np.arange(start, min(start + BLOCK, rows), dtype=np.uint64)
            kinds[start : start + BLOCK] = np.searchsorted(np.cumsum(SHARES)[:-1], self.shares(part, KIND), "right")
        kinds[: FIRST_OWN + 1] = 0
        own, copies = np.flatnonzero(kinds == 0).astype(np.uint32), np.flatnonzero(kinds)
        before = copies - np.arange(len(copies))
        sources = own[(self.shares(copies, SOURCE) * before).astype(np.int64)]
        first = np.zeros(len(copies), bool)
        first[np.unique(sources, return_index=True)[1]] = True
        kinds[copies[~first]] = 0
        return kinds, sources[first]

    def blocks(self, rows: int) -> Iterator[list[tuple[str, int, str, int]]]:
        """Runs of rows as (text, label, kind, source), a row of its own being its own source."""
        kinds, sources = self.plan(rows)
        copied = 0
        for start in range(0, rows, BLOCK):
            numbers = np.arange(start, min(start + BLOCK, rows), dtype=np.uint64)
            kind = kinds[start : start + BLOCK]
            origin = numbers.copy()
            end = copied + int(np.count_nonzero(kind))
            origin[kind != 0] = sources[copied:end]
            copied = end
            ids, counts = self.own(origin)
            near = kind == KINDS.index("near")
            some = ids[near]
            self.changed(numbers[near], some, counts[near])
            ids[near] = some
            labels = self.labels(origin).tolist()
            texts = [self.text(row, count) for row, count in zip(ids.tolist(), counts.tolist(), strict=True)]
            names = [KINDS[each] for each in kind.tolist()]
            yield [
                (text.capitalize() + " !" if name == "cosmetic" else text, label, name, source)
                for text, label, name, source in zip(texts, labels, names, origin.tolist(), strict=True)
            ]

    def text(self, ids: list[int], count: int) -> str:
        """The words of a row as text."""
        return " ".join([self.words[each] for each in ids[:count]])

    def source_text(self, row: int) -> str:
        """The text of a row of its own, made once more."""
        ids, counts = self.own(np.array([row], np.uint64))
        return self.text(ids[0].tolist(), int(counts[0]))


def _mixed(values: Any) -> Any:
    """Every bit of a number in every other (splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def write_rows(path: Path, rows: int, seed: int = 0, opening_share: float = 0.2, truth: bool = True) -> list[Copy]:
    """Writes the rows as JSON lines and returns the planted copies; no row is copied twice, no copy is copied.

    The true Jaccard of each copy costs more than the rows: `truth` false leaves it out, and returns no copies.
    """
    writer = Writer(seed, opening_share)
    copies: list[Copy] = []
    row = 0
    with path.open("w", encoding="utf-8") as file:
        for block in writer.blocks(rows):
            file.writelines([f'{{"text": "{text}", "label": "class {label}"}}\n' for text, label, _, _ in block])
            for text, _, kind, source in block if truth else ():
                if kind != "own":
                    same = jaccard(shingles(writer.source_text(source)), shingles(text))
                    copies.append(Copy(row, source, kind, same))
                row += 1
    return copies


def closest(path: Path, suspects: Iterable[int]) -> dict[int, float]:
    """The highest true Jaccard of each suspect with any other row of the file, by comparing it with all of them."""
    wanted = set(suspects)
    if not wanted:
        return {}
    sets = dict(_sets(path, wanted))
    holders: dict[tuple[str, ...], list[int]] = {}
    for suspect, own in sets.items():
        for shingle in own:
            holders.setdefault(shingle, []).append(suspect)
    best = dict.fromkeys(wanted, 0.0)
    for row, own in _sets(path):
        shared: dict[int, int] = {}
        for shingle in own:
            for suspect in holders.get(shingle, ()):
                shared[suspect] = shared.get(suspect, 0) + 1
        for suspect, common in shared.items():
            if suspect != row:
                best[suspect] = max(best[suspect], common / (len(own) + len(sets[suspect]) - common))
    return best


def _sets(path: Path, wanted: set[int] | None = None) -> Iterator[tuple[int, frozenset[tuple[str, ...]]]]:
    """The shingle sets of a file's rows, of all or of some."""
    with path.open(encoding="utf-8") as lines:
        for row, line in enumerate(lines):
            if wanted is None or row in wanted:
                yield row, shingles(json.loads(line)["text"])


def jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Shared part of two shingle sets, 0 to 1; two empty sets share nothing."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0
