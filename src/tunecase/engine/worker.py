"""What happens in the process of a worker: a task in, its outcome out, and what it took."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import connection, reduction
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from tunecase.engine.machine import GPU_VARIABLE

T = TypeVar("T")
R = TypeVar("R")

# Read by numerical libraries when they load, which in a worker happens after its start.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
STATUS = Path("/proc/self/status")


class Measured(NamedTuple, Generic[R]):
    """What a task gave, the CPU seconds it took, and the largest memory its process has had so far [bytes]."""

    result: R
    cpu_s: float
    peak_bytes: int


def measured(function: Callable[[T], R], task: T) -> Measured[R]:
    """Runs a task and says what it took.

    Returns: Measured. CPU seconds are those of this process and of children that it waited for, all threads counted;
        the peak is of the process, so that earlier tasks count; 0 where the system does not tell.

    Leaves out on Windows the peak and the children.
    """
    before = _cpu_s()
    result = function(task)
    return Measured(result, _cpu_s() - before, peak_bytes())


def _cpu_s() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def peak_bytes() -> int:
    """The largest memory that this process has had [bytes]; 0 where the system does not tell.

    On Linux it is VmHWM of proc(5): getrusage(2) counts in what the process that started this one held at that time.
    """
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, ValueError, IndexError, StopIteration):
        pass
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def serve(pipe: "connection.Connection[Any, Any]", share: str | None) -> None:
    """What a worker does: task in, outcome out, until nobody asks any more."""
    _start_worker(share)
    while True:
        try:
            function, task = pipe.recv()
        except (EOFError, OSError):
            return
        except Exception as error:  # noqa: BLE001 - a task that cannot be read has that as its outcome
            pipe.send(_plain(error))
            continue
        try:
            pipe.send(outcome(function, task))
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - so has a result that cannot be sent
            pipe.send(_plain(error))


def _plain(error: Exception) -> Exception:
    """The exception, or its words where it would not survive the way between processes."""
    pickler = reduction.ForkingPickler
    try:
        if str(pickler.loads(pickler.dumps(error))) == str(error):
            return error
    except Exception:  # noqa: BLE001, S110 - whatever an exception's own code does here, its words are what is left
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")


def outcome(function: Callable[[T], R], task: T) -> R | Exception:
    """The function's result or the exception it raises, made picklable; numerical libraries use one thread."""
    try:
        return _one_thread(function, task)
    except Exception as error:  # noqa: BLE001 - whatever a task raises is its outcome
        return _plain(error)


def _one_thread(function: Callable[[T], R], task: T) -> R:
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    with threadpool_limits(limits=1):
        return function(task)


def _start_worker(share: str | None) -> None:
    # Ctrl-C is answered by the parent, which ends the workers. Windows knows no other way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    if share is not None:
        os.environ[GPU_VARIABLE] = share
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    # A busy worker would train to the end for nobody, and so would a program that it waits for.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)
