"""What the audit's own process does between the stages of tasks, as a stage of its own."""

import time
from dataclasses import dataclass, field

from tunecase.data.shards import Stages
from tunecase.engine import peak_bytes
from tunecase.records import Stage


@dataclass(slots=True)
class OwnStage:
    """Times work of this process from here on; stages of tasks that run meanwhile are left out.

    Args:
        name: in the table of stages.
        stages: those that may run meanwhile.
    """

    name: str
    stages: Stages
    _began_s: float = field(default_factory=time.perf_counter, init=False)
    _began_cpu_s: float = field(default_factory=time.process_time, init=False)
    _told: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._told = len(self.stages.told)

    def ended(self, tasks: int, rows: int) -> Stage:
        """The stage, with so many tasks over so many rows."""
        inner = self.stages.told[self._told :]
        seconds = time.perf_counter() - self._began_s - sum(stage.seconds for stage in inner)
        cpu_s = time.process_time() - self._began_cpu_s - sum(stage.cpu_seconds for stage in inner if self._here(stage))
        return Stage(self.name, max(seconds, 0.0), max(cpu_s, 0.0), peak_bytes() / 1e6, tasks, 0, rows, 0)

    def _here(self, stage: Stage) -> bool:
        """Whether the tasks of a stage ran in this process, as a single one does."""
        means = self.stages.means
        return means.engine == "local" and (means.workers == 1 or stage.tasks - stage.taken_up <= 1)
