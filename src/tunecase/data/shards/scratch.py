"""The scratch of one audit: where its shards lie, who uses them, and when they go.

Each audit has a folder of its own, named after what its shards depend on, so that the same call finds them again. A
stamp in it says that it is ours, marks say who works there. Whoever finishes removes what audits write, unless another
audit of the same data still uses it; nothing else in the folder is ever removed.
"""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tunecase.data.shards.marks import AHEAD_S, CLOSING, LAST, USERS, holding, mark_name, put_mark
from tunecase.data.shards.places import HALF_URI, is_uri, shown
from tunecase.data.shards.room import ScratchError, check_room
from tunecase.data.shards.store import Store, make_private, open_store
from tunecase.data.shards.sweeping import clear, drop_empty, kept_words, remove_leftovers, sweep
from tunecase.data.shards.trust import AUDIT, KEY_LETTERS, Plan, check_own, read_plan, stamped_s, write_plan
from tunecase.engine import cache_folder
from tunecase.errors import InputError, Problem, TunecaseError

TOUCH_S = 10.0  # between two refreshes of a mark
LOOK_S = 0.2  # while another audit removes what it made
WAIT_S = 30.0  # for that, and then on with a folder of one's own
FOLDERS = 3  # that are tried, one after the other


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
    def open(
        cls, place: str | None, key: str, inputs: Sequence[Path], need_bytes: int = 0,
        tell: Callable[[str], None] | None = None,
    ) -> "Scratch":  # fmt: skip
        """Opens the scratch of an audit: an unfinished one of the same key with all its shards, or a new one.

        Args:
            place: a folder, or a URI such as s3://bucket/scratch; None is the cache folder of this machine.
            key: names what the shards depend on.
            inputs: files and folders that are read as data.
            need_bytes: about what will be written; not looked at in an object store.
            tell: called with what is waited for, where an audit of the same data is just removing its shards; after 30
                seconds a folder of its own is taken instead.
        Raises: InputError for a place among the data or one that cannot be written to; NoRoomError; RemoteError;
            ScratchError for a folder of another user's.
        """
        root = scratch_root(place, inputs)
        names = [_name(key, number) for number in range(FOLDERS)]
        try:
            sweep(root, names)
            for name in names:
                scratch = cls(_made(root, name, need_bytes))
                if scratch._enter(tell):
                    return scratch
        except OSError as error:
            fix = "name a folder that may be written to with --scratch"
            got = f"a place that cannot be written to ({error.strerror or error})"
            wanted = "a folder for what is worked out on the way"
            raise InputError(Problem(shown(place or root), got, wanted, fix)) from error
        told = f"{shown(root)}: other audits of the same data have been removing their shards for too long."
        raise ScratchError(f"{told}\nFix: wait for them to end, or name another place with --scratch")

    @property
    def plan(self) -> Plan:
        """What the audit that began here has settled on, for this one to go on with."""
        return read_plan(self.store)

    def settle(self, plan: Plan) -> None:
        """Keeps a plan for whoever goes on here."""
        if plan != self.plan:
            write_plan(self.store, plan)

    @property
    def kept(self) -> str:
        """What is finished and where it is kept, as a sentence; empty where nothing is."""
        return kept_words(self.store)

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
                clear(self.store)
        with _left_for_later():
            self.store.remove(leaving)
            drop_empty(self.store)

    def _enter(self, tell: Callable[[str], None] | None) -> bool:
        """Takes part in a folder; returns False where another audit removes it for too long."""
        self._mark()
        begun_s = time.monotonic()
        while holding(self.store, CLOSING, ahead_s=AHEAD_S):
            if time.monotonic() - begun_s > WAIT_S:
                self.store.remove(f"{USERS}{self.name}")
                return False
            if tell is not None:
                tell("Waiting for another audit of the same data to end")
            time.sleep(LOOK_S)
        self._mark()  # it may have gone with the rest, as may the stamp
        if stamped_s(self.store) is None:
            write_plan(self.store, Plan())
        if not holding(self.store, USERS, but=self.name):
            remove_leftovers(self.store)
        self._beat.start()
        return True

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


def _name(key: str, number: int) -> str:
    """The name of an audit's folder, and of those that are taken in its stead."""
    told = f"{key} {number}" if number else key
    return f"{AUDIT}{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:KEY_LETTERS]}"


def _made(root: str, name: str, need_bytes: int) -> Store:
    """The store of an audit's folder, which is made where it is not there, and is this user's in any case."""
    if is_uri(root):
        return open_store(f"{root}/{name}")
    folder = Path(root) / name
    check_room(folder, need_bytes)
    # Whoever is leaving may be removing it just now; the first mark makes it again.
    with contextlib.suppress(FileNotFoundError, FileExistsError):
        if not make_private(folder):
            check_own(folder)
    return open_store(str(folder))


def scratch_root(place: str | None, inputs: Sequence[Path]) -> str:
    """Where the folders of audits lie: a folder's path or a URI.

    Raises: InputError for a folder among the data, for a file, and for what is half a URI.
    """
    if place and is_uri(place) and urlsplit(place).scheme != "file":
        return place.rstrip("/")
    if place and (begun := HALF_URI.match(place)):
        wanted = "a folder, or a URI such as s3://bucket/scratch"
        fix = f"write {begun[1]}://, or ./ before a folder's name"
        raise InputError(Problem("--scratch", repr(shown(place)), wanted, fix))
    named = url2pathname(urlsplit(place).path) if place and is_uri(place) else place
    root = Path(named).expanduser().absolute() if named else cache_folder().absolute() / "audits"
    where = "--scratch" if place else "TUNECASE_CACHE"
    whole = root.resolve()
    for path in inputs:
        if path.is_dir() and path.resolve() in (whole, *whole.parents):
            got, fix = f"a folder in {path}, which is read as data", "name a folder elsewhere"
            raise InputError(Problem(f"{where} {root}", got, "a folder outside the data", fix))
    if place and not root.parent.is_dir():
        got, fix = f"a folder in {root.parent}, which is not there", "make that folder, or mount its disk"
        raise InputError(Problem(f"{where} {root}", got, "a folder, or a name for one in a folder that is there", fix))
    if root.exists() and not root.is_dir():
        raise InputError(
            Problem(f"{where} {root}", "a file", "a folder, or the URI of an object store", "name another")
        )
    return str(root)
