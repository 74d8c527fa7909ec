"""Room for what an audit writes on its way: how much there is, and how its end is told."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tunecase.errors import TunecaseError

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
FIX = "Fix: make room, and the same command goes on from there; or name a place with more room with --scratch"


class NoRoomError(TunecaseError):
    """The place where an audit writes on its way is full, or too small for it."""


@contextmanager
def room_told(place: str) -> Iterator[None]:
    """Tells the end of the room at a place as what it is; other errors pass.

    Raises: NoRoomError where the disk or a quota is full, or a file may not become larger.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise NoRoomError(f"{place}: no room is left for the audit ({error.strerror}).\n{FIX}") from error


def check_room(folder: Path, need_bytes: int) -> None:
    """Raises NoRoomError where a folder's disk plainly cannot hold so many bytes besides what the folder holds already.

    Leaves out quotas, which only show themselves when they are reached, and what other programs write meanwhile.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < need_bytes and free < need_bytes - _held_bytes(folder):
        told = f"{folder}: {_size(free)} free; wanted about {_size(need_bytes)} for the audit."
        raise NoRoomError(f"{told}\n{FIX}")


def _held_bytes(folder: Path) -> int:
    held = 0
    for path in folder.rglob("*"):
        try:
            held += path.stat().st_size
        except OSError:  # another audit of the same data has just renamed or removed it
            continue
    return held


def _size(size_bytes: float) -> str:
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.0f} MB"
