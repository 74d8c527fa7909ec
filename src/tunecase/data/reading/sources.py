"""One file to read: what its name says about it, and its bytes, unpacked and as UTF-8."""

import codecs
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Protocol

from tunecase.errors import InputError, MissingExtraError, Problem

FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonlines": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".conll": "token lines",
    ".iob": "token lines",
    ".iob2": "token lines",
    ".bio": "token lines",
    ".txt": "text",
}
PACKINGS = {".gz": "gz", ".zst": "zst"}
CHUNK = 1 << 18
# Text shrinks 3 to 30 times, logs up to about 100; only a zip bomb exceeds both bounds.
MOST_RATIO, LEAST_BOMB_BYTES = 150, 50_000_000
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: path, format (`kind`), packing, and the split (`part`) wanted from a JSON object of splits.

    Of its bytes those from `start` to `end` are read, counted before unpacking; an `end` of 0 is that of the file.
    """

    path: Path
    kind: str
    packing: str = ""
    part: str = ""
    start: int = 0
    end: int = 0


class Stream(Protocol):
    """Bytes read from front to back."""

    @property
    def trouble(self) -> str:
        """Why the bytes end too early, "" where they do not."""
        ...

    @property
    def consumed(self) -> int:
        """Bytes of the file read so far, before unpacking."""
        ...

    def read(self, size: int) -> bytes:
        """At most `size` bytes, fewer only at the end."""
        ...

    def close(self) -> None:
        """Closes the file."""
        ...


def split_name(path: Path) -> tuple[Path, str]:
    """A path without its `::NAME`, and the name.

    Example:
        >>> split_name(Path("data.json::train"))[1]
        'train'
    """
    if "::" not in path.name or path.exists():
        return path, ""
    name, _, part = path.name.rpartition("::")
    return path.with_name(name), part


def source_of(path: Path, part: str = "") -> Source | None:
    """The file as its name describes it, or None for an unknown ending."""
    packing = PACKINGS.get(path.suffix.lower(), "")
    ending = Path(path.stem).suffix.lower() if packing else path.suffix.lower()
    kind = FORMATS.get(ending, "")
    if not kind or (packing and kind in ("parquet", "arrow")):
        return None
    return Source(path, kind, packing, part)


def open_stream(source: Source, encoding: str = "utf-8") -> Stream:
    """The bytes of a text file as UTF-8, unpacked, without a byte order mark; bytes appended later are not read."""
    return _Recoded(_unpacked(source), encoding, first=not source.start)


def _unpacked(source: Source) -> Stream:
    file = source.path.open("rb")
    length = os.fstat(file.fileno()).st_size
    stream: Stream = _Plain(file, source.start, min(length, source.end or length))
    return _Unpacked(source.path, stream, _unpackers(source)) if source.packing else stream


def beginning(source: Source, size: int) -> bytes:
    """The first bytes of a text file, about `size` at most, as UTF-8 and unpacked."""
    stream = open_stream(source, encoding_of(source))
    try:
        return stream.read(size)
    finally:
        stream.close()


class _Plain:
    """The bytes of a file from one place to another, at most to the end that it had when it was opened."""

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self.file, self.left, self.trouble, self.consumed = file, max(0, end - start), "", start
        file.seek(start)

    def read(self, size: int) -> bytes:
        piece = self.file.read(min(size, self.left))
        self.left -= len(piece)
        self.consumed += len(piece)
        return piece

    def close(self) -> None:
        self.file.close()


class _Gunzip:
    """zlib's decompressor with the interface of zstd's."""

    def __init__(self) -> None:
        import zlib

        self.inner, self.tail, self.needs_input = zlib.decompressobj(31), b"", True

    @property
    def eof(self) -> bool:
        return self.inner.eof

    @property
    def unused_data(self) -> bytes:
        return self.inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self.inner.decompress(self.tail + data, max_length)
        self.tail = self.inner.unconsumed_tail
        self.needs_input = not self.tail and len(piece) < max_length
        return piece


def _unpackers(source: Source) -> Callable[[], Any]:
    if source.packing == "gz":
        return _Gunzip
    unpacker: Callable[[], Any] = zstd_library(f"reading {source.path.name}").ZstdDecompressor
    return unpacker


def refuse_bomb(path: Path, given: int, packed: int) -> None:
    """Raises InputError where bytes read from a packed file are far more than its packed bytes explain."""
    if given > LEAST_BOMB_BYTES and given > MOST_RATIO * packed:
        got = f"packed data that grow more than {MOST_RATIO} times, to over {LEAST_BOMB_BYTES / 1e6:.0f} MB"
        way = "unpack it yourself" if path.suffix.lower() in PACKINGS else "write its rows as JSON lines"
        raise InputError(Problem(str(path), got, "packed rows of data", f"{way}, look into it, and name that file"))


def zstd_library(feature: str) -> Any:
    """Python's own zstd module (from 3.14 on), or its backport.

    Raises: MissingExtraError where neither is installed; it names `feature` as what needs one.
    """
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise MissingExtraError(feature, "zstd")


class _Unpacked:
    """The content of an archive, member after member, in flat memory; a zip bomb is refused."""

    def __init__(self, path: Path, packed: Stream, new: Callable[[], Any]) -> None:
        self.path, self.packed, self.new, self.inner = path, packed, new, new()
        self.trouble, self.consumed, self.given, self.rest, self.begun = "", 0, 0, b"", False

    def read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size > 0 and not self.trouble:
            piece = self._piece(size)
            if piece is None:
                break
            pieces.append(piece)
            size -= len(piece)
            self.given += len(piece)
            refuse_bomb(self.path, self.given, self.packed.consumed)
        self.consumed = self.packed.consumed
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes | None:
        if self.inner.eof:
            self.rest = self.inner.unused_data.lstrip(b"\0") or self.packed.read(CHUNK).lstrip(b"\0")
            if not self.rest:
                return None
            self.inner, self.begun = self.new(), False
        data = b""
        if self.rest or self.inner.needs_input:
            data, self.rest = self.rest or self.packed.read(CHUNK), b""
            if not data:
                self.trouble = "the archive is cut off"
                return None
        try:
            piece: bytes = self.inner.decompress(data, size)
        except Exception as error:  # noqa: BLE001 - zlib.error, ZstdError: whatever the library calls broken bytes
            self.trouble = f"the archive is broken ({error})"
            return None
        return piece

    def close(self) -> None:
        self.packed.close()


class _Recoded:
    """A stream as UTF-8 without a byte order mark."""

    def __init__(self, inner: Stream, encoding: str, first: bool) -> None:
        self.inner, self.first = inner, first
        self.decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)("replace")

    @property
    def trouble(self) -> str:
        return self.inner.trouble

    @property
    def consumed(self) -> int:
        return self.inner.consumed

    def read(self, size: int) -> bytes:
        """About `size` bytes; empty only at the end."""
        while True:
            piece = self.inner.read(size)
            end = not piece
            if self.decoder is not None:
                text = self.decoder.decode(piece, final=end)
                piece = (text.removeprefix("\ufeff") if self.first else text).encode("utf-8")
            elif self.first:
                piece = piece.removeprefix(codecs.BOM_UTF8)
            self.first = self.first and not piece
            if piece or end:
                return piece

    def close(self) -> None:
        self.inner.close()


def encoding_of(source: Source) -> str:
    """The encoding of a text file, from its byte order mark or from where its NUL bytes stand."""
    stream = _unpacked(replace(source, start=0, end=0))
    try:
        head = stream.read(4096)
    finally:
        stream.close()
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) >= 8 and max(even, odd) > 0.4 * len(head) // 2 and min(even, odd) == 0:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def is_plain(source: Source) -> bool:
    """Whether a text file holds UTF-8 that is not packed, so that ranges of its bytes can be read as they stand."""
    return not source.packing and encoding_of(source) == "utf-8"
