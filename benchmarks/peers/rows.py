"""Made-up rows with planted copies, and what is true of them: which rows are copies, and their true Jaccard.

Words are drawn by a Zipf law from a made-up vocabulary of 20,000; a row has 70 to 110 of them, about 600 bytes with its
label. A few words of each row belong to its class, so that a whole audit has something to learn. A share of the rows
opens with one of 200 stock sentences, as real requests do: they share ten word triples with others.
"""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from tunecase.data.text import shingles

LABELS = 50
OPENINGS, OPENING_WORDS = 200, 12
KINDS, SHARES = ("own", "exact", "cosmetic", "near"), (83, 3, 2, 12)
CLASS_WORDS = 6
MOST_CHANGED = 0.1


@dataclass(frozen=True, slots=True)
class Copy:
    """A planted copy: its row, the row it was made from, and their true Jaccard over word triples."""

    row: int
    source: int
    kind: str
    jaccard: float


class Writer:
    """Draws rows one after the other; the same seed draws the same rows."""

    def __init__(self, seed: int, opening_share: float) -> None:
        self.rng = random.Random(seed)
        letters = "abcdefghijklmnoprstuvw"
        self.words = ["".join(self.rng.choices(letters, k=self.rng.randint(2, 9))) for _ in range(20_000)]
        self.weights = list(accumulate(1 / (rank + 10) for rank in range(len(self.words))))
        self.topics = [self.rng.sample(self.words, 40) for _ in range(LABELS)]
        self.openings = [
            self.rng.choices(self.words, cum_weights=self.weights, k=OPENING_WORDS) for _ in range(OPENINGS)
        ]
        self.opening_share = opening_share

    def own(self) -> tuple[str, int]:
        """A row of its own: text and label."""
        rng, label = self.rng, self.rng.randrange(LABELS)
        text = rng.choices(self.words, cum_weights=self.weights, k=rng.randint(70, 110))
        for place in rng.sample(range(OPENING_WORDS, len(text)), CLASS_WORDS):
            text[place] = rng.choice(self.topics[label])
        if rng.random() < self.opening_share:
            text[:OPENING_WORDS] = rng.choice(self.openings)
        return " ".join(text), label

    def near(self, text: str) -> str:
        """The text with 1 to 10% of its words changed."""
        words = text.split()
        changed = max(1, round(len(words) * self.rng.uniform(0.01, MOST_CHANGED)))
        for place in self.rng.sample(range(len(words)), changed):
            words[place] = self.rng.choice(self.words)
        return " ".join(words)


def write_rows(path: Path, rows: int, seed: int = 0, opening_share: float = 0.2) -> list[Copy]:
    """Writes the rows as JSON lines and returns the planted copies; no row is copied twice, no copy is copied."""
    writer = Writer(seed, opening_share)
    sources: list[tuple[str, int, int]] = []
    taken: set[int] = set()
    copies: list[Copy] = []
    with path.open("w", encoding="utf-8") as file:
        for row in range(rows):
            kind = writer.rng.choices(KINDS, SHARES)[0] if row > 100 else "own"
            pick = writer.rng.randrange(len(sources)) if sources else 0
            if kind == "own" or pick in taken:
                text, label = writer.own()
                sources.append((text, label, row))
            else:
                taken.add(pick)
                original, label, source = sources[pick]
                text = {"exact": original, "cosmetic": original.capitalize() + " !"}.get(kind) or writer.near(original)
                copies.append(Copy(row, source, kind, jaccard(shingles(original), shingles(text))))
            file.write(json.dumps({"text": text, "label": f"class {label}"}) + "\n")
    return copies


def closest(path: Path, suspects: Iterable[int]) -> dict[int, float]:
    """The highest true Jaccard of each suspect with any other row of the file, by comparing it with all of them."""
    wanted = set(suspects)
    if not wanted:
        return {}
    sets = [shingles(json.loads(line)["text"]) for line in path.open(encoding="utf-8")]
    holders: dict[tuple[str, ...], list[int]] = {}
    for suspect in wanted:
        for shingle in sets[suspect]:
            holders.setdefault(shingle, []).append(suspect)
    best = dict.fromkeys(wanted, 0.0)
    for row, own in enumerate(sets):
        shared: dict[int, int] = {}
        for shingle in own:
            for suspect in holders.get(shingle, ()):
                shared[suspect] = shared.get(suspect, 0) + 1
        for suspect, common in shared.items():
            if suspect != row:
                best[suspect] = max(best[suspect], common / (len(own) + len(sets[suspect]) - common))
    return best


def jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Shared part of two shingle sets, 0 to 1; two empty sets share nothing."""
    union = len(one | other)
    return len(one & other) / union if union else 0.0
