"""The elements of a JSON array: finds its brackets and commas, separates the elements and reads them.

The scan looks at brackets, quotes, commas and line ends only, for many bytes at once. A quote left open ends at the
line end, since no JSON text may hold a raw line end, so that one broken row does not swallow the rest. A bracket that
closes nothing spoils only the element that it stands in; one that is never closed merges elements, which are taken
apart again where the columns of a row are known.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from tunecase.data.reading.lines import Records, named, repaired
from tunecase.data.reading.rows import Block, Layout
from tunecase.quantities import Bytes, Flags, Rows, np

MOST_PIECES = 50  # pieces of a broken element that are tried together as one row
BOUNDARY = re.compile(rb",\s*(?=\{)")
QUOTE, BACKSLASH, OPEN, CLOSE, COMMA, LINE_END = 1, 2, 3, 4, 5, 6


@cache
def _kinds() -> "Bytes":
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

    def scan(self, data: bytes) -> "tuple[Rows, Bytes, Rows, Rows]":
        """Positions and kinds (OPEN, CLOSE, COMMA) in one piece, the depth after each, and brackets that close nothing.

        These are given by their positions too, and leave the depth at 0.
        """
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
        below = np.minimum(np.minimum.accumulate(depth), 0) if len(depth) else depth
        strays = at[np.diff(below, prepend=0) < 0]
        depth = depth - below
        if len(depth):
            self.depth = int(depth[-1])
        return at, kind, depth, strays

    def _quotes(self, at: "Rows", kind: "Bytes", length: int) -> "Flags":
        """Quotes that are not escaped: an even number of backslashes stands before them."""
        quotes: Flags = kind == QUOTE
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


def records(block: Block, layout: Layout, raw: bool = False) -> Records:
    """The elements of a block; the line is the number of the element within it."""
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
    line = 0
    for text in elements(block.data):
        for row in _of_element(text, layout):
            yield line, *row
            line += 1


def _of_element(text: bytes, layout: Layout) -> "Iterator[tuple[bytes, dict[str, Any] | None, str]]":
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        record, reason = repaired(text, error.msg)
        if reason:
            yield from taken_apart(text, layout, reason)
            return
    yield text, *named(record, layout.columns)


def taken_apart(text: bytes, layout: Layout, reason: str) -> "Iterator[tuple[bytes, dict[str, Any] | None, str]]":
    """The rows in a broken element that merges several, and what lies between them as bad rows."""
    wanted = _row_columns(text, layout)
    bounds = [bound.span() for bound in BOUNDARY.finditer(text)] if wanted else []
    starts, ends = [0, *(begin for _, begin in bounds)], [*(end for end, _ in bounds), len(text)]
    place, broken = 0, 0
    while place < len(starts):
        row, pieces = _first_row(text, starts[place], ends[place : place + MOST_PIECES], wanted)
        if row:
            if broken < place:
                yield text[starts[broken] : ends[place - 1]], None, reason
            yield *row, ""
            broken = place + pieces
        place += pieces
    if broken < place:
        yield text[starts[broken] :], None, reason


def _row_columns(text: bytes, layout: Layout) -> list[str]:
    """Columns that every row has: those of the layout, else the first that the element names."""
    begin = re.match(rb'[\s{\[]*"([^"\\]*)"\s*:', text)
    columns = [name for name in (*layout.input[:1], layout.output) if name]
    return columns or ([begin[1].decode("utf-8", "replace")] if begin else [])


def _first_row(
    text: bytes, start: int, ends: list[int], wanted: list[str]
) -> tuple[tuple[bytes, dict[str, Any]] | None, int]:
    """The shortest row that begins here, and how many pieces it takes; (None, 1) where none begins."""
    for pieces, end in enumerate(ends, 1):
        if row := _row(text[start:end], wanted):
            return row, pieces
    return None, 1


def _row(text: bytes, wanted: list[str]) -> tuple[bytes, dict[str, Any]] | None:
    """A text and the row it holds; a bracket that follows the row, as at the end of an array, is left out."""
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        ended = text.rstrip()
        inner = ended[:-1].rstrip()
        return _row(inner, wanted) if ended[-1:] == b"]" and inner[-1:] == b"}" else None
    return (text, record) if isinstance(record, dict) and all(name in record for name in wanted) else None


def elements(data: bytes) -> list[bytes]:
    """The elements between an array's brackets, as they stand, without blanks around them."""
    at, kind, depth, _ = Scanner().scan(data)
    commas = at[(kind == COMMA) & (depth == 0)].tolist()
    return [
        data[begin:end].strip() for begin, end in zip([0, *(c + 1 for c in commas)], [*commas, len(data)], strict=True)
    ]
