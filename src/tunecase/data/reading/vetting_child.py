"""The child process of `vetting`: reads every block of tables in columns and drops it, within a bound of memory."""

import json
import os
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":  # run by its file, where the package may not be installed
    sys.path.insert(0, str(Path(__file__).parents[3]))

from tunecase.data.reading.columnar import cut
from tunecase.data.reading.pieces import BLOCK_BYTES, bounded
from tunecase.data.reading.sources import Source
from tunecase.data.reading.vetting import TOO_MUCH
from tunecase.errors import InputError

WATCHED_S = 0.005


def main() -> None:
    """The child process: reads every block of each file and drops it; writes a line for each, its problems as JSON.

    An unexpected error is a line of its type and words, the last one.
    """
    watched = [sys.maxsize]  # the bound of the file that is being read [bytes]
    threading.Thread(target=_watch, args=(watched,), daemon=True).start()
    for path, kind, rows, most_bytes in json.load(sys.stdin):
        watched[0] = most_bytes
        _limit(most_bytes)
        try:
            told: object = _problems(Source(Path(path), kind), rows)
        except MemoryError:
            os._exit(TOO_MUCH)
        except Exception as error:  # noqa: BLE001 - the parent reports it
            told = f"{type(error).__name__}: {error}"[:2000]
        print(json.dumps(told), flush=True)
        if isinstance(told, str):
            break
    os._exit(0)  # Arrow need not give back what it holds


def _problems(source: Source, rows: int) -> tuple[tuple[str, str, str, str], ...]:
    try:
        for _ in bounded(source, cut(source, BLOCK_BYTES, rows)):
            pass
    except InputError as error:
        return tuple((each.where, each.got, each.wanted, each.fix) for each in error.problems)
    return ()


def _limit(most_bytes: int) -> None:
    """Bounds what a single request for memory may take, which the watch sees too late."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = 2 * most_bytes + (1 << 29)
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _watch(watched: list[int]) -> None:
    """Ends this process once it holds more than the bound of the file that it reads."""
    while True:
        if _held_bytes() > watched[0]:
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


if __name__ == "__main__":
    main()
