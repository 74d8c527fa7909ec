"""What this machine last wrote of a ledger, kept outside it: how many entries, the hash of the last one, their bytes.

A chain shows an edit, and not that its end was cut or that all of it was written anew. An anchor shows both: its hash
covers every entry up to it, so a ledger that is only longer still has that very line at that place.

    anchor holds  <=>  sha256(entry number `entries`) = head

It lies in the state folder of the user, one small file for each path of a ledger. It is written under the ledger's lock
after each append, never waits for the disk, and never makes an append fail. An append moves it on only where it holds:
a ledger that was cut keeps telling so until somebody accepts it. Switching a branch of version control cuts a ledger
as an attacker does, and nothing tells the two apart. So a case always opens, with a warning, and `ledger verify` ends
with exit code 1: it is a question to a person, not a fault of the file.

*Left out:* who can write this user's files can write the anchor; one kept in a ticket or signed, given to
`ledger verify --anchor`, does not depend on that. No other branch is remembered, so whoever goes to and fro is warned:
a list of the heads of all would be quiet where an old branch was put in the place of a newer one. Nothing is anchored
where TUNECASE_NO_ANCHOR is set or the state folder cannot be written. Of more than 1,000 anchors the oldest go.
"""

import contextlib
import hashlib
import os
import re
import sys
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tunecase.errors import InputError
from tunecase.ledger.files import CHUNK, tail_of
from tunecase.ledger.lines import FIRST, bare, sha

MOST_KEPT = 1_000  # files
WRITTEN = re.compile(r"(?<!\w)(\d{1,15}):([0-9a-f]{64})(?!\w)", re.ASCII)
_KEPT = re.compile(r"((\d{1,15}):([0-9a-f]{64}) (\d{1,18})) ([0-9a-f]{16})\n *", re.ASCII)
_NAME = re.compile(r"[0-9a-f]{40}")
WIDTH = 128  # bytes of the file, whatever it says


class Anchor(NamedTuple):
    """The number of entries, the SHA-256 of the last one's line, and the bytes up to its end [B]; 0 if not known."""

    entries: int
    head: str
    size: int = 0

    def __str__(self) -> str:
        """Number and hash, as `ledger anchor` prints them and `ledger verify --anchor` reads them.

        Example:
            >>> str(Anchor(12, "ab" * 32))[:12]
            '12:ababababa'
        """
        return f"{self.entries}:{self.head}"


def anchors_in(text: str) -> list[Anchor]:
    """The anchors in a text, each once."""
    return list(dict.fromkeys(Anchor(int(match[1]), match[2]) for match in WRITTEN.finditer(text)))


def state_folder() -> Path:
    """Where tunecase keeps what this user alone may write, and what cannot be made again.

    Raises: RuntimeError where the user has no home.
    Source: XDG Base Directory 0.8 on Linux; ~/Library/Application Support on macOS; LOCALAPPDATA on Windows.
    """
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        stated = os.environ.get("XDG_STATE_HOME", "")
        home = Path(stated) if os.path.isabs(stated) else Path.home() / ".local" / "state"
    return home / "tunecase"


def anchor_file(ledger: Path) -> Path | None:
    """Where the anchor of a ledger lies; None where none is to be kept."""
    if os.environ.get("TUNECASE_NO_ANCHOR"):
        return None
    try:
        name = hashlib.sha256(os.fsencode(ledger.resolve())).hexdigest()[:40]
        return state_folder() / "anchors" / name
    except (OSError, RuntimeError):  # no home, or links in a circle
        return None


def read_anchor(ledger: Path) -> Anchor | None:
    """The anchor that this machine keeps of a ledger; None without one."""
    file = anchor_file(ledger)
    try:
        if file is None:
            return None
        with file.open("rb") as opened:
            kept = _KEPT.fullmatch(opened.read(WIDTH).decode("ascii", "replace"))
    except OSError:
        return None
    # What is read while it is written may be half of the one and half of the other.
    is_whole = kept is not None and sha(kept[1].encode())[:16] == kept[5]
    return Anchor(int(kept[2]), kept[3], int(kept[4])) if kept and is_whole else None


def keep_anchor(ledger: Path, anchor: Anchor) -> bool:
    """Whether the anchor could be written, for this user alone; the disk is not waited for.

    The file is written over: putting a new one in its place made appends a millisecond slower.
    """
    file = anchor_file(ledger)
    if file is None:
        return False
    text = f"{anchor} {anchor.size}"
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _drop_oldest(file.parent)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb", buffering=0) as opened:
            opened.write(f"{text} {sha(text.encode())[:16]}\n".ljust(WIDTH).encode())
    except OSError:
        return False
    return True


def _drop_oldest(folder: Path) -> None:
    ages: dict[Path, float] = {}
    for file in folder.iterdir():
        if _NAME.fullmatch(file.name):
            with contextlib.suppress(OSError):
                ages[file] = file.stat().st_mtime
    for file in sorted(ages, key=lambda file: ages[file])[: max(0, len(ages) - MOST_KEPT + 1)]:
        with contextlib.suppress(OSError):
            file.unlink()


def move_on(ledger: Path, before: Anchor, added: int, head: str) -> None:
    """Moves the anchor on after an append, where it held.

    Args:
        ledger: its file, to whose end the lines are written.
        before: the end of the ledger before: the hash of its last line and its bytes; the number is not looked at.
        added, head: how many lines were appended, and the hash of the last of them.
    """
    old = read_anchor(ledger)
    if old is None and anchor_file(ledger) is None:
        return
    # What was appended is on the disk: nothing that is found here may say otherwise.
    with contextlib.suppress(OSError, InputError), ledger.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if old is not None and (old.head, old.size) == (before.head, before.size):
            count = old.entries + added
        elif old is None or not old.size:
            count = _line_ends(file, 0, size)
        elif old.size <= before.size and head_at(file, old.size) == old.head:
            # From the anchored line's own end on, which it may have got only now.
            count = old.entries + _line_ends(file, old.size - 1, size) - 1
        else:
            return
        keep_anchor(ledger, Anchor(count, head, size))


def head_at(file: BinaryIO, size: int) -> str:
    """The hash of the line that ends at a byte of a file."""
    tail, _ = tail_of(file, size)
    return sha(bare(tail)) if tail else FIRST


def _line_ends(file: BinaryIO, start: int, end: int) -> int:
    count = 0
    file.seek(start)
    while start < end:
        piece = file.read(min(CHUNK, end - start))
        if not piece:
            break
        count += piece.count(b"\n")
        start += len(piece)
    return count
