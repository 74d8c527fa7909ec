"""JSONL: cut at line ends, and read line by line."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson

from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import Source, Stream, encoding_of, is_plain, open_stream

MOST_RECORD_BYTES = 8_000_000  # a longer record is given up: no training row is that long
WINDOW = 1 << 16
HEAD = 800

# line within the block, raw bytes, the record (None for a bad one), why a bad one is bad
Records = Iterator[tuple[int, bytes, dict[str, Any] | None, str]]


def cut(source: Source, size: int) -> Iterator[Block]:
    """The blocks of a file of lines; a plain one is cut in place without reading it whole."""
    if not is_plain(source):
        yield from _cut_stream(str(source.path), open_stream(source, encoding_of(source)), size)
        return
    with source.path.open("rb") as file:
        yield from _cut_in_place(source, file, size)


def _cut_in_place(source: Source, file: IO[bytes], size: int) -> Iterator[Block]:
    path, start, length = str(source.path), source.start, file.seek(0, 2)
    length = min(length, source.end or length)
    file.seek(0)
    if not start and file.read(3) == b"\xef\xbb\xbf":
        start = 3
    while start < length:
        end = _last_end(file, start, start + size) if start + size < length else length
        fault, data = "", b""
        if not end:
            end = _next_end(file, start + size, length)
            if end - start > MOST_RECORD_BYTES:
                file.seek(start)
                fault, data = too_long(end - start), file.read(HEAD)
        yield Block(0, path, start, end, data, lines=1 if fault else -1, fault=fault, bytes_done=end)
        start = end


def too_long(size: int) -> str:
    """Why a record above the bound is bad."""
    return f"a record of {size / 1e6:,.0f} MB, more than {MOST_RECORD_BYTES / 1e6:,.0f} MB"


def last_end(data: bytes) -> int:
    """The place after the last line end, 0 where there is none; a CR at the very end may be half of CRLF."""
    cr = data.rfind(b"\r", 0, len(data) - 1)
    if cr >= 0 and data[cr + 1] == 10:
        cr = -1
    return max(data.rfind(b"\n"), cr) + 1


def _last_end(file: IO[bytes], start: int, end: int) -> int:
    while end > start:
        begin = max(start, end - WINDOW)
        file.seek(begin)
        line_end = last_end(file.read(end - begin))
        if line_end:
            return begin + line_end
        end = begin + 1 if begin > start else start
    return 0


def _next_end(file: IO[bytes], position: int, length: int) -> int:
    position -= 1  # a CR may stand just before
    file.seek(position)
    before = b""
    while position < length:
        piece = before + file.read(min(1 << 20, length - position))
        if len(piece) == len(before):
            break
        line_end = first_end(piece)
        if line_end:
            return position - len(before) + line_end
        position += len(piece) - len(before)
        before = piece[-1:]
    return length


def first_end(data: bytes) -> int:
    """The place after the first line end, 0 where there is none; a CR at the very end may be half of CRLF."""
    lf, cr = data.find(b"\n"), data.find(b"\r", 0, len(data) - 1)
    if cr >= 0 and (lf < 0 or cr < lf):
        return cr + (2 if lf == cr + 1 else 1)
    return lf + 1


def _cut_stream(path: str, stream: Stream, size: int) -> Iterator[Block]:
    rest = b""
    while piece := stream.read(size):
        data = rest + piece
        if len(data) > MOST_RECORD_BYTES and not 0 < first_end(data) <= MOST_RECORD_BYTES:
            length, head, data = _skip_line(stream, data, size)
            yield Block(0, path, data=head, lines=1, fault=too_long(length), bytes_done=stream.consumed)
        end = last_end(data)
        if end:
            yield Block(0, path, data=data[:end], bytes_done=stream.consumed)
        rest = data[end:]
    stream.close()
    if stream.trouble:
        yield cut_off(path, stream, rest)
    elif rest:
        yield Block(0, path, data=rest, bytes_done=stream.consumed)


def cut_off(path: str, stream: Stream, rest: bytes = b"") -> Block:
    """The bad row that says why a stream ended too early; `rest` is what was read of its last record."""
    return Block(0, path, data=rest[:HEAD], lines=1, fault=stream.trouble, bytes_done=stream.consumed)


def _skip_line(stream: Stream, data: bytes, size: int) -> tuple[int, bytes, bytes]:
    """Drops a line that is too long; returns its length, its beginning, and what follows it."""
    head, length = data[:HEAD], 0
    while not (end := first_end(data)):
        length += len(data) - 1
        data = data[-1:]
        piece = stream.read(size)
        if not piece:
            return length + len(data), head, b""
        data += piece
    return length + end, head, data[end:]


def bytes_of(block: Block) -> bytes:
    """The bytes of a block, from the block itself or from its file."""
    if block.data or block.end <= block.start:
        return block.data
    with Path(block.path).open("rb") as file:
        file.seek(block.start)
        return file.read(block.end - block.start)


def count(block: Block) -> int:
    """How many lines a block holds."""
    data = bytes_of(block)
    if b"\r" in data:
        return len(data.splitlines())
    return data.count(b"\n") + (not data.endswith(b"\n"))


def records(block: Block, layout: Layout) -> Records:
    """The records of a block of JSONL; blank lines are counted and passed over."""
    loads, columns = orjson.loads, layout.columns
    for line, raw in enumerate(bytes_of(block).splitlines(keepends=True)):
        if raw.isspace():
            continue
        try:
            record = loads(raw)
        except orjson.JSONDecodeError as error:
            record, reason = repaired(raw, error.msg)
            if reason and _ends_early(raw, error.msg):
                reason = "the file is cut off within its last line"
            if reason:
                yield line, raw, None, reason
                continue
        if type(record) is dict:
            yield line, raw, record, ""
        else:
            yield line, raw, *named(record, columns)


def _ends_early(line: bytes, error: str) -> bool:
    """Whether a line that is not JSON is the last of its file, and would be JSON if it went on."""
    if line.endswith((b"\n", b"\r")):
        return False
    half = line.decode("utf-8", "ignore").encode()  # the cut may run through a character
    if len(half) < len(line):
        try:
            orjson.loads(half)
        except orjson.JSONDecodeError as cut:
            error = cut.msg
    return error.startswith("unexpected end of data")


def named(record: object, columns: tuple[str, ...]) -> tuple[dict[str, Any] | None, str]:
    """(record, "") or (None, why it is bad); a list of cells is a record where the layout names the columns."""
    if isinstance(record, dict):
        return record, ""
    if not columns or not isinstance(record, list):
        return None, "not a JSON object"
    if len(record) != len(columns):
        return None, f"{len(record)} cells for {len(columns)} columns"
    return dict(zip(columns, record, strict=True)), ""


def repaired(raw: bytes, reason: str) -> tuple[Any, str]:
    """(record, "") for one that orjson refuses only for its NaN, read as missing, or Infinity; else (None, why)."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None, "not UTF-8"
    if "\0" in text:
        return None, "not JSON: NUL bytes, not UTF-8 text"
    if "NaN" in text or "Infinity" in text:
        try:
            record = json.loads(text, parse_constant=_constant)
            orjson.dumps(record)  # refuses what no file could hold, such as half of a surrogate pair
        except (ValueError, RecursionError, TypeError):
            return None, f"not JSON: {reason}"
        return record, ""
    return None, f"not JSON: {reason}"


def _constant(name: str) -> float | None:
    return {"Infinity": math.inf, "-Infinity": -math.inf}.get(name)
