"""Parquet and Arrow, read a batch of rows at a time; the names of integer labels come from the file's metadata."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from tunecase.data.reading.lines import MOST_RECORD_BYTES, Records, too_long
from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import MOST_RATIO, Source
from tunecase.data.reading.vetting import batch_rows
from tunecase.data.reading.weights import is_view, weighed, weight
from tunecase.errors import InputError, Problem

ROW_BYTES = 64  # at least what a row counts as: a Parquet file tells its bytes with each repeated text counted once


class CutError(Exception):
    """Why the rows of a table end too early."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A table in columns that has been opened.

    Args:
        batches: its rows in batches of at most so many, of all its groups or of some.
        done: how many bytes of the file are read once so many rows have been given.
        rows: how many it has; 0 where the file does not say.
        groups: how many row groups or record batches can be read on their own; 0 for a stream of batches.
        weigh: how many rows a group has (0: not told), and about how many bytes it takes unpacked.
    """

    schema: Any
    batches: Callable[[int, Iterable[int] | None], Iterator[Any]]
    done: Callable[[int], int]
    rows: int = 0
    groups: int = 0
    weigh: Callable[[int], tuple[int, int]] = lambda group: (0, 0)


@contextmanager
def opened(source: Source) -> Iterator[Columns]:
    """The schema of a file and its rows.

    Raises: InputError for a file that is cut off or broken.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = "Parquet" if source.kind == "parquet" else "Arrow"
    name_bytes = os.fsencode(source.path)  # as text, Arrow refuses a name that is not UTF-8
    length = source.path.stat().st_size
    try:
        if source.kind == "parquet":
            with pa.OSFile(name_bytes) as raw, pq.ParquetFile(raw, pre_buffer=False, buffer_size=1 << 20) as file:
                yield _of_parquet(file, length)
        else:
            with pa.memory_map(name_bytes) as raw:
                try:
                    table = _of_stream(pa.ipc.open_stream(raw), raw)
                except pa.ArrowInvalid:
                    raw.seek(0)
                    table = _of_batches(pa.ipc.open_file(raw), length)
                yield table
    except MemoryError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        told = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".; ")
        got = f"cut off, broken or no {name} file ({told})"
        raise InputError(Problem(str(source.path), got, f"a whole {name} file", "write it again")) from None


def _of_parquet(file: Any, length: int) -> Columns:
    def batches(most_rows: int, groups: Iterable[int] | None) -> Iterator[Any]:
        some = None if groups is None else list(groups)
        given: Iterator[Any] = file.iter_batches(most_rows, row_groups=some, use_threads=False)
        return given

    def weigh(group: int) -> tuple[int, int]:
        told = file.metadata.row_group(group)
        return told.num_rows, max(told.total_byte_size, ROW_BYTES * told.num_rows)

    rows, groups = file.metadata.num_rows, file.metadata.num_row_groups
    return Columns(file.schema_arrow, batches, lambda done: length * done // max(rows, 1), rows, groups, weigh)


def _of_batches(file: Any, length: int) -> Columns:
    """An Arrow file; its batches, as a rule alike, weigh the same share of it, since only reading one would tell."""
    count = file.num_record_batches

    def batches(most_rows: int, groups: Iterable[int] | None) -> Iterator[Any]:
        some = range(count) if groups is None else groups
        return _sliced((_checked(file.get_batch(group)) for group in some), most_rows)

    return Columns(file.schema, batches, lambda done: min(done, length), 0, count, lambda group: (0, length // count))


def _of_stream(stream: Any, raw: Any) -> Columns:
    return Columns(
        stream.schema, lambda most_rows, groups: _sliced(_before_cut(stream), most_rows), lambda done: int(raw.tell())
    )


def _before_cut(stream: Any) -> Iterator[Any]:
    """The whole batches of a stream, then a CutError where it is cut off or broken."""
    import pyarrow as pa

    while True:
        try:
            batch = _checked(stream.read_next_batch())
        except StopIteration:
            return
        except MemoryError:
            raise
        except (OSError, ValueError, pa.ArrowException) as error:
            raise CutError((str(error).splitlines() or [type(error).__name__])[0]) from None
        yield batch


def _checked(batch: Any) -> Any:
    """The batch, if its lengths and offsets are consistent; otherwise reading a value could crash the process.

    Raises: ArrowInvalid where they are not. A text that is not UTF-8 is let through, since it spoils only its row.
    """
    import pyarrow as pa

    for column in batch.columns:
        if is_view(column) and weight(column) > MOST_RATIO * column.get_total_buffer_size():
            raise pa.ArrowInvalid("texts that lie over one another many times")
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


def groups_of(source: Source) -> list[int]:
    """About how many bytes each row group (record batch) takes unpacked; [] where a file has none of its own.

    Only what the file says of itself is read, which must have been vetted.
    """
    with opened(source) as table:
        return [table.weigh(group)[1] for group in range(table.groups)]


def cut(source: Source, size: int, most_rows: int, groups: range | None = None) -> Iterator[Block]:
    """Batches of rows, each as a separate Arrow stream; where a file is cut off or broken, one bad row says so.

    Args:
        most_rows: how many rows are unpacked at once, at most (see `vetting.batch_rows`).
        groups: the row groups or record batches to read; None for all.
    """
    path, length = str(source.path), source.path.stat().st_size
    with opened(source) as table:
        rows, done = table.rows, sum(table.weigh(group)[0] for group in range(groups.start if groups else 0))
        try:
            for batch in table.batches(_rows_at_once(length, rows, size, most_rows), groups):
                for part, part_bytes in weighed(batch, size):
                    done += part.num_rows
                    bytes_done = min(length, table.done(done))
                    fault = too_long(part_bytes) if part_bytes > MOST_RECORD_BYTES and part.num_rows == 1 else ""
                    data = b"" if fault else _stream(part)
                    yield Block(0, path, data=data, lines=part.num_rows, fault=fault, bytes_done=bytes_done)
        except CutError as error:
            reason = f"the file is cut off or broken: {error}"
            yield Block(0, path, lines=1, fault=reason, bytes_done=length)
        except RecursionError:
            got = "values nested too deeply"
            raise InputError(Problem(path, got, "rows of texts", "write them as texts")) from None


def _rows_at_once(length: int, rows: int, size: int, most_rows: int) -> int:
    if not rows:
        return most_rows
    a_row = 4 * length / rows  # text in columns shrinks to about a quarter
    return max(1, min(most_rows, int(size / max(a_row, 1))))


def _stream(batch: Any) -> bytes:
    """A batch as an Arrow stream of its own; encoded columns are written out, so that no dictionary goes with them."""
    import io

    import pyarrow as pa

    plain = [_plain(column) for column in batch.columns]
    batch = pa.RecordBatch.from_arrays(plain, names=batch.schema.names)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _plain(column: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_run_end_encoded(column.type):
        return pc.run_end_decode(column)
    if is_view(column):
        return column.cast(pa.large_string() if column.type == pa.string_view() else pa.large_binary())
    return column


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
    batch_rows(source)
    with opened(source) as table:
        try:
            kept = orjson.loads((table.schema.metadata or {}).get(b"huggingface", b"{}"))
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
