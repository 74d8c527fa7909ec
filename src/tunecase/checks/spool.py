"""Columns that grow block by block: in memory, or in files that a later pass over the same data can go on with."""

import json
import os
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STATE = "state.json"
SAVE_EVERY_S = 2.0


class Spool:
    """Named columns and lists of plain rows, appended to in step.

    Args:
        folder: where the files lie; None keeps everything in memory.
        key: what the data depend on; files that another key left are thrown away.
    `facts` are small figures that belong to what is in so far; `done` is how many blocks that is.
    """

    def __init__(self, folder: Path | None, key: str = "") -> None:
        self.folder, self.key = folder, key
        self.done, self.facts = 0, dict[str, Any]()
        self.arrays: dict[str, list[NDArray[Any]]] = {}
        self.lists: dict[str, list[Any]] = {}
        self.files: dict[str, Any] = {}
        self.saved = time.monotonic()
        if folder is not None:
            self._go_on(folder)

    def _go_on(self, folder: Path) -> None:
        """Takes up what an interrupted pass left: each file is cut back to where its state was written down."""
        try:
            state = json.loads((folder / STATE).read_text(encoding="utf-8"))
            fits = state["key"] == self.key and all(
                (folder / name).stat().st_size >= size for name, size in state["sizes"].items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            fits = False
        if not fits:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            return
        for name, size in state["sizes"].items():
            os.truncate(folder / name, size)
        self.done, self.facts = state["done"], state["facts"]

    def add(
        self, arrays: "Mapping[str, NDArray[Any]]", lists: Mapping[str, Iterable[Any]], facts: Mapping[str, Any]
    ) -> None:
        """One block more: its part of every column, its plain rows, and the facts as they are now."""
        for name, values in arrays.items():
            if self.folder is None:
                self.arrays.setdefault(name, []).append(values)
            else:
                self._file(name).write(values.data if len(values) else b"")
        for name, rows in lists.items():
            if self.folder is None:
                self.lists.setdefault(name, []).extend(rows)
            else:
                self._file(name).writelines(_line(row) for row in rows)
        self.facts.update(facts)
        self.done += 1
        if self.folder is not None and time.monotonic() - self.saved >= SAVE_EVERY_S:
            self.save()

    def _file(self, name: str) -> Any:
        if name not in self.files:
            assert self.folder is not None
            self.files[name] = (self.folder / name).open("ab")
        return self.files[name]

    def save(self) -> None:
        """Writes down how far the files are good."""
        if self.folder is None:
            return
        for file in self.files.values():
            file.flush()
        files = [path for path in self.folder.iterdir() if not path.name.startswith(STATE)]
        sizes = {path.name: path.stat().st_size for path in files}
        state = {"key": self.key, "done": self.done, "facts": self.facts, "sizes": sizes}
        part = self.folder / (STATE + ".part")
        part.write_bytes(orjson.dumps(state, option=orjson.OPT_NON_STR_KEYS))
        part.replace(self.folder / STATE)
        self.saved = time.monotonic()

    def column(self, name: str, kind: "type[np.generic]") -> "NDArray[Any]":
        """All of one column; of a spool on disk, mapped into memory and read when it is used."""
        import numpy as np

        if self.folder is None:
            parts = self.arrays.pop(name, [])
            return np.concatenate(parts) if parts else np.zeros(0, kind)
        if name in self.files:
            self.files[name].flush()
        path = self.folder / name
        if not path.exists() or not path.stat().st_size:
            return np.zeros(0, kind)
        return np.memmap(path, kind, "r")

    def rows(self, name: str) -> Iterable[Any]:
        """All plain rows of one list."""
        if self.folder is None:
            yield from self.lists.get(name, [])
            return
        if name in self.files:
            self.files[name].flush()
        path = self.folder / name
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield orjson.loads(line)

    def close(self, keep: bool) -> None:
        """Closes the files; unless they are to be gone on with they are removed, and mapped columns stay readable."""
        if self.folder is None:
            return
        if keep:
            self.save()
        for file in self.files.values():
            file.close()
        self.files = {}
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def _line(row: Any) -> bytes:
    try:
        return orjson.dumps(row) + b"\n"
    except orjson.JSONEncodeError:  # half of a surrogate pair is no text in any encoding
        return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
