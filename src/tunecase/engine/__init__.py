"""Where work runs: this process, processes of this machine, or the nodes of a Ray cluster."""

from tunecase.engine.engine import Engine, run_tasks
from tunecase.engine.local import LATER, CrashError
from tunecase.engine.machine import cache_folder, cores, gpus, most_workers, workers_for

__all__ = ["LATER", "CrashError", "Engine", "cache_folder", "cores", "gpus", "most_workers", "run_tasks", "workers_for"]
