"""Writes chosen records of a file as a new file of the same format, unchanged; it appears whole or not at all."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from tunecase.data.reading import columnar, delimited
from tunecase.data.reading.find import sources
from tunecase.data.reading.rows import Layout
from tunecase.data.reading.sources import beginning, zstd_library
from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.io import part_beside

BATCH_ROWS = 2048


class Writer:
    """Writes records as raw_records gives them, in a `with` block; the file appears when the block ends without error.

    JSONL and CSV keep their bytes, CSV its header; an array stays an array, one split of an object of splits becomes
    an array; Parquet and Arrow keep their schema. The ending of `path` says whether it is packed (.gz, .zst).

    Args:
        path: the file to write.
        source: the file or folder the records come from.
        layout: how the source is read.
    Raises: TunecaseError when the disk is full or the folder cannot be written; nothing is left behind.
    Example:
        >>> import tempfile
        >>> from tunecase.data.reading import detect, raw_records
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.jsonl").write_bytes(b'{"text":"a","label":1}\\n{"text":"b","label":2}\\n')
        >>> layout = detect(folder / "a.jsonl")
        >>> with Writer(folder / "b.jsonl", folder / "a.jsonl", layout) as writer:
        ...     for number, line, raw, record in raw_records(folder / "a.jsonl", layout):
        ...         if number == 1:
        ...             writer.write(raw, record)
        >>> (folder / "b.jsonl").read_bytes()
        b'{"text":"b","label":2}\\n'
    """

    def __init__(self, path: Path, source: Path, layout: Layout) -> None:
        self.path, self.layout, self.first = path, layout, sources(source)[0]
        self.held = ExitStack()
        self.written, self.line_end, self.ended = 0, b"\n", True
        self.rows: list[dict[str, Any]] = []
        self.file: Any = None
        self.table: Any = None

    def __enter__(self) -> "Writer":
        try:
            self.part = self.held.enter_context(part_beside(self.path))
            self._open()
        except BaseException as error:
            self._drop()
            if isinstance(error, OSError):
                raise self._refused(error) from None
            raise
        return self

    def _open(self) -> None:
        if self.layout.format in ("parquet", "arrow"):
            with columnar.opened(self.first) as table:
                schema = table.schema
                import pyarrow as pa
                import pyarrow.parquet as pq
            make = pq.ParquetWriter if self.layout.format == "parquet" else pa.ipc.new_stream
            self.file, self.schema = self.part.open("wb"), schema
            self.table = make(self.file, schema)
            return
        self.file = _packed(self.part, self.path.suffix.lower())
        if self.layout.format == "csv" and not self.layout.headless:
            self._line(delimited.first_record(beginning(self.first, 1 << 16)))
        elif self.layout.format == "json":
            self.file.write(b"[\n")

    def write(self, raw: bytes, record: dict[str, Any] | None) -> None:
        """Adds one record, as raw_records gave it; a table takes the record, text takes the raw bytes."""
        try:
            if self.table is not None:
                if record is None:
                    raise InputError(Problem(str(self.path), "a bad row", "a row of the table", "leave it out"))
                self.rows.append(record)
                if len(self.rows) >= BATCH_ROWS:
                    self._flush()
            elif self.layout.format == "json":
                self.file.write((b",\n" if self.written else b"") + raw.strip())
            else:
                self._line(raw)
            self.written += 1
        except OSError as error:
            raise self._refused(error) from None

    def takes(self, record: dict[str, Any]) -> bool:
        """Whether the columns can hold the values of a record: a column of numbers cannot hold a word."""
        if self.table is None:
            return True
        import pyarrow as pa

        try:
            pa.RecordBatch.from_pylist([record], schema=self.schema)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return False
        return True

    def _line(self, raw: bytes) -> None:
        """Writes a line; one without a line end, because it was the last, gets the others' when more lines follow."""
        if not self.ended:
            self.file.write(self.line_end)
        self.file.write(raw)
        self.ended = raw.endswith((b"\n", b"\r"))
        if self.ended:
            self.line_end = b"\r\n" if raw.endswith(b"\r\n") else raw[-1:]

    def _flush(self) -> None:
        import pyarrow as pa

        if self.rows:
            self.table.write_batch(pa.RecordBatch.from_pylist(self.rows, schema=self.schema))
            self.rows = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is not None:
                return
            if self.table is not None:
                self._flush()
                self.table.close()
                self.table = None
            elif self.layout.format == "json":
                self.file.write(b"\n]\n")
            self.file.close()
            self.file = None
            self.part.replace(self.path)
        except OSError as problem:
            raise self._refused(problem) from None
        finally:
            self._drop()

    def _drop(self) -> None:
        for opened in (self.table, self.file):
            if opened is not None:
                try:
                    opened.close()
                except (OSError, ValueError):
                    continue
        self.held.close()

    def _refused(self, error: OSError) -> TunecaseError:
        why = error.strerror or str(error)
        return TunecaseError(f"{self.path} cannot be written: {why}.\nFix: make room, or write to another folder")


def _packed(path: Path, ending: str) -> Any:
    if ending == ".gz":
        import gzip

        return gzip.GzipFile(path, "wb", mtime=0)
    if ending == ".zst":
        return zstd_library(f"writing {path.name}").open(path, "wb")
    return path.open("wb")
