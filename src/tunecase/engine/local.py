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
from functools import partial
from multiprocessing import connection, reduction, util
from typing import Any, Final, TypeVar

from tunecase.engine.machine import shares
from tunecase.engine.worker import outcome, serve
from tunecase.quantities import duration

T = TypeVar("T")
R = TypeVar("R")
Limit = float | Callable[[], float] | None

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


@contextmanager
def processes_held() -> Iterator[None]:
    """Keeps idle processes for the next call of `run_in_processes` in the block; they end with the block."""
    with _HELD.lock:
        _HELD.holders += 1
    try:
        yield
    finally:
        with _HELD.lock:
            _HELD.holders -= 1
            leaving = [] if _HELD.holders else _HELD.taken(len(_HELD.idle))
        _let_go(leaving)


def run_in_processes(
    function: Callable[[T], R], tasks: Iterable[T], count: int, most_s: Limit, gpus_per_task: float, retries: int = 0
) -> Generator[tuple[int, R | Exception], None, None]:
    """Runs tasks in up to `count` processes, each reused from task to task; see `run_tasks`."""
    crew = _Crew(function, count, most_s, shares(gpus_per_task) if gpus_per_task else (), retries)
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


class _Held:
    """The idle processes of all calls, while somebody holds them."""

    def __init__(self) -> None:
        self.lock, self.holders = threading.Lock(), 0
        self.idle: list[_Worker] = []

    def taken(self, count: int) -> list[_Worker]:
        """Up to so many of the processes, which are the caller's from now on."""
        workers, self.idle[:] = self.idle[:count], self.idle[count:]
        return workers

    def takes(self, workers: Sequence[_Worker]) -> bool:
        """Takes processes over, where somebody holds them."""
        with self.lock:
            self.idle += workers if self.holders else ()
            return self.holders > 0


_HELD = _Held()
util.Finalize(None, lambda: _end(_HELD.idle), exitpriority=100)


class _Crew:
    """The processes of one call: who is busy with what, and what came back."""

    def __init__(
        self, function: Callable[[Any], Any], count: int, most_s: Limit, groups: Sequence[str], retries: int
    ) -> None:
        self.function, self.most_s, self.retries = function, most_s, retries
        self.count = min(count, len(groups)) if groups else count
        self.shares = list(groups[: self.count])
        # What a process saw when it started stays with it: its GPUs, and whether it knows the user's script.
        self.plain = not groups and not _is_of_script(function)
        with _HELD.lock:
            self.workers = _HELD.taken(self.count) if self.plain else []
        self.sent: dict[int, tuple[Any, int]] = {}  # by position: the task, and how often its process was lost
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
        if self.retries:
            self.sent[position] = task, self.sent[position][1] if position in self.sent else 0
        for worker in [worker for worker in self.workers if worker.position is None]:
            if self._sent(worker, position, message):
                return
        worker = self._new()
        if not self._sent(worker, position, message):
            self.back.append((position, CrashError(_how_it_ended(worker.process))))

    def take(self) -> tuple[int, Any]:
        """The next outcome: a result, an exception, or why neither came after as many tries as were asked for."""
        while True:
            position, result = self._next()
            task, losses = self.sent.pop(position, (None, self.retries))
            if not isinstance(result, CrashError) or losses >= self.retries:
                return position, result
            self.sent[position] = task, losses + 1
            self.begin(position, task)

    def _next(self) -> tuple[int, Any]:
        while not self.back:
            busy, most_s = self.busy, limit_s(self.most_s)
            for worker in _heard_from(busy, most_s):
                return self._received(worker)
            for worker in busy:
                if most_s is not None and time.monotonic() - worker.started >= most_s:
                    return self._too_long(worker, most_s)
        return self.back.pop(0)

    def close(self, finished: bool) -> None:
        """Lets idle workers go, unless they are held for the next call, and ends the others."""
        if finished and self.plain and _HELD.takes(self.workers):
            self.workers.clear()
        _let_go(self.workers, finished)
        self.workers.clear()

    def _new(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        share = self.shares.pop() if self.shares else None
        process = context.Process(target=serve, args=(theirs, share))
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


def _let_go(workers: Sequence[_Worker], idle: bool = True) -> None:
    """Ends workers; idle ones leave by themselves when nobody can ask them any more."""
    for worker in workers:
        worker.pipe.close()
    if idle:
        for worker in workers:
            worker.process.join(GRACE_S)
    _end(workers)


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


def _is_of_script(function: Callable[..., Any]) -> bool:
    """Whether a function, or what it is made of, is one of the script that the user runs."""
    parts = (function.func, *function.args) if isinstance(function, partial) else (function,)
    return any(getattr(part, "__module__", None) == "__main__" for part in parts)


@contextmanager
def _main_left_alone(function: Callable[..., Any]) -> Iterator[None]:
    """Keeps workers from running the user's script again, so that a script needs no `if __name__ == "__main__"`."""
    main = sys.modules["__main__"]
    if _is_of_script(function):
        yield
        return
    kept: dict[str, Any] = {name: main.__dict__[name] for name in ("__file__", "__spec__") if name in main.__dict__}
    main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(kept)
