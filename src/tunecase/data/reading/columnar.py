"""Parquet and Arrow, read a batch of rows at a time; the names of integer labels come from the file's metadata."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from tunecase.data.reading.lines import Records
from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, MissingExtraError, Problem

MOST_BATCH_ROWS = 4096


class CutError(Exception):
    """Why the rows of a table end too early."""


@contextmanager
def opened(source: Source) -> Iterator[tuple[Any, Any, int]]:
    """The schema of a file, a function that gives its rows in batches of a size, and how many there are (0: unknown).

    Raises: InputError for a file that is cut off or broken; MissingExtraError without pyarrow.
    """
    name = "Parquet" if source.kind == "parquet" else "Arrow"
    name_bytes = os.fsencode(source.path)  # as text, Arrow refuses a name that is not UTF-8
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError(f"reading {source.path.name}", "parquet") from None
    try:
        if source.kind == "parquet":
            with pa.OSFile(name_bytes) as raw, pq.ParquetFile(raw) as file:
                yield file.schema_arrow, file.iter_batches, file.metadata.num_rows
        else:
            with pa.memory_map(name_bytes) as raw:
                try:
                    stream = pa.ipc.open_stream(raw)
                    yield stream.schema, lambda batch_size: _sliced(_before_cut(stream), batch_size), 0
                except pa.ArrowInvalid:
                    raw.seek(0)
                    file = pa.ipc.open_file(raw)
                    batches = (_checked(file.get_batch(index)) for index in range(file.num_record_batches))
                    yield file.schema, lambda batch_size: _sliced(batches, batch_size), 0
    except (OSError, ValueError, pa.ArrowException) as error:
        got = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(Problem(str(source.path), got, f"a whole {name} file", "write it again")) from None


def _before_cut(stream: Any) -> Iterator[Any]:
    """The whole batches of a stream, then a CutError where it is cut off or broken."""
    import pyarrow as pa

    while True:
        try:
            batch = _checked(stream.read_next_batch())
        except StopIteration:
            return
        except (OSError, ValueError, pa.ArrowException) as error:
            raise CutError((str(error).splitlines() or [type(error).__name__])[0]) from None
        yield batch


def _checked(batch: Any) -> Any:
    """The batch, if its lengths and offsets are consistent; otherwise reading a value could crash the process.

    Raises: ArrowInvalid where they are not. A text that is not UTF-8 is let through, since it spoils only its row.
    """
    import pyarrow as pa

    for column in batch.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if column.type.num_fields or "UTF8" not in str(error):
                raise
    return batch


def _sliced(batches: Iterator[Any], size: int) -> Iterator[Any]:
    for batch in batches:
        for start in range(0, batch.num_rows, size):
            yield batch.slice(start, size)


def cut(source: Source, size: int) -> Iterator[Block]:
    """Batches of rows, each as a separate Arrow stream; where a file is cut off or broken, one bad row says so."""
    import io

    with opened(source) as (_, batches, rows):
        import pyarrow as pa

        length, done = source.path.stat().st_size, 0
        try:
            for batch in batches(batch_size=_batch_rows(source, rows, size)):
                if not batch.num_rows:
                    continue
                sink = io.BytesIO()
                with pa.ipc.new_stream(sink, batch.schema) as writer:
                    writer.write_batch(batch)
                count = batch.num_rows
                done += count
                bytes_done = int(length * done / rows) if rows else min(length, done)
                data = sink.getvalue()
                yield Block(0, str(source.path), data=data, lines=count, bytes_done=bytes_done)
        except CutError as error:
            reason = f"the file is cut off or broken: {error}"
            yield Block(0, str(source.path), lines=1, fault=reason, bytes_done=length)


def _batch_rows(source: Source, rows: int, size: int) -> int:
    if not rows:
        return MOST_BATCH_ROWS
    a_row = 4 * source.path.stat().st_size / rows  # text in columns shrinks to about a quarter
    return max(1, min(MOST_BATCH_ROWS, int(size / max(a_row, 1))))


def records(block: Block, layout: Layout, raw: bool = False) -> Records:
    """The rows of a batch; the line is the number of the row within it."""
    import pyarrow as pa

    line = 0
    with pa.ipc.open_stream(block.data) as stream:
        for batch in stream:
            names = batch.schema.names
            for values in _rows(batch):
                if isinstance(values, str):
                    yield line, b"", None, values
                else:
                    record = dict(zip(names, values, strict=True))
                    yield line, orjson.dumps(record, default=str) if raw else b"", record, ""
                line += 1


def _rows(batch: Any) -> Iterator[tuple[Any, ...] | str]:
    """The values of each row, or why it is bad: Arrow does not check for values that Python cannot hold."""
    import pyarrow as pa

    try:
        yield from list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    except (ValueError, OverflowError, pa.ArrowException):
        for row in range(batch.num_rows):
            yield _row(batch, row)


def _row(batch: Any, row: int) -> tuple[Any, ...] | str:
    try:
        return tuple(_value(column[row]) for column in batch.columns)
    except UnicodeDecodeError:
        return "not UTF-8"
    except OverflowError:
        return "a date or time out of range inside a list or object"


def _value(cell: Any) -> Any:
    """A value; a date outside the years 1 to 9999, or a time in an unknown zone, as the integer that Arrow keeps."""
    import pyarrow as pa

    try:
        return cell.as_py()
    except UnicodeDecodeError:
        raise
    except (ValueError, OverflowError, pa.ArrowException) as error:
        count = getattr(cell, "value", None)
        if isinstance(count, int):
            return count
        raise OverflowError(str(error)) from None


def class_names(source: Source) -> dict[str, tuple[str, ...]]:
    """The names of integer labels by column, from what the `datasets` library writes into a file's metadata."""
    with opened(source) as (schema, _, _):
        try:
            kept = orjson.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
            return names_of(kept["info"]["features"])
        except (KeyError, TypeError, orjson.JSONDecodeError):
            return {}


def names_of(features: Any) -> dict[str, tuple[str, ...]]:
    """The names of the ClassLabel columns, and of columns of lists of them, as the `datasets` library writes them."""
    if not isinstance(features, dict):
        return {}
    found = {str(column): _class_label(feature) for column, feature in features.items()}
    return {column: names for column, names in found.items() if names}


def _class_label(feature: Any) -> tuple[str, ...]:
    """The names in a ClassLabel, or in a list of one; () for any other feature."""
    if isinstance(feature, list) and len(feature) == 1:
        return _class_label(feature[0])
    if not isinstance(feature, dict):
        return ()
    if feature.get("_type") in ("Sequence", "List", "LargeList"):
        return _class_label(feature.get("feature"))
    named = feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list)
    return tuple(map(str, feature["names"])) if named else ()
