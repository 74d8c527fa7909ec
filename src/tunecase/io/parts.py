"""Scratch files and folders beside what they become: their writer holds a lock, and what nobody holds is removed.

*Left out:* on Windows, and on disks without locks, what a killed process left stays; its name says whose it is.
"""

import contextlib
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

LOCK_FILE = ".tunecase-part"  # the file in a scratch folder that its writer holds
DRAWN = r"[0-9a-f]{12}\.part"  # ends the name of what is scratch
SCRATCH_FILE = re.compile(rf"\.tunecase-{DRAWN}")
LEFT_ALONE_S = 60.0  # of what changed since nothing is removed: a lock may hold on one machine alone
_SWEPT: set[Path] = set()


@contextlib.contextmanager
def part_beside(path: Path) -> Iterator[Path]:
    """Yields an empty scratch file in a path's folder, which is made; at the end it is gone, or has become the path.

    Raises: OSError when the disk refuses it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    part = path.with_name(f".tunecase-{_drawn()}")
    try:
        with _held(part):
            yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Yields an empty scratch folder beside a folder to be; at the end it is gone, or has become the folder.

    Raises: OSError when the disk refuses it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in _left(target.parent, re.compile(rf"{re.escape(target.name)}\.{DRAWN}")):
        _remove_folder(left)
    part = target.with_name(f"{target.name}.{_drawn()}")
    try:
        part.mkdir()
        with _held(part / LOCK_FILE):
            yield part
            (target / LOCK_FILE).unlink(missing_ok=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes the scratch files that killed processes left in a folder; a process looks once."""
    folder = folder.resolve()
    if sys.platform == "win32" or folder in _SWEPT:
        return
    _SWEPT.add(folder)
    for left in _left(folder, SCRATCH_FILE):
        with contextlib.suppress(OSError), _nobodys(left):
            left.unlink()


def _drawn() -> str:
    return f"{secrets.token_hex(6)}.part"


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Makes a file and holds its lock until the end."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _is_locked(handle)
        if sys.platform == "win32":  # which renames no file that is open
            os.close(handle)
            handle = -1
        yield
    finally:
        if handle >= 0:
            os.close(handle)


def _left(folder: Path, name: re.Pattern[str]) -> list[Path]:
    """What has such a name in a folder; nothing where the folder cannot be listed."""
    with contextlib.suppress(OSError):
        return [path for path in folder.iterdir() if name.fullmatch(path.name)]
    return []


def _remove_folder(left: Path) -> None:
    with contextlib.suppress(OSError):
        if not (left / LOCK_FILE).exists():
            if _is_old(left):
                left.rmdir()  # its writer was killed before it held anything
        elif all(map(_is_old, left.rglob("*"))):
            with _nobodys(left / LOCK_FILE):
                shutil.rmtree(left)


@contextlib.contextmanager
def _nobodys(left: Path) -> Iterator[None]:
    """Goes on when a file is old and nobody holds its lock. Raises: OSError otherwise."""
    handle = os.open(left, os.O_RDWR)
    try:
        if not _is_old(left) or not _is_locked(handle):
            raise BlockingIOError
        yield
    finally:
        os.close(handle)


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > LEFT_ALONE_S


def _is_locked(handle: int) -> bool:
    """Whether this process now holds the lock of an open file, which ends with it."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another process holds it, or the disk knows no locks
        return False
    return True
