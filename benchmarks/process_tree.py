"""What one command costs with every process that it starts: seconds, processor seconds, memory, scratch disk.

Where the system lets us, the command runs in a control group of its own (cgroups.py): then processor seconds are exact
whoever waits for whom, and daemons that leave the session, as Ray's do, are counted as well. Elsewhere they are those
of the processes that were waited for, and memory is that of the session and of the children of its leader.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cgroups import Group, NoGroupError

SAMPLE_S = 0.1
DISK_SAMPLE_S = 1.0
PAUSE = 10  # times as long as the sample took
MB = 1e6


class NotRunError(Exception):
    """What was to be measured cannot be run, or fails, and why."""


@dataclass(slots=True)
class Usage:
    """What a command used; None where this system does not tell.

    returncode: the exit status of the first process; None where it had to be ended because time ran out.
    seconds: by the clock. cpu_seconds: of all its processes.
    peak_mb: most memory of all its processes together, what they share counted in parts (PSS), sampled.
    driver_peak_mb: most resident memory of the first process alone, libraries counted in whole, as the kernel noted it.
    held_peak_mb: most memory that could not be had back, without pages of files, sampled.
    charged_peak_mb: most that was charged to the group, with the page cache.
    disk_peak_mb: most that lay in the watched folders, sampled.
    limit_hits, killed: how often the limit was hit, and how many processes the kernel killed for it.
    """

    returncode: int | None = None
    seconds: float = 0.0
    cpu_seconds: float | None = None
    peak_mb: float | None = None
    driver_peak_mb: float | None = None
    held_peak_mb: float | None = None
    charged_peak_mb: float | None = None
    disk_peak_mb: float | None = None
    limit_hits: int | None = None
    killed: int | None = None


@dataclass(slots=True)
class Watch:
    """How a command is watched: sampled or only timed, for how long at most, in how much memory, with which folders."""

    sampled: bool = True
    limit_s: float = 3600.0
    limit_bytes: int | None = None
    folders: Sequence[Path] = ()
    since_disk: float = field(default=0.0, init=False)


def watched(command: list[str], watch: Watch, **settings: Any) -> Usage:
    """Runs a command in a session of its own and says what it used; nothing of it runs afterwards.

    Args:
        command: the program and its arguments; `settings` go to subprocess.Popen.
    Raises: NotRunError when a limit of memory is asked for that cannot be set.
    """
    group: Group | None = None
    try:
        group = Group.made(watch.limit_bytes)
    except NoGroupError as error:
        if watch.limit_bytes is not None:
            raise NotRunError(str(error)) from error
    usage = Usage()
    start, before = time.perf_counter(), os.times()
    process = subprocess.Popen(group.entering(command) if group else command, start_new_session=True, **settings)
    try:
        _wait(process, watch, group, usage)
        usage.seconds, usage.returncode = time.perf_counter() - start, process.poll()
    finally:
        _end_session(process)
        after = os.times()
        waited = after.children_user + after.children_system - before.children_user - before.children_system
        usage.cpu_seconds = waited
        if group is not None:
            _close(group, usage)
    return usage


def _wait(process: "subprocess.Popen[Any]", watch: Watch, group: Group | None, usage: Usage) -> None:
    """Waits for the first process, sampling what all of them hold."""
    until = time.monotonic() + watch.limit_s
    while process.poll() is None and time.monotonic() < until:
        begun = time.monotonic()
        if watch.sampled:
            _sample(process.pid, watch, group, usage)
        took_s = time.monotonic() - begun  # the kernel walks all pages of a process to tell its share
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(SAMPLE_S, PAUSE * took_s))


def _sample(leader: int, watch: Watch, group: Group | None, usage: Usage) -> None:
    members = set(group.members()) if group else {leader, *_session(leader), *_children(leader)}
    if Path("/proc/self/smaps_rollup").exists():
        usage.peak_mb = max(usage.peak_mb or 0.0, sum(map(pss_mb, members)))
        usage.driver_peak_mb = max(usage.driver_peak_mb or 0.0, _field_mb(leader, "status", "VmHWM:"))
    if group is not None:
        usage.held_peak_mb = max(usage.held_peak_mb or 0.0, group.held_bytes() / MB)
    if watch.folders and time.monotonic() - watch.since_disk > DISK_SAMPLE_S:
        usage.disk_peak_mb = max(usage.disk_peak_mb or 0.0, disk_mb(watch.folders))
        watch.since_disk = time.monotonic()


def _close(group: Group, usage: Usage) -> None:
    """Notes what the group counted, after its last process, and removes it."""
    usage.charged_peak_mb = group.most_charged_bytes() / MB or None
    usage.limit_hits, usage.killed = group.limit_hits(), group.killed()
    usage.cpu_seconds = group.cpu_s() or usage.cpu_seconds
    group.remove()


def tidy_when_ended() -> None:
    """Lets this process end in order when it is asked to, so that nothing that it watches stays behind."""
    for name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: sys.exit("ended from outside"))


def disk_mb(folders: Iterable[Path]) -> float:
    """What the files of some folders take on the disk."""
    blocks = 0
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                with contextlib.suppress(OSError):
                    blocks += os.lstat(os.path.join(place, name)).st_blocks
    return blocks * 512 / MB


def pss_mb(pid: int) -> float:
    """A process's memory, what it shares counted in parts; 0 when it has ended."""
    return _field_mb(pid, "smaps_rollup", "Pss:")


def _field_mb(pid: int, file: str, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / MB for line in lines if line.startswith(name)), 0.0)


def _session(leader: int) -> list[int]:
    """The processes of a session."""
    members = []
    for entry in os.listdir("/proc") if Path("/proc").exists() else ():
        if entry.isdigit():
            try:
                after_name = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(after_name[3]) == leader:
                members.append(int(entry))
    return members


def _children(leader: int) -> list[int]:
    """Processes that a process started; workers may lead groups of their own but stay its children."""
    try:
        return [int(each) for each in Path(f"/proc/{leader}/task/{leader}/children").read_text().split()]
    except OSError:
        return []


def _end_session(process: "subprocess.Popen[Any]") -> None:
    """Ends what a command left running in its session, and waits for the command itself."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
