"""What stands at a path, looked at before it is opened: a pipe or a device would hold its reader for ever."""

import os
import stat
from pathlib import Path

from tunecase.errors import Problem

KINDS = (
    (stat.S_ISDIR, "a folder", "name one file in it"),
    (stat.S_ISFIFO, "a pipe", "write its content to a file first"),
    (stat.S_ISSOCK, "a socket", "write its content to a file first"),
    (stat.S_ISCHR, "a device", "write its content to a file first"),
    (stat.S_ISBLK, "a device", "write its content to a file first"),
)


def no_file(path: Path, wanted: str, fix: str, where: str = "") -> Problem | None:
    """Why a path is no file that can be read; None where it is one.

    Args:
        wanted: what the file should be, such as "a tokenizer.json".
        fix: what to do where nothing is there.
        where: how the problem names the place; the path where it is left out.

    Example:
        >>> no_file(Path("/dev/null"), "a CSV file", "correct the path").got
        'a device'
    """
    where = where or str(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Problem(where, "no such file", wanted, fix)
    except (OSError, ValueError) as error:  # a name too long or with a NUL, a circle of links
        got = error.strerror if isinstance(error, OSError) and error.strerror else "a name that no file can have"
        return Problem(where, got[0].lower() + got[1:], wanted, "correct the path")
    return next((Problem(where, got, wanted, mend) for is_kind, got, mend in KINDS if is_kind(mode)), None)


def is_own_file(path: Path) -> bool:
    """Whether a path is a regular file in its folder and no link; links of a Hugging Face cache to its blobs are one.

    A file that another names, or that lies in a folder that somebody sent, must not lead out of that folder.
    """
    try:
        if path.is_symlink() and not _is_blob(path):
            return False
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _is_blob(link: Path) -> bool:
    """Whether a link of snapshots/REVISION leads into the blobs beside the snapshots, as in a cache of the Hub."""
    blobs = Path(os.path.realpath(link)).parent
    parts = link.parent.resolve().parts
    return any(Path(*parts[:at], "blobs") == blobs for at, part in enumerate(parts) if part == "snapshots")
