"""Where shards lie: in memory, in a folder, or in an object store. A name stands for the whole of its bytes or nothing.

Names are relative paths with forward slashes. What a store is called, its `place`, is all that a task is told of it.
"""

import errno
import os
import secrets
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from tunecase.data.shards.places import is_uri
from tunecase.data.shards.room import room_told

Bytes = bytes | memoryview
BESIDE = ".part"  # ends the name of what is being written
PUTS = 2  # of one name, whose folder another audit may have removed meanwhile
RENAMES, RENAME_WAIT_S = 5, 0.1  # over a file that is just being read, which Windows refuses


class Store(Protocol):
    """Bytes by name; written once, whole or not at all, and read in ranges."""

    @property
    def place(self) -> str:
        """By what `open_store` finds it again, in another process too where it is not in memory."""
        ...

    def put(self, name: str, parts: Sequence[Bytes]) -> None:
        """Writes the parts one after the other under a name, in place of what stood there. Raises: NoRoomError."""
        ...

    def get(self, name: str, start: int = 0, size: int | None = None) -> Bytes:
        """So many bytes from a place on, fewer at the end; all of them without a size. Raises: FileNotFoundError."""
        ...

    def size(self, name: str) -> int | None:
        """How many bytes stand under a name; None where there is none."""
        ...

    def names(self, prefix: str = "") -> list[str]:
        """The names that begin so, ascending."""
        ...

    def remove(self, name: str) -> None:
        """Removes a name, if it is there."""
        ...


_IN_MEMORY: "WeakValueDictionary[str, MemoryStore]" = WeakValueDictionary()


class MemoryStore:
    """A store of this process, gone when nobody holds it."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.place = f"memory:{secrets.token_hex(8)}"
        _IN_MEMORY[self.place] = self

    def put(self, name: str, parts: Sequence[Bytes]) -> None:
        """See Store."""
        self.bodies[name] = b"".join(parts)

    def get(self, name: str, start: int = 0, size: int | None = None) -> Bytes:
        """See Store; nothing is copied."""
        if name not in self.bodies:
            raise FileNotFoundError(name)
        return memoryview(self.bodies[name])[start : None if size is None else start + size]

    def size(self, name: str) -> int | None:
        """See Store."""
        return len(self.bodies[name]) if name in self.bodies else None

    def names(self, prefix: str = "") -> list[str]:
        """See Store."""
        return sorted(name for name in self.bodies if name.startswith(prefix))

    def remove(self, name: str) -> None:
        """See Store."""
        self.bodies.pop(name, None)


class FolderStore:
    """A store of files in a folder of this machine, or of one that all machines see under the same path.

    What it makes is its owner's alone: folders of mode 0700, files of mode 0600, where a system has modes.

    Leaves out fsync, which would cost more than the work it saves: after the system itself fell, a file may be short,
    and a shard tells by its length that it is, so that it is made again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)

    def put(self, name: str, parts: Sequence[Bytes]) -> None:
        """See Store."""
        path = self.folder / name
        with room_told(self.place):
            parts = list(parts)
            for left in reversed(range(PUTS)):
                try:
                    make_private(path.parent)
                    _written(path, parts)
                    return
                except (FileNotFoundError, FileExistsError):
                    if not left:
                        raise

    def get(self, name: str, start: int = 0, size: int | None = None) -> Bytes:
        """See Store."""
        with room_told(self.place, "read"):
            handle = os.open(self.folder / name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                there = max(os.fstat(handle).st_size - start, 0)
                left = there if size is None else min(size, there)
                os.lseek(handle, start, os.SEEK_SET)
                pieces = []
                while left > 0 and (piece := os.read(handle, left)):
                    pieces.append(piece)
                    left -= len(piece)
            finally:
                os.close(handle)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def size(self, name: str) -> int | None:
        """See Store."""
        try:
            with room_told(self.place, "read"):
                return (self.folder / name).stat().st_size
        except FileNotFoundError:
            return None

    def names(self, prefix: str = "") -> list[str]:
        """See Store."""
        inside = self.folder / prefix.rpartition("/")[0]
        with room_told(self.place, "listed"):
            found = [path.relative_to(self.folder).as_posix() for path in inside.rglob("*") if path.is_file()]
        return sorted(name for name in found if name.startswith(prefix) and not name.endswith(BESIDE))

    def remove(self, name: str) -> None:
        """See Store."""
        with room_told(self.place):
            (self.folder / name).unlink(missing_ok=True)


def make_private(folder: Path) -> bool:
    """Makes a folder and those above it that are missing, for their owner alone; returns whether it was not there."""
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_private(folder.parent)
        return make_private(folder)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False
    return True


def _written(path: Path, parts: Sequence[Bytes]) -> None:
    """Writes a file beside its name and renames it."""
    beside = path.with_name(f".{path.name}-{secrets.token_hex(6)}{BESIDE}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            file.writelines(parts)
        _renamed(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _renamed(beside: Path, path: Path) -> None:
    """Renames a file; where the name is in use for a while, one of the same length that stands there does as well."""
    for left in reversed(range(RENAMES)):
        try:
            beside.replace(path)
            return
        except PermissionError:
            if path.is_file() and path.stat().st_size == beside.stat().st_size:
                beside.unlink()
                return
            if not left:
                raise
            time.sleep(RENAME_WAIT_S)


def open_store(place: str) -> Store:
    """The store at a place: one in this process's memory, a URI of an object store, or a folder.

    Raises: MissingExtraError for a URI without fsspec; FileNotFoundError for memory that is gone.
    """
    if place.startswith("memory:") and not is_uri(place):
        if place not in _IN_MEMORY:
            raise FileNotFoundError(errno.ENOENT, "this store in memory is gone", place)
        return _IN_MEMORY[place]
    return _opened(place)


@lru_cache(maxsize=8)
def _opened(place: str) -> Store:
    if is_uri(place):
        from tunecase.data.shards.remote import RemoteStore

        return RemoteStore(place)
    return FolderStore(Path(place))
