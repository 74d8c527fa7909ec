"""Marks by which processes know that another one works on the same shards, on this machine or elsewhere."""

import hashlib
import json
import os
import secrets
import socket
import time
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from tunecase.data.shards.store import Store

USERS, CLOSING, LAST = "users/", "closing/", "last"
TRIES = 10
HOLDS_S = 600.0  # that a mark holds which nobody refreshes
AHEAD_S = 60.0  # by which the clock of whoever is leaving may be ahead: nobody waits for a mark of the future


@cache
def this_host() -> str:
    """A name for this boot of this machine and, in a container, for its space of process numbers."""
    seen = [socket.gethostname()]
    for path, read in (("/proc/sys/kernel/random/boot_id", Path.read_text), ("/proc/self/ns/pid", os.readlink)):
        try:
            seen.append(str(read(Path(path))))
        except OSError:  # another system
            continue
    return f"{seen[0]}-{hashlib.sha256(' '.join(seen).encode()).hexdigest()[:12]}"


def process_began(pid: int) -> str:
    """When a process of this machine began, in its own count; "there" where the system does not say, "" without one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        pass
    if os.name != "posix":
        return "there"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:  # somebody else's
        pass
    return "there"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who works here, since when its process runs, and when it last said so.

    `host` is one boot and one space of process numbers of a machine, `at_s` seconds since 1970.
    """

    host: str = field(default_factory=this_host)
    pid: int = field(default_factory=os.getpid)
    began: str = field(default_factory=lambda: process_began(os.getpid()))
    at_s: float = field(default_factory=time.time)

    @property
    def holds(self) -> bool:
        """Whether it counts: it is fresh, and its process is there where that can be seen.

        Leaves out that clocks of several machines differ, which must be by less than ten minutes.
        """
        if self.host == this_host() and os.name == "posix" and process_began(self.pid) != self.began:
            return False
        return abs(time.time() - self.at_s) < HOLDS_S

    @property
    def body(self) -> bytes:
        """What is written."""
        return json.dumps(asdict(self)).encode()


def mark_name() -> str:
    """A name for a mark that no other one has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def put_mark(store: Store, name: str) -> None:
    """Writes a mark of this process under a name."""
    for left in reversed(range(TRIES)):
        try:
            store.put(name, [Mark().body])
            return
        except (FileNotFoundError, FileExistsError):  # another one, that was leaving, removed the folder meanwhile
            if not left:
                raise


def read_mark(store: Store, name: str) -> Mark | None:
    """A mark by its name; None where it is gone or no mark."""
    try:
        read = json.loads(bytes(store.get(name)))
        return Mark(str(read["host"]), int(read["pid"]), str(read["began"]), float(read["at_s"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def holding(store: Store, prefix: str, *, but: str = "", ahead_s: float = HOLDS_S) -> bool:
    """Whether a mark holds whose name begins so, one's own aside.

    Args:
        ahead_s: marks that lie further in the future do not count [s].
    """
    others = (name for name in _names(store, prefix) if name != f"{prefix}{but}")
    marks = (mark for name in others if (mark := read_mark(store, name)) is not None)
    return any(mark.holds and mark.at_s < time.time() + ahead_s for mark in marks)


def _names(store: Store, prefix: str) -> list[str]:
    for _ in range(TRIES):
        try:
            return store.names(prefix)
        except FileNotFoundError:  # a folder went while it was listed
            continue
    return []
