"""Where work runs: this process, or one process per core of this machine."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A worker must start Python and import numpy, scipy and scikit-learn before it earns anything: 1.0 to 1.5 s measured.
SERIAL_BELOW_S = 5.0
# Read by numerical libraries when they load, which in a worker happens after its start.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def run_tasks(
    function: Callable[[T], R], tasks: Sequence[T], workers: int | None = None
) -> Generator[tuple[int, R | Exception], None, None]:
    """Runs a function over tasks and yields each outcome as it ends.

    A task that raises does not stop the others: its exception is its outcome. Numerical libraries are held to one
    thread per worker, so workers do not fight for cores and the outcome does not depend on their number. Closing the
    iterator, or Ctrl-C while it is asked, drops what waits and ends what runs; hold it in `contextlib.closing`, so that
    an interrupt between two outcomes closes it too.

    Args:
        function: importable by name (defined at the top of a module), as are the tasks' types.
        tasks: one argument each.
        workers: processes; 1 runs here, one task after another; None means one per core.
    Returns: (position in tasks, result or exception), in the order in which tasks end.

    Example:
        >>> list(run_tasks(abs, [-1, 2, "x"], workers=1))[:2]
        [(0, 1), (1, 2)]

    Leaves out other machines; a task that crashes its process (out of memory) takes the waiting tasks down with it,
    each with BrokenProcessPool as its outcome.
    """
    count = min(cores() if workers is None else max(1, workers), len(tasks))
    if count <= 1:
        for position, task in enumerate(tasks):
            yield position, _outcome(function, task)
        return
    yield from _in_processes(function, tasks, count)


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def workers_for(estimated_s: float, tasks: int) -> int:
    """How many processes are worth their start for work that takes so long on one core.

    Example:
        >>> workers_for(estimated_s=2.0, tasks=12)
        1
    """
    return 1 if estimated_s < SERIAL_BELOW_S else max(1, min(cores(), tasks))


def _outcome(function: Callable[[T], R], task: T) -> R | Exception:
    try:
        return _one_thread(function, task)
    except Exception as error:  # noqa: BLE001 - whatever a task raises is its outcome
        return error


def _one_thread(function: Callable[[T], R], task: T) -> R:
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    with threadpool_limits(limits=1):
        return function(task)


def _in_processes(
    function: Callable[[T], R], tasks: Sequence[T], count: int
) -> Generator[tuple[int, R | Exception], None, None]:
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_start_worker)
    finished = False
    try:
        with _interrupts_held(), _main_left_alone(function):
            futures = {pool.submit(_one_thread, function, task): position for position, task in enumerate(tasks)}
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield futures[future], future.result() if error is None else error
        finished = True
    finally:
        _close(pool, finished)


def _close(pool: ProcessPoolExecutor, finished: bool) -> None:
    running = [] if finished else list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=finished, cancel_futures=True)
    for process in running:
        process.terminate()


def _start_worker() -> None:
    # Ctrl-C reaches the whole group; the parent answers it and ends the workers. Windows knows no other way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    # A worker also holds the writing end of its own queue, so it would wait for ever when the parent is killed.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back while workers are started: they inherit that for life, this process gets it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _main_left_alone(function: Callable[..., Any]) -> Iterator[None]:
    """Keeps workers from running the user's script again, so that a script needs no `if __name__ == "__main__"`."""
    main = sys.modules["__main__"]
    if function.__module__ == "__main__":
        yield
        return
    kept: dict[str, Any] = {name: main.__dict__[name] for name in ("__file__", "__spec__") if name in main.__dict__}
    main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(kept)
