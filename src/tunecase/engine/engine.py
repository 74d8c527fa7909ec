"""Where work runs: this process, processes of this machine, or the nodes of a Ray cluster.

Tasks are pulled, not pushed: the next one is asked for only when a worker is free for it, so that whoever gives them
can choose each by what came back so far.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Literal, TypeVar

from tunecase.engine.local import LATER, CrashError, Limit, processes_held, run_here, run_in_processes
from tunecase.engine.machine import cache_folder, cores, gpus, most_workers, workers_for
from tunecase.errors import InputError, Problem

__all__ = [
    "LATER",
    "CrashError",
    "Engine",
    "Limit",
    "cache_folder",
    "cores",
    "gpus",
    "most_workers",
    "on_each_node",
    "run_tasks",
    "workers_for",
    "workers_held",
]

T = TypeVar("T")
R = TypeVar("R")
Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = ("local", "ray")
# Of a task whose Ray worker or node is lost. What ends a process of this machine would most often end the next one.
RETRIES = 2


@contextmanager
def workers_held(engine: Engine = "local", address: str | None = None) -> Iterator[None]:
    """Keeps what runs tasks from one `run_tasks` to the next: idle processes, or the connection to a cluster.

    A process takes 1.0 to 1.5 CPU seconds to start and import what it needs, a connection some seconds more.

    Args:
        engine, address: as for `run_tasks`, which is called with the same.
    Raises: as `run_tasks`, before the first task.

    Leaves out processes with GPUs of their own, which end with their call.
    """
    _known(engine)
    if engine == "ray":
        from tunecase.engine.cluster import connected

        with connected(address):
            yield
    else:
        with processes_held():
            yield


def on_each_node(function: Callable[[T], R], task: T, address: str) -> dict[str, R | Exception]:
    """What a function gives for a task on each node of a Ray cluster, or the exception it raises, by the node's name.

    Args:
        function, address: as for `run_tasks`.
    Raises: as `run_tasks`, before the first task.
    """
    from tunecase.engine.cluster import connected
    from tunecase.engine.cluster_nodes import ask_each

    with connected(address) as ray:
        return ask_each(ray, function, task)


def _known(engine: str) -> None:
    if engine not in ENGINES:
        raise InputError(Problem("engine", repr(engine), "one of: " + ", ".join(ENGINES), "leave it out for local"))


def run_tasks(
    function: Callable[[T], R],
    tasks: Iterable[T],
    workers: int | None = None,
    *,
    apart: bool = False,
    most_s: Limit = None,
    engine: Engine = "local",
    address: str | None = None,
    gpus_per_task: float = 0,
    retries: int | None = None,
) -> Generator[tuple[int, R | Exception], None, None]:
    """Runs a function over tasks and yields each outcome as it ends.

    A task that raises does not stop the others: its exception is its outcome. So is the plain reason of a task that
    crashes its process or runs too long, which costs that task only. Numerical libraries are held to one thread per
    worker, so workers do not fight for cores and the outcome does not depend on their number. Closing the iterator, or
    Ctrl-C while it is asked, drops what waits and ends what runs; hold it in `contextlib.closing`, so that an
    interrupt between two outcomes closes it too.

    Args:
        function: importable by name (defined at the top of a module), as are the tasks' types.
        tasks: one argument each; an iterator is asked for its next task when a worker is free, after the outcome that
            freed it was taken. It may give `engine.LATER`: nothing to begin now, ask again after the next outcome.
        workers: how many tasks run at once; None means one per core, or as many as the GPUs allow.
        apart: a single worker, too, is a process of its own, which can crash or be ended alone.
        most_s: a task that runs longer is ended [s]; a function is asked again and again, None is never. It has no
            effect on a task that runs in this process.
        engine: "local" (this machine) or "ray".
        address: of a Ray cluster: "auto", "host:port" or "ray://host:port"; None starts Ray on this machine.
        gpus_per_task: GPUs that belong to each task while it runs; on this machine each worker sees only its own.
        retries: how often a task is run again when its process or node is lost; None is twice on Ray, never here.
            A task whose process is lost again and again has a CrashError as its outcome.
    Returns: (position in the order of tasks, result or exception), in the order in which tasks end.
    Raises: InputError for another engine, or for GPUs that are not there; MissingExtraError without Ray.

    Example:
        >>> list(run_tasks(abs, [-1, 2, "x"], workers=1))[:2]
        [(0, 1), (1, 2)]

    Leaves out moving data: a Ray node needs the model's weights as this machine does.
    """
    _known(engine)
    if engine == "ray":
        from tunecase.engine.cluster import run_on_ray

        yield from run_on_ray(
            function, tasks, workers, most_s=most_s, address=address, gpus_per_task=gpus_per_task,
            retries=RETRIES if retries is None else retries,
        )  # fmt: skip
        return
    count = most_workers(gpus_per_task) if workers is None else max(1, workers)
    if isinstance(tasks, Sized):
        count = min(count, len(tasks))
    if count <= 1 and not apart and not gpus_per_task:
        yield from run_here(function, tasks)
    else:
        yield from run_in_processes(function, tasks, max(1, count), most_s, gpus_per_task, retries or 0)
