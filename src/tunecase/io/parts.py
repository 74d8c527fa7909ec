"""Scratch files and folders beside what they become: their writer holds a lock, and what nobody holds is removed.

*Left out:* on Windows, and on disks without locks, what a killed process left stays; its name says whose it is.
"""

import contextlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MARK = ".tunecase-part"  # the file in a scratch folder that its writer holds
NAME = ".tunecase-*.part"
LEFT_ALONE_S = 60.0  # of what changed since nothing is removed: a lock may hold on one machine alone
_SWEPT: set[Path] = set()


@contextlib.contextmanager
def part_beside(path: Path) -> Iterator[Path]:
    """Yields an empty scratch file in a path's folder, which is made; at the end it is gone, or has become the path.

    Raises: OSError when the disk refuses it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    part, handle = path.with_name(f".tunecase-{secrets.token_hex(6)}.part"), -1
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _is_locked(handle)
        if sys.platform == "win32":  # which renames no file that is open
            os.close(handle)
            handle = -1
        yield part
    finally:
        if handle >= 0:
            os.close(handle)
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Yields an empty scratch folder beside a folder to be; at the end it is gone, or has become the folder.

    Raises: OSError when the disk refuses it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.iterdir():
        if left.name.startswith(f"{target.name}.") and left.suffix == ".part":
            _remove_folder(left)
    part, handle = target.with_name(f"{target.name}.{secrets.token_hex(6)}.part"), -1
    try:
        part.mkdir()
        handle = os.open(part / MARK, os.O_RDWR | os.O_CREAT, 0o666)
        _is_locked(handle)
        if sys.platform == "win32":
            os.close(handle)
            handle = -1
        yield part
        (target / MARK).unlink(missing_ok=True)
    finally:
        if handle >= 0:
            os.close(handle)
        shutil.rmtree(part, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes the scratch files that killed processes left in a folder; a process looks once."""
    if sys.platform == "win32" or folder in _SWEPT:
        return
    _SWEPT.add(folder)
    for left in folder.glob(NAME):
        with contextlib.suppress(OSError), _nobodys(left):
            left.unlink()


def _remove_folder(left: Path) -> None:
    with contextlib.suppress(OSError):
        if not (left / MARK).exists():
            if _is_old(left):
                left.rmdir()  # its writer was killed before it held anything; a user's folder is not empty
        elif all(map(_is_old, left.rglob("*"))):
            with _nobodys(left / MARK):
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
