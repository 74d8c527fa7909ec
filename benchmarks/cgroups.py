"""A control group for one command: all its processes counted together, and held to a limit of memory where asked.

Both versions of Linux's control groups are known. A group is made below this process's own, so that what holds for this
process holds for it; it is removed with whatever still runs in it.
"""

import contextlib
import os
import shlex
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MOUNT = Path("/sys/fs/cgroup")
REMOVAL_S = 10.0


class NoGroupError(Exception):
    """No control group can be made here, and why."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its folder for memory and its folder for processor time, the same one in version 2."""

    memory: Path
    cpu: Path

    @classmethod
    def made(cls, limit_bytes: int | None = None) -> Self:
        """A new, empty group, held to a limit of memory without swap where one is given.

        Raises: NoGroupError where the system has none, or does not let this user make one.
        """
        folders: list[Path] = []
        try:
            for parent in _parents():
                folders.append(parent / f"tunecase-{os.getpid()}-{time.monotonic_ns()}")
                folders[-1].mkdir()
            group = cls(folders[0], folders[-1])
            group._ready()
            if limit_bytes is not None:
                group._limit(limit_bytes)
        except OSError as error:
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise NoGroupError(f"no control group can be made: {error}") from error
        return group

    @property
    def second(self) -> bool:
        """Whether this is version 2 of control groups."""
        return self.memory == self.cpu

    @property
    def folders(self) -> set[Path]:
        """The one folder of version 2, the two of version 1."""
        return {self.memory, self.cpu}

    def entering(self, command: list[str]) -> list[str]:
        """The command, started by a shell that first enters the group: its process keeps the shell's number."""
        steps = [f"echo $$ > {shlex.quote(str(folder / 'cgroup.procs'))}" for folder in sorted(self.folders)]
        return ["/bin/sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh", *command]

    def members(self) -> list[int]:
        """The processes in it, those included that no longer belong to the command's session."""
        with contextlib.suppress(OSError):
            return [int(each) for each in (self.memory / "cgroup.procs").read_text().split()]
        return []

    def cpu_s(self) -> float:
        """Processor seconds of all processes that were ever in it."""
        if self.second:
            return _entries(self.cpu / "cpu.stat").get("usage_usec", 0) / 1e6
        return _number(self.cpu / "cpuacct.usage") / 1e9

    def held_bytes(self) -> int:
        """Memory that cannot be had back without ending a process: what processes wrote, and memory they share."""
        entries = _entries(self.memory / "memory.stat")
        names = ("anon", "shmem") if self.second else ("total_rss", "total_shmem")
        return sum(entries.get(name, 0) for name in names)

    def most_charged_bytes(self) -> int:
        """The highest that was ever charged to it: the page cache is in it, which yields where memory is short."""
        return _number(self.memory / ("memory.peak" if self.second else "memory.max_usage_in_bytes"))

    def limit_hits(self) -> int:
        """How often the limit was hit; mostly it is then the page cache that yields."""
        if self.second:
            return _entries(self.memory / "memory.events").get("max", 0)
        return _number(self.memory / "memory.failcnt")

    def killed(self) -> int:
        """How many processes the kernel killed because the limit left no room."""
        name = "memory.events" if self.second else "memory.oom_control"
        return _entries(self.memory / name).get("oom_kill", 0)

    def remove(self) -> None:
        """Ends what still runs in the group, and removes it.

        Raises: NoGroupError where a process does not go away.
        """
        until = time.monotonic() + REMOVAL_S
        while any(folder.exists() for folder in self.folders):
            for member in self.members():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)
            for folder in self.folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            if time.monotonic() > until:
                raise NoGroupError(f"{self.memory} cannot be removed: processes {self.members()} are still in it")
            time.sleep(0.02)

    def _ready(self) -> None:
        """Refuses a group whose parent does not hand it the controllers."""
        for file in (
            self.memory / ("memory.max" if self.second else "memory.limit_in_bytes"),
            self.cpu / "cgroup.procs",
        ):
            if not file.exists():
                raise OSError(f"{file} is not there: the controller is not handed down to new groups")

    def _limit(self, limit_bytes: int) -> None:
        """No more memory than this, and no swap beside it."""
        limit, swap = (
            ("memory.max", "memory.swap.max") if self.second else ("memory.limit_in_bytes", "memory.swappiness")
        )
        (self.memory / limit).write_text(str(limit_bytes))
        if (self.memory / swap).exists():
            (self.memory / swap).write_text("0")


def _parents() -> list[Path]:
    """The folders below which a new group belongs: this process's own; in version 2 its parent, if only that can.

    Raises: OSError where there are no control groups.
    """
    if not Path("/proc/self/cgroup").exists():
        raise OSError("this system has none")
    own: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own |= dict.fromkeys(controllers.split(","), path)
    if "memory" in own and "cpuacct" in own:
        return [_mounted(name, own[name]) for name in ("memory", "cpuacct")]
    whole = MOUNT / own.get("", "/").lstrip("/")
    for parent in (whole, whole.parent):
        enabled = parent / "cgroup.subtree_control"
        if not enabled.exists():
            continue
        with contextlib.suppress(OSError):  # a group that holds processes cannot hand down; its parent may
            enabled.write_text("+memory +cpu")
        if "memory" in enabled.read_text().split():
            return [parent]
    raise OSError(f"{whole} hands no memory controller down")


def _mounted(controller: str, path: str) -> Path:
    """The folder of a group of version 1; inside a container the mount itself is that group."""
    folder = MOUNT / controller / path.lstrip("/")
    return folder if folder.exists() else MOUNT / controller


def _number(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0


def _entries(path: Path) -> dict[str, int]:
    """A file of lines of a name and a number."""
    try:
        pairs = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
