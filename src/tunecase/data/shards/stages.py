"""Stages of work: each makes shards out of others, task by task, and takes up those that already stand."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from tunecase.data.shards.shard import Shard
from tunecase.data.shards.store import Store
from tunecase.engine import CrashError, Engine, measured, run_tasks
from tunecase.errors import TunecaseError
from tunecase.records import Stage

RETRIES = 2  # of a task whose process is lost
PIECES = ("parts", "pieces")  # columns in which a task's shard names further ones of its own


class LostTaskError(TunecaseError):
    """The process of a task was lost again and again."""


class Task(Protocol):
    """What a stage hands out: something that can be sent to another process, with the name of the shard it makes."""

    @property
    def name(self) -> str:
        """The shard that stands when the task is done."""
        ...


T = TypeVar("T", bound=Task)


@dataclass(frozen=True, slots=True)
class Means:
    """What an audit may use.

    Args:
        workers: how many tasks run at once; None is as many as a cluster has cores.
        task_bytes: the memory that one task may take for its columns [bytes].
        engine, address: where tasks run; see `engine.run_tasks`.
        partitions: into how many parts a set of keys is sorted, a power of two of at most 256; None for as many as
            `task_bytes` asks.
    """

    workers: int | None = 1
    task_bytes: int = 256_000_000
    engine: Engine = "local"
    address: str | None = None
    partitions: int | None = None


@dataclass(slots=True)
class Stages:
    """The stages of one audit, one after the other, over one store.

    Args:
        store: where all shards lie.
        means: how many tasks run at once, where, and in how much memory.
        tell: called with (stage, tasks done, tasks of the stage, the shards that are new among them, whether these
            were made by an earlier audit).
        touch: called now and then, to show that somebody works here.
    `told` is what each stage took.
    """

    store: Store
    means: Means = field(default_factory=Means)
    tell: Callable[[str, int, int, Sequence[Shard], bool], None] | None = None
    touch: Callable[[], None] = lambda: None
    told: list[Stage] = field(default_factory=list)

    def run(self, stage: str, function: Callable[[T], Any], tasks: Iterable[T]) -> list[Shard]:
        """Makes the shards that do not stand yet and gives all of them, in the order of the tasks.

        Args:
            stage: its name in the table of stages.
            function: importable by name; it writes the shard of the name that its task has.
        Raises: what a task raised, and LostTaskError where its process was lost again and again.
        """
        begun, standing = time.perf_counter(), set(self.store.names(f"{stage}/"))
        all_tasks = list(tasks)
        missing = [at for at, task in enumerate(all_tasks) if not self._stands(task.name, standing)]
        taken_up = len(all_tasks) - len(missing)
        cpu_s, peak_bytes = self._made(stage, function, all_tasks, missing)
        rows_in = rows_out = 0
        for task in all_tasks:  # heads are read and dropped: kept, they would grow with the rows
            facts = Shard(self.store, task.name).facts
            rows_in, rows_out = rows_in + facts.get("rows_in", 0), rows_out + facts.get("rows_out", 0)
        seconds = time.perf_counter() - begun
        self.told.append(Stage(stage, seconds, cpu_s, peak_bytes / 1e6, len(all_tasks), taken_up, rows_in, rows_out))
        return [Shard(self.store, task.name) for task in all_tasks]

    def _stands(self, name: str, standing: Collection[str]) -> bool:
        """Whether a task's shard stands whole, and with it the further ones that it names."""
        if name not in standing:
            return False
        shard = Shard(self.store, name)
        if not shard.is_whole():
            return False
        pieces = [piece for column in PIECES if column in shard.columns for piece in shard.text(column)]
        return all(piece in standing and Shard(self.store, piece).is_whole() for piece in pieces)

    def _made(
        self, stage: str, function: Callable[[T], Any], tasks: Sequence[T], missing: list[int]
    ) -> tuple[float, int]:
        """Runs the missing tasks; returns their CPU seconds and the largest peak of a process [bytes]."""
        cpu_s, peak_bytes = 0.0, 0
        done = len(tasks) - len(missing)
        if self.tell is not None and done:
            standing = sorted(set(range(len(tasks))) - set(missing))
            self.tell(stage, done, len(tasks), [Shard(self.store, tasks[at].name) for at in standing], True)
        means = self.means
        workers = means.workers if means.workers is None else min(means.workers, len(missing))
        outcomes = run_tasks(
            partial(measured, function), [tasks[at] for at in missing], workers,
            engine=means.engine, address=means.address, retries=RETRIES,
            apart=means.workers != 1,  # a single task, too, keeps its memory out of this process
        )  # fmt: skip
        with contextlib.closing(outcomes):
            for position, outcome in outcomes:
                self.touch()
                if isinstance(outcome, CrashError):
                    raise _lost(stage, tasks[missing[position]].name, outcome)
                if isinstance(outcome, Exception):
                    raise outcome
                cpu_s, peak_bytes, done = cpu_s + outcome.cpu_s, max(peak_bytes, outcome.peak_bytes), done + 1
                if self.tell is not None:
                    self.tell(stage, done, len(tasks), [Shard(self.store, tasks[missing[position]].name)], False)
        return cpu_s, peak_bytes


def _lost(stage: str, task: str, why: CrashError) -> LostTaskError:
    tries = f"{RETRIES + 1} processes, one after the other, worked on {task} and were lost"
    told = f"Stage {stage!r}: {tries} (the last: {why}); wanted one that works to its end."
    fix = (
        "give each less to hold with --memory, or run fewer at once with --workers; the same command goes on from there"
    )
    return LostTaskError(f"{told}\nFix: {fix}")
