"""Reads a table in columns once in a child process, before this process does: its own footer may lie about its size.

A few bytes of Parquet or Arrow may unpack to gigabytes, and broken ones may end the process that reads them. What the
child can read within its bounds, this process reads afterwards in the same pieces, within the same bounds.
"""

import json
import os
import sys
import threading
import time
from functools import lru_cache
from pathlib import Path

from tunecase.data.reading.sources import Source
from tunecase.errors import InputError, Problem

MOST_BYTES = 220_000_000  # of memory, for Python, Arrow and the pieces of a small file
TIMES_FILE = 8  # further memory, for the row groups and batches of a large file
BATCH_ROWS = (4096, 64, 1)
LEAST_S, BYTES_A_SECOND = 60, 2_000_000
TOO_MUCH = 77  # exit code of a child that would hold too much
WATCHED_S = 0.005
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

    root = str(Path(__file__).parents[3])
    code = f"import sys; sys.path.insert(0, {root!r}); import tunecase.data.reading.vetting as v; v.main()"
    most = MOST_BYTES + TIMES_FILE * size
    got = ""
    for rows in BATCH_ROWS:
        given = {"path": str(source.path), "kind": source.kind, "rows": rows, "most_bytes": most}
        ended, told = ask_child(["-c", code], given, LEAST_S + size / BYTES_A_SECOND)
        if ended == 0 and told is not None:
            return tuple(Problem(*each) for each in told) or rows
        got = f"a row or a batch that takes more than {most / 1e6:,.0f} MB to unpack"
        if ended == 1:
            raise RuntimeError(f"the child that reads {source.path} failed")
        if ended != TOO_MUCH:
            got = "bytes that end the process that reads them" if ended else "a file that takes too long to read"
            break
    return (Problem(str(source.path), got, "a table that can be read in small pieces", FIX),)


def main() -> None:
    """The child process: reads every piece of a file and drops it; writes the problems it found as JSON."""
    from tunecase.data.reading.blocks import BLOCK_BYTES, bounded
    from tunecase.data.reading.columnar import pieces

    given = json.load(sys.stdin)
    _limit(given["most_bytes"])
    threading.Thread(target=_watch, args=(given["most_bytes"],), daemon=True).start()
    source = Source(Path(given["path"]), given["kind"])
    problems: tuple[Problem, ...] = ()
    try:
        for _ in bounded(source, pieces(source, BLOCK_BYTES, given["rows"])):
            pass
    except InputError as error:
        problems = error.problems
    except MemoryError:
        os._exit(TOO_MUCH)
    json.dump([(each.where, each.got, each.wanted, each.fix) for each in problems], sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # Arrow need not give back what it holds


def _limit(most_bytes: int) -> None:
    """Bounds what a single request for memory may take, which the watch sees too late."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = 2 * most_bytes + (1 << 29)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _watch(most_bytes: int) -> None:
    """Ends this process once it holds more than `most_bytes`."""
    while True:
        if _held_bytes() > most_bytes:
            os._exit(TOO_MUCH)
        time.sleep(WATCHED_S)


def _held_bytes() -> int:
    """The memory that this process holds; the most it ever held where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        try:
            import resource
        except ImportError:  # Windows
            return 0
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
