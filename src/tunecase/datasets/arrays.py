"""JSON files that are one array, or one object of arrays (splits): cut into their elements without reading them whole.

The scan looks at brackets, quotes, commas and line ends only, for many bytes at once. A quote left open ends at the
line end, since no JSON text may hold a raw line end, so that one broken row does not swallow the rest.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from tunecase.datasets.lines import HEAD, MOST_RECORD_BYTES, Records, named, repaired, too_long
from tunecase.datasets.rows import Block, Layout
from tunecase.datasets.sources import Source, encoding_of, open_stream
from tunecase.errors import InputError, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUOTE, BACKSLASH, OPEN, CLOSE, COMMA, LINE_END = 1, 2, 3, 4, 5, 6
FIRST_SPLITS = ("train", "training", "data", "rows", "examples", "records", "items", "instances", "samples")
# Columns of a row that hold lists of objects: an object that begins with one of these is a row.
ROW_KEYS = ("messages", "conversations", "conversation", "dialog", "dialogue", "turns", "tools", "functions", "chosen",
            "rejected", "prompt", "completion", "entities", "answers", "output")  # fmt: skip


@cache
def _kinds() -> "NDArray[np.uint8]":
    import numpy as np

    table = np.zeros(256, np.uint8)
    for characters, kind in ((b'"', 1), (b"\\", 2), (b"[{", 3), (b"]}", 4), (b",", 5), (b"\n\r", 6)):
        table[list(characters)] = kind
    return table


@dataclass(slots=True)
class Scanner:
    """Finds the brackets and commas that stand outside strings; keeps its state from one piece to the next."""

    depth: int = 0
    in_string: int = 0
    escaped: bool = False

    def scan(self, data: bytes) -> "tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]":
        """Positions, kinds (OPEN, CLOSE, COMMA) and the depth behind each, of one piece."""
        import numpy as np

        table = _kinds()
        buffer = np.frombuffer(data, np.uint8)
        kinds = table[buffer]
        at = np.flatnonzero(kinds)
        kind = kinds[at]
        if self.escaped and len(at) and at[0] == 0 and kind[0] in (QUOTE, BACKSLASH):
            at, kind = at[1:], kind[1:]
        quotes = self._quotes(at, kind, len(data))
        seen = np.cumsum(quotes) + self.in_string
        before = np.maximum.accumulate(np.where(kind == LINE_END, seen, 0)) if len(seen) else seen
        inside = (seen - before) & 1
        structure = (inside == 0) & (kind >= OPEN) & (kind <= COMMA)
        if len(inside):
            self.in_string = int(inside[-1])
        at, kind = at[structure], kind[structure]
        depth = self.depth + np.cumsum((kind == OPEN).astype(np.int64) - (kind == CLOSE))
        if len(depth):
            self.depth = int(depth[-1])
        return at, kind, depth

    def _quotes(self, at: "NDArray[np.int64]", kind: "NDArray[np.uint8]", length: int) -> "NDArray[np.bool_]":
        """Quotes that are not escaped: an even number of backslashes stands before them."""
        import numpy as np

        quotes: NDArray[np.bool_] = kind == QUOTE
        back = kind == BACKSLASH
        self.escaped = False
        if not back.any():
            return quotes
        follows = np.zeros(len(at), bool)
        follows[1:] = back[:-1] & (at[1:] == at[:-1] + 1)
        place = np.arange(len(at))
        start = np.maximum.accumulate(np.where(back & ~follows, place, 0))
        odd = np.zeros(len(at), bool)  # an odd number of backslashes ends here
        odd[back] = ((place - start)[back] & 1) == 0
        self.escaped = bool(odd[-1] and at[-1] == length - 1)
        quotes[1:] &= ~(follows[1:] & odd[:-1])
        return quotes


def json_kind(source: Source) -> str:
    """ "json" for one array or one object of splits, "jsonl" for a file of lines, by its beginning."""
    stream = open_stream(source, encoding_of(source))
    try:
        head = stream.read(1 << 16).lstrip()
        if head[:1] == b"[":
            first, _, rest = head.partition(b"\n")
            return "jsonl" if _is_json(first) and rest.lstrip()[:1] == b"[" else "json"
        first, _, rest = head.partition(b"\n")
        if source.part or _begins_splits(head):
            return "jsonl" if _is_json(first) and rest.strip() and not source.part else "json"
    finally:
        stream.close()
    return "jsonl"


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _begins_splits(head: bytes) -> bool:
    """True when the first list in an object holds objects or lists, and is not a column that rows have."""
    plain = rb'(?:\s*"[^"\\]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)\s*,)*'
    found = re.match(rb"\{" + plain + rb'\s*"([^"\\]*)"\s*:\s*\[\s*[\[{]', head)
    return found is not None and found[1].decode("utf-8", "replace").lower() not in ROW_KEYS


def splits(source: Source) -> dict[str, int]:
    """The lists of an object of splits: their names, and where in the unpacked bytes each begins."""
    scanner, found, offset, before = Scanner(), dict[str, int](), 0, b""
    stream = open_stream(source, encoding_of(source))
    while data := stream.read(1 << 22):
        at, kind, depth = scanner.scan(data)
        for place in at[(kind == OPEN) & (depth == 2)].tolist():
            if data[place] != ord("["):
                continue
            window = (
                (before + data[max(0, place - 1024) : place])[-1024:] if place < 1024 else data[place - 1024 : place]
            )
            name = re.search(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$', window)
            if name:
                found.setdefault(name[1].decode("utf-8", "replace"), offset + place + 1)
        offset += len(data)
        before = data[-1024:]
    stream.close()
    return found


def chosen(source: Source) -> tuple[str, int]:
    """The split to read of an object of splits, and where it begins.

    Raises: InputError when it has no list of that name, or several and none is the plain choice.
    """
    found = splits(source)
    where = str(source.path)
    if source.part:
        if source.part in found:
            return source.part, found[source.part]
        wanted = "one of: " + ", ".join(list(found)[:12]) if found else "an object of splits"
        raise InputError(Problem(where, f"no split {source.part!r}", wanted, "correct the name after '::'"))
    name = next((name for name in FIRST_SPLITS if name in found), "")
    if not name and len(found) == 1:
        name = next(iter(found))
    if not name:
        names = ", ".join(list(found)[:12]) or "none"
        fix = f"name one: {source.path.name}::{next(iter(found), 'NAME')}"
        raise InputError(Problem(where, f"an object with the lists {names}", "the split to read", fix))
    return name, found[name]


def cut(source: Source, size: int) -> Iterator[Block]:
    """The elements of the array, many at a time, each piece without the comma behind it."""
    path = str(source.path)
    encoding = encoding_of(source)
    stream = open_stream(source, encoding)
    rest = stream.read(size)
    while rest and not rest.lstrip():
        rest = stream.read(size)
    skip = len(rest) - len(rest.lstrip()) + 1
    if rest.lstrip()[:1] == b"{":
        stream.close()
        _, skip = chosen(source)
        stream = open_stream(source, encoding)
        rest = stream.read(size)
    while skip > len(rest):
        skip -= len(rest)
        rest = stream.read(size)
    yield from _Cutter(path, stream, size).pieces(rest[skip:])


class _Cutter:
    """Parts the inside of an array; an element above the bound is passed over without being held."""

    def __init__(self, path: str, stream: Any, size: int) -> None:
        self.path, self.stream, self.size = path, stream, size
        self.scanner = Scanner()
        self.held, self.dropped = bytearray(), 0

    def _block(self, data: bytes, records: int) -> Block:
        done = self.stream.consumed
        return Block(0, self.path, data=data, lines=records, records=records, bytes_done=done)

    def _fault(self, reason: str) -> Block:
        head = bytes(self.held[:HEAD])
        return Block(0, self.path, data=head, lines=1, records=1, fault=reason, bytes_done=self.stream.consumed)

    def pieces(self, data: bytes) -> Iterator[Block]:
        """The pieces, from the bytes behind the opening bracket on."""
        data = data or self.stream.read(self.size)
        while data:
            at, kind, depth = self.scanner.scan(data)
            ends = at[(kind == CLOSE) & (depth < 0)]
            closed = int(ends[0]) if len(ends) else None
            commas = at[(kind == COMMA) & (depth == 0)]
            if closed is not None:
                commas = commas[commas < closed]
            yield from self._up_to(data[:closed] if closed is not None else data, commas.tolist())
            if closed is not None:
                yield from self._end()
                return
            data = self.stream.read(self.size)
        self.stream.close()
        reason = self.stream.trouble or "the array is not closed: the file is cut off"
        yield self._fault(reason)

    def _up_to(self, data: bytes, commas: list[int]) -> Iterator[Block]:
        begin = 0
        if commas and len(self.held) + self.dropped + commas[0] > MOST_RECORD_BYTES:
            self.held += data[: min(commas[0], HEAD)]
            yield self._fault(too_long(len(self.held) + self.dropped + commas[0]))
            self.held, self.dropped, begin = bytearray(), 0, commas[0] + 1
        if commas and commas[-1] >= begin:
            count = len(commas) - bool(begin)
            yield self._block(bytes(self.held) + data[begin : commas[-1]], count)
            self.held, begin = bytearray(), commas[-1] + 1
        if self.dropped:
            self.dropped += len(data) - begin
        else:
            self.held += data[begin:]
        if len(self.held) > MOST_RECORD_BYTES:
            self.dropped = len(self.held) - HEAD
            del self.held[HEAD:]

    def _end(self) -> Iterator[Block]:
        if self.dropped:
            yield self._fault(too_long(self.dropped + len(self.held)))
        elif self.held.strip():
            yield self._block(bytes(self.held), 1)
        self.stream.close()


def records(block: Block, layout: Layout, raw: bool = False) -> Records:
    """The elements of a piece; the line is the number of the element within it."""
    if not raw and block.data.strip():
        try:
            whole = orjson.loads(b"[" + block.data + b"]")
        except orjson.JSONDecodeError:
            pass
        else:
            for line, record in enumerate(whole):
                if type(record) is dict:
                    yield line, b"", record, ""
                else:
                    element, reason = named(record, layout.columns)
                    yield line, orjson.dumps(record) if reason else b"", element, reason
            return
    for line, text in enumerate(elements(block.data)):
        try:
            record = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            record, reason = repaired(text, error.msg)
            if reason:
                yield line, text, None, reason
                continue
        yield line, text, *named(record, layout.columns)


def elements(data: bytes) -> list[bytes]:
    """The elements of the inside of an array, as they stand, without blanks around them."""
    at, kind, depth = Scanner().scan(data)
    commas = at[(kind == COMMA) & (depth == 0)].tolist()
    return [
        data[begin:end].strip() for begin, end in zip([0, *(c + 1 for c in commas)], [*commas, len(data)], strict=True)
    ]
