"""Files as columns made from numbers, in many small shards."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from tunecase.data.checks.answers import BIT
from tunecase.data.checks.columns import Shelf, Split, Texts
from tunecase.data.reading.rows import Layout
from tunecase.data.shards import FolderStore, MemoryStore, Store, write_shard

LABELS = ("card", "transfer", "cash", "fee", "limit")
SENTENCE = "Thank you for asking, the parcel of row {0} leaves the house on Monday and is with you on Friday."


def made_split(*, rows_a_shard: int, store: Store | None = None, **columns: np.ndarray) -> Split:
    """A file with these columns and no texts."""
    store, count = store or MemoryStore(), len(next(iter(columns.values())))
    edges = [*range(0, count, rows_a_shard), count]
    names = []
    for at, (first, stop) in enumerate(pairwise(edges)):
        names.append(f"train/{at:06}")
        write_shard(store, names[-1], {name: values[first:stop] for name, values in columns.items()})
    before = np.array(edges, np.int64)
    shelf = Shelf(store, "train/shelf", tuple(names), before, before, before)
    layout = Layout("jsonl", "prompt/response", "prompt", "response")
    texts = Texts(np.zeros(0, np.int64), [], [], [], complete=False)
    return Split(Path("d.jsonl"), layout, shelf, 0, (), 1.0, None, texts, Counter(), {}, 0, Counter())


def full_split(folder: Path, count: int, *, classes: bool, rows_a_shard: int = 2500) -> Split:
    """A file of so many rows with all columns, 150 of them marked; with five classes, or free answers in sentences."""
    rng = np.random.default_rng(count)

    def hashes() -> np.ndarray:
        return rng.integers(1, 2**63, count).astype(np.uint64)

    answer = rng.integers(1, 1 + len(LABELS), count).astype(np.uint64) if classes else hashes()
    some = np.isin(np.arange(count), rng.choice(count, 150, replace=False))
    marks = np.where(some, BIT["prose"] | BIT["cut"] | BIT["refusal"], BIT["prose"]).astype(np.uint32)
    columns = {
        "number": np.arange(count) % rows_a_shard, "line": np.arange(count) % rows_a_shard,
        "raw": hashes(), "normal": hashes(), "answer": answer, "rejected": np.zeros(count, np.uint64),
        "tools": np.zeros(count, np.uint64), "target": np.ones(count, bool),
        "input_characters": rng.integers(20, 400, count), "output_characters": rng.integers(100, 400, count),
        "words": rng.integers(4, 80, count), "mark answer": marks * (not classes),
        "mark personal": some.astype(np.uint32), "mark secret": some.astype(np.uint32),
        "mark call": np.zeros(count, np.uint32), "heads": np.full(4 * count, 65, np.uint8),
        "head_sizes": np.full(count, 4),
    }  # fmt: skip
    split = made_split(rows_a_shard=rows_a_shard, store=FolderStore(folder), **columns)
    outputs = [SENTENCE.format(at) for at in range(100)]
    split.texts = Texts(np.arange(100), ["how long?"] * 100, outputs, [()] * 100, complete=False)
    if classes:
        sizes = np.bincount(answer.astype(np.int64), minlength=1 + len(LABELS))[1:].tolist()
        split.labels = Counter(dict(zip(LABELS, sizes, strict=True)))
        split.label_of, split.short_answers = dict(enumerate(LABELS, 1)), count
    return split
