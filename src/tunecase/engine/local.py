"""Tasks on this machine: in this process one after another, or in processes that may each crash alone."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, reduction, util
from typing import Any, Final, TypeVar

from tunecase.engine.machine import GPU_VARIABLE, shares
from tunecase.quantities import duration

T = TypeVar("T")
R = TypeVar("R")
Limit = float | Callable[[], float] | None

# Read by numerical libraries when they load, which in a worker happens after its start.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
GRACE_S = 5.0


class _Later:
    """What an iterator of tasks gives when it has none to begin now."""

    def __repr__(self) -> str:
        return "LATER"


LATER: Final[Any] = _Later()


def limit_s(most_s: Limit) -> float | None:
    """The limit that holds now."""
    return most_s() if callable(most_s) else most_s


class CrashError(RuntimeError):
    """The process of a task ended before the task did."""


def run_here(function: Callable[[T], R], tasks: Iterable[T]) -> Generator[tuple[int, R | Exception], None, None]:
    """Runs every task in this process, each one when its outcome is wanted."""
    for position, task in enumerate(tasks):
        if task is LATER:
            return  # nothing runs whose outcome could change that
        yield position, outcome(function, task)


def run_in_processes(
    function: Callable[[T], R], tasks: Iterable[T], count: int, most_s: Limit, gpus_per_task: float
) -> Generator[tuple[int, R | Exception], None, None]:
    """Runs tasks in up to `count` processes, each reused from task to task; see `run_tasks`."""
    crew = _Crew(function, count, most_s, shares(gpus_per_task) if gpus_per_task else ())
    waiting, position, finished = iter(tasks), 0, False
    try:
        while True:
            while crew.has_room and (task := next(waiting, LATER)) is not LATER:
                crew.begin(position, task)
                position += 1
            if not crew.owes:
                break
            yield crew.take()
        finished = True
    finally:
        crew.close(finished)


@dataclass(eq=False, slots=True)
class _Worker:
    process: multiprocessing.process.BaseProcess
    pipe: "connection.Connection[Any, Any]"
    share: str | None
    position: int | None = None
    started: float = 0.0


class _Crew:
    """The processes of one call: who is busy with what, and what came back."""

    def __init__(self, function: Callable[[Any], Any], count: int, most_s: Limit, groups: Sequence[str]) -> None:
        self.function, self.most_s = function, most_s
        self.count = min(count, len(groups)) if groups else count
        self.shares = list(groups[: self.count])
        self.workers: list[_Worker] = []
        self.back: list[tuple[int, Any]] = []  # outcomes without a worker: the task could not even be sent
        # An interpreter that ends while this is still held would wait for idle workers for ever.
        util.Finalize(self, _end, args=(self.workers,), exitpriority=100)

    @property
    def busy(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.position is not None]

    @property
    def has_room(self) -> bool:
        return len(self.busy) + len(self.back) < self.count

    @property
    def owes(self) -> bool:
        """True while an outcome is outstanding."""
        return bool(self.back or self.busy)

    def begin(self, position: int, task: Any) -> None:
        """Gives a task to an idle worker, or to a new one."""
        try:
            message = reduction.ForkingPickler.dumps((self.function, task))
        except Exception as error:  # noqa: BLE001 - a task that cannot be sent to a process has that as its outcome
            self.back.append((position, error))
            return
        for worker in [worker for worker in self.workers if worker.position is None]:
            if self._sent(worker, position, message):
                return
        worker = self._new()
        if not self._sent(worker, position, message):
            self.back.append((position, CrashError(_how_it_ended(worker.process))))

    def take(self) -> tuple[int, Any]:
        """The next outcome: a result, an exception, or the reason why neither came."""
        while not self.back:
            busy, most_s = self.busy, limit_s(self.most_s)
            for worker in _heard_from(busy, most_s):
                return self._received(worker)
            for worker in busy:
                if most_s is not None and time.monotonic() - worker.started >= most_s:
                    return self._too_long(worker, most_s)
        return self.back.pop(0)

    def close(self, finished: bool) -> None:
        """Lets idle workers go and ends the others."""
        for worker in self.workers:
            worker.pipe.close()  # an idle worker leaves when nobody can ask it any more
        if finished:
            for worker in self.workers:
                worker.process.join(GRACE_S)
        _end(self.workers)
        self.workers.clear()

    def _new(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        share = self.shares.pop() if self.shares else None
        process = context.Process(target=_serve, args=(theirs, share))
        with _interrupts_held(), _main_left_alone(self.function):
            process.start()
        theirs.close()
        worker = _Worker(process, ours, share)
        self.workers.append(worker)
        return worker

    def _sent(self, worker: _Worker, position: int, message: Any) -> bool:
        try:
            worker.pipe.send_bytes(message)
        except OSError:
            self._drop(worker)
            return False
        worker.position, worker.started = position, time.monotonic()
        return True

    def _received(self, worker: _Worker) -> tuple[int, Any]:
        position, worker.position = worker.position, None
        assert position is not None
        try:
            return position, worker.pipe.recv() if worker.pipe.poll() else self._crashed(worker)
        except (EOFError, OSError):
            return position, self._crashed(worker)
        except Exception as error:  # noqa: BLE001 - as above
            return position, RuntimeError(f"its outcome cannot be read: {type(error).__name__}: {error}")

    def _crashed(self, worker: _Worker) -> CrashError:
        worker.process.join(GRACE_S)
        self._drop(worker)
        return CrashError(_how_it_ended(worker.process))

    def _too_long(self, worker: _Worker, most_s: float) -> tuple[int, Any]:
        position = worker.position
        assert position is not None
        self._drop(worker)
        return position, TimeoutError(f"still running after {duration(most_s)}, so it was ended")

    def _drop(self, worker: _Worker) -> None:
        worker.pipe.close()
        _end([worker])
        self.workers.remove(worker)
        if worker.share is not None:
            self.shares.append(worker.share)


def _heard_from(workers: Sequence[_Worker], most_s: float | None) -> list[_Worker]:
    """The workers with an outcome, or that ended; none when the first of them has run for `most_s`."""
    left_s = None
    if most_s is not None:
        left_s = max(0.0, min(worker.started for worker in workers) + most_s - time.monotonic())
    ready = connection.wait([*(w.pipe for w in workers), *(w.process.sentinel for w in workers)], left_s)
    return [worker for worker in workers if worker.pipe in ready or worker.process.sentinel in ready]


def _end(workers: Sequence[_Worker]) -> None:
    """Ends workers and what they started: asked first, then made to."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        for worker in workers:
            _signal(worker.process, number)
        until = time.monotonic() + GRACE_S
        for worker in workers:
            worker.process.join(max(0.0, until - time.monotonic()))


def _signal(process: multiprocessing.process.BaseProcess, number: int) -> None:
    """Signals a worker's whole group, so that a program it waits for ends with it."""
    if hasattr(os, "killpg") and process.pid is not None:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, number)
    if process.is_alive():
        process.terminate()


def _how_it_ended(process: multiprocessing.process.BaseProcess) -> str:
    code = process.exitcode
    if code is None:
        return "its process stopped answering"
    if code >= 0:
        return f"its process ended with code {code} before the task did"
    if -code == getattr(signal, "SIGKILL", None):
        return "its process was killed by the system (signal 9), most often because memory ran out"
    return f"its process was ended by signal {-code} ({signal.Signals(-code).name})"


def _serve(pipe: "connection.Connection[Any, Any]", share: str | None) -> None:
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


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back while a worker is started: it inherits that for life, this process gets it afterwards."""
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
