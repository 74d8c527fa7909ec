"""Columns that grow block by block: in memory, or in files that a later pass over the same data can go on with.

Only what the state file tells counts: whatever was written behind it, by a pass that was killed, is cut off again.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tunecase.errors import TunecaseError

if TYPE_CHECKING:
    import numpy as np

    from tunecase.data.arrays import Array

STATE = "state.json"
SAVE_EVERY_S = 2.0
MOST_AT_ONCE = 16  # passes over the same data, each in a folder of its own


class Spool:
    """Named columns and lists of plain rows, appended to in step.

    Args:
        folder: where the files lie, or beside it while another process works there; None keeps everything in memory.
        key: what the data depend on; files that another key left are thrown away.
    `facts` are small figures that belong to what is in so far; `done` is how many blocks that is.
    Raises: TunecaseError, here and wherever something is written, when the disk is full or may not be written to;
        nothing of it is left behind then.
    """

    def __init__(self, folder: Path | None, key: str = "") -> None:
        self.folder, self.key = folder, key
        self.done, self.facts = 0, dict[str, Any]()
        self.arrays: dict[str, list[Array]] = {}
        self.lists: dict[str, list[Any]] = {}
        self.files: dict[str, Any] = {}
        self.sizes: dict[str, int] = {}  # of each file after the last whole block [bytes]
        self.saved = time.monotonic()
        self.release: Callable[[], None] = lambda: None
        if folder is not None:
            with self._kept_whole():
                self.folder, self.release = _claimed(folder)
                self._go_on(self.folder)

    @contextmanager
    def _kept_whole(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            folder = self.folder
            self._drop()
            raise TunecaseError(
                f"{folder}: what was read so far cannot be written down ({error.strerror or error}).\n"
                "Fix: free some room, or set TUNECASE_CACHE to a folder with room, then run it again"
            ) from None

    def _go_on(self, folder: Path) -> None:
        """Takes up what an interrupted pass left: each file is cut back to where its state was written down."""
        try:
            state = json.loads((folder / STATE).read_text(encoding="utf-8"))
            sizes = {str(name): int(size) for name, size in state["sizes"].items()}
            done, facts = int(state["done"]), dict(state["facts"])
            fits = state["key"] == self.key and all(
                (folder / name).stat().st_size >= size for name, size in sizes.items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            fits = False
        if not fits:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            return
        for path in list(folder.iterdir()):
            if path.name in sizes:
                os.truncate(path, sizes[path.name])
            elif path.name != STATE:
                path.unlink()
        self.done, self.facts, self.sizes = done, facts, sizes

    def add(self, arrays: "Mapping[str, Array]", lists: Mapping[str, Iterable[Any]], facts: Mapping[str, Any]) -> None:
        """Adds a block: its part of every column, its plain rows, and the facts as they are now."""
        if self.folder is None:
            for name, values in arrays.items():
                self.arrays.setdefault(name, []).append(values)
            for name, rows in lists.items():
                self.lists.setdefault(name, []).extend(rows)
            self.facts, self.done = {**self.facts, **facts}, self.done + 1
            return
        with self._kept_whole():
            sizes = dict(self.sizes)
            for name, values in arrays.items():
                self._file(name).write(values.data if len(values) else b"")
                sizes[name] = sizes.get(name, 0) + values.nbytes
            for name, rows in lists.items():
                lines = b"".join(map(_line, rows))
                self._file(name).write(lines)
                sizes[name] = sizes.get(name, 0) + len(lines)
            # In one step, so that an interrupt falls before or behind the block, never into it.
            self.sizes, self.facts, self.done = sizes, {**self.facts, **facts}, self.done + 1
            if time.monotonic() - self.saved >= SAVE_EVERY_S:
                self.save()

    def _file(self, name: str) -> Any:
        if name not in self.files:
            assert self.folder is not None
            self.files[name] = (self.folder / name).open("ab")
        return self.files[name]

    def save(self) -> None:
        """Records how far the files are valid."""
        if self.folder is None:
            return
        for file in self.files.values():
            file.flush()
        state = {"key": self.key, "done": self.done, "facts": self.facts, "sizes": self.sizes}
        part = self.folder / (STATE + ".part")
        part.write_bytes(orjson.dumps(state, option=orjson.OPT_NON_STR_KEYS))
        part.replace(self.folder / STATE)
        self.saved = time.monotonic()

    def column(self, name: str, kind: "type[np.generic]") -> "Array":
        """All of one column; of a spool on disk, mapped into memory and read when it is used."""
        import numpy as np

        if self.folder is None:
            parts = self.arrays.pop(name, [])
            return np.concatenate(parts) if parts else np.zeros(0, kind)
        self._flush(name)
        path = self.folder / name
        if not path.exists() or not path.stat().st_size:
            return np.zeros(0, kind)
        return np.memmap(path, kind, "r")

    def _flush(self, name: str) -> None:
        if name in self.files:
            with self._kept_whole():
                self.files[name].flush()

    def rows(self, name: str) -> Iterable[Any]:
        """All plain rows of one list."""
        if self.folder is None:
            yield from self.lists.get(name, [])
            return
        self._flush(name)
        path = self.folder / name
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield orjson.loads(line)

    def close(self, keep: bool) -> None:
        """Closes the files; unless they are to be gone on with they are removed, and mapped columns stay readable."""
        if self.folder is None:
            return
        if not keep or not self.done:
            self._drop()
            return
        with self._kept_whole():
            self.save()
            self._close_files()
        self.folder = None
        self.release()

    def _close_files(self) -> None:
        for file in self.files.values():
            file.close()
        self.files = {}

    def _drop(self) -> None:
        for file in self.files.values():
            with contextlib.suppress(OSError):  # what is left in its buffer has no room either
                file.close()
        self.files = {}
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None
        self.release()


def _claimed(folder: Path) -> tuple[Path, Callable[[], None]]:
    """A folder that no other process works in, the given one if it can be had, and what gives it free again.

    The lock of a process that is killed goes with it.
    """
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, MOST_AT_ONCE + 1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        lock = FileLock(place.with_name(f"{place.name}.lock"), is_singleton=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        place.mkdir(exist_ok=True)
        return place, lock.release
    raise TunecaseError(
        f"{folder}: {MOST_AT_ONCE} passes over the same data are under way.\nFix: wait for one of them to end"
    )


def _line(row: Any) -> bytes:
    try:
        return orjson.dumps(row) + b"\n"
    except orjson.JSONEncodeError:  # half of a surrogate pair is no text in any encoding
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
