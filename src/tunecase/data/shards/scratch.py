"""The scratch of one audit: where its shards lie, who uses them, and when they go.

Each audit has a folder of its own, named after what its shards depend on, so that the same call finds them again. Marks
in it say who works there. Whoever finishes removes the folder, unless another audit of the same data still uses it.
"""

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tunecase.data.shards.marks import CLOSING, LAST, USERS, holding, mark_name, put_mark, read_mark
from tunecase.data.shards.room import check_room
from tunecase.data.shards.store import BESIDE, Store, open_store
from tunecase.engine import cache_folder
from tunecase.errors import InputError, Problem, TunecaseError

AUDIT = "audit-"  # begins the name of each audit's folder
KEY_LETTERS = 24
TOUCH_S = 10.0  # between two refreshes of a mark
LOOK_S = 0.2  # while another audit removes what it made
OLD_S = 7 * 86_400.0  # after which shards that nobody uses go
HALF_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/?(?!/)")  # a letter alone names a disk of Windows


class Scratch:
    """The store of one audit and its life; `open` makes it, `close` ends it.

    While it is open its mark is refreshed every 10 seconds, by `touch` or else by a thread.
    """

    def __init__(self, store: Store) -> None:
        self.store, self.name = store, mark_name()
        self._lock, self._touched_s = threading.Lock(), float("-inf")
        self._closed = threading.Event()
        self._beat = threading.Thread(target=self._keep_touching, daemon=True)

    @classmethod
    def open(cls, place: str | None, key: str, inputs: Sequence[Path], need_bytes: int = 0) -> "Scratch":
        """Opens the scratch of an audit: an unfinished one of the same key with all its shards, or a new one.

        Args:
            place: a folder, or a URI such as s3://bucket/scratch; None is the cache folder of this machine.
            key: names what the shards depend on.
            inputs: files and folders that are read as data.
            need_bytes: about what will be written; not looked at in an object store.
        Raises: InputError for a place among the data or one that cannot be written to; NoRoomError; RemoteError.
        """
        root = scratch_root(place, inputs)
        own = f"{AUDIT}{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:KEY_LETTERS]}"
        try:
            _sweep(root, own)
            if not _is_uri(root):
                check_room(Path(root) / own, need_bytes)
                _make(Path(root) / own, 0o777 if place else 0o700)
            scratch = cls(open_store(_inside(root, own)))
            scratch._enter()
        except OSError as error:
            fix = "name a folder that may be written to with --scratch"
            got = f"a place that cannot be written to ({error.strerror or error})"
            raise InputError(Problem(place or root, got, "a folder for what is worked out on the way", fix)) from error
        return scratch

    def touch(self) -> None:
        """Shows that somebody works here; costs nothing within 10 seconds of the last time."""
        if time.monotonic() - self._touched_s < TOUCH_S or self._closed.is_set():
            return
        with contextlib.suppress(OSError, TunecaseError):  # a shard that is written next tells what is wrong
            self._mark()

    def close(self, keep: bool) -> None:
        """Ends the use; removes all shards unless they are kept or another audit uses them.

        Args:
            keep: whether the same call is to find them again, which it can for seven days.
        """
        self._closed.set()
        if self._beat.is_alive():
            self._beat.join(TOUCH_S)
        own, leaving = f"{USERS}{self.name}", f"{CLOSING}{self.name}"
        with _left_for_later():
            put_mark(self.store, LAST if keep else leaving)
        with _left_for_later():
            self.store.remove(own)
        if keep:
            return
        # Whoever comes writes its mark first and looks for this one then: one of the two sees the other.
        with _left_for_later():
            if not holding(self.store, USERS):
                _clear(self.store)
        with _left_for_later():
            self.store.remove(leaving)
            _drop_empty(self.store)

    def _enter(self) -> None:
        self._mark()
        waited = False
        while holding(self.store, CLOSING):
            waited = True
            time.sleep(LOOK_S)
        if waited:
            self._mark()  # it may have gone with the rest
        if not holding(self.store, USERS, but=self.name):
            _remove_leftovers(self.store)
        self._beat.start()

    def _mark(self) -> None:
        with self._lock:
            put_mark(self.store, f"{USERS}{self.name}")
            self._touched_s = time.monotonic()

    def _keep_touching(self) -> None:
        while not self._closed.wait(TOUCH_S):
            self.touch()


@contextlib.contextmanager
def _left_for_later() -> Iterator[None]:
    """Passes over what cannot be written or removed now: marks end with their process, and the rest is swept."""
    with contextlib.suppress(OSError, TunecaseError):
        yield


def scratch_root(place: str | None, inputs: Sequence[Path]) -> str:
    """Where the folders of audits lie: a folder's path or a URI.

    Raises: InputError for a folder among the data, for a file, and for what is half a URI.
    """
    if place and _is_uri(place) and urlsplit(place).scheme != "file":
        return place.rstrip("/")
    if place and (begun := HALF_URI.match(place)):
        wanted = "a folder, or a URI such as s3://bucket/scratch"
        raise InputError(
            Problem("--scratch", repr(place), wanted, f"write {begun[1]}://, or ./ before a folder's name")
        )
    named = url2pathname(urlsplit(place).path) if place and _is_uri(place) else place
    root = Path(named).expanduser().absolute() if named else cache_folder().absolute() / "audits"
    where = "--scratch" if place else "TUNECASE_CACHE"
    whole = root.resolve()
    for path in inputs:
        if path.is_dir() and path.resolve() in (whole, *whole.parents):
            got, fix = f"a folder in {path}, which is read as data", "name a folder elsewhere"
            raise InputError(Problem(f"{where} {root}", got, "a folder outside the data", fix))
    if root.exists() and not root.is_dir():
        raise InputError(
            Problem(f"{where} {root}", "a file", "a folder, or the URI of an object store", "name another")
        )
    return str(root)


def _make(folder: Path, mode: int) -> None:
    with contextlib.suppress(FileExistsError):  # it was there, even if who was leaving has removed it by now
        folder.mkdir(mode=mode, parents=True, exist_ok=True)


def _is_uri(place: str) -> bool:
    return "://" in place


def _inside(root: str, name: str) -> str:
    return f"{root}/{name}" if _is_uri(root) else str(Path(root) / name)


def _sweep(root: str, but: str) -> None:
    """Removes the shards of audits that nobody has used for seven days."""
    for name in _audits(root):
        if name == but:
            continue
        with contextlib.suppress(OSError, TunecaseError):  # another process may be sweeping
            store = open_store(_inside(root, name))
            if time.time() - _last_used_s(store) > OLD_S and not holding(store, USERS) and not holding(store, CLOSING):
                _clear(store)
                for mark in store.names(CLOSING):
                    store.remove(mark)
                _drop_empty(store)


def _audits(root: str) -> list[str]:
    if _is_uri(root):
        from tunecase.data.shards.remote import RemoteStore

        names = RemoteStore(root).folders()
    else:
        names = [path.name for path in Path(root).iterdir()] if Path(root).is_dir() else []
    return [name for name in names if name.startswith(AUDIT) and len(name) == len(AUDIT) + KEY_LETTERS]


def _last_used_s(store: Store) -> float:
    """When an audit was last worked on, in seconds since 1970; now where nothing says."""
    marks = (read_mark(store, name) for name in [*store.names(USERS), LAST])
    told = [mark.at_s for mark in marks if mark is not None]
    if not told and not _is_uri(store.place):
        told = [Path(store.place).stat().st_mtime]
    return max(told, default=time.time())


def _clear(store: Store) -> None:
    """Removes all names but those of whoever is removing."""
    names = [name for name in store.names() if not name.startswith(CLOSING)]
    if _is_uri(store.place):
        from tunecase.data.shards.remote import RemoteStore

        if names and isinstance(store, RemoteStore):
            store.remove_all(names)
        return
    for path in Path(store.place).iterdir():
        if path.is_dir() and path.name != CLOSING.rstrip("/"):
            shutil.rmtree(path, ignore_errors=True)
        elif not path.is_dir():
            path.unlink(missing_ok=True)


def _remove_leftovers(store: Store) -> None:
    """Removes what killed writers left, where nobody else can be writing."""
    if not _is_uri(store.place):
        for path in Path(store.place).rglob(f"*{BESIDE}"):
            path.unlink(missing_ok=True)


def _drop_empty(store: Store) -> None:
    """Removes the folder where nothing is left in it."""
    if not _is_uri(store.place):
        for folder in (Path(store.place) / CLOSING, Path(store.place) / USERS, Path(store.place)):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
