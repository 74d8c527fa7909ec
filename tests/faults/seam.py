"""The seam at which faults are put in: calls that touch a file of the case are counted; the n-th of a kind fails."""

import builtins
import errno
import io
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

import tunecase

SRC = str(Path(tunecase.__file__).parent)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
SOCKET = ("connect", "sendall", "recv_into")  # what a client of HTTP calls
NAMES = ("mkdir", "rename", "replace", "link", "symlink", "unlink", "remove", "rmdir", "chmod", "truncate")
NO_ROOM = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
REFUSED = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
BROKEN = OSError(errno.EIO, os.strerror(errno.EIO))
# Kind of fault: which calls it counts, and what the call raises.
KINDS: dict[str, tuple[tuple[str, ...], BaseException]] = {
    "full disk": (("write",), NO_ROOM),
    "short write": (("write",), NO_ROOM),
    "no sync": (("sync",), BROKEN),
    "no room for a name": (("make", "name"), NO_ROOM),
    "not permitted": (("make", "name"), REFUSED),
    "unreadable": (("read",), BROKEN),
    "connection lost": (("net",), ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))),
    "memory at a file": (("make", "name", "write", "read", "sync", "json"), MemoryError()),
    "memory at a call": (("call",), MemoryError()),
    "Ctrl-C before": (("make", "name", "write", "read", "sync"), KeyboardInterrupt()),
    "Ctrl-C behind": (("make", "name", "write", "read", "sync"), KeyboardInterrupt()),
    "Ctrl-C at a call": (("call",), KeyboardInterrupt()),
}


@dataclass(slots=True)
class Seam:
    """Counts the calls by what they do, and lets the n-th one that a kind of fault counts fail.

    Args:
        roots: the folders whose files count.
        kind: a key of KINDS; empty lets every call through.
        nth: which call fails, from 1.
        lasting: whether every later call that the kind counts fails too, as on a disk that stays full.
    """

    roots: tuple[str, ...]
    kind: str = ""
    nth: int = 0
    lasting: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    count: int = 0
    handles: set[int] = field(default_factory=set)

    @property
    def hit(self) -> bool:
        """Whether the fault came."""
        return 0 < self.nth <= self.count

    def is_due(self, what: str) -> bool:
        """Counts a call; whether it is to fail."""
        self.calls[what] += 1
        if not self.kind or what not in KINDS[self.kind][0]:
            return False
        self.count += 1
        return self.count == self.nth or (self.lasting and self.count > self.nth > 0)

    def does(self, what: str, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Makes a call, or fails in its place; "behind" makes it and then fails."""
        if not self.is_due(what):
            return work(*given, **named)
        if self.kind == "Ctrl-C behind":
            work(*given, **named)
        raise KINDS[self.kind][1]

    def is_own(self, file: Any) -> bool:
        """Whether a path or a handle belongs to the case."""
        if isinstance(file, int):
            return file in self.handles
        try:
            return os.path.abspath(os.fsdecode(file)).startswith(self.roots)
        except TypeError:
            return False


class _Raw(io.FileIO):
    """A file whose reads and writes go through the seam, below the buffers."""

    seam: Seam

    def write(self, block: Any) -> int:
        if self.seam.kind == "short write" and len(block) > 1 and self.seam.is_due("write"):
            self.seam.nth += 1  # what is left of the block fails as the next write
            return int(super().write(memoryview(block)[: len(block) // 2]))
        return int(self.seam.does("write", super().write, block))

    def readinto(self, block: Any) -> Any:
        return self.seam.does("read", super().readinto, block)

    def readall(self) -> Any:
        return self.seam.does("read", super().readall)

    def truncate(self, size: int | None = None) -> int:
        return int(self.seam.does("name", super().truncate, size))


@contextmanager
def injected(seam: Seam) -> Iterator[None]:
    """Puts the seam under `open`, the functions of `os`, orjson, and the calls of tunecase's functions."""
    kept = {(owner, name): getattr(owner, name) for owner, name in _places()}
    real_open, real_os_open = builtins.open, os.open

    def opened(
        file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None, newline: Any = None,
        closefd: bool = True, opener: Any = None,
    ) -> Any:  # fmt: skip
        if not seam.is_own(file):
            return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        writes = bool(set(mode) & set("wax+"))
        plain = mode.replace("b", "").replace("t", "")
        raw = seam.does("make" if writes else "read", _Raw, file, plain, closefd, opener)
        raw.seam = seam
        if buffering == 0:
            return raw
        kind: Any = io.BufferedRandom if "+" in mode else io.BufferedWriter if writes else io.BufferedReader
        buffered = kind(raw, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, io.text_encoding(encoding), errors, newline)

    def os_open(path: Any, flags: int, *given: Any, **named: Any) -> int:
        if not seam.is_own(path):
            return real_os_open(path, flags, *given, **named)
        handle: int = seam.does("make" if flags & WRITING else "read", real_os_open, path, flags, *given, **named)
        seam.handles.add(handle)
        return handle

    def named(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(path: Any, *given: Any, **more: Any) -> Any:
            return seam.does("name", real, path, *given, **more) if seam.is_own(path) else real(path, *given, **more)

        return call

    def whole(what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **more: seam.does(what, real, *given, **more)

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(SRC) and seam.is_due("call"):
            raise KINDS[seam.kind][1]

    try:
        builtins.open = io.open = opened
        os.open = os_open
        for name in NAMES:
            setattr(os, name, named(name))
        os.fsync = whole("sync", os.fsync)
        if hasattr(os, "sendfile"):
            os.sendfile = whole("write", os.sendfile)
        for name in SOCKET:
            setattr(socket.socket, name, whole("net", getattr(socket.socket, name)))
        orjson.dumps, orjson.loads = whole("json", orjson.dumps), whole("json", orjson.loads)
        if seam.kind.endswith("at a call"):
            sys.setprofile(profile)
        yield
    finally:
        sys.setprofile(None)
        for (owner, name), real in kept.items():
            setattr(owner, name, real)


def _places() -> Iterator[tuple[Any, str]]:
    yield from ((builtins, "open"), (io, "open"), (orjson, "dumps"), (orjson, "loads"))
    yield from ((socket.socket, name) for name in SOCKET)
    yield from ((os, name) for name in (*NAMES, "open", "fsync", "sendfile") if hasattr(os, name))
