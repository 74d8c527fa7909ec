"""The child process of `vetting`: reads every piece of a table in columns and drops it, within a bound of memory."""

import json
import os
import sys
import threading
import time
from pathlib import Path

if __name__ == "__main__":  # run by its file, where the package may not be installed
    sys.path.insert(0, str(Path(__file__).parents[3]))

from tunecase.data.reading.blocks import BLOCK_BYTES, bounded
from tunecase.data.reading.columnar import pieces
from tunecase.data.reading.sources import Source
from tunecase.data.reading.vetting import TOO_MUCH
from tunecase.errors import InputError, Problem

WATCHED_S = 0.005


def main() -> None:
    """The child process: reads every piece of a file and drops it; writes the problems it found as JSON."""
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


if __name__ == "__main__":
    main()
