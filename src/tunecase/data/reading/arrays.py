"""JSON files that are one array, or one object of arrays (splits): cut into blocks without reading them whole."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from tunecase.data.reading import nested
from tunecase.data.reading.elements import COMMA, OPEN, Scanner
from tunecase.data.reading.lines import HEAD, MOST_RECORD_BYTES, too_long
from tunecase.data.reading.rows import Block
from tunecase.data.reading.sources import Source, beginning, encoding_of, open_stream
from tunecase.errors import InputError, Problem

BROKEN = object()
LARGE_ELEMENT_BYTES = 8_000_000  # an element so long that a bracket left open is the likelier reason
NAME_WITHIN = 1_024  # bytes before a list
NAME_OF_LIST = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$')
FIRST_SPLITS = ("train", "training", "data", "rows", "examples", "records", "items", "instances", "samples")


def json_kind(source: Source) -> str:
    """ "json" for one array, one object of splits or a nested form; "jsonl" for a file of lines, by its beginning."""
    head = beginning(source, 1 << 16).lstrip()
    first, _, rest = head.partition(b"\n")
    if head[:1] == b"[":
        again = rest.lstrip()[:1] == b"["
        if source.kind == "jsonl" and (not re.match(rb"\[\s*\{", head) or (again and _value(first) is not BROKEN)):
            return "jsonl"
        return "jsonl" if again and _is_cells(first) else "json"
    if source.part:
        return "json"
    if source.kind == "json" and _begins_splits(head) and not (_value(first) is not BROKEN and rest.strip()):
        return "json"
    return "json" if nested.is_nested(source) else "jsonl"


def _is_cells(line: bytes) -> bool:
    """True for a list of plain values, which is one row; a list of objects is an array of rows."""
    cells = _value(line)
    return isinstance(cells, list) and not any(isinstance(cell, dict) for cell in cells)


def _value(line: bytes) -> object:
    """The JSON value in a line, BROKEN where there is none."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return BROKEN


def _begins_splits(head: bytes) -> bool:
    """True when the first list in an object holds objects or lists, and is not a column that rows have."""
    plain = rb'(?:\s*"[^"\\]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)\s*,)*'
    first_list = re.match(rb"\{" + plain + rb'\s*"([^"\\]*)"\s*:\s*\[\s*[\[{]', head)
    return first_list is not None and first_list[1].decode("utf-8", "replace").lower() not in nested.ROW_KEYS


def splits(source: Source) -> dict[str, int]:
    """The lists in an object of splits: their names, and where in the unpacked bytes each begins."""
    scanner, begins, offset, before = Scanner(), dict[str, int](), 0, b""
    stream = open_stream(source, encoding_of(source))
    while data := stream.read(1 << 22):
        at, kind, depth, _ = scanner.scan(data)
        for place in at[(kind == OPEN) & (depth == 2)].tolist():
            if data[place] != ord("["):
                continue
            window = data[max(0, place - NAME_WITHIN) : place]
            name = NAME_OF_LIST.search((before + window)[-NAME_WITHIN:] if place < NAME_WITHIN else window)
            if name:
                begins.setdefault(name[1].decode("utf-8", "replace"), offset + place + 1)
        offset += len(data)
        before = data[-NAME_WITHIN:]
    stream.close()
    return begins


def chosen(source: Source) -> tuple[str, int]:
    """The split to read from an object of splits, and where it begins.

    Raises: InputError when it has no list of that name, or several of which none is the obvious choice.
    """
    lists = splits(source)
    where = str(source.path)
    if source.part:
        if source.part in lists:
            return source.part, lists[source.part]
        wanted = "one of: " + ", ".join(list(lists)[:12]) if lists else "an object of splits"
        raise InputError(Problem(where, f"no split {source.part!r}", wanted, "correct the name after '::'"))
    name = next((name for name in FIRST_SPLITS if name in lists), "")
    if not name and len(lists) == 1:
        name = next(iter(lists))
    if not name:
        got = f"an object with the lists {', '.join(list(lists)[:12])}" if lists else "an object without lists"
        fix = f"name one: {source.path.name}::{next(iter(lists), 'NAME')}"
        raise InputError(Problem(where, got, "the list to read", fix))
    return name, lists[name]


def is_flat(source: Source) -> bool:
    """True for one array, or an object of arrays of rows, which need not be read whole."""
    head = beginning(source, nested.HEAD_BYTES).lstrip()
    if nested.holds_articles(head):
        return not nested.is_nested(source)
    return head[:1] == b"[" or bool(source.part) or _begins_splits(head) or not nested.is_nested(source)


def cut(source: Source, size: int) -> Iterator[Block]:
    """The elements of the array, many at a time, each block without the comma that follows it."""
    if not is_flat(source):
        yield from nested.cut(source, size)
        return
    path = str(source.path)
    encoding = encoding_of(source)
    stream = open_stream(source, encoding)
    rest = stream.read(size)
    while rest and not rest.lstrip():
        rest = stream.read(size)
    skip = len(rest) - len(rest.lstrip()) + 1
    among = rest.lstrip()[:1] == b"{"
    if among:
        stream.close()
        _, skip = chosen(source)
        stream = open_stream(source, encoding)
        rest = stream.read(size)
    while skip > len(rest):
        skip -= len(rest)
        rest = stream.read(size)
    yield from _Cutter(path, stream, size, among).blocks(rest[skip:])


class _Cutter:
    """Cuts the inside of an array into blocks; an element above the bound is passed over, not kept in memory.

    Args:
        among: the array is one of several in an object of splits.
    """

    def __init__(self, path: str, stream: Any, size: int, among: bool) -> None:
        self.path, self.stream, self.size, self.among = path, stream, size, among
        self.scanner = Scanner()
        self.held, self.dropped = bytearray(), 0
        self.first, self.key = b"", b""  # how the array begins, and how each of its rows does

    def _block(self, data: bytes) -> Block:
        return Block(0, self.path, data=data, bytes_done=self.stream.consumed)

    def _fault(self, reason: str, data: bytes) -> Block:
        return Block(0, self.path, data=data[:HEAD], lines=1, fault=reason, bytes_done=self.stream.consumed)

    def blocks(self, data: bytes) -> Iterator[Block]:
        """The blocks of the array; `data` begins after its opening bracket."""
        data = data or self.stream.read(self.size)
        while data:
            self._look(data)
            at, kind, depth, strays = self.scanner.scan(data)
            commas = at[(kind == COMMA) & (depth == 0)]
            following = b""
            for stray in strays.tolist():
                if data[stray] != ord("]"):
                    continue
                rest, following = self._behind(data[stray + 1 :])
                if (ended := self._ends(rest)) is not None:
                    yield from self._up_to(data[:stray], commas[commas < stray].tolist())
                    yield from self._end()
                    yield from self._follow(rest, ended)
                    return
            yield from self._up_to(data, commas.tolist())
            yield from self._parted()
            data = following or self.stream.read(self.size)
        self.stream.close()
        reason = self.stream.trouble or "the file is cut off: its array is not closed"
        if self._rows_inside():
            yield self._block(bytes(self.held))
            self.held.clear()
        yield self._fault(reason, bytes(self.held))

    def _look(self, data: bytes) -> None:
        if len(self.first) < HEAD and not self.key:
            self.first += data[: HEAD - len(self.first)]
            begin = re.match(rb'\s*(\{\s*"(?:[^"\\]|\\.)*")', self.first)
            self.key = begin[1] if begin else b""

    def _behind(self, rest: bytes) -> tuple[bytes, bytes]:
        """What follows a bracket, read on until it is more than blanks and commas, and the bytes read for that."""
        following = b""
        while not rest.strip(b", \t\r\n"):
            piece = self.stream.read(self.size)
            if not piece:
                break
            following += piece
            rest = rest.strip() + piece if rest.strip() else piece
        return rest.lstrip(), following

    def _ends(self, rest: bytes) -> str | None:
        """None where the array goes on after a bracket; else why what follows is a bad row, "" where it is not."""
        after = rest[1:].lstrip()[:1]
        if rest[:1] == b"," and after:
            return "" if self.among and after == b'"' else None
        if rest[:1] in (b"", b",") or (self.among and rest[:1] == b"}"):
            return ""
        return "" if rest[:1] == b"[" and not self.among else "text after the end of the array"

    def _follow(self, rest: bytes, ended: str) -> Iterator[Block]:
        if not self.among and rest[:1] == b"[":
            again = _Cutter(self.path, self.stream, self.size, False)
            yield from again.blocks(rest[1:])
            return
        self.stream.close()
        if ended or (self.stream.trouble and not self.among):
            yield self._fault(ended or self.stream.trouble, rest)

    def _parted(self) -> Iterator[Block]:
        """Ends an element that grew too long at the last place where a row seems to begin: a bracket was left open."""
        if len(self.held) > LARGE_ELEMENT_BYTES and (bounds := self._rows_inside()):
            end, begin = bounds[-1]
            yield self._block(bytes(self.held[:end]))
            rest = bytes(self.held[begin:])
            self.held, self.scanner = bytearray(), Scanner()
            at, kind, depth, _ = self.scanner.scan(rest)
            yield from self._up_to(rest, at[(kind == COMMA) & (depth == 0)].tolist())

    def _rows_inside(self) -> list[tuple[int, int]]:
        """Where one row seems to end and the next to begin, inside what is held as one element."""
        if not self.key or self.dropped:
            return []
        key = re.escape(self.key[1:].lstrip())
        places = re.finditer(rb",\s*(?=\{\s*" + key + rb")", self.held)
        return [place.span() for place in places]

    def _up_to(self, data: bytes, commas: list[int]) -> Iterator[Block]:
        begin = 0
        if commas and len(self.held) + self.dropped + commas[0] > MOST_RECORD_BYTES:
            length = len(self.held) + self.dropped + commas[0]
            yield self._fault(too_long(length), bytes(self.held) + data[: commas[0]])
            self.held, self.dropped, begin = bytearray(), 0, commas[0] + 1
        if commas and commas[-1] >= begin:
            yield self._block(bytes(self.held) + data[begin : commas[-1]])
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
            yield self._fault(too_long(self.dropped + len(self.held)), bytes(self.held))
        elif self.held.strip():
            yield self._block(bytes(self.held))
