"""Blocks of a file, read from front to back, and the rows in each; a block can be sent to another process."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tunecase.data.reading import columnar, delimited, elements, lines, token_lines
from tunecase.data.reading.find import sources
from tunecase.data.reading.making import maker
from tunecase.data.reading.pieces import BLOCK_BYTES, read_piece, whole_files
from tunecase.data.reading.rows import BadRow, Block, Layout, Row, shown

PACKED_TIMES = 8  # packed text shrank five to ten times


def blocks(path: Path, layout: Layout, size_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The blocks of a file or folder, in order; memory stays near `size_bytes` and one record.

    Args:
        size_bytes: about how large a block is [bytes]; a longer record makes a longer block, up to 8 MB.
    Raises: InputError for a file that cannot be read at all.
    """
    index = 0
    for piece in whole_files(path, max(1, min(size_bytes, lines.MOST_RECORD_BYTES))):
        for _, block in read_piece(piece, layout):
            yield replace(block, index=index)
            index += 1


def records(block: Block, layout: Layout, raw: bool = False) -> lines.Records:
    """(line within the block, raw bytes, record or None, reason) of every record of a block.

    Args:
        raw: whether raw bytes are wanted for good records too, which takes longer for arrays and tables.
    """
    if block.fault:
        return iter([(0, block.data, None, block.fault)])
    if layout.format == "jsonl":
        return lines.records(block, layout)
    if layout.format == "json":
        return elements.records(block, layout, raw)
    if layout.format == "csv":
        return delimited.records(block, layout)
    if layout.format == token_lines.FORMAT:
        return token_lines.records(block, layout)
    return columnar.records(block, layout, raw)


def read_block(block: Block, layout: Layout) -> Iterator[Row | BadRow]:
    """The rows of a block, bad ones among them; it can be sent to another process with the layout.

    Rows and lines are counted from 0 at the beginning of the block.
    """
    make = maker(layout)
    for number, (line, raw, record, reason) in enumerate(records(block, layout)):
        yield BadRow(number, line, reason, shown(raw)) if record is None else make(number, line, record)


def block_lines(block: Block, layout: Layout) -> int:
    """How many lines a block holds; where a file has no lines (arrays, tables), how many records."""
    if block.lines >= 0:
        return block.lines
    if layout.format in ("jsonl", "csv", token_lines.FORMAT):
        return lines.count(block)
    last = -1
    for at, _, _, _ in records(block, layout):
        last = at
    return last + 1


def files_of(path: Path) -> tuple[Path, ...]:
    """The files behind a path: itself, or those of a folder in the order of its rows."""
    return tuple(dict.fromkeys(source.path for source in sources(path)))


def fingerprint(path: Path) -> tuple[tuple[str, int, int], ...]:
    """The path, size [bytes] and time of change [ns] of each file behind a path: others when it was changed."""
    return tuple((str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files_of(path))


def text_bytes(path: Path) -> int:
    """About how much text the files behind a path hold, unpacked [bytes]."""
    packed = (".gz", ".zst", ".parquet")
    return sum(file.stat().st_size * (PACKED_TIMES if file.suffix.lower() in packed else 1) for file in files_of(path))


def total_bytes(path: Path) -> int | None:
    """The size of all files behind a path [bytes], of which a block's `bytes_done` is a part; None where it is 0."""
    return sum(source.path.stat().st_size for source in sources(path)) or None


def read_rows(path: Path, layout: Layout) -> Iterator[Row | BadRow]:
    """The rows of a file in order, bad ones among them; numbers from 0, lines from 1; memory stays flat.

    A row's number counts every record that is not a blank line, bad ones too. Where a file has no lines (Parquet, one
    JSON array) the line is the number plus one. Files of a folder count on as if they were one.
    """
    make = maker(layout)
    for number, line, raw, record, reason in _numbered(path, layout):
        yield BadRow(number, line, reason, shown(raw)) if record is None else make(number, line, record)


def raw_records(path: Path, layout: Layout) -> Iterator[tuple[int, int, bytes, dict[str, Any] | None]]:
    """(number, line, raw bytes, record) of every record; the record is None where it cannot be read.

    Raw bytes stand as in the file, line end included; for tables they are the record as JSON. Numbers and lines are
    those of read_rows. Of a record above 8 MB only the beginning is given.
    """
    return (numbered[:4] for numbered in _numbered(path, layout, raw=True))


def _numbered(
    path: Path, layout: Layout, raw: bool = False
) -> Iterator[tuple[int, int, bytes, dict[str, Any] | None, str]]:
    """(number, line, raw bytes, record, reason) of every record."""
    number, line = 0, 1
    for block in blocks(path, layout):
        at = -1
        for at, text, record, reason in records(block, layout, raw):
            yield number, line + at, text, record, reason
            number += 1
        line += at + 1 if layout.format == "json" else block_lines(block, layout)
