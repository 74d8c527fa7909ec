"""A shard: named columns and a few facts in one file, of which any range of a column is read without the others.

    magic | length of the head (8 bytes) | head as JSON | columns, one after the other

The head tells how long the whole file is, so that a file cut in half is told from a whole one without reading it; and
the digest of the columns, by which one that was altered is found before it is taken up again.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import orjson

from tunecase.data.shards.places import shown
from tunecase.data.shards.store import Store
from tunecase.errors import TunecaseError
from tunecase.quantities import Array, np

MAGIC = b"tunecase shard 2"
READ_BYTES = 1 << 22  # at once, where all of a shard is read
HEAD_GUESS_BYTES = 8192  # read at first; a longer head takes a second look


class BrokenShardError(TunecaseError):
    """A shard that is not there, or a file that is no whole shard of this version.

    Args:
        place: of its store; what is secret in it is not told.
        name: of the shard.
    """

    def __init__(self, place: str, name: str) -> None:
        self.given = shown(place), name
        told = f"{self.given[0]}: {name} was removed, cut or changed while the audit worked with it; wanted it whole."
        super().__init__(f"{told}\nFix: let nothing else write there, and run it again: it goes on from there")

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # Errors of workers travel between processes.
        return type(self), self.given


def write_shard(store: Store, name: str, arrays: "Mapping[str, Array]", facts: Mapping[str, Any] | None = None) -> None:
    """Writes columns of one dimension, each of its own length and kind, and facts that JSON can hold."""
    columns, at = {}, 0
    bodies = [np.ascontiguousarray(values) for values in arrays.values()]
    for key, values in zip(arrays, bodies, strict=True):
        columns[key] = (values.dtype.str, len(values), at)
        at += values.nbytes
    options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    own = [values.data.cast("B") for values in bodies if values.nbytes]
    told = {"columns": columns, "facts": dict(facts or {}), "bytes": at, "digest": _digest(own)}
    head = orjson.dumps(told, option=options)
    store.put(name, [MAGIC, len(head).to_bytes(8, "little"), head, *own])


def _digest(parts: "Iterable[bytes | memoryview]") -> str:
    from xxhash import xxh3_64

    digest = xxh3_64()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


class Shard:
    """A shard as it stands in a store; columns are read when they are asked for, and not kept."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name

    @cached_property
    def _head(self) -> tuple[dict[str, Any], int]:
        """The head, and where the columns begin; no length that it tells is believed before it fits into the file."""
        first = self._got(0, HEAD_GUESS_BYTES)
        begin, size = len(MAGIC) + 8, self.store.size(self.name) or 0
        if bytes(first[: len(MAGIC)]) != MAGIC or len(first) < begin:
            raise self._broken()
        end = begin + int.from_bytes(first[len(MAGIC) : begin], "little")
        if end > size:
            raise self._broken()
        head = first[begin:end] if end <= len(first) else self._got(begin, end - begin)
        try:
            told = orjson.loads(bytes(head))
            if _fits(told, size - end):
                return told, end
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise self._broken()

    def _broken(self) -> BrokenShardError:
        return BrokenShardError(self.store.place, self.name)

    @property
    def facts(self) -> dict[str, Any]:
        """What was written beside the columns."""
        facts: dict[str, Any] = self._head[0]["facts"]
        return facts

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._head[0]["columns"])

    def length(self, column: str) -> int:
        """How many values a column holds."""
        return int(self._head[0]["columns"][column][1])

    def begin(self, column: str) -> int:
        """Where the values of a column begin in the file [bytes]."""
        told, begin = self._head
        return int(begin + told["columns"][column][2])

    def array(self, column: str, start: int = 0, stop: int | None = None) -> "Array":
        """The values of a column from a place up to another, read-only."""
        told, begin = self._head
        kind, count, at = told["columns"][column]
        dtype = np.dtype(kind)
        start, stop = min(start, count), count if stop is None else min(stop, count)
        size = max(stop - start, 0) * dtype.itemsize
        if not size:
            return np.zeros(0, dtype)
        raw = self._got(begin + at + start * dtype.itemsize, size)
        if len(raw) != size:
            raise self._broken()
        return np.frombuffer(raw, dtype)

    def _got(self, start: int, size: int) -> bytes | memoryview:
        try:
            return self.store.get(self.name, start, size)
        except FileNotFoundError:
            raise self._broken() from None

    def text(self, column: str) -> Any:
        """What a column of bytes holds as JSON; see `json_column`."""
        try:
            return orjson.loads(self.array(column).tobytes())
        except ValueError:
            raise self._broken() from None

    def is_whole(self) -> bool:
        """Whether the shard stands in its store as it was written: all of it, and in a folder every byte of it.

        Leaves out the bytes in an object store, which vouches for them itself.
        """
        try:
            told, begin = self._head
            if "://" in self.store.place:
                return True
            ends = range(0, told["bytes"], READ_BYTES)
            return bool(told["digest"] == _digest(self._got(begin + at, READ_BYTES) for at in ends))
        except (BrokenShardError, KeyError):
            return False


def _fits(told: Mapping[str, Any], size: int) -> bool:
    """Whether what a head tells is of so many bytes, each column within them."""
    if told["bytes"] != size or not isinstance(told["facts"], dict):
        return False
    for kind, count, at in told["columns"].values():
        dtype = np.dtype(kind)
        if (
            dtype.hasobject
            or not type(count) is type(at) is int
            or min(count, at) < 0
            or at + count * dtype.itemsize > size
        ):
            return False
    return True


def json_column(value: Any) -> "Array":
    """A value that JSON can hold as a column of bytes, for what is too much for the facts; see `Shard.text`."""
    import json

    try:
        body = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, TypeError):  # half of a surrogate pair is no text in any encoding
        body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return np.frombuffer(body, np.uint8)
