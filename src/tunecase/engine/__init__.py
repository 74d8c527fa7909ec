"""Where work runs: this process, processes of this machine, or the nodes of a Ray cluster."""

from tunecase.engine.children import ask_child, child_environment
from tunecase.engine.engine import ENGINES, Engine, run_tasks
from tunecase.engine.local import LATER, CrashError
from tunecase.engine.machine import cache_folder, cores, gpus, most_workers, workers_for
from tunecase.engine.sandbox import no_sandbox, run_sandboxed, sandbox_problem

__all__ = [
    "ENGINES", "LATER", "CrashError", "Engine", "ask_child", "cache_folder", "child_environment", "cores", "gpus",
    "most_workers", "no_sandbox", "run_sandboxed", "run_tasks", "sandbox_problem", "workers_for",
]  # fmt: skip
