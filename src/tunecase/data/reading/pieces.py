"""Pieces of data that other processes read: ranges of bytes, row groups or whole files, handed out without their rows.

Who hands them out reads names, sizes, line ends and what tables in columns say of themselves; of CSV also where quotes
stand. What must be read from front to back (packed files, JSON arrays, UTF-16, sentences of token lines, streams of
Arrow, CSV behind a quote that does not match) is one piece, or several shares where it is large: each share reads the
file from its beginning and gives the blocks that end in its part of the bytes, since unpacking 1 GB of rows takes about
2 s, and all that is done with them afterwards about 90 s.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tunecase.data.reading import arrays, columnar, delimited, lines, token_lines
from tunecase.data.reading.find import sources
from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import Source, is_plain, refuse_bomb
from tunecase.data.reading.vetting import AHEAD, COLUMNS, batch_rows, changed, vet
from tunecase.errors import InputError, Problem

BLOCK_BYTES = 4_000_000
MOST_BLOCKS = 100  # of a piece whose blocks are told by their ends, so that it stays small itself
SMALL_BYTES = 2_000_000  # a packed file below this is unpacked once before its rows are read, lest they fill the memory
MOST_ROWS, ROWS_A_BYTE = 1_000_000, 10  # each takes memory, however short; rows of data hold more than a bit each
# Shares depend on the size of the file alone, so that pieces are the same everywhere. Each further one costs about
# 1 s for 1 GB, half of what unpacking all of it takes.
SHARE_BYTES, MOST_SHARES, TIMES_PACKED = 128_000_000, 8, 8
GROUP_KEYS = 1 << 32  # more than the blocks of a row group, since each holds a row

Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that a process reads on its own; it holds no data and can be sent to whoever sees the file.

    Args:
        index: 0, 1, … in the order of the rows.
        file: the number of its file among those behind the path.
        source: the file, and the range of its bytes.
        groups: the first and last row group (record batch) of a table in columns, the last excluded; None for all.
        ends: where the blocks of a CSV file end [bytes]; () where only reading tells.
        broken: True for a CSV file from the block on in which quotes do not match.
        share, shares: which part is read of a file that is read from its beginning by several.
        block_bytes: about how large blocks are [bytes].
        most_rows: how many rows of a table in columns are unpacked at once.
        size_bytes, changed_ns: the file's size and time of change.
        bytes_before, bytes_done: of all files together, the bytes before this file and up to the end of the piece.
    """

    index: int
    file: int
    source: Source
    groups: tuple[int, int] | None = None
    ends: tuple[int, ...] = ()
    broken: bool = False
    share: int = 0
    shares: int = 1
    block_bytes: int = BLOCK_BYTES
    most_rows: int = 0
    size_bytes: int = 0
    changed_ns: int = 0
    bytes_before: int = 0
    bytes_done: int = 0


def pieces(path: Path, layout: Layout, size_bytes: int) -> Iterator[Piece]:
    """The pieces of a file or folder in order; their blocks hold every row once.

    They are the same on every machine. Tables in columns are vetted on the way (see `vetting`), once for each file.

    Args:
        size_bytes: about how large a piece is [bytes]: a longer record, a row group and a file that must be read from
            front to back make a larger one.
    Raises: InputError for a file that cannot be read at all.

    Leaves out packed files that consist of members, and arrays, of which parts could be read on their own.
    """
    index = 0
    for whole in whole_files(path, max(1, min(size_bytes, BLOCK_BYTES))):
        for piece in _parts(whole, layout, max(1, size_bytes)):
            yield replace(piece, index=index)
            index += 1


def whole_files(path: Path, block_bytes: int) -> Iterator[Piece]:
    """Each file behind a path as one piece."""
    files, before = sources(path), 0
    for at, source in enumerate(files):
        now = _now(source)
        vet(files[at : at + AHEAD])
        most_rows = batch_rows(source) if source.kind in COLUMNS else 0
        done = before + now.st_size
        yield Piece(
            at, at, replace(source, end=now.st_size), block_bytes=block_bytes, most_rows=most_rows,
            size_bytes=now.st_size, changed_ns=now.st_mtime_ns, bytes_before=before, bytes_done=done,
        )  # fmt: skip
        before = done


def _parts(whole: Piece, layout: Layout, size: int) -> Iterator[Piece]:
    if whole.source.kind in COLUMNS:
        return _of_groups(whole, columnar.groups_of(whole.source), size)
    if layout.format == "jsonl" and is_plain(whole.source):
        return _of_lines(whole, size)
    if layout.format == "csv" and is_plain(whole.source):
        return _of_records(whole, layout, size)
    if layout.format == "json" and not arrays.is_flat(whole.source):  # is held whole
        return iter([whole])
    return _shares(whole)


def _shares(piece: Piece) -> Iterator[Piece]:
    """The piece, or its shares where it is large."""
    length = piece.size_bytes - piece.source.start
    unpacked = length * (TIMES_PACKED if piece.source.packing else 1)
    count = max(1, min(MOST_SHARES, unpacked // SHARE_BYTES))
    begin = piece.bytes_before + piece.source.start
    for share in range(count):
        yield replace(piece, share=share, shares=count, bytes_done=begin + length * (share + 1) // count)


def _share_of(piece: Piece, block: Block) -> int:
    length = piece.size_bytes - piece.source.start
    return min(piece.shares - 1, (block.bytes_done - piece.source.start) * piece.shares // length)


def _range(whole: Piece, start: int, end: int, ends: tuple[int, ...] = ()) -> Piece:
    return replace(
        whole, source=replace(whole.source, start=start, end=end), ends=ends, bytes_done=whole.bytes_before + end
    )


def _of_lines(whole: Piece, size: int) -> Iterator[Piece]:
    return (_range(whole, block.start, block.end) for block in lines.cut(whole.source, size))


def _of_records(whole: Piece, layout: Layout, size: int) -> Iterator[Piece]:
    """Runs of blocks whose quotes match, and all of the file from the first on of which they do not."""
    start, ends, broken = 0, list[int](), False
    for block in delimited.cut(whole.source, whole.block_bytes, layout):
        if broken := not block.end:
            break
        ends.append(block.end)
        if block.end - start >= size or len(ends) == MOST_BLOCKS:
            yield _range(whole, start, block.end, tuple(ends))
            start, ends = block.end, []
    if ends:
        yield _range(whole, start, ends[-1], tuple(ends))
        start = ends[-1]
    if broken:
        yield from _shares(replace(_range(whole, start, whole.size_bytes), broken=True))


def _of_groups(whole: Piece, weights: list[int], size: int) -> Iterator[Piece]:
    """Runs of row groups that together are not above the size, or of one that is."""
    if not weights:
        yield from _shares(whole)
    first, held, total = 0, 0, len(weights)
    for group, weight in enumerate(weights):
        if group > first and held + weight > size:
            yield _groups(whole, first, group, total)
            first, held = group, 0
        held += weight
    if weights:
        yield _groups(whole, first, total, total)


def _groups(whole: Piece, first: int, last: int, total: int) -> Piece:
    return replace(whole, groups=(first, last), bytes_done=whole.bytes_before + whole.size_bytes * last // total)


def read_piece(piece: Piece, layout: Layout) -> Iterator[tuple[Key, Block]]:
    """The blocks of a piece in order, each with its place: sorted by it, all blocks of all pieces are in file order.

    Memory stays near a few blocks. A place is the number of the file and one that grows within it.

    Raises: InputError for a file that grows like a bomb when it is unpacked, that is gone or was changed.
    """
    _refuse_changed(piece)
    source = piece.source
    if source.packing and piece.size_bytes < SMALL_BYTES:
        for _ in bounded(source, _cut(replace(piece, block_bytes=BLOCK_BYTES), layout)):
            pass
    first = piece.groups[0] * GROUP_KEYS if piece.groups else source.start
    for number, block in enumerate(bounded(source, _cut(piece, layout))):
        share = _share_of(piece, block) if piece.shares > 1 else 0
        if share > piece.share:
            break
        if share == piece.share:
            done = piece.bytes_before + block.bytes_done
            yield (piece.file, first + number), replace(block, index=number, bytes_done=done)
    _refuse_changed(piece)


def _refuse_changed(piece: Piece) -> None:
    """Raises InputError where the file is not what it was; text that grew is read as far as it went."""
    source, now = piece.source, _now(piece.source)
    same = now.st_size == piece.size_bytes and now.st_mtime_ns == piece.changed_ns
    if not same and (source.kind in COLUMNS or now.st_size <= piece.size_bytes):
        raise InputError(changed(source))


def _now(source: Source) -> os.stat_result:
    try:
        return source.path.stat()
    except OSError:
        got = "a file that is gone, or that this machine does not see"
        fix = "put it back; to read it on several machines, put it where all of them see it"
        raise InputError(Problem(str(source.path), got, "a file that stays while it is read", fix)) from None


def _cut(piece: Piece, layout: Layout) -> Iterator[Block]:
    source, size = piece.source, piece.block_bytes
    if source.kind in COLUMNS:
        return columnar.cut(source, size, piece.most_rows, piece.groups and range(*piece.groups))
    if layout.format == "csv":
        if piece.ends:
            return delimited.cut_at(source, piece.ends)
        cut = delimited.cut_broken if piece.broken else delimited.cut
        return cut(source, size, layout)
    return CUTS[layout.format](source, size)


CUTS: dict[str, Callable[[Source, int], Iterator[Block]]] = {
    "jsonl": lines.cut, "json": arrays.cut, token_lines.FORMAT: token_lines.cut,
}  # fmt: skip


def bounded(source: Source, blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a file as they are; raises InputError where a packed one grows like a bomb, in bytes or in rows."""
    columns, given, rows = source.kind in COLUMNS, 0, 0
    for block in blocks:
        yield block
        if source.packing or columns:
            packed = source.path.stat().st_size if columns else block.bytes_done
            given += len(block.data) if columns else 0  # of an archive its reader counts them
            rows += block.lines if columns else block.data.count(b"{" if source.kind == "json" else b"\n")
            refuse_bomb(source.path, given, packed)
            _refuse_rows(source, rows, packed)


def _refuse_rows(source: Source, rows: int, packed: int) -> None:
    """Raises InputError for rows so many and alike that a few bytes hold them."""
    if rows > MOST_ROWS and rows > ROWS_A_BYTE * packed:
        what = "objects" if source.kind == "json" else "rows" if source.kind in COLUMNS else "lines"
        got = f"{rows:,} {what} in {packed:,} bytes, more than {ROWS_A_BYTE} in each"
        fix = "write it as plain JSON lines, look into it, and name that file"
        raise InputError(Problem(str(source.path), got, "packed rows of data", fix))
