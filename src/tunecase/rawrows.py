"""Raw records of a file and a writer of chosen ones, until the readers bring their own."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from tunecase import datasets
from tunecase.datasets import Layout


def raw_records(path: Path, layout: Layout) -> Iterator[tuple[int, int, bytes, dict[str, Any] | None]]:
    """(number, line, raw bytes, record or None) in the order and numbering of read_rows."""
    spans = _spans(path, layout.format)
    for number, (line, record, _) in enumerate(datasets._records(path, layout.format)):
        raw = next(spans) if spans is not None else b""
        yield number, line, raw, record if isinstance(record, dict) else None


def _spans(path: Path, kind: str) -> Iterator[bytes] | None:
    if kind == "jsonl":
        return _lines(path)
    return _csv_spans(path) if kind == "csv" else None


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for number, raw in enumerate(datasets._byte_lines(file)):
            raw = raw.removeprefix(b"\xef\xbb\xbf") if not number else raw
            if raw.strip():
                yield raw


def _csv_spans(path: Path) -> Iterator[bytes]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = datasets._Lines(file)
        header = False
        for _, cells, reason in datasets._csv_cells(lines, datasets._delimiter(lines.peek())):
            raw = "".join(lines.taken).encode("utf-8", "surrogateescape")
            if not header and cells and not reason:
                header = True
            elif cells:
                yield raw


class Writer:
    """Chosen records of a file, written in its own format."""

    def __init__(self, path: Path, source: Path, layout: Layout) -> None:
        self.source, self.target, self.layout, self.rows = source, path, layout, 0
        self.batch: list[dict[str, Any]] = []

    def __enter__(self) -> "Writer":
        self.file = self.target.open("wb")
        self.parquet: Any = None
        if self.layout.format == "csv":
            with self.source.open("rb") as source:
                head = source.read(3)
            self.file.write(head if head == b"\xef\xbb\xbf" else b"")
            with self.source.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
                lines = datasets._Lines(text)
                first = lines.peek()
                for _, cells, _ in datasets._csv_cells(lines, datasets._delimiter(first)):
                    if cells:
                        self.file.write("".join(lines.taken).encode("utf-8", "surrogateescape"))
                        break
        return self

    def write(self, raw: bytes, record: dict[str, Any]) -> None:
        """One record: its bytes, or the record itself for a table."""
        import orjson

        kind = self.layout.format
        if kind == "parquet":
            self.batch.append(record)
            if len(self.batch) >= 4096:
                self._flush()
        elif kind == "json":
            self.file.write((b",\n" if self.rows else b"[\n") + orjson.dumps(record))
        else:
            self.file.write(raw)
        self.rows += 1

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.source)
        if self.parquet is None:
            self.parquet = pq.ParquetWriter(self.file, schema)
        if self.batch:
            self.parquet.write_table(pa.Table.from_pylist(self.batch, schema))
        self.batch = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self.layout.format == "json":
                self.file.write(b"\n]\n" if self.rows else b"[]\n")
            if error is None and self.layout.format == "parquet":
                self._flush()
                self.parquet.close()
        finally:
            self.file.close()
