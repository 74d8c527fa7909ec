"""Keeps what a network made of a text: in memory, and in one file that processes and later runs share."""

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

# A ladder of 20,000 texts of 50 tokens fills about 1.2 GB at 576 numbers a token.
MOST_FILE_BYTES = 2 << 30
MOST_MEMORY_BYTES = 1 << 30
PATIENCE_S = 20
AT_ONCE = 500


class Kept:
    """Raw bytes by key; what cannot be read or written is as if it were not kept.

    Two processes may read and write at once. A killed one leaves the file whole: SQLite's log is replayed or dropped.
    A file that is no such file, or is damaged, is made anew.

    Args:
        path: the file, made where it is missing; None keeps in memory alone.
        most_file_bytes: beyond this the oldest rows are dropped, a quarter of all at a time.
        most_memory_bytes: beyond this rows are read from the file each time.
    """

    def __init__(
        self, path: Path | None, most_file_bytes: int = MOST_FILE_BYTES, most_memory_bytes: int = MOST_MEMORY_BYTES
    ) -> None:
        self.most_file_bytes, self.most_memory_bytes = most_file_bytes, most_memory_bytes
        self._memory: dict[bytes, bytes] = {}
        self._memory_bytes = 0
        self._path = path
        self._file = _opened(path) if path else None

    def read(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is kept under these keys."""
        wanted = list(dict.fromkeys(keys))
        rows_by_key = {key: self._memory[key] for key in wanted if key in self._memory}
        lacking = [key for key in wanted if key not in rows_by_key]
        with self._forgiving():
            for first in range(0, len(lacking) if self._file else 0, AT_ONCE):
                some = lacking[first : first + AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._file.execute(f"SELECT key, data FROM kept WHERE key IN ({marks})", some)  # type: ignore[union-attr]  # noqa: S608 - only question marks are put in
                rows_by_key.update(self._remembered(rows.fetchall()))
        return rows_by_key

    def write(self, rows: Mapping[bytes, bytes]) -> None:
        """Keeps these rows; a key that is there already stays as it is."""
        self._remembered(list(rows.items()))
        if self._file is None:
            return
        now = time.time()
        with self._forgiving(), self._file:
            self._file.executemany(
                "INSERT OR IGNORE INTO kept VALUES (?, ?, ?)", [(key, now, data) for key, data in rows.items()]
            )
            self._shrink()

    @contextlib.contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Keeps every trouble with the file from the caller; a damaged one is made anew, a busy one waits its turn."""
        try:
            yield
        except sqlite3.OperationalError:
            return
        except sqlite3.DatabaseError:
            if self._file is not None and self._path is not None:
                self._file.close()
                self._file = _opened(self._path, damaged=True)
        except sqlite3.Error:
            return

    def _remembered(self, rows: Sequence[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
        for key, data in rows:
            if self._memory_bytes + len(data) <= self.most_memory_bytes and key not in self._memory:
                self._memory[key] = data
                self._memory_bytes += len(data)
        return rows

    def _shrink(self) -> None:
        assert self._file is not None
        pages, free, size = (
            self._file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * size > self.most_file_bytes:
            self._file.execute(
                "DELETE FROM kept WHERE key IN (SELECT key FROM kept ORDER BY made LIMIT "
                "(SELECT (count(*) + 3) / 4 FROM kept))"
            )


def _opened(path: Path, *, damaged: bool = False) -> sqlite3.Connection | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if damaged:
            for left in (path, *path.parent.glob(f"{path.name}-*")):
                left.unlink(missing_ok=True)
        file = sqlite3.connect(path, timeout=PATIENCE_S, check_same_thread=False)
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=NORMAL")
        file.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, made REAL, data BLOB)")
        file.execute("CREATE INDEX IF NOT EXISTS by_age ON kept (made)")
        file.commit()
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError:
        return None if damaged else _opened(path, damaged=True)
    except (sqlite3.Error, OSError):
        return None
    return file
