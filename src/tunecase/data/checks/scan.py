"""The single pass over a file: rows become columns, block by block, in as many processes as there are cores.

A row costs about 400 bytes and 4 bytes a word: hashes of the raw and the normalised input and of the answer, lengths,
shingle hashes and band keys for near copies, and the first characters for examples. Of a large file they lie on disk,
so that memory does not grow with it, and an interrupted pass is gone on with where it was.
"""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tunecase.data.checks.block import BATCH, COLUMNS, MARKS, Part, Reading, Task, add_labels, place_in_draw, read_part
from tunecase.data.checks.columns import Counted, Heads, Split, Texts
from tunecase.data.checks.spool import Spool
from tunecase.data.detectors.near_copies import BANDS, common_shingles, shingle_hashes, text_hashes, word_hashes
from tunecase.data.reading.blocks import blocks, files_of, read_block, total_bytes
from tunecase.data.reading.rows import BadRow, Layout, Row
from tunecase.engine import LATER, CrashError, cache_folder, cores, run_tasks
from tunecase.version import __version__

if TYPE_CHECKING:
    from tunecase.data.arrays import Shingles

MOST_BAD_KEPT = 1000
MOST_TEXT_CHARACTERS = 30_000_000  # of the texts kept for checks that need words
MOST_TEXT_ROOM = 4  # how much more than that may be kept where files unpacked to more than their size told
MOST_WAITING = 8  # blocks read ahead of one that takes long, for each process
# Columns that a Split holds as they are.
PLAIN_COLUMNS = (
    "number", "line", "raw", "normal", "answer", "rejected", "tools", "target", "input_characters",
    "output_characters", "words", "flat",
)  # fmt: skip
LARGE_BYTES = 24_000_000  # from here on a pass is worth processes of its own and files that outlive it
# Told the rows read so far, the part of the file they are, and whether an earlier pass read them.
Progress = Callable[[int, float | None, bool], None]


_WHOLE = Reading()


def read_split(
    path: Path,
    layout: Layout,
    reading: Reading = _WHOLE,
    *,
    on_bad: Callable[[BadRow], None] | None = None,
    progress: Progress | None = None,
) -> Split:
    """The one pass over a file.

    Args:
        reading: what is counted and kept, and by how many processes.
        on_bad: called with every bad row, in order, after the pass.
        progress: called with the rows read so far, the part of the file they are (0 to 1, None where not known), and
            True once before all others where an interrupted pass is gone on with.
    An interrupted pass over a large file leaves its columns in the cache folder; the same call takes them up, and a
    note on the KeyboardInterrupt says from which row.
    Raises: TunecaseError where there is no room for the columns.
    """
    if reading.common is None:
        reading = replace(reading, common=boilerplate(path, layout))
    size = total_bytes(path)
    large = size is None or _unpacked_bytes(path) >= LARGE_BYTES
    share = _text_share(reading, size)
    spool = _spool(path, layout, reading, share) if large else Spool(None)
    keep = True
    try:
        tasks = (
            Task(block, layout, reading, share, size or 0) for block in islice(blocks(path, layout), spool.done, None)
        )
        _fill(spool, _in_order(tasks, reading.workers or (cores() if large else 1)), size, progress)
        split = _split(path, layout, spool)
        if on_bad is not None:
            for row in _bad_rows(spool):
                on_bad(row)
        keep = False
        return split
    except KeyboardInterrupt as stop:
        if large and spool.done:
            stop.add_note(f"interrupted; the same command goes on from row {spool.facts['records']:,}")
        raise
    finally:
        spool.close(keep=keep)


def _text_share(reading: Reading, size: int | None) -> float:
    return 0.0 if reading.fast else min(1.0, MOST_TEXT_CHARACTERS / max(size or MOST_TEXT_CHARACTERS, 1))


def _fill(spool: Spool, parts: Iterator[Part], size: int | None, progress: Progress | None) -> None:
    """Puts the parts into the spool one by one, and tells of each, first of what an interrupted pass left there."""

    def tell(taken_up: bool) -> None:
        if progress is not None:
            progress(spool.facts["records"], spool.facts["bytes_done"] / size if size else None, taken_up)

    if spool.done:
        tell(True)
    for part in parts:
        _append(spool, part)
        tell(False)


def _unpacked_bytes(path: Path) -> int:
    """About how much text the files hold [bytes]; what is packed shrank five to ten times."""
    packed = (".gz", ".zst", ".parquet")
    return sum(file.stat().st_size * (8 if file.suffix.lower() in packed else 1) for file in files_of(path))


def _spool(path: Path, layout: Layout, reading: Reading, share: float) -> Spool:
    files = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files_of(path)]
    what = repr((files, layout, reading.tokenizer, reading.loss_on, share, __version__))
    common = b"" if reading.common is None else reading.common.tobytes()
    key = hashlib.sha256(what.encode("utf-8", "replace") + common).hexdigest()
    place = hashlib.sha256(str(path.resolve()).encode("utf-8", "replace")).hexdigest()[:16]
    return Spool(cache_folder() / "audits" / place, key)


def _in_order(tasks: Iterator[Task], count: int) -> Iterator[Part]:
    """Each block's columns, in the order of the file, whoever is done first."""
    given: dict[int, Task] = {}
    waiting: dict[int, Part] = {}
    following = 0

    def noted() -> Iterator[Any]:
        for position, task in enumerate(tasks):
            while len(waiting) >= MOST_WAITING * count:  # one slow block must not fill memory with what follows it
                yield LATER
            given[position] = task
            yield task

    with contextlib.closing(run_tasks(read_part, noted(), count)) as outcomes:
        for position, outcome in outcomes:
            task = given.pop(position)
            if isinstance(outcome, CrashError):
                outcome = read_part(task)  # once more, here, where there is room for one
            if isinstance(outcome, Exception):
                raise outcome
            waiting[position] = outcome
            while following in waiting:
                yield waiting.pop(following)
                following += 1


def _append(spool: Spool, part: Part) -> None:
    """Adds a block to the columns, its numbers and lines now counted from the beginning of the file."""
    before = _facts(spool)
    records, lines, rows = before["records"], before["lines"], before["rows"]
    if part.arrays:
        part.arrays["number"] += records
        part.arrays["line"] += lines + 1
    added = {
        "records": part.records,
        "lines": part.lines,
        "rows": part.records - len(part.bad),
        "bad": len(part.bad),
        "short_answers": part.short_answers,
        "utf8_bytes": part.utf8_bytes,
        "characters": part.characters,
        "text_characters": sum(len(input) + len(output) for _, input, output, *_ in part.texts),
    }
    labels = add_labels(Counter(before["labels"]), part.labels)
    label_of = {str(key): label for key, label in part.label_of.items() if label in labels}
    counted = part.counted and [part.counted.how, part.counted.template_tokens]
    spool.add(
        part.arrays,
        {
            "bad": [(row.number + records, row.line + lines + 1, row.reason, row.text) for row in part.bad],
            "texts": [(at + rows, *texts) for at, *texts in part.texts],
        },
        {
            **{name: before[name] + count for name, count in added.items()},
            "bytes_done": part.bytes_done,
            "labels": dict(labels),
            "label_of": label_of | before["label_of"],
            "counted": counted or before["counted"],
            "seen": dict(Counter(before["seen"]) + part.seen),
        },
    )


def _facts(spool: Spool) -> dict[str, Any]:
    counts = dict.fromkeys((
        "records", "lines", "rows", "bad", "short_answers", "utf8_bytes", "characters", "text_characters",
    ), 0)  # fmt: skip
    return {**counts, "labels": {}, "label_of": {}, "counted": None, "seen": {}, **spool.facts}


def _split(path: Path, layout: Layout, spool: Spool) -> Split:
    import numpy as np

    facts = _facts(spool)
    counted = facts["counted"]
    column = {name: spool.column(name, np.dtype(kind).type) for name, kind in COLUMNS.items()}
    count = len(column["number"])
    marks = {name: spool.column(f"mark {name}", np.uint32) for name, _ in MARKS}
    return Split(
        path=path,
        layout=layout,
        bad=facts["bad"],
        bad_rows=tuple(islice(_bad_rows(spool), MOST_BAD_KEPT)),
        **{name: column[name] for name in PLAIN_COLUMNS},
        bytes_per_character=facts["utf8_bytes"] / max(facts["characters"], 1),
        tokens=column["tokens"] if counted else None,
        output_tokens=column["output_tokens"] if counted else None,
        useful_tokens=column["useful_tokens"] if counted else None,
        counter=Counted(*counted) if counted else None,
        marks={name: bits if len(bits) else np.zeros(count, np.uint32) for name, bits in marks.items()},
        texts=_texts(spool, count),
        ends=np.cumsum(column["set_sizes"]),
        keys=[spool.column(f"keys{band:02}", np.uint64) for band in range(BANDS)],
        heads=Heads(column["heads"], np.cumsum(column["head_sizes"])),
        labels=Counter(dict(Counter(facts["labels"]).most_common())),
        label_of={int(key): label for key, label in facts["label_of"].items()},
        short_answers=facts["short_answers"],
        seen=Counter(facts["seen"]),
        end=next((row for row in _bad_rows(spool) if row.ends_early), None),
    )


def _bad_rows(spool: Spool) -> Iterator[BadRow]:
    return (BadRow(*row) for row in spool.rows("bad"))


def _texts(spool: Spool, count: int) -> Texts:
    """The texts that were kept, fewer where files unpacked to more than hoped; `count` is how many rows there are."""
    import numpy as np

    room = MOST_TEXT_ROOM * MOST_TEXT_CHARACTERS / max(_facts(spool)["text_characters"], 1)
    kept = [row for row in spool.rows("texts") if room >= 1 or place_in_draw(1 << 20, row[0]) < room]
    return Texts(
        np.array([row[0] for row in kept], np.int64),
        [row[1] for row in kept],
        [row[2] for row in kept],
        [tuple((str(role), str(text)) for role, text in row[3]) for row in kept],
        len(kept) == count,
        any(row[4] for row in kept),
    )


def boilerplate(path: Path, layout: Layout) -> "Shingles":
    """Shingles of a prompt that many of the first 2,048 distinct texts share (see near_copies.common_shingles).

    They say nothing about one row, and counted they would make near copies of all rows with one long instruction.
    """
    import numpy as np

    first = next(iter(blocks(path, layout)), None)
    if first is None:
        return np.zeros(0, np.uint32)
    rows = [row.input for row in islice(read_block(first, layout), BATCH) if isinstance(row, Row)]
    hashes, counts = word_hashes(rows)
    _, alone = np.unique(text_hashes(hashes, counts), return_index=True)
    flat, sizes = shingle_hashes(hashes, counts)
    kept = np.repeat(np.isin(np.arange(len(sizes)), alone), sizes)
    return common_shingles(flat[kept], len(alone))
