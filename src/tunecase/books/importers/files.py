"""The rows of a bill's files, one at a time: CSV (also packed) and Parquet, with where each row stands."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tunecase.books.importers.charge import MOST_ROW, Mistakes
from tunecase.data.reading import Source, Stream, batch_rows, encoding_of, open_stream, source_of
from tunecase.errors import InputError, Problem, refuse_any
from tunecase.io import no_file
from tunecase.quantities import counted

MOST_INSIDE = 1_000  # values of one cell, such as tags
REPORT_EVERY_ROWS = 5_000
ENDINGS = ".csv, .csv.gz or .parquet"


class Line(NamedTuple):
    """One row: the file's name and the line (of Parquet: the row, from 1), and its cells."""

    file: str
    number: int
    cells: Sequence[Any]


class BillFile(NamedTuple):
    """One file of a bill: its name, its columns as written, and its rows."""

    name: str
    header: list[str]
    lines: Iterator[Line]


OnBytes = Callable[[int], None]  # called with the bytes of a file that are read


def bill_files(place: str, on_read: Callable[[int, int], None] | None = None) -> Iterator[BillFile]:
    """The files of a place: one, or those of a folder in the order of their names; read once, front to back.

    Memory does not grow with the file. `on_read` is called with the bytes read and in all.

    Raises: InputError for what is missing, empty, cut off, not UTF-8 or no table; MissingExtraError without pyarrow.
    """
    sources = _sources(Path(place))
    total, before = sum(source.path.stat().st_size for source in sources), 0

    def on_bytes(count: int) -> None:
        if on_read is not None:
            on_read(before + count, total)

    for source in sources:
        opened = _parquet if source.kind == "parquet" else _csv
        with opened(source, on_bytes) as file:
            yield file
        before += source.path.stat().st_size


def _sources(path: Path) -> list[Source]:
    if path.is_dir():
        return _sources_in(path)
    refuse_any(no_file(path, f"a bill, {ENDINGS}", "correct the path"))
    source = _source(path)
    if source is None:
        got = f"the ending {path.suffix or '(none)'}"
        raise InputError(Problem(str(path), got, f"a bill, {ENDINGS}", "export it as CSV or Parquet"))
    if path.stat().st_size == 0:
        raise InputError(Problem(str(path), "an empty file", "a header and rows", "export the bill again"))
    return [source]


def _sources_in(folder: Path) -> list[Source]:
    listed = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))]
    # A link to another file of the folder is that file.
    listed.sort(key=lambda path: (path.is_symlink(), path), reverse=True)
    files = sorted({path.resolve(): path for path in listed}.values())
    sources = [source for path in files if (source := _source(path)) is not None]
    if not sources:
        raise InputError(Problem(str(folder), "no bill in the folder", f"files {ENDINGS}", "name the bill's folder"))
    return sources


def _source(path: Path) -> Source | None:
    source = source_of(path)
    return source if source is not None and source.kind in ("csv", "parquet") else None


class _Bytes(io.RawIOBase):
    """A stream as a file of bytes."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self.stream, self.rest = stream, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self.rest or self.stream.read(len(buffer))
        piece, self.rest = piece[: len(buffer)], piece[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


class _Feed:
    """Lines for the CSV reader; a row of more than MOST_ROW characters is a file that lost its quotes."""

    def __init__(self, text: io.TextIOWrapper, first: str) -> None:
        self.text, self.first, self.given = text, first, 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line, self.first = self.first or self.text.readline(MOST_ROW + 1), ""
        self.given += len(line)
        if not line:
            raise StopIteration
        if self.given > MOST_ROW:
            raise csv.Error(f"a row of more than {MOST_ROW:,} characters, perhaps a quote that is not closed")
        return line


@contextmanager
def _csv(source: Source, on_bytes: OnBytes) -> Iterator[BillFile]:
    name, encoding = source.path.name, encoding_of(source)
    if encoding != "utf-8":
        raise InputError(Problem(str(source.path), f"text in {encoding.upper()}", "UTF-8 text", "save it as UTF-8"))
    stream = open_stream(source)
    text = io.TextIOWrapper(io.BufferedReader(_Bytes(stream), 1 << 16), encoding="utf-8", newline="")
    try:
        rows = _rows(text, name, stream)
        header = [cell.strip() for cell in next(rows, (0, []))[1]]
        if not any(header):
            raise InputError(Problem(str(source.path), "an empty file", "a header and rows", "export it again"))

        def lines() -> Iterator[Line]:
            for count, (number, cells) in enumerate(rows, 1):
                if count % REPORT_EVERY_ROWS == 0:
                    on_bytes(stream.consumed)
                if cells:
                    yield Line(name, number, cells)

        yield BillFile(name, header, lines())
    finally:
        stream.close()


def _rows(text: io.TextIOWrapper, name: str, stream: Stream) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each begins. Raises InputError where the text is no CSV, or is cut off."""
    begins = 1
    try:
        head = text.readline(MOST_ROW)
        feed = _Feed(text, head)
        reader = csv.reader(feed, delimiter=max(",;\t", key=head.count), strict=True)
        for cells in reader:
            if stream.trouble:
                break
            yield begins, cells
            begins, feed.given = reader.line_num + 1, 0
    except csv.Error as error:
        fix = "export the bill again; each quote inside a cell is doubled"
        raise InputError(Problem(f"{name}:{begins}", f"not CSV: {error}", "a row of cells", fix)) from None
    except UnicodeDecodeError as error:
        got = f"bytes that are not UTF-8 text ({error.object[error.start : error.start + 1]!r})"
        raise InputError(Problem(f"{name}, near line {begins}", got, "UTF-8 text", "save the file as UTF-8")) from None
    if stream.trouble:
        raise InputError(Problem(name, stream.trouble, "a whole archive", "fetch or export it again"))


@contextmanager
def _parquet(source: Source, on_bytes: OnBytes) -> Iterator[BillFile]:
    name, at_once = source.path.name, batch_rows(source)
    import pyarrow as pa
    import pyarrow.parquet as pq

    def broken(error: Exception) -> InputError:
        got = (str(error).splitlines() or [type(error).__name__])[0][:200]
        return InputError(Problem(str(source.path), got, "a whole Parquet file", "write or fetch it again"))

    try:
        with pq.ParquetFile(source.path) as plain:
            texts = _texts(plain.metadata)
        file = pq.ParquetFile(source.path, read_dictionary=texts)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:  # KeyError: two columns of one path
        raise broken(error) from None
    rows, size = file.metadata.num_rows, source.path.stat().st_size

    def lines() -> Iterator[Line]:
        number, batches = 0, file.iter_batches(batch_size=at_once)
        while True:
            try:
                batch = next(batches, None)
                columns = [] if batch is None else [_values(column, name) for column in batch.columns]
            except (OSError, ValueError, pa.ArrowException) as error:
                raise broken(error) from None
            if batch is None:
                return
            for cells in zip(*columns, strict=True):
                number += 1
                yield Line(name, number, cells)
            on_bytes(size * number // max(1, rows))

    with file:
        yield BillFile(name, list(file.schema_arrow.names), lines())


def _texts(metadata: Any) -> list[str]:
    """The columns of text."""
    kinds = map(metadata.schema.column, range(metadata.num_columns))
    are_text = ("STRING", "JSON", "ENUM", "NONE")
    return sorted(
        {kind.path for kind in kinds if kind.physical_type == "BYTE_ARRAY" and kind.logical_type.type in are_text}
    )


def _values(column: Any, file: str) -> Iterable[Any]:
    """The values of a column; a text that stands in many rows is held once, for a small file may hold a huge one.

    Raises: InputError for a cell of more than MOST_ROW characters, or of more than MOST_INSIDE values.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    def refuse_more(most: int, limit: int, what: str) -> None:
        if most > limit:
            fix = "export the bill again"
            raise InputError(Problem(file, f"a cell of {most:,} {what}", f"at most {limit:,}", fix))

    if pa.types.is_dictionary(column.type):
        refuse_more(pc.max(pc.binary_length(column.dictionary)).as_py() or 0, MOST_ROW, "bytes")
        texts = column.dictionary.to_pylist()
        return [None if index is None else texts[index] for index in column.indices.to_pylist()]
    if pa.types.is_list(column.type) or pa.types.is_map(column.type):
        lengths = pc.subtract(column.offsets[1:], column.offsets[:-1])
        refuse_more(pc.max(lengths).as_py() or 0, MOST_INSIDE, "values")
    if pa.types.is_nested(column.type):
        return (value.as_py() for value in column)
    values: Iterable[Any] = column.to_pylist()
    return values


class Copies:
    """The rows of each file of a place, held against those of the files before it."""

    def __init__(self) -> None:
        self.files: list[tuple[str, int]] = []  # name and rows
        self.first: dict[str, int] = {}  # the file in which a row was seen first
        self.twice: Counter[tuple[int, int]] = Counter()

    def begin(self, file: str) -> None:
        """The rows that follow are those of this file."""
        self.files.append((file, 0))

    def row(self, digest: str) -> bool:
        """One more row of the file, by its content; whether it is the first of that content in all files."""
        now = len(self.files) - 1
        name, rows = self.files[now]
        self.files[now] = name, rows + 1
        new = digest not in self.first
        first = self.first.setdefault(digest, now)
        if first != now:
            self.twice[first, now] += 1
        return new

    def end(self, mistakes: Mistakes) -> None:
        """A file that holds the rows of an earlier one, all of them and no others, is a copy of it, and a mistake."""
        now = len(self.files) - 1
        name, rows = self.files[now]
        for earlier, (other, count) in enumerate(self.files[:now]):
            if rows and rows == count == self.twice[earlier, now]:
                fix = "move one of the two files away; if both are owed, put their rows into one file"
                mistakes.add(name, f"the same {counted(rows, 'row')} as {other}", "each charge once", fix)

    def notes(self) -> list[str]:
        """What a reader should know of rows that stand in two files: parts of a bill may hold equal rows."""
        return [
            f"{counted(count, 'row')} of {self.files[now][0]} also in {self.files[first][0]}, booked from both: the "
            "parts of a bill hold each charge once"
            for (first, now), count in self.twice.items()
            if count
        ]
