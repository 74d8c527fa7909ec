"""Whether an audit's folder is ours: its name, its owner, and the stamp in it, which holds what an audit settled on."""

import contextlib
import json
import os
import re
import secrets
import stat
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tunecase.data.shards.room import ScratchError
from tunecase.data.shards.store import Store

AUDIT = "audit-"  # begins the name of each audit's folder
KEY_LETTERS = 24
STAMP = "tunecase-audit.json"
_NAME = re.compile(rf"{AUDIT}[0-9a-f]{{{KEY_LETTERS}}}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What shapes and names the shards of an audit; whoever goes on with them goes on with it, too.

    Args:
        task_bytes: see `stages.Means`; None before it is settled.
        partitions: see `stages.Means`.
    """

    task_bytes: int | None = None
    partitions: int | None = None


def is_audit(name: str) -> bool:
    """Whether a folder's name is one that an audit gives."""
    return _NAME.fullmatch(name) is not None


def write_plan(store: Store, plan: Plan) -> None:
    """Writes the stamp, with a plan in it."""
    name = store.place.replace("\\", "/").rpartition("/")[2]
    store.put(STAMP, [json.dumps({"audit": name, "at_s": time.time(), **asdict(plan)}).encode()])


def read_plan(store: Store) -> Plan:
    """The plan in the stamp; an empty one where there is none."""
    stamp = _stamp(store)
    partitions = _number(stamp.get("partitions"))
    if partitions is not None and (partitions > 256 or partitions & (partitions - 1)):
        partitions = None
    return Plan(_number(stamp.get("task_bytes")), partitions)


def stamped_s(store: Store) -> float | None:
    """When a store was stamped as an audit's, in seconds since 1970; None where it is not."""
    stamp = _stamp(store)
    named = store.place.replace("\\", "/").rpartition("/")[2] == stamp.get("audit")
    at_s = stamp.get("at_s")
    return float(at_s) if named and isinstance(at_s, int | float) else None


def check_own(folder: Path) -> None:
    """Sees that a folder is this user's and no link, and closes it for others.

    Raises: ScratchError for another's, in which anybody could have put anything.
    """
    if not is_own(folder):
        told = f"{folder}: it belongs to another user, or is no folder; wanted one that this user made."
        raise ScratchError(f"{told}\nFix: name another place with --scratch, on all nodes as the same user")
    if os.name == "posix" and stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        folder.chmod(0o700)


def is_own(folder: Path) -> bool:
    """Whether a path is a folder of this user, and no link to one."""
    there = folder.lstat()
    if not stat.S_ISDIR(there.st_mode):
        return False
    return os.name != "posix" or there.st_uid == os.geteuid() or there.st_uid == _owner_of_new(folder.parent)


def _owner_of_new(folder: Path) -> int | None:
    """Who owns what this user makes in a folder: on a network's disk, root and others can become somebody else."""
    probe = folder / f".owner-{secrets.token_hex(6)}"
    with contextlib.suppress(OSError):
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            return probe.lstat().st_uid
        finally:
            probe.unlink()
    return None


def _stamp(store: Store) -> dict[str, object]:
    try:
        read = json.loads(bytes(store.get(STAMP, 0, 10_000)))
    except (FileNotFoundError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _number(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None
