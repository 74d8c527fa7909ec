"""What this machine has for work: cores, GPUs, memory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tunecase.errors import InputError, Problem
from tunecase.quantities import counted

# A worker must start Python and import numpy, scipy and scikit-learn before it earns anything: 1.0 to 1.5 s measured.
SERIAL_BELOW_S = 5.0
GPU_VARIABLE = "CUDA_VISIBLE_DEVICES"
# A small language model in training was measured at 1.4 GiB; a worker that swaps is slower than none.
WORKER_GIB = 2.0
MEMORY = Path("/proc/meminfo")


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
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    free = _free_gib()
    return max(1, count if free is None else min(count, int(free / WORKER_GIB)))


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


def _free_gib() -> float | None:
    """Memory that programs can still have, where the system says."""
    try:
        for line in MEMORY.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 2**20
    except (OSError, ValueError, IndexError):
        pass
    return None
