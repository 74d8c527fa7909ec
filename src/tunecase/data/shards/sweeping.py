"""What is removed from scratch, and when: only what audits write, in folders that are theirs."""

import contextlib
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from tunecase.data.shards.marks import CLOSING, HOLDS_S, LAST, USERS, holding, read_mark
from tunecase.data.shards.places import is_uri, shown
from tunecase.data.shards.room import held_bytes, size_words
from tunecase.data.shards.store import BESIDE, Store, open_store
from tunecase.data.shards.trust import STAMP, is_audit, is_own, stamped_s
from tunecase.errors import TunecaseError

OLD_S = 7 * 86_400.0  # after which shards that nobody uses go
# All that an audit writes into: its stages, what its driver leaves for nodes, and its marks.
STAGES = ("test", "production", "train", "keys", "same", "meet", "carry", "compare")
PROBES = "probes/"
FOLDERS = (*STAGES, PROBES.rstrip("/"), USERS.rstrip("/"), CLOSING.rstrip("/"))
FILES = (STAMP, LAST)


def sweep(root: str, but: Sequence[str]) -> None:
    """Removes the shards of audits that nobody has used for seven days, those of some names aside."""
    for name in _audits(root):
        if name in but:
            continue
        with contextlib.suppress(OSError, TunecaseError):  # another process may be sweeping
            store = open_store(f"{root}/{name}" if is_uri(root) else str(Path(root) / name))
            last_s = _last_used_s(store)
            if last_s is None or time.time() - last_s <= OLD_S or holding(store, USERS) or holding(store, CLOSING):
                continue
            clear(store)
            for mark in store.names(CLOSING):
                store.remove(mark)
            drop_empty(store)


def clear(store: Store) -> None:
    """Removes all that audits write but the marks of whoever is removing."""
    closing = CLOSING.rstrip("/")
    if is_uri(store.place):
        from tunecase.data.shards.remote import RemoteStore

        names = [name for name in store.names() if name in FILES or name.partition("/")[0] in FOLDERS]
        names = [name for name in names if not name.startswith(CLOSING)]
        if names and isinstance(store, RemoteStore):
            store.remove_all(names)
        return
    folder = Path(store.place)
    for path in [file for name in FOLDERS if name != closing for file in _files(folder / name)]:
        path.unlink(missing_ok=True)
    for name in FOLDERS:
        with contextlib.suppress(OSError):
            os.rmdir(folder / name)
    for path in _files(folder):
        if path.name in FILES or path.name.endswith(BESIDE):
            path.unlink(missing_ok=True)


def remove_leftovers(store: Store) -> None:
    """Removes what killed writers left: whoever still wrote to it would have shown that, or made it longer."""
    if is_uri(store.place):
        return
    folder = Path(store.place)
    for path in [file for each in (folder, *(folder / name for name in FOLDERS)) for file in _files(each)]:
        with contextlib.suppress(FileNotFoundError):
            if path.name.endswith(BESIDE) and time.time() - path.lstat().st_mtime > HOLDS_S:
                path.unlink()


def drop_empty(store: Store) -> None:
    """Removes the folder where nothing is left in it."""
    if not is_uri(store.place):
        for folder in (Path(store.place) / CLOSING, Path(store.place) / USERS, Path(store.place)):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def kept_words(store: Store) -> str:
    """What a store holds and for how long, as a sentence; empty where nothing is finished."""
    try:
        if not any(name.partition("/")[0] in STAGES for name in store.names()):
            return ""
        # The size of what lies in an object store would have to be asked for, file by file.
        size = "" if is_uri(store.place) else f" ({size_words(held_bytes(Path(store.place)))})"
    except (OSError, TunecaseError):  # it may be the place itself that fails
        size = ""
    return f"What is finished is kept for seven days in {shown(store.place)}{size}."


def _audits(root: str) -> list[str]:
    """The names of the folders of audits that are ours."""
    if is_uri(root):
        from tunecase.data.shards.remote import RemoteStore

        return [name for name in RemoteStore(root).folders() if is_audit(name)]
    if not Path(root).is_dir():
        return []
    names = [path.name for path in Path(root).iterdir() if is_audit(path.name)]
    return [name for name in names if _is_ours(Path(root) / name)]


def _is_ours(folder: Path) -> bool:
    try:
        return is_own(folder)
    except OSError:  # gone meanwhile
        return False


def _last_used_s(store: Store) -> float | None:
    """When an audit was last worked on, in seconds since 1970; None for what bears no stamp of an audit."""
    stamped = stamped_s(store)
    if stamped is None:
        return None
    marks = (read_mark(store, name) for name in [*store.names(USERS), LAST])
    return max([stamped, *(mark.at_s for mark in marks if mark is not None)])


def _files(folder: Path) -> list[Path]:
    """The files in a folder that is none of somebody else's; links are no files, and are not followed."""
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return []
        return [path for path in folder.iterdir() if stat.S_ISREG(path.lstat().st_mode)]
    except FileNotFoundError:
        return []
