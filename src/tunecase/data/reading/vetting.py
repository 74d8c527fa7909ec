"""Reads a table in columns once in a child process, before this process does: its own footer may lie about its size.

A few bytes of Parquet or Arrow may unpack to gigabytes, and broken ones may end the process that reads them. What the
child can read within its bounds, this process reads afterwards in the same pieces, within the same bounds.
"""

from functools import lru_cache
from pathlib import Path

from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, Problem

MOST_BYTES = 220_000_000  # of memory, for Python, Arrow and the pieces of a small file
TIMES_FILE = 8  # further memory, for the row groups and batches of a large file
BATCH_ROWS = (4096, 64, 1)
LEAST_S, BYTES_A_SECOND = 60, 2_000_000
TOO_MUCH = 77  # exit code of a child that would hold too much
FIX = "write it again with shorter values, in row groups or batches of at most 1,000 rows"


def batch_rows(source: Source) -> int:
    """How many rows of a table in columns can be read at once within the bounds.

    Raises: InputError where not even one can, or where the file unpacks to far more than it may.

    Leaves out the bound on memory on Windows, where only those on time and on what is unpacked hold.
    """
    status = source.path.stat()
    found = _vetted(source, status.st_size, status.st_mtime_ns)
    if isinstance(found, tuple):
        raise InputError(found)
    return found


@lru_cache(maxsize=64)
def _vetted(source: Source, size: int, mtime_ns: int) -> int | tuple[Problem, ...]:
    """The largest batch that the child can read, or why there is none."""
    from tunecase.engine import ask_child

    child = str(Path(__file__).with_name("vetting_child.py"))
    most = MOST_BYTES + TIMES_FILE * size
    got = ""
    for rows in BATCH_ROWS:
        given = {"path": str(source.path), "kind": source.kind, "rows": rows, "most_bytes": most}
        ended, told = ask_child([child], given, LEAST_S + size / BYTES_A_SECOND)
        if ended == 0 and told is not None:
            return tuple(Problem(*each) for each in told) or rows
        got = f"a row or a batch that takes more than {most / 1e6:,.0f} MB to unpack"
        if ended == 1:
            raise RuntimeError(f"the child that reads {source.path} failed")
        if ended != TOO_MUCH:
            got = "bytes that end the process that reads them" if ended else "a file that takes too long to read"
            break
    return (Problem(str(source.path), got, "a table that can be read in small pieces", FIX),)
