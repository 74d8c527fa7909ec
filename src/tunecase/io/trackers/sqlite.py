"""The SQLite store of a tracker, opened to read only, since a run may be writing to it, and within bounds."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.io.trackers.run import TOTAL_S
from tunecase.quantities import duration

HEAD = b"SQLite format 3\x00"
STEPS = 10_000  # of SQLite between two looks at the clock


class Words(NamedTuple):
    """The words of the two refusals: of a store that cannot be read, and of one that takes too long.

    `refused`, `wanted` and `fix` say what the file is, what is wanted in its place and what to do; `late_fix` says what
    to do where reading took too long.
    """

    refused: str
    wanted: str
    fix: str
    late_fix: str


def is_sqlite(path: Path) -> bool:
    """Whether a file is an SQLite store."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(HEAD)) == HEAD


@contextmanager
def opened_sqlite(path: Path, words: Words) -> Iterator[sqlite3.Connection]:
    """A store that is read for at most TOTAL_S seconds.

    Raises: InputError for one that SQLite cannot read, or that lacks tables; TunecaseError where it takes too long.
    """
    until = time.monotonic() + TOTAL_S
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)) as store:
            store.set_progress_handler(lambda: time.monotonic() > until, STEPS)
            yield store
    except sqlite3.Error as error:
        if time.monotonic() > until:
            why = f"{path} could not be read within {duration(TOTAL_S)}"
            raise TunecaseError(f"{why}\nFix: {words.late_fix}") from None
        raise InputError(Problem(str(path), f"{words.refused} ({error})", words.wanted, words.fix)) from None
