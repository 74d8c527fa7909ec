"""The guard of one outside program: ends it with all its children when whoever started the guard says so or is gone.

    python guard.py GRACE_S PROGRAM [ARGUMENT ...]

Run as a script of its own, in its own session. While standard input stays open the program may run; at its end the
program and everything it started are asked to leave (SIGTERM), and killed after the grace (SIGKILL). What the
program leaves behind when it exits by itself is ended too. The last line on standard error is one JSON object:
`code` (negative: the signal that ended it; null: not started), `error` and `left`, the processes it left behind.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

POSIX = os.name == "posix"
LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
# Processes that leave by themselves are not called left behind: data loaders need a moment.
LEAVE_S = 0.5
KILL_S = 5.0


def main(arguments: Sequence[str]) -> None:
    """Runs the program and reports how it ended."""
    grace_s, program = float(arguments[0]), list(arguments[1:])
    if LINUX:  # orphans become this process's children, so none can hide in a session of its own
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        # The guard has one thread here, so running a function between fork and exec is safe.
        child = subprocess.Popen(  # noqa: S603 - the user's own program, no shell
            program, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, preexec_fn=_die_with_guard if LINUX else None
        )
    except OSError as error:
        _report({"code": None, "error": type(error).__name__, "message": error.strerror or "", "left": 0})
        return
    leaving = threading.Event()

    def leave() -> None:
        leaving.set()
        end_all(child, grace_s)

    if POSIX:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=leave).start())
    watch = threading.Thread(target=_when_input_ends, args=(leave,), daemon=True)
    watch.start()
    code = child.wait()
    left = 0
    if leaving.is_set():
        watch.join(grace_s + KILL_S)
    else:
        _wait_until_alone(LEAVE_S)
        left = len(descendants())
        if left:
            end_all(child, min(grace_s, 1.0))
    _report({"code": code, "error": "", "left": left})
    # The watching thread may still sit in a read, which would hold the interpreter's shutdown.
    os._exit(0)


def end_all(child: "subprocess.Popen[bytes]", grace_s: float) -> None:
    """Asks all descendants to leave, waits, and kills those that stay."""
    if not POSIX:
        command = ["taskkill", "/F", "/T", "/PID", str(child.pid)]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603
        return
    _signal_all(signal.SIGTERM)
    if not _wait_until_alone(grace_s):
        end = time.monotonic() + KILL_S
        while not _wait_until_alone(0.1) and time.monotonic() < end:
            _signal_all(signal.SIGKILL)


def descendants() -> tuple[int, ...]:
    """The living processes below this one; on macOS they are found by parent, which a background process escapes.

    None on Windows, where `taskkill` finds them itself.
    """
    parents = _parents_in_proc() if LINUX else _parents_by_ps()
    below_here, todo = [], [os.getpid()]
    while todo:
        parent = todo.pop()
        below = [pid for pid, other in parents.items() if other == parent]
        below_here += below
        todo += below
    return tuple(below_here)


def _parents_in_proc() -> dict[int, int]:
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
                if state not in (b"Z", b"X"):
                    parents[int(name)] = int(parent)
    return parents


def _parents_by_ps() -> dict[int, int]:
    if not POSIX:
        return {}
    ran = subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE, text=True)  # noqa: S607
    rows = [line.split() for line in ran.communicate()[0].splitlines()]
    return {int(row[0]): int(row[1]) for row in rows if row[2][0] != "Z" and int(row[0]) != ran.pid}


def _signal_all(number: int) -> None:
    for pid in descendants():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _wait_until_alone(seconds: float) -> bool:
    end = time.monotonic() + seconds
    while descendants():
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)
    return True


def _when_input_ends(leave: Callable[[], None]) -> None:
    while os.read(0, 1024):
        pass
    leave()


def _die_with_guard() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _report(report: dict[str, Any]) -> None:
    sys.stderr.write(json.dumps(report) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
