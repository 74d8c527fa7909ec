"""Where work runs: this process, processes of this machine, or the nodes of a Ray cluster."""

from tunecase.engine.children import ask_child
from tunecase.engine.engine import ENGINES, Engine, on_each_node, run_tasks, workers_held
from tunecase.engine.local import LATER, CrashError
from tunecase.engine.machine import cache_folder, cores, free_bytes, gpus, memory_plan, most_workers, workers_for
from tunecase.engine.sandbox import no_sandbox, run_sandboxed, sandbox_problem
from tunecase.engine.worker import Measured, measured, peak_bytes
