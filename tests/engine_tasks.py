"""Tasks for tests of the engine: each does what its word says."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tunecase.errors import InputError, Problem


class OddError(Exception):
    """An exception that cannot be built again from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def obey(word: str) -> Any:
    """The number that the word is, or the accident that it names."""
    if word == "leave":
        os._exit(3)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "odd":
        raise OddError("words", "more")
    if word == "unsendable":
        return lambda: word
    return int(word)


def kill_once(mark: str) -> int:
    """Takes its process down at the first try, which it marks with a file."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


def refuse(path: str) -> None:
    """Refuses a file."""
    raise InputError(Problem(path, "half of a line", "a whole one", "write it again"))


def work(seconds: float) -> None:
    """Takes CPU seconds."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def process(_: int) -> int:
    """The process that this runs in."""
    time.sleep(0.1)
    return os.getpid()


def gpu(_: int) -> str | None:
    """The GPUs that this process may see."""
    time.sleep(0.1)
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def where(folder: str) -> int:
    """Leaves a mark with this process's parent, which on a cluster is the node, and takes a moment."""
    (Path(folder) / f"{time.time_ns()}-{os.getppid()}").touch()
    time.sleep(1.0)
    return os.getppid()


def program(folder: str) -> None:
    """Waits for a program of its own, as a trainer that is a subprocess does."""
    child = subprocess.Popen(["sleep", "600"])
    (Path(folder) / str(child.pid)).touch()
    child.wait()
