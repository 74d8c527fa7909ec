"""What this machine has for work: cores, GPUs, memory, each within the bounds of its control groups."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunecase.errors import InputError, Problem
from tunecase.quantities import counted

# A worker must start Python and import numpy, scipy and scikit-learn before it earns anything: 1.0 to 1.5 s and 150 MB
# measured; what this process has kept of earlier tasks it must make anew.
SERIAL_BELOW_S = 30.0
GPU_VARIABLE = "CUDA_VISIBLE_DEVICES"
# A small language model in training was measured at 1.4 GiB; a worker that swaps is slower than none.
WORKER_GIB = 2.0
MEMORY = Path("/proc/meminfo")
GROUPS = Path("/proc/self/cgroup")
CONTROL = Path("/sys/fs/cgroup")
UNBOUNDED = 1 << 60  # version 1 writes about 2^63 where there is no bound

# What processes take by themselves: this one with all that an audit imports, and a worker, measured at 35 MB before its
# first task, 75 MB after it sorted a million keys and 137 MB after it read pieces of 4 MB, those included.
OWN_BYTES, WORKER_OWN_BYTES = 250_000_000, 150_000_000
LEAST_TASK_BYTES = 64_000_000  # below this, tasks become so small that starting them costs more than they do
LEAST_PLAN_BYTES = 512_000_000
PLAN_SHARE = 0.25  # of what is free: other programs want some, and so does the system's cache of the shards


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The memory of one piece of work on this machine.

    `total_bytes` is what this process and its workers may hold together, `workers` how many tasks run at once, and
    `task_bytes` what one task may hold beside what its process takes by itself.
    """

    total_bytes: int
    workers: int
    task_bytes: int


def cache_folder() -> Path:
    """Where tunecase keeps what can be made again, such as converted weights: TUNECASE_CACHE, or the platform's cache.

    Source: XDG Base Directory 0.8 on Linux; ~/Library/Caches on macOS; LOCALAPPDATA on Windows.
    """
    named = os.environ.get("TUNECASE_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tunecase" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "tunecase"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tunecase"


def cores() -> int:
    """The cores this process may use: those it is bound to, and no more than its control groups give it time for."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for group in _groups("cpu") if (quota := _quota_cores(group)) is not None]
    return max(1, min([bound, *map(int, quotas)]))


def gpus() -> tuple[str, ...]:
    """The names by which CUDA knows the GPUs that this process may use; none if no driver answers."""
    given = os.environ.get(GPU_VARIABLE)
    if given is not None:
        return tuple(name.strip() for name in given.split(",") if name.strip() and name.strip() != "-1")
    asked = shutil.which("nvidia-smi")
    if asked is None:
        return ()
    command = [asked, "--query-gpu=index", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(said.stdout.split())


def most_workers(gpus_per_task: float = 0) -> int:
    """How many tasks this machine runs at once: one per core, but no more than its GPUs and free memory hold."""
    count = cores()
    if gpus_per_task:
        count = min(count, len(shares(gpus_per_task)))
    free = free_bytes()
    return max(1, count if free is None else min(count, int(free / 2**30 / WORKER_GIB)))


def memory_plan(cap_bytes: int | None = None, workers: int | None = None, task_bytes: int | None = None) -> MemoryPlan:
    """How many workers fit into an amount of memory, and what a task of each may hold.

    total = own + workers x (worker's own + task), where own is what a process takes by itself; a single worker is this
    process, so that total = own + task.

    Args:
        cap_bytes: what may be held in all [bytes], at least 512 MB; None is a quarter of what is free, or 512 MB.
        workers: at most so many; None means one per core.
        task_bytes: what a task is to hold, where at least one of that size fits; None is what is left for each.
    Raises: InputError for a cap below 512 MB.

    Example:
        >>> memory_plan(2_000_000_000, workers=4).workers, memory_plan(512_000_000, workers=4).workers
        (4, 1)

    Leaves out pages of files, which the system takes back when memory is wanted, and nodes of a cluster.
    """
    if cap_bytes is not None and cap_bytes < LEAST_PLAN_BYTES:
        wanted = f"at least {LEAST_PLAN_BYTES // 1_000_000} MB"
        raise InputError(Problem("memory", f"{cap_bytes / 1e6:,.0f} MB", wanted, "give more, or leave it out"))
    total = cap_bytes or max(LEAST_PLAN_BYTES, int((free_bytes() or 0) * PLAN_SHARE))
    count = cores() if workers is None else max(1, workers)
    shared = total - OWN_BYTES
    if task_bytes is not None and task_bytes > shared:
        task_bytes = None
    count = max(1, min(count, shared // (WORKER_OWN_BYTES + (task_bytes or LEAST_TASK_BYTES))))
    left = shared if count == 1 else shared // count - WORKER_OWN_BYTES
    return MemoryPlan(total, count, left if task_bytes is None else task_bytes)


def workers_for(estimated_s: float, tasks: int) -> int:
    """How many processes are worth starting for work that takes this long on one core.

    Example:
        >>> workers_for(estimated_s=2.0, tasks=12)
        1
    """
    return 1 if estimated_s < SERIAL_BELOW_S else max(1, min(cores(), tasks))


def shares(gpus_per_task: float) -> tuple[str, ...]:
    """The GPUs of each task that can run at once, as CUDA wants them named."""
    names = gpus()
    if gpus_per_task < 1:
        each = tuple(name for name in names for _ in range(int(1 / gpus_per_task)))
    else:
        whole = int(-(-gpus_per_task // 1))
        each = tuple(",".join(names[i : i + whole]) for i in range(0, len(names) - whole + 1, whole))
    if not each:
        wanted = f"at most {counted(len(names), 'GPU')}, which this machine has"
        raise InputError(Problem("GPUs per task", f"{gpus_per_task:g}", wanted, "leave it out, or name a cluster"))
    return each


def free_bytes() -> int | None:
    """Memory that this process can still have [bytes]: what the system has, and what its control groups leave of it.

    None where neither says. Cached pages of files that were not used lately count as free, as the system counts them.
    Source: proc(5), MemAvailable; cgroups(7); Linux admin guide, cgroup-v1/memory and cgroup-v2.
    """
    room = [room for group in _groups("memory") if (room := _room_bytes(group)) is not None]
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
        room += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        pass
    return max(0, min(room)) if room else None


def _groups(controller: str) -> Iterator[Path]:
    """The folders of the control groups that bound this process, of either version, each with those above it.

    In a container the groups' paths may be those of its host: the topmost folder then is the container's own group.
    """
    try:
        lines = GROUPS.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, names, path = [*line.split(":", 2), "", ""][:3]
        if names and controller not in names.split(","):
            continue
        for top in {CONTROL / names, CONTROL / controller} if names else (CONTROL, CONTROL / "unified"):
            group = top / path.strip("/")
            if ".." not in group.parts and top.is_dir():
                yield from (each for each in (group, *group.parents) if each.is_relative_to(top))


def _room_bytes(group: Path) -> int | None:
    """What a control group leaves of memory [bytes]; None where it sets no bound."""
    for most, used, inactive in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        bound = _number(group / most)
        if bound is not None and bound < UNBOUNDED:
            return int(bound - (_number(group / used) or 0) + _statistic(group / "memory.stat", inactive))
    return None


def _quota_cores(group: Path) -> float | None:
    """How many cores' time a control group gives; None where it sets no bound."""
    try:
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    quota_us, period_us = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota_us / period_us if quota_us and quota_us > 0 and period_us else None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _statistic(path: Path, name: str) -> int:
    try:
        pairs = (line.split() for line in path.read_text(encoding="ascii").splitlines())
        return next((int(pair[1]) for pair in pairs if pair[0] == name), 0)
    except (OSError, ValueError, IndexError):
        return 0
