"""CSV, TSV and files with semicolons: cut at line ends outside quotes, or record by record where quotes are broken."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from tunecase.data.reading.lines import HEAD, MOST_RECORD_BYTES, Records, cut_off, last_end, too_long
from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import Source, Stream, beginning, encoding_of, open_stream
from tunecase.errors import InputError, Problem
from tunecase.quantities import Bytes, Rows, np

MOST_LINES_A_CELL = 10_000  # a quote that stays open longer than this is a mistake
HEAD_BYTES = 1 << 16
MOST_HEAD_ROWS = 50
DELIMITERS = (",", ";", "\t")
NOT_CSV = "not CSV: a quote is left open, or stands where none may"
TOO_LONG = "a record of "
csv.field_size_limit(2**31 - 1)


def cut(source: Source, size: int, layout: Layout) -> Iterator[Block]:
    """Blocks cut where every quote is closed; from the first with broken quoting on, cut by reading the cells."""
    encoding = encoding_of(source)
    stream = open_stream(source, encoding)
    in_place = not source.packing and encoding == "utf-8"
    path, start, rest, ended = str(source.path), 0, b"", False
    while not ended:
        piece = stream.read(size)
        ended = not piece
        data = rest + piece
        if ended and stream.trouble:
            break
        end, sound = _safe_end(data, layout.delimiter, ended)
        if not sound or (not end and len(data) > MOST_RECORD_BYTES):
            yield from _cut_broken(path, stream, data, size, layout.delimiter, not start)
            return
        if end and in_place:
            place = stream.consumed - len(data)
            yield Block(0, path, place if start else 0, place + end, head=not start, bytes_done=place + end)
        elif end:
            yield Block(0, path, data=data[:end], head=not start, bytes_done=stream.consumed)
        start, rest = start + end, data[end:]
    stream.close()
    if stream.trouble:
        yield cut_off(path, stream, rest)


def cut_broken(source: Source, size: int, layout: Layout) -> Iterator[Block]:
    """Blocks of a file, or of the rest of one, whose quotes do not match; it begins with a whole record."""
    stream = open_stream(source, encoding_of(source))
    return _cut_broken(str(source.path), stream, b"", size, layout.delimiter, not source.start)


def cut_at(source: Source, ends: Iterable[int]) -> Iterator[Block]:
    """The blocks of a plain file that end at known places [bytes]."""
    start = source.start
    for end in ends:
        yield Block(0, str(source.path), start, end, head=not start, bytes_done=end)
        start = end


def _cut_broken(path: str, stream: Stream, data: bytes, size: int, delimiter: str, head: bool) -> Iterator[Block]:
    """Blocks of whole records, found by reading them one after the other as the blocks will be read."""
    held = bytearray()
    file = io.TextIOWrapper(io.BufferedReader(_Raw(stream, data)), "utf-8", "surrogateescape", newline="")
    for _, text, _, reason in _cells(_Lines(file), delimiter):
        too_large = reason.startswith(TOO_LONG)
        if not too_large:
            held += _bytes(text)
        if held and (too_large or len(held) >= size):
            yield Block(0, path, data=bytes(held), head=head, broken=True, bytes_done=stream.consumed)
            held, head = bytearray(), False
        if too_large:
            yield Block(0, path, data=_bytes(text), lines=1, fault=reason, bytes_done=stream.consumed)
    if held:
        yield Block(0, path, data=bytes(held), head=head, broken=True, bytes_done=stream.consumed)
    stream.close()
    if stream.trouble:
        yield cut_off(path, stream)


def _safe_end(data: bytes, delimiter: str, ended: bool) -> tuple[int, bool]:
    """The place after the last line end outside quotes (0 for none), and whether every quote stands where one may."""
    if b'"' not in data:
        return (len(data) if ended else last_end(data)), True

    buffer = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(buffer == 34)
    if not ended and quotes[-1] == len(data) - 1:  # what follows decides whether it closes
        return _safe_end(data.rstrip(b'"'), delimiter, False)
    if not _sound(buffer, quotes, ord(delimiter)):
        return 0, False
    if ended:
        return (len(data), True) if len(quotes) % 2 == 0 else (0, False)
    limit = len(data)
    while True:
        end = last_end(data[: limit + 1])
        open_quotes = int(np.searchsorted(quotes, end))
        if open_quotes % 2 == 0:
            break
        limit = int(quotes[open_quotes - 1])  # the line ends behind this quote are inside the cell
    lines = data.count(b"\n", limit)
    return end, not (not end and lines > MOST_LINES_A_CELL)


def _sound(buffer: "Bytes", quotes: "Rows", delimiter: int) -> bool:
    allowed = np.zeros(256, bool)
    allowed[[10, 13, 34, delimiter]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = allowed[buffer[np.maximum(opening - 1, 0)]] | (opening == 0)
    last = len(buffer) - 1
    after = allowed[buffer[np.minimum(closing + 1, last)]] | (closing == last)
    # A quote that opens right after a closing one is half of a doubled quote: hence 34 is allowed on both sides.
    return bool(before.all() and after.all())


def head_of(source: Source) -> tuple[str, list[list[str]]]:
    """The delimiter of a file, and the cells of its first records."""
    size = HEAD_BYTES
    while True:
        delimiter, rows, is_whole = _head(source, size)
        if is_whole or len(rows) > 1 or size > MOST_RECORD_BYTES:
            break
        size *= 8
    if not is_whole and len(rows) < 2:
        got, fix = f"a header, or a first row, of more than {MOST_RECORD_BYTES / 1e6:.0f} MB", "close its quotes"
        raise InputError(Problem(str(source.path), got, "a header and rows", fix))
    return delimiter, rows


def _head(source: Source, size: int) -> tuple[str, list[list[str]], bool]:
    """The delimiter, the whole records of the first bytes, and whether these are all of the file."""
    head = beginning(source, size)
    is_whole = len(head) < size
    text = head.decode("utf-8", "surrogateescape")
    first = _first_line(text)
    delimiter = max(DELIMITERS, key=first.count)
    if source.path.name.lower().split(".")[1:2] == ["tsv"] and "\t" in first:
        delimiter = "\t"
    records = _cells(_Lines(io.StringIO(text, newline="")), delimiter)
    rows = list(itertools.islice((cells for _, _, cells, reason in records if cells and not reason), MOST_HEAD_ROWS))
    if not is_whole and len(rows) < MOST_HEAD_ROWS:
        rows = rows[:-1]  # the last may be cut in half
    return delimiter, rows, is_whole


def _first_line(text: str) -> str:
    return next((line for line in io.StringIO(text, newline=None) if line.strip()), "")


def first_record(head: bytes) -> bytes:
    """The first record that is not blank, as it stands in the first bytes of a file."""
    file = io.StringIO(head.decode("utf-8", "surrogateescape"), newline="")
    delimiter = max(DELIMITERS, key=_first_line(head.decode("latin-1")).count)
    return next((_bytes(text) for _, text, cells, _ in _cells(_Lines(file), delimiter) if cells), b"")


def records(block: Block, layout: Layout) -> Records:
    """The records of a block; blank lines are passed over, and a line end inside a cell is one character."""
    from tunecase.data.reading.lines import bytes_of

    data = bytes_of(block).removeprefix(b"\xef\xbb\xbf") if block.head else bytes_of(block)
    file = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    rows = _cells(_Lines(file), layout.delimiter) if block.broken else _quick(file, layout.delimiter)
    skip = block.head and not layout.headless
    columns = list(layout.columns)
    for line, text, cells, reason in rows:
        if reason:
            yield line, _bytes(text), None, reason
        elif skip and cells:
            skip = False
        elif len(text) > MOST_RECORD_BYTES:
            yield line, _bytes(text[:HEAD]), None, too_long(len(text))
        elif cells:
            record, reason = _named(columns, cells)
            yield line, _bytes(text), record, reason


class _Raw(io.RawIOBase):
    """A Stream as Python's own readers want it."""

    def __init__(self, stream: Stream, first: bytes) -> None:
        self.stream, self.left = stream, first

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        if not self.left:
            self.left = self.stream.read(1 << 18)
        piece, self.left = self.left[: len(target)], self.left[len(target) :]
        target[: len(piece)] = piece
        return len(piece)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class _Kept:
    """Lines as the csv module takes them, remembered until the record is whole."""

    def __init__(self, file: io.TextIOBase) -> None:
        self.file, self.taken = file, list[str]()

    def __iter__(self) -> "_Kept":
        return self

    def __next__(self) -> str:
        line = self.file.readline()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line


def _quick(file: io.TextIOBase, delimiter: str) -> Iterator[tuple[int, str, list[str], str]]:
    """(line, text, cells, "") of lines whose quoting is sound."""
    kept, line = _Kept(file), 0
    for cells in csv.reader(kept, delimiter=delimiter):
        taken = kept.taken
        yield line, taken[0] if len(taken) == 1 else "".join(taken), cells, ""
        line += len(taken)
        kept.taken = []


class _Lines:
    """The lines of a text file, with a way back: lines taken since `mark` can be read once more."""

    def __init__(self, file: io.TextIOBase) -> None:
        self.file, self.taken, self.again = file, list[str](), list[str]()
        self.number, self.size = 0, 0

    def mark(self) -> None:
        """The next line begins a record."""
        self.number += len(self.taken)
        self.taken, self.size = [], 0

    def back(self) -> str:
        """Drops the first line since the mark and gives the others back, to be read as records of their own."""
        first, *rest = self.taken
        self.again.extend(reversed(rest))
        self.taken = [first]
        return first

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES_A_CELL or self.size > MOST_RECORD_BYTES:
            raise StopIteration
        line = self.again.pop() if self.again else self.file.readline(MOST_RECORD_BYTES)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.size += len(line)
        return line

    def skip(self) -> int:
        """Passes over the rest of a line that is too long; returns how many characters that is."""
        size = 0
        while piece := self.file.readline(1 << 20):
            size += len(piece)
            if piece.endswith(("\n", "\r")):
                break
        return size


def _cells(lines: _Lines, delimiter: str) -> Iterator[tuple[int, str, list[str], str]]:
    """(line, text, cells, "") for each record, or with a reason for a line that breaks the rules of quoting.

    Of a broken record only the first line is given up: reading goes on with the next line, so that one quote left
    open does not swallow the rest of the file.
    """
    while True:
        lines.mark()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            number, first = lines.number, lines.back()
            if len(first) >= MOST_RECORD_BYTES:
                yield number, first[:800], [], too_long(len(first) + lines.skip())
            else:
                yield number, first, [], NOT_CSV
            continue
        if len(lines.taken[0]) >= MOST_RECORD_BYTES and not lines.taken[0].endswith(("\n", "\r")):
            yield lines.number, lines.taken[0][:800], [], too_long(len(lines.taken[0]) + lines.skip())
            continue
        yield lines.number, "".join(lines.taken), cells, ""


def _named(columns: list[str], cells: list[str]) -> tuple[dict[str, Any] | None, str]:
    if len(cells) != len(columns):
        return None, f"{len(cells)} cells for {len(columns)} columns"
    for cell in cells:
        if not cell.isascii():
            try:
                cell.encode("utf-8")
            except UnicodeEncodeError:
                return None, "not UTF-8"
    cells = [cell.replace("\r\n", "\n") if "\r" in cell else cell for cell in cells]
    return dict(zip(columns, cells, strict=True)), ""
