"""What a scratch folder refuses: how much room there is, and how its end and other refusals are told."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tunecase.data.shards.places import shown
from tunecase.errors import TunecaseError

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
FIX = "Fix: make room, and the same command goes on from there; or name a place with more room with --scratch"
REFUSED_FIX = "Fix: let this user read and write there, and the same command goes on; or name a place with --scratch"


class ScratchError(TunecaseError):
    """The place where an audit writes on its way does not let it read or write."""


class NoRoomError(TunecaseError):
    """The place where an audit writes on its way is full, or too small for it."""


@contextmanager
def room_told(place: str, what: str = "written to") -> Iterator[None]:
    """Tells what a folder refuses as a failure of the world.

    Args:
        what: is done there, as what cannot be.
    Raises: NoRoomError where the disk or a quota is full, or a file may not become larger; ScratchError for all else
        but names that are not there, or there already, which pass.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        if error.errno in FULL:
            raise NoRoomError(f"{shown(place)}: no room is left for the audit ({error.strerror}).\n{FIX}") from error
        why = error.strerror or str(error)
        told = f"{shown(place)}: it cannot be {what} ({why}); wanted a folder for what is worked out on the way."
        raise ScratchError(f"{told}\n{REFUSED_FIX}") from error


def check_room(folder: Path, need_bytes: int) -> None:
    """Raises NoRoomError where a folder's disk plainly cannot hold so many bytes besides what the folder holds already.

    Leaves out quotas, which only show themselves when they are reached, and what other programs write meanwhile.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < need_bytes and free < need_bytes - held_bytes(folder):
        told = f"{folder}: {size_words(free)} free; wanted about {size_words(need_bytes)} for the audit."
        raise NoRoomError(f"{told}\n{FIX}")


def held_bytes(folder: Path) -> int:
    """What the files in a folder take [bytes]."""
    held = 0
    for path in folder.rglob("*"):
        try:
            held += path.lstat().st_size
        except OSError:  # another audit of the same data has just renamed or removed it
            continue
    return held


def size_words(size_bytes: float) -> str:
    """A size in words, such as 1.2 GB."""
    return f"{size_bytes / 1e9:,.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:,.0f} MB"
