"""Where shards lie: in memory, in a folder, or in an object store. A name stands for the whole of its bytes or nothing.

Names are relative paths with forward slashes. What a store is called, its `place`, is all that a task is told of it.
"""

import os
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from tunecase.data.shards.room import room_told

Bytes = bytes | memoryview
BESIDE = ".part"  # ends the name of what is being written


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
    """A store of files in a folder of this machine, or of one that all machines see under the same path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)

    def put(self, name: str, parts: Sequence[Bytes]) -> None:
        """See Store."""
        path = self.folder / name
        beside = path.with_name(f".{path.name}-{secrets.token_hex(6)}{BESIDE}")
        with room_told(self.place):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with beside.open("wb") as file:
                    file.writelines(parts)
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise

    def get(self, name: str, start: int = 0, size: int | None = None) -> Bytes:
        """See Store."""
        handle = os.open(self.folder / name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            left = os.fstat(handle).st_size - start if size is None else size
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
            return (self.folder / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, prefix: str = "") -> list[str]:
        """See Store."""
        inside = self.folder / prefix.rpartition("/")[0]
        found = (path.relative_to(self.folder).as_posix() for path in inside.rglob("*") if path.is_file())
        return sorted(name for name in found if name.startswith(prefix) and not name.endswith(BESIDE))

    def remove(self, name: str) -> None:
        """See Store."""
        (self.folder / name).unlink(missing_ok=True)


def open_store(place: str) -> Store:
    """The store at a place: one in this process's memory, a URI of an object store, or a folder.

    Raises: MissingExtraError for a URI without fsspec; FileNotFoundError for memory that is gone.
    """
    if place.startswith("memory:"):
        if place not in _IN_MEMORY:
            raise FileNotFoundError(place)
        return _IN_MEMORY[place]
    return _opened(place)


@lru_cache(maxsize=8)
def _opened(place: str) -> Store:
    if "://" in place:
        from tunecase.data.shards.remote import RemoteStore

        return RemoteStore(place)
    return FolderStore(Path(place))
