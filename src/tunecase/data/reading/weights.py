"""What the values of an Arrow array take unpacked: encoded ones may lie over one another, or repeat, many times."""

from collections.abc import Iterator
from typing import Any

from tunecase.quantities import np

ELEMENT_BYTES = 8  # of a value in memory, besides what it holds


def weighed(batch: Any, size: int) -> Iterator[tuple[Any, int]]:
    """The batch in pieces that weigh at most `size` bytes unpacked, or are a single row, each with its weight."""
    if not batch.num_rows:
        return
    total = sum(map(weight, batch.columns))
    if total <= size or batch.num_rows == 1:
        yield batch, total
        return
    half = batch.num_rows // 2
    yield from weighed(batch.slice(0, half), size)
    yield from weighed(batch.slice(half), size)


def weight(array: Any) -> int:
    """About how many bytes the values of an array take unpacked; never fewer, at most a few times too many."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as kinds

    kind, count = array.type, len(array)
    if isinstance(kind, pa.BaseExtensionType):
        return weight(array.storage)
    own = ELEMENT_BYTES * count
    if not count:
        return 0
    if kinds.is_struct(kind):
        return own + sum(weight(array.field(at)) for at in range(kind.num_fields))
    if kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind):
        return own + weight(array.flatten())
    if kinds.is_map(kind):
        first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return own + sum(weight(each.slice(first, last - first)) for each in (array.keys, array.items))
    if kinds.is_dictionary(kind):
        return own + count * _longest(array.dictionary)
    if kinds.is_run_end_encoded(kind):
        return own + count * _longest(array.values)
    if kinds.is_list_view(kind) or kinds.is_large_list_view(kind):
        elements = int(pc.sum(array.sizes).as_py() or 0)
        return own + elements * (ELEMENT_BYTES + _longest(array.values))
    if kinds.is_union(kind):
        return own + count * sum(_longest(array.field(at)) for at in range(kind.num_fields))
    if is_view(array):
        return own + sum(_view_lengths(array))
    return own + int(array.nbytes)


def _longest(values: Any) -> int:
    """The bytes of the longest value of an array, or of all its values where they are no texts or numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if kind in (pa.string(), pa.binary(), pa.large_string(), pa.large_binary()):
        return int(pc.max(pc.binary_length(values)).as_py() or 0)
    return ELEMENT_BYTES if pa.types.is_primitive(kind) else weight(values)


def is_view(array: Any) -> bool:
    """Whether texts are kept as views, which may lie over one another."""
    import pyarrow as pa

    return array.type in (pa.string_view(), pa.binary_view())


def _view_lengths(array: Any) -> list[int]:
    """The lengths of texts that are kept as views."""
    views = np.frombuffer(array.buffers()[1], np.int32)[4 * array.offset : 4 * (array.offset + len(array)) : 4]
    lengths: list[int] = views[views > 0].tolist()
    return lengths
