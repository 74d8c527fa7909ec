"""Tasks on the nodes of a Ray cluster, with the same outcomes as on this machine.

A worker or a node that is lost takes no task with it: the task is run again elsewhere, a bounded number of times.
"""

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, TypeVar

from tunecase.engine.cluster_nodes import HEAD_LOOK_S, ClusterError, Head, check_nodes, knock
from tunecase.engine.local import LATER, CrashError, Limit, limit_s
from tunecase.engine.machine import cores
from tunecase.engine.worker import outcome
from tunecase.errors import InputError, MissingExtraError, Problem
from tunecase.quantities import count, counted, duration, one_line

T = TypeVar("T")
R = TypeVar("R")

LOOK_S = 1.0  # between two looks at what has run too long


def run_on_ray(
    function: Callable[[T], R],
    tasks: Iterable[T],
    workers: int | None,
    *,
    most_s: Limit,
    address: str | None,
    gpus_per_task: float,
    retries: int,
) -> Generator[tuple[int, R | Exception], None, None]:
    """Tasks on a Ray cluster, one core and `gpus_per_task` GPUs each; see `run_tasks`.

    A cluster elsewhere is sent this package, so its nodes need its dependencies and Python's version, not itself.
    """
    with connected(address) as ray:
        room = _room(ray, gpus_per_task) if workers is None else max(1, workers)
        remote = ray.remote(outcome).options(num_cpus=1, num_gpus=gpus_per_task, max_retries=0)
        sent = _Sent(ray, remote, function, most_s, retries)
        waiting, position = iter(tasks), 0
        try:
            while True:
                while len(sent.tasks) < room and (task := next(waiting, LATER)) is not LATER:
                    sent.send(position, task)
                    position += 1
                if not sent.tasks:
                    break
                yield sent.take()
        finally:
            sent.cancel()


class _Sent:
    """The tasks that a cluster has now."""

    def __init__(self, ray: Any, remote: Any, function: Callable[[Any], Any], most_s: Limit, retries: int) -> None:
        self.ray, self.remote, self.function, self.most_s, self.retries = ray, remote, function, most_s, retries
        self.head = Head(ray)
        self.tasks: dict[Any, tuple[int, Any, int, float]] = {}  # by what Ray gave: position, task, losses, begun

    def send(self, position: int, task: Any, losses: int = 0) -> None:
        """Hands a task to the cluster."""
        with self._loss_told():
            mine = self.remote.remote(self.function, task)
        self.tasks[mine] = (position, task, losses, time.monotonic())

    @contextlib.contextmanager
    def _loss_told(self) -> Generator[None, None, None]:
        """Tells what Ray raises while tasks are handed out or waited for as a cluster that was lost."""
        try:
            yield
        except (OSError, RuntimeError, self.ray.exceptions.RayError) as error:
            raise _lost_cluster(error) from error

    def take(self) -> tuple[int, Any]:
        """The next outcome; a task whose worker or node was lost is sent again meanwhile."""
        while True:
            with self._loss_told():
                self.head.look()
                look_s = HEAD_LOOK_S if self.most_s is None else LOOK_S
                ready, _ = self.ray.wait(list(self.tasks), num_returns=1, timeout=look_s)
            if ready:
                position, task, losses, _ = self.tasks.pop(ready[0])
                result = self._found(ready[0])
                if isinstance(result, CrashError) and losses < self.retries:
                    self.send(position, task, losses + 1)
                    continue
                return position, result
            most_s = limit_s(self.most_s)
            for mine, (position, _, _, begun) in list(self.tasks.items()):
                if most_s is not None and time.monotonic() - begun > most_s:
                    self._cancel(mine)
                    return position, TimeoutError(f"still running after {duration(most_s)}, so it was ended")

    def _found(self, mine: Any) -> Any:
        lost = self.ray.exceptions
        try:
            return self.ray.get(mine)
        except lost.RayTaskError as error:
            return error.cause if isinstance(error.cause, Exception) else RuntimeError(one_line(str(error), 200))
        except lost.OutOfMemoryError:
            return CrashError("its node ran out of memory, so Ray ended it")
        except (lost.WorkerCrashedError, lost.NodeDiedError, lost.LocalRayletDiedError) as error:
            return CrashError(f"its worker or node was lost ({type(error).__name__})")
        except lost.RayError as error:
            return CrashError(f"Ray lost it ({type(error).__name__}): {one_line(str(error), 200)}")
        except (OSError, RuntimeError) as error:  # the connection, not the task
            raise _lost_cluster(error) from error

    def cancel(self) -> None:
        """Ends what is still running."""
        for mine in list(self.tasks):
            self._cancel(mine)

    def _cancel(self, mine: Any) -> None:
        self.tasks.pop(mine, None)
        with contextlib.suppress(Exception):  # a cluster that is gone runs nothing
            self.ray.cancel(mine, force=True)


def _lost_cluster(error: Exception) -> ClusterError:
    why = f"{type(error).__name__}: {one_line(str(error), 200)}"
    fix = "see that its head node is up, with memory to spare; the same command goes on from what is finished"
    return ClusterError(f"The Ray cluster was lost while it worked ({why}); wanted one that stays.\nFix: {fix}")


@contextlib.contextmanager
def connected(address: str | None) -> Generator[Any, None, None]:
    """Ray, connected; a connection that stood before is used and left standing.

    Raises: MissingExtraError without Ray; InputError for text that is no address; ClusterError where no cluster is, or
        where it has nodes with other versions of Python, tunecase or numpy.
    """
    if address is None:
        _with_token()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told what runs here
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise MissingExtraError("running on a Ray cluster", "ray") from error
    ours = not ray.is_initialized()
    try:
        if ours:
            _connect(ray, address)
            # Ray would print every lost worker to this process's output, where only answers belong.
            ray._private.worker.print_to_stdstream = _silent
            if address is not None:
                check_nodes(ray)
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _with_token() -> None:
    """A password for Ray on this machine, which listens on all its networks; Ray reads it once, when it is imported."""
    ray = sys.modules.get("ray")
    if (ray is not None and ray.is_initialized()) or os.environ.get("RAY_AUTH_MODE") == "token":
        return
    if ray is not None:
        what = "Ray was imported before without a token, so anybody on this machine's networks could run code here."
        raise ClusterError(
            f"{what}\nFix: set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN first, or name a cluster's address"
        )
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))


def _connect(ray: Any, address: str | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "critical"}
    if address is None:
        ray.init(address="local", num_cpus=cores(), include_dashboard=False, **quiet)
        return
    fix = "Fix: start it (ray start --head), or correct the address"
    knock(address, fix)
    try:
        ray.init(address=address, runtime_env={"py_modules": [str(Path(__file__).parents[1])]}, **quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        if "Version mismatch" in str(error):
            fix = "Fix: use the cluster's versions of Python and Ray here, or this one's there"
        raise ClusterError(f"no Ray cluster at {address}: {one_line(str(error), 300)}\n{fix}") from error


def _silent(*words: Any, **more: Any) -> None:
    """Says nothing: what is lost is in the outcomes."""


def _room(ray: Any, gpus_per_task: float) -> int:
    """How many tasks the cluster's nodes hold at once."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    room = sum(
        int(min(node.get("CPU", 0.0), node.get("GPU", 0.0) / gpus_per_task if gpus_per_task else float("inf")))
        for node in nodes
    )
    if room:
        return room
    has = sum(node.get("GPU", 0.0) for node in nodes)
    wanted = f"what one of {counted(len(nodes), 'node')} holds; all have {count(has)} GPUs"
    fix = "start nodes that have them, or name how many workers to wait for"
    raise InputError(Problem("GPUs per task", f"{gpus_per_task:g}", wanted, fix))
