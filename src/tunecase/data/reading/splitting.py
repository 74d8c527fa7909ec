"""Splits the rows of a data file into a training and a test file of the same format; the file itself stays as it is.

Rows that share a prompt, a group, a context or nearly all words form one cluster, and a cluster is never torn apart:
what is nearly the same as a test row is not learnt from. Clusters are taken in an order that the seed draws, class by
class where the answers are classes, until the share is reached.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunecase.data.reading.blocks import raw_records, read_rows
from tunecase.data.reading.kinds import LONGEST_LABEL, MOST_READ, kind_of
from tunecase.data.reading.rows import Layout, Row
from tunecase.data.reading.shapes import folded
from tunecase.data.reading.writing import Writer
from tunecase.data.text import normalise
from tunecase.errors import InputError, Problem
from tunecase.quantities import Rows, np
from tunecase.records import SplitMade

LEAST_ROWS = 20
MOST_NEAR_ROWS, MOST_NEAR_CHARACTERS = 200_000, 400_000_000  # within which near copies are looked for
MOST_ALIKE = 0.2  # of the rows: what is nearly the same as more is a form letter, and no copy
RARE_ROWS = 4  # from which a class is held out though its share is less than a row
LEAST_GROUPS, MOST_IN_GROUP = 10, 0.5  # for a column to be taken as a group though nobody named it
GROUPS = ("conversation_id", "dialogue_id", "dialog_id", "session_id", "thread_id", "doc_id", "document_id", "docid",
          "article_id", "passage_id", "context_id", "paragraph_id", "story_id", "source_id", "source_document",
          "user_id", "customer_id", "author_id", "patient_id", "speaker_id", "group_id", "group")  # fmt: skip
CONTEXTS = ("context", "passage", "paragraph", "article", "story", "document")
LEAST_CONTEXT = 40  # characters of a context


@dataclass(slots=True)
class _Read:
    """What is kept of the rows of a file: for each readable one its place, prompt, label and groups by column."""

    first_bad: str = ""
    at: list[int] = field(default_factory=list)
    prompts: list[bytes] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    characters: int = 0
    columns: dict[str, dict[int, bytes]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def looks_for_near(self) -> bool:
        """Whether the texts fit in memory."""
        return len(self.at) <= MOST_NEAR_ROWS and self.characters <= MOST_NEAR_CHARACTERS


def split_file(
    path: Path, layout: Layout, train: Path, test: Path, share: float, *, seed: int = 0, group: str | None = None
) -> SplitMade:
    """Writes about a share of the rows as a test file and the others as a training file, in the order of the file.

    Args:
        path: the data file.
        layout: how it is read.
        train, test: the files to write.
        share: of the readable rows, to hold out [0 to 1]; clusters are not torn, so it is met as nearly as they allow.
        seed: the same seed splits the same rows alike.
        group: a column whose values stay on one side; one that plainly names a group (doc_id, user_id, …) is found.
    Returns: rows on both sides, and what was kept together.
    Raises: InputError for fewer than 20 readable rows, a column that is not there, or rows that all belong together;
        TunecaseError when the disk refuses.
    Leaves out rewritten and translated copies, and near copies in a file of more than 200,000 rows.
    """
    read = _read(path, layout, group)
    if len(read.at) < LEAST_ROWS:
        first = f" (first bad one: {read.first_bad})" if read.first_bad else ""
        got = f"{len(read.at)} rows that can be read{first}"
        fix = "bring more rows, or name a test file of your own with --test"
        raise InputError(Problem(str(path), got, f"{LEAST_ROWS} rows or more to split", fix))
    column = group or _plain_group(read)
    cluster, made = _clusters(read, column)
    held = {read.at[row] for row in _chosen(read, cluster, share, seed)}
    if not held:
        got = f"one {column} for all rows" if group else "rows that all belong together: one prompt, or nearly one text"
        fix = "name another column with --group, or a test file of your own with --test"
        raise InputError(Problem(str(path), got, "two groups of rows or more to split", fix))
    with Writer(train, path, layout) as to_train, Writer(test, path, layout) as to_test:
        for number, (_, _, raw, record) in enumerate(raw_records(path, layout)):
            (to_test if number in held else to_train).write(raw, record)
        return SplitMade(to_train.written, to_test.written, **made)


def _read(path: Path, layout: Layout, group: str | None) -> _Read:
    read, seen_group = _Read(), group is None
    pairs = zip(read_rows(path, layout), raw_records(path, layout), strict=True)
    for number, (row, (_, _, _, record)) in enumerate(pairs):
        if not isinstance(row, Row) or record is None:
            read.first_bad = read.first_bad or getattr(row, "reason", "")
            continue
        place = len(read.at)
        read.at.append(number)
        read.prompts.append(_digest(normalise(row.input)))
        read.labels.append(row.output[: LONGEST_LABEL + 1])
        read.characters += len(row.input)
        if read.looks_for_near:
            read.texts.append(row.input)
        seen_group = seen_group or group in record
        for name, value in _groups(record, layout, group):
            read.columns[name][place] = _digest(str(value))
    if not seen_group:
        wanted = f"one of: {', '.join(_columns(path, layout))}"
        raise InputError(Problem("--group", f"no column {group!r}", wanted, "correct the column name"))
    return read


def _columns(path: Path, layout: Layout) -> list[str]:
    first = next((record for _, _, _, record in raw_records(path, layout) if record), {})
    return [str(name) for name in first][:12]


def _groups(record: Mapping[str, Any], layout: Layout, group: str | None) -> Iterator[tuple[str, object]]:
    """The values of a row that may keep it beside others: the named column or the plain ones, and its contexts."""
    for name, value in record.items():
        if value is None or isinstance(value, dict | list):
            continue
        plain = folded(name)
        context = plain in CONTEXTS and layout.input != (name,) and isinstance(value, str)
        if name == group or (group is None and plain in GROUPS and name not in (*layout.input, layout.output)):
            yield name, value
        elif context and len(str(value)) >= LEAST_CONTEXT:
            yield name, normalise(str(value))


def _plain_group(read: _Read) -> str:
    """The column that plainly names a group: several rows share a value, and no value has half of the rows."""
    for name, values in read.columns.items():
        counts = Counter(values.values())
        most = max(counts.values())
        if folded(name) in GROUPS and len(counts) >= LEAST_GROUPS and 1 < most <= MOST_IN_GROUP * len(read.at):
            return name
    return ""


def _clusters(read: _Read, column: str) -> "tuple[Rows, dict[str, Any]]":
    """For each readable row the first row of its cluster, and what is told of it."""

    from tunecase.data.detectors.near_copies import joined

    count = len(read.at)
    alike, near, crowd = _alike(read), np.zeros((0, 2), np.int64), 0
    if len(read.texts) == count:
        near, crowd = _near(read.texts, alike)
    same = joined(count, [alike, near])
    links = [alike, near]
    told: dict[str, Any] = {"together": int((same != np.arange(count)).sum()), "alike": crowd}
    told["near_copies"] = len(read.texts) == count
    for name, values in read.columns.items():
        if name == column or folded(name) in CONTEXTS:
            links.append(_linked(values.items()))
    if column:
        told |= {"group": column, "groups": len(set(read.columns[column].values()))}
    return joined(count, links), told


def _alike(read: _Read) -> "Rows":
    """Pairs of rows with the same prompt; a prompt without words joins nothing."""
    empty = _digest("")
    return _linked((place, prompt) for place, prompt in enumerate(read.prompts) if prompt != empty)


def _linked(values: Any) -> "Rows":
    """Pairs (row, first row) of equal values."""
    first: dict[bytes, int] = {}
    pairs = [(place, first.setdefault(value, place)) for place, value in values]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _near(texts: Sequence[str], alike: "Rows") -> "tuple[Rows, int]":
    """Pairs of near copies, and how many rows are nearly the same as more than a fifth of all: those pairs go."""

    from tunecase.data.detectors import near_copies

    flat, counts = near_copies.shingle_hashes(*near_copies.word_hashes(texts))
    flat, counts = near_copies.without_shingles(flat, counts, near_copies.common_shingles(flat, len(texts)))
    some = np.flatnonzero(counts)
    if len(some) < 2:
        return np.zeros((0, 2), np.int64), 0
    pairs = some[near_copies.near_pairs([*near_copies.band_keys(flat, counts[some])], near_copies.REACH)]
    similarity = near_copies.pair_jaccard(pairs, (flat, np.cumsum(counts)))
    pairs = pairs[similarity >= near_copies.least_jaccard(counts[pairs].min(axis=1))]
    cluster = near_copies.joined(len(texts), [alike, pairs])
    crowds = np.flatnonzero(np.bincount(cluster) > MOST_ALIKE * len(texts))
    crowded = np.isin(cluster, crowds)
    return pairs[~crowded[pairs[:, 0]]], int(crowded[np.unique(pairs)].sum()) if len(pairs) else 0


def _chosen(read: _Read, cluster: "Rows", share: float, seed: int) -> list[int]:
    """The rows to hold out, cluster by cluster: of each class its share, what rounding leaves carried to the next."""
    members: dict[int, list[int]] = defaultdict(list)
    for row, root in enumerate(cluster.tolist()):
        members[root].append(row)
    strata: dict[str, list[list[int]]] = defaultdict(list)
    classes = kind_of(read.labels[:MOST_READ]) == "classification"
    for rows in members.values():
        labels = {read.labels[row] for row in rows} if classes else {""}
        strata[labels.pop() if len(labels) == 1 else ""].append(rows)
    held: list[int] = []
    carried, left = 0.0, len(members)
    for _, clusters in sorted(strata.items(), key=lambda one: (-sum(map(len, one[1])), one[0])):
        rows_here = sum(map(len, clusters))
        goal, taken = share * rows_here + carried, 0
        least = 1 if classes and rows_here >= RARE_ROWS and len(clusters) > 1 else 0
        for rows in sorted(clusters, key=lambda rows: _place(read, rows, seed)):
            fits = len(rows) < 2 * (goal - taken) or (taken < least and len(rows) < rows_here / 2)
            if fits and left > 1:
                held += rows
                taken += len(rows)
                left -= 1
        carried = goal - taken
    return held or _smallest(members, len(read.at))


def _smallest(members: Mapping[int, list[int]], total: int) -> list[int]:
    """The smallest cluster, where none comes near the share; nothing where there is but one."""
    smallest = min(members.values(), key=lambda rows: (len(rows), rows[0]))
    return smallest if len(smallest) < total else []


def _place(read: _Read, rows: Sequence[int], seed: int) -> bytes:
    """Where a cluster stands in the order that the seed draws, whatever the order of the rows."""
    return hashlib.sha256(b"%d\0" % seed + min(read.prompts[row] for row in rows)).digest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[:12]
