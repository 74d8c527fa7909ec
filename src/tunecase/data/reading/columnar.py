"""Parquet and Arrow, read a batch of rows at a time; the names of integer labels come from the file's metadata."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import orjson

from tunecase.data.reading.lines import MOST_RECORD_BYTES, Records, too_long
from tunecase.data.reading.rows import Block, Layout
from tunecase.data.reading.sources import MOST_RATIO, Source
from tunecase.data.reading.vetting import batch_rows
from tunecase.errors import InputError, Problem

ELEMENT_BYTES = 8  # of a value in memory, besides what it holds


class CutError(Exception):
    """Why the rows of a table end too early."""


@contextmanager
def opened(source: Source) -> Iterator[tuple[Any, Any, int]]:
    """The schema of a file, a function that gives its rows in batches of a size, and how many there are (0: unknown).

    Raises: InputError for a file that is cut off or broken.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = "Parquet" if source.kind == "parquet" else "Arrow"
    name_bytes = os.fsencode(source.path)  # as text, Arrow refuses a name that is not UTF-8
    try:
        if source.kind == "parquet":
            with pa.OSFile(name_bytes) as raw, pq.ParquetFile(raw, pre_buffer=False, buffer_size=1 << 20) as file:
                read = partial(file.iter_batches, use_threads=False)
                yield file.schema_arrow, read, file.metadata.num_rows
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
    except MemoryError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        told = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".; ")
        got = f"cut off, broken or no {name} file ({told})"
        raise InputError(Problem(str(source.path), got, f"a whole {name} file", "write it again")) from None


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
        if _is_view(column) and _weight(column) > MOST_RATIO * column.get_total_buffer_size():
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


def cut(source: Source, size: int) -> Iterator[Block]:
    """Batches of rows, each as a separate Arrow stream; where a file is cut off or broken, one bad row says so.

    Raises: InputError for a file that cannot be read within the bounds of `vetting`.
    """
    yield from pieces(source, size, batch_rows(source))


def pieces(source: Source, size: int, most_rows: int) -> Iterator[Block]:
    """The same of a file that need not be vetted, with at most so many rows at once."""
    path, length, done = str(source.path), source.path.stat().st_size, 0
    with opened(source) as (_, batches, rows):
        try:
            for batch in batches(batch_size=_rows_at_once(length, rows, size, most_rows)):
                for piece, weight in _weighed(batch, size):
                    done += piece.num_rows
                    bytes_done = min(length, int(length * done / rows) if rows else done)
                    fault = too_long(weight) if weight > MOST_RECORD_BYTES and piece.num_rows == 1 else ""
                    data = b"" if fault else _stream(piece)
                    yield Block(0, path, data=data, lines=piece.num_rows, fault=fault, bytes_done=bytes_done)
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
    if _is_view(column):
        return column.cast(pa.large_string() if column.type == pa.string_view() else pa.large_binary())
    return column


def _weighed(batch: Any, size: int) -> Iterator[tuple[Any, int]]:
    """The batch in pieces that weigh at most `size` bytes unpacked, or are a single row, each with its weight."""
    if not batch.num_rows:
        return
    weight = sum(map(_weight, batch.columns))
    if weight <= size or batch.num_rows == 1:
        yield batch, weight
        return
    half = batch.num_rows // 2
    yield from _weighed(batch.slice(0, half), size)
    yield from _weighed(batch.slice(half), size)


def _weight(array: Any) -> int:
    """About how many bytes the values of an array take unpacked; never fewer, at most a few times too many."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as kinds

    kind, count = array.type, len(array)
    if isinstance(kind, pa.BaseExtensionType):
        return _weight(array.storage)
    own = ELEMENT_BYTES * count
    if not count:
        return 0
    if kinds.is_struct(kind):
        return own + sum(_weight(array.field(at)) for at in range(kind.num_fields))
    if kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind):
        return own + _weight(array.flatten())
    if kinds.is_map(kind):
        first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return own + sum(_weight(each.slice(first, last - first)) for each in (array.keys, array.items))
    if kinds.is_dictionary(kind):
        return own + count * _longest(array.dictionary)
    if kinds.is_run_end_encoded(kind):
        return own + count * _longest(array.values)
    if kinds.is_list_view(kind) or kinds.is_large_list_view(kind):
        elements = int(pc.sum(array.sizes).as_py() or 0)
        return own + elements * (ELEMENT_BYTES + _longest(array.values))
    if kinds.is_union(kind):
        return own + count * sum(_longest(array.field(at)) for at in range(kind.num_fields))
    if _is_view(array):
        return own + sum(_view_lengths(array))
    return own + int(array.nbytes)


def _longest(values: Any) -> int:
    """The bytes of the longest value of an array, or of all its values where they are no texts or numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if kind in (pa.string(), pa.binary(), pa.large_string(), pa.large_binary()):
        return int(pc.max(pc.binary_length(values)).as_py() or 0)
    return ELEMENT_BYTES if pa.types.is_primitive(kind) else _weight(values)


def _is_view(array: Any) -> bool:
    import pyarrow as pa

    return array.type in (pa.string_view(), pa.binary_view())


def _view_lengths(array: Any) -> list[int]:
    """The lengths of texts that are kept as views, which may lie over one another."""
    import numpy as np

    views = np.frombuffer(array.buffers()[1], np.int32)[4 * array.offset : 4 * (array.offset + len(array)) : 4]
    lengths: list[int] = views[views > 0].tolist()
    return lengths


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
