"""Tells files apart by all their bytes, read once: a digest is kept until the file's size or times change."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tunecase.engine import cache_folder

NAME = "digests.json"
MOST_KEPT = 1_000
# A file changed again within a tick of the file system's clock keeps its times, so a fresh digest is not kept.
SETTLED_S = 2.0


def digest(path: Path) -> str:
    """The BLAKE2b digest of a file's bytes, 32 hexadecimal digits.

    Raises: OSError when it cannot be read.
    Leaves out bytes changed behind the system's back, which leaves size and times as they were.
    """
    path = path.resolve()
    status = path.stat()
    key = f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
    kept = _kept()
    if key in kept:
        return kept[key]
    with path.open("rb") as file:
        fresh = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    if abs(time.time() - max(status.st_mtime, status.st_ctime)) > SETTLED_S:
        _keep({**kept, key: fresh})
    return fresh


def combined(paths: Sequence[Path]) -> str:
    """One digest of several files, by their names and bytes.

    Raises: OSError when one cannot be read.
    """
    whole = hashlib.blake2b(digest_size=16)
    for path in paths:
        whole.update(f"{path.name} {digest(path)}\n".encode())
    return whole.hexdigest()


def _kept() -> dict[str, str]:
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads((cache_folder() / NAME).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {key: value for key, value in found.items() if isinstance(value, str)}
    return {}


def _keep(digests: dict[str, str]) -> None:
    """Another process may write at the same time; what is lost that way is computed again."""
    path = cache_folder() / NAME
    part = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(dict(list(digests.items())[-MOST_KEPT:]), indent=0), encoding="utf-8")
        part.replace(path)
