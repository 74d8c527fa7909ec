"""Whether a Ray cluster is there, and whether its nodes have the versions that tasks of this process need."""

import contextlib
import importlib.metadata
import os
import platform
import pydoc
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tunecase.engine.worker import outcome
from tunecase.errors import InputError, Problem, TunecaseError
from tunecase.quantities import duration, one_line
from tunecase.version import __version__

KNOCK_S = 10.0
HEAD_LOOK_S, HEAD_LOST_S = 5.0, 25.0  # between two looks at a head node, and until one that is silent counts as lost
ANSWER_S = 300.0  # a node first fetches this package and starts a process
# What begins a connection of HTTP/2 (RFC 9113, 3.4), with an empty frame of settings: the answer begins with a frame of
# settings, whose fourth byte is 4.
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
SETTINGS = 4
MOST_PORT = 65_535
MOST_TOLD = 10  # differences between this process and the nodes


class ClusterError(TunecaseError):
    """A Ray cluster cannot be reached, has other versions, or has no room for a task."""


def knock(address: str, fix: str) -> None:
    """Asks whether a Ray cluster listens at an address, because Ray itself tries for up to ten minutes.

    Raises: InputError for text that is no address; ClusterError where nobody listens, or somebody who is not Ray.
    Leaves out `auto` and addresses of other kinds, which Ray knows to tell by itself, and clusters that use TLS.
    """
    if address in ("auto", "local") or ("://" in address and not address.startswith("ray://")):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or not 0 < int(port[:6]) <= MOST_PORT:
        wanted = "auto, host:port or ray://host:port"
        raise InputError(Problem("Ray address", repr(address), wanted, "correct it, or leave it out for this machine"))
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_S) as line:
            if os.environ.get("RAY_USE_TLS", "0") != "0":
                return
            line.sendall(HELLO)
            if line.recv(4)[3:] == bytes((SETTINGS,)):
                return
    except (OSError, UnicodeError) as error:
        raise ClusterError(f"no Ray cluster at {address}: {error}\n{fix}") from error
    raise ClusterError(f"no Ray cluster at {address}: something else answers there\n{fix}")


class Head:
    """Whether the head node of a connected cluster still listens.

    Ray itself ends this process after 60 seconds without one, with exit code 1 and in words of its own.

    Leaves out connections through `ray://`, whose proxy tells by itself, and a head that listens but does not answer.
    """

    def __init__(self, ray: Any) -> None:
        self.address, self.looked_s = "", time.monotonic()
        self.missed_s: float | None = None  # since when it has been silent
        with contextlib.suppress(Exception):  # by version and way of connecting it is not told
            self.address = "" if ray.util.client.ray.is_connected() else ray.get_runtime_context().gcs_address

    def look(self) -> None:
        """Raises ConnectionError where nobody has listened for 25 seconds; looks every 5 seconds at most."""
        now_s = time.monotonic()
        host, _, port = self.address.rpartition(":")
        if not host or now_s - self.looked_s < HEAD_LOOK_S:
            return
        self.looked_s = now_s
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=HEAD_LOOK_S).close()
            self.missed_s = None
        except (OSError, ValueError) as error:
            self.missed_s = now_s if self.missed_s is None else self.missed_s
            if now_s - self.missed_s > HEAD_LOST_S:
                raise ConnectionError(f"nobody listens at {self.address}: {error}") from error


def versions() -> dict[str, str]:
    """What nodes must have as this process has it: Python up to the minor version, tunecase, numpy's major version."""
    return _compared(platform.python_version(), __version__, importlib.metadata.version("numpy"))


def check_nodes(ray: Any) -> None:
    """Raises ClusterError where a node that can take tasks has other versions than this process, or does not answer."""
    nodes = _workers(ray)
    asked = {node["NodeID"]: _asked(ray, node["NodeID"]) for node in nodes}
    everything = [answer for answers in asked.values() for answer in answers]
    if everything:
        ray.wait(everything, num_returns=len(everything), timeout=ANSWER_S)
    faults: list[str] = []
    for node in nodes:
        got = [_answer(ray, answer) for answer in asked[node["NodeID"]]]
        faults += differences(_name(node), got, versions())
    if faults:
        fix = "Fix: start its nodes from an environment like this one, or run tunecase from one like theirs"
        raise ClusterError("\n".join([*list(dict.fromkeys(faults))[:MOST_TOLD], fix]))


def ask_each(ray: Any, function: Callable[[Any], Any], task: Any) -> dict[str, Any]:
    """What a function gives for a task on each node that can take tasks, or the exception it raises, by node."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked: dict[str, Any] = {}  # several nodes may be on one machine
    for node in _workers(ray):
        there = {"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)}
        name = _name(node) if _name(node) not in asked else f"{_name(node)} {node['NodeID'][:8]}"
        asked[name] = ray.remote(outcome).options(**there).remote(function, task)
    if asked:
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=ANSWER_S)
    return {name: _given(ray, answer) for name, answer in asked.items()}


def _given(ray: Any, answer: Any) -> Any:
    try:
        return ray.get(answer, timeout=0.1)
    except ray.exceptions.GetTimeoutError:
        with contextlib.suppress(Exception):
            ray.cancel(answer, force=True)
        return ClusterError(f"no answer within {duration(ANSWER_S)}")
    except ray.exceptions.RayError as error:
        return ClusterError(f"{type(error).__name__}: {one_line(str(error), 200)}")


def _workers(ray: Any) -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"


def _asked(ray: Any, node: str) -> list[Any]:
    """Asks a node for its versions of Python, tunecase and numpy."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # Functions of the standard library travel by name, so that they arrive in any Python, and without this package.
    questions: tuple[tuple[Callable[..., object], tuple[str, ...]], ...] = (
        (platform.python_version, ()),
        (pydoc.locate, ("tunecase.version.__version__",)),
        (importlib.metadata.version, ("numpy",)),
    )
    there = {"num_cpus": 0, "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}
    return [ray.remote(function).options(**there).remote(*words) for function, words in questions]


def differences(node: str, got: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    """What a node has otherwise, a line for each.

    Args:
        got: its versions of Python, tunecase and numpy, or in brackets why there is none.

    Example:
        >>> differences("a", ["3.12.1", "0.1.0", "2.4.6"], {"Python": "3.11", "tunecase": "0.1.0", "numpy": "2"})
        ['node a: Python 3.12; wanted 3.11, as this process has']
    """
    has = _compared(*got)
    return [f"node {node}: {name} {has[name]}; wanted {wanted[name]}, as this process has"
            for name in wanted if has[name] != wanted[name]]  # fmt: skip


def _compared(python: str, tunecase: str, numpy: str) -> dict[str, str]:
    if not python.startswith("("):
        python = ".".join(python.split(".")[:2])
    if not numpy.startswith("("):
        numpy = numpy.split(".")[0]
    return {"Python": python, "tunecase": tunecase, "numpy": numpy}


def _answer(ray: Any, answer: Any) -> str:
    try:
        said = ray.get(answer, timeout=0.1)
    except ray.exceptions.GetTimeoutError:
        with contextlib.suppress(Exception):
            ray.cancel(answer, force=True)
        return f"(no answer within {duration(ANSWER_S)})"
    except ray.exceptions.RayTaskError as error:
        missing = isinstance(error.cause, ImportError)
        return "(not installed)" if missing else f"({one_line(str(error.cause), 200)})"
    except ray.exceptions.RayError as error:
        return f"({type(error).__name__}: {one_line(str(error), 200)})"
    return "(not installed)" if said is None else str(said)
